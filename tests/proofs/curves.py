"""The affine laws that formulas are compared with."""


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
