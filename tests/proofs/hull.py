#!/usr/bin/env python3
"""How many divsteps suffice: hull.py BITS…, or hull.py --full for the moduli of the crate, which takes an hour or more.

For each δ that may have come up, the convex hull of all (f, g) that may be there with it, whichever parities were met: one step
takes the hull of δ to f, g/2 and, by the sign of δ, to f, (g + f)/2 or g, (g − f)/2. That is Wuille's method (sipa/safegcd-bounds). The
start is 0 ≤ g ≤ f ≤ M with δ = ½. Where |g| < 1 in all of a hull g is 0, since it is an integer, and stays 0: such a hull is left
out. When none is left, so many steps were enough, for every odd f ≤ M and every g ≤ f.

Points are integers that stand for themselves divided by a power of two. Hulls are only ever enlarged: a coordinate is rounded to both
sides, and an edge is replaced by the point where its neighbours meet, moved outwards, once it is checked that both ends lie
inside. So what comes out is an upper bound, whatever was rounded."""

import multiprocessing
import re
import sys
from pathlib import Path

from promises import P1024

SOURCE = (Path(__file__).resolve().parents[2] / "src/backend/portable/safegcd.rs").read_text()
# Bits behind the point that are kept, at most that many more between two roundings.
KEPT, LONGER = 60, 16
# An edge goes where that enlarges the hull by less than its width divided by so much.
FINE = 1 << 10
# Hulls of fewer points are left as they are.
FEW = 8


def turn(o, a, b):
    """Positive where b is to the left of the way from o to a."""
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


def hull(points):
    """The corners, counter-clockwise (Andrew's monotone chain)."""
    points = sorted(set(points))
    if len(points) < 3:
        return points

    def chain(points):
        found = []
        for point in points:
            while len(found) > 1 and turn(found[-2], found[-1], point) <= 0:
                found.pop()
            found.append(point)
        return found

    return chain(points)[:-1] + chain(points[::-1])[:-1]


def meeting(a, b, c, d):
    """A point near to where ab and dc meet, outside of the edge bc, so that b and c lie in the triangle a, it, d; or None."""
    u, v, edge = (b[0] - a[0], b[1] - a[1]), (c[0] - d[0], c[1] - d[1]), (c[0] - b[0], c[1] - b[1])
    area = u[0] * v[1] - u[1] * v[0]
    if area >= 0:
        return None
    part = (d[0] - a[0]) * v[1] - (d[1] - a[1]) * v[0]
    point = (a[0] + u[0] * part // area + (2 if edge[1] > 0 else -2), a[1] + u[1] * part // area + (2 if edge[0] < 0 else -2))
    inside = all(turn(a, point, end) >= 0 and turn(point, d, end) >= 0 for end in (b, c))
    return point if inside else None


def simpler(corners, fine):
    """With fewer corners, and around all that the given ones are around."""
    corners, at, kept = list(corners), 0, 0
    while len(corners) > FEW and kept < len(corners):
        count = len(corners)
        at %= count
        a, b, c, d, opposite = (corners[(at + i) % count] for i in (0, 1, 2, 3, 1 + count // 2))
        at, kept = at + 1, kept + 1
        point = meeting(a, b, c, d)
        if point is not None and -turn(b, c, point) * fine <= turn(b, c, opposite):
            corners[at % count] = point
            del corners[(at + 1) % count]
            kept = 0
    return hull(corners)


def steps(most, fine=FINE):
    """So many divsteps suffice for 0 ≤ g ≤ f ≤ most, f odd."""
    hulls, shift, count = {-1: hull([(0, 0), (most, 0), (most, most)])}, 0, 0
    while hulls:
        count, shift, after = count + 1, shift + 1, {}
        for zeta, corners in hulls.items():
            # ζ = −(δ + ½), and both coordinates are doubled.
            straight = after.setdefault(zeta - 1, [])
            straight += [(2 * f, g) for f, g in corners]
            if zeta < 0:
                after.setdefault(-zeta - 2, []).extend((2 * g, g - f) for f, g in corners)
            else:
                straight += [(2 * f, g + f) for f, g in corners]
        drop = shift - KEPT if shift >= KEPT + LONGER else 0
        shift -= drop
        hulls = {}
        for zeta, points in after.items():
            if drop:
                points = [(x, y) for f, g in points for x in (f >> drop, -(-f >> drop)) for y in (g >> drop, -(-g >> drop))]
            if max(abs(g) for _, g in points) >= 1 << shift:
                hulls[zeta] = simpler(hull(points), fine)
    return count


def formula(bits):
    return (45907 * bits + 26313) // 19929


def taken(limbs):
    """As many as the source does, for so many limbs of 62 bits."""
    batches = re.search(rf"invert_signed::<{limbs}, (\d+)>", SOURCE)[1]
    return int(batches) * sum(map(int, re.search(r"RUNS: \[u32; 3\] = \[(\d+), (\d+), (\d+)\]", SOURCE).groups()))


# What it is → (the greatest modulus, limbs, how far hulls may be simplified: for 256 bits there is no step to spare).
MODULI = {"every modulus of 256 bits": (2**256 - 1, 5, 1 << 12), "p of 1024 bits, and q": (P1024, 17, FINE)}


def of_modulus(what):
    most, limbs, fine = MODULI[what]
    return what, steps(most, fine), taken(limbs)


def main():
    failed = 0
    if sys.argv[1:] == ["--full"]:
        with multiprocessing.Pool() as pool:
            for what, enough, done in pool.imap_unordered(of_modulus, MODULI):
                print(f"{'ok  ' if enough <= done else 'FAIL'} {what}: {enough} divsteps suffice, {done} are done", flush=True)
                failed += enough > done
    for bits in [] if failed or sys.argv[1:] == ["--full"] else map(int, sys.argv[1:]):
        enough = steps((1 << bits) - 1)
        print(f"{'ok  ' if enough <= formula(bits) else 'FAIL'} {bits} bits: {enough} divsteps suffice, the formula says {formula(bits)}")
        failed += enough > formula(bits)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
