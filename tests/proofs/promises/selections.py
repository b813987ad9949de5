"""Selections: for each index and each table the row of that index, and every word of every row is read."""

from elements import Elements
from promises import P1024, adx_fp1024, ifma_fp1024, portable_fp1024, promise
from words import Unproved, Word

FIELDS = {"portable": portable_fp1024.FIELD, "adx": Elements(P1024, 16, 64, 1024, P1024 - 1), "ifma": ifma_fp1024.FIELD}


def any_of(run, name, count):
    """A number below `count`: each by itself."""
    return run.domain.decide_number(run.domain.word(name, count - 1).unsigned)


def watch(run, places):
    """Notes what is read."""
    run.machine.memory.watched = set()
    return set(places)


def all_read(run, places):
    if missed := places - run.machine.memory.watched:
        raise Unproved(f"{len(missed)} words of the table are not read, as that at offset {min(missed) - min(places):#x}")


def words_at(run, name, place, count, most=2**64 - 1):
    """Words that may be anything: place → word."""
    found = {}
    for i in range(count):
        found[place + 8 * i] = run.machine.memory[place + 8 * i] = run.domain.word(f"{name}{i}", most)
    return found


for BACKEND in ("portable", "adx"):
    @promise(BACKEND, "Kernel::look_up", f"{BACKEND} p256 look_up", "row[n], each word of 16 rows is read")
    def look_up_point(run):
        out, row = run.allot(), run.allot()
        words = words_at(run, "row", row, 8 * 16)
        n = any_of(run, "n", 16)
        places = watch(run, words)
        run.call(out, row, n)
        all_read(run, places)
        for i in range(8):
            run.same(out + 8 * i, words[row + 64 * n + 8 * i])


@promise("lanes", "Vector::look_up_point", "lanes p256 look_up_point", "the words of row[n], each word of 16 rows is read")
def look_up_words(run):
    out, row, index = run.allot(), run.allot(), run.allot()
    words = words_at(run, "row", row, 8 * 16)
    n = any_of(run, "n", 16)
    run.machine.memory[index] = run.domain.word("n", n, n)
    places = watch(run, words)
    run.call(out, row, index)
    all_read(run, places)
    for i in range(8):
        run.same(out + 8 * i, words[row + 64 * n + 8 * i])


def table_of(run, field, rows, columns):
    """Rows of elements in memory: its place, the words of each element, all words."""
    place, elements, words = run.allot(), [], {}
    for i in range(rows * columns):
        at = place + field.octets * i
        run.number(f"t{i}.", field.limbs, field.bits, place=at)
        run.zeros(at + 8 * field.limbs, field.padding)
        own = [run.machine.memory[at + 8 * j] for j in range(field.octets // 8)]
        words |= {at + 8 * j: word for j, word in enumerate(own[:field.limbs])}
        elements.append(own)
    return place, [elements[i * columns:(i + 1) * columns] for i in range(rows)], words


def bound(run, field, words):
    """Says that they are an element."""
    words = words[:field.limbs]
    ((top,),) = words[-1].unsigned.poly.terms
    run.domain.narrow(top, 0, field.high >> field.bits * (field.limbs - 1))
    form = words[-1].unsigned
    form.high = field.high >> field.bits * (field.limbs - 1)
    run.domain.number("element", words, [field.bits * i for i in range(field.limbs)], field.high)


def expect_words(run, place, words):
    for i, word in enumerate(words):
        run.same(place + 8 * i, word)


for BACKEND, FIELD in FIELDS.items():
    @promise(BACKEND, "Field::look_up", f"{BACKEND} fp1024 look_up", "table[n], each limb of 8 rows of 2 is read")
    def look_up(run, field=FIELD):
        out = run.allot()
        table, rows, words = table_of(run, field, 8, 2)
        n = any_of(run, "n", 8)
        places = watch(run, words)
        run.call(out, table, n)
        all_read(run, places)
        for i, element in enumerate(rows[n]):
            expect_words(run, out + field.octets * i, element)

    @promise(BACKEND, "Field::look_up_signed", f"{BACKEND} fp1024 look_up_signed",
             "table[n] of 32 rows of 3, or the first two in reverse order and the opposite of the third; each limb is read")
    def look_up_signed(run, field=FIELD, backend=BACKEND):
        out = run.allot()
        table, rows, words = table_of(run, field, 32, 3)
        negative, n = any_of(run, "negative", 2), any_of(run, "n", 32)
        bound(run, field, rows[n][2])
        if backend == "adx":
            adx_fp1024.sums_and_differences(run)
        places = watch(run, words)
        run.call(out, table, n, negative)
        all_read(run, places)
        first, second, third = rows[n]
        if negative:
            first, second = second, first
        expect_words(run, out, first)
        expect_words(run, out + field.octets, second)
        if negative:
            total = sum_of(run, field, third)
            field.expect(run, out + 2 * field.octets, total.scaled(-1))
        else:
            expect_words(run, out + 2 * field.octets, third)

    @promise(BACKEND, "ConditionallySelectable::conditional_select", f"{BACKEND} fp1024 conditional_select", "b for choice 1, a for 0")
    def conditional_select(run, field=FIELD):
        out = run.allot()
        (a, _), (b, _) = field.put(run, "a"), field.put(run, "b")
        choice = any_of(run, "choice", 2)
        wanted = [run.machine.memory[(b if choice else a) + 8 * i] for i in range(field.octets // 8)]
        run.call(out, a, b, choice)
        expect_words(run, out, wanted)


def sum_of(run, field, words):
    total = run.domain.value(words[0]).poly
    for i, word in enumerate(words[1:field.limbs], 1):
        total = total.plus(run.domain.value(word).poly, 1 << field.bits * i)
    return total


@promise("lanes", "Lanes::select", "lanes fp1024 select", "b in the lanes whose bit is set, a in the others")
def select_lanes(run):
    out, left, right = run.allot(), run.allot(), run.allot()
    a, b = words_at(run, "a", left, 160), words_at(run, "b", right, 160)
    bits = any_of(run, "bits", 256)
    run.call(out, left, right, bits)
    for i in range(160):
        run.same(out + 8 * i, b[right + 8 * i] if bits >> i % 8 & 1 else a[left + 8 * i])


@promise("lanes", "Lanes::broadcast", "lanes fp1024 broadcast", "lane n in all lanes")
def broadcast(run):
    out, place = run.allot(), run.allot()
    a = words_at(run, "a", place, 160)
    lane = any_of(run, "lane", 8)
    run.call(out, place, lane)
    for i in range(160):
        run.same(out + 8 * i, a[place + 64 * (i // 8) + 8 * lane])


@promise("lanes", "Fe8::select", "lanes p256 select", "yes in the lanes whose mask is all ones, no where it is 0")
def select_by_mask(run):
    out, left, right, masks = run.allot(), run.allot(), run.allot(), run.allot()
    a, b = words_at(run, "a", left, 40), words_at(run, "b", right, 40)
    bits = any_of(run, "bits", 256)
    for lane in range(8):
        mask = 2**64 - 1 if bits >> lane & 1 else 0
        run.machine.memory[masks + 8 * lane] = run.domain.word("mask", mask, mask)
    run.call(out, left, right, masks)
    for i in range(40):
        run.same(out + 8 * i, a[left + 8 * i] if bits >> i % 8 & 1 else b[right + 8 * i])
