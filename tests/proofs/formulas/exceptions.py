"""Where the formulas end: each, as it stands in the source, on every pair of points of tiny curves.

An identity says nothing where a denominator is 0. Here the same text runs on numbers: what comes out is the sum by the group's law, or Z = 0,
and Z = 0 comes out in the cases of the list and in no other. And the functions of the Miller loop, built as `step_function` builds them, have
the zeros that docs/maths.md says."""

from formulas.identities import (EDWARDS, FIELD, JACOBIAN, KERNEL, LANES, POINTS, TABLES, WALK, across, evaluate,
                                 in_lanes, along, meet, points)
from formulas.values import Element, Kernel, Pair
from formulas.rust import Struct

EXCEPTIONS = []


class Wrong(Exception):
    """A formula that gives another point than the group's law, or ends elsewhere than the list says."""


def exceptions(name, says):
    def register(check):
        EXCEPTIONS.append((name, says, check))
        return check

    return register


class Number:
    """An integer modulo a tiny prime, where formulas expect a fraction of polynomials."""

    __slots__ = ("n", "prime")

    def __init__(self, n, prime):
        self.n, self.prime = n % prime, prime

    @property
    def over(self):
        return self

    def of(self, other):
        return other.n if isinstance(other, Number) else other

    def __add__(self, other):
        return Number(self.n + self.of(other), self.prime)

    def __sub__(self, other):
        return Number(self.n - self.of(other), self.prime)

    def __mul__(self, other):
        return Number(self.n * self.of(other), self.prime)

    def __neg__(self):
        return Number(-self.n, self.prime)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other):
        return Number(self.n * pow(self.of(other), -1, self.prime), self.prime)

    def __rtruediv__(self, other):
        return Number(other, self.prime) / self


class Curve:
    """y² = x³ − 3x + b over a tiny field. None is infinity."""

    def __init__(self, prime, b):
        self.prime, self.b = prime, b
        self.points = [(x, y) for x in range(prime) for y in range(prime) if (y * y - x**3 + 3 * x - b) % prime == 0]

    def inverse(self, n):
        return pow(n, -1, self.prime)

    def add(self, a, c):
        if a is None or c is None:
            return a or c
        (x1, y1), (x2, y2), p = a, c, self.prime
        if x1 == x2 and (y1 + y2) % p == 0:
            return None
        slope = (3 * x1 * x1 - 3) * self.inverse(2 * y1) if a == c else (y2 - y1) * self.inverse(x2 - x1)
        x3 = (slope * slope - x1 - x2) % p
        return x3, (slope * (x1 - x3) - y1) % p

    def minus(self, a):
        return a and (a[0], -a[1] % self.prime)

    def times(self, n, a):
        total = None
        for _ in range(n):
            total = self.add(total, a)
        return total

    # Coordinates

    def elements(self, *numbers):
        return [Element(Number(n, self.prime)) for n in numbers]

    def jacobian(self, point, z):
        """(X, Y, Z), for infinity with Z = 0."""
        if point is None:
            return self.elements(1, 1, 0)
        return self.elements(point[0] * z * z, point[1] * z**3, z)

    def sums(self, point, z):
        """(X, Y, Z², Z³)."""
        x, y, z = self.jacobian(point, z)
        return [x, y, z.square(), z.square().mul(z)]

    def affine(self, x, y, zz, zzz):
        return x.value.n * self.inverse(zz.value.n) % self.prime, y.value.n * self.inverse(zzz.value.n) % self.prime

    def of_jacobian(self, found):
        x, y, z = found
        return None if z.value.n == 0 else self.affine(x, y, z.square(), z.square().mul(z))

    def of_sums(self, found):
        x, y, zz, zzz = found
        if (zz.value.n == 0) != (zzz.value.n == 0):
            raise Wrong("Z² is 0 and Z³ is not")
        return None if zz.value.n == 0 else self.affine(x, y, zz, zzz)


# 17 points in all, a prime; and one with points of order two, where doubling ends.
PRIME_ORDER, EVEN_ORDER = Curve(11, 1), Curve(11, 0)


def expected(found, wanted, ends, what):
    if ends and found is not None or not ends and (found is None or found != wanted):
        raise Wrong(f"{what} gives {found}, not {None if ends else wanted}")


def each_double(name, run, curve_of):
    for curve in (PRIME_ORDER, EVEN_ORDER):
        for point in [None, *curve.points]:
            for z in (1, 2, 7):
                found = curve_of(curve)(run(curve, point, z))
                expected(found, curve.add(point, point), curve.add(point, point) is None, f"{name} of {point}")


def each_sum(name, run, of, with_infinity=True):
    curve = PRIME_ORDER
    for point in ([None] if with_infinity else []) + curve.points:
        for other in curve.points:
            for z in (1, 5):
                ends = point is None or point[0] == other[0]
                expected(of(run(curve, point, other, z)), curve.add(point, other), ends, f"{name} of {point} and {other}")


@exceptions("Kernel::double", "Z = 0 for infinity and for y = 0, else [2]P")
def kernel_double():
    def run(curve, point, z):
        x, y, z = curve.jacobian(point, z)
        names = evaluate(KERNEL, "double", {"self": Kernel(), "x": x, "y": y, "z": z, "times": 1})[1]
        return [names[n] for n in "xyz"]

    each_double("Kernel::double", run, lambda curve: curve.of_jacobian)


@exceptions("batch::points::Double", "Z = 0 for infinity and for y = 0, else [2]P")
def batch_double():
    def run(curve, point, z):
        names = evaluate(POINTS, "run", {"self": Struct(proof="proof", points=points(*curve.jacobian(point, z)))}, r"Job for Double<")[1]
        return [names[n][0] for n in "xyz"]

    each_double("Double", run, lambda curve: curve.of_jacobian)


def jacobian_sum(name, run):
    return exceptions(name, "Z = 0 for infinity, equal and opposite points, else P + Q")(
        lambda: each_sum(name, run, PRIME_ORDER.of_jacobian))


def sums_sum(name, run, with_infinity=True):
    says = "infinity, equal and opposite points" if with_infinity else "equal and opposite points"
    return exceptions(name, f"Z² = Z³ = 0 for {says}, else P + Q")(
        lambda: each_sum(name, run, PRIME_ORDER.of_sums, with_infinity))


def kernel_add(curve, point, other, z):
    entry = Struct(zip("xy", curve.elements(*other)))
    names = evaluate(KERNEL, "add_affine", {"self": Kernel(), "point": curve.jacobian(point, z), "entry": entry})[1]
    return [names[n] for n in "xyz"]


def kernel_sum(curve, point, other, z):
    entry = Struct(zip("xy", curve.elements(*other)))
    names = evaluate(KERNEL, "add_to_sum", {"self": Kernel(), "sum": curve.sums(point, z), "entry": entry})[1]
    return [names[n] for n in ("x", "y", "zz", "zzz")]


def batch_add(curve, point, other, z):
    this = Struct(proof="proof", points=points(*curve.jacobian(point, z)), other=points(*curve.elements(*other)))
    names = evaluate(POINTS, "run", {"self": this}, r"Job for AddAffine<")[1]
    return [names[n][0] for n in "xyz"]


def batch_sums(curve, point, other, z):
    this = Struct(proof="proof", sums=points(*curve.sums(point, z)), other=points(*curve.elements(*other)))
    names = evaluate(POINTS, "run", {"self": this}, r"Job for AddToSums<")[1]
    return [names[n][0] for n in ("x", "y", "zz", "zzz")]


def general(curve, point, other, z):
    def methods(x, y, z):
        return Struct(x=lambda: x, y=lambda: y, z=lambda: z, kernel="kernel")

    names = {"self": methods(*curve.jacobian(point, z)), "other": methods(*curve.jacobian(other, 3))}
    return evaluate(JACOBIAN, "add_general", names)[0][0]


def lanes_add(curve, point, other, z):
    x, y = curve.elements(*other)
    this = Struct(zip(("x", "y", "zz", "zzz"), curve.sums(point, z)))
    found = evaluate(LANES, "add_affine", {"self": this, "x": x, "y": y}, functions={"meet": meet})[0]
    return [found[n] for n in ("x", "y", "zz", "zzz")]


def fold(curve, point, other, z):
    this = Struct(proof="proof", n="n", sum=Struct(zip(("x", "y", "zz", "zzz"), map(Pair, curve.sums(point, z), curve.sums(other, 3)))))
    names = evaluate(LANES, "run", {"self": this}, r"Job for Fold<")[1]
    return [names[n].lanes[0] for n in ("x", "y", "zz", "zzz")]


def of_two(curve, point, other, _):
    found = evaluate(LANES, "of_two", {"a": curve.elements(*point), "b": curve.elements(*other)}, functions={"meet": meet})[0]
    return [found[n] for n in ("x", "y", "zz", "zzz")]


jacobian_sum("Kernel::add_affine", kernel_add)
jacobian_sum("batch::points::AddAffine", batch_add)
jacobian_sum("Jacobian::add_general", general)
sums_sum("Kernel::add_to_sum", kernel_sum)
sums_sum("batch::points::AddToSums", batch_sums)
sums_sum("lanes::Sum8::add_affine", lanes_add)
sums_sum("lanes::Fold", fold)
sums_sum("lanes::Sum8::of_two", of_two, False)


# y² = x³ − 3x with p + 1 = 4q: (p, q), s² = −3 with −6s a square, t² = 2s³, as in docs/maths.md.
FIELDS = ((19, 5), (43, 11), (67, 17))


def of_order_q(curve, q):
    """Multiples 0, 1, … q − 1 of a point of order q."""
    point = next(found for p in curve.points if (found := curve.times(4, p)) is not None)
    return [curve.times(n, point) for n in range(q)]


def edwards_form(curve):
    p = curve.prime
    s = next(s for s in range(p) if (s * s + 3) % p == 0 and pow(-6 * s, (p - 1) // 2, p) == 1)
    t = next(t for t in range(p) if (t * t - 2 * s**3) % p == 0)

    def of(point):
        if point is None:
            return 0, 1
        x, y = point
        return t * x * curve.inverse(s * y) % p, (x + s) * curve.inverse(x - s) % p

    return of


def edwards_pairs(run):
    """Every pair of points of order q: never Z = 0."""
    for p, q in FIELDS[:2]:
        curve = Curve(p, 0)
        form, multiples = edwards_form(curve), of_order_q(curve, q)
        for n, a in enumerate(multiples):
            for m, c in enumerate(multiples):
                found = run(curve, form(a), form(c), 1 + n % 3)
                if found is None:
                    continue
                x, y, z, t = (element.value.n for element in found)
                if z == 0:
                    raise Wrong(f"Z = 0 of points {n} and {m}")
                wanted = form(multiples[(n + m) % q])
                if (x * curve.inverse(z) % p, y * curve.inverse(z) % p) != wanted or (x * y - z * t) % p:
                    raise Wrong(f"another sum of points {n} and {m}")


def extended(curve, point, z):
    x, y = point
    return curve.elements(x * z, y * z, z, x * y * z)


def entry_of(curve, point):
    x, y = point
    return curve.elements(y - x, y + x, 2 * x * y)


def edwards_add(curve, a, c, z):
    p = extended(curve, a, z)
    evaluate(FIELD, "edwards_add", {"p": p, "entry": entry_of(curve, c)})
    return p


def edwards_add_lanes(curve, a, c, z):
    p = extended(curve, a, z)
    in_lanes("edwards_add", {"p": p, "entry": entry_of(curve, c)})
    return p


def edwards_add_across(curve, a, c, z):
    p = extended(curve, a, z)
    across("run", {"self": Struct(p=p, entry=entry_of(curve, c))}, within="Job for EdwardsAdd<")
    return p


def edwards_general(curve, a, c, z):
    return evaluate(EDWARDS, "add", {"self": [extended(curve, a, z)], "b": [extended(curve, c, 2)]}, r"Group for Edwards",
                    {"Self": lambda parts: parts})[0]


def edwards_double(curve, a, c, z):
    if a != c:
        return None
    p = extended(curve, a, z)
    evaluate(FIELD, "edwards_double", {"p": p})
    return p


for NAME, RUN in (("Arithmetic::edwards_add", edwards_add), ("Arithmetic::edwards_double", edwards_double), ("Edwards::add", edwards_general),
                  ("fp1024x8::curve::edwards_add", edwards_add_lanes), ("ifma::fp1024::curve::EdwardsAdd", edwards_add_across)):
    exceptions(NAME, "no exception among the points of order q")(lambda run=RUN: edwards_pairs(run))


@exceptions("batch::lane_tables", "the sum of all points with different x, the double of all with y ≠ 0")
def tables():
    curve = PRIME_ORDER
    one = curve.elements(1)[0]
    for a in curve.points:
        for c in curve.points:
            x, y = curve.elements(*a)
            inverse = curve.elements(curve.inverse(2 * a[1]) if a == c else curve.inverse(c[0] - a[0]) if a[0] != c[0] else 0)[0]
            if a == c:
                found = evaluate(TABLES, "twice", {"a": [x, y], "inverse": inverse}, functions={"along": along, "one": lambda: one})[0]
            elif a[0] != c[0]:
                found = evaluate(TABLES, "add", {"a": [x, y], "b": curve.elements(*c), "inverse": inverse}, functions={"along": along})[0]
            else:
                continue
            expected(tuple(element.value.n for element in found), curve.add(a, c), False, f"the table's sum of {a} and {c}")


@exceptions("walk::double, walk::add", "Z = 0 for V = ±S alone: all points of order q")
def walk():
    for p, q in FIELDS[:2]:
        curve = Curve(p, 0)
        multiples = of_order_q(curve, q)
        for n in range(1, q):
            x, y, z = curve.jacobian(multiples[n], 1 + n % 3)
            found = evaluate(WALK, "double", {"x": x, "y": y, "z": z})[0][0]
            expected(curve.of_jacobian(found), multiples[2 * n % q], False, f"2·{n}")
            for m in range(1, q):
                s_x, s_y = curve.elements(*multiples[m])
                found = evaluate(WALK, "add", {"x": x, "y": y, "z": z, "s_x": s_x, "s_y": s_y})[0][0]
                expected(curve.of_jacobian(found), multiples[(n + m) % q], n == m or n + m == q, f"{n} + {m}")


