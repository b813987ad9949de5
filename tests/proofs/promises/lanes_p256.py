"""The field of P-256, an element in each lane: five limbs of 52 bits, below 2^260."""

from elements import Elements, operations
from promises import P256, product, promise, same, square

FIELD = Elements(P256, 5, 52, 260, 2**260 - 1, lanes=8)
NAME = "lanes p256"
MOST = 2**260 - 1
REDUCED = 2**256 + 2**231 - 1


def of_products(m, n):
    """The bound of a product of a < 2^m and b < 2^n. It has to stay below 2^260."""
    bound = 2 ** (m + n - 260) + P256 - 1
    assert bound <= MOST
    return bound


def combined(p, *rest):
    """a − b − …, and a multiple of p."""
    def goal(a, *others):
        for other, factor in zip(others, rest):
            a = a.plus(other, factor)
        return a

    return goal


ROWS = []
for M, N in ((256, 256), (258, 258), (259, 259), (260, 256), (256, 260), (260, 259)):
    ROWS += [(f"Fe8::{name}", name, product, True, [2**M - 1, 2**N - 1], of_products(M, N),
              f"a·b/2^260 mod p, below 2^{M + N - 260} + p, for a < 2^{M}, b < 2^{N}") for name in ("mul", "mul_inline")]
for M in (256, 258, 259):
    ROWS += [(f"Fe8::{name}", name, square, True, [2**M - 1], of_products(M, M),
              f"a²/2^260 mod p, below 2^{2 * M - 260} + p, for a < 2^{M}") for name in ("square", "square_inline")]
# Sums that are not carried yet: limbs of up to 60 bits.
for ROW_OF, GOAL, HIGH, SAYS in (("reduce", "Loose::reduce", REDUCED, "a mod p, below 2^256 + 2^231"), ("add", "Loose::carry", MOST, "a")):
    @promise("lanes", GOAL, f"{NAME} {ROW_OF}", f"{SAYS}, for a < 2^260 in limbs below 2^60", vertical=True)
    def long_limbs(run, high=HIGH, arguments=1 + (ROW_OF == "add")):
        out = run.allot()
        place, total = run.number("a", 5, 52, MOST, limb_high=2**60 - 1, lanes=8)
        zero, _ = run.number("b", 5, 52, 0, limb_high=0, lanes=8)
        run.call(out, place, *[zero] * (arguments - 1))
        FIELD.expect(run, out, total, 0, high)


# What the bounds between kernels are made of: m·p is what the reduction adds, m < 2^260.
for NAME_OF, ARGUMENTS in (("mul", 2), ("mul_inline", 2), ("square", 1), ("square_inline", 1)):
    @promise("lanes", f"Fe8::{NAME_OF}", f"{NAME} {NAME_OF}",
             "at most a·b/2^260 + p, for " + ("a < 2^260, b < 2^259" if ARGUMENTS == 2 else "a = b < 2^259.5"), vertical=True)
    def bound_of_product(run, arguments=ARGUMENTS):
        out = run.allot()
        highs = [2**260 - 1, 2**259 - 1] if arguments == 2 else [int(2**259.5)]
        found = [FIELD.put(run, letter, high=high) for letter, high in zip("ab", highs)]
        run.call(out, *(place for place, _ in found))
        result = FIELD.get(run, out).scaled(2**260)
        run.within(result.plus(found[0][1].times(found[-1][1]), -1), 2**260 * P256)
ROWS += [
    ("Loose::reduce", "reduce", same, False, [MOST], REDUCED, "a mod p, below 2^256 + 2^231, for a < 2^260"),
    ("Loose::carry and Loose::add and Fe8::loose", "add", combined(P256, 1), False, [2**259 - 1] * 2, MOST, "a + b, below 2^260, for a, b < 2^259"),
    ("Loose::carry and Loose::twice", "twice", lambda a: a.scaled(2), False, [2**259 - 1], MOST, "2a, below 2^260, for a < 2^259"),
    ("Loose::carry and Loose::sub and Loose::add_p", "sub and add_p 2", combined(P256, -1), False, [2**259 - 1, 2 * P256], 2**259 - 1 + 2 * P256,
     "a + 2p − b, below 2^259 + 2p, for a < 2^259, b ≤ 2p"),
    ("Loose::carry and Loose::sub and Loose::add_p", "sub and add_p 16", combined(P256, -1), False, [0, 2**260 - 2**228 - 1], 16 * P256,
     "a + 16p − b, at most 16p, for a = 0, b < 2^260 − 2^228"),
    ("Loose::reduce and Loose::sub and Loose::add_p", "sub thrice, add_p 8 and reduce", combined(P256, -1, -2), False, [2**258 - 1, 2**257 - 1, 2**257 - 1], REDUCED,
     "a + 8p − b − 2c mod p, below 2^256 + 2^231, for a < 2^258, b, c < 2^257"),
]
operations(FIELD, "lanes", NAME, ROWS, vertical=True)
