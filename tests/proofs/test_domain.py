"""The algebra against plain integers: every operation on words that are unknown, whose unknowns then get values.

An unknown of a domain is defined by those before it, so that values of the inputs give values to all. A result has to have the value
that the operation has, and to lie within its bounds."""

import random
import unittest

from domain import Domain
from memory import Memory
from polynomial import Poly
from words import FULL, NO, Bit, Contradiction, Fork, Unproved, Word, constant

EDGES = (0, 1, 2, 0xFFFFFFFF, 1 << 32, 1 << 52, (1 << 52) - 1, 1 << 63, (1 << 63) - 1, FULL - 2, FULL - 1)


class Values:
    """Values of the unknowns of a domain: those of inputs are given, each other one is found from what it stands for."""

    def __init__(self, domain):
        self.domain, self.of = domain, {}

    def input(self, name, value, high=FULL - 1):
        word = self.domain.word(name, high)
        self.of[len(self.domain.unknowns) - 1] = value
        return word

    def form(self, poly):
        total = 0
        for monomial, c in poly.terms.items():
            for n in monomial:
                c *= self.of[n]
            total += c
        value, rest = divmod(total, 1 << poly.shift)
        assert rest == 0, "not an integer"
        return value

    def new(self, value):
        """The one unknown that an operation made has this value."""
        made = len(self.domain.unknowns) - 1
        if made not in self.of:
            self.of[made] = value


class Arithmetic(unittest.TestCase):
    def setUp(self):
        random.seed(7)

    def numbers(self, high=FULL - 1):
        for a in EDGES:
            for b in random.sample(EDGES, 3):
                yield min(a, high), min(b, high)
        for _ in range(30):
            yield random.randint(0, high), random.randint(0, high)

    def agrees(self, values, word, expected):
        form = word.unsigned
        # Unknowns that were made on the way: the parts that stayed in words.
        for n in range(len(values.domain.unknowns)):
            if n not in values.of:
                values.of[n] = expected
        self.assertEqual(values.form(form.poly), expected)
        self.assertTrue(form.low <= expected <= form.high)

    def two(self, a, b, high=FULL - 1):
        values = Values(Domain())
        return values, values.input("a", a, high), values.input("b", b, high)

    def test_sum_and_carry(self):
        for a, b in self.numbers():
            values, x, y = self.two(a, b)
            result, carry = values.domain.sum([x, y])
            self.agrees(values, result, (a + b) % FULL)
            self.assertEqual(values.form(carry.form.poly), (a + b) >> 64)

    def test_sum_with_carry(self):
        for a, b in self.numbers():
            for c in (0, 1):
                values, x, y = self.two(a, b)
                carry = Bit(values.input("c", c, 1).unsigned)
                result, out = values.domain.sum([x, y], carry)
                self.agrees(values, result, (a + b + c) % FULL)
                self.assertEqual(values.form(out.form.poly), (a + b + c) >> 64)

    def test_difference_and_borrow(self):
        for a, b in self.numbers():
            for c in (0, 1):
                values, x, y = self.two(a, b)
                borrow = Bit(values.input("c", c, 1).unsigned)
                result, out = values.domain.difference(x, y, borrow)
                self.agrees(values, result, (a - b - c) % FULL)
                self.assertEqual(values.form(out.form.poly), -((a - b - c) >> 64))

    def test_halves_of_products(self):
        for k, high in ((64, FULL - 1), (52, (1 << 52) - 1)):
            for a, b in self.numbers(high):
                values, x, y = self.two(a, b, high)
                low, above = values.domain.product(x, y, k)
                self.agrees(values, low, a * b % (1 << k))
                self.assertEqual(values.form(above.unsigned.poly), a * b >> k)

    def test_parts_and_shifts(self):
        for a, _ in self.numbers():
            for k in (1, 12, 32, 52, 63):
                values, x, _ = self.two(a, 0)
                self.agrees(values, values.domain.low_part(x, k), a % (1 << k))
                values, x, _ = self.two(a, 0)
                shifted = values.domain.right(x, k)
                values.new(a % (1 << k))
                self.agrees(values, shifted, a >> k)
                values, x, _ = self.two(a, 0)
                shifted = values.domain.left(x, k)
                values.new(a % (1 << 64 - k))
                self.agrees(values, shifted, (a << k) % FULL)

    def test_a_part_of_a_part_has_the_name_of_the_part(self):
        for a, _ in self.numbers():
            values, x, _ = self.two(a, 0)
            domain = values.domain
            twice = domain.low_part(domain.low_part(x, 28), 16)
            self.assertEqual(domain.value(twice).poly.key(), domain.low_part(x, 16).unsigned.poly.key())
            middle = domain.low_part(domain.right(x, 8), 24)
            both, low = domain.low_part(x, 32), domain.low_part(x, 8)
            self.assertEqual(middle.unsigned.poly.scaled(256).plus(low.unsigned.poly).key(), both.unsigned.poly.key())
            for n, unknown in enumerate(domain.unknowns):
                if unknown.whole:
                    form, k = unknown.whole
                    values.of[n] = values.form(form.poly) % (1 << k)
            self.assertEqual(values.form(middle.unsigned.poly), a >> 8 & 0xFFFFFF)

    def test_what_is_above_a_part_may_be_known(self):
        for a in (0, 1, 5, 0xFFFF):
            values = Values(Domain())
            x = values.input("a", a, 0xFFFF)
            above = values.domain.sum([x, constant(1 << 48)])[0]
            self.agrees(values, values.domain.low_part(above, 48), a)

    def test_half_of_a_product_that_is_0(self):
        for a, _ in self.numbers((1 << 52) - 1):
            values = Values(Domain())
            x = values.input("a", a, (1 << 52) - 1)
            low, _ = values.domain.product(x, constant(0x300), 52)
            values.new(a * 0x300 % (1 << 52))
            none, high = values.domain.product(low, constant(1 << 44), 52)
            self.assertEqual(none.known, 0)
            self.assertEqual(values.form(high.unsigned.poly), (a * 0x300 % (1 << 52) << 44) >> 52)

    def test_parts_of_a_word_that_was_read_without_its_sign(self):
        for a, b in self.numbers((1 << 51) - 1):
            values, x, y = self.two(a, b, (1 << 51) - 1)
            domain = values.domain
            difference, _ = domain.difference(x, y)
            before = domain.low_part(difference, 52)
            difference.unsigned
            # The same word, read as a number: its parts are those of the difference.
            again = domain.low_part(Word(difference.unsigned), 52)
            self.assertEqual(again.unsigned.poly.key(), before.unsigned.poly.key())
            self.agrees(values, again, (a - b) % (1 << 52))

    def test_shift_with_the_sign(self):
        for a, b in self.numbers((1 << 62) - 1):
            values, x, y = self.two(a, b, (1 << 62) - 1)
            difference, _ = values.domain.difference(x, y)
            shifted = values.domain.right(difference, 52, True)
            values.new((a - b) % (1 << 52))
            self.assertEqual(values.form(shifted.signed.poly), (a - b) >> 52)

    def test_words_of_32_bits(self):
        for a, b in self.numbers((1 << 31) - 1):
            values, x, y = self.two(a, b, (1 << 31) - 1)
            result, borrow = values.domain.sum32([x, y], [1, -1], NO)
            unsigned = result.unsigned
            for n in range(len(values.domain.unknowns)):
                values.of.setdefault(n, (a - b) % (1 << 32))
            self.assertEqual(values.form(unsigned.poly), (a - b) % (1 << 32))
            self.assertEqual(values.form(borrow.form.poly), int(a < b))

    def test_masks(self):
        for a, _ in self.numbers():
            for k in (1, 32, 52, 61):
                values, x, _ = self.two(a, 0)
                self.agrees(values, values.domain.bitwise_and(x, constant((1 << k) - 1)), a % (1 << k))
                values, x, _ = self.two(a, 0)
                upper = values.domain.bitwise_and(x, constant(FULL - (1 << k)))
                values.new(a % (1 << k))
                self.agrees(values, upper, a >> k << k)

    def test_or_of_parts(self):
        for a, b in self.numbers():
            values, x, y = self.two(a, b)
            domain = values.domain
            high = domain.left(x, 32)
            values.new(a % (1 << 32))
            low = domain.low_part(y, 32)
            values.new(b % (1 << 32))
            self.agrees(values, domain.bitwise_or(high, low), (a << 32) % FULL | b % (1 << 32))

    def test_or_of_words_that_overlap_is_not_read(self):
        values, x, y = self.two(1, 1)
        both = values.domain.bitwise_or(x, y)
        with self.assertRaises(Unproved):
            both.unsigned

    def test_exclusive_or_that_cancels(self):
        values, x, y = self.two(5, 9)
        both = values.domain.bitwise_xor(x, y)
        self.assertIs(values.domain.bitwise_xor(both, y), x)
        with self.assertRaises(Unproved):
            both.unsigned

    def test_exclusive_or_of_parts_that_are_the_same(self):
        values, x, _ = self.two(5, 0)
        domain = values.domain
        y = domain.sum([x, constant(1 << 52)])[0]
        both = domain.bitwise_xor(x, y)
        self.assertEqual(domain.low_part(both, 52).known, 0)

    def test_known_words_are_an_ordinary_machine(self):
        domain = Domain()
        for a, b in self.numbers():
            x, y = constant(a), constant(b)
            self.assertEqual(domain.sum([x, y])[0].known, (a + b) % FULL)
            self.assertEqual(domain.difference(x, y)[0].known, (a - b) % FULL)
            self.assertEqual([word.known for word in domain.product(x, y)], [a * b % FULL, a * b >> 64])
            self.assertEqual(domain.bitwise_xor(x, y).known, a ^ b)
            self.assertEqual(domain.bitwise_and(x, y).known, a & b)
            self.assertEqual(domain.bitwise_or(x, y).known, a | b)
            self.assertEqual(domain.right(x, 7).known, a >> 7)
            self.assertEqual(domain.right(x, 7, True).known, ((a - (a >> 63 << 64)) >> 7) % FULL)


class Decisions(unittest.TestCase):
    def test_a_carry_is_not_believed_without_bounds(self):
        domain = Domain()
        result, carry = domain.sum([domain.word("a", FULL - 1), domain.word("b", FULL - 1)])
        self.assertEqual((carry.form.low, carry.form.high), (0, 1))
        with self.assertRaises(Fork):
            domain.decide(carry.form)

    def test_a_decision_is_an_equation(self):
        domain = Domain([1])
        x, y = domain.word("a", FULL - 1), domain.word("b", FULL - 1)
        result, carry = domain.sum([x, y])
        self.assertEqual(domain.decide(carry.form), 1)
        # a + b − 2^64 is what is left.
        rest = domain.expanded(result.unsigned.poly.plus(x.unsigned.poly, -1).plus(y.unsigned.poly, -1))
        self.assertEqual(rest.terms, {(): -FULL})

    def test_a_path_that_cannot_be_is_told(self):
        domain = Domain([1])
        x, y = domain.word("a", FULL - 1), domain.word("b", FULL - 1)
        _, carry = domain.sum([x, y])
        domain.decide(carry.form)
        with self.assertRaises(Contradiction):
            domain.narrow(0, 9, 3)

    def test_a_shift_looks_at_few_values_where_that_is_asked_for(self):
        domain = Domain([1])
        domain.enumerated = 48
        x = domain.word("a", (1 << 50) - 1)
        self.assertEqual(domain.right(x, 48).known, 1)
        rest = domain.expanded(domain.low_part(x, 48).unsigned.poly.plus(x.unsigned.poly, -1))
        self.assertEqual(rest.terms, {(): -(1 << 48)})

    def test_bounds_of_products_of_negative_numbers(self):
        domain = Domain()
        x, y = domain.unknown("x", -3, 2), domain.unknown("y", -5, 7)
        self.assertEqual(domain.bounds(x.times(y)), (-21, 15))

    def test_bounds_of_a_number_bound_its_top_limb(self):
        domain = Domain()
        words = [domain.word("a", FULL - 1), domain.word("a", FULL - 1)]
        domain.number("a", words, [0, 64], 1 << 64)
        total = words[0].unsigned.poly.plus(words[1].unsigned.poly, FULL)
        self.assertEqual(domain.tight(total), (0, 1 << 64))


class Parts(unittest.TestCase):
    """Memory: what was overwritten is not read again."""

    def setUp(self):
        self.memory = Memory(Nothing())

    def test_a_part_is_gone_with_its_word(self):
        domain = Domain()
        self.memory[64] = domain.word("a", FULL - 1)
        part = domain.word("b", 255)
        self.memory.write_part(64, 1, part)
        self.assertIs(self.memory.read_part(64, 1)[0], part)
        with self.assertRaises(Unproved):
            self.memory[64]
        self.memory[64] = constant(7)
        self.memory.write_part(68, 4, domain.word("c", 1))
        found, _ = (self.memory.parts.get((64, 1)), None)
        self.assertIsNone(found)

    def test_parts_that_overlap_are_gone(self):
        domain = Domain()
        self.memory.write_part(64, 4, domain.word("a", 1))
        self.memory.write_part(66, 1, domain.word("b", 1))
        self.assertEqual(list(self.memory.parts), [(66, 1)])

    def test_numbers_are_joined(self):
        self.memory[64] = constant(0x1122334455667788)
        self.memory.write_part(65, 1, constant(0xAA))
        self.assertEqual(self.memory[64].known, 0x112233445566AA88)

    def test_nothing_stored_is_nothing(self):
        with self.assertRaises(Unproved):
            self.memory[128]

    def test_a_word_across_two_is_not_stored(self):
        with self.assertRaises(Unproved):
            self.memory[68] = constant(1)


class Nothing:
    """A program without an image."""

    @staticmethod
    def constant(_):
        return None


class Polynomials(unittest.TestCase):
    def test_ring(self):
        random.seed(3)
        def some():
            return Poly({tuple(sorted(random.choices(range(3), k=k))): random.randint(-9, 9) or 1 for k in range(3)},
                        random.randint(0, 3)).lowest()
        def value(poly, at):
            total = 0
            for monomial, c in poly.terms.items():
                for n in monomial:
                    c *= at[n]
                total += c
            return total * 8 ** 2 // 1 / (1 << poly.shift)
        for _ in range(50):
            p, q, at = some(), some(), [random.randint(-5, 5) for _ in range(3)]
            self.assertEqual(value(p.plus(q, -3), at), value(p, at) - 3 * value(q, at))
            self.assertEqual(p.times(q).key(), q.times(p).key())
            self.assertEqual(p.plus(q).times(p).key(), p.times(p).plus(q.times(p)).key())


if __name__ == "__main__":
    unittest.main()
