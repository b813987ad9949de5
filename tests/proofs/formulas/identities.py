"""Each formula of the curve code, as it stands in the source, is the affine law.

An identity holds wherever no denominator is 0. What the formulas do where one is, `EXCEPTIONS` says, and docs/proofs.md."""

from curves import doubled, edwards_sum as edwards_law, on_edwards, summed
from field import Fraction, Polynomial
from formulas.rust import Evaluation, Group, Struct, function
from formulas.values import FUNCTIONS, Element, Kernel, Pair, variables
from promises import P256, P1024

KERNEL, JACOBIAN, POINTS = "src/backend/p256.rs", "src/curve/p256/jacobian.rs", "src/curve/p256/batch/points.rs"
LANES, TABLES = "src/curve/p256/lanes.rs", "src/curve/p256/batch/lane_tables.rs"
FIELD, EDWARDS, WALK = "src/backend/fp1024.rs", "src/curve/ss1024/edwards.rs", "src/curve/ss1024/walk.rs"
LANES_1024 = "src/backend/ifma/fp1024x8/curve.rs"

FORMULAS = []


class Differs(Exception):
    pass


def formula(name, says):
    def register(check):
        FORMULAS.append((name, says, check))
        return check

    return register


def evaluate(file, name, names, within=None, functions=None):
    """(the value, the names afterwards)."""
    _, body = function(file, name, within)
    evaluation = Evaluation({"proof": "proof"} | names, FUNCTIONS | (functions or {}), lambda *_: None)
    return evaluation.run(body), evaluation.names


def expect(one, other, what, reduce=lambda polynomial: polynomial):
    one, other = (x.value if isinstance(x, Element) else x for x in (one, other))
    if not one.same(other, reduce):
        raise Differs(what)


# P-256. A point is (X/Z², Y/Z³).

X, Y, Z, x, y = variables(P256, "XYZxy")
ONE = Element(Fraction(Polynomial(P256, {(): 1})))
ENTRY = Struct(x=x, y=y)


def affine(X, Y, Z):
    z = Z.value
    return X.value / (z * z), Y.value / (z * z * z)


def expect_jacobian(found, wanted):
    for one, other, what in zip(affine(*found), wanted, "xy"):
        expect(one, other, what)


def expect_sum(found, wanted):
    """(X, Y, Z², Z³)."""
    x3, y3, zz, zzz = found
    expect(x3.value / zz.value, wanted[0], "x")
    expect(y3.value / zzz.value, wanted[1], "y")
    expect(zz.value * zz.value * zz.value, zzz.value * zzz.value, "Z² and Z³")


ADDED = summed(affine(X, Y, Z), (x.value, y.value))
TWICE = doubled(*affine(X, Y, Z), -3)


@formula("Kernel::double", "[2](X, Y, Z), Z₃ = YZ")
def kernel_double():
    _, names = evaluate(KERNEL, "double", {"self": Kernel(), "x": X, "y": Y, "z": Z, "times": 1})
    expect(names["z"], Y.mul(Z), "Z")
    expect_jacobian([names[n] for n in "xyz"], TWICE)


@formula("Kernel::add_affine", "(X, Y, Z) + (x, y), Z₃ = Z(xZ² − X)")
def kernel_add():
    _, names = evaluate(KERNEL, "add_affine", {"self": Kernel(), "point": [X, Y, Z], "entry": ENTRY})
    expect(names["z"], Z.mul(x.mul(Z.square()).sub(X)), "Z")
    expect_jacobian([names[n] for n in "xyz"], ADDED)


SUM = [X, Y, Z.square(), Z.square().mul(Z)]


@formula("Kernel::add_to_sum", "(X, Y, Z², Z³) + (x, y)")
def kernel_sum():
    _, names = evaluate(KERNEL, "add_to_sum", {"self": Kernel(), "sum": list(SUM), "entry": ENTRY})
    expect_sum([names[n] for n in ("x", "y", "zz", "zzz")], ADDED)


def methods(X, Y, Z):
    return Struct(x=lambda: X, y=lambda: Y, z=lambda: Z, kernel="kernel")


@formula("Jacobian::add_general", "(X, Y, Z) + (x, y, z), Z₃ = Zz(xZ² − Xz²); h and r are 0 where x and y are equal")
def general():
    z = variables(P256, "z")[0]
    (found, h, r), _ = evaluate(JACOBIAN, "add_general", {"self": methods(X, Y, Z), "other": methods(x, y, z)})
    expect_jacobian(found, summed(affine(X, Y, Z), affine(x, y, z)))
    expect(h, x.mul(Z.square()).sub(X.mul(z.square())), "h")
    expect(r, y.mul(Z.square()).mul(Z).sub(Y.mul(z.square()).mul(z)), "r")


@formula("Sum::to_jacobian", "(X/Z², Y/Z³) as a point with Z² for its Z")
def to_jacobian():
    found, _ = evaluate(JACOBIAN, "to_jacobian", {"self": Struct(limbs=Struct(map=lambda _: list(SUM)), kernel="kernel")})
    expect_jacobian(found, affine(X, Y, Z))


@formula("Jacobian::scale", "(X, Y, Z) with 1/Z")
def scale():
    inverse = Element(Fraction(Polynomial(P256, {(): 1})) / Z.value)
    found, _ = evaluate(JACOBIAN, "scale", {"self": methods(X, Y, Z), "z_inverse": inverse})
    for name, wanted in zip("xy", affine(X, Y, Z)):
        expect(found[name], wanted, name)


# P-256 in lanes: one group stands for all, and one lane for eight.


def points(*values):
    return Struct(zip(("x", "y", "z") if len(values) == 3 else ("x", "y", "zz", "zzz") if len(values) == 4 else ("x", "y"),
                      (Group(value) for value in values)))


@formula("batch::points::Double", "[2](X, Y, Z), Z₃ = 2YZ")
def batch_double():
    this = Struct(proof="proof", points=points(X, Y, Z))
    _, names = evaluate(POINTS, "run", {"self": this}, r"Job for Double<")
    expect(names["z"][0], Y.mul(Z).double(), "Z")
    expect_jacobian([names[n][0] for n in "xyz"], TWICE)


@formula("batch::points::AddAffine", "(X, Y, Z) + (x, y), Z₃ = Z(xZ² − X)")
def batch_add():
    this = Struct(proof="proof", points=points(X, Y, Z), other=points(x, y))
    _, names = evaluate(POINTS, "run", {"self": this}, r"Job for AddAffine<")
    expect_jacobian([names[n][0] for n in "xyz"], ADDED)


@formula("batch::points::AddToSums", "(X, Y, Z², Z³) + (x, y)")
def batch_sums():
    this = Struct(proof="proof", sums=points(*SUM), other=points(x, y))
    _, names = evaluate(POINTS, "run", {"self": this}, r"Job for AddToSums<")
    expect_sum([names[n][0] for n in ("x", "y", "zz", "zzz")], ADDED)


def meet(u, s, p, r):
    found, _ = evaluate(LANES, "meet", {"u": u, "s": s, "p": p, "r": r})
    return found


@formula("lanes::Sum8::of_two", "(X, Y) + (x, y) as (X, Y, Z², Z³)")
def of_two():
    found, _ = evaluate(LANES, "of_two", {"a": [X, Y], "b": [x, y]}, functions={"meet": meet})
    expect_sum([found[n] for n in ("x", "y", "zz", "zzz")], summed((X.value, Y.value), (x.value, y.value)))


@formula("lanes::Sum8::add_affine", "(X, Y, Z², Z³) + (x, y)")
def lanes_add():
    this = Struct(zip(("x", "y", "zz", "zzz"), SUM))
    found, _ = evaluate(LANES, "add_affine", {"self": this, "x": x, "y": y}, functions={"meet": meet})
    expect_sum([found[n] for n in ("x", "y", "zz", "zzz")], ADDED)


@formula("lanes::Fold", "(X, Y, Z², Z³) of a lane plus (x, y, z², z³) of the upper one, in the lower lane")
def fold():
    z = variables(P256, "z")[0]
    upper = [x, y, z.square(), z.square().mul(z)]
    this = Struct(proof="proof", n="n", sum=Struct(zip(("x", "y", "zz", "zzz"), map(Pair, SUM, upper))))
    _, names = evaluate(LANES, "run", {"self": this}, r"Job for Fold<")
    expect_sum([names[n].lanes[0] for n in ("x", "y", "zz", "zzz")], summed(affine(X, Y, Z), affine(x, y, z)))


def along(a, x_b, slope):
    found, _ = evaluate(TABLES, "along", {"a": a, "x_b": x_b, "slope": slope})
    return found


@formula("batch::lane_tables::add", "(X, Y) + (x, y) with 1/(x − X)")
def tables_add():
    inverse = Element(ONE.value / (x.value - X.value))
    found, _ = evaluate(TABLES, "add", {"a": [X, Y], "b": [x, y], "inverse": inverse}, functions={"along": along})
    for one, other in zip(found, summed((X.value, Y.value), (x.value, y.value))):
        expect(one, other, "the point")


@formula("batch::lane_tables::twice", "[2](X, Y) with 1/(2Y)")
def tables_twice():
    inverse = Element(ONE.value / (2 * Y.value))
    found, _ = evaluate(TABLES, "twice", {"a": [X, Y], "inverse": inverse}, functions={"along": along, "one": lambda: ONE})
    for one, other in zip(found, doubled(X.value, Y.value, -3)):
        expect(one, other, "the point")


# The 1024-bit curve: −X² + Y² = 1 + X²Y² in extended coordinates (XZ, YZ, Z, XYZ).

U, V, W, u, v, w = variables(P1024, ["X", "Y", "Z", "x", "y", "z"])


def extended(x, y, z):
    return [x.mul(z), y.mul(z), z, x.mul(y).mul(z)]


def edwards_sum(*coordinates):
    return edwards_law(*(element.value for element in coordinates))


def expect_extended(found, wanted, reduce=lambda polynomial: polynomial):
    x3, y3, z3, t3 = (element.value for element in found)
    expect(x3 / z3, wanted[0], "X", reduce)
    expect(y3 / z3, wanted[1], "Y", reduce)
    expect(x3 * y3, z3 * t3, "T", reduce)


@formula("Arithmetic::edwards_add", "(X : Y : Z : T) + (y − x, y + x, 2xy)")
def edwards_add():
    p = extended(U, V, W)
    evaluate(FIELD, "edwards_add", {"p": p, "entry": [v.sub(u), v.add(u), u.mul(v).double()]})
    expect_extended(p, edwards_sum(U, V, u, v))


@formula("Arithmetic::edwards_double", "2(X : Y : Z : T)")
def edwards_double():
    p = extended(U, V, W)
    evaluate(FIELD, "edwards_double", {"p": p})
    expect_extended(p, edwards_sum(U, V, U, V), on_edwards)


@formula("Edwards::add", "(X : Y : Z : T) + (x : y : z : t)")
def edwards_general():
    found, _ = evaluate(EDWARDS, "add", {"self": [extended(U, V, W)], "b": [extended(u, v, w)]}, r"Group for Edwards",
                        {"Self": lambda parts: parts})
    expect_extended(found, edwards_sum(U, V, u, v))


# F_p²


def complex_product(a, b):
    return [a[0].mul(b[0]).sub(a[1].mul(b[1])), a[0].mul(b[1]).add(a[1].mul(b[0]))]


def expect_complex(found, wanted):
    for one, other, what in zip(found, wanted, ("the real part", "the imaginary part")):
        expect(one, other, what)


@formula("Arithmetic::complex_mul", "(a0 + i·a1)(b0 + i·b1)")
def complex_mul():
    found, _ = evaluate(FIELD, "complex_mul", {"a": [U, V], "b": [u, v]})
    expect_complex(found, complex_product([U, V], [u, v]))


def complex_square_of(a):
    found, _ = evaluate(FIELD, "complex_square", {"a": a})
    return found


@formula("Arithmetic::complex_square", "(a0 + i·a1)²")
def complex_square():
    expect_complex(complex_square_of([U, V]), complex_product([U, V], [U, V]))


@formula("Arithmetic::complex_step", "f⁸·g")
def complex_step():
    def squares(a, n):
        for _ in range(n):
            a = complex_square_of(a)
        return a

    f = [U, V]
    _, names = evaluate(FIELD, "complex_step", {"f": f, "g": [u, v]}, functions={
        "complex_square_times": squares, "complex_mul": lambda a, b: evaluate(FIELD, "complex_mul", {"a": a, "b": b})[0]})
    wanted = [U, V]
    for _ in range(3):
        wanted = complex_product(wanted, wanted)
    expect_complex(names["f"], complex_product(wanted, [u, v]))


@formula("Arithmetic::complex_mul_unit", "(a0 + i·a1)(1 + i·t)")
def complex_mul_unit():
    a = [U, V]
    evaluate(FIELD, "complex_mul_unit", {"a": a, "t": u})
    one = Element(Fraction(Polynomial(P1024, {(): 1})))
    expect_complex(a, complex_product([U, V], [one, u]))


# The same in lanes, and for one element across lanes: jobs are what they promise.


def sum_of_products(a, b):
    total = a[0].mul(b[0])
    for x, y in zip(a[1:], b[1:]):
        total = total.add(x.mul(y))
    return total


def into(out, job):
    out.set(sum_of_products(job["a"], job["b"]) if isinstance(job, Struct) else job)


def in_lanes(name, names):
    def inner(function):
        return lambda *arguments: in_lanes(function, arguments)[0]

    parameters = {"edwards_add": ("p", "entry"), "edwards_double": ("p",), "complex_square": ("out", "a"), "complex_mul": ("out", "a", "b"),
                  "complex_step": ("f", "g"), "product_into": ("out", "a", "b")}
    functions = {"call": lambda *job: job[-1], "Into": into, "SumAndDifference<false>": lambda a, b: [a.add(b), a.sub(b)],
                 "SumAndDifference<true>": lambda a, b: [a.double().add(b), a.double().sub(b)],
                 "finish": lambda p, parts: evaluate(LANES_1024, "finish", {"p": p} | dict(zip("efgh", parts)), functions=functions),
                 "zero": lambda *_: Element(Fraction(Polynomial(P1024, {}))),
                 "product_into": inner("product_into"), "complex_square": inner("complex_square"), "complex_mul": inner("complex_mul")}
    if not isinstance(names, dict):
        names = dict(zip(parameters[name], names))
    names = {key: [Element(e.value) for e in value] if key == "a" else value for key, value in names.items()} if name.startswith("complex") else names
    return evaluate(LANES_1024, name, names, functions=functions)


@formula("fp1024x8::curve::edwards_add", "(X : Y : Z : T) + (y − x, y + x, 2xy)")
def lanes_edwards_add():
    p = extended(*copies(U, V, W))
    in_lanes("edwards_add", {"p": p, "entry": [v.sub(u), v.add(u), u.mul(v).double()]})
    expect_extended(p, edwards_sum(U, V, u, v))


@formula("fp1024x8::curve::edwards_double", "2(X : Y : Z : T)")
def lanes_edwards_double():
    p = extended(*copies(U, V, W))
    in_lanes("edwards_double", {"p": p})
    expect_extended(p, edwards_sum(U, V, U, V), on_edwards)


@formula("fp1024x8::curve::complex_step", "f⁸·g")
def lanes_complex_step():
    f = copies(U, V)
    in_lanes("complex_step", {"f": f, "g": [u, v]})
    wanted = [U, V]
    for _ in range(3):
        wanted = complex_product(wanted, wanted)
    expect_complex(f, complex_product(wanted, [u, v]))


def copies(*elements):
    return [Element(element.value) for element in elements]


ACROSS = "src/backend/ifma/fp1024/curve.rs"
ACROSS_ELEMENT = "src/backend/ifma/fp1024/element.rs"


def across(name, names, file=ACROSS, within=None):
    def inner(function):
        heads = {"finish": ("p", "parts"), "complex_square": ("a",), "square_and_multiply": ("a", "n", "b")}
        def called(*arguments):
            given = dict(zip(heads[function], arguments))
            if function == "finish":
                given |= dict(zip("efgh", given.pop("parts")))
            return across(function, given)[0]
        return called

    zero = Element(Fraction(Polynomial(P1024, {})))
    same = lambda element: element
    functions = {"carry": same, "load": same, "put": same, "store": same, "fold": same, "of_digits": same, "of_row": same, "sum": Element.add,
                 "difference": Element.sub, "long_difference": Element.sub,
                 "sums": lambda v, s: [sum_of_products(a, b) for a, b in zip(v, s)]}
    functions |= {function: inner(function) for function in ("finish", "complex_square", "square_and_multiply")}
    return evaluate(file, name, {"ZERO": zero} | names, within, functions)


@formula("ifma::fp1024::curve::EdwardsAdd", "(X : Y : Z : T) + (y − x, y + x, 2xy)")
def across_edwards_add():
    p = extended(U, V, W)
    across("run", {"self": Struct(p=p, entry=[v.sub(u), v.add(u), u.mul(v).double()])}, within="Job for EdwardsAdd<")
    expect_extended(p, edwards_sum(U, V, u, v))


@formula("ifma::fp1024::curve::EdwardsDouble", "2(X : Y : Z : T)")
def across_edwards_double():
    p = extended(U, V, W)
    across("run", {"self": [p]}, within="Job for EdwardsDouble<")
    expect_extended(p, edwards_sum(U, V, U, V), on_edwards)


@formula("ifma::fp1024::curve::square_and_multiply", "a^(2ⁿ)·b for n = 0 and 3")
def across_step():
    for n in (0, 3):
        a = copies(U, V)
        across("square_and_multiply", {"a": a, "n": n, "b": [u, v]})
        wanted = [U, V]
        for _ in range(n):
            wanted = complex_product(wanted, wanted)
        expect_complex(a, complex_product(wanted, [u, v]))


@formula("ifma::fp1024::element::ComplexMulUnit", "(a0 + i·a1)(1 + i·t)")
def across_unit():
    a = copies(U, V)
    across("run", {"self": Struct(a=a, t=u)}, ACROSS_ELEMENT, "Job for ComplexMulUnit<")
    one = Element(Fraction(Polynomial(P1024, {(): 1})))
    expect_complex(a, complex_product([U, V], [one, u]))


# The Miller loop's walk: Jacobian coordinates on y² = x³ − 3x.


@formula("walk::double", "2V and the tangent's slope, whose denominator is the new Z")
def walk_double():
    (found, numerator), _ = evaluate(WALK, "double", {"x": U, "y": V, "z": W})
    before = affine(U, V, W)
    expect_jacobian(found, doubled(*before, -3))
    expect(numerator.value / found[2].value, (3 * before[0] * before[0] - 3) / (2 * before[1]), "the slope")


@formula("walk::add", "V + S and the chord's slope, whose denominator is the new Z")
def walk_add():
    (found, numerator), _ = evaluate(WALK, "add", {"x": U, "y": V, "z": W, "s_x": u, "s_y": v})
    before = affine(U, V, W)
    expect_jacobian(found, summed(before, (u.value, v.value)))
    expect(numerator.value / found[2].value, (v.value - before[1]) / (u.value - before[0]), "the slope")


@formula("walk::third", "the line through a and b, and a + b")
def walk_third():
    slope = Element((v.value - V.value) / (u.value - U.value))
    (line, point), _ = evaluate(WALK, "third", {"a": Struct(x=U, y=V), "b": Struct(x=u, y=v), "slope": slope},
                                functions={"line": lambda slope, c: (slope, c)})
    for name, wanted in zip("xy", summed((U.value, V.value), (u.value, v.value))):
        expect(point[name], wanted, name)
    # Y − λX + c is 0 in both.
    for a, b in ((U, V), (u, v)):
        expect(b.sub(line[0].mul(a)).add(line[1]), Fraction(Polynomial(P1024, {})), "the line")
