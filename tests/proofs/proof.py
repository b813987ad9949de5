"""One path through a kernel: its arguments, what stands for functions that have proofs of their own, and what is shown of
the result."""

import time

from domain import Domain
from facts import Facts
from machine import PRESERVED, Machine
from octets import octets_of, word_of
from polynomial import Poly
from words import FULL, Contradiction, Fork, Form, Unproved, Word, constant

# For proofs that are expected to fail: so much work, and so many times what the proof of the kernel as it is takes, and half a second more.
LITTLE_WORK, TIMES_AS_LONG = 500, 10
ARGUMENTS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")


class Run:
    def __init__(self, program, promise, decisions):
        self.program, self.domain = program, Domain(decisions)
        self.machine = Machine(program, self.domain, promise.vertical)
        self.address = promise.address(program)
        self.place = 0x1000_0000_0000
        self.results = []

    # Before

    def allot(self):
        self.place += 0x10000
        return self.place

    def number(self, name, limbs, bits, high=None, limb_high=None, lanes=1, place=None, swapped=False, low=0):
        """An unknown integer in memory: (its place, its polynomial). The same in each of `lanes`, whose words stand side by
        side. `high` is the most that the integer is, else only its limbs are bounded. `swapped`: octets, the highest first."""
        place = place or self.allot()
        most = (1 << bits) - 1 if limb_high is None else limb_high
        tops = [most] * limbs
        if high is not None:
            tops[-1] = min(most, high >> bits * (limbs - 1))
        words = [self.domain.word(f"{name}{i}", top) for i, top in enumerate(tops)]
        total = Poly.total((word.unsigned.poly, 1 << bits * i) for i, word in enumerate(words))
        for i, word in enumerate(words):
            for lane in range(lanes):
                if swapped:
                    self.machine.memory[place + 8 * (limbs - 1 - i)] = word_of(octets_of(word)[::-1])
                else:
                    self.machine.memory[place + 8 * (i * lanes + lane)] = word
        if high is not None:
            words = [word for word in words if word.known is None]
        if high is not None and words:
            self.domain.number(name, words, [bits * i for i in range(len(words))], high)
        return place, total

    def zeros(self, place, words):
        for i in range(words):
            self.machine.memory[place + 8 * i] = constant(0)

    # In place of functions

    def recognized(self, pattern, limbs, bits):
        """Whenever a function returns an integer, bounds may take it as what it is: with the polynomial for its limbs in place of
        the top one."""

        def after(out):
            memory, total, unknowns = self.machine.memory, Poly({}), []
            for i in range(limbs):
                form = self.domain.value(memory[out + 8 * i])
                total = total.plus(form.poly, 1 << bits * i)
                poly = form.poly if i + 1 < limbs else self.domain.named(form)
                ((unknown,),) = poly.terms
                unknowns.append(unknown)
                memory[out + 8 * i] = Word(Form(poly, form.low, form.high))
            self.domain.numbers.insert(0, (total.lowest(), unknowns, [bits * i for i in range(limbs)]))

        self.machine.after[self.program.find(pattern)] = after

    def contract(self, pattern, contract):
        """`contract` is called with the arguments' registers in place of the function."""

        def replaced():
            contract(*(self.machine.registers[r] for r in ARGUMENTS))

        self.machine.contracts[self.program.find(pattern)] = replaced
        self.program.replaced.add(self.program.find(pattern))

    def read(self, place, words, bits=64):
        """The integer in memory, words of so many bits."""
        values = [self.domain.value(self.machine.memory[place + 8 * i]).poly for i in range(words)]
        return Poly.total((value, 1 << bits * i) for i, value in enumerate(values)).lowest()

    def put(self, place, words, total, high, name="result", bits=64):
        """Words of their own for an integer that is known to be in [0, high]."""
        fresh = [self.domain.word("alias" if i == 0 else name, min((1 << bits) - 1, high >> bits * i)) for i in range(words)]
        meaning = total
        for i in range(1, words):
            if fresh[i].unsigned.poly.terms:
                meaning = meaning.plus(fresh[i].unsigned.poly, -1 << bits * i)
        ((lowest,),) = fresh[0].unsigned.poly.terms
        self.domain.unknowns[lowest].meaning = meaning.lowest()
        for i, word in enumerate(fresh):
            self.machine.memory[place + 8 * i] = word
        count = max(i for i, word in enumerate(fresh) if word.known is None) + 1
        self.domain.number(name, fresh[:count], [bits * i for i in range(count)], high)
        return fresh

    # After

    def result(self, place, limbs, bits, limb_high, lanes=1, swapped=False):
        """The integer that words in memory stand for, whose limbs are within bounds."""
        total = Poly({})
        for i in range(limbs):
            if swapped:
                words = [word_of(octets_of(self.machine.memory[place + 8 * (limbs - 1 - i)])[::-1])]
            else:
                words = [self.machine.memory[place + 8 * (i * lanes + lane)] for lane in range(lanes)]
            if any(not self.alike(word, words[0]) for word in words):
                raise Unproved(f"limb {i} of the result is not the same in all lanes")
            form = self.domain.value(words[0])
            high = form.high
            if high > limb_high:
                high = min(high, self.domain.tight(form.poly)[1])
            if high > limb_high:
                raise Unproved(f"limb {i} of the result: {high:#x} at most is all that was shown, more than {limb_high:#x}")
            total = total.plus(form.poly, 1 << bits * i)
        self.results.append((total, (1 << bits * limbs) - 1))
        return total

    def name_results(self):
        """Makes an unknown of each result, which is in bounds as its limbs are: one more equation. Says whether there are any."""
        found, self.results = self.results, []
        for total, high in found:
            self.domain.equations.append(total.plus(self.domain.unknown("result", 0, high), -1))
        return bool(found) and bool(self.domain.decided)

    def within(self, total, high, what="the result"):
        least, most = self.domain.tight(total, (0, high))
        while (most > high or least < 0) and (self.domain.settle_open(total) or self.domain.decide_open(total)):
            least, most = self.domain.tight(total, (0, high))
        if most > high or least < 0:
            raise Unproved(f"{what}: in [{least:#x}, {most:#x}] is all that was shown, not in [0, {high:#x}]")

    def congruent(self, difference, modulus):
        rest = self.domain.expanded(difference, modulus)
        while rest.terms and (self.domain.settle_open(rest) or self.name_results() or self.domain.decide_open(rest)):
            rest = self.domain.expanded(difference, modulus)
        if rest.terms:
            names = [" · ".join(self.domain.unknowns[n].name for n in m) or "1" for m in rest.terms]
            raise Unproved(f"not congruent: what is left has {len(rest.terms)} terms, as in {', '.join(names[:4])}")

    def equal(self, x, y):
        rest = self.domain.expanded(x.plus(y, -1).lowest())
        while rest.terms and (self.domain.settle_open(rest) or self.domain.decide_open(rest)):
            rest = self.domain.expanded(x.plus(y, -1).lowest())
        if rest.terms:
            raise Unproved(f"not equal: what is left has {len(rest.terms)} terms")

    def alike(self, word, other):
        if word is other:
            return True
        return not word.octets and not other.octets and self.domain.value(word).poly.key() == self.domain.value(other).poly.key()

    def same(self, place, other):
        """Is the word there another word, whatever both are?"""
        word = self.machine.memory[place]
        if not self.alike(word, other):
            raise Unproved(f"the word at {place:x} is another one")

    def call(self, *arguments):
        for register, value in zip(ARGUMENTS, arguments):
            self.machine.registers[register] = constant(value) if isinstance(value, int) else value
        self.machine.run(self.address)


def prove(program, promise):
    """(paths, instructions) if the kernel keeps its promise, else raises Unproved."""
    todo, paths, count = [()], 0, 0
    while todo:
        decisions = todo.pop()
        run = Run(program, promise, decisions)
        saved = {r: Word() for r in PRESERVED}
        run.machine.registers.update(saved)
        try:
            promise.prove(run)
        except Fork as fork:
            todo += [decisions + (value,) for value in fork.values]
            continue
        except Contradiction:
            continue
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, StopIteration) as error:
            # Whatever the interpreter stumbles over is not proved.
            raise Unproved(f"not understood: {type(error).__name__} {error}") from error
        if any(run.machine.registers[r] is not word for r, word in saved.items()):
            raise Unproved("a register that belongs to the caller is lost")
        paths, count = paths + 1, count + run.machine.count
    if not paths:
        raise Unproved("no input takes any path")
    return paths, count


def quickly(program, promise):
    """Where proofs are expected to fail: without the last resort and with less work, unless the kernel as it is needs them. Gives the
    limits that it sets: decisions, work, seconds."""
    Domain.most_decisions, Domain.most_work, Domain.most_seconds = 0, LITTLE_WORK, Facts.most_seconds
    start = time.process_time()
    try:
        prove(program, promise)
    except Unproved:
        Domain.most_decisions, Domain.most_work = Facts.most_decisions, Facts.most_work
        start = time.process_time()
        prove(program, promise)
    Domain.most_seconds = 0.5 + TIMES_AS_LONG * (time.process_time() - start)
    return Domain.most_decisions, Domain.most_work, Domain.most_seconds
