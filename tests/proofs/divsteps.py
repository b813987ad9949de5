#!/usr/bin/env python3
"""What is computed about divsteps, in the place of a proof from machine code: divsteps.py [ROUNDS].

1. The number of steps: Wuille's bound ⌊(45907·b + 26313)/19929⌋ for b bits is what the code takes, or more.
2. The packed words: for every f and g of 20 bits that random and edge choices meet, in any state of ζ, runs of 20 and 19 steps on packed words give the matrix
   that the definition gives, with |u| + |v| and |q| + |r| at most 2^20, so that fields of 21 bits hold it.
3. Every run ends: batches of 59 steps as the code does them bring g to 0 for edge values and random ones of 256 and of 1024 bits.

1 rests on the literature; 2 and 3 are tests. docs/proofs.md says so."""

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


def packed(zeta, f, g, count):
    """As `run` in safegcd.rs, on words that have to fit 64 bits: (ζ, matrix scaled by 2^20, negated)."""
    f, g = f - (1 << 41), g - (1 << 62)
    for _ in range(count):
        positive, odd = zeta < 0, g & 1
        assert f & 1
        total = g + (-f if positive else f) if odd else g
        assert -(1 << 63) <= total < 1 << 63, "g ± f does not fit its word"
        if positive and odd:
            f, zeta = g, -zeta - 2
        else:
            zeta -= 1
        g = total >> 1
        assert -(1 << 63) <= f < 1 << 63
    rows = []
    for row in (f, g):
        fields = row + (1 << 20) >> 21
        low = fields & (1 << 21) - 1
        low -= low >> 20 << 21
        rows.append((low, fields - low >> 21))
    return zeta, tuple(rows)


def runs_agree(rounds):
    random.seed(11)
    edges = [1, 3, (1 << LOW) - 1, 1 << LOW - 1 | 1]
    for n in range(rounds):
        f = random.choice(edges) if n % 5 == 0 else random.getrandbits(LOW) | 1
        g = random.choice([0, 1, *edges]) if n % 7 == 0 else random.getrandbits(LOW)
        zeta, count = random.choice((-1, 0, 1, -2, random.randint(-591, 591))), random.choice((19, 20))
        state, x, y, m = zeta, f, g, ((1, 0), (0, 1))
        for _ in range(count):
            state, x, y, m = matrix_step(state, x, y, m)
        scale = 1 << LOW - count
        expected = tuple(tuple(-entry * scale for entry in row) for row in m)
        found, rows = packed(zeta, f, g, count)
        assert (found, rows) == (state, expected), f"ζ {zeta}, f {f}, g {g}, {count} steps"
        assert all(abs(a) + abs(b) <= 1 << LOW for a, b in rows)


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
    runs_agree(rounds)
    print(f"ok   packed words: {rounds} runs give the matrices of the definition, within their fields")
    for bits, prime, taken in ((256, 2**256 - 2**224 + 2**192 + 2**96 - 1, 590), (1024, 2**1024 - 105, 2360)):
        worst = max(steps_needed(prime, g) for g in [1, 2, prime - 1, prime >> 1, (1 << bits - 1) % prime]
                    + [random.randrange(prime) for _ in range(rounds // 100)])
        assert worst <= taken
        print(f"ok   {bits} bits: {worst} divsteps at most among {rounds // 100 + 5} values, {taken} are taken")


if __name__ == "__main__":
    main()
