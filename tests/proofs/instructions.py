"""Each form of instruction that the proofs have met, on the CPU and in the interpreter, from the same random states.

A form is a mnemonic with the kinds of its operands, and with whatever else chooses what it does. Some of its encodings are copied, one after
the other, between code that loads a state into all registers and code that stores it. An operand in memory lies in a buffer
of that state: the registers that it is addressed by are set for it, or its distance from the instruction is replaced. Everything that the
interpreter claims to know afterwards is compared: registers, flags, masks, memory. What it refuses is no claim, but each form has to be
accepted in some state."""

import ctypes
import mmap
import multiprocessing
import random
import struct

from domain import Domain
from machine import CONDITIONS, REGISTERS, WITHOUT_EFFECT, Machine
from words import Unproved, constant, flag

NUMBERS = {r: i for i, r in enumerate("rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split())}
# Of each form so many encodings, each in so many states.
ENCODINGS, STATES = 3, 6
# So many states more are tried while a form was not accepted.
PATIENCE = 400
FLAGS = {"cf": 0, "zero": 6, "of": 11}
LONGEST = 15
# Words for vectors and memory.
MANY, DRAWN = 1 << 14, []

# Where things are, from the beginning of the code.
GENERAL, FLAG, STACK, TAKEN, VECTORS, MASKS, BUFFER = 0x1000, 0x1080, 0x1090, 0x1098, 0x1100, 0x1900, 0x2000
OUT, BUFFER_OCTETS, SIZE = 0x2000, 0x800, 0x5000


def cpu_flags():
    with open("/proc/cpuinfo") as file:
        return set(next((line for line in file if line.startswith("flags")), "").split())


def missing():
    """What the machine would need besides, to run every instruction of the library."""
    absent = {"adx", "bmi2", "avx2", "avx512f", "avx512ifma", "avx512vl", "avx512dq", "avx512bw"} - cpu_flags()
    try:
        mmap.mmap(-1, SIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
    except OSError:
        absent.add("memory that is written and executed")
    return absent


def loaded_at(program, path):
    """Where the first octet of the library is, in this process."""
    library = ctypes.CDLL(path)
    symbol, (offset, _) = next((s, place) for s, place in program.symbols.items() if s.startswith("PROOFS_"))
    return ctypes.addressof(ctypes.c_char.in_dll(library, symbol)) - offset


def form_of(mnemonic, parts):
    kinds = []
    for part in parts:
        if part[0] == "i":
            kinds.append(("i", part[1] if mnemonic.startswith(("v", "p", "sh")) else None))
        elif part[0] == "m":
            kinds.append(("m", part[1], part[6], part[7] and part[7][1]))
        elif part[0] == "v":
            kinds.append(("v", part[2], part[3] and part[3][1]))
        else:
            kinds.append(part[:1] + part[2:])
    return mnemonic, tuple(kinds), len(parts) > 1 and parts[-1] == parts[-2]


def is_flow(mnemonic):
    """These say where to go on: runs of whole functions show it."""
    return mnemonic in ("call", "ret", "jmp") or mnemonic in WITHOUT_EFFECT


class Trampoline:
    """Code that loads all registers, does one instruction and stores them, and the state before and after it."""

    def __init__(self):
        self.memory = mmap.mmap(-1, SIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.base = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        self.code = bytearray()
        for number in (3, 5):
            self.code += bytes([0x50 + number])
        for number in range(12, 16):
            self.code += bytes([0x41, 0x50 + number - 8])
        self.general(0x89, 4, STACK)
        for number in range(32):
            self.vector(0x6F, number, VECTORS + 64 * number)
        for number in range(8):
            self.with_place(bytes([0xC4, 0xE1, 0xF8, 0x90, number << 3 | 5]), MASKS + 8 * number)
        self.with_place(b"\xff\x35", FLAG)
        self.code += b"\x9d"
        for number in range(16):
            self.general(0x8B, number, GENERAL + 8 * number)
        self.slot = len(self.code)
        # What follows a jump that is not taken has 7 octets more.
        self.code += b"\x90" * (LONGEST + 7)
        for number in range(16):
            self.general(0x89, number, OUT + GENERAL + 8 * number)
        self.general(0x8B, 4, STACK)
        self.code += b"\x9c"
        self.with_place(b"\x8f\x05", OUT + FLAG)
        for number in range(32):
            self.vector(0x7F, number, OUT + VECTORS + 64 * number)
        for number in range(8):
            self.with_place(bytes([0xC4, 0xE1, 0xF8, 0x91, number << 3 | 5]), OUT + MASKS + 8 * number)
        self.code += b"\xc5\xf8\x77"
        for number in range(15, 11, -1):
            self.code += bytes([0x41, 0x58 + number - 8])
        for number in (5, 3):
            self.code += bytes([0x58 + number])
        self.code += b"\xc3"
        self.memory[:len(self.code)] = bytes(self.code)
        self.run = ctypes.CFUNCTYPE(None)(self.base)

    def with_place(self, octets, place):
        """An instruction whose last operand is a place, by its distance."""
        self.code += octets
        self.code += struct.pack("<i", place - len(self.code) - 4)

    def general(self, opcode, number, place):
        self.with_place(bytes([0x48 | number >> 3 << 2, opcode, (number & 7) << 3 | 5]), place)

    def vector(self, opcode, number, place):
        first = (~number >> 3 & 1) << 7 | 0x61 | (~number >> 4 & 1) << 4
        self.with_place(bytes([0x62, first, 0xFE, 0x48, opcode, (number & 7) << 3 | 5]), place)

    def put(self, place, words):
        self.memory[place:place + 8 * len(words)] = struct.pack(f"<{len(words)}Q", *words)

    def get(self, place, count):
        return struct.unpack(f"<{count}Q", self.memory[place:place + 8 * count])

    def execute(self, octets):
        self.memory[self.slot:self.slot + LONGEST + 7] = octets.ljust(LONGEST + 7, b"\x90")
        self.run()


def some_word():
    kind = random.random()
    if kind < 0.3:
        return random.choice((0, 1, 2, 2**63, 2**64 - 1, 2**63 - 1, 2**52 - 1, 2**32 - 1, 2**31, 255))
    return random.getrandbits(random.choice((4, 8, 31, 52, 64, 64, 64)))


def some_words(count):
    """Out of many that were drawn once."""
    if not DRAWN:
        DRAWN.extend(some_word() for _ in range(MANY))
    start = random.randrange(MANY - count)
    return DRAWN[start:start + count]


class State:
    """Numbers for everything that an instruction may read."""

    def __init__(self, buffer, mnemonic, parts):
        self.buffer = buffer
        self.general = {r: some_word() for r in REGISTERS}
        self.vectors = [some_words(8) for _ in range(32)]
        self.masks = [random.choice((0, 0xFF, random.getrandbits(8), random.getrandbits(64))) for _ in range(8)]
        self.flags = {name: random.getrandbits(1) for name in FLAGS}
        self.memory = some_words(BUFFER_OCTETS // 8)
        self.distance = None
        if mnemonic in ("push", "pop"):
            self.general["rsp"] = self.buffer + 0x400
        for part in parts:
            if part[0] == "m":
                self.address(*part[1:6])

    def address(self, octets, base, index, scale, displacement):
        """Makes registers point into the buffer."""
        octets = octets or 8
        target = self.buffer + 0x200 + octets * random.randrange(0x200 // octets)
        if base is None and index is None:
            self.distance = target
        elif base is None:
            target -= (target - displacement) % scale
            self.general[index] = (target - displacement) // scale % 2**64
        else:
            if index == base:
                raise Unproved("an address that is twice a register")
            if index:
                self.general[index] = random.randrange(16)
            self.general[base] = (target - displacement - (scale * self.general[index] if index else 0)) % 2**64


def interpreted(program, at, mnemonic, parts, state):
    machine = Machine(program, Domain())
    machine.registers = {r: constant(value) for r, value in state.general.items()}
    machine.vectors = [[constant(word) for word in words] for words in state.vectors]
    machine.masks = [("known", [value >> i & 1 for i in range(64)]) for value in state.masks]
    machine.cf, machine.of, machine.zero = flag(state.flags["cf"]), flag(state.flags["of"]), state.flags["zero"]
    machine.memory.words.update((state.buffer + 8 * i, constant(word)) for i, word in enumerate(state.memory))
    machine.at = at
    if mnemonic in JUMPS:
        return machine, machine.condition(mnemonic[1:])
    machine.step(mnemonic, parts, None)
    return machine, None


JUMPS = {"j" + name for name in CONDITIONS}


def executed(trampoline, octets, mnemonic, state, place):
    trampoline.put(GENERAL, [state.general[r] for r in NUMBERS])
    trampoline.put(FLAG, [2 | sum(state.flags[name] << bit for name, bit in FLAGS.items())])
    trampoline.put(TAKEN, [1])
    for number, words in enumerate(state.vectors):
        trampoline.put(VECTORS + 64 * number, words)
    trampoline.put(MASKS, state.masks)
    trampoline.put(BUFFER, state.memory)
    if mnemonic in JUMPS:
        # The short form of the jump, across what says that it was not taken.
        condition = octets[1] & 15 if octets[0] == 0x0F else octets[0] & 15
        octets = bytes([0x70 | condition, 11]) + b"\x48\xc7\x05" + struct.pack("<ii", TAKEN - trampoline.slot - 13, 0)
    elif place is not None:
        octets = redirected(octets, place, state.distance - trampoline.base - trampoline.slot - len(octets))
    trampoline.execute(octets)


def redirected(octets, place, distance):
    """The instruction with another distance of its operand."""
    old = struct.pack("<i", place)
    if octets.count(old) != 1:
        raise Unproved("a distance that is not found")
    return octets.replace(old, struct.pack("<i", distance))


def number_of(domain, word):
    form = domain.value(word)
    if form.low != form.high:
        raise Unproved("a number that is not known")
    return form.low


def differences(trampoline, machine, state, taken):
    """What the interpreter claims and the CPU does otherwise."""
    domain = machine.domain
    general = dict(zip(NUMBERS, trampoline.get(OUT + GENERAL, 16)))
    for register, word in machine.registers.items():
        if word is not None and number_of(domain, word) != general[register]:
            yield register
    for register, word in machine.low.items():
        if number_of(domain, word) != general[register] & 255:
            yield f"the lowest octet of {register}"
    (flags,) = trampoline.get(OUT + FLAG, 1)
    for name in ("cf", "of"):
        bit = getattr(machine, name)
        if bit is not None and number_of(domain, domain.of_bit(bit)) != flags >> FLAGS[name] & 1:
            yield name
    zero = machine.zero() if callable(machine.zero) else machine.zero
    if zero is not None and zero != flags >> FLAGS["zero"] & 1:
        yield "the zero flag"
    for number, words in enumerate(machine.vectors):
        found = trampoline.get(OUT + VECTORS + 64 * number, 8)
        if any(word is not None and number_of(domain, word) != real for word, real in zip(words, found)):
            yield f"vector {number}"
    for number, found in enumerate(trampoline.get(OUT + MASKS, 8)):
        _, bits = machine.masks[number]
        if any(bit != found >> i & 1 for i, bit in enumerate(bits)):
            yield f"mask {number}"
    found = trampoline.get(BUFFER, BUFFER_OCTETS // 8)
    for i, real in enumerate(found):
        word = machine.memory.words.get(state.buffer + 8 * i)
        if word is not None and number_of(domain, word) != real:
            yield f"memory at {8 * i}"
    for (at, octets), word in machine.memory.parts.items():
        real = found[at - state.buffer >> 3] >> 8 * (at % 8) & (1 << 8 * octets) - 1
        if number_of(domain, word) % (1 << 8 * octets) != real:
            yield f"a part of the memory at {at - state.buffer}"
    if taken is not None and taken != trampoline.get(TAKEN, 1)[0]:
        yield "the jump"


def compared(program, trampoline, loaded, at):
    """Is an instruction accepted in a random state? Raises AssertionError where it differs from the CPU."""
    mnemonic, parts = program.decoded(at)
    length = program.next[at] - at
    octets = ctypes.string_at(loaded + at, length)
    state = State(trampoline.base + BUFFER, mnemonic, parts)
    place = None
    if state.distance is not None:
        place = next(part[5] for part in parts if part[0] == "m") - program.next[at]
        parts = tuple(part[:5] + (state.distance,) + part[6:] if part[0] == "m" else part for part in parts)
    try:
        machine, taken = interpreted(program, at, mnemonic, parts, state)
        executed(trampoline, octets, mnemonic, state, place)
        found = list(differences(trampoline, machine, state, taken))
    except Unproved:
        return False
    assert not found, f"{at:x}: {octets.hex()} {mnemonic} {parts}: {', '.join(found[:4])}"
    return True


def forms(program, addresses):
    """Form → addresses of instructions of that form."""
    found = {}
    for at in sorted(addresses):
        mnemonic, parts = program.decoded(at)
        if not is_flow(mnemonic):
            found.setdefault(form_of(mnemonic, parts), []).append(at)
    return found


# For the processes that share the work: the program, where it is loaded, and some forms with their addresses for each of them.
SHARED = []


def compare(program, loaded, addresses):
    """(forms compared, failures as text) of the instructions at some addresses of a library that is loaded at `loaded`."""
    known, processes = list(forms(program, addresses).items()), multiprocessing.cpu_count()
    SHARED[:] = program, loaded, [known[i::processes] for i in range(processes)]
    with multiprocessing.Pool(processes) as pool:
        return len(known), sum(pool.map(failures_of, range(processes)), [])


def failures_of(part):
    program, loaded, parts = SHARED
    random.seed(part)
    trampoline, failures = Trampoline(), []
    for form, places in parts[part]:
        accepted, tried = 0, 0
        chosen = random.sample(places, min(ENCODINGS, len(places)))
        try:
            while tried < STATES * len(chosen) or not accepted and tried < PATIENCE:
                accepted += compared(program, trampoline, loaded, chosen[tried % len(chosen)])
                tried += 1
        except AssertionError as error:
            failures.append(f"the CPU does something else: {error}")
            continue
        if not accepted:
            failures.append(f"no state was accepted for {form}, as at {places[0]:x}")
    return failures
