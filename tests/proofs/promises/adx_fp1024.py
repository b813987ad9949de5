"""The 1024-bit field by MULX, ADCX and ADOX: integers in [0, p − 1], sixteen words of 64 bits."""

from polynomial import Poly
from promises import P1024, minus, opposite, plus, product, promise, same, square
from words import Unproved, constant

WORD = 2**64 - 1
FILE = "eccsi_sakke::backend::adx::fp1024::kernels::"
TOP = P1024 - 1


def most_of(run, total):
    return run.domain.tight(total)[1]


def products(run):
    """The product and the square as what they promise, and sums of 33 words."""
    value, read = run.domain.value, run.read

    def multiplied(out, a, b, *_):
        x, y = read(a.known, 16), read(b.known, 16)
        run.put(out.known, 32, x.times(y), most_of(run, x) * most_of(run, y), "product")

    def squared(out, a, *_):
        x = read(a.known, 16)
        run.put(out.known, 32, x.times(x), most_of(run, x) ** 2, "product")

    def accumulated(t, u, *_):
        total = read(t.known, 33).plus(read(u.known, 33))
        high = most_of(run, read(t.known, 33)) + most_of(run, read(u.known, 33))
        if high >> 64 * 33:
            raise Unproved("a sum of more than 33 words")
        run.put(t.known, 33, total, high, "sum")

    run.contract(FILE + "product_kernel$", multiplied)
    run.contract(FILE + "square_kernel$", squared)
    run.contract(FILE + "accumulate_kernel$", accumulated)


def reduction(run, most):
    """The reduction as what it promises for t ≤ most: t/2^1024 modulo p, below p or at most most/2^1024; t is used up."""
    bound = max(TOP, most >> 1024)

    def reduced(out, t, *_):
        total = run.read(t.known, 33)
        run.within(total, most, "what is to be reduced")
        for i in range(33):
            run.machine.memory.forget(t.known + 8 * i, 8)
        multiple = run.domain.unknown("multiple", -(1 << 1024), 1 << 1024)
        words = run.put(out.known, 17, total.plus(multiple, P1024).down(1024), bound, "reduced")
        run.machine.memory.forget(out.known + 128, 8)
        top = words[16]
        if run.domain.enumerated:
            top = constant(run.domain.decide_number(top.unsigned))
        run.machine.registers["rax"] = top

    run.contract(FILE + "reduce_kernel$", reduced)


def sums_and_differences(run):
    """a + b and a − b in [0, p − 1]."""

    def combined(sign):
        def replaced(out, a, b, *_):
            x, y = run.read(a.known, 16), run.read(b.known, 16)
            run.within(x, TOP, "an argument")
            run.within(y, TOP, "an argument")
            multiple = run.domain.unknown("multiple", -1, 1)
            run.put(out.known, 16, x.plus(y, sign).plus(multiple, P1024), TOP, "sum")

        return replaced

    run.contract(FILE + "add_kernel$", combined(1))
    run.contract(FILE + "sub_kernel$", combined(-1))


def contracts(run, most):
    products(run)
    reduction(run, most)
    sums_and_differences(run)


# The functions in assembly.


def assembly(function, arguments, goal, says):
    @promise("adx", f"adx::fp1024::kernels::{function}", f"^{FILE}{function}$", says)
    def prove(run):
        out = run.allot()
        found = [run.number(name, 16, 64, None if "any" in says else TOP) for name in "ab"[:arguments]]
        run.call(out, *(place for place, _ in found))
        total = goal(*(total for _, total in found))
        if "mod p" in says:
            result = run.result(out, 16, 64, WORD)
            run.congruent(result.plus(total, -1), P1024)
            run.within(result, TOP)
        else:
            run.equal(run.result(out, 32, 64, WORD), total)


assembly("product_kernel", 2, product, "t = a·b, any sixteen words each")
assembly("square_kernel", 1, square, "t = a², any sixteen words")
assembly("add_kernel", 2, plus, "a + b mod p in [0, p − 1]")
assembly("sub_kernel", 2, minus, "a − b mod p in [0, p − 1]")


@promise("adx", "adx::fp1024::kernels::accumulate_kernel", f"^{FILE}accumulate_kernel$", "t + u, both below 2^2111")
def accumulate(run):
    (t, x), (u, y) = run.number("t", 33, 64, 2**2111 - 1), run.number("u", 33, 64, 2**2111 - 1)
    run.call(t, u)
    run.equal(run.result(t, 33, 64, WORD), x.plus(y))


for MOST, SAYS in ((P1024**2, "t ≤ p²: in [0, p − 1], and 0 for the word above"),
                   (2 * P1024**2, "t ≤ 2p²: at most 2p²/2^1024, the word above included"),
                   (6 * P1024**2, "t ≤ 6p²: at most 6p²/2^1024, the word above included")):
    @promise("adx", "adx::fp1024::kernels::reduce_kernel", f"^{FILE}reduce_kernel$", f"t/2^1024 mod p, less p once, for {SAYS}")
    def reduce(run, most=MOST):
        out = run.allot()
        place, total = run.number("t", 33, 64, most)
        run.call(out, place)
        top = run.domain.value(run.machine.registers["rax"])
        result = run.result(out, 16, 64, WORD).plus(top.poly, 1 << 1024)
        run.congruent(result.scaled(2**1024).plus(total, -1), P1024)
        run.within(result, max(TOP, most >> 1024))


# What is made of them.


def element(function, goal, says, factor=1, entry=None):
    count = goal.__code__.co_argcount

    @promise("adx", f"Arithmetic::{function}", f"adx fp1024 {entry or function}", says)
    def prove(run):
        out = run.allot()
        found = [run.number(name, 16, 64, TOP) for name in "ab"[:count]]
        contracts(run, P1024**2)
        run.call(out, *(place for place, _ in found))
        result = run.result(out, 16, 64, WORD)
        run.congruent(result.scaled(factor).plus(goal(*(total for _, total in found)), -1), P1024)
        run.within(result, TOP)


element("add", plus, "a + b mod p in [0, p − 1]")
element("sub", minus, "a − b mod p in [0, p − 1]")
element("neg", opposite, "−a mod p in [0, p − 1]")
element("double", lambda a: a.scaled(2), "2a mod p in [0, p − 1]")
element("reduce", same, "a")
element("mul", product, "a·b/2^1024 mod p in [0, p − 1]", 2**1024)
element("square", square, "a²/2^1024 mod p in [0, p − 1]", 2**1024)


def arrays(run, count, names="ab"):
    """Arrays of elements: their places, and the integers."""
    places, all_totals = [], []
    for name in names:
        place = run.allot()
        all_totals.append([run.number(f"{name}{i}.", 16, 64, TOP, place=place + 128 * i)[1] for i in range(count)])
        places.append(place)
    return places, all_totals


for N in range(1, 7):
    @promise("adx", "Arithmetic::sum_of_products", f"adx fp1024 sum_of_products of {N}",
             f"Σ aᵢ·bᵢ/2^1024 mod p of {N} pairs, in [0, p − 1]")
    def sum_of_products(run, n=N):
        out = run.allot()
        places, (a, b) = arrays(run, n)
        # The pairs of the quotient's estimate are few: each is looked at.
        contracts(run, n * P1024**2)
        run.domain.enumerated = 60 if n > 2 else None
        run.call(out, *places)
        result = run.result(out, 16, 64, WORD)
        total = Poly({})
        for x, y in zip(a, b):
            total = total.plus(x.times(y))
        run.congruent(result.scaled(2**1024).plus(total, -1), P1024)
        run.within(result, TOP)


@promise("adx", "Arithmetic::complex_mul", "adx fp1024 complex_mul", "(a0 + i·a1)(b0 + i·b1)/2^1024 mod p, both in [0, p − 1]")
def complex_mul(run):
    out = run.allot()
    places, ((a0, a1), (b0, b1)) = arrays(run, 2)
    contracts(run, 2 * P1024**2)
    run.call(out, *places)
    for place, goal in ((out, a0.times(b0).plus(a1.times(b1), -1)), (out + 128, a0.times(b1).plus(a1.times(b0)))):
        result = run.result(place, 16, 64, WORD)
        run.congruent(result.scaled(2**1024).plus(goal, -1), P1024)
        run.within(result, TOP)


for FUNCTION, COUNT in (("squares", 2), ("mul_pairs", 4), ("mul_pairs_into", 3)):
    @promise("adx", f"Arithmetic::{FUNCTION}", f"adx fp1024 {FUNCTION} of {COUNT}", f"{COUNT} independent products /2^1024 mod p in [0, p − 1]")
    def pairs(run, count=COUNT, squares=FUNCTION == "squares"):
        out = run.allot()
        places, totals = arrays(run, count, "a" if squares else "ab")
        contracts(run, P1024**2)
        run.call(out, *places)
        for i in range(count):
            result = run.result(out + 128 * i, 16, 64, WORD)
            run.congruent(result.scaled(2**1024).plus(totals[0][i].times(totals[-1][i]), -1), P1024)
            run.within(result, TOP)
