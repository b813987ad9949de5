"""Comparisons of field elements, and of integers with a range."""

from octets import octets_of, word_of
from polynomial import Poly
from promises import P1024, Q1024, portable_fp1024, promise
from promises.orders import ANY, SUB
from promises.selections import FIELDS, any_of
from words import Form, Unproved, Word


def octet(run, place):
    """An octet of a result, 0 or 1, whatever that takes."""
    found, around = run.machine.memory.read_part(place, 1)
    return run.domain.decide(run.domain.value(found or run.domain.low_part(around, 8)))


def words_of(value, bits, count):
    return [value >> bits * i & (1 << bits) - 1 for i in range(count)]


def says_whether(run, said, words, bits, values):
    """`said` is 1 exactly if the integer in these words, none of which has more than so many bits, is one of `values`: for each of them
    it was found out whether all words are those of the value."""
    found = set()
    for value in values:
        differences = [word.plus(Poly.constant(-digit)) for word, digit in zip(words, words_of(value, bits, len(words)))]
        decided = run.domain.said_to_vanish(differences)
        if decided is None and said == 0:
            raise Unproved("a value that is not compared with")
        found.add(decided)
    if said != int(1 in found):
        raise Unproved("what is said is not what was found")


@promise("adx", "ConstantTimeEq::ct_eq", "adx fp1024 ct_eq", "1 for a = b, 0 for others")
def equal_words(run):
    out, field = run.allot(), FIELDS["adx"]
    (a, _), (b, _) = field.put(run, "a"), field.put(run, "b")
    run.call(out, a, b)
    limbs = [[run.domain.value(run.machine.memory[place + 8 * i]).poly for i in range(field.limbs)] for place in (a, b)]
    says_whether(run, octet(run, out), [x.plus(y, -1) for x, y in zip(*limbs)], 64, [0])


@promise("portable", "ConstantTimeEq::ct_eq", "portable fp1024 ct_eq", "1 for a ≡ b mod p, 0 for others, both in [0, 2p]")
def equal_modulo(run):
    """The difference is one of 0, p and 2p."""
    out, field, found = run.allot(), portable_fp1024.FIELD, []
    (a, x), (b, y) = field.put(run, "a"), field.put(run, "b")

    def subtracted(place, left, right, *_):
        if (left.known, right.known) != (a, b):
            raise Unproved("a difference of others")
        multiple = run.domain.unknown("multiple", -2, 2)
        found.extend(run.put(place.known, field.limbs, x.plus(y, -1).plus(multiple, P1024), field.high, "difference", field.bits))

    run.contract("^eccsi_sakke::backend::portable::fp1024::sub$", subtracted)
    run.call(out, a, b)
    words = [run.domain.value(word).poly for word in found]
    says_whether(run, octet(run, out), words, field.bits, [0, P1024, 2 * P1024])


INTEGER = "^<eccsi_sakke::backend::ifma::fp1024::fe::Fe<.*>>::integer$"


@promise("ifma", "fp1024::Fe::integer", INTEGER, "the integer in [0, p − 1] whose form this is")
def integer(run):
    out, field = run.allot(), FIELDS["ifma"]
    place, total = field.put(run, "a")
    run.call(out, place)
    result = run.result(out, 16, 64, 2**64 - 1)
    run.congruent(result.scaled(1 << field.power).plus(total, -1), P1024)
    run.within(result, P1024 - 1)


@promise("ifma", "ConstantTimeEq::ct_eq", "ifma fp1024 ct_eq", "1 for a ≡ b mod p, 0 for others")
def equal_integers(run):
    """The difference as an integer in [0, p − 1] is 0."""
    out, field, found = run.allot(), FIELDS["ifma"], []
    (a, x), (b, y) = field.put(run, "a"), field.put(run, "b")

    def made(place, element, *_):
        """As `integer` promises."""
        total = field.get(run, element.known)
        run.congruent(total.plus(x, -1).plus(y), P1024)
        run.within(total, field.high, "an element")
        words = [run.domain.word("word", 2**64 - 1) for _ in range(16)]
        for i, word in enumerate(words):
            run.machine.memory[place.known + 8 * i] = word
        found.extend(words)

    run.contract(INTEGER, made)
    run.call(out, a, b)
    says_whether(run, octet(run, out), [run.domain.value(word).poly for word in found], 64, [0])


@promise("portable", "fp1024_order::in_key_range", "portable fp1024 order in_key_range", "1 for an integer in [2, q − 1], 0 for others")
def in_key_range(run):
    """By the lowest word above the first one that is not 0, where the first one is 0 or 1; the subtraction of q is what `words::sub`
    promises."""
    out, place, total = run.allot(), run.allot(), Poly({})
    lowest = any_of(run, "lowest", 17)
    for i in range(16):
        low = 0 if lowest == 0 and i else 2 if lowest == 0 else int(i == lowest)
        high = 1 if lowest and i == 0 else 0 if i < lowest else 2**64 - 1
        word = run.domain.word(f"a{i}", high, low)
        total = total.plus(word.unsigned.poly, 1 << 64 * i)
        run.machine.memory[place + 8 * (15 - i)] = word_of(octets_of(word)[::-1])

    def subtracted(difference, a, b, *_):
        borrow = run.domain.unknown("borrow", 0, 1)
        whole = run.read(a.known, 16).plus(run.read(b.known, 16), -1).plus(borrow, 1 << 1024)
        run.put(difference.known, 16, whole, ANY, "difference")
        run.machine.memory[difference.known + 128] = Word(Form(borrow, 0, 1))
        # With the borrow decided, the integer itself is in these bounds.
        borrowed = run.domain.decide(Form(borrow, 0, 1))
        known = run.domain.unknown("known", 0, ANY)
        run.domain.equations.append(whole.plus(borrow, -1 << 1024).plus(Poly.constant(borrowed << 1024)).plus(known, -1))

    run.contract(SUB, subtracted)
    run.call(out, place)
    if octet(run, out):
        run.within(total.plus(Poly.constant(-2)), Q1024 - 3, "what is said to be in the range")
    elif lowest < 16:
        run.within(total.plus(Poly.constant(-Q1024)), ANY, "what is said not to be in the range")
