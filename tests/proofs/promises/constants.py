"""Constants, and what only moves words."""

from polynomial import Poly
from promises import P256, P1024, lanes_fp1024, lanes_p256, promise
from promises.selections import FIELDS, any_of, words_at

ALL = FIELDS | {"lanes": lanes_fp1024.FIELD}

for BACKEND, FIELD in ALL.items():
    for FUNCTION, VALUE in (("zero", 0), ("one", 1)):
        @promise(BACKEND, f"Arithmetic::{FUNCTION}", f"{BACKEND} fp1024 {FUNCTION}", f"the form of {VALUE}, at most p")
        def constant(run, field=FIELD, value=VALUE):
            out = run.allot()
            run.call(out, run.allot())
            field.expect(run, out, Poly.constant(value << field.power), 0, P1024)

    @promise(BACKEND, "Arithmetic::from_raw", f"{BACKEND} fp1024 from_raw",
             "the limbs that are given" + (", in each lane" if BACKEND == "lanes" else ""))
    def from_raw(run, field=FIELD):
        out, place = run.allot(), run.allot()
        limbs = list(words_at(run, "raw", place, field.limbs, 2**field.bits - 1).values())
        run.zeros(place + 8 * field.limbs, field.padding)
        run.call(out, 0, place)
        for i, limb in enumerate(limbs):
            for lane in range(field.lanes):
                run.same(out + 8 * (i * field.lanes + lane), limb)


for FUNCTION, VALUE in (("zero", 0), ("one", 1)):
    @promise("lanes", f"Fe8::{FUNCTION} and Fe8::splat", f"lanes p256 {FUNCTION}", f"the form of {VALUE} in each lane, below p")
    def constant_256(run, value=VALUE):
        out, place = run.allot(), run.allot()
        run.call(out, place, 0)
        lanes_p256.FIELD.expect(run, out, Poly.constant(value << 260), 0, P256 - 1)


for N in (1, 2, 4):
    @promise("lanes", "Fe8::permute_xor", f"lanes p256 permute_xor {N}", "the element of lane i ⊕ n in lane i, for n of 1, 2, 4")
    def permute_xor(run, n=N):
        out, place = run.allot(), run.allot()
        a = words_at(run, "a", place, 40)
        run.call(out, place, 0)
        for i in range(40):
            run.same(out + 8 * i, a[place + 8 * (i ^ n)])


@promise("lanes", "Fe8::select_bits", "lanes p256 select_bits",
         "b in the lanes where two words of up to four bits are equal, a in the others")
def select_bits(run):
    out, left, right, one, other = (run.allot() for _ in range(5))
    a, b = words_at(run, "a", left, 40), words_at(run, "b", right, 40)
    # Lanes do not see each other: one is looked at with all pairs of few numbers, the rest with fixed ones.
    x, y = any_of(run, "x", 16), any_of(run, "y", 16)
    for lane in range(8):
        values = (x, y) if lane == 3 else (lane, lane & 5)
        for place, value in zip((one, other), values):
            run.machine.memory[place + 8 * lane] = run.domain.word("index", value, value)
    run.call(out, left, right, one, other)
    for i in range(40):
        equal = x == y if i % 8 == 3 else i % 8 == i % 8 & 5
        run.same(out + 8 * i, b[right + 8 * i] if equal else a[left + 8 * i])
