"""The field of P-256, an element in each lane: five limbs of 52 bits, below 2^260."""

from elements import Elements, operations
from promises import P256, product, same, square

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
ROWS += [
    ("Loose::reduce", "reduce", same, False, [MOST], REDUCED, "a mod p, below 2^256 + 2^231, for a < 2^260"),
    ("Loose::carry", "add", combined(P256, 1), False, [2**259 - 1] * 2, MOST, "a + b, below 2^260, for a, b < 2^259"),
    ("Loose::carry", "twice", lambda a: a.scaled(2), False, [2**259 - 1], MOST, "2a, below 2^260, for a < 2^259"),
    ("Loose::carry", "sub and add_p 2", combined(P256, -1), False, [2**259 - 1, 2 * P256], 2**259 - 1 + 2 * P256,
     "a + 2p − b, below 2^259 + 2p, for a < 2^259, b ≤ 2p"),
    ("Loose::carry", "sub and add_p 16", combined(P256, -1), False, [0, 2**260 - 2**228 - 1], 16 * P256,
     "a + 16p − b, at most 16p, for a = 0, b < 2^260 − 2^228"),
    ("Loose::reduce", "sub thrice, add_p 8 and reduce", combined(P256, -1, -2), False, [2**258 - 1, 2**257 - 1, 2**257 - 1], REDUCED,
     "a + 8p − b − 2c mod p, below 2^256 + 2^231, for a < 2^258, b, c < 2^257"),
]
operations(FIELD, "lanes", NAME, ROWS, vertical=True)
