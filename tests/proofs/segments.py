"""Functions that do many operations of a field one after the other: cut where a result is stored.

Between two cuts there are few decisions, and all of them are looked at. At a cut the four registers of the result have to hold an integer in
[0, p − 1] that is congruent, whatever was decided, to one polynomial of second degree in the values before. It becomes a value of its
own: an unknown in [0, p − 1]. What else depends on the decisions is forgotten. So the formula that a function computes is read from its
instructions, and comes with the proof of each of its steps."""

from dataclasses import dataclass, field

from domain import Domain
from machine import END, REGISTERS, Machine
from polynomial import Poly
from words import FULL, Contradiction, Fork, Unproved, Word, constant

RESULT = ("r8", "r9", "r10", "r11")


@dataclass
class State:
    """Between two instructions. Words are named: a number; ("limb", value, i); or anything else for a word that nobody looks at."""

    at: int
    registers: dict
    memory: dict
    vectors: list = field(default_factory=lambda: [None] * 32)


class Segments:
    def __init__(self, program, modulus, state, values):
        self.program, self.modulus, self.state = program, modulus, state
        self.values = values  # of each value, the polynomial: {(): c, (i,): c, (i, j): c}, or None for an input
        self.count = 0

    def run(self):
        while self.state.at != END:
            self.step()
            if len(self.values) > 10_000:
                raise Unproved("it runs on")
        return self.values

    def step(self):
        todo, outcome = [()], None
        while todo:
            decisions = todo.pop()
            try:
                found = self.path(decisions)
            except Fork as fork:
                todo += [decisions + (value,) for value in fork.values]
                continue
            except Contradiction:
                continue
            outcome = found if outcome is None else self.merged(outcome, found)
        if outcome is None:
            raise Unproved("no input takes any path")
        state, formula = outcome
        if formula is not None:
            self.values.append(dict(formula))
            for i, register in enumerate(RESULT):
                state.registers[register] = ("limb", len(self.values) - 1, i)
        self.state = state

    @staticmethod
    def merged(one, other):
        """What both paths agree on."""
        (a, formula), (b, other_formula) = one, other
        if a.at != b.at or formula != other_formula:
            raise Unproved(f"what is computed up to {a.at:x} depends on a decision")

        def common(x, y):
            return {key: token for key, token in x.items() if y.get(key) == token}

        vectors = [None if x is None or y is None else [p if p == q else None for p, q in zip(x, y)] for x, y in zip(a.vectors, b.vectors)]
        return State(a.at, common(a.registers, b.registers), common(a.memory, b.memory), vectors), formula

    # One path

    def path(self, decisions):
        self.domain = Domain(decisions)
        self.machine = Machine(self.program, self.domain)
        self.words, self.tokens = {}, {}
        machine, state = self.machine, self.state
        machine.registers = {r: self.word(state.registers.get(r)) for r in REGISTERS}
        machine.memory.words = {at: self.word(token) for at, token in state.memory.items()}
        machine.vectors = [None if vector is None else [self.word(token) for token in vector] for vector in state.vectors]
        machine.at = state.at
        first = [True]

        def before():
            starts, first[0] = first[0], False
            return not starts and self.is_cut(machine.at)

        machine.before = before
        machine.go_on()
        self.count += machine.count
        formula = None if machine.at == END else self.formula()
        registers = {r: self.token(word) for r, word in machine.registers.items()}
        if formula is not None:
            registers |= dict.fromkeys(RESULT)
        memory = {at: token for at, word in machine.memory.words.items() if (token := self.token(word)) is not None}
        vectors = [None if vector is None else [self.token(word) for word in vector] for vector in machine.vectors]
        return State(machine.at, registers, memory, vectors), formula

    def is_cut(self, at):
        """Do the next four instructions take the result's registers in their order: to store them, or to add or subtract a value?"""
        for first, next_one in (("mov", "mov"), ("sub", "sbb"), ("add", "adc")):
            place = at
            for register in RESULT:
                mnemonic, parts = self.program.decoded(place)
                if len(parts) != 2:
                    break
                operands = (parts[1], parts[0]) if first == "mov" else parts
                if mnemonic != (first if register == "r8" else next_one) or operands[0] != ("r", register, 8) or operands[1][0] != "m":
                    break
                place = self.program.next[place]
            else:
                return True
        return False

    def word(self, token):
        if token is None:
            return None
        if token not in self.words:
            if isinstance(token, int):
                self.words[token] = constant(token)
            elif token[0] == "limb":
                self.value(token[1])
            else:
                self.words[token] = self.domain.word(token[0], FULL - 1)
                self.tokens[len(self.domain.unknowns) - 1] = token
        return self.words[token]

    def value(self, n):
        """The limbs of a value."""
        high = self.modulus - 1
        limbs = [self.domain.word("limb", min(FULL - 1, high >> 64 * i)) for i in range(4)]
        for i, limb in enumerate(limbs):
            self.words["limb", n, i] = limb
            self.tokens[next(iter(limb.unsigned.poly.terms))[0]] = "limb", n, i
        self.domain.number("value", limbs, [64 * i for i in range(4)], high)

    def token(self, word):
        """The name of a word, or None for one that is forgotten."""
        if word is None or isinstance(word, str) or word.bits or word.octets or word.xors or word._unsigned is None:
            return None
        if word.known is not None:
            return word.known
        terms = word._unsigned.poly.lowest()
        if terms.shift == 0 and len(terms.terms) == 1:
            ((monomial, c),) = terms.terms.items()
            if c == 1 and len(monomial) == 1:
                return self.tokens.get(monomial[0])
        return None

    # What the result is

    def formula(self):
        domain, total = self.domain, Poly({})
        for i, register in enumerate(RESULT):
            total = total.plus(domain.value(self.machine.register(register)).poly, 1 << 64 * i)
        total = total.lowest()
        least, most = domain.tight(total)
        while (least < 0 or most >= self.modulus) and (domain.settle_open(total) or domain.decide_open(total)):
            least, most = domain.tight(total)
        if least < 0 or most >= self.modulus:
            raise Unproved(f"the result at {self.machine.at:x} is not below the modulus")
        rest = domain.expanded(total, self.modulus)
        while any(n not in self.tokens for m in rest.terms for n in m) and (
                domain.settle_open(rest) or domain.decide_open(rest)):
            rest = domain.expanded(total, self.modulus)
        return self.lifted(rest)

    def lifted(self, poly):
        """A polynomial in the limbs as one in the values, whose coefficients stand at the lowest limbs."""
        formula = {}
        for monomial, c in poly.terms.items():
            names = [self.tokens.get(n) for n in monomial]
            if any(name is None or name[0] != "limb" for name in names) or len(names) > 2:
                raise Unproved(f"the result at {self.machine.at:x} is no polynomial of second degree in the values")
            if all(name[2] == 0 for name in names):
                formula[tuple(sorted(name[1] for name in names))] = c
        again = Poly({})
        for values, c in formula.items():
            product = Poly.constant(c)
            for n in values:
                product = product.times(self.integer(n))
            again = again.plus(product)
        if Domain.modulo(again.plus(poly, -1), self.modulus).terms:
            raise Unproved(f"the result at {self.machine.at:x} is no polynomial in the values")
        return tuple(sorted(formula.items()))

    def integer(self, n):
        total = Poly({})
        for i in range(4):
            total = total.plus(self.words["limb", n, i].unsigned.poly, 1 << 64 * i)
        return total
