"""Faults planted in the text of formulas: every one has to be noticed, or to be one that changes nothing."""

import re
import unittest

from formulas import identities, miller, powers  # register what they check
from formulas.exceptions import EXCEPTIONS, Wrong
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


class FaultsOfPowers(unittest.TestCase):
    def test_each_step_matters(self):
        _, body = identities.function(powers.FIELD, "square_root_candidate")
        start, tried = body.index("};"), 0
        for found in re.finditer(r"\b\d+\)|x_\d+\b(?! =)| \* \*?\w+", body[start:]):
            changed = "" if found[0].startswith(" *") else "x_2" if found[0] != "x_2" and found[0].startswith("x") else "7)"
            if found[0].startswith("x_2"):
                changed = "self"
            wrong = body[:start + found.start()] + changed + body[start + found.end():]
            tried += 1
            with self.subTest(fault=found[0], at=found.start()):
                try:
                    self.assertNotEqual(powers.exponent(wrong), (powers.P256 + 1) // 4)
                except (Differs, KeyError):
                    pass
        self.assertGreater(tried, 15)


class FaultsOnTinyFields(unittest.TestCase):
    """What identities do not see, and the functions of the Miller loop."""

    PLANTED = [("walk::step_function", "&tangent, x_2", "&tangent, x_4"), ("walk::step_function", "&function, x_4", "&four, x_4"),
               ("walk::step_function", "&line(9), ", "&line(4), "), ("walk::step_function", "== 1", "== 2"),
               ("walk::Multiples", "&chord, &two.x", "&chord, &three.x"), ("walk::Multiples", "slope(k, &two)", "slope(k, &three)"),
               ("walk::Multiples", ".triple()", ".double()"), ("Kernel::add_affine", "field_sub", "field_add"),
               ("Kernel::double", "field_mul", "field_add"), ("Edwards::add", ".sub(", ".add("), ("lanes::Fold", ".sub(", ".add(")]

    def test_each_is_noticed(self):
        right = identities.function
        for name, wanted, wrong in self.PLANTED:
            check = next(check for known, _, check in EXCEPTIONS if known == name)
            check()
            planted = []

            def changed(*asked):
                parameters, body = right(*asked)
                if wanted in body:
                    planted.append(asked)
                return parameters, body.replace(wanted, wrong, 1)

            identities.function = changed
            try:
                with self.subTest(name=name, fault=wrong), self.assertRaises((*NOTICED, Wrong)):
                    check()
            finally:
                identities.function = right
            self.assertTrue(planted, f"{wanted} is not in {name}")


if __name__ == "__main__":
    unittest.main()
