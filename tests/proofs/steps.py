"""Whole steps of the curve code that are compiled functions: a run in which every operation of the field that is called is what its own
proof promises.

A value is what such an operation left: limbs of its own, an integer in [0, high], and a formula in the variables of the step modulo the
prime. A place that holds the limbs of a value holds that value. What code makes of limbs between calls, a sum or a selection, is found as a
combination of values by its polynomial. So formulas stay small, whatever the operations do inside.

In Montgomery's form an element stands for its formula times R, a product that is not reduced yet for its formula times R²: the power of
R belongs to a value, and values of different powers are not added."""

from dataclasses import dataclass

from field import Polynomial
from polynomial import Poly
from words import Form, Unproved, Word


@dataclass
class Value:
    limbs: list
    total: Poly
    formula: Polynomial
    high: int
    power: int


class Steps:
    def __init__(self, run, elements):
        self.run, self.elements, self.domain = run, elements, run.domain
        self.of_limb = {}

    # Places

    def aligned(self, place):
        """Vectors of eight words are moved as such, in functions that are not entered here."""
        if place % (8 * self.elements.lanes):
            raise Unproved("an element in lanes that is not aligned")

    def put(self, place, formula, high, bits=None, limbs=None, power=1):
        """A new value there."""
        self.aligned(place)
        bits, limbs = bits or self.elements.bits, limbs or self.elements.limbs
        words = [self.domain.word("limb", min((1 << bits) - 1, high >> bits * i)) for i in range(limbs)]
        total = Poly({})
        for i, word in enumerate(words):
            total = total.plus(word.unsigned.poly, 1 << bits * i)
            for lane in range(self.elements.lanes):
                self.run.machine.memory[place + 8 * (i * self.elements.lanes + lane)] = word
        unknown = [word for word in words if word.known is None]
        if unknown:
            self.domain.number("value", unknown, [bits * i for i in range(len(unknown))], high)
        value = Value(words, total, formula, high, power)
        self.of_limb[next(iter(words[0].unsigned.poly.terms))[0]] = value
        return value

    def input(self, name, high=None, place=None):
        formula = name if isinstance(name, Polynomial) else Polynomial.variable(self.elements.modulus, name)
        return self.put(place or self.run.allot(), formula, self.elements.high if high is None else high)

    def words_at(self, place, bits, limbs):
        lanes = self.elements.lanes
        words = []
        for i in range(limbs):
            side = [self.run.machine.memory[place + 8 * (i * lanes + lane)] for lane in range(lanes)]
            if any(not self.run.alike(word, side[0]) for word in side):
                raise Unproved("lanes that differ")
            words.append(side[0])
        return words

    def get(self, place, bits=None, limbs=None, power=1):
        """(formula, high, polynomial) of what is there, which has to have that power of R."""
        self.aligned(place)
        bits, limbs = bits or self.elements.bits, limbs or self.elements.limbs
        words = self.words_at(place, bits, limbs)
        first = self.domain.value(words[0]).poly
        if len(first.terms) == 1 and first.shift == 0:
            ((monomial, _),) = first.terms.items()
            value = self.of_limb.get(monomial[0]) if monomial else None
            if value and len(value.limbs) >= limbs and all(self.run.alike(a, b) for a, b in zip(words, value.limbs)) and not any(
                    word.known != 0 for word in value.limbs[limbs:]) and value.power == power:
                return value.formula, value.high, value.total
        total = Poly({})
        for i, word in enumerate(words):
            form = self.domain.value(word)
            self.run.within(form.poly, (1 << bits) - 1, "a limb")
            total = total.plus(form.poly, 1 << bits * i)
        return self.combination(total, power), self.domain.tight(total)[1], total

    def combination(self, total, power):
        """The formula of an integer that is, modulo the prime, a sum of multiples of values of that power."""
        modulus = self.elements.modulus
        rest = self.domain.expanded(total, modulus)
        while any(self.unsettled(m) for m in rest.terms) and (self.domain.settle_open(rest) or self.domain.decide_open(rest)):
            rest = self.domain.expanded(total, modulus)
        formula, left = Polynomial(modulus, {}), rest
        for monomial, c in rest.terms.items():
            value = self.of_limb.get(monomial[0]) if len(monomial) == 1 else None
            if value and value.power == power:
                formula = formula + value.formula * c
                left = left.plus(value.total, -c)
        if self.domain.modulo(left, modulus).terms:
            raise Unproved("what is stored is no combination of values")
        return formula

    def unsettled(self, monomial):
        return any(self.domain.unknowns[n].name != "limb" for n in monomial)

    def element(self, place, high=None):
        """(formula, high) of an element that is at most `high`."""
        formula, most, total = self.get(place)
        if high is not None and most > high:
            self.run.within(total, high, "an argument")
            most = high
        return formula, most

    def expect(self, place, formula, high):
        found, _ = self.element(place, high)
        if found != formula:
            raise Unproved("the step computes another formula")


def portable(steps, wide, file, prime):
    """What the steps of `portable` call."""
    run, top = steps.run, 2 * prime
    def factor(place):
        return steps.element(place, 4 * prime)

    def multiplied(out, a, b, *_):
        (f, x), (g, y) = factor(a.known), factor(b.known)
        steps.put(out.known, f * g, x * y, 61, 34, 2)

    def squared(out, a, *_):
        f, x = steps.element(a.known, top)
        steps.put(out.known, f * f, x * x, 61, 34, 2)

    def reduced(out, t, *_):
        formula, high, total = steps.get(t.known, 61, 34, 2)
        if high > 2**1036 * prime:
            run.within(total, 2**1036 * prime, "what is to be reduced")
        steps.put(out.known, formula, top)

    def combined(sign):
        def replaced(out, a, b, *_):
            (f, _), (g, _) = steps.element(a.known, top), steps.element(b.known, top)
            steps.put(out.known, f + g * sign, top)

        return replaced

    def complex_product(out, a0, a1, b0, b1, *_):
        a, b = ([steps.element(place.known, top)[0] for place in pair] for pair in ((a0, a1), (b0, b1)))
        steps.put(out.known, a[0] * b[0] - a[1] * b[1], top)
        steps.put(out.known + steps.elements.octets, a[0] * b[1] + a[1] * b[0], top)

    run.contract(wide + "product$", multiplied)
    run.contract(wide + "square$", squared)
    run.contract(wide + "reduce$", reduced)
    run.contract(f"^<{file}::element::Fe as .*Arithmetic>::add$", combined(1))
    run.contract(f"^{file}::sub$", combined(-1))
    run.contract(f"^<{file}::element::Fe as .*Arithmetic>::complex_mul$", complex_product)


def adx(steps, file, prime):
    """What the steps of `adx` call. The reduction gives one word more, which is 0 unless more than p² was reduced."""
    run, top = steps.run, prime - 1

    def multiplied(out, a, b, *_):
        (f, _), (g, _) = steps.element(a.known, top), steps.element(b.known, top)
        steps.put(out.known, f * g, top * top, 64, 32, 2)

    def squared(out, a, *_):
        f, _ = steps.element(a.known, top)
        steps.put(out.known, f * f, top * top, 64, 32, 2)

    def accumulated(t, u, *_):
        (f, x, _), (g, y, _) = steps.get(t.known, 64, 33, 2), steps.get(u.known, 64, 33, 2)
        if x + y >> 64 * 33:
            raise Unproved("a sum of more than 33 words")
        steps.put(t.known, f + g, x + y, 64, 33, 2)

    def reduced(out, t, *_):
        formula, high, _ = steps.get(t.known, 64, 33, 2)
        # What is promised is promised for these.
        most = next((n * prime**2 for n in (1, 2, 6) if high <= n * prime**2), None)
        if most is None:
            raise Unproved("more is reduced than there is a promise for")
        above = max(top, most >> 1024)
        value = steps.put(out.known, formula, above, 64, 17)
        run.machine.memory.forget(out.known + 128, 8)
        run.machine.registers["rax"] = value.limbs[16]

    def combined(sign):
        def replaced(out, a, b, *_):
            (f, _), (g, _) = steps.element(a.known, top), steps.element(b.known, top)
            steps.put(out.known, f + g * sign, top)

        return replaced

    run.contract(file + "product_kernel$", multiplied)
    run.contract(file + "square_kernel$", squared)
    run.contract(file + "accumulate_kernel$", accumulated)
    run.contract(file + "reduce_kernel$", reduced)
    run.contract(file + "add_kernel$", combined(1))
    run.contract(file + "sub_kernel$", combined(-1))


CALLED = "^eccsi_sakke::backend::ifma::zmm::called_with_features::<eccsi_sakke::backend::ifma::fp1024x8::"
ZMM = "<eccsi_sakke::backend::ifma::zmm::Zmm>"
JOBS = {
    "add": CALLED + "Add" + ZMM, "sub": CALLED + "Sub" + ZMM, "neg": CALLED + "Neg" + ZMM, "reduce": CALLED + "Reduce" + ZMM,
    "square": CALLED + "products::Square" + ZMM, "product": CALLED + "products::Sum" + ZMM[:-1] + ", 1: usize>",
    "product_into": CALLED + "curve::Into<eccsi_sakke::backend::ifma::fp1024x8::products::Sum" + ZMM[:-1] + ", 1: usize>>",
    "sum_into": CALLED + "curve::Into<eccsi_sakke::backend::ifma::fp1024x8::products::Sum" + ZMM[:-1] + ", 2: usize>>",
    "reduce_into": CALLED + "curve::Into<eccsi_sakke::backend::ifma::fp1024x8::Reduce" + ZMM + ">",
    "both": CALLED + "curve::SumAndDifference" + ZMM[:-1] + ", false: bool>",
    "both_twice": CALLED + "curve::SumAndDifference" + ZMM[:-1] + ", true: bool>",
}
JOBS = {name: pattern + ">$" for name, pattern in JOBS.items()}


def lanes(steps, prime):
    """What the steps in lanes call. Bounds are multiples of p."""
    run, memory = steps.run, steps.run.machine.memory
    octets = steps.elements.octets

    def element(place):
        return steps.element(place)

    def below(high):
        if high > 2**15 * prime:
            raise Unproved("an element above 2^15·p")
        return high

    def subtrahend(place):
        return steps.element(place, 16 * prime)

    def added(out, a, b, *_):
        (f, x), (g, y) = element(a.known), element(b.known)
        steps.put(out.known, f + g, below(x + y))

    def subtracted(out, a, b, *_):
        (f, x), (g, _) = element(a.known), subtrahend(b.known)
        steps.put(out.known, f - g, below(x + 16 * prime))

    def negated(out, a, *_):
        f, _ = subtrahend(a.known)
        steps.put(out.known, -f, 16 * prime)

    def products(out, pairs):
        factors = [(element(a), element(b)) for a, b in pairs]
        if sum(x * y for (_, x), (_, y) in factors) > 4096 * prime**2:
            raise Unproved("products whose bounds are too large")
        total = factors[0][0][0]._of(0)
        for (f, _), (g, _) in factors:
            total = total + f * g
        steps.put(out, total, 2 * prime)

    def squared(out, a, *_):
        products(out.known, [(a.known, a.known)])

    def product(out, job, *_):
        products(out.known, [(memory[job.known].known, memory[job.known + 8].known)])

    def product_into(job, *_):
        out, a, b = (memory[job.known + 8 * i].known for i in range(3))
        products(out, [(a, b)])

    def sum_into(job, *_):
        out, a0, a1, b0, b1 = (memory[job.known + 8 * i].known for i in range(5))
        products(out, [(a0, b0), (a1, b1)])

    def reduced_into(out, a, *_):
        f, x = element(a.known)
        steps.put(out.known, f, min(below(x), 2 * prime))

    def both(factor):
        def replaced(out, a, b, *_):
            (f, x), (g, y) = element(a.known), subtrahend(b.known)
            steps.put(out.known, f * factor + g, below(factor * x + y))
            steps.put(out.known + octets, f * factor - g, below(factor * x + 16 * prime))

        return replaced

    for name, contract in (("add", added), ("sub", subtracted), ("neg", negated), ("square", squared), ("product", product),
                           ("product_into", product_into), ("sum_into", sum_into), ("reduce_into", reduced_into), ("both", both(1)),
                           ("both_twice", both(2))):
        run.contract(JOBS[name], contract)
