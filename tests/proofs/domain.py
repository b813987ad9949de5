"""Words whose value is not known: exact polynomials in unknown integers, with bounds.

Every unknown is an integer in a known interval. An instruction that splits a number introduces one unknown, the part
that stays in the word, and writes the other part as an exact fraction:

    r = (x + y) mod 2^64   unknown          carry = (x + y − r)/2^64
    l = a·b mod 2^64       unknown          high  = (a·b − l)/2^64
    o = x mod 2^k          unknown          x >> k = (x − o)/2^k

Where bounds show that the carry has one value only, r needs no unknown: it is x + y less that. Carries that are put
where they belong cancel in the sums of words, so that the number that some words stand for comes out as a polynomial in the
inputs; a lost one stays. And because a carry is written by the whole chain below it, its plain interval is that of the number,
not that of the topmost word.
"""

from bits import Bits
from bitwise import Bitwise
from equality import Equality
from facts import Facts
from polynomial import Poly
from words import FULL, NO, Bit, Form, Unproved, Word, constant, flag


# Longer polynomials are not taken apart.
SHORT = 8
# So many values of a word that is shifted are looked at one by one, where a proof asks for it.
FEW = 16


class Domain(Facts, Bits, Bitwise, Equality):
    """The unknowns of one run, and what is done with words."""

    def combined(self, result, out, words, signs, carry):
        """Σ sign·word + sign of the first of the rest·carry, where small integers stand for the words and so does their sum: then
        nothing is split. Says whether it is so."""
        forms = [word.small() for word in words]
        if not all(forms):
            return False
        forms, signs = forms + [carry.form], signs + [signs[-1]]
        low = sum(f.low if s > 0 else -f.high for f, s in zip(forms, signs))
        high = sum(f.high if s > 0 else -f.low for f, s in zip(forms, signs))
        far = high >= FULL or low < -(FULL >> 1)
        if far and sum(len(form.poly.terms) for form in forms) > SHORT:
            return False
        poly = Poly({})
        for form, sign in zip(forms, signs):
            poly = poly.plus(form.poly, sign)
        if far:
            # Terms that cancel do not count.
            least, most = self.bounds(poly)
            low, high = max(low, least), min(high, most)
            if high >= FULL or low < -(FULL >> 1):
                return False
        if low < 0:
            least, most = self.bounds(poly)
            low, high = max(low, least), min(high, most)
        if low < 0 and high >= FULL >> 1:
            return False
        if low < 0:
            result.signed = Form(poly, low, high)
            if low != high:
                return True
            poly = Poly.constant(low % FULL)
            low = high = low % FULL
        result._unsigned = Form(poly, low, high)

        def later():
            # The unsigned words, which may be other integers, and what is in the result.
            forms = [word.unsigned for word in words] + [carry.form]
            total = Poly({})
            for form, sign in zip(forms, signs):
                total = total.plus(form.poly, sign)
            low = sum(f.low if s > 0 else -f.high for f, s in zip(forms, signs)) >> 64
            high = sum(f.high if s > 0 else -f.low for f, s in zip(forms, signs)) >> 64
            total = total.plus(poly, -1).down(64)
            if signs[-1] < 0:
                total, low, high = total.scaled(-1), -high, -low
            return Form(Poly.constant(low), low, low) if low == high else Form(total, low, high)

        out.later = later
        return True

    def read_unsigned(self, word, later):
        """Makes the unsigned form of a word that has a signed one, of which its parts are parts."""
        made = later()
        ((monomial, c),) = word._unsigned.poly.terms.items() if len(word._unsigned.poly.terms) == 1 else (((), 0),)
        if c == 1 and len(monomial) == 1:
            self.unknowns[monomial[0]].signed = word.signed
        return made

    def sum32(self, words, signs, carry):
        """The same for instructions on 32 bits: ±x ± y ± carry modulo 2^32, and the carry or borrow out."""
        forms = []
        for word in words:
            if word.known is not None:
                value = word.known % (1 << 32)
                value -= value >> 31 << 32
                forms.append(Form(Poly.constant(value), value, value))
            else:
                forms.append(word.small32 or word.unsigned)
        forms, signs = forms + [carry.form], signs + [signs[-1]]

        def total(forms):
            poly = Poly({})
            for form, sign in zip(forms, signs):
                poly = poly.plus(form.poly, sign)
            return Form(poly, sum(f.low if s > 0 else -f.high for f, s in zip(forms, signs)),
                        sum(f.high if s > 0 else -f.low for f, s in zip(forms, signs)))

        small = total(forms)
        if small.low < 0 and small.low != small.high:
            low, high = self.tight(small.poly)
            small = Form(small.poly, max(low, small.low), min(high, small.high))
        if small.low < -(1 << 31) or small.high >= 1 << 31:
            raise Unproved("a sum of 32 bits that is not small")
        result = Word()
        if small.low == small.high:
            result = constant(small.low % (1 << 32))
        elif small.low >= 0:
            result._unsigned = small
        else:
            result.small32 = small
            self.small.append(small)

            def later():
                whole = Word(None, small)
                result._unsigned = self.low_part(whole, 32).unsigned

            result.later = later

        def carry_out():
            exact = total([self.low_part(word, 32).unsigned for word in words] + [carry.form])
            poly = exact.poly.plus(result.unsigned.poly, -1).down(32)
            low, high = exact.low >> 32, exact.high >> 32
            if signs[-1] < 0:
                poly, low, high = poly.scaled(-1), -high, -low
            return Form(Poly.constant(low), low, low) if low == high else Form(poly, low, high)

        return result, Bit(None, carry_out)

    def sum(self, words, carry=NO):
        """(Σ words + carry modulo 2^64, the carry out)."""
        if carry.known is not None and all(w.known is not None for w in words):
            total = sum(w.known for w in words) + carry.known
            return constant(total), flag(total >> 64)
        if carry is NO and len(words) == 2 and words[0] is words[1]:
            return self.left(words[0], 1), Bit(None, lambda: self.right(words[0], 63).unsigned)
        result, out = Word(), Bit()
        if carry is NO:
            result.parts = [w for w in words if w.known != 0]

        def later():
            out._form = self._sum(result, words, carry)
            return out._form

        if self.combined(result, out, words, [1] * len(words), carry):
            if result._unsigned is None:
                out.later = result.later = lambda: self.read_unsigned(result, later)
        elif all(w._unsigned is not None for w in words):
            later()
        else:
            out.later = result.later = later
        return result, out

    def _sum(self, result, words, carry):
        forms = [w.unsigned for w in words] + [carry.form]
        poly = forms[0].poly
        low, high = forms[0].low, forms[0].high
        for form in forms[1:]:
            poly = poly.plus(form.poly)
            low, high = low + form.low, high + form.high
        if low >> 64 != high >> 64:
            least, most = self.bounds(poly)
            low, high = max(low, least), min(high, most)
            if FULL <= high < FULL + (FULL >> 1) and self.numbers:
                # Close enough for the inputs' bounds as numbers to matter.
                least, most = self.bounds(self.by_numbers(poly))
                low, high = max(low, least), min(high, most)
        least, most = low >> 64, high >> 64
        if least == most:
            result._unsigned = Form(poly.plus(Poly.constant(-least * FULL)), low - least * FULL, high - least * FULL)
            return Form(Poly.constant(least), least, least)
        if carry is NO:
            result.parts = words
        rest, known = None, self.congruence_of_sum(words, carry)
        if known is not None and not known.terms:
            rest = Form(Poly({}), 0, 0)
        elif known is not None:
            # Compilers compute some words twice, in another order.
            rest = self.sums.get(known.key())
        if rest is None:
            rest = self.word("sum", FULL - 1).unsigned
            if known is not None:
                self.unknowns[-1].congruent = (64, known)
                self.sums[known.key()] = rest
        result._unsigned = rest
        out = Form(poly.plus(rest.poly, -1).down(64), least, most)
        for monomial in rest.poly.terms:
            self.open.setdefault(monomial[0], []).append(out)
        return out

    def congruence_of_sum(self, words, carry):
        total = Poly({})
        for word in words + ([Word(carry.form)] if carry is not NO else []):
            found = self.congruence(word, 64, 0)
            if found is None:
                found = self.named(word.unsigned)
            total = total.plus(found)
            if len(total.terms) > 12:
                return None
        return self.modulo_power(total, 64)

    def difference(self, x, y, borrow=NO):
        """(x − y − borrow modulo 2^64, the borrow out)."""
        if None not in (x.known, y.known, borrow.known):
            total = x.known - y.known - borrow.known
            return constant(total), flag(-(total >> 64))
        result, out = Word(), Bit()

        def later():
            forms = (x.unsigned, y.unsigned, borrow.form)
            poly = forms[0].poly.plus(forms[1].poly, -1).plus(forms[2].poly, -1)
            low = forms[0].low - forms[1].high - forms[2].high
            high = forms[0].high - forms[1].low - forms[2].low
            if low < 0:
                least, most = self.bounds(poly)
                low, high = max(low, least), min(high, most)
            least, most = -(high >> 64), -(low >> 64)
            if least == most:
                result._unsigned = Form(poly.plus(Poly.constant(least * FULL)), low + least * FULL, high + least * FULL)
                out._form = Form(Poly.constant(least), least, least)
            else:
                result._unsigned = self.word("difference", FULL - 1).unsigned
                out._form = Form(result._unsigned.poly.plus(poly, -1).down(64), least, most)
                self.open[len(self.unknowns) - 1] = [out._form]
            return out._form

        if self.combined(result, out, [x, y], [1, -1], borrow):
            if result._unsigned is None:
                out.later = result.later = lambda: self.read_unsigned(result, later)
        elif x._unsigned is not None and y._unsigned is not None:
            later()
        else:
            out.later = result.later = later
        return result, out

    def factor(self, word):
        """A short polynomial for a word that is to be multiplied."""
        if word.alias is not None:
            return word.alias
        form = word.unsigned
        poly = form.poly.lowest()
        if len(poly.terms) <= 2 and not poly.shift:
            return poly
        word.alias = self.named(form)
        return word.alias

    def named(self, form):
        """An unknown that stands for the form."""
        key = ("alias", form.poly.key())
        if key not in self.products:
            alias = self.unknown("alias", form.low, form.high)
            if form.low != form.high:
                self.unknowns[-1].meaning = form.poly
            self.products[key] = alias
        return self.products[key]

    def product(self, x, y, k=64):
        """The halves of x·y: (the low k bits, what is above)."""
        low, high = x.unsigned.low * y.unsigned.low, x.unsigned.high * y.unsigned.high
        if x.known is not None and y.known is not None:
            return constant(low % (1 << k)), constant(low >> k)
        poly = (Poly.constant(x.known) if x.known is not None else self.factor(x)).times(
            Poly.constant(y.known) if y.known is not None else self.factor(y))
        if high < 1 << k:
            return Word(Form(poly, low, high)), constant(0)
        key = (k, poly.key())
        if key not in self.products:
            known = self.congruence(Word(Form(poly, low, high)), k)
            if known is not None and not known.terms:
                # A multiple of 2^k, as factors that are halves of products show: compilers leave out that half.
                return constant(0), Word(Form(poly.down(k), low >> k, high >> k))
            rest = self.unknown("low", 0, (1 << k) - 1)
            self.unknowns[-1].congruent, self.unknowns[-1].whole = (k, poly), (Form(poly, low, high), k)
            above = Form(poly.plus(rest, -1).down(k), low >> k, high >> k)
            self.products[key] = Word(Form(rest, 0, (1 << k) - 1)), Word(above)
        return self.products[key]

    def low_part(self, word, k):
        """word modulo 2^k."""
        if word.known is not None:
            return word if word.known >> k == 0 else constant(word.known % (1 << k))
        if word.xors:
            names = frozenset()
            for name in word.xors:
                names ^= frozenset([self.low_part(name, k)])
            return self.xor_of(names)
        form = word.small32 if word.small32 and k <= 32 else word.signed or word.either() or word.unsigned
        if 0 <= form.low and form.high < 1 << k:
            return word
        form = self.signed_unknown(form) or form
        if form.low == -1 and form.high == 0:
            mask = Word(Form(form.poly.scaled(1 - (1 << k)), 0, (1 << k) - 1))
            mask.small32 = form if k == 32 else None
            return mask
        if form.low == form.high:
            return constant(form.low % (1 << k))
        if form.low < 0 and form.high < 1 << k:
            # Not negative after all?
            low, high = self.tight(form.poly)
            if low >= 0:
                return Word(Form(form.poly, low, min(high, form.high)))
        key = (k, form.poly.key())
        if key not in self.low_parts:
            self.low_parts[key] = self.cut(word, form, k)
        return self.low_parts[key]

    def signed_unknown(self, form):
        """The integer that an unknown word is equal to modulo 2^64, if it was made from one."""
        if form.poly.shift or len(form.poly.terms) != 1:
            return None
        ((monomial, c),) = form.poly.terms.items()
        return self.unknowns[monomial[0]].signed if c == 1 and len(monomial) == 1 else None

    def cut(self, word, form, k):
        """A part of a word that is not there yet."""
        low, high = self.bounds(form.poly)
        if self.numbers and (low < 0 or high >= 1 << k) and -(1 << k) < low and high < 1 << k + 3:
            least, most = self.bounds(self.by_numbers(form.poly))
            low, high = max(low, least), min(high, most)
        if self.enumerated and self.equations and low >> k != high >> k and high < 1 << k + 3:
            # Where every value of what was folded is looked at, it bounds what comes out.
            least, most = self.tight(form.poly)
            low, high = max(low, least), min(high, most)
        if low >> k == high >> k:
            # What is cut off is one number, most often 0, as the whole number shows.
            above = low >> k << k
            return Word(Form(form.poly.plus(Poly.constant(-above)), low - above, high - above))
        known = self.residue(form.poly.lowest(), k)
        if known is not None:
            return constant(known)
        joined = self.low_part_of_joined(form, k) or self.low_part_of_part(form, k)
        if joined is not None:
            return joined
        if self.vanishes(word, k):
            return constant(0)
        congruence = self.congruence(word, k)
        if congruence is None and form.low >= 0:
            self.factor(word)
            congruence = self.congruence(word, k)
        same = congruence is not None and (k, congruence.key())
        rest = self.low_parts.get(same)
        if rest is None:
            rest = self.word("part", (1 << k) - 1)
            part = self.unknowns[-1]
            part.congruent = (k, congruence) if congruence is not None else None
            part.whole = form, k
            if same:
                self.low_parts[same] = rest
        return rest

    def residue(self, poly, k):
        """The polynomial modulo 2^k, where that of each unknown is known, or None."""
        if poly.shift or len(poly.terms) > SHORT:
            return None
        total = 0
        for monomial, c in poly.terms.items():
            if monomial:
                part = self.low_parts.get((k, Poly({monomial: 1}).key()))
                if part is None:
                    return None
                low, high = self.bounds(part.unsigned.poly)
                if low != high:
                    return None
                c *= low
            total += c
        return total % (1 << k)

    def low_part_of_part(self, form, k):
        """Of what is itself a part of a word, in terms of that word: so that one part has one name, whichever way it was taken."""
        poly = form.poly.lowest()
        if len(poly.terms) > SHORT:
            return None
        rest = Poly({m: c for m, c in poly.terms.items() if c % (1 << k + poly.shift)}, poly.shift).lowest()
        if len(rest.terms) < len(poly.terms):
            # Multiples of 2^k do not matter.
            return self.low_part(self.word_of(Form(rest, *self.bounds(rest))), k)
        if poly.shift == 0 and len(poly.terms) == 1:
            ((monomial, c),) = poly.terms.items()
            part = self.unknowns[monomial[0]] if c == 1 and len(monomial) == 1 else None
            if part and part.name == "part" and part.whole and part.whole[1] > k:
                # (x mod 2^j) mod 2^k with j > k
                return self.low_part(self.word_of(part.whole[0]), k)
        for monomial in poly.terms:
            part = self.unknowns[monomial[0]] if len(monomial) == 1 else None
            if part is None or part.name != "part" or not part.whole or part.whole[1] != poly.shift:
                continue
            whole, j = part.whole
            found = Form(poly.scaled(1 << j).plus(Poly({monomial: 1})).lowest(), 0, 0)
            same = j + k <= 64 and self.signed_unknown(found) or found
            if whole.poly.key() in (found.poly.key(), same.poly.key()):
                # (x div 2^j) mod 2^k = ((x mod 2^(j + k)) − (x mod 2^j)) / 2^j
                both = self.low_part(self.word_of(whole), j + k).unsigned
                return Word(Form(both.poly.plus(Poly({monomial: 1}), -1).down(j), 0, (1 << k) - 1))
        return None

    @staticmethod
    def word_of(form):
        return Word(form if form.low >= 0 else None, form)

    def low_part_of_joined(self, form, k):
        """Of l + 2^z·h with l in [0, 2^z): l and the lower part of h."""
        poly = form.poly.lowest()
        if len(poly.terms) > SHORT:
            return None
        valuations = {m: (c & -c).bit_length() - 1 - poly.shift for m, c in poly.terms.items()}
        for z in sorted(set(valuations.values()), reverse=True):
            if z <= 0:
                continue
            low = Poly({m: c for m, c in poly.terms.items() if valuations[m] < z}, poly.shift)
            least, most = self.bounds(low) if low.terms else (0, 0)
            if least < 0 or most >> min(z, k):
                continue
            if z >= k:
                return Word(Form(low, least, most))
            high = Poly({m: c for m, c in poly.terms.items() if valuations[m] >= z}, poly.shift).down(z)
            h = Form(high, *self.bounds(high))
            part = self.low_part(Word(h if h.low >= 0 else None, h), k - z).unsigned
            return Word(Form(low.plus(part.poly, 1 << z), least + (part.low << z), most + (part.high << z)))
        return None

    def right(self, word, k, arithmetic=False):
        if word.known is not None:
            return constant((word.known - (word.known >> 63 << 64) if arithmetic else word.known) >> k)
        form = word.small() if arithmetic else word.unsigned
        if form is None:
            form = self.signed_of(word)
        if k == 0:
            return word
        if word.is_mask() and not arithmetic:
            return self.low_part(word, 64 - k)
        if k == 63 and word.signed and word.signed.low < 0:
            # The sign is what the two forms differ by.
            sign = word.unsigned.poly.plus(word.signed.poly, -1).down(64)
            if not arithmetic:
                return Word(Form(sign, 0, int(word.signed.low < 0)))
            return self.maybe_negative(Form(sign.scaled(-1), word.signed.low >> 63, word.signed.high >> 63))
        # Where both forms are there the part is that of the signed one, as in low_part.
        whole = Word(form if form.low >= 0 else None, word.signed or form)
        whole.parts, whole.alias = word.parts, word.alias
        if 0 <= form.low and form.high < 1 << k:
            return constant(0)
        rest = self.low_part(word, k).unsigned
        shifted = Form(form.poly.plus(rest.poly, -1).down(k), form.low >> k, form.high >> k)
        if not shifted.poly.terms:
            return constant(0)
        few = shifted.high - shifted.low < FEW
        if k == self.enumerated and not arithmetic and (few or len(form.poly.terms) == 1):
            # Each value by itself, and the word between the bounds that it has then.
            value = self.decide(shifted)
            if len(form.poly.terms) == 1:
                ((n,),) = form.poly.terms
                self.narrow(n, value << k, (value + 1 << k) - 1)
            word._unsigned = Form(form.poly, max(form.low, value << k), min(form.high, (value + 1 << k) - 1))
            return constant(value)
        return self.maybe_negative(shifted)

    def maybe_negative(self, form):
        if form.low >= 0:
            return Word(form)
        if form.low == form.high:
            return constant(form.low)
        word = Word(None, form)

        def later():
            if form.low == -1 and form.high == 0:
                word._unsigned = Form(form.poly.scaled(1 - FULL), 0, FULL - 1)
                return
            whole = self.low_part(Word(None, form), 64).unsigned
            word._unsigned = whole
            for monomial in whole.poly.terms:
                if len(monomial) == 1:
                    wrapped = Form(form.poly.plus(whole.poly, -1).down(64), form.low >> 64, form.high >> 64)
                    self.open.setdefault(monomial[0], []).append(wrapped)

        word.later = later
        return word

    def signed_of(self, word):
        """Where the sign is not known: one more unknown, the top bit."""
        top = self.right(word, 63).unsigned
        return Form(word.unsigned.poly.plus(top.poly, -FULL), -(FULL >> 1), (FULL >> 1) - 1)

    def left(self, word, k):
        form = word.small()
        if form is None or word.is_mask() or form.low << k < -(FULL >> 1) or form.high << k >= FULL:
            form = self.low_part(word, 64 - k).unsigned
        shifted = Form(form.poly.scaled(1 << k), form.low << k, form.high << k)
        result = self.maybe_negative(shifted)
        if result.known is None:
            result.zeros = k
        return result
