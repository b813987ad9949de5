"""The functions of the Miller loop, built by the text of `step_function` and of `Multiples::new` on tiny fields.

Each product over a vertical has to have no remainder, and each function the zeros that docs/maths.md, section 7, says: for every multiple V of K
and every digit that the loop may meet there."""

from formulas.exceptions import FIELDS, Curve, Wrong, exceptions, of_order_q
from formulas.identities import WALK, evaluate
from formulas.rust import Struct
from formulas.values import Element


class Function:
    """A(X) + Y·B(X) with all coefficients, on a tiny curve."""

    def __init__(self, curve, a, b):
        self.curve, self.a, self.b = curve, self.short(curve, a), self.short(curve, b)

    @staticmethod
    def short(curve, c):
        c = [n % curve.prime for n in c]
        while c and not c[-1]:
            c.pop()
        return c

    @property
    def order(self):
        return max(2 * len(self.a) - 2, 2 * len(self.b) + 1)

    def product_over_vertical(self, other, x):
        p, x = self.curve.prime, number(x)
        square = times(p, times(p, self.b, other.b), [0, -3, 0, 1])
        a = plus(times(p, self.a, other.a), square)
        b = plus(times(p, self.a, other.b), times(p, self.b, other.a))
        return Function(self.curve, over(p, a, x), over(p, b, x))

    def at(self, point):
        x, y = point
        return (value(self.a, x) + y * value(self.b, x)) % self.curve.prime

    def reflect(self):
        """With −Y in the place of Y, and leading coefficient 1 again."""
        sign = -1 if self.order % 2 else 1
        return Function(self.curve, [sign * n for n in self.a], [-sign * n for n in self.b])

    def has_zeros(self, zeros):
        """Are its zeros these, with their multiplicities, and is its leading coefficient 1?"""
        curve, p = self.curve, self.curve.prime
        leading = self.b[-1] if self.order % 2 else self.a[-1]
        norm = plus(times(p, self.a, self.a), times(p, [-n for n in times(p, self.b, self.b)], [0, -3, 0, 1]))
        wanted = [1]
        for point in zeros:
            wanted = times(p, wanted, [-point[0], 1])
        sign = -1 if self.order % 2 else 1
        if leading != 1 or self.short(curve, norm) != self.short(curve, [sign * n for n in wanted]):
            return False
        # Both of a pair of opposite points: so many verticals divide the function, and what is left has one of both alone.
        left, rest = self, list(zeros)
        for point in zeros:
            while point in rest and curve.minus(point) in rest and (point[1] or rest.count(point) > 1):
                rest.remove(point)
                rest.remove(curve.minus(point))
                left = Function(curve, over(p, left.a, point[0]), over(p, left.b, point[0]))
        return all(left.at(point) == 0 and (curve.minus(point) in rest or left.at(curve.minus(point))) for point in rest)


def number(element):
    return element.value.n if isinstance(element, Element) else element


def value(c, x):
    return sum(n * x**i for i, n in enumerate(c))


def plus(a, b):
    return [(a[i] if i < len(a) else 0) + (b[i] if i < len(b) else 0) for i in range(max(len(a), len(b)))]


def times(p, a, b):
    found = [0] * (len(a) + len(b) - 1 if a and b else 0)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            found[i + j] = (found[i + j] + x * y) % p
    return found


def over(p, c, x):
    """c/(X − x), which has to have no remainder."""
    found, carry = [], 0
    for n in reversed(c):
        carry = (n + carry * x) % p
        found.append(carry)
    if found and found.pop():
        raise Wrong("a product that the vertical does not divide")
    return found[::-1]


def functions_of(curve):
    return {"line": lambda slope, c: Function(curve, [number(c), -number(slope)], [1]), "vertical": lambda x: Function(curve, [-number(x), 1], []),
            "one": lambda *_: curve.elements(1)[0], "Self": lambda parts: parts}


def multiples_of(curve, k):
    """K, 2K, 3K, 4K with their functions, by the text of the source."""
    def inner(name, parameters):
        return lambda *arguments: evaluate(WALK, name, dict(zip(parameters, arguments)), functions=functions)[0]

    functions = functions_of(curve)
    functions |= {"third": inner("third", ("a", "b", "slope")), "slope": inner("slope", ("a", "b"))}
    x, y = curve.elements(*k)
    return evaluate(WALK, "new", {"k": Struct(x=x, y=y)}, "Parameters . Field. Multiples<F>", functions)[0]


def line_through(curve, a, b):
    """(slope, constant) of Y − slope·X + constant."""
    (x1, y1), (x2, y2) = a, b
    slope = (3 * x1 * x1 - 3) * curve.inverse(2 * y1) if a == b else (y2 - y1) * curve.inverse(x2 - x1)
    return slope, slope * x1 - y1


def step(curve, v, multiple, d, last):
    """The function of a step from V, by the text of the source. `multiple` is (dK, its function), or None."""
    two, four, eight = (curve.times(n, v) for n in (2, 4, 8))
    walked = [n for point in (v, two, four) for n in line_through(curve, point, point)] + [v[0], two[0], four[0]]
    walked += [*line_through(curve, eight, multiple[0]), eight[0]] if multiple and not last else [0, 0, 0]
    functions = functions_of(curve) | {"is_last": lambda _: last, "digit": lambda _: abs(d)}
    names = {"step": "step", "walked": curve.elements(*walked), "multiple": multiple and (curve.elements(multiple[0][0])[0], multiple[1])}
    return evaluate(WALK, "step_function", names, functions=functions)[0]


@exceptions("walk::Multiples", "1K to 4K: d zeros in K and one in −dK, for all K of order q")
def multiples():
    for p, q in FIELDS:
        curve = Curve(p, 0)
        of_k = of_order_q(curve, q)
        for k in of_k[1:]:
            for d, found in enumerate(multiples_of(curve, k), 1):
                if q <= 4 or d >= q:
                    raise Wrong("a field that is too small")
                point = curve.times(d, k)
                if (number(found["x"]), number(found["y"])) != point:
                    raise Wrong(f"another multiple for {d}")
                if not found["function"].has_zeros([k] * d + [curve.minus(point)]):
                    raise Wrong(f"other zeros of the function for {d}")


@exceptions("walk::step_function", "eight zeros in V, |d| in ±K and one in −(8V + dK), for all V of order q and all digits d with 8V ≠ dK")
def steps():
    met = ended = 0
    for p, q in FIELDS:
        curve = Curve(p, 0)
        of_k = of_order_q(curve, q)
        kept = multiples_of(curve, of_k[1])
        for n in range(1, q):
            v = of_k[n]
            eight = curve.times(8, v)
            for d in range(-3, 5):
                side = of_k[1] if d > 0 else curve.minus(of_k[1])
                point = of_k[d % q] if d else None
                function = d and (kept[abs(d) - 1]["function"] if d > 0 else kept[abs(d) - 1]["function"].reflect())
                last = bool(d) and (8 * n + d) % q == 0
                if point == eight:
                    # Both formulas end here: the chord is a tangent. The walk never comes here, as 8n − d is not 0 modulo q before its end.
                    ended += 1
                    continue
                found = step(curve, v, d and (point, function) or None, d, last)
                zeros = [v] * 8 + [side] * abs(d) + ([] if last else [curve.minus(curve.add(eight, point))])
                if found.order != len(zeros) or not found.has_zeros(zeros):
                    raise Wrong(f"other zeros for V = {n}K and {d}, q = {q}")
                met += 1
    if met < 200 or not ended:
        raise Wrong(f"only {met} steps were looked at")
