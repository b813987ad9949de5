"""The affine laws that formulas are compared with."""

from field import Polynomial


def doubled(x, y, a):
    """The tangent's law on y² = x³ + a·x + b, for y ≠ 0."""
    slope = (3 * x * x + a) / (2 * y)
    x3 = slope * slope - 2 * x
    return x3, slope * (x - x3) - y


def summed(one, other):
    """The chord's law, for different x."""
    (x1, y1), (x2, y2) = one, other
    slope = (y2 - y1) / (x2 - x1)
    x3 = slope * slope - x1 - x2
    return x3, slope * (x1 - x3) - y1


def edwards_sum(x1, y1, x2, y2):
    """The law of −x² + y² = 1 + x²y²: docs/maths.md, section 12."""
    e = x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) / (1 + e), (y1 * y2 + x1 * x2) / (1 - e)


def on_edwards(polynomial):
    """With (1 + X²)/(1 − X²) in place of Y², as the curve's equation says, times a power of 1 − X²."""
    most = max([m.count("Y") // 2 for m in polynomial.terms], default=0)
    one, square = polynomial._of(1), Polynomial.variable(polynomial.prime, "X") ** 2
    result = polynomial._of(0)
    for m, c in polynomial.terms.items():
        times = m.count("Y") // 2
        rest = tuple(n for n in m if n != "Y") + ("Y",) * (m.count("Y") % 2)
        result = result + Polynomial(polynomial.prime, {tuple(sorted(rest)): c}) * (one + square) ** times * (one - square) ** (most - times)
    return result
