#!/usr/bin/env python3
"""What is computed about divsteps, in the place of a proof from machine code: divsteps.py [ROUNDS].

1. The number of steps: Wuille's bound ⌊(45907·b + 26313)/19929⌋ for b bits is what the code takes, or more.
2. The packed words: for every f and g of 20 bits that random and edge choices meet, in any state of ζ, runs of 20 and 19 steps on packed words give the matrix
   that the definition gives, with |u| + |v| and |q| + |r| at most 2^20, so that fields of 21 bits hold it.
3. Every run ends: batches of 59 steps as the code does them bring g to 0 for edge values and random ones of 256 and of 1024 bits.

1 rests on the literature; 2 and 3 are tests, 2 besides an exhaustive one of shorter words. docs/proofs.md says so."""

import random
import re
import sys
from pathlib import Path

SOURCE = (Path(__file__).resolve().parents[2] / "src/backend/portable/safegcd.rs").read_text()
LOW = 20


def divstep(zeta, f, g):
    """By its definition, with δ = −ζ − ½ in the place of ζ: δ > 0 where ζ < 0."""
    if zeta < 0 and g & 1:
        return -zeta - 2, g, (g - f) // 2
    return zeta - 1, f, (g + (g & 1) * f) // 2


def matrix_step(zeta, f, g, m):
    """The same, and twice the matrix that takes the numbers there."""
    (u, v), (q, r) = m
    if zeta < 0 and g & 1:
        return -zeta - 2, g, (g - f) // 2, ((2 * q, 2 * r), (q - u, r - v))
    odd = g & 1
    return zeta - 1, f, (g + odd * f) // 2, ((2 * u, 2 * v), (q + odd * u, r + odd * v))


def packed(zeta, f, g, count, low=LOW):
    """As `run` in safegcd.rs, on words that have to fit 64 bits: (ζ, matrix scaled by 2^20, negated). With another `low`, the same with
    fewer bits."""
    most = 1 << 3 * low + 3
    # What promises/divsteps.py asks of the words.
    large, larger = (1 << 3 * low + 2) - (1 << low + 1), (1 << 3 * low + 2) + (1 << low)
    f, g = f - (1 << 2 * low + 1), g - (1 << 3 * low + 2)
    for _ in range(count):
        positive, odd = zeta < 0, g & 1
        assert f & 1
        assert min(abs(f), abs(g)) <= large and max(abs(f), abs(g)) <= larger, "words that no promise is about"
        total = g + (-f if positive else f) if odd else g
        assert -most <= total < most, "g ± f does not fit its word"
        if positive and odd:
            f, zeta = g, -zeta - 2
        else:
            zeta -= 1
        g = total >> 1
        assert -most <= f < most
    rows = []
    for row in (f, g):
        fields = row + (1 << low) >> low + 1
        first = fields & (1 << low + 1) - 1
        first -= first >> low << low + 1
        rows.append((first, fields - first >> low + 1))
    return zeta, tuple(rows)


def agrees(zeta, f, g, count, low):
    """Does a run give the matrix of the definition, within the fields of its words?"""
    state, x, y, m = zeta, f, g, ((1, 0), (0, 1))
    for _ in range(count):
        state, x, y, m = matrix_step(state, x, y, m)
    expected = tuple(tuple(-entry << low - count for entry in row) for row in m)
    found, rows = packed(zeta, f, g, count, low)
    assert (found, rows) == (state, expected), f"ζ {zeta}, f {f}, g {g}, {count} steps of {low} bits"
    assert all(abs(a) + abs(b) <= 1 << low for a, b in rows)


def all_runs_agree(most_bits):
    """With so few bits that every f, g and ζ that a run may begin with can be tried; ζ decides by its sign alone."""
    tried = 0
    for low in range(2, most_bits + 1):
        for f in range(1, 1 << low, 2):
            for g in range(1 << low):
                for zeta in range(-low - 1, low + 1):
                    for count in (low - 1, low):
                        agrees(zeta, f, g, count, low)
                        tried += 1
    return tried


def runs_agree(rounds):
    random.seed(11)
    edges = [1, 3, (1 << LOW) - 1, 1 << LOW - 1 | 1]
    for n in range(rounds):
        f = random.choice(edges) if n % 5 == 0 else random.getrandbits(LOW) | 1
        g = random.choice([0, 1, *edges]) if n % 7 == 0 else random.getrandbits(LOW)
        zeta, count = random.choice((-1, 0, 1, -2, random.randint(-591, 591))), random.choice((19, 20))
        agrees(zeta, f, g, count, LOW)


def steps_needed(f, g):
    zeta, steps = -1, 0
    while g:
        zeta, f, g = divstep(zeta, f, g)
        steps += 1
    return steps


def main():
    rounds = int(sys.argv[1]) if sys.argv[1:] else 2000
    bound = lambda b: (45907 * b + 26313) // 19929
    batches = {int(limbs): int(count) for limbs, count in re.findall(r"invert_signed::<(\d+), (\d+)>", SOURCE)}
    runs = [int(n) for n in re.search(r"RUNS: \[u32; 3\] = \[(\d+), (\d+), (\d+)\]", SOURCE).groups()]
    # For 256 bits the exact hull gives 590, one less than the formula.
    for bits, limbs, least in ((256, 5, bound(256) - 1), (1024, 17, bound(1024))):
        taken = batches[limbs] * sum(runs)
        assert taken >= least, f"{taken} steps for {bits} bits, {least} are needed"
        print(f"ok   {bits} bits: {taken} divsteps, the literature asks for {least}")
    print(f"ok   packed words of 2 to 6 bits: all {all_runs_agree(6)} runs give the matrices of the definition, within their fields")
    runs_agree(rounds)
    print(f"ok   packed words: {rounds} runs give the matrices of the definition, within their fields")
    for bits, prime, taken in ((256, 2**256 - 2**224 + 2**192 + 2**96 - 1, 590), (1024, 2**1024 - 105, 2360)):
        worst = max(steps_needed(prime, g) for g in [1, 2, prime - 1, prime >> 1, (1 << bits - 1) % prime]
                    + [random.randrange(prime) for _ in range(rounds // 100)])
        assert worst <= taken
        print(f"ok   {bits} bits: {worst} divsteps at most among {rounds // 100 + 5} values, {taken} are taken")


if __name__ == "__main__":
    main()
