"""The 1024-bit field by u64 × u64 → u128: integers in [0, 2p], seventeen limbs of 61 bits."""

from elements import Elements, complex_product, independent_products, operations, sum_of_products
from promises import P1024, minus, opposite, plus, product, promise, same, square

FIELD = Elements(P1024, 17, 61, 1037, 2 * P1024)
LIMB = 2**61 - 1
TOP = 2 * P1024
WIDE = "^<eccsi_sakke::backend::portable::fp1024::wide::Wide>::"
SAYS = "in [0, 2p]"


def sums_recognized(run):
    run.recognized("portable::fp1024::unreduced_sum$", 17, 61)


def factor(run, place):
    """An integer that Wide::product takes: at most 4p, in limbs of 61 bits."""
    for i in range(17):
        run.within(run.domain.value(run.machine.memory[place + 8 * i]).poly, LIMB, "a limb")
    total = run.read(place, 17, 61)
    run.within(total, 4 * P1024, "a factor")
    return total


def contracts(run):
    """The product and the reduction as what they promise."""

    def multiplied(out, a, b, *_):
        x, y = (factor(run, place.known) for place in (a, b))
        run.put(out.known, 34, x.times(y), run.domain.tight(x)[1] * run.domain.tight(y)[1], "product", 61)

    def reduced(out, t, *_):
        total = run.read(t.known, 34, 61)
        run.within(total, 2**1036 * P1024, "what is to be reduced")
        multiple = run.domain.unknown("multiple", -(1 << 1040), 1 << 1040)
        run.put(out.known, 17, total.plus(multiple, P1024).down(1037), TOP, "reduced", 61)

    run.contract(WIDE + "product$", multiplied)
    run.contract(WIDE + "reduce$", reduced)


operations(FIELD, "portable", "portable fp1024", [
    ("Arithmetic::add", "add", plus, False, [TOP] * 2, TOP, f"a + b mod p {SAYS}"),
    ("Arithmetic::sub", "sub", minus, False, [TOP] * 2, TOP, f"a − b mod p {SAYS}"),
    ("Arithmetic::neg", "neg", opposite, False, [TOP], TOP, f"−a mod p {SAYS}"),
    ("Arithmetic::double", "double", lambda a: a.scaled(2), False, [TOP], TOP, f"2a mod p {SAYS}"),
    ("Arithmetic::reduce", "reduce", same, False, [TOP], TOP, "a"),
    ("Arithmetic::mul", "mul", product, True, [TOP] * 2, TOP, f"a·b/2^1037 mod p {SAYS}"),
    ("Arithmetic::square", "square", square, True, [TOP], TOP, f"a²/2^1037 mod p {SAYS}"),
])
for PAIRS in range(1, 7):
    sum_of_products(FIELD, "portable", "portable fp1024", PAIRS, [(TOP, TOP)] * PAIRS, TOP,
                    f"Σ aᵢ·bᵢ/2^1037 mod p of {PAIRS} pairs {SAYS}")
independent_products(FIELD, "portable", "portable fp1024", TOP, TOP)
complex_product(FIELD, "portable", "portable fp1024", TOP, TOP, f"(a0 + i·a1)(b0 + i·b1)/2^1037 mod p, both {SAYS}",
                before=sums_recognized)


@promise("portable", "Wide::product", WIDE + "product$", "a·b in limbs of 61 bits, a and b at most 4p")
def wide_product(run):
    out = run.allot()
    (a, x), (b, y) = run.number("a", 17, 61, 4 * P1024), run.number("b", 17, 61, 4 * P1024)
    run.call(out, a, b)
    run.equal(run.result(out, 34, 61, LIMB), x.times(y))


@promise("portable", "Wide::square", WIDE + "square$", "a² in limbs of 61 bits, a at most 2p")
def wide_square(run):
    out = run.allot()
    a, x = run.number("a", 17, 61, TOP)
    run.call(out, a)
    run.equal(run.result(out, 34, 61, LIMB), x.times(x))


@promise("portable", "Wide::reduce", WIDE + "reduce$", "t/2^1037 mod p in [0, 2p] for t ≤ 2^1036·p in any 34 words")
def wide_reduce(run):
    out = run.allot()
    place, total = run.number("t", 34, 61, 2**1036 * P1024, 2**64 - 1)
    run.call(out, place)
    FIELD.expect(run, out, total, 1037)
