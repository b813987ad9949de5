#!/usr/bin/env python3
"""One fault of each kind, each caught by the proof that is named for it: planted.py LIBRARY. test_formulas.py plants all signs of all
formulas."""

import sys

import instructions
from check import library
from faults import WITHOUT_CARRY, body
from formulas import bounds as bounds_of_formulas
from formulas import identities, rust
from formulas.bounds import BOUNDS, Exceeded
from formulas.identities import FORMULAS, Differs
from machine import Machine
from promises import P1024, PROMISES, lanes_fp1024, minus, product
from proof import prove, quickly
from words import Unproved


def first(program, promise, wanted):
    """The first instruction of a kernel with this mnemonic."""
    for at in body(program, promise.address(program)):
        mnemonic, parts = program.decoded(at)
        if mnemonic in wanted and not (mnemonic in WITHOUT_CARRY and parts[0] == parts[1]):
            return at, mnemonic, parts
    raise KeyError(f"no {wanted} in {promise.name}")


def fault(program, name, wanted, change):
    """Does the proof fail once the first such instruction is changed, and hold before?"""
    promise = next(p for p in PROMISES if p.name.startswith(name))
    prove(program, promise)
    quickly(program, promise)
    at, mnemonic, parts = first(program, promise, wanted)
    program.code[at] = change(mnemonic, parts)
    try:
        prove(program, promise)
        return None
    except Unproved as error:
        return str(error)
    finally:
        program.code[at] = mnemonic, parts


def left_out(*_):
    return "nop", ()


def without_carry(mnemonic, parts):
    return WITHOUT_CARRY[mnemonic], parts


def one_more(mnemonic, parts):
    return mnemonic, parts[:-1] + (("i", parts[-1][1] + 1),)


FAULTS = [
    ("a carry of the portable field", "portable p256 field_add", ("adc",), without_carry),
    ("a chain of adx", "adx p256 field_mul", ("adcx",), without_carry),
    ("the other chain of adx", "adx p256 field_mul", ("adox",), without_carry),
    ("a carry of the assembly of 1024 bits", "eccsi_sakke::backend::adx::fp1024::kernels::square_kernel", ("adox",), without_carry),
    ("the multiple of p in the lanes of P-256", "lanes p256 reduce: a mod p, below 2^256 + 2^231, for a < 2^260 in", ("vpsllq",), one_more),
    ("a product in the lanes", "lanes p256 mul: a·b/2^260 mod p, below 2^256 + p, for a < 2^258", ("vpmadd52huq",), left_out),
    ("a carry across lanes", "ifma fp1024 add", ("vpcmpgtq", "vpcmpnleuq", "vpcmpuq"), left_out),
    ("a look-up that skips a row, portable", "portable p256 look_up", ("por", "or"), left_out),
    ("a look-up that skips a row, adx", "adx p256 look_up", ("vpor", "vorps"), left_out),
    ("a look-up that skips a row, lanes", "lanes p256 look_up_point", ("vpternlogq", "vporq"), left_out),
    ("a product in a step across lanes", "ifma fp1024 complex_square: ", ("vpmadd52huq",), left_out),
    ("a carry in a step across lanes", "ifma fp1024 complex_mul_unit", ("vpcmpgtq", "vpcmpnleuq", "vpcmpuq"), left_out),
    ("a word that is not compared", "adx fp1024 ct_eq", ("pand", "vpand", "or"), left_out),
    ("a divstep", "portable p256 divsteps: one", ("xor",), left_out),
    ("a point formula in assembly", "eccsi_sakke::backend::adx::point::add_affine", ("cmovae",), left_out),
]


def bound(program, entry, goal, highs, high, power=0):
    """Is a bound that is one too wide noticed?"""
    wrong = []
    lanes_fp1024.operations(lanes_fp1024.FIELD, "lanes", "lanes fp1024",
                            [("", entry, goal, bool(power), highs, high, "")], vertical=True)
    wrong.append(PROMISES.pop())
    try:
        prove(program, wrong[0])
        return None
    except Unproved as error:
        return str(error)


def in_source(checks, module, name, right, wrong, noticed):
    """Does the check of a formula fail once its source has something else in one place, and hold before?"""
    check = next(check for known, _, check in checks if known == name)
    check()
    read, planted = rust.function, []

    def changed(*asked):
        parameters, text = read(*asked)
        if right in text and not planted:
            planted.append(asked)
            text = text.replace(right, wrong, 1)
        return parameters, text

    module.function = changed
    try:
        check()
        return None
    except noticed as error:
        return f"{type(error).__name__} {error}" if planted else None
    finally:
        module.function = read


def wrong_call(program, name, right, wrong):
    """Does the proof of a step fail once it calls another operation in one place?"""
    promise = next(p for p in PROMISES if p.name.startswith(name))
    prove(program, promise)
    called, other = program.find(right), program.find(wrong)
    for at in body(program, promise.address(program), {called, other}):
        mnemonic, parts = program.decoded(at)
        if mnemonic == "call" and parts[0] == ("a", called):
            program.code[at] = mnemonic, (("a", other),)
            try:
                prove(program, promise)
                return None
            except Unproved as error:
                return str(error)
            finally:
                program.code[at] = mnemonic, parts
    raise KeyError(f"no call of {right} in {name}")


def misread(program, path, name):
    """Is an interpreter noticed that reads an addition with carry as one without?"""
    if absent := instructions.missing():
        return f"left out, since the machine lacks {', '.join(sorted(absent))}"
    right, Machine.do_adc = Machine.do_adc, Machine.do_add
    try:
        _, failures = instructions.compare(program, instructions.loaded_at(program, path), body(program, program.kernels[name]))
        return failures[0] if failures else None
    finally:
        Machine.do_adc = right


KERNELS = "eccsi_sakke::backend::adx::fp1024::kernels::"


def main():
    program, failed = library(sys.argv[1]), 0
    checks = [(what, lambda row=row: fault(program, *row)) for what, *row in FAULTS]
    checks.append(("a subtrahend of 17p in lanes, where 16p is documented",
                   lambda: bound(program, "sub", minus, [16 * P1024, 17 * P1024], 2**15 * P1024)))
    checks.append(("a result at most p of a product in lanes, where 2p is documented",
                   lambda: bound(program, "mul", product, [64 * P1024, 64 * P1024], P1024, 1040)))
    checks.append(("a step of adx that adds where it should subtract",
                   lambda: wrong_call(program, "adx fp1024 edwards_add", KERNELS + "sub_kernel$", KERNELS + "add_kernel$")))
    checks.append(("a sign in the formula of Kernel::add_affine",
                   lambda: in_source(FORMULAS, identities, "Kernel::add_affine", "field_sub", "field_add", Differs)))
    checks.append(("a multiple of p that is too small in batch::points::Double",
                   lambda: in_source(BOUNDS, bounds_of_formulas, "batch::points::Double", "add_p(proof, 9)", "add_p(proof, 2)", Exceeded)))
    checks.append(("an interpreter that forgets the carry of adc", lambda: misread(program, sys.argv[1], "portable p256 field_add")))
    for what, check in checks:
        error = check()
        print(f"ok   {what}: {error}" if error else f"FAIL {what}: not noticed", flush=True)
        failed += not error
    print(f"{len(checks)} faults planted, {failed} not noticed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
