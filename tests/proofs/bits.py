"""Bits that are looked at one by one: outcomes of comparisons, and the carries that are made of them."""


from words import FULL, Unproved, Word, constant


class Bits:
    def with_bits(self, kind, bits):
        def later():
            raise Unproved(f"{kind} are read as a number")

        word = Word(None, None, later)
        word.bits = kind, bits
        return word

    def compared(self, sign, word, number):
        form = self.value(word)
        if form.high >= FULL >> 1 or number >= FULL >> 1:
            raise Unproved("a comparison of words with signs")
        if form.high < number or sign == ">" and form.high <= number:
            return 0
        return sign, word, number

    def joined(self, x, y):
        """Of bits where one at least is 0."""
        (kind, x), (other, y) = x.bits, y.bits
        length = max(len(x), len(y))
        x, y = x + [0] * (length - len(x)), y + [0] * (length - len(y))
        if kind != other or any(a and b for a, b in zip(x, y)):
            return None
        return self.with_bits(kind, [a or b for a, b in zip(x, y)])

    def settled_carries(self, send, bits):
        """((send + pass) ⊕ pass): bit i is the carry into digit i of words w that are added up.

        Bit i + 1 of send is 0 or says w_i > m, bit i of pass is 0 or says w_i = m, and bit 0 of send is 0. Let x be the outcome
        and c the carries into the bits of that sum, x_i = send_i ⊕ c_i. c_0 = 0 and, as long as send_i and c_i are not both 1,
        c_(i+1) = pass_i·x_i, which excludes send_(i+1), since w_i is not both. So x_(i+1) = send_(i+1) or pass_i·x_i: with both
        comparisons it is 1 where w_i + x_i > m; with the first alone where w_i > m; with the second alone likewise, if w_i ≤ m."""
        if send[0]:
            raise Unproved("a carry into the lowest digit")
        carries, carry = [constant(0)], constant(0)
        send = send + [0] * (len(bits) + 1 - len(send))
        for above, equal in zip(send[1:], bits):
            if not above and not equal:
                carry = constant(0)
            else:
                sign, word, number = above or equal
                if above and above[0] != ">" or equal and (equal[0] != "=" or equal[1:] != (word, number)):
                    raise Unproved("carries of words that are not the same")
                if number & (number + 1):
                    raise Unproved("carries of words that are compared with another number")
                if not above and self.value(word).high > number:
                    raise Unproved("a word that may be greater is compared for equality alone")
                words = [word, carry] if equal else [word]
                carry = self.right(self.sum(words)[0], number.bit_length())
                if self.value(carry).high > 1:
                    raise Unproved("a carry of more than 1")
            carries.append(carry)
        if self.at_carries:
            self.at_carries(send, bits, carries)
        return self.with_bits("carries", carries)
