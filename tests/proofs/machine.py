"""Runs machine code: addresses, counters and jumps on known numbers, data as words of a domain.

Every instruction that is not known here, every address or jump that is not a known number, and every read of a flag or of a
register that is not modelled is an error: nothing is skipped.
"""

from general import General
from memory import STACK, Memory
from vectors import LANEWISE, MOVES, Vectors
from words import FULL, Unproved, constant

END = 0x5E_0000_0000
REGISTERS = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15".split()
PRESERVED = ("rbx", "rbp", "r12", "r13", "r14", "r15")
# What a call may change.
CLOBBERED = "rcx rdx rsi rdi r8 r9 r10 r11".split()
WITHOUT_EFFECT = {"nop", "endbr64"}
# A function that takes longer is not one of ours.
MOST_STEPS = 200_000

CONDITIONS = {"b": ("c", 1), "c": ("c", 1), "ae": ("c", 0), "nc": ("c", 0), "nb": ("c", 0), "e": ("z", 1), "z": ("z", 1),
              "ne": ("z", 0), "nz": ("z", 0), "a": ("cz", 0), "be": ("cz", 1)}


class Machine(General, Vectors):
    def __init__(self, program, domain, vertical=False):
        self.program, self.domain, self.vertical = program, domain, vertical
        self.registers = dict.fromkeys(REGISTERS)
        self.low = {}  # octets set by themselves: register → word
        self.vectors = [None] * 32
        self.masks = [None] * 8
        self.memory = Memory(program)
        self.cf = self.of = self.zero = None
        self.count = 0
        self.at = None
        self.after = {}  # address of a function → what to do when it returns, with its first argument
        self.pending = []
        self.contracts = {}  # address of a function → what stands for it
        self.before = None  # what to do before each instruction, if anything

    # Operands

    def address(self, part):
        _, _, base, index, scale, displacement, _, _ = part
        total = displacement
        for name, factor in ((base, 1), (index, scale)):
            if name:
                value = self.registers[name]
                if value is None or value.known is None:
                    raise Unproved(f"an address from {name}, which is not known")
                total += factor * value.known
        return total % FULL

    def register(self, name):
        word = self.registers[name]
        if word is None:
            raise Unproved(f"{name} is not set")
        return word

    def read(self, part):
        """A general operand as a word."""
        kind = part[0]
        if kind == "r":
            name, size = part[1], part[2]
            if size == 1 and name in self.low:
                return self.low[name]
            word = self.register(name)
            if isinstance(word, str):
                return word  # the address of a function elsewhere
            if size == 4 or word.bits:
                return self.read32(word)
            return word if size == 8 else self.domain.low_part(word, 8 * size)
        if kind == "i":
            return constant(part[1])
        if kind == "m":
            size, address = part[1], self.address(part)
            if size == 8:
                return self.memory[address]
            found, around = self.memory.read_part(address, size)
            if found is not None:
                return found
            return self.domain.low_part(self.domain.right(around, 8 * (address & 7)), 8 * size)
        raise Unproved(f"operand {part}")

    def read32(self, word):
        if word.small32 or word.bits:
            return word
        low, small = self.domain.low_part(word, 32), word.small()
        if low is not word and low.known is None and small and small.low >= -(1 << 31) and small.high < 1 << 31:
            low.small32 = small
        return low

    def write(self, part, word):
        if part[0] == "m":
            size, address = part[1], self.address(part)
            if size == 8:
                self.memory[address] = word
            else:
                self.memory.write_part(address, size, word)
            return
        _, name, size = part
        old = self.registers[name]
        self.low.pop(name, None)
        if size == 8:
            self.registers[name] = word
        elif size == 4:
            self.registers[name] = word if word.small32 or word.bits else self.domain.low_part(word, 32)
        elif size == 1 and old is not None and not isinstance(old, str) and old.known is not None and old.known < 256:
            self.registers[name] = word
        elif size == 1:
            self.registers[name] = None
            self.low[name] = word
        else:
            raise Unproved("a register of 16 bits is written")

    # Flow

    def start(self, address):
        self.registers["rsp"] = constant(STACK - 8)
        self.memory[STACK - 8] = constant(END)
        self.at = address

    def run(self, address):
        self.start(address)
        self.go_on()

    def go_on(self):
        while self.at != END:
            if isinstance(self.at, str):
                self.library(self.at)
                continue
            if self.pending and self.pending[-1][:2] == (self.at, self.registers["rsp"].known):
                self.pending.pop()[2]()
            if self.before and self.before():
                return
            self.count += 1
            if self.count > MOST_STEPS:
                raise Unproved("it runs on")
            mnemonic, parts = self.program.decoded(self.at)
            self.program.met.add(self.at)
            try:
                self.at = self.step(mnemonic, parts, self.program.next[self.at])
            except Unproved as error:
                raise Unproved(f"{error} (at {self.at:x}: {mnemonic})") from None

    def step(self, mnemonic, parts, following):
        handler = getattr(self, "do_" + mnemonic, None)
        if mnemonic in LANEWISE:
            self.lanewise(mnemonic, parts)
        elif mnemonic in MOVES:
            self.move(parts)
        elif handler:
            handler(parts)
        elif mnemonic in WITHOUT_EFFECT or mnemonic == "xchg" and parts[0] == parts[1]:
            pass
        elif mnemonic == "call":
            return self.call(parts, following)
        elif mnemonic == "ret":
            return self.pop().known
        elif mnemonic == "jmp":
            return self.tail_call(self.jump(parts[0]))
        elif mnemonic.startswith("cmov"):
            value, old = self.read(parts[1]), self.read(parts[0])
            self.write(parts[0], value if self.condition(mnemonic[4:]) else old)
        elif mnemonic == "setb":
            self.write(parts[0], self.domain.of_bit(self.carry()))
        elif mnemonic.startswith("set"):
            self.write(parts[0], constant(int(self.condition(mnemonic[3:]))))
        elif mnemonic.startswith("j"):
            return parts[0][1] if self.condition(mnemonic[1:]) else following
        else:
            raise Unproved("an instruction that is not known")
        return following

    def call(self, parts, following):
        target = self.jump(parts[0])
        if target in self.contracts:
            self.replaced(target)
            return following
        if target in self.after:
            top, out = self.registers["rsp"].known, self.registers["rdi"].known
            self.pending.append((following, top, lambda: self.after[target](out)))
        self.push(constant(following))
        return target

    def tail_call(self, target):
        """A jump, which may be a call that gives its own return away."""
        if target in self.contracts:
            self.replaced(target)
            return self.pop().known
        return target

    def replaced(self, target):
        """In place of a function that has a proof of its own."""
        self.contracts[target]()
        for register in CLOBBERED:
            self.registers[register] = None
        self.low = {}
        self.vectors, self.masks = [None] * 32, [None] * 8
        self.cf = self.of = self.zero = None

    def library(self, name):
        target, source, length = (self.register(r).known for r in ("rdi", "rsi", "rdx"))
        if None in (target, source, length):
            raise Unproved(f"a call of {name} whose arguments are not known")
        if name == "memcpy" and (target | source | length) % (64 if self.vertical else 8) == 0:
            words = [self.memory[source + i] for i in range(0, length, 8)]
            for i, word in enumerate(words):
                self.memory[target + 8 * i] = word
        elif name == "memset" and source == 0 and (target | length) % 8 == 0:
            for i in range(0, length, 8):
                self.memory[target + i] = constant(0)
        else:
            raise Unproved(f"a call of {name}")
        self.replaced_library(target)

    def replaced_library(self, target):
        """memcpy and memset give their first argument back."""
        for register in CLOBBERED:
            self.registers[register] = None
        self.vectors, self.masks = [None] * 32, [None] * 8
        self.cf = self.of = self.zero = None
        self.registers["rax"] = constant(target)
        self.at = self.pop().known

    def push(self, word):
        top = self.registers["rsp"].known - 8
        self.registers["rsp"] = constant(top)
        self.memory.forget(top, 8)
        self.memory.words[top] = word

    def pop(self):
        top = self.registers["rsp"].known
        self.registers["rsp"] = constant(top + 8)
        word = self.memory.words.get(top)
        if word is None:
            raise Unproved("nothing was pushed there")
        return word

    def carry(self):
        if self.cf is None:
            raise Unproved("a carry that is not known")
        return self.cf

    def condition(self, suffix):
        if suffix not in CONDITIONS:
            raise Unproved(f"condition {suffix}")
        flag, wanted = CONDITIONS[suffix]
        if flag == "c":
            return self.domain.decide(self.carry().form) == wanted
        zero = self.zero() if callable(self.zero) else self.zero
        if zero is None:
            raise Unproved("a flag that is not known")
        if flag == "z":
            return zero == wanted
        return (zero or self.domain.decide(self.carry().form)) == wanted

    def jump(self, part):
        if part[0] == "a":
            return part[1]
        word = self.read(part) if part[0] == "r" else self.memory[self.address(part)]
        target = word if isinstance(word, str) else word.known
        if target is None:
            raise Unproved("a jump to what is not known")
        return target
