"""Between octets, integers and the forms of the kernels."""

from elements import Elements
from polynomial import Poly
from promises import P256, P1024, adx_fp1024, lanes_fp1024, lanes_p256, portable_fp1024, promise
from promises.selections import FIELDS
from words import Unproved, Word

WORD = 2**64 - 1
ANY = 2**1024 - 1


def contracts(run, backend):
    if backend == "adx":
        adx_fp1024.contracts(run, ANY * P1024)


for BACKEND, FIELD in FIELDS.items():
    @promise(BACKEND, "Field::to_octets", f"{BACKEND} fp1024 to_octets", "octets of the integer in [0, p − 1] whose form this is")
    def to_octets(run, field=FIELD, backend=BACKEND):
        out = run.allot()
        place, total = field.put(run, "a")
        contracts(run, backend)
        run.call(out, place)
        result = run.result(out, 16, 64, WORD, swapped=True)
        run.congruent(result.scaled(1 << field.power).plus(total, -1), P1024)
        run.within(result, P1024 - 1)

    @promise(BACKEND, "Field::from_octets", f"{BACKEND} fp1024 from_octets", "the form of the integer, and whether it lies below p")
    def from_octets(run, field=FIELD, backend=BACKEND):
        out, flag = run.allot(), run.allot()
        place, total = run.number("a", 16, 64, ANY, swapped=True)
        if backend == "portable":
            portable_fp1024.contracts(run)
        contracts(run, backend)
        run.call(out, flag, place, 0)
        found, around = run.machine.memory.read_part(flag, 1)
        reduced = run.domain.decide(run.domain.value(found or run.domain.low_part(around, 8)))
        if reduced:
            run.within(total, P1024 - 1, "what is said to lie below p")
            field.expect(run, out, total.scaled(1 << field.power))
        else:
            run.within(total.plus(Poly.constant(-P1024)), ANY, "what is said not to lie below p")


SINGLE = FIELDS["ifma"]


def singles(run, element):
    """Eight elements one after the other: their place; digit i of all is the same unknown."""
    place = run.allot()
    _, total = element.put(run, "a", place)
    for lane in range(1, 8):
        for i in range(24):
            run.machine.memory[place + 192 * lane + 8 * i] = run.machine.memory[place + 8 * i]
    return place, total


for NAME in ("from_singles", "set_singles"):
    @promise("lanes", f"Lanes::{NAME}", f"lanes fp1024 {NAME}", "a/2^52 mod p, at most 7p, in each lane; the same a in all lanes")
    def from_singles(run):
        out = run.allot()
        place, total = singles(run, SINGLE)
        run.call(out, place)
        lanes_fp1024.FIELD.expect(run, out, total, 52, 7 * P1024)


@promise("lanes", "Lanes::to_singles", "lanes fp1024 to_singles", "a·2^52 below 2^1077 + 2^1076 from each lane, for a ≤ 5p; the same a in all lanes")
def to_singles(run):
    out = run.allot()
    place, total = lanes_fp1024.FIELD.put(run, "a", high=5 * P1024)
    run.call(out, place)
    for lane in range(8):
        result = SINGLE.get(run, out + 192 * lane)
        run.equal(result, total.scaled(1 << 52))
        run.within(result, SINGLE.high)


FIELD_256 = lanes_p256.FIELD
ANY_256 = 2**256 - 1


def words_in_lanes(run, high):
    return run.number("a", 4, 64, high, lanes=8)


@promise("lanes", "Fe8::from_montgomery", "lanes p256 from_montgomery", "16·a, below 2^260, for a < 2^256")
def from_montgomery(run):
    out = run.allot()
    place, total = words_in_lanes(run, ANY_256)
    run.call(out, place, 0)
    run.equal(FIELD_256.get(run, out), total.scaled(16))


@promise("lanes", "Fe8::from_integers", "lanes p256 from_integers", "2^260·a mod p, below 2p, for a < p")
def from_integers(run):
    out = run.allot()
    place, total = words_in_lanes(run, P256 - 1)
    run.call(out, place, 0)
    FIELD_256.expect(run, out, total.scaled(1 << 260), 0, 2 * P256 - 1)


def integers(name, says, factor, high, count=8):
    @promise("lanes", f"Fe8::{name}", f"lanes p256 {name}", says)
    def prove(run):
        out = run.allot()
        place, total = FIELD_256.put(run, "a")
        # The bits that are folded are few: each value is looked at.
        run.domain.enumerated = 48
        run.call(out, place, 0)
        for lane in range(count):
            result = run.result(out + 32 * lane, 4, 64, WORD)
            run.congruent(result.scaled(1 << factor[0]).plus(total, -1 << factor[1]), P256)
            run.within(result, high)


integers("to_integers", "an integer below 2^256 congruent to a, in each lane", (0, 0), ANY_256)
integers("to_integer", "the same of the first lane", (0, 0), ANY_256, 1)
integers("to_montgomery", "a/2^4 mod p in [0, p − 1], in each lane", (4, 0), P256 - 1)
integers("to_reduced_integers", "a/2^260 mod p in [0, p − 1], in each lane", (260, 0), P256 - 1)
