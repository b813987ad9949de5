"""Faults planted in the text of formulas: every one has to be noticed, or to be one that changes nothing."""

import re
import unittest

from formulas import identities, rust
from formulas.identities import FORMULAS, Differs
from formulas.rust import NotKnown

NOTICED = (Differs, NotKnown, AttributeError, KeyError, TypeError, ValueError, IndexError, ZeroDivisionError)
FAULTS = [(".sub(", ".add("), (".add(", ".sub("), ("field_sub(", "field_add("), ("field_add(", "field_sub("), (".double()", ".reduce()"),
          (".twice()", ".carry()"), ("field_halve(", "field_square("), (" - ", " + "), (" + ", " - "), ("difference(", "sum("),
          (".neg()", ".reduce()"), (".triple()", ".double()")]


class Faults(unittest.TestCase):
    def test_each_is_noticed(self):
        right, planted = identities.function, 0
        for name, _, check in FORMULAS:
            read = []

            def noting(file, function, within=None):
                read.append((file, function, within))
                return right(file, function, within)

            identities.function = noting
            check()
            for place in dict.fromkeys(read):
                parameters, body = right(*place)
                body = re.sub(r"//[^\n]*", "", body)
                for wanted, wrong in FAULTS:
                    for at in (found.start() for found in re.finditer(re.escape(wanted), body)):
                        changed = body[:at] + wrong + body[at + len(wanted):]
                        identities.function = lambda *asked, place=place, changed=changed: (
                            (parameters, changed) if asked == place or asked + (None,) == place else right(*asked))
                        planted += 1
                        with self.subTest(formula=name, place=place, fault=f"{wrong} at {body[max(0, at - 30):at + 12]!r}"):
                            with self.assertRaises(NOTICED):
                                check()
            identities.function = right
        self.assertGreater(planted, 150)


if __name__ == "__main__":
    unittest.main()
