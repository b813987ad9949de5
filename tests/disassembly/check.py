#!/usr/bin/env python3
"""Looks for branches and addresses that depend on secrets in machine code that valgrind cannot run.

    tests/disassembly/check.py PROGRAM

PROGRAM is an executable with the AVX-512 code of the backend `ifma` in it, compiled with
`-C symbol-mangling-version=v0`; tests/disassembly/run builds it. Every function is looked at that uses a 512-bit
register and every one that is named in SCALAR.

How it decides. Each function is interpreted over three values of a general register:

    public   made of immediates, of addresses of the function's own, of its arguments, and of what
             follows from these alone: counters, bounds, places on the stack
    loaded   a word read from memory at such an address, and such a word plus something public
    unknown  anything else: what was computed from a loaded word in another way, read in parts,
             taken out of a vector or mask register, or left by a call

Arguments are public because they are references, lengths and numbers of rounds: the jobs of the lanes hold
nothing else by value. Words spilled to the stack keep their value. Where paths meet, the worse one counts.

It fails on: an address whose base is unknown, or whose index is not public; a conditional jump
on flags that are loaded or unknown, but for as many as EXPECTED says, with the reason; a gather or scatter; a division; an indirect jump; an indirect call, and a
call of anything that is neither looked at itself nor in CALLEES. Loaded words are references and lengths inside a
job, and could be secret words that somebody compares or adds to an address. So their uses are
counted, and the counts, as those of all conditional jumps, have to be the documented ones of
EXPECTED: whoever changes one looks at the code and says why.
"""

import re
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from expected import CALLEES, CONTROL, EXPECTED, SCALAR

PUBLIC, LOADED, UNKNOWN = 0, 1, 2
# Public, and a function of CALLEES.
FUNCTION = -1

WIDE = {r: r for r in "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15".split()}
WIDE |= {r: "r" + r[1:] for r in "eax ebx ecx edx esi edi ebp esp".split()}
WIDE |= {f"r{n}{s}": f"r{n}" for n in range(8, 16) for s in "dwb"}
PARTS = {"al": "rax", "ah": "rax", "ax": "rax", "bl": "rbx", "bh": "rbx", "bx": "rbx", "cl": "rcx", "ch": "rcx",
         "cx": "rcx", "dl": "rdx", "dh": "rdx", "dx": "rdx", "sil": "rsi", "si": "rsi", "dil": "rdi", "di": "rdi",
         "bpl": "rbp", "bp": "rbp"}
WIDE |= PARTS
CLOBBERED = "rax rcx rdx rsi rdi r8 r9 r10 r11".split()
ZMM = re.compile(r"\bzmm\d")
MEMORY = re.compile(r"\[([^\]]*)\]")
SIZES = {"BYTE": 1, "WORD": 2, "DWORD": 4, "QWORD": 8, "XMMWORD": 16, "YMMWORD": 32, "ZMMWORD": 64}

# Instructions that write no general register; the vector ones are told by their names.
COMPARE = {"cmp", "test", "bt"}
WITHOUT_EFFECT = {"nop", "endbr64", "ret", "cs", "data16", "vzeroupper", "ud2", "int3", "lfence", "leave"}
# Keep what a loaded word is: an address plus something public.
OFFSETS = {"add", "sub", "lea", "inc", "dec"}
ARITHMETIC = OFFSETS | {"adc", "sbb", "adcx", "adox", "and", "or", "xor", "not", "neg", "shl", "shr", "sar", "shld", "shrd",
                        "rol", "ror", "rorx", "shlx", "shrx", "sarx", "imul", "andn", "bzhi", "blsr", "blsi", "bswap", "bts", "btr",
                        "popcnt", "lzcnt", "tzcnt", "bextr", "movzx", "movsx", "movsxd"}
FLAGS_KEPT = {"lea", "not", "movzx", "movsx", "movsxd", "rorx", "shlx", "shrx", "sarx", "bswap"}


class Function:
    def __init__(self, name):
        self.name, self.code = name, []  # (address, mnemonic, operands as text)
        self.places = {}  # what an instruction names relative to rip


def functions(program):
    text = subprocess.run(
        ["objdump", "-d", "-M", "intel", "--no-show-raw-insn", program], check=True, capture_output=True, text=True
    ).stdout
    found, current = [], None
    for line in text.splitlines():
        if head := re.match(r"([0-9a-f]+) <(.*)>:$", line):
            current = Function(head[2])
            found.append(current)
        elif row := re.match(r" +([0-9a-f]+):\t(\S+) *(.*)$", line):
            mnemonic, operands = row[2], row[3].split("#")[0].strip()
            if place := re.search(r"# ([0-9a-f]+)", row[3]):
                current.places[int(row[1], 16)] = int(place[1], 16)
            while mnemonic in ("lock", "rep", "repz", "repnz", "notrack", "bnd", "data16", "cs", "{evex}"):
                first, _, operands = operands.partition(" ")
                mnemonic, operands = (first or "nop"), operands.strip()
            current.code.append((int(row[1], 16), mnemonic, operands))
    names = subprocess.run(["c++filt"], input="\n".join(f.name for f in found), capture_output=True, text=True).stdout
    for function, name in zip(found, names.splitlines()):
        function.name = re.sub(r"\[[0-9a-f]{8,}\]", "", name)
    return found


def global_offsets(program):
    text = subprocess.run(["objdump", "-R", program], check=True, capture_output=True, text=True).stdout
    rows = (re.match(r"([0-9a-f]{8,}) \S+ +(\S+)", line) for line in text.splitlines())
    return {int(row[1], 16): row[2] for row in rows if row}


def split(operands):
    return [operand.strip() for operand in re.split(r",(?![^\[]*\])", operands)] if operands else []


class State:
    def __init__(self):
        self.registers = {r: PUBLIC for r in WIDE.values()}
        for r in ("rax", "rbx", "rbp", "r10", "r11", "r12", "r13", "r14", "r15"):
            self.registers[r] = UNKNOWN
        self.flags = UNKNOWN
        self.stack = {}  # (base, offset) → (octets, value)

    def copy(self):
        other = State()
        other.registers, other.flags, other.stack = dict(self.registers), self.flags, dict(self.stack)
        return other

    def merge(self, other):
        """The worse of both; says whether that is worse than self."""
        changed = False
        for register, value in other.registers.items():
            if value > self.registers[register]:
                self.registers[register], changed = value, True
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
    def __init__(self, function, callees, offsets):
        self.function, self.callees, self.offsets = function, callees, offsets
        self.jumps, self.loaded_jumps, self.loaded_bases = set(), set(), set()
        self.unknown_jumps, self.faults = set(), {}

    def fault(self, at, what):
        self.faults[at] = what

    def resolved(self, at, operands):
        """A call through the global offset table: the one function that the linker puts there."""
        if not re.fullmatch(r"QWORD PTR \[rip\+0x[0-9a-f]+\]", operands):
            return False
        target = self.offsets.get(self.function.places.get(at), "")
        local = re.fullmatch(r"\*ABS\*\+0x([0-9a-f]+)", target)
        if local:
            return int(local[1], 16) in self.callees
        return any(re.search(pattern, target) for pattern in CALLEES)

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
                if value == UNKNOWN or value == LOADED and is_index and f"{name}*" in inside:
                    self.fault(at, f"address from {('public', 'loaded', 'unknown')[value]} {name}: {operand}")
                elif value == LOADED:
                    self.loaded_bases.add(at)

    def value(self, state, operand):
        if operand in WIDE:
            return UNKNOWN if operand in PARTS and state.registers[WIDE[operand]] == LOADED else state.registers[WIDE[operand]]
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
        size = SIZES.get(operand.split()[0], 64)
        for other, (length, _) in list(state.stack.items()):
            if other[0] == base and offset - length < other[1] < offset + size:
                del state.stack[other]
        if size == 8:
            state.stack[place] = size, value
        elif size < 8:
            # A part of a loaded word is no address any more.
            state.stack[place] = size, PUBLIC if value <= PUBLIC else UNKNOWN

    VECTOR = ("v", "k", "p", "mova", "movu", "movd", "movq", "movl", "movh", "movmsk", "xorps", "andps", "orps", "shufps", "unpck")

    def step(self, state, at, mnemonic, operands):
        """Interprets one instruction; gives the addresses where it may go on, None for the next one."""
        parts = split(operands)
        if mnemonic in ("div", "idiv"):
            self.fault(at, "division")
        if "gather" in mnemonic or "scatter" in mnemonic:
            self.fault(at, mnemonic)
        if mnemonic != "lea" and mnemonic != "nop":
            for part in parts:
                self.address(state, at, part)
        if mnemonic in ("ret", "ud2", "int3"):
            return []
        if mnemonic == "jmp" or mnemonic.startswith("j"):
            target = re.match(r"([0-9a-f]+) <", operands)
            if not target:
                self.fault(at, f"indirect jump: {operands}")
                return []
            if mnemonic == "jmp":
                return [int(target[1], 16)]
            self.jumps.add(at)
            if state.flags == UNKNOWN:
                self.unknown_jumps.add(at)
            elif state.flags == LOADED:
                self.loaded_jumps.add(at)
            return [int(target[1], 16), None]
        if mnemonic == "call":
            target = re.match(r"([0-9a-f]+) <", operands)
            if target:
                known = int(target[1], 16) in self.callees
            else:
                known = state.registers.get(operands) == FUNCTION or self.resolved(at, operands)
            if not known:
                self.fault(at, f"call of {operands}")
            for register in CLOBBERED:
                state.registers[register] = UNKNOWN
            state.flags = UNKNOWN
            return [None] if not target or self.callees.get(int(target[1], 16), True) else []
        if mnemonic == "push" or mnemonic == "pop":
            # Prologue and epilogue: places on the stack are used in between only.
            if mnemonic == "pop":
                state.registers[WIDE[parts[0]]] = UNKNOWN
            return [None]
        vector = mnemonic.startswith(self.VECTOR) and mnemonic not in ("movabs", "popcnt")
        if vector or not parts or mnemonic in WITHOUT_EFFECT:
            if parts and parts[0] in WIDE:
                state.registers[WIDE[parts[0]]] = UNKNOWN
            elif parts and "[" in parts[0]:
                self.store(state, parts[0], UNKNOWN)
            if mnemonic in ("kortestb", "kortestw", "kortestd", "kortestq", "ktestb", "vptest", "vtestps", "vcomisd"):
                state.flags = UNKNOWN
            return [None]
        self.integer(state, at, mnemonic, parts)
        return [None]

    def integer(self, state, at, mnemonic, parts):
        values = [self.value(state, part) for part in parts]
        if mnemonic in COMPARE:
            state.flags = max(PUBLIC, *values)
            return
        if mnemonic in ("mov", "movabs"):
            result, flags = values[1], state.flags
            if self.resolved(at, parts[1]):
                result = FUNCTION
        elif mnemonic.startswith("cmov"):
            result, flags = max(*values, UNKNOWN if state.flags > PUBLIC else PUBLIC), state.flags
        elif mnemonic.startswith("set"):
            result, flags = (UNKNOWN if state.flags else PUBLIC), state.flags
        elif mnemonic == "lea":
            named = [state.registers[WIDE[n]] for n in re.findall(r"[a-z][a-z0-9]*", MEMORY.search(parts[1])[1]) if n in WIDE]
            result, flags = max(PUBLIC, PUBLIC, *named), state.flags
            if result == LOADED and "*" in parts[1]:
                result = UNKNOWN
        elif mnemonic in ("mulx", "mul"):
            for part in parts[:2] if mnemonic == "mulx" else ("rax", "rdx"):
                state.registers[WIDE[part]] = UNKNOWN
            return
        elif mnemonic == "xchg":
            for part in parts if parts[0] != parts[1] else []:
                state.registers[WIDE.get(part, "rax")] = UNKNOWN
            return
        elif mnemonic in ("xor", "sub", "sbb") and len(parts) == 2 and parts[0] == parts[1] and mnemonic != "sbb":
            result = flags = PUBLIC
        elif mnemonic in ARITHMETIC:
            sources = values if len(parts) < 3 else values[1:]
            result = max(PUBLIC, *sources)
            if mnemonic in ("adc", "sbb", "adcx", "adox"):
                result = max(result, state.flags)
            if result == LOADED and (mnemonic not in OFFSETS or sources.count(LOADED) > 1):
                result = UNKNOWN
            flags = state.flags if mnemonic in FLAGS_KEPT else result
        else:
            self.fault(at, f"instruction not known: {mnemonic}")
            return
        state.flags = flags
        if parts[0] in WIDE:
            state.registers[WIDE[parts[0]]] = max(result, state.registers[WIDE[parts[0]]]) if parts[0] in PARTS else result
        else:
            self.store(state, parts[0], result)

    def run(self):
        code = self.function.code
        index = {at: i for i, (at, _, _) in enumerate(code)}
        before = {0: State()}
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


def main():
    all_functions = functions(sys.argv[1])
    looked_at = [
        f for f in all_functions
        if "eccsi_sakke" in f.name
        and (any(ZMM.search(operands) for _, _, operands in f.code) or any(re.search(part, f.name) for part in SCALAR))
        and "::cpu::" not in f.name  # asks the CPU what it has
    ]
    callees = {f.code[0][0]: True for f in looked_at if f.code}
    for f in all_functions:
        for pattern, returns in CALLEES.items():
            if f.code and re.search(pattern, f.name):
                callees[f.code[0][0]] = returns
    offsets = global_offsets(sys.argv[1])
    failed, seen = False, set()
    for function in looked_at:
        name = next((name for name in EXPECTED if name in function.name), None)
        if name is None:
            print(f"FAIL {function.name}: not in the list")
            failed = True
        seen.add(name)
        check = Check(function, callees, offsets).run()
        doubtful = len(check.loaded_jumps) + len(check.unknown_jumps)
        counts = (len(check.jumps), doubtful, len(check.loaded_bases))
        good = name is not None and not check.faults and counts == EXPECTED[name]
        print(f"{'ok  ' if good else 'FAIL'} {name or function.name}: {len(function.code)} instructions, "
              f"{counts[0]} conditional jumps, {len(check.loaded_jumps)} of them on loaded words, "
              f"{len(check.unknown_jumps)} on declassified ones, "
              f"{counts[2]} loaded addresses")
        if name is not None and counts != EXPECTED[name]:
            print(f"     {counts}, expected {EXPECTED[name]}")
        if not good:
            for what, jumps in (("loaded words", check.loaded_jumps), ("unknown flags", check.unknown_jumps)):
                print(f"     jumps on {what}:", ", ".join(f"{at:x}" for at in sorted(jumps)))
        for at, what in sorted(check.faults.items())[:20]:
            print(f"     {at:x}: {what}")
        failed |= not good
    controls = [Check(f, callees, offsets).run() for f in all_functions if CONTROL in f.name]
    found = [control for control in controls if control.unknown_jumps and control.faults]
    print(f"control: leaks found in {len(found)} of {len(controls)} functions of variable time")
    failed |= not controls or len(found) < len(controls)
    for name in EXPECTED.keys() - seen:
        print(f"FAIL {name}: not in the program")
        failed = True
    sys.exit(failed)


main()
