"""The 1024-bit field, one element across the lanes of three registers: 21 digits of 52 bits, below 2^1077 + 2^1076."""

from elements import Elements, complex_product, independent_products, operations, sum_of_products
from promises import P1024, minus, opposite, plus, product, same, square

TOP = 2**1077 + 2**1076 - 1
FIELD = Elements(P1024, 21, 52, 1092, TOP, padding=3)
NAME = "ifma fp1024"
FOLDED = 2**1077 + 2**1043 - 1
PRODUCT = 2**1076 - 1

operations(FIELD, "ifma", NAME, [
    ("Arithmetic::add", "add", plus, False, [TOP] * 2, FOLDED, "a + b mod p, below 2^1077 + 2^1043"),
    ("Arithmetic::sub", "sub", minus, False, [TOP] * 2, FOLDED, "a − b mod p, below 2^1077 + 2^1043"),
    ("Arithmetic::neg", "neg", opposite, False, [TOP], FOLDED, "−a mod p, below 2^1077 + 2^1043"),
    ("Arithmetic::double", "double", lambda a: a.scaled(2), False, [TOP], FOLDED, "2a mod p, below 2^1077 + 2^1043"),
    ("Arithmetic::reduce", "reduce", same, False, [TOP], TOP, "a"),
    ("Arithmetic::mul", "mul", product, True, [TOP] * 2, PRODUCT, "a·b/2^1092 mod p, below 2^1076"),
    ("Arithmetic::square", "square", square, True, [TOP], PRODUCT, "a²/2^1092 mod p, below 2^1076"),
])
for PAIRS in range(1, 7):
    sum_of_products(FIELD, "ifma", NAME, PAIRS, [(TOP, TOP)] * PAIRS, PRODUCT, f"Σ aᵢ·bᵢ/2^1092 mod p of {PAIRS} pairs, below 2^1076")
independent_products(FIELD, "ifma", NAME, TOP, PRODUCT)
complex_product(FIELD, "ifma", NAME, TOP, PRODUCT, "(a0 + i·a1)(b0 + i·b1)/2^1092 mod p, both below 2^1076")
