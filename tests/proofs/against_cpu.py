#!/usr/bin/env python3
"""The reading of instructions against the CPU: against_cpu.py LIBRARY runs entries on numbers, edges and random ones, both ways,
and compares every word of the results."""

import ctypes
import random
import sys

from check import library
from domain import Domain
from instructions import cpu_flags, loaded_at
from machine import REGISTERS, Machine
from words import constant

ROUNDS = 4
# Backend → words of an element, bits of a word of an argument.
ELEMENTS = {"portable fp1024": (17, 60), "adx fp1024": (16, 63), "ifma fp1024": (24, 51), "lanes fp1024": (160, 51), "lanes p256": (40, 51)}
NEEDS = {"portable": set(), "adx": {"adx", "bmi2", "avx2"}, "ifma": {"avx512f", "avx512ifma", "avx512vl", "avx512dq", "avx512bw", "bmi2"}}
NEEDS["lanes"] = NEEDS["ifma"]


def element_entries():
    """(entry, words of the result, words of each argument, bits)."""
    for name, (words, bits) in ELEMENTS.items():
        if name.endswith("fp1024"):
            for operation, arguments in (("add", 2), ("sub", 2), ("neg", 1), ("mul", 2), ("square", 1), ("double", 1)):
                yield f"{name} {operation}", words, [words] * arguments, bits
            yield f"{name} complex_mul", 2 * words, [2 * words] * 2, bits
            yield f"{name} complex_square", 2 * words, [2 * words], bits
            yield f"{name} sum_of_products of 3", words, [3 * words] * 2, bits
    yield "lanes fp1024 reduce", 160, [160], 51
    yield "lanes fp1024 to_singles", 8 * 24, [160], 51
    yield "lanes fp1024 from_singles", 160, [8 * 24], 51
    for operation, arguments in (("mul", 2), ("square", 1), ("reduce", 1), ("add", 2), ("twice", 1), ("sub and add_p 16", 2)):
        yield f"lanes p256 {operation}", 40, [40] * arguments, 51
    for operation in ("to_integers", "to_montgomery", "to_reduced_integers"):
        yield f"lanes p256 {operation}", 32, [40], 51
    for operation in ("from_integers", "from_montgomery"):
        yield f"lanes p256 {operation}", 40, [32], 64
    for backend in ("portable", "adx"):
        for operation, arguments in (("field_mul", 2), ("field_square", 1), ("field_add", 2), ("field_sub", 2), ("field_halve", 1),
                                     ("order_mul", 2)):
            yield f"{backend} p256 {operation}", 4, [4] * arguments, 64
    for backend in ("portable", "adx", "ifma"):
        yield f"{backend} fp1024 to_octets", 16, [ELEMENTS[f"{backend} fp1024"][0]], ELEMENTS[f"{backend} fp1024"][1]
    yield "portable fp1024 order montgomery_mul", 16, [16, 16], 64
    yield "portable fp1024 order add", 16, [16, 16], 64


def aligned(words):
    """Words whose address is a multiple of 64, and what keeps them."""
    raw = (ctypes.c_uint64 * (words + 8))()
    offset = -ctypes.addressof(raw) % 64
    return raw, (ctypes.c_uint64 * words).from_buffer(raw, offset)


def numbers(count, bits):
    # Digits beyond the top of an element are zero there; any other number would do as well here.
    edges = (0, 1, (1 << bits) - 1)
    return [random.choice(edges) if random.random() < 0.5 else random.getrandbits(bits) for _ in range(count)]


def interpreted(program, address, size, inputs):
    machine = Machine(program, Domain())
    for register in REGISTERS:
        machine.registers[register] = constant(0)
    machine.vectors = [[constant(0)] * 8 for _ in range(32)]
    for i, (words, register) in enumerate(zip([[0] * size] + inputs, ("rdi", "rsi", "rdx"))):
        machine.registers[register] = constant(1 + i << 40)
        for j, word in enumerate(words):
            machine.memory[(1 + i << 40) + 8 * j] = constant(word)
    machine.run(address)
    return [machine.memory[(1 << 40) + 8 * j].known for j in range(size)]


def executed(base, address, size, inputs):
    buffers = [aligned(size)]
    for words in inputs:
        buffers.append(aligned(len(words)))
        buffers[-1][1][:] = words
    ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(buffers))(base + address)(*(ctypes.addressof(view) for _, view in buffers))
    return list(buffers[0][1])


def main():
    flags, program = cpu_flags(), library(sys.argv[1])
    base = loaded_at(program, sys.argv[1])
    random.seed(1)
    compared, left_out, failed = 0, set(), 0
    for name, size, arguments, bits in element_entries():
        if missing := NEEDS[name.split()[0]] - flags:
            left_out |= missing
            continue
        for _ in range(ROUNDS):
            inputs = [numbers(words, bits) for words in arguments]
            ours = interpreted(program, program.kernels[name], size, inputs)
            theirs = executed(base, program.kernels[name], size, inputs)
            if ours != theirs:
                print(f"FAIL {name}: differs from the CPU in words {[i for i in range(size) if ours[i] != theirs[i]][:8]}")
                failed += 1
                break
        compared += 1
    print(f"{compared} functions compared with the CPU, {ROUNDS} times each, {failed} failures")
    if left_out:
        print(f"left out, since the CPU lacks {', '.join(sorted(left_out))}: the functions that need it")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
