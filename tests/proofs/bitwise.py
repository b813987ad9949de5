"""And, or, exclusive or and selection of words that are not known."""

from words import FULL, Form, Unproved, Word, constant


class Bitwise:
    def trailing_zeros(self, word):
        if word.known is not None:
            return 64 if word.known == 0 else (word.known & -word.known).bit_length() - 1
        poly = word.either().poly.lowest()
        if poly.shift:
            return word.zeros
        union = 0
        for c in poly.terms.values():
            union |= c
        return (union & -union).bit_length() - 1

    def bitwise_or(self, x, y):
        if x.known is not None and y.known is not None:
            return constant(x.known | y.known)
        if x.bits and y.bits:
            joined = self.joined(x, y)
            if joined is None:
                raise Unproved("or of bits that may both be set")
            return joined
        if x.xors or y.xors or x.any_of is not None or y.any_of is not None:
            return self.either_of(x, y)
        for x, y in ((x, y), (y, x)):
            if x.unsigned.high >> self.trailing_zeros(y) == 0:
                return self.sum([x, y])[0]
        return self.either_of(x, y)

    def bitwise_and(self, x, y):
        if x.known is not None and y.known is not None:
            return constant(x.known & y.known)
        if x.equal is not None or y.equal is not None:
            return self.both_equal(x, y)
        for word, other in ((x, y), (y, x)):
            if word.masked and other.known == word.masked[0]:
                return word.masked[1]
        for word in (x, y):
            if word.known is None and word._unsigned is not None and word._unsigned.high <= 1:
                word._unsigned = constant(self.decide(word._unsigned))._unsigned
                return self.bitwise_and(x, y)
        for x, y in ((x, y), (y, x)):
            if x.is_mask() and x.known is None and y.known is not None:
                return y if self.decide_mask(x) else constant(0)
            mask = y.known
            if mask == FULL - 1 or mask == (1 << 32) - 1 and x.small32:
                return x
            if x.xors and mask is not None:
                names = frozenset()
                for name in x.xors:
                    names ^= frozenset([self.bitwise_and(name, y)])
                return self.xor_of(names)
            if mask is not None:
                if mask & (mask + 1) == 0:
                    return self.low_part(x, mask.bit_length()) if mask else constant(0)
                if x.known is not None:
                    return constant(x.known & mask)
                if mask & 3 == 1 and (mask | 2) & (mask | 2) + 1 == 0 and self.is_square(x):
                    # A square is 0 or 1 modulo 4, which compilers know.
                    return self.low_part(x, mask.bit_length())
                filled = mask | (1 << self.trailing_zeros(x)) - 1
                if filled == FULL - 1:
                    return x
                if filled != mask and filled & (filled + 1) == 0:
                    return self.low_part(x, filled.bit_length())
                inverse = ~mask % FULL
                if inverse & (inverse + 1) == 0:
                    k, form = inverse.bit_length(), x.signed or x.unsigned
                    low = self.low_part(x, k).unsigned
                    return self.maybe_negative(Form(form.poly.plus(low.poly, -1), form.low >> k << k, form.high >> k << k))
        for x, y in ((x, y), (y, x)):
            form = y.small()
            if form is not None and form.low == -1 and form.high == 0:
                return x if self.decide_mask(y) else constant(0)
        raise Unproved("and of words that are not known")

    def is_square(self, word):
        """Is it the low half of a square?"""
        found = self.congruence(word, 2) if word._unsigned is not None else None
        return found is not None and [(len(m), len(set(m)), c) for m, c in found.terms.items()] == [(2, 1, 1)]

    def bitwise_xor(self, x, y):
        if x is y:
            return constant(0)
        if x.bits and x.bits[0] == "sum" and y.bits and y.bits[1] is x.bits[1][1]:
            return self.settled_carries(*x.bits[1])
        if x.known is not None and y.known is not None:
            return constant(x.known ^ y.known)
        for x, y in ((x, y), (y, x)):
            if y.known == 0:
                return x
            if y.known == FULL - 1:
                return self.difference(constant(FULL - 1), x)[0]
            if y.known == 1 and (x.unsigned.high <= 1 or self.tight(x.unsigned.poly)[1] <= 1):
                return self.difference(constant(1), Word(Form(x.unsigned.poly, 0, 1)))[0]
        return self.xor_of((x.xors or frozenset([x])) ^ (y.xors or frozenset([y])))

    def xor_of(self, names):
        """Of words that are all different; it can be read only when all but one have gone again."""
        names -= {constant(0)}
        if not names:
            return constant(0)
        if len(names) == 1:
            return next(iter(names))
        result = Word(None, None, self.opaque)
        result.xors = names
        return result

    def inverted(self, word):
        return self.difference(constant(FULL - 1), word)[0] if word.known is None else constant(~word.known)

    def selected(self, mask, yes, no):
        """`yes` where the mask is all ones, `no` where it is 0."""
        return yes if self.settled_mask(mask) else no

    def decide_mask(self, word):
        """A word that is all ones or 0 becomes one of them."""
        form = word.small()
        bit = self.decide(Form(form.poly.scaled(-1), 0, 1))
        word._unsigned, word.signed = constant(-bit)._unsigned, None
        return bit

    def settled_mask(self, mask):
        if mask.known in (0, FULL - 1):
            return bool(mask.known)
        form = mask.small()
        if form is None or form.low != -1 or form.high != 0:
            raise Unproved("a mask that is neither all ones nor 0")
        return self.decide(Form(form.poly.scaled(-1), 0, 1))

    @staticmethod
    def of_bit(bit):
        return Word(bit.form)

    @staticmethod
    def opaque():
        raise Unproved("an exclusive or of unknown words is read")
