"""Steps of several operations on the 1024-bit field that are compiled functions: additions and doublings on the Edwards curve, steps of
the Miller loop, squares in F_p²."""

import across
import steps
from curves import edwards_sum, on_edwards
from field import Fraction, Polynomial
from promises import P1024, adx_fp1024, ifma_fp1024, lanes_fp1024, minus, opposite, plus, portable_fp1024, product, promise, same, square
from promises.selections import FIELDS
from words import Unproved, constant

U, V, W, u, v = (Polynomial.variable(P1024, name) for name in "XYZxy")
EXTENDED = U * W, V * W, W, U * V * W
PORTABLE = "eccsi_sakke::backend::portable::fp1024"


def complex_product(a, b):
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def power(a, times):
    for _ in range(times):
        a = complex_product(a, a)
    return a


def begun(run, backend):
    if backend == "portable":
        found = steps.Steps(run, portable_fp1024.FIELD)
        steps.portable(found, portable_fp1024.WIDE, PORTABLE, P1024)
    elif backend == "adx":
        found = steps.Steps(run, FIELDS["adx"])
        steps.adx(found, adx_fp1024.FILE, P1024)
    elif backend == "ifma":
        found = across.AcrossLanes(run, ifma_fp1024.FIELD)
    else:
        found = steps.Steps(run, lanes_fp1024.FIELD)
        steps.lanes(found, P1024)
    return found


class Step:
    """A run of a step: arrays of elements before and after."""

    def __init__(self, run, backend):
        self.run, self.backend, self.steps = run, backend, begun(run, backend)

    def array(self, formulas, high):
        place = self.run.allot()
        for i, formula in enumerate(formulas):
            self.steps.input(formula, high, place + self.steps.elements.octets * i)
        return place

    def expect(self, place, formulas, high):
        for i, formula in enumerate(formulas):
            self.steps.expect(place + self.steps.elements.octets * i, formula, high)

    def formulas(self, place, count, high):
        return [self.steps.element(place + self.steps.elements.octets * i, high)[0] for i in range(count)]


def expect_extended(found, wanted):
    x, y, z, t = (Fraction(formula) for formula in found)
    x3, y3 = wanted
    for one, other in ((x / z, x3), (y / z, y3)):
        if not one.same(other, on_edwards):
            raise Unproved("another point")
    if found[0] * found[1] != found[2] * found[3]:
        raise Unproved("T is not XY/Z")


# The functions that steps call, each by itself.


def called(backend, name, pattern, says, call, goals, highs, bounds, power, vertical=False):
    """`call` gives the arguments after the places of all elements are known."""
    @promise(backend, name, pattern, says, vertical)
    def prove(run):
        elements = begun_elements(backend)
        out = run.allot()
        found = [elements.put(run, letter, high=high) for letter, high in zip("abcd", highs)]
        run.call(*call(run, out, [place for place, _ in found]))
        for i, (goal, bound) in enumerate(zip(goals, bounds)):
            elements.expect(run, out + elements.octets * i, goal(*(total for _, total in found)), power, bound)


def begun_elements(backend):
    return portable_fp1024.FIELD if backend == "portable" else lanes_fp1024.FIELD


def direct(run, out, places):
    return [out, *places]


def job(order, with_out):
    """A struct of references: to the result where `with_out`, then to elements by their numbers."""
    def call(run, out, places):
        place = run.allot()
        for i, reference in enumerate([out] * with_out + [places[n] for n in order]):
            run.machine.memory[place + 8 * i] = constant(reference)
        return [place] if with_out else [out, place]

    return call


def times(n):
    return n * P1024


ELEMENT = f"^<{PORTABLE}::element::Fe as .*Arithmetic>::"
called("portable", "portable::Fe::add", ELEMENT + "add$", "a + b mod p in [0, 2p]", direct, [plus], [times(2)] * 2, [times(2)], 0)
called("portable", "portable::fp1024::sub", f"^{PORTABLE}::sub$", "a − b mod p in [0, 2p]", direct, [minus], [times(2)] * 2, [times(2)], 0)


@promise("portable", "portable::Fe::complex_mul", ELEMENT + "complex_mul$", "(a0 + i·a1)(b0 + i·b1)/2^1037 mod p, both in [0, 2p]")
def portable_complex_mul(run):
    field, out = portable_fp1024.FIELD, run.allot()
    places, (a0, a1, b0, b1) = zip(*(field.put(run, letter, high=times(2)) for letter in "abcd"))
    portable_fp1024.sums_recognized(run)
    run.call(out, *places)
    field.expect(run, out, a0.times(b0).plus(a1.times(b1), -1), 1037)
    field.expect(run, out + field.octets, a0.times(b1).plus(a1.times(b0)), 1037)


for NAME, CALL, GOALS, HIGHS, BOUND, POWER, SAYS in (
        ("add", direct, [plus], [2**14, 2**14], [2**15], 0, "a + b, at most the sum of their bounds"),
        ("sub", direct, [minus], [2**15 - 16, 16], [2**15], 0, "a − b mod p, at most 16p more than a, b ≤ 16p"),
        ("neg", direct, [opposite], [16], [16], 0, "−a mod p, at most 16p, a ≤ 16p"),
        ("square", direct, [square], [64], [2], 1040, "a²/2^1040 mod p, at most 2p, a ≤ 64p"),
        ("product", job((0, 1), False), [product], [64, 64], [2], 1040, "a·b/2^1040 mod p, at most 2p, bounds that multiplied give 4096"),
        ("product_into", job((0, 1), True), [product], [64, 64], [2], 1040, "a·b/2^1040 mod p, at most 2p, bounds that multiplied give 4096"),
        ("sum_into", job((0, 1, 2, 3), True), [lambda a, b, c, d: a.times(c).plus(b.times(d))], [64, 32, 32, 64], [2], 1040,
         "(a·c + b·d)/2^1040 mod p, at most 2p, bounds whose products sum up to 4096"),
        ("reduce_into", direct, [same], [2**15], [2], 0, "a mod p, at most 2p"),
        ("both", direct, [plus, minus], [2**14, 16], [2**14 + 16] * 2, 0, "a + b, and a − b mod p at most 16p more than a, b ≤ 16p"),
        ("both_twice", direct, [lambda a, b: a.scaled(2).plus(b), lambda a, b: a.scaled(2).plus(b, -1)], [2**13, 16], [2**14 + 16] * 2, 0,
         "2a + b, and 2a − b mod p at most 16p more than 2a, b ≤ 16p")):
    called("lanes", f"fp1024x8::{NAME}", steps.JOBS[NAME], SAYS, CALL, GOALS, list(map(times, HIGHS)), list(map(times, BOUND)), POWER, True)


# Backend → (bound of an element before and after, of a factor or entry, what is said of them).
BOUNDS = {"portable": (2 * P1024, 2 * P1024, "in [0, 2p]"), "adx": (P1024 - 1, P1024 - 1, "in [0, p − 1]"),
          "ifma": (ifma_fp1024.TOP, ifma_fp1024.TOP, "below 2^1077 + 2^1076"), "lanes": (2 * P1024, 7 * P1024, "at most 2p, before and after")}


def step(name, says):
    """Of each backend whose step calls its operations."""
    def register(prove):
        for backend, (high, entry, bounds) in BOUNDS.items():
            @promise(backend, f"Arithmetic::{name}", f"{backend} fp1024 {name}", f"{says}, {bounds}", backend == "lanes")
            def proof(run, backend=backend, high=high, entry=entry):
                # Montgomery's form: a product of forms is divided by R, which is the form of a product.
                prove(Step(run, backend), high, entry)

    return register


@step("complex_square", "(a0 + i·a1)²")
def complex_square(step, high, _):
    out, a = step.run.allot(), step.array((U, V), high)
    step.run.call(out, a)
    step.expect(out, complex_product((U, V), (U, V)), high)


@step("complex_square_times", "(a0 + i·a1)^(2ⁿ), for n of 0 and 3")
def complex_square_times(step, high, _):
    start = step.run.domain.decide_number(step.run.domain.word("n", 1).unsigned)
    n = 3 * start
    out, a = step.run.allot(), step.array((U, V), high)
    step.run.call(out, a, n)
    step.expect(out, power((U, V), n), high)


@step("complex_step", "f⁸·g")
def complex_step(step, high, factor):
    f, g = step.array((U, V), high), step.array((u, v), factor)
    step.run.call(f, g)
    step.expect(f, complex_product(power((U, V), 3), (u, v)), high)


def whole_steps(step):
    """complex_step as what it promises."""
    octets = step.steps.elements.octets

    def replaced(f, g, *_):
        high = BOUNDS[step.backend][0]
        a, b = ([step.steps.element(place.known + octets * i, high)[0] for i in range(2)] for place in (f, g))
        for i, formula in enumerate(complex_product(power(a, 3), b)):
            step.steps.put(f.known + octets * i, formula, high)

    step.run.contract("^<eccsi_sakke::backend::adx::fp1024::element::Fe as .*Arithmetic>::complex_step$", replaced)


@step("complex_steps", "f⁸·g of two")
def complex_steps(step, high, factor):
    if step.backend == "adx":
        whole_steps(step)
    other = [Polynomial.variable(P1024, name) for name in "ABab"]
    places = [step.array((U, V), high), step.array(other[:2], high), step.array((u, v), factor), step.array(other[2:], factor)]
    step.run.call(*places)
    step.expect(places[0], complex_product(power((U, V), 3), (u, v)), high)
    step.expect(places[1], complex_product(power(other[:2], 3), other[2:]), high)


@step("complex_mul_unit", "(a0 + i·a1)(1 + i·t)")
def complex_mul_unit(step, high, factor):
    re, im, t = step.array((U,), high), step.array((V,), high), step.array((u,), factor)
    step.run.call(re, im, t)
    step.expect(re, (U - V * u,), high)
    step.expect(im, (V + U * u,), high)


@step("edwards_add", "(X : Y : Z : T) + the point of (y − x, y + x, 2xy)")
def edwards_add(step, high, entry):
    p, e = step.array(EXTENDED, high), step.array((v - u, v + u, 2 * u * v), entry)
    step.run.call(p, e)
    expect_extended(step.formulas(p, 4, high), edwards_sum(*map(Fraction, (U, V, u, v))))


@step("edwards_double", "2(X : Y : Z : T)")
def edwards_double(step, high, _):
    p = step.array(EXTENDED, high)
    step.run.call(p)
    expect_extended(step.formulas(p, 4, high), edwards_sum(*map(Fraction, (U, V, U, V))))
