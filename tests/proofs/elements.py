"""Elements of a field in memory, as a backend keeps them, and promises of operations that take and give them."""

from dataclasses import dataclass

from polynomial import Poly
from promises import promise


@dataclass
class Elements:
    """`limbs` of `bits` bits; the integer is at most `high` and stands for itself times 2^power modulo the modulus. `lanes`
    elements side by side, `padding` words of zeros behind."""

    modulus: int
    limbs: int
    bits: int
    power: int
    high: int
    lanes: int = 1
    padding: int = 0

    @property
    def octets(self):
        return 8 * (self.limbs * self.lanes + self.padding)

    def put(self, run, name, place=None, high=None):
        place, total = run.number(name, self.limbs, self.bits, self.high if high is None else high, lanes=self.lanes, place=place)
        run.zeros(place + 8 * self.limbs * self.lanes, self.padding)
        return place, total

    def array(self, run, name, highs):
        place = run.allot()
        return place, [self.put(run, f"{name}{i}.", place + self.octets * i, high)[1] for i, high in enumerate(highs)]

    def get(self, run, place):
        total = run.result(place, self.limbs, self.bits, (1 << self.bits) - 1, self.lanes)
        for i in range(self.padding):
            if run.machine.memory[place + 8 * (self.limbs + i)].known != 0:
                run.equal(run.domain.value(run.machine.memory[place + 8 * (self.limbs + i)]).poly, Poly({}))
        return total

    def expect(self, run, place, goal, power=0, high=None):
        """The element there is goal/2^power modulo the modulus."""
        result = self.get(run, place)
        run.congruent(result.scaled(1 << power).plus(goal, -1), self.modulus)
        run.within(result, self.high if high is None else high)


def operations(elements, backend, name, table, vertical=False):
    """Of one or two elements: table rows are (function, entry's rest, goal, divided?, bounds of arguments, bound, words)."""
    for function, rest, goal, divided, highs, high, says in table:
        @promise(backend, function, f"{name} {rest}", says, vertical)
        def prove(run, goal=goal, divided=divided, highs=highs, high=high):
            out = run.allot()
            found = [elements.put(run, letter, high=bound) for letter, bound in zip("abcd", highs)]
            run.call(out, *(place for place, _ in found))
            elements.expect(run, out, goal(*(total for _, total in found)), elements.power if divided else 0, high)


def sum_of_products(elements, backend, name, pairs, highs, high, says, vertical=False):
    """Σ aᵢ·bᵢ; `highs` are the bounds of the factors."""
    @promise(backend, "Arithmetic::sum_of_products", f"{name} sum_of_products of {pairs}", says, vertical)
    def prove(run):
        out = run.allot()
        (left, a), (right, b) = elements.array(run, "a", [x for x, _ in highs]), elements.array(run, "b", [y for _, y in highs])
        run.call(out, left, right)
        total = Poly({})
        for x, y in zip(a, b):
            total = total.plus(x.times(y))
        elements.expect(run, out, total, elements.power, high)


def independent_products(elements, backend, name, high, bound, vertical=False):
    for function, n in (("squares", 2), ("mul_pairs", 4), ("mul_pairs_into", 3)):
        @promise(backend, f"Arithmetic::{function}", f"{name} {function} of {n}", f"{n} independent products", vertical)
        def prove(run, n=n, squares=function == "squares"):
            out = run.allot()
            arrays = [elements.array(run, letter, [high] * n) for letter in ("a" if squares else "ab")]
            run.call(out, *(place for place, _ in arrays))
            for i in range(n):
                goal = arrays[0][1][i].times(arrays[-1][1][i])
                elements.expect(run, out + elements.octets * i, goal, elements.power, bound)


def complex_product(elements, backend, name, high, bound, says, vertical=False, before=None):
    @promise(backend, "Arithmetic::complex_mul", f"{name} complex_mul", says, vertical)
    def prove(run):
        out = run.allot()
        (left, (a0, a1)), (right, (b0, b1)) = (elements.array(run, letter, [high] * 2) for letter in "ab")
        if before:
            before(run)
        run.call(out, left, right)
        elements.expect(run, out, a0.times(b0).plus(a1.times(b1), -1), elements.power, bound)
        elements.expect(run, out + elements.octets, a0.times(b1).plus(a1.times(b0)), elements.power, bound)
