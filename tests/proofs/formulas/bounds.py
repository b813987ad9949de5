"""The bounds between kernels: each formula of the lanes keeps what the kernels that it calls ask for.

A value is an interval of integers that its lane may hold. The kernels' contracts are those that are proved from their machine code; an
interval that a kernel does not take, or one that is above what `below!` says in the source, is an error. A formula that gives back a
point has to keep the bounds that it asks of a point."""

from formulas.identities import EDWARDS, FIELD, LANES, LANES_1024, POINTS, TABLES
from formulas.rust import Evaluation, Group, Struct, function
from promises import P256, P1024

MOST = 2**260 - 1
REDUCED = 2**256 + 2**231 - 1
BOUNDS = []


class Exceeded(Exception):
    """A bound that does not hold."""


def bounds(name, says):
    def register(check):
        BOUNDS.append((name, says, check))
        return check

    return register


class Lane:
    """An element of P-256 in a lane: in [0, high]."""

    def __init__(self, high):
        if high > MOST:
            raise Exceeded(f"an element up to 2^{high.bit_length()}")
        self.high = high

    def mul(self, other):
        if min(self.high, other.high) >= 2**259:
            raise Exceeded("both factors may reach 2^259")
        return Lane((self.high * other.high >> 260) + P256)

    def square(self):
        return self.mul(self)

    def loose(self):
        return Loose(0, self.high)

    def permute_xor(self, _):
        return self

    mul_inline, square_inline = mul, square


class Loose:
    """A sum of elements, as an integer in [low, high]."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def add(self, other):
        return Loose(self.low, self.high + other.high)

    def sub(self, other):
        return Loose(self.low - other.high, self.high)

    def twice(self):
        return Loose(2 * self.low, 2 * self.high)

    def add_p(self, k):
        return Loose(self.low + k * P256, self.high + k * P256)

    def carry(self):
        if self.low < 0 or self.high > MOST:
            raise Exceeded(f"a sum from {self.low / P256:.1f}p to {self.high / P256:.1f}p is carried")
        return Lane(self.high)

    def reduce(self):
        self.carry()
        return Lane(REDUCED)


def highest(power):
    """What `below!` takes: the highest limb by the table of tenths in p256x8.rs."""
    whole, _, tenth = power.partition(".")
    return (int(2**32 * 2 ** (int(tenth or 0) / 10)) + 1 << int(whole) - 208 >> 32) + 1 << 208


def below(value, power, where):
    for lane in value if isinstance(value, Group) else [value]:
        if lane.high >= highest(power):
            raise Exceeded(f"{where}: up to 2^{power_of(lane.high)}")


def power_of(high):
    from math import log2
    return f"{log2(high):.2f}"


FUNCTIONS = {"mul": lambda a, b: Group(a[0].mul(b[0])), "square": lambda a: Group(a[0].square()), "with_bit": lambda _: "upper",
             "select": lambda _, yes, no: Lane(max(yes.high, no.high)),
             "one": lambda: Lane(P256 - 1)}


def follow(file, name, names, within=None, functions=None):
    _, body = function(file, name, within)
    evaluation = Evaluation({"proof": "proof"} | names, FUNCTIONS | (functions or {}), below)
    return evaluation.run(body), evaluation.names


def keeps(found, wanted):
    for name, high in wanted.items():
        value = found[name]
        value = value[0] if isinstance(value, Group) else value
        if value.high > high:
            raise Exceeded(f"{name} up to 2^{power_of(value.high)}, more than it may be before")


# X, Y below 2^256 + 2^231, and what the sources say of the others. Entries come from words: below 2^260.
def tenths(whole, tenth):
    return int(2**whole * 2 ** (tenth / 10))


POINT = {"x": REDUCED, "y": REDUCED, "z": tenths(257, 2)}
SUMS = {"x": REDUCED, "y": REDUCED, "zz": tenths(257, 1), "zzz": tenths(257, 1)}
SUM = {"x": REDUCED, "y": REDUCED, "zz": 2**257 - 1, "zzz": 2**257 - 1}
ENTRY = {"x": MOST, "y": MOST}


def groups(highs):
    return Struct((name, Group(Lane(high))) for name, high in highs.items())


@bounds("batch::points::Double", "X, Y below 2^256 + 2^231, Z below 2^257.2, before and after")
def double():
    _, names = follow(POINTS, "run", {"self": Struct(proof="proof", points=groups(POINT))}, "Job for Double<")
    keeps(names, POINT)


@bounds("batch::points::AddAffine", "the same, of an entry below 2^260")
def add_affine():
    this = Struct(proof="proof", points=groups(POINT), other=groups(ENTRY))
    keeps(follow(POINTS, "run", {"self": this}, "Job for AddAffine<")[1], POINT)


@bounds("batch::points::AddToSums", "ZZ and ZZZ below 2^257.1, before and after, of an entry below 2^260")
def add_to_sums():
    this = Struct(proof="proof", sums=groups(SUMS), other=groups(ENTRY))
    keeps(follow(POINTS, "run", {"self": this}, "Job for AddToSums<")[1], SUMS)


def meet(u, s, p, r):
    return follow(LANES, "meet", {"u": u, "s": s, "p": p, "r": r})[0]


@bounds("lanes::Sum8::of_two", "entries below 2^260 give a sum")
def of_two():
    entry = [Lane(MOST), Lane(MOST)]
    keeps(follow(LANES, "of_two", {"a": entry, "b": entry}, functions={"meet": meet})[0], SUM)


@bounds("lanes::Sum8::add_affine", "a sum and an entry below 2^260 give a sum")
def lanes_add():
    this = Struct((name, Lane(high)) for name, high in SUM.items())
    keeps(follow(LANES, "add_affine", {"self": this, "x": Lane(MOST), "y": Lane(MOST)}, functions={"meet": meet})[0], SUM)


@bounds("lanes::Fold", "sums after an addition give sums that may be folded again")
def fold():
    before = {"x": REDUCED, "y": REDUCED, "zz": tenths(256, 5), "zzz": tenths(256, 5)}
    this = Struct(proof="proof", n="n", sum=Struct((name, Lane(high)) for name, high in before.items()))
    keeps(follow(LANES, "run", {"self": this}, "Job for Fold<")[1], before)


@bounds("batch::lane_tables", "points below 2p and inverses below 2^257 give points below 2^256 + 2^231")
def tables():
    def along(a, x_b, slope):
        return follow(TABLES, "along", {"a": a, "x_b": x_b, "slope": slope})[0]

    point, inverse = [Lane(2 * P256), Lane(2 * P256)], Lane(2**257)
    for name, names in (("add", {"b": point}), ("twice", {})):
        found, _ = follow(TABLES, name, {"a": point, "inverse": inverse} | names, functions={"along": along})
        keeps(dict(zip("xy", found)), {"x": REDUCED, "y": REDUCED})


# The 1024-bit field in lanes: bounds are multiples of p.


class Times:
    def __init__(self, p):
        if p > 1 << 15:
            raise Exceeded(f"{p}p")
        self.p = p

    def add(self, other):
        return Times(self.p + other.p)

    def sub(self, other):
        if other.p > 16:
            raise Exceeded(f"a subtrahend up to {other.p}p")
        return Times(self.p + 16)

    def neg(self):
        return Times(0).sub(self)

    def double(self):
        return self.add(self)

    def reduce(self):
        return Times(2)

    def mul(self, other):
        return products([self], [other])

    def square(self):
        return self.mul(self)

    def set(self, other):
        self.p = other.p

    def copied(self):
        return Times(self.p)

    def __getitem__(self, _):
        return "proof"

    @staticmethod
    def proof():
        return "proof"


def products(a, b):
    total = sum(x.p * y.p for x, y in zip(a, b))
    if total > 4096:
        raise Exceeded(f"products whose bounds add up to {total}")
    return Times(2)


def steps(name, names):
    parameters = {"complex_square": ("out", "a"), "complex_mul": ("out", "a", "b"), "product_into": ("out", "a", "b")}

    def inner(function):
        return lambda *arguments: steps(function, dict(zip(parameters[function], arguments)))

    functions = {"call": lambda *job: job[-1], "zero": lambda *_: Times(0),
                 "Into": lambda out, job: out.set(products(job["a"], job["b"]) if isinstance(job, Struct) else job),
                 "SumAndDifference<false>": lambda a, b: [a.add(b), a.sub(b)],
                 "SumAndDifference<true>": lambda a, b: [a.double().add(b), a.double().sub(b)],
                 "finish": lambda p, parts: steps("finish", {"p": p} | dict(zip("efgh", parts)))}
    functions |= {function: inner(function) for function in parameters}
    return follow(LANES_1024, name, names, functions=functions)


def multiples(*p):
    return [Times(n) for n in p]


def at_most(values, p):
    if any(value.p > p for value in values):
        raise Exceeded(f"results up to {max(value.p for value in values)}p")


@bounds("fp1024x8::curve::edwards_add", "coordinates up to 2p before and after, of an entry up to 7p")
def edwards_add():
    p = multiples(2, 2, 2, 2)
    steps("edwards_add", {"p": p, "entry": multiples(7, 7, 7)})
    at_most(p, 2)


@bounds("Edwards::add, in lanes", "coordinates up to 2p before and after, of both points")
def edwards_general():
    functions = {"Self": lambda p: list(p), "mul_pairs": lambda a, b: [x.mul(y) for x, y in zip(a, b)]}
    found, _ = follow(EDWARDS, "add", {"self": [multiples(2, 2, 2, 2)], "b": [multiples(2, 2, 2, 2)]}, r"Group for Edwards", functions)
    at_most(found, 2)


@bounds("fp1024x8::curve::edwards_double", "coordinates up to 2p before and after")
def edwards_double():
    p = multiples(2, 2, 2, 2)
    steps("edwards_double", {"p": p})
    at_most(p, 2)


@bounds("fp1024x8::curve::complex_step", "f up to 2p before and after, g up to 16p")
def complex_step():
    f = multiples(2, 2)
    steps("complex_step", {"f": f, "g": multiples(16, 16)})
    at_most(f, 2)
