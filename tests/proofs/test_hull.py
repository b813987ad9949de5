"""The number of divsteps that suffice, against all numbers of few bits, and against the definition."""

import unittest

import hull
from divsteps import steps_needed


def needed(most):
    """By trying every pair of numbers up to there."""
    return max(steps_needed(f, g) for f in range(1, most + 1, 2) for g in range(f + 1))


class Hull(unittest.TestCase):
    def test_no_number_of_few_bits_takes_more(self):
        for bits in (1, 2, 3, 5, 8):
            most = (1 << bits) - 1
            self.assertLessEqual(needed(most), hull.steps(most), bits)

    def test_it_is_not_far_from_what_is_needed(self):
        # The hull knows nothing of parities: a few steps more, not many.
        self.assertLessEqual(hull.steps(255), needed(255) + 4)

    def test_it_gives_the_numbers_of_the_literature(self):
        for bits in (16, 24, 32):
            self.assertIn(hull.steps((1 << bits) - 1), (hull.formula(bits) - 1, hull.formula(bits)))

    def test_coarser_hulls_give_more_never_less(self):
        self.assertGreaterEqual(hull.steps(2**20 - 1, 8), hull.steps(2**20 - 1))

    def test_a_point_that_takes_the_place_of_an_edge_has_its_ends_inside(self):
        corners = hull.hull([(0, 0), (1000, -50), (1400, 10), (1450, 400), (1300, 900), (700, 1200), (100, 1100), (-100, 600), (-90, 200)])
        found = hull.simpler(corners, 1)
        self.assertLess(len(found), len(corners))
        for corner in corners:
            self.assertTrue(all(hull.turn(a, b, corner) >= 0 for a, b in zip(found, found[1:] + found[:1])), corner)

    def test_as_many_are_done_as_the_formula_asks_for(self):
        self.assertEqual((hull.taken(5), hull.taken(17)), (590, 2360))


if __name__ == "__main__":
    unittest.main()
