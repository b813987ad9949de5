"""Integers modulo the order of the 1024-bit curve, and octets of 1024 bits."""

from polynomial import Poly
from promises import Q1024, promise
from words import Form, Word

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


MODULE = "^eccsi_sakke::backend::portable::fp1024_order::"


SUB = "^eccsi_sakke::backend::portable::words::sub$"


@promise("portable", "words::sub", SUB, "a − b + 2^1024·borrow, in sixteen words, and the borrow")
def sub(run):
    out = run.allot()
    (a, x), (b, y) = run.number("a", 16, 64, ANY), run.number("b", 16, 64, ANY)
    run.call(out, a, b)
    borrow = run.domain.value(run.machine.memory[out + 128])
    run.equal(run.result(out, 16, 64, WORD).plus(borrow.poly, -1 << 1024), x.plus(y, -1))
    run.within(borrow.poly, 1, "the borrow")


def halfway(run):
    """The first of two products is below q as a number: the subtraction that ends it is decided, and bounds then know both."""

    def subtracted(out, a, b, *_):
        x, y = run.read(a.known, 16), run.read(b.known, 16)
        borrow = run.domain.unknown("borrow", 0, 1)
        difference = run.put(out.known, 16, x.plus(y, -1).plus(borrow, 1 << 1024), ANY, "difference")
        run.machine.memory[out.known + 128] = Word(Form(borrow, 0, 1))
        whole = x.plus(y, -1).plus(borrow, 1 << 1024)
        for i, word in enumerate(difference):
            whole = whole.plus(word.unsigned.poly, -1 << 64 * i)
        borrowed = run.domain.decide(Form(borrow, 0, 1))
        run.domain.equations.append(whole.plus(borrow, -1 << 1024).plus(Poly.constant(borrowed << 1024)))
        if borrowed:
            known(run, x, [run.machine.memory[a.known + 8 * i] for i in range(16)], a.known)
        else:
            known(run, x.plus(y, -1), difference, out.known)

    run.contract(SUB, subtracted)


def known(run, total, words, place):
    """Says that an integer is below q, once that is shown."""
    run.within(total, Q1024 - 1, "the first product")
    unknowns = []
    for i, word in enumerate(words):
        form = run.domain.value(word)
        poly = run.domain.named(form)
        ((unknown,),) = poly.terms
        unknowns.append(unknown)
        run.machine.memory[place + 8 * i] = Word(Form(poly, form.low, form.high))
    integer = run.domain.unknown("number", 0, Q1024 - 1)
    run.domain.numbers.insert(0, (integer, unknowns, [64 * i for i in range(16)]))


@promise("portable", "fp1024_order::product", MODULE + "product$", "a·b mod q in [0, q − 1], a any sixteen words, b below q")
def order_product(run):
    out = run.allot()
    (a, x), (b, y) = run.number("a", 16, 64, ANY), run.number("b", 16, 64, Q1024 - 1)
    halfway(run)
    run.call(out, a, b)
    result = run.result(out, 16, 64, WORD)
    run.congruent(result.plus(x.times(y), -1), Q1024)
    run.within(result, Q1024 - 1)


def product_contract(run):
    """a·b mod q as what it promises."""

    def multiplied(out, a, b, *_):
        x, y = run.read(a.known, 16), run.read(b.known, 16)
        run.within(y, Q1024 - 1, "the second factor")
        multiple = run.domain.unknown("multiple", -(1 << 1025), 0)
        run.put(out.known, 16, x.times(y).plus(multiple, Q1024), Q1024 - 1, "product")

    run.contract(MODULE + "product$", multiplied)


def on_octets(function, arguments, goal, says):
    """Of integers of 128 octets: the first any, the second below q."""
    @promise("portable", f"fp1024_order::{function}", f"portable fp1024 order {function}", says)
    def prove(run):
        out = run.allot()
        found = [run.number(name, 16, 64, high, swapped=True) for name, high in arguments]
        product_contract(run)
        run.call(out, *(place for place, _ in found))
        result = run.result(out, 16, 64, WORD, swapped=True)
        difference = goal(*(total for _, total in found), result)
        run.congruent(difference, Q1024)
        run.within(result, Q1024 - 1)


on_octets("reduce", [("a", ANY)], lambda a, r: r.plus(a, -1), "a mod q in [0, q − 1], octets, any 128")
on_octets("mul", [("a", ANY), ("b", Q1024 - 1)], lambda a, b, r: r.plus(a.times(b), -1),
          "a·b mod q in [0, q − 1], octets, a any 128, b below q")
on_octets("halve_plus_ones", [("k", Q1024 - 1)], lambda k, r: r.scaled(2).plus(k, -1).plus(Poly.constant(2**1026 - 1), -1),
          "(k + 2^N − 1)/2 mod q in [0, q − 1], octets, k below q, for N = 1026, which is what the curve code takes")


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
