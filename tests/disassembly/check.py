#!/usr/bin/env python3
"""Looks for branches and addresses that depend on secrets in machine code that valgrind cannot run.

    tests/disassembly/check.py PROGRAM
    tests/disassembly/check.py --masks PROGRAM
    tests/disassembly/check.py --self-test

PROGRAM is an executable with the code of the backends `adx` and `ifma` in it, compiled with
`-C symbol-mangling-version=v0`; tests/disassembly/run builds it. Every function of this crate is looked at whose name
has a type or module of these backends in it (OF_BACKENDS), or that uses a 512-bit register; but for those that see
public values only (VARIABLE_TIME).

How it decides. Each function is interpreted over four values of a general register:

    public   made of immediates, of addresses of the function's own, of those arguments that EXPECTED names,
             and of what follows from these alone: counters, bounds, places on the stack
    loaded   a word read from memory at such an address, and such a word plus something public
    scaled   a loaded word times something public: the octets of so many items. No address
    unknown  anything else: what was computed from a loaded word in another way, read in parts,
             taken out of a vector or mask register, or left by a call

An argument is unknown unless EXPECTED names its register: those are references, lengths and numbers of rounds. Whoever
calls a function that is looked at must have none of them unknown. Words spilled to the stack keep their value, unless
their address is taken. Where paths meet, the worse one counts.

It fails on: an address whose base is unknown, or whose index is not public; a memory operand under a mask that is not
public, since a masked access may leave the memory alone; a conditional jump on flags that are loaded or unknown, but for
as many as EXPECTED says, with the reason; a gather or scatter; a division by or of what is unknown; an instruction that
it does not know; an indirect jump; an indirect call, a call of anything that is neither looked at itself nor in CALLEES,
and a length or reference for one of those that is unknown. Loaded words are references and lengths inside a job, and
could be secret words that somebody compares or adds to an address. So their uses are counted, and the counts, as those
of all conditional jumps, have to be the documented ones of EXPECTED: whoever changes one looks at the code and says why.
Where EXPECTED says that so many addresses, jumps and calls cannot be decided, these are counted, too; masks, gathers,
divisions and instructions never are.

With --masks it looks at all functions of the crate, in a program that was built for a CPU with AVX-512, and only for
memory operands under masks that are not public. The compiler makes masks of selections there, in all backends; all
else is the same source as in the first program, and counts would differ.

The self-test assembles small functions, each with one planted leak, or without one, and looks whether it is found.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import objdump
from expected import CALLEES, CONTROL, EXPECTED, GLUE, OF_BACKENDS, VARIABLE_TIME

# Faults that come of what this cannot know, and can be counted in EXPECTED; all others are faults in any case.
UNDECIDED = ("address from ", "unknown ", "indirect jump", "call of ")

PUBLIC, LOADED, SCALED, UNKNOWN = 0, 1, 2, 3
VALUES = ("public", "loaded", "scaled", "unknown")
# Public, and the function of CALLEES with that number: FUNCTION, FUNCTION − 1, …
FUNCTION = -1

WIDE = {r: r for r in "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15".split()}
WIDE |= {r: "r" + r[1:] for r in "eax ebx ecx edx esi edi ebp esp".split()}
WIDE |= {f"r{n}{s}": f"r{n}" for n in range(8, 16) for s in "dwb"}
PARTS = {"al": "rax", "ah": "rax", "ax": "rax", "bl": "rbx", "bh": "rbx", "bx": "rbx", "cl": "rcx", "ch": "rcx",
         "cx": "rcx", "dl": "rdx", "dh": "rdx", "dx": "rdx", "sil": "rsi", "si": "rsi", "dil": "rdi", "di": "rdi",
         "bpl": "rbp", "bp": "rbp"}
PARTS |= {f"r{n}{s}": f"r{n}" for n in range(8, 16) for s in "wb"}
WIDE |= PARTS
CLOBBERED = "rax rcx rdx rsi rdi r8 r9 r10 r11".split()
# Registers' lowest octets.
OCTETS = {part: register for part, register in PARTS.items() if part.endswith(("l", "b"))}
ZMM = re.compile(r"\bzmm\d")
MASK = re.compile(r"\{(k\d)\}")
MEMORY = re.compile(r"\[([^\]]*)\]")
SIZES = {"BYTE": 1, "WORD": 2, "DWORD": 4, "QWORD": 8, "XMMWORD": 16, "YMMWORD": 32, "ZMMWORD": 64}

# Instructions that write no general register; the vector ones are told by their names.
COMPARE = {"cmp", "test", "bt"}
WITHOUT_EFFECT = {"nop", "endbr64", "ret", "cs", "data16", "vzeroupper", "ud2", "int3", "lfence"}
# Keep what a loaded word is: an address plus something public.
OFFSETS = {"add", "sub", "lea", "inc", "dec"}
ARITHMETIC = OFFSETS | {"adc", "sbb", "adcx", "adox", "and", "or", "xor", "not", "neg", "shl", "shr", "sar", "shld", "shrd",
                        "rol", "ror", "rorx", "shlx", "shrx", "sarx", "imul", "andn", "bzhi", "blsr", "blsi", "bswap", "bts", "btr", "btc",
                        "popcnt", "lzcnt", "tzcnt", "bextr", "movzx", "movsx", "movsxd"}
# Vector and mask instructions that set the flags.
VECTOR_FLAGS = re.compile(r"v?u?com[ix]s|v?ucomx|v?ptest$|vtestp|kortest|ktest|v?pcmp[ei]str")
# Instructions that access memory under the mask in a vector register.
MASKED_BY_VECTOR = re.compile(r"v?p?maskmov")
FLAGS_KEPT = {"lea", "not", "movzx", "movsx", "movsxd", "rorx", "shlx", "shrx", "sarx", "bswap"}


class Function:
    def __init__(self, name):
        self.name, self.code = name, []  # (address, mnemonic, operands as text)
        self.places = {}  # what an instruction names relative to rip


def functions(program):
    found = []
    for _, name, instructions in objdump.functions(program):
        function = Function(name)
        function.code = [(i.at, i.mnemonic, i.text) for i in instructions]
        function.places = {i.at: i.place for i in instructions if i.place is not None}
        found.append(function)
    return found


class State:
    def __init__(self, public=()):
        self.registers = {r: UNKNOWN for r in WIDE.values()}
        for register in ("rsp", *public):
            self.registers[register] = PUBLIC
        # Registers whose lowest octet is public, whatever the rest is; masks that are, or whose lowest octet is.
        self.octets, self.masks, self.mask_octets = set(), set(), set()
        self.flags = UNKNOWN
        self.stack = {}  # (base, offset) → (octets, value)

    def copy(self):
        other = State()
        other.registers, other.flags, other.stack = dict(self.registers), self.flags, dict(self.stack)
        other.octets, other.masks, other.mask_octets = set(self.octets), set(self.masks), set(self.mask_octets)
        return other

    def write(self, name, value):
        """A general register, or a part of one."""
        register = WIDE[name]
        if name in PARTS:
            self.octets.discard(register)
            if name in OCTETS and value <= PUBLIC:
                self.octets.add(register)
            value = max(value, self.registers[register])
        else:
            self.octets.discard(register)
        self.registers[register] = value
        if register in ("rsp", "rbp"):
            # What was there has another place now.
            self.stack = {place: held for place, held in self.stack.items() if place[0] != register}

    def merge(self, other):
        """The worse of both; says whether that is worse than self."""
        changed = False
        for register, value in other.registers.items():
            if value > self.registers[register]:
                self.registers[register], changed = value, True
        for ours, theirs in ((self.octets, other.octets), (self.masks, other.masks), (self.mask_octets, other.mask_octets)):
            if not ours <= theirs:
                ours &= theirs
                changed = True
        if other.flags > self.flags:
            self.flags, changed = other.flags, True
        for place, (size, value) in list(self.stack.items()):
            there = other.stack.get(place, (0, UNKNOWN))
            worse = max(value, there[1]) if there[0] == size else UNKNOWN
            if worse > value:
                self.stack[place], changed = (size, worse), True
        return changed


def slot(operand):
    """(base, offset) of a place on the stack, else None."""
    inside = MEMORY.search(operand)
    plain = inside and re.fullmatch(r"(rsp|rbp)(?:([+-])0x([0-9a-f]+))?", inside[1])
    if not plain:
        return None
    return plain[1], int(plain[3] or "0", 16) * (-1 if plain[2] == "-" else 1)


class Check:
    def __init__(self, function, callees, offsets, public=()):
        self.function, self.callees, self.offsets, self.public = function, callees, offsets, public
        self.jumps, self.loaded_jumps, self.loaded_bases = set(), set(), set()
        self.unknown_jumps, self.faults = set(), {}
        # Places on the stack that others may write to.
        self.taken = {slot(operands.partition(",")[2]) for _, mnemonic, operands in function.code if mnemonic == "lea"}

    def fault(self, at, what):
        self.faults[at] = what

    def resolved(self, at, operands):
        """Of the global offset table: what is known of the one function that the linker puts there, or None."""
        if not re.fullmatch(r"QWORD PTR \[rip\+0x[0-9a-f]+\]", operands):
            return None
        target = self.offsets.get(self.function.places.get(at), "")
        if isinstance(target, int):
            return self.callees.get(target)
        return next((callee for pattern, callee in CALLEES.items() if re.search(pattern, target)), None)

    def callee(self, state, at, operands):
        target = re.match(r"([0-9a-f]+) <", operands)
        if target:
            return self.callees.get(int(target[1], 16))
        if state.registers.get(operands, 0) <= FUNCTION:
            return list(CALLEES.values())[FUNCTION - state.registers[operands]]
        return self.resolved(at, operands)

    def call(self, state, at, operands):
        callee = self.callee(state, at, operands)
        if callee is None:
            self.fault(at, f"call of {operands}")
        public, result = callee or ("", UNKNOWN)
        for register in public.split() if result is not None else ():
            if state.registers[register] == UNKNOWN:
                self.fault(at, f"{VALUES[UNKNOWN]} {register} given to {operands}")
        for register in CLOBBERED:
            state.write(register, UNKNOWN)
        state.masks.clear()
        state.mask_octets.clear()
        state.flags = UNKNOWN
        if result is None:
            return []
        state.write("rax", result)
        return [None]

    def address(self, state, at, operand):
        for inside in MEMORY.findall(operand):
            for term in re.split(r"[+-]", inside):
                name, _, scale = term.partition("*")
                if name == "rip" or re.fullmatch(r"0x[0-9a-f]+|\d+", name) or not name:
                    continue
                if name not in WIDE:
                    self.fault(at, f"vector of addresses: {operand}")
                    continue
                value = state.registers[WIDE[name]]
                is_index = bool(scale) or inside.split("+")[0].partition("*")[0] != name
                if value >= SCALED or value == LOADED and is_index and f"{name}*" in inside:
                    self.fault(at, f"address from {VALUES[value]} {name}: {operand}")
                elif value == LOADED:
                    self.loaded_bases.add(at)

    def value(self, state, operand):
        if operand in OCTETS and WIDE[operand] in state.octets:
            return PUBLIC
        if operand in WIDE:
            return UNKNOWN if operand in PARTS and state.registers[WIDE[operand]] > PUBLIC else state.registers[WIDE[operand]]
        if "[" in operand:
            size, value = state.stack.get(slot(operand), (0, UNKNOWN))
            if SIZES.get(operand.split()[0]) == size:
                return value
            if SIZES.get(operand.split()[0], 64) < size and value <= PUBLIC:
                return PUBLIC
            return LOADED if "QWORD" in operand.split("[")[0] else UNKNOWN
        return PUBLIC if re.fullmatch(r"-?0x[0-9a-f]+|-?\d+", operand) else UNKNOWN

    def store(self, state, operand, value):
        place = slot(operand)
        if place is None:
            return
        base, offset = place
        value = max(value, LOADED) if place in self.taken else value
        size = SIZES.get(operand.split()[0], 64)
        for other, (length, _) in list(state.stack.items()):
            if other[0] == base and offset - length < other[1] < offset + size:
                del state.stack[other]
        if size == 8:
            state.stack[place] = size, value
        elif size < 8:
            # A part of a loaded word is no address any more.
            state.stack[place] = size, PUBLIC if value <= PUBLIC else UNKNOWN

    VECTOR = ("v", "k", "p", "mova", "movu", "movd", "movq", "movsd", "movss", "movl", "movh", "movmsk", "xorps", "andps", "orps", "shufps", "unpck")

    def step(self, state, at, mnemonic, operands):
        """Interprets one instruction; gives the addresses where it may go on, None for the next one."""
        parts = objdump.split(operands)
        if mnemonic in ("bt", "bts", "btr", "btc") and "[" in parts[0] and self.value(state, parts[1]) != PUBLIC:
            self.fault(at, f"address from {parts[1]}: {operands}")
        if MASKED_BY_VECTOR.match(mnemonic):
            self.fault(at, f"memory under a mask: {operands}")
        if "gather" in mnemonic or "scatter" in mnemonic:
            self.fault(at, mnemonic)
        if mnemonic != "lea" and mnemonic != "nop":
            for part in parts:
                self.address(state, at, part)
        if mnemonic in ("ret", "ud2", "int3"):
            return []
        if mnemonic == "jmp" or mnemonic.startswith("j"):
            target = re.match(r"([0-9a-f]+) <", operands)
            first = self.function.code[0][0]
            elsewhere = not target or not first <= int(target[1], 16) <= self.function.code[-1][0]
            if mnemonic == "jmp" and elsewhere and self.callee(state, at, operands):
                self.call(state, at, operands)
                return []
            if not target:
                self.fault(at, f"indirect jump: {operands}")
                return []
            if mnemonic == "jmp":
                return [int(target[1], 16)]
            self.jumps.add(at)
            if state.flags == UNKNOWN:
                self.unknown_jumps.add(at)
            elif state.flags > PUBLIC:
                self.loaded_jumps.add(at)
            return [int(target[1], 16), None]
        if mnemonic == "call":
            return self.call(state, at, operands)
        if mnemonic == "push" or mnemonic == "pop":
            # Prologue and epilogue: places on the stack are used in between only.
            if mnemonic == "pop":
                state.write(parts[0], UNKNOWN)
            state.write("rsp", PUBLIC)
            return [None]
        if mnemonic in WITHOUT_EFFECT:
            return [None]
        if parts and mnemonic.startswith(self.VECTOR) and mnemonic not in ("movabs", "popcnt"):
            self.vector(state, at, mnemonic, operands, parts)
        else:
            self.integer(state, at, mnemonic, parts)
        return [None]

    def vector(self, state, at, mnemonic, operands, parts):
        mask = MASK.search(operands)
        if mask and "[" in operands and mask[1] not in state.masks:
            # With words of 64 bits, eight bits of a mask count.
            whole = mnemonic.endswith(("q", "64", "pd")) and mask[1] in state.mask_octets
            if not whole:
                self.fault(at, f"memory under a mask: {operands}")
        if parts[0] in WIDE:
            state.write(parts[0], UNKNOWN)
        elif "[" in parts[0]:
            self.store(state, parts[0], UNKNOWN)
        elif re.fullmatch(r"k\d", parts[0]):
            state.masks.discard(parts[0])
            state.mask_octets.discard(parts[0])
            same = len(parts) == 3 and parts[1] == parts[2] and mnemonic.startswith(("kxnor", "kxor"))
            if same or mnemonic.startswith("kmov") and parts[1] in WIDE and self.value(state, parts[1]) <= PUBLIC:
                state.masks.add(parts[0])
                state.mask_octets.add(parts[0])
            elif mnemonic.startswith("kmov") and WIDE.get(parts[1]) in state.octets:
                state.mask_octets.add(parts[0])
            elif mnemonic.startswith("kmov"):
                # A copy of another mask.
                for known in (state.masks, state.mask_octets):
                    if parts[1] in known:
                        known.add(parts[0])
        if VECTOR_FLAGS.match(mnemonic):
            state.flags = UNKNOWN
            if "str" in mnemonic:
                state.write("rcx", UNKNOWN)

    def integer(self, state, at, mnemonic, parts):
        values = [self.value(state, part) for part in parts]
        if mnemonic in COMPARE:
            state.flags = max(PUBLIC, *values)
            return
        if mnemonic in ("div", "idiv"):
            worst = max(values[0], state.registers["rax"], state.registers["rdx"])
            if worst == UNKNOWN:
                self.fault(at, "division")
            elif worst > PUBLIC:
                self.loaded_jumps.add(at)
            for register in ("rax", "rdx"):
                state.write(register, worst)
            state.flags = UNKNOWN
            return
        if mnemonic in ("cmc", "clc", "stc", "leave"):
            if mnemonic == "leave":
                state.write("rbp", UNKNOWN)
                state.write("rsp", PUBLIC)
            return
        if mnemonic in ("cqo", "cdq", "cdqe"):
            source = state.registers["rax"]
            state.write("rax" if mnemonic == "cdqe" else "rdx", PUBLIC if source <= PUBLIC else UNKNOWN)
            return
        if mnemonic in ("mov", "movabs"):
            result, flags = values[1], state.flags
            if callee := self.resolved(at, parts[1]):
                result = FUNCTION - list(CALLEES.values()).index(callee) if callee in CALLEES.values() else UNKNOWN
        elif mnemonic.startswith("cmov"):
            result, flags = max(*values, UNKNOWN if state.flags > PUBLIC else PUBLIC), state.flags
        elif mnemonic.startswith("set"):
            result, flags = (UNKNOWN if state.flags else PUBLIC), state.flags
        elif mnemonic == "lea":
            named = [state.registers[WIDE[n]] for n in re.findall(r"[a-z][a-z0-9]*", MEMORY.search(parts[1])[1]) if n in WIDE]
            result, flags = max(PUBLIC, PUBLIC, *named), state.flags
            if result >= LOADED and "*" in parts[1]:
                result = SCALED if len(named) == 1 else UNKNOWN
        elif mnemonic in ("mulx", "mul"):
            for part in parts[:2] if mnemonic == "mulx" else ("rax", "rdx"):
                state.write(part, UNKNOWN)
            if mnemonic == "mul":
                state.flags = UNKNOWN
            return
        elif mnemonic == "xchg":
            for part in parts if parts[0] != parts[1] else []:
                if part in WIDE:
                    state.write(part, UNKNOWN)
                else:
                    self.store(state, part, UNKNOWN)
            return
        elif mnemonic in ("xor", "sub", "sbb") and len(parts) == 2 and parts[0] == parts[1] and mnemonic != "sbb":
            result = flags = PUBLIC
        elif mnemonic in ARITHMETIC:
            sources = values if len(parts) < 3 else values[1:]
            result = max(PUBLIC, *sources)
            if mnemonic in ("adc", "sbb", "adcx", "adox"):
                result = max(result, state.flags)
            if LOADED <= result <= SCALED and (mnemonic not in OFFSETS or sum(value > PUBLIC for value in sources) > 1):
                by_number = mnemonic in ("imul", "shl") and all(value <= PUBLIC for value in values[1:] if value != result)
                result = SCALED if by_number and sum(value > PUBLIC for value in sources) == 1 else UNKNOWN
            flags = state.flags if mnemonic in FLAGS_KEPT else result
        else:
            self.fault(at, f"instruction not known: {mnemonic}")
            return
        state.flags = flags
        if parts[0] in WIDE:
            state.write(parts[0], result)
        else:
            self.store(state, parts[0], result)

    def run(self):
        code = self.function.code
        index = {at: i for i, (at, _, _) in enumerate(code)}
        before = {0: State(self.public)}
        todo = [0]
        while todo:
            i = todo.pop()
            state = before[i].copy()
            at, mnemonic, operands = code[i]
            for target in self.step(state, at, mnemonic, operands):
                to = i + 1 if target is None else index.get(target)
                if to is None or to >= len(code):
                    if target is not None:
                        self.fault(at, "jump out of the function")
                elif to not in before:
                    before[to] = state.copy()
                    todo.append(to)
                elif before[to].merge(state):
                    todo.append(to)
        return self


def masked_accesses(looked_at):
    """Where each of these accesses memory under a mask that is not public."""
    found = {}
    for f in looked_at:
        if any(MASKED_BY_VECTOR.match(mnemonic) or "[" in operands and MASK.search(operands) for _, mnemonic, operands in f.code):
            faults = Check(f, {}, {}).run().faults
            found[f] = [(at, what) for at, what in sorted(faults.items()) if what.startswith("memory under")]
    return found


def masks(program):
    """In all functions of this crate, whatever the backend: on a build for a CPU with AVX-512 the compiler vectorises all of them."""
    own = [f for f in functions(program) if f.code and "eccsi_sakke" in f.name]
    found = masked_accesses(own)
    failed = False
    for function, accesses in found.items():
        failed |= bool(accesses)
        for at, what in accesses:
            print(f"FAIL {function.name}: {at:x}: {what}")
    others = sum(not re.search(OF_BACKENDS, f.name) for f in found)
    print(f"masks: {sum(map(len, found.values()))} accesses under masks that are not public, "
          f"in {len(found)} of {len(own)} functions that have masks")
    if others == 0:
        print("FAIL: the program was not built for a CPU with AVX-512")
    return failed or others == 0


def checks(program):
    """The functions that are looked at, with their names in EXPECTED, what is expected, and the outcome."""
    everything = functions(program)
    own = [f for f in everything if f.code and "eccsi_sakke" in f.name and "::cpu::" not in f.name]  # that asks the CPU what it has
    of_backends = [
        f for f in own
        if re.search(OF_BACKENDS, f.name) or any(ZMM.search(operands) for _, _, operands in f.code)
    ]
    names = {f: max((name for name in EXPECTED if name in f.name), key=len, default=None) for f in of_backends}
    looked_at = [f for f in of_backends if names[f] or not any(re.search(name, f.name) for name in VARIABLE_TIME)]
    callees = {}
    for f in everything:
        for pattern, callee in CALLEES.items():
            if f.code and re.search(pattern, f.name):
                callees[f.code[0][0]] = callee
    for f in looked_at:
        callees[f.code[0][0]] = (EXPECTED[names[f]][3] if names[f] else "", UNKNOWN)
    offsets = objdump.relocations(program)
    public = {f: EXPECTED[names[f]][3].split() if names[f] else ["rdi", "rsi"] for f in looked_at}
    rows = [(f, names[f], EXPECTED.get(names[f]), Check(f, callees, offsets, public[f]).run()) for f in looked_at]
    masked = [(f, at, what) for f, all in masked_accesses([f for f in own if f not in looked_at]).items() for at, what in all]
    controls = [Check(f, callees, offsets).run() for f in everything if CONTROL in f.name]
    return rows, masked, controls, len(of_backends) - len(looked_at)


def counts(check):
    return len(check.jumps), len(check.loaded_jumps) + len(check.unknown_jumps), len(check.loaded_bases)


def main(program):
    rows, masked, controls, left_out = checks(program)
    failed = False
    for function, name, wanted, check in rows:
        found, undecided = counts(check), len(check.faults)
        if name is None and re.search(GLUE, function.name):
            # Lengths, references, and what the allocator says.
            good = all(" given to " in what for what in check.faults.values())
        else:
            if name is None:
                print(f"FAIL {function.name}: not in the list")
            good = name is not None and (*found, undecided) == (*wanted[:3], *(wanted[4:] or (0,)))
            good &= all(what.startswith(UNDECIDED) for what in check.faults.values())
        print(f"{'ok  ' if good else 'FAIL'} {name or function.name}: {len(function.code)} instructions, "
              f"{found[0]} conditional jumps, {len(check.loaded_jumps)} of them on loaded words, "
              f"{len(check.unknown_jumps)} on declassified or undecided ones, "
              f"{found[2]} loaded addresses, {undecided} undecided ones")
        if good:
            continue
        failed = True
        if name is not None:
            print(f"     {(*found, undecided)}, expected {wanted}")
        for what, jumps in (("loaded words", check.loaded_jumps), ("unknown flags", check.unknown_jumps)):
            print(f"     jumps on {what}:", ", ".join(f"{at:x}" for at in sorted(jumps)))
        for at, what in sorted(check.faults.items())[:20]:
            print(f"     {at:x}: {what}")
    for function, at, what in masked:
        print(f"FAIL {function.name}: {at:x}: {what}")
        failed = True
    found = [control for control in controls if control.unknown_jumps and control.faults]
    print(f"control: leaks found in {len(found)} of {len(controls)} functions of variable time; {left_out} more see public values only")
    failed |= not controls or len(found) < len(controls)
    for name in EXPECTED.keys() - {name for _, name, _, _ in rows}:
        print(f"FAIL {name}: not in the program")
        failed = True
    return failed


def self_test():
    source = pathlib.Path(__file__).with_name("planted.s")
    with tempfile.TemporaryDirectory() as folder:
        built = pathlib.Path(folder, "planted.o")
        subprocess.run(["as", "-o", built, source], check=True)
        planted = [f for f in functions(built) if f.name.startswith(("clean_", "leak_"))]
    callees = {}
    for f in planted:
        callees[f.code[0][0]] = ("rdi", UNKNOWN)
    failed = 0
    for f in planted:
        # rdi is a reference, rsi a secret word.
        check = Check(f, callees, {}, ["rdi"]).run()
        found = bool(check.faults or check.unknown_jumps or check.loaded_jumps)
        right = found == f.name.startswith("leak_")
        failed += not right
        print(f"{'ok  ' if right else 'FAIL'} {f.name}: {'found' if found else 'nothing found'}", *check.faults.values())
    declared = len(re.findall(r"^(?:clean|leak)_\w+:", source.read_text(), re.MULTILINE))
    print(f"self-test: {len(planted)} functions, {failed} wrong")
    return failed > 0 or len(planted) != declared or not planted


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--self-test"]:
            sys.exit(self_test())
        case ["--masks", program]:
            sys.exit(masks(program))
        case [program]:
            sys.exit(main(program))
        case _:
            sys.exit(__doc__)
