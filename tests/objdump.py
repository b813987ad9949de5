"""Machine code as objdump writes it down: instructions by address, with decoded operands, names of functions, constants."""

import re
import subprocess

PREFIXES = ("lock", "rep", "repz", "repnz", "notrack", "bnd", "data16", "cs", "{evex}")
SIZES = {"BYTE": 1, "WORD": 2, "DWORD": 4, "QWORD": 8, "XMMWORD": 16, "YMMWORD": 32, "ZMMWORD": 64}
LENGTHS = {"x": 16, "y": 32, "z": 64}

# The names of a general register: (the whole one, octets).
WIDE = {r: (r, 8) for r in "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15".split()}
WIDE |= {"e" + r: ("r" + r, 4) for r in "ax bx cx dx si di bp sp".split()}
WIDE |= {f"r{n}{s}": (f"r{n}", size) for n in range(8, 16) for s, size in (("d", 4), ("w", 2), ("b", 1))}
WIDE |= {r: ("r" + r, 2) for r in "ax bx cx dx si di bp sp".split()}
WIDE |= {r + "l": (f"r{r}x", 1) for r in "abcd"} | {r + "l": ("r" + r, 1) for r in ("si", "di", "bp")}


def output_of(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


def plain_names(names):
    """Without the encoding of symbols, and without the hashes in it."""
    return [re.sub(r"\[[0-9a-f]{8,}\]", "", name) for name in output_of("c++filt", input="\n".join(names)).splitlines()]


class Instruction:
    """An address, a mnemonic without prefixes, operands as text, and the address that rip stands for in one of them."""

    __slots__ = ("at", "mnemonic", "text", "place")

    def __init__(self, at, mnemonic, text, place):
        self.at, self.mnemonic, self.text, self.place = at, mnemonic, text, place


def functions(program):
    """(address, plain name, instructions) of each function of a program or library."""
    found = []
    for line in output_of("objdump", "-d", "-M", "intel", "--no-show-raw-insn", program).splitlines():
        if head := re.match(r"([0-9a-f]+) <(.*)>:$", line):
            found.append([int(head[1], 16), head[2], []])
        elif row := re.match(r" +([0-9a-f]+):\t(\S+) *(.*)$", line):
            mnemonic, (text, _, comment) = row[2], row[3].partition("#")
            text, place = text.strip(), re.match(r" *([0-9a-f]+)", comment)
            while mnemonic in PREFIXES:
                first, _, text = text.partition(" ")
                mnemonic, text = first or "nop", text.strip()
            found[-1][2].append(Instruction(int(row[1], 16), mnemonic, text, int(place[1], 16) if place else None))
    for function, name in zip(found, plain_names([name for _, name, _ in found])):
        function[1] = name
    return found


def relocations(program):
    """Address → the address that is put there, or the name of what is."""
    found = {}
    for row in re.finditer(r"^([0-9a-f]{8,}) \S+ +(\S+)", output_of("objdump", "-R", program), re.M):
        local = re.fullmatch(r"\*ABS\*\+0x([0-9a-f]+)", row[2])
        found[int(row[1], 16)] = int(local[1], 16) if local else row[2].split("@")[0]
    return found


def split(text):
    """The operands; commas inside brackets are none between operands."""
    return [part.strip() for part in re.split(r",(?![^\[<]*[\]>])", text)] if text else []


def operand(text, place):
    """('r', register, octets), ('v', number, octets, mask), ('k', number), ('i', value), ('m', octets, base, index, scale,
    displacement, broadcast, mask), or ('a', address) for a jump. A mask is (number, zeroing) or None."""
    mask = None
    if masked := re.search(r"\{k([1-7])\}(\{z\})?", text):
        mask, text = (int(masked[1]), bool(masked[2])), text[:masked.start()] + text[masked.end():]
    if text in WIDE:
        return ("r", *WIDE[text])
    if vector := re.fullmatch(r"([xyz])mm(\d+)", text):
        return "v", int(vector[2]), LENGTHS[vector[1]], mask
    if re.fullmatch(r"k[0-7]", text):
        return "k", int(text[1])
    if re.fullmatch(r"-?(0x[0-9a-f]+|\d+)", text):
        return "i", int(text, 0)
    if target := re.match(r"([0-9a-f]+) <", text):
        return "a", int(target[1], 16)
    if inside := re.search(r"\[(.*)\]", text):
        return memory_operand(text, inside[1], place, mask)
    return "?", text


def memory_operand(text, inside, place, mask):
    base = index = None
    scale, displacement = 1, 0
    for sign, term in re.findall(r"([+-]?)([^+-]+)", inside):
        name, _, by = term.partition("*")
        if name == "rip":
            base, displacement = None, place
            break
        if name in WIDE and (by or base):
            index, scale = name, int(by or "1")
        elif name in WIDE:
            base = name
        else:
            displacement += int(sign + term, 0)
    if displacement >= 1 << 63:
        displacement -= 1 << 64
    return "m", SIZES.get(text.split()[0]), base, index, scale, displacement, "BCST" in text, mask


class Program:
    """A shared library whose code can be run by address."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.octets = file.read()
        self.sections = []
        for row in re.finditer(r"^ +\d+ (\S+) +([0-9a-f]+)  ([0-9a-f]+)  [0-9a-f]+  ([0-9a-f]+) ", output_of(
                "objdump", "-h", path), re.M):
            if row[1] in (".rodata", ".data.rel.ro", ".got", ".data"):
                self.sections.append((int(row[3], 16), int(row[2], 16), int(row[4], 16)))
        self.relocated = relocations(path)
        self.code, self.names, self.next, self.owner = {}, {}, {}, {}
        self.replaced = set()  # functions that a run did not enter, for those who want to know
        self.met = set()  # addresses of instructions that runs have met
        last = None
        for address, name, instructions in functions(path):
            self.names[name] = address
            for instruction in instructions:
                self.code[instruction.at] = instruction
                self.owner[instruction.at] = name
                if last is not None:
                    self.next[last] = instruction.at
                last = instruction.at
        self.symbols = {row[3]: (int(row[1], 16), int(row[2], 16)) for row in re.finditer(
            r"^([0-9a-f]+) .{7} \S+\s+([0-9a-f]+) +(\S+)$", output_of("objdump", "-t", path), re.M)}

    def decoded(self, at):
        """(mnemonic, operands)."""
        found = self.code[at]
        if isinstance(found, Instruction):
            parts = () if found.mnemonic == "nop" else tuple(operand(part, found.place) for part in split(found.text))
            found = self.code[at] = found.mnemonic, parts
        return found

    def find(self, pattern):
        """The one function whose name the pattern matches."""
        found = [at for name, at in self.names.items() if re.search(pattern, name)]
        if len(found) != 1:
            raise KeyError(f"{len(found)} functions match {pattern}")
        return found[0]

    def constant(self, address, octets=8):
        """Octets of the image as a number, or what is put there when it is loaded, or None."""
        if address in self.relocated:
            return self.relocated[address]
        for start, size, offset in self.sections:
            if start <= address <= start + size - octets:
                at = offset + address - start
                return int.from_bytes(self.octets[at:at + octets], "little")
        return None

    def entries(self, prefix):
        """Name → address of the functions in tables of (name, its length, function) whose symbols begin so."""
        found = {}
        for symbol, (start, size) in self.symbols.items():
            if symbol.startswith(prefix):
                for at in range(start, start + size, 24):
                    place, length = self.constant(at), self.constant(at + 8)
                    name = b"".join(self.constant(place + i, 1).to_bytes(1) for i in range(length)).decode()
                    found[name] = self.constant(at + 16)
        return found
