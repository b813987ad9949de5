"""Comparisons for equality against plain integers: what has to vanish is 0 exactly where the word is."""

import random
import unittest

from domain import Domain
from words import FULL, Fork, Form, Unproved, constant

EDGES = (0, 1, 1 << 31, (1 << 32) - 1, 1 << 32, FULL - (1 << 32), FULL - 1)


def number():
    return random.choice(EDGES) if random.random() < 0.6 else random.getrandbits(64)


def value(poly, inputs):
    total = 0
    for monomial, c in poly.terms.items():
        for n in monomial:
            c *= inputs[n]
        total += c
    return total >> poly.shift


class Equality(unittest.TestCase):
    def setUp(self):
        random.seed(5)

    def unknown(self, domain, count):
        return [domain.word(f"w{i}", FULL - 1) for i in range(count)]

    def test_or_of_exclusive_ors(self):
        for _ in range(200):
            domain = Domain()
            a, b, c, d = self.unknown(domain, 4)
            word = domain.bitwise_or(domain.bitwise_or(domain.bitwise_xor(a, b), domain.bitwise_xor(c, constant(7))), d)
            found = domain.differences_of(word)
            inputs = [number(), number(), random.choice((7, number())), random.choice((0, number()))]
            inputs[1] = random.choice((inputs[0], inputs[1]))
            real = inputs[0] ^ inputs[1] | inputs[2] ^ 7 | inputs[3]
            self.assertEqual(real == 0, all(value(poly, inputs) == 0 for poly in found.values()))

    def test_halves(self):
        for _ in range(200):
            domain = Domain()
            a, b, c = self.unknown(domain, 3)
            mask = domain.bitwise_and(domain.equal_halves(a, b), domain.equal_halves(c, constant(0)))
            inputs = [number(), number(), random.choice((0, number()))]
            inputs[1] = random.choice((inputs[0], inputs[0] ^ 1 << 40, inputs[0] ^ 1, inputs[1]))
            for half, shift in ((0, 0), (1, 32)):
                parts = [n >> shift & 0xFFFFFFFF for n in inputs]
                differences = {key: value(poly, parts) for (key, _), poly in mask.equal[half].items()}
                self.assertEqual(parts[0] == parts[1] and parts[2] == 0, all(d == 0 for d in differences.values()))

    def test_both_outcomes_are_looked_at_and_remembered(self):
        domain = Domain()
        a, b = self.unknown(domain, 2)
        differences = domain.differences_of(domain.bitwise_xor(a, b))
        with self.assertRaises(Fork):
            domain.vanish(differences)
        for outcome in (0, 1):
            domain = Domain((outcome,))
            a, b = self.unknown(domain, 2)
            self.assertEqual(domain.vanish(domain.differences_of(domain.bitwise_xor(a, b))), outcome)
            opposite = b.unsigned.poly.plus(a.unsigned.poly, -1)
            self.assertEqual(domain.said_to_vanish([opposite]), outcome)
            self.assertIsNone(domain.said_to_vanish([a.unsigned.poly]))

    def test_what_bounds_decide_is_not_asked(self):
        domain = Domain()
        self.assertEqual(domain.vanish(domain.differences_of(domain.word("positive", 9, 1))), 0)
        self.assertEqual(domain.vanish({}), 1)

    def test_half_of_a_word_is_no_word(self):
        domain = Domain((1,))
        a, b = self.unknown(domain, 2)
        low, high = domain.equal_halves(a, b).equal
        self.assertRaises(Unproved, domain.all_halves_vanish, low)
        self.assertEqual(domain.all_halves_vanish(low | high), 1)

    def test_nothing_else_is_read_of_such_a_word(self):
        domain = Domain()
        a, b = self.unknown(domain, 2)
        word = domain.bitwise_or(a, b)
        for operation in (lambda: word.unsigned, lambda: domain.sum([word, a])[1].form, lambda: domain.equal_halves(word, word)):
            self.assertRaises(Unproved, operation)


class SignedWords(unittest.TestCase):
    def test_bits_are_cleared_below(self):
        for k in (1, 5, 21):
            for low, high in ((-(1 << 40), 1 << 40), (-7, -3), (0, FULL - 1)):
                domain = Domain()
                word = domain.maybe_negative(Form(domain.unknown("x", low, high), low, high))
                result = domain.bitwise_and(word, constant(FULL - (1 << k)))
                for x in (low, high, (low + high) // 2, 0 if low <= 0 <= high else low):
                    inputs = {0: x, 1: x % (1 << k)}
                    form = result.signed or result.unsigned
                    self.assertEqual(value(form.poly, inputs) % FULL, x % FULL >> k << k)
                    self.assertTrue(form.low <= value(form.poly, inputs) <= form.high)


if __name__ == "__main__":
    unittest.main()
