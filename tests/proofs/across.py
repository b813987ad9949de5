"""Whole steps across the lanes of one element, with all their operations in one function: cut where the digits of a row are carried.

There the carries of a row are settled all at once (`Bits.settled_carries`), and the digits that come out of it are the words of its sums, each
with its carry, modulo 2^52. They stand for an integer that is, modulo the prime, a polynomial of at most second degree in the values
before, with the bounds that are found for it. It becomes a value of its own, with digits of its own, and they take the place of
those that are masked afterwards. So the formula of a step is read from its instructions, row by row."""

from field import Polynomial
from polynomial import Poly
from steps import Steps, Value
from words import Unproved

ROW = 8


class AcrossLanes(Steps):
    def __init__(self, run, elements):
        super().__init__(run, elements)
        self.domain.at_carries = self.cut

    def put(self, place, *rest, **more):
        self.run.zeros(place + 8 * self.elements.limbs, self.elements.padding)
        return super().put(place, *rest, **more)

    def words_of_row(self, send, bits):
        """The words whose comparisons are in the bits. A comparison whose outcome was known is not, but the register that it was made of is."""
        words = []
        for start in range(0, self.elements.limbs + self.elements.padding, ROW):
            compared = {}
            for i in range(start, start + ROW):
                for found in (send[i + 1] if i + 1 < len(send) else 0, bits[i] if i < len(bits) else 0):
                    if found:
                        compared[i - start] = found[1]
            if not compared:
                raise Unproved("a row of which nothing is compared")
            column = next((c for c in reversed(self.domain.columns) if all(c[i] is word for i, word in compared.items())), None)
            if column is None:
                raise Unproved("a row that was not compared")
            words += column
        return words

    def cut(self, send, bits, carries):
        elements, domain = self.elements, self.domain
        words = self.words_of_row(send, bits)
        if len(carries) < len(words):
            raise Unproved("a row without all its carries")
        digits, total = [], Poly({})
        for i, (word, carry) in enumerate(zip(words, carries)):
            digit = domain.low_part(domain.sum([word, carry])[0], elements.bits)
            if i < elements.limbs:
                total = total.plus(domain.value(digit).poly, 1 << elements.bits * i)
            elif digit.known != 0:
                raise Unproved("an element that is too long")
            digits.append(digit)
        value = self.valued(total.lowest())
        mask = (1 << elements.bits) - 1
        for i, (word, carry, digit) in enumerate(zip(words, carries, digits)):
            domain.digits[word, carry] = mask, value.limbs[i] if i < elements.limbs else digit

    def valued(self, total):
        """A value for an integer that is a polynomial in values before."""
        elements, domain = self.elements, self.domain
        formula = self.lifted(domain.expanded(total, elements.modulus))
        low, high = domain.tight(total)
        if low < 0 or high >> elements.bits * elements.limbs:
            raise Unproved("a row that is no element")
        words = [domain.word("limb", min((1 << elements.bits) - 1, high >> elements.bits * i)) for i in range(elements.limbs)]
        whole = Poly({})
        for i, word in enumerate(words):
            whole = whole.plus(word.unsigned.poly, 1 << elements.bits * i)
        unknown = [word for word in words if word.known is None]
        domain.number("value", unknown, [elements.bits * i for i in range(len(unknown))], high)
        value = Value(words, whole, formula, high, 1)
        self.of_limb[next(iter(words[0].unsigned.poly.terms))[0]] = value
        return value

    def lifted(self, rest):
        """A polynomial in limbs as one in the formulas of the values, whose coefficients stand at the lowest limbs. Integers are formulas times R."""
        modulus, inverse = self.elements.modulus, pow(2, -self.elements.power, self.elements.modulus)
        formula, again = Polynomial(modulus, {}), Poly({})
        for monomial, c in rest.terms.items():
            values = [self.of_limb.get(n) for n in monomial]
            if all(values) and len(values) <= 2:
                product, whole = Polynomial(modulus, {(): c * pow(inverse, 1 - len(values), modulus)}), Poly.constant(c)
                for value in values:
                    product, whole = product * value.formula, whole.times(value.total)
                formula, again = formula + product, again.plus(whole)
        if self.domain.modulo(again.plus(rest, -1), modulus).terms:
            raise Unproved("what is carried is no polynomial of second degree in the values")
        return formula
