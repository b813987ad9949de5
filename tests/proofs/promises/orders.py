"""Integers modulo the order of the 1024-bit curve, and octets of 1024 bits."""

from promises import P1024, Q1024, promise

WORD = 2**64 - 1
ANY = 2**1024 - 1

for HIGHS, SAYS in (([ANY, Q1024 - 1], "a any sixteen words"), ([Q1024 - 1, ANY], "b any sixteen words")):
    @promise("portable", "fp1024_order::montgomery_mul", "portable fp1024 order montgomery_mul",
             f"a·b/2^1024 mod q in [0, q − 1], {SAYS}")
    def montgomery_mul(run, highs=HIGHS):
        out = run.allot()
        (a, x), (b, y) = run.number("a", 16, 64, highs[0]), run.number("b", 16, 64, highs[1])
        run.call(out, a, b)
        result = run.result(out, 16, 64, WORD)
        run.congruent(result.scaled(2**1024).plus(x.times(y), -1), Q1024)
        run.within(result, Q1024 - 1)


@promise("portable", "fp1024_order::add", "portable fp1024 order add", "a + b mod q in [0, q − 1], octets, both below q")
def add(run):
    out = run.allot()
    (a, x), (b, y) = run.number("a", 16, 64, Q1024 - 1, swapped=True), run.number("b", 16, 64, Q1024 - 1, swapped=True)
    run.call(out, a, b)
    result = run.result(out, 16, 64, WORD, swapped=True)
    run.congruent(result.plus(x.plus(y), -1), Q1024)
    run.within(result, Q1024 - 1)


@promise("portable", "words::from_octets", "portable fp1024 from_octets of words", "the integer of 128 octets, the highest first")
def from_octets(run):
    out = run.allot()
    place, total = run.number("a", 16, 64, swapped=True)
    run.call(out, place)
    run.equal(run.result(out, 16, 64, WORD), total)


@promise("portable", "words::to_octets", "portable fp1024 to_octets of words", "128 octets of the integer, the highest first")
def to_octets(run):
    out = run.allot()
    place, total = run.number("a", 16, 64)
    run.call(out, place)
    run.equal(run.result(out, 16, 64, WORD, swapped=True), total)
