"""Divsteps on packed words: one after the other what the definition says, for up to three. docs/proofs.md has what follows for matrices."""

from divsteps import divstep
from polynomial import Poly
from promises import promise
from promises.selections import any_of
from words import Form

# Of a packed word: its greatest entry is 2^20, and one of the two words is a little smaller.
MOST, LESS = 2**62 + 2**20, 2**62 - 2**21
# ζ is never further from 0.
FAR = 2**30 - 16


def multiple_and_rest(run, name, most, bits, rest):
    """A word that is any integer of at most that magnitude with these lowest bits: it and its polynomial."""
    low, high = -((most + rest) >> bits), (most - rest) >> bits
    poly = run.domain.unknown(name, low, high).scaled(1 << bits).plus(Poly.constant(rest))
    return run.domain.maybe_negative(Form(poly, (low << bits) + rest, (high << bits) + rest)), poly


def counter(run, count):
    """ζ: near to 0 each number by itself, else any number that keeps its sign for so many steps."""
    near = any_of(run, "zeta", 2 * count + 5)
    if near < 2 * count + 3:
        value = near - count - 2
        return run.domain.maybe_negative(Form(Poly.constant(value), value, value)), Poly.constant(value), value
    low, high = (count + 1, FAR) if near == 2 * count + 3 else (-FAR, -count - 3)
    poly = run.domain.unknown("zeta", low, high)
    return run.domain.maybe_negative(Form(poly, low, high)), poly, low


def expected(count, zeta, sign, f, g, f_rest, g_rest):
    """Polynomials of what the definition makes of polynomials, by the lowest bits and the sign of ζ, which decide."""
    for _ in range(count):
        swap, odd = sign < 0 and g_rest & 1, g_rest & 1
        total = g.plus(f, -1 if sign < 0 else 1) if odd else g
        zeta = zeta.scaled(-1).plus(Poly.constant(-2)) if swap else zeta.plus(Poly.constant(-1))
        f, g = (g if swap else f), total.down(1)
        sign, f_rest, g_rest = divstep(sign, f_rest, g_rest)
    return zeta, f, g


# `adx` is asked for one at least.
for BACKEND, COUNTS in (("portable", (0, 1, 2, 3)), ("adx", (1, 2, 3))):
    for COUNT in COUNTS:
        @promise(BACKEND, "Kernel::divsteps", f"{BACKEND} p256 divsteps",
                 "one divstep, f odd, f and g within ±(2^62 + 2^20), one of them within ±(2^62 − 2^21)" if COUNT == 1
                 else f"{COUNT or 'no'} divsteps, f odd, f and g within ±2^61")
        def divsteps(run, count=COUNT):
            out = run.allot()
            bits = max(count, 1)
            f_rest, g_rest = 2 * any_of(run, "f", 1 << bits - 1) + 1, any_of(run, "g", 1 << bits)
            most, less = (MOST, LESS) if count == 1 else (2**61, 2**61)
            larger = any_of(run, "larger", 2)
            f, f_poly = multiple_and_rest(run, "f", most if larger else less, bits, f_rest)
            g, g_poly = multiple_and_rest(run, "g", less if larger else most, bits, g_rest)
            zeta, zeta_poly, sign = counter(run, count)
            run.call(out, count, zeta, f, g)
            for i, goal in enumerate(expected(count, zeta_poly, sign, f_poly, g_poly, f_rest, g_rest)):
                word = run.machine.memory[out + 8 * i]
                run.equal(word.small().poly, goal)
