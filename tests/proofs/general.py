"""Instructions on general registers and their flags."""

from octets import swapped
from polynomial import Poly
from words import NO, Bit, Form, Unproved, Word, constant, flag


class General:
    def flags_of(self, word):
        """The zero flag of a result."""

        def zero():
            if word.any_of is not None or word.xors:
                return self.domain.vanish(self.domain.differences_of(word))
            if word.bits:
                kind, halves = word.bits
                # Bits that are set where halves differ.
                return self.domain.all_halves_vanish({k: v for half in halves for k, v in half.items()}) if kind == "unequal" else None
            form = word.unsigned
            if form.low > 0:
                return 0
            return 1 if form.high == 0 else None

        self.zero = zero

    def do_bswap(self, parts):
        if self.size(parts[0]) != 8:
            raise Unproved("octets of 32 bits change places")
        self.write(parts[0], swapped(self.read(parts[0])))

    def do_mov(self, parts):
        self.write(parts[0], self.read(parts[1]))

    do_movabs = do_movzx = do_mov

    def do_movsxd(self, parts):
        word = self.read(parts[1])
        if self.size(parts[0]) != 8 or self.octets(parts[1]) != 4:
            raise Unproved("a sign that is not one of 32 bits")
        if word.known is not None:
            value = word.known % (1 << 32)
            self.write(parts[0], constant(value - (value >> 31 << 32)))
        elif word.small32:
            self.write(parts[0], self.domain.maybe_negative(word.small32))
        elif self.domain.value(word).high < 1 << 31:
            self.write(parts[0], word)
        else:
            raise Unproved("the sign of 32 bits that are not known")

    def do_lea(self, parts):
        _, _, base, index, scale, displacement, _, _ = parts[1]
        words = [constant(displacement)] if displacement else []
        if base:
            words.append(self.register(base))
        if index:
            words.append(self.moved(self.register(index), scale.bit_length() - 1))
        if any(word.bits for word in words):
            result = words[0]
            for word in words[1:]:
                result = self.domain.joined(result, word)
            if result is None:
                raise Unproved("a sum of bits")
        elif all(word.known is not None for word in words):
            result = constant(sum(word.known for word in words))
        else:
            result = self.domain.sum(words)[0]
        self.write(parts[0], result)

    def do_push(self, parts):
        word = self.registers[parts[0][1]] if parts[0][0] == "r" else self.read(parts[0])
        self.push(word)

    def do_pop(self, parts):
        top = self.registers["rsp"].known
        self.registers["rsp"] = constant(top + 8)
        self.low.pop(parts[0][1], None)
        self.registers[parts[0][1]] = self.memory.words.get(top)

    @staticmethod
    def octets(part):
        return part[2] if part[0] == "r" else part[1]

    def size(self, part):
        size = self.octets(part)
        if size not in (4, 8):
            raise Unproved(f"arithmetic on {size} octets")
        return size

    def added(self, part, words, carry=NO):
        return self.domain.sum(words, carry) if self.size(part) == 8 else self.domain.sum32(words, [1] * len(words), carry)

    def subtracted(self, part, x, y, borrow=NO):
        return self.domain.difference(x, y, borrow) if self.size(part) == 8 else self.domain.sum32([x, y], [1, -1], borrow)

    def adding(self, parts, carry):
        if self.octets(parts[0]) == 1 and carry is NO and parts[1][0] == "i" and parts[1][1] % 256 == 255:
            # Puts a bit back into the carry.
            bit = self.read(parts[0]).unsigned
            if bit.high > 1:
                raise Unproved("arithmetic on octets")
            self.cf, self.of, self.zero = Bit(bit), None, None
            # What is left there is nothing that is read again.
            if parts[0][0] == "r":
                self.low.pop(parts[0][1], None)
                self.registers[parts[0][1]] = None
            else:
                self.memory.forget(self.address(parts[0]), 1)
            return
        x, y = self.read(parts[0]), self.read(parts[1])
        if x.bits and y.bits and carry is NO:
            self.cf = self.of = self.zero = None
            self.write(parts[0], self.domain.with_bits("sum", (x.bits[1], y.bits[1])))
            return
        result, self.cf = self.added(parts[0], [x, y], carry)
        self.of = None
        self.flags_of(result)
        self.write(parts[0], result)

    def do_add(self, parts):
        self.adding(parts, NO)

    def do_adc(self, parts):
        self.adding(parts, self.carry())

    def do_adcx(self, parts):
        result, self.cf = self.added(parts[0], [self.read(parts[0]), self.read(parts[1])], self.carry())
        self.write(parts[0], result)

    def overflow(self):
        if self.of is None:
            raise Unproved("an overflow that is not known")
        return self.of

    def do_adox(self, parts):
        result, self.of = self.added(parts[0], [self.read(parts[0]), self.read(parts[1])], self.overflow())
        self.write(parts[0], result)

    def subtracting(self, parts, borrow):
        x, y = self.read(parts[0]), self.read(parts[1])
        result, self.cf = self.subtracted(parts[0], x, y, borrow)
        self.of = None
        self.flags_of(result)
        return result

    def do_sub(self, parts):
        self.write(parts[0], self.subtracting(parts, NO))

    def do_sbb(self, parts):
        if parts[0] == parts[1]:
            # A mask: what is selected with it depends on one bit.
            bit = self.carry().form
            self.write(parts[0], self.domain.maybe_negative(Form(bit.poly.scaled(-1), -bit.high, -bit.low)))
            self.of = self.zero = None
        else:
            self.carry().form
            self.write(parts[0], self.subtracting(parts, self.cf))

    def do_cmp(self, parts):
        self.subtracting(parts, NO)

    def do_neg(self, parts):
        if self.octets(parts[0]) == 1:
            self.negated_bit(parts[0])
            return
        result, self.cf = self.subtracted(parts[0], constant(0), self.read(parts[0]))
        self.of = None
        self.flags_of(result)
        self.write(parts[0], result)

    def negated_bit(self, part):
        """An octet that is 0 or 1: the carry is set if it is 1."""
        word = self.read(part)
        if word.known is not None:
            self.cf, self.of, self.zero = flag(int(word.known != 0)), None, None
            self.write(part, constant(-word.known % 256))
            return
        bit = self.domain.value(word)
        if bit.high > 1:
            raise Unproved("arithmetic on octets")
        self.cf, self.of, self.zero = Bit(bit), None, None
        self.write(part, Word(Form(bit.poly.scaled(255), 255 * bit.low, 255 * bit.high)))

    def do_cmc(self, parts):
        form = self.carry().form
        self.cf = Bit(Form(Poly.constant(1).plus(form.poly, -1), 1 - form.high, 1 - form.low))

    def do_not(self, parts):
        self.size(parts[0])
        self.write(parts[0], self.domain.bitwise_xor(self.read(parts[0]), constant((1 << 8 * self.size(parts[0])) - 1)))

    def do_inc(self, parts):
        result, _ = self.added(parts[0], [self.read(parts[0]), constant(1)])
        self.of = None
        self.flags_of(result)
        self.write(parts[0], result)

    def do_dec(self, parts):
        result, _ = self.subtracted(parts[0], self.read(parts[0]), constant(1))
        self.of = None
        self.flags_of(result)
        self.write(parts[0], result)

    def logical(self, result):
        self.cf = self.of = NO
        self.flags_of(result)
        return result

    def do_xor(self, parts):
        if parts[0] == parts[1]:
            self.write(parts[0], self.logical(constant(0)))
            return
        x, y = self.read(parts[0]), self.read(parts[1])
        if x.bits and x.bits[0] == "equal" and y.known == (1 << len(x.bits[1])) - 1:
            self.write(parts[0], self.logical(self.domain.with_bits("unequal", x.bits[1])))
        else:
            self.write(parts[0], self.logical(self.domain.bitwise_xor(x, y)))

    def do_and(self, parts):
        self.write(parts[0], self.logical(self.domain.bitwise_and(self.read(parts[0]), self.read(parts[1]))))

    def do_or(self, parts):
        self.write(parts[0], self.logical(self.domain.bitwise_or(self.read(parts[0]), self.read(parts[1]))))

    def do_test(self, parts):
        x, y = self.read(parts[0]), self.read(parts[1])
        self.logical(x if x is y else self.domain.bitwise_and(x, y))

    def count_of(self, parts):
        """By how much to shift: a number, or the lowest octet of rcx, which has to be known."""
        if len(parts) == 1:
            return 1
        count = self.read(parts[-1]).known
        if count is None:
            raise Unproved("a shift by a number that is not known")
        return count % (8 * self.size(parts[0]))

    def shifted(self, part, result, count):
        """What is written there of a shift, and its flags, which are those from before where nothing is shifted."""
        if self.size(part) == 4 and not result.bits:
            result = self.domain.low_part(result, 32)
        if count:
            self.cf = self.of = None
            self.flags_of(result)
        self.write(part, result)

    def moved(self, word, k):
        """Shifted to the left by k, to the right by −k."""
        if word.bits:
            kind, bits = word.bits
            return self.domain.with_bits(kind, [0] * k + bits if k >= 0 else bits[-k:])
        return self.domain.left(word, k) if k >= 0 else self.domain.right(word, -k)

    def do_shl(self, parts):
        count = self.count_of(parts)
        self.shifted(parts[0], self.moved(self.read(parts[0]), count), count)

    def do_shr(self, parts):
        if self.octets(parts[0]) == 1:
            # Of an octet that is a known number.
            word, count = self.read(parts[0]), 1 if len(parts) == 1 else self.read(parts[1]).known
            if word.known is None or count is None:
                raise Unproved("a shift of an octet that is not known")
            self.cf = self.of = self.zero = None
            self.write(parts[0], constant(word.known % 256 >> count % 32))
            return
        count = self.count_of(parts)
        self.shifted(parts[0], self.moved(self.read(parts[0]), -count), count)

    def do_sar(self, parts):
        if self.size(parts[0]) != 8:
            raise Unproved("a shift with the sign of 32 bits")
        count = self.count_of(parts)
        self.shifted(parts[0], self.domain.right(self.read(parts[0]), count, True), count)

    def do_shrd(self, parts):
        if self.size(parts[0]) != 8 or parts[2][0] != "i" or not parts[2][1]:
            raise Unproved("a shift of two words")
        k = parts[2][1]
        low, high = self.read(parts[0]), self.read(parts[1])
        halves = [self.domain.right(low, k), self.domain.left(high, 64 - k)]
        self.shifted(parts[0], self.domain.sum(halves)[0], k)

    def do_shld(self, parts):
        if self.size(parts[0]) != 8 or parts[2][0] != "i" or not parts[2][1]:
            raise Unproved("a shift of two words")
        k = parts[2][1]
        high, low = self.read(parts[0]), self.read(parts[1])
        halves = [self.domain.left(high, k), self.domain.right(low, 64 - k)]
        self.shifted(parts[0], self.domain.sum(halves)[0], k)

    def do_mulx(self, parts):
        low, high = self.domain.product(self.register("rdx"), self.read(parts[2]))
        self.write(parts[1], low)
        self.write(parts[0], high)

    def do_mul(self, parts):
        low, high = self.domain.product(self.register("rax"), self.read(parts[0]))
        self.registers["rax"], self.registers["rdx"] = low, high
        self.low.pop("rax", None), self.low.pop("rdx", None)
        self.cf = self.of = self.zero = None

    def do_imul(self, parts):
        low, _ = self.domain.product(self.read(parts[-2]), self.read(parts[-1]))
        self.write(parts[0], low)
        self.cf = self.of = self.zero = None
