"""The 1024-bit field, an element in each lane: twenty limbs of 52 bits, below a multiple of p that is the caller's matter."""

from elements import Elements, complex_product, independent_products, operations, sum_of_products
from promises import P1024, minus, opposite, plus, product, same, square

FIELD = Elements(P1024, 20, 52, 1040, None, lanes=8)
NAME = "lanes fp1024"
MOST = 2**15


def times(n):
    return n * P1024


operations(FIELD, "lanes", NAME, [
    ("Arithmetic::add", "add", plus, False, [times(2**14)] * 2, times(MOST), "a + b, at most 2^15·p, for a, b ≤ 2^14·p"),
    ("Arithmetic::add", "add", plus, False, [times(5), times(16)], times(21), "a + b, at most 21p, for a ≤ 5p, b ≤ 16p"),
    ("Arithmetic::sub", "sub", minus, False, [times(MOST - 16), times(16)], times(MOST),
     "a − b mod p, at most 16p more than a, for a ≤ (2^15 − 16)p, b ≤ 16p"),
    ("Arithmetic::neg", "neg", opposite, False, [times(16)], times(16), "−a mod p, at most 16p, for a ≤ 16p"),
    ("Arithmetic::double", "double", lambda a: a.scaled(2), False, [times(2**14)], times(MOST), "2a, at most 2^15·p, for a ≤ 2^14·p"),
    ("Arithmetic::reduce", "reduce", same, False, [times(MOST)], times(2), "a mod p, at most 2p, for a ≤ 2^15·p"),
    *[("Arithmetic::mul", "mul", product, True, [times(x), times(y)], times(2),
       f"a·b/2^1040 mod p, at most 2p, for a ≤ {x}p, b ≤ {y}p") for x, y in ((64, 64), (4096, 1), (1, 4096))],
    ("Arithmetic::square", "square", square, True, [times(64)], times(2), "a²/2^1040 mod p, at most 2p, for a ≤ 64p"),
], vertical=True)
# Bounds of pairs whose products sum up to 4096.
SHARES = {1: [(64, 64)], 2: [(64, 32), (32, 64)], 3: [(64, 32), (32, 32), (16, 64)], 4: [(32, 32)] * 4,
          5: [(32, 32)] * 3 + [(16, 32)] * 2, 6: [(2, 2), (16, 16), (18, 18), (32, 32), (64, 35), (8, 31)]}
for PAIRS, BOUNDS in SHARES.items():
    assert sum(x * y for x, y in BOUNDS) == 4096
    sum_of_products(FIELD, "lanes", NAME, PAIRS, [(times(x), times(y)) for x, y in BOUNDS], times(2),
                    f"Σ aᵢ·bᵢ/2^1040 mod p of {PAIRS} pairs, at most 2p, for bounds that multiplied and summed give 4096", vertical=True)
independent_products(FIELD, "lanes", NAME, times(16), times(2), vertical=True)
complex_product(FIELD, "lanes", NAME, times(8), times(2), "(a0 + i·a1)(b0 + i·b1)/2^1040 mod p, both at most 2p, for factors ≤ 8p",
                vertical=True)
