"""What formulas are evaluated over: fractions over the prime field, by the names that the sources have for operations."""

from field import Fraction, Polynomial
from formulas.rust import Group


class Element:
    """A value of the field: a fraction in the coordinates."""

    def __init__(self, value):
        self.value = value

    def mul(self, other):
        return Element(self.value * other.value)

    def square(self):
        return self.mul(self)

    def add(self, other):
        return Element(self.value + other.value)

    def sub(self, other):
        return Element(self.value - other.value)

    def double(self):
        return self.add(self)

    def triple(self):
        return self.double().add(self)

    def neg(self):
        return Element(-self.value)

    def same(self):
        return self

    def add_p(self, _):
        return self

    def __getitem__(self, name):
        """A field of the struct that elements are: the proof of the CPU, or itself in another form."""
        return "proof" if name == "proof" else self

    @staticmethod
    def proof():
        return "proof"

    def digits(self):
        return self

    def proof_of_cpu(self):
        return "proof"

    def copied(self):
        return Element(self.value)

    def set(self, other):
        self.value = other.value

    def invert(self):
        return Element(1 / self.value)

    mul_inline, square_inline, twice = mul, square, double
    loose = carry = reduce = same
    __add__, __sub__, __mul__, __neg__ = add, sub, mul, neg


class Pair:
    """A lane and the one whose number has one bit more."""

    def __init__(self, lower, upper):
        self.lanes = lower, upper

    def permute_xor(self, _):
        return Pair(*self.lanes[::-1])

    @staticmethod
    def select(mask, yes, no):
        """yes in the lanes of the mask, which is that of the upper ones."""
        assert mask == "upper"
        return Pair(no.lanes[0], yes.lanes[1])

    def __getattr__(self, name):
        def both(*arguments):
            return Pair(*(getattr(lane, name)(*(a.lanes[i] if isinstance(a, Pair) else a for a in arguments))
                          for i, lane in enumerate(self.lanes)))

        return both


class Kernel:
    """The functions of `backend::p256::Kernel`."""

    def __getattr__(self, name):
        operation = {"field_mul": "mul", "field_square": "square", "field_add": "add", "field_sub": "sub"}.get(name)
        if operation:
            return lambda a, *rest: getattr(a, operation)(*rest)
        raise AttributeError(name)

    @staticmethod
    def field_halve(a):
        return Element(a.value * pow(2, -1, a.value.over.prime))


def variables(prime, names):
    return [Element(Fraction(Polynomial.variable(prime, name))) for name in names]


# What the curve code calls by name.
FUNCTIONS = {
    "mul": lambda a, b: Group(a[0].mul(b[0])),
    "square": lambda a: Group(a[0].square()),
    "new": lambda *parts: list(parts),
    "mul_pairs": lambda a, b: [x.mul(y) for x, y in zip(a, b)],
    "squares": lambda a: [x.square() for x in a],
    "with_bit": lambda _: "upper",
    "select": Pair.select,
    "from_raw": lambda raw: raw,
}


def mul_pairs_into(out, a, b):
    out[:] = [x.mul(y) for x, y in zip(a, b)]


FUNCTIONS["mul_pairs_into"] = mul_pairs_into
