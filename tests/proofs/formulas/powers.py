"""Chains of squares and products: the power that a text computes, by its exponents. Each step is a product or a counted square whose kernel has a
promise."""

import re

from formulas import identities
from formulas.identities import Differs, formula
from promises import P256

FIELD = "src/curve/p256/field.rs"
STEP = r"times\((?P<base>&?\w+), (?P<count>\d+)\)(?: \* \*?(?P<factor>\w+))?"


def exponent(body):
    """Of the value of a body that names its steps one after the other and ends with one; `self` is the first power."""
    head, _, rest = body.partition("};")
    if "square_times(&mut limbs, n)" not in head:
        raise Differs("times is not so many squares")
    powers, last = {"self": 1}, None
    for line in re.sub(r"//[^\n]*", "", rest).split(";"):
        found = re.fullmatch(rf"(?:let (?P<name>\w+) = )?{STEP}", line.strip())
        if not found:
            raise Differs(f"a step that is not known: {line.strip()}")
        last = (powers[found["base"].lstrip("&")] << int(found["count"])) + (powers[found["factor"]] if found["factor"] else 0)
        powers[found["name"]] = last
    if found["name"]:
        raise Differs("the last step is not what is given back")
    return last


@formula("Fe::square_root_candidate", "the power (p + 1)/4, and p is 3 modulo 4")
def square_root():
    _, body = identities.function(FIELD, "square_root_candidate")
    if P256 % 4 != 3 or exponent(body) != (P256 + 1) // 4:
        raise Differs("another power")
