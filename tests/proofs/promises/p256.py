"""P-256, field and order, four words of 64 bits: `portable` and `adx`."""

from promises import P256, Q256, minus, opposite, plus, product, promise, same, square

WORD = 2**64 - 1


def words(backend, function, entry, goal, says, modulus=P256, factor=1, highs=None, most=None, mask=None):
    """Arguments in [0, modulus − 1] unless `highs` says otherwise, the result in [0, modulus − 1]: factor·result ≡ goal."""
    highs = highs or [modulus - 1] * goal.__code__.co_argcount

    @promise(backend, function, entry, says)
    def prove(run):
        out = run.allot()
        arguments = [run.number(name, 4, 64, high) for name, high in zip("ab", highs)]
        places = [place for place, _ in arguments]
        run.call(out, *([] if mask is None else [mask]), *places)
        result = run.result(out, 4, 64, WORD)
        run.congruent(result.scaled(factor).plus(goal(*(total for _, total in arguments)), -1), modulus)
        run.within(result, most or modulus - 1)


for BACKEND in ("portable", "adx"):
    def kernel(function, *rest, backend=BACKEND, **more):
        words(backend, f"Kernel::{function}", f"{backend} p256 {function}", *rest, **more)

    kernel("field_mul", product, "a·b/2^256 mod p in [0, p − 1]", factor=2**256)
    kernel("field_square", square, "a²/2^256 mod p in [0, p − 1]", factor=2**256)
    kernel("field_add", plus, "a + b mod p in [0, p − 1]")
    kernel("field_sub", minus, "a − b mod p in [0, p − 1]")
    kernel("field_halve", same, "a/2 mod p in [0, p − 1]", factor=2)
    kernel("field_negate_if", opposite, "−a mod p in [0, p], mask all ones", mask=WORD, most=P256)
    kernel("field_negate_if", same, "a, mask 0", mask=0)
    # `portable` multiplies by the function of p256_order, under its own name.
    ORDER_MUL = "order_mul and p256_order::mul" if BACKEND == "portable" else "order_mul"
    for HIGHS, ANY in (([2**256 - 1, Q256 - 1], "a"), ([Q256 - 1, 2**256 - 1], "b")):
        words(BACKEND, f"Kernel::{ORDER_MUL}", f"{BACKEND} p256 order_mul", product,
              f"a·b/2^256 mod q in [0, q − 1], {ANY} any four words", modulus=Q256, factor=2**256, highs=HIGHS)

words("portable", "p256_order::reduce", "portable p256 order reduce", same, "a mod q in [0, q − 1], a any four words", modulus=Q256,
      highs=[2**256 - 1])


@promise("portable", "limbs::from_octets", "portable p256 from_octets", "the integer of 32 octets, the highest first")
def from_octets(run):
    out = run.allot()
    place, total = run.number("a", 4, 64, swapped=True)
    run.call(out, place)
    run.equal(run.result(out, 4, 64, WORD), total)


@promise("portable", "limbs::to_octets", "portable p256 to_octets", "32 octets of the integer, the highest first")
def to_octets(run):
    out = run.allot()
    place, total = run.number("a", 4, 64)
    run.call(out, place)
    run.equal(run.result(out, 4, 64, WORD, swapped=True), total)
