"""Vector registers of up to eight words, and mask registers."""

from vector_octets import VectorOctets
from words import FULL, Form, Unproved, Word, constant

# Word by word: what the rest of the name means, after a leading v.
OPERATIONS = {
    "paddq": "add", "psubq": "sub", "pmadd52luq": "madd_low", "pmadd52huq": "madd_high",
    "pandq": "and", "pand": "and", "pandd": "and", "andps": "and", "andpd": "and",
    "pandn": "and_not", "pandnq": "and_not", "andnps": "and_not",
    "porq": "or", "por": "or", "pord": "or", "orps": "or", "orpd": "or",
    "pxorq": "xor", "pxor": "xor", "pxord": "xor", "xorps": "xor", "xorpd": "xor",
    "psrlq": "right", "psllq": "left", "psraq": "right_signed", "psrlvq": "right", "psllvq": "left",
}
LANEWISE = {prefix + name for name in OPERATIONS for prefix in ("", "v")} - {"pmadd52luq", "pmadd52huq", "psraq", "psrlvq", "psllvq"}
MOVES = {"movups", "movaps", "movupd", "movapd", "movdqa", "movdqu", "vmovups", "vmovaps", "vmovupd", "vmovapd", "vmovdqa", "vmovdqu",
         "vmovdqa64", "vmovdqu64", "vmovdqa32", "vmovdqu32"}
ALIGNED = ("movaps", "movapd", "movdqa")


# The same for all lanes, so that what is made of it is.
ZERO = constant(0)


class Vectors(VectorOctets):
    # Operands

    def vector(self, part, octets=None):
        """A vector operand as a list of words. Of a register `octets`, else as much as its name says; memory likewise."""
        octets = octets or (part[2] if part[0] == "v" else part[1])
        if part[0] == "v":
            words = self.vectors[part[1]]
            if words is None:
                raise Unproved(f"vector {part[1]} is not set")
            words = words[:octets // 8]
            if any(word is None for word in words):
                raise Unproved(f"a part of vector {part[1]} is not set")
            return words
        if part[0] != "m":
            raise Unproved(f"operand {part}")
        address = self.address(part)
        if part[6]:
            return [self.one_for_all(self.memory[address])] * (octets // 8)
        words = [self.memory[address + 8 * i] for i in range(octets // 8)]
        if part[1] != 64:
            for word in words:
                self.one_for_all(word)
        return words

    def set_vector(self, part, words, legacy=False):
        """Instructions of before AVX leave the upper words as they are, others clear them."""
        mask = part[3] if part[0] == "v" else part[7]
        if mask:
            words = self.merged(part, words, *mask)
        if part[0] == "v":
            rest = (self.vectors[part[1]] or [None] * 8)[len(words):] if legacy else [ZERO] * (8 - len(words))
            self.vectors[part[1]] = words + rest
        else:
            address = self.address(part)
            for i, word in enumerate(words):
                self.memory[address + 8 * i] = word

    def merged(self, part, words, number, zeroing):
        """Where a mask is a known number."""
        if part[0] != "v" or part[2] // 8 != len(words):
            raise Unproved("a mask on such an operand")
        kind, bits = self.mask(number)
        if kind != "known" or len(bits) < len(words):
            raise Unproved("a mask that is not known")
        old = [constant(0)] * len(words) if zeroing else self.vector(part)
        return [word if bit else before for word, before, bit in zip(words, old, bits)]

    def mask(self, number):
        if self.masks[number] is None:
            raise Unproved(f"mask {number} is not set")
        return self.masks[number]

    def one_for_all(self, word):
        """A word that goes to other lanes than its own."""
        if word.known is None:
            self.across()
        return word

    def across(self):
        if self.vertical:
            raise Unproved("lanes are mixed")

    # Word by word

    def move(self, parts):
        legacy = not self.name_now().startswith("v")
        octets = parts[0][2] if parts[0][0] == "v" else parts[1][2] if parts[1][0] == "v" else None
        if self.name_now().removeprefix("v").startswith(ALIGNED) and any(part[0] == "m" and self.address(part) % octets for part in parts):
            raise Unproved("a move of words that are not aligned as it asks for")
        self.set_vector(parts[0], self.vector(parts[1], octets), legacy)

    def name_now(self):
        return self.program.decoded(self.at)[0]

    def lanewise(self, mnemonic, parts):
        legacy = not mnemonic.startswith("v")
        name = OPERATIONS[mnemonic.removeprefix("v")]
        octets = parts[0][2]
        if name == "xor" and parts[-1] == parts[-2] and not parts[0][3]:
            self.set_vector(parts[0], [ZERO] * (octets // 8), legacy)
            return
        operands = parts if name.startswith("madd") or len(parts) == 2 else parts[1:]
        columns = [self.column(part, octets, name) for part in operands]
        if parts[0][3] and name in ("add", "sub") and self.mask(parts[0][3][0])[0] == "carries":
            self.set_vector(("v", parts[0][1], octets, None), self.with_carries(parts[0], name, columns))
            return
        found, result = {}, []
        for words in zip(*columns):
            key = tuple(map(id, words))
            if key not in found:
                found[key] = self.lane(name, words)
            result.append(found[key])
        self.set_vector(parts[0], result, legacy)

    def column(self, part, octets, name):
        if part[0] == "i":
            return [part[1]] * (octets // 8)
        if name in ("left", "right", "right_signed") and part[0] in "vm":
            words = self.vector(part, octets)
            return words
        return self.vector(part, octets)

    def lane(self, name, words):
        domain = self.domain
        if name in ("madd_low", "madd_high"):
            a, b = domain.low_part(words[1], 52), domain.low_part(words[2], 52)
            return domain.sum([words[0], domain.product(a, b, 52)[name == "madd_high"]])[0]
        if name == "add":
            return domain.sum(list(words))[0]
        if name == "sub":
            return domain.difference(*words)[0]
        if name == "and":
            return domain.bitwise_and(*words)
        if name == "and_not":
            return domain.bitwise_and(domain.inverted(words[0]), words[1])
        if name == "or":
            return domain.bitwise_or(*words)
        if name == "xor":
            return domain.bitwise_xor(*words)
        count = words[1]
        if not isinstance(count, int):
            if count.known is None:
                raise Unproved("a shift by a number that is not known")
            count = count.known
        if name == "left":
            return domain.left(words[0], count) if count < 64 else constant(0)
        if count > 63 and name == "right":
            return constant(0)
        return domain.right(words[0], min(count, 63), name == "right_signed")

    def with_carries(self, part, name, columns):
        """x + 1 where a mask of carries has its bit, or x − (2^64 − 1)."""
        kind, bits = self.mask(part[3][0])
        wanted = 1 if name == "add" else FULL - 1
        if part[3][1] or len(bits) < len(columns[0]) or any(word.known != wanted for word in columns[1]):
            raise Unproved("a masked sum")
        old = self.vector(("v", part[1], part[2], None))
        if any(a is not b for a, b in zip(old, columns[0])):
            raise Unproved("a masked sum of another register")
        found = [self.domain.sum([word, bit])[0] for word, bit in zip(columns[0], bits)]
        for result, word, bit in zip(found, columns[0], bits):
            # A word of a number is one for all runs.
            if result.known is None:
                result.masked = self.domain.digits.get((word, bit))
        return found

    def do_vpternlogq(self, parts):
        """A function of three bits. Where one operand is a known mask, all ones or 0, a function of two."""
        octets, table = parts[0][2], parts[3][1]
        columns = [self.vector(part[:3] + (None,) if part[0] == "v" else part, octets) for part in parts[:3]]
        self.set_vector(parts[0], [self.ternary(table, words) for words in zip(*columns)])

    do_vpternlogd = do_vpternlogq

    def ternary(self, table, words):
        a, b, c = words
        if table == 0xFF:
            return constant(FULL - 1)
        for i, word in enumerate(words):
            if word.known in (0, FULL - 1):
                bit = int(word.known != 0)
                others = words[:i] + words[i + 1:]
                # Two bits x, y → the bit of the table, by their places.
                small = [table >> (self.placed(i, bit, x, y)) & 1 for x in (0, 1) for y in (0, 1)]
                return self.binary(small, *others)
        if all(word.known is not None for word in words):
            bits = [table >> (a.known >> i & 1) * 4 + (b.known >> i & 1) * 2 + (c.known >> i & 1) & 1 for i in range(64)]
            return constant(sum(bit << i for i, bit in enumerate(bits)))
        either, both, choice = self.domain.bitwise_or, self.domain.bitwise_and, self.domain.selected
        functions = {0xF8: lambda: either(a, both(b, c)), 0xEA: lambda: either(c, both(a, b)), 0xEC: lambda: either(b, both(a, c)),
                     0xC8: lambda: both(b, either(a, c)), 0xA8: lambda: both(c, either(a, b)), 0xE0: lambda: both(a, either(b, c)),
                     0x96: lambda: self.domain.bitwise_xor(a, self.domain.bitwise_xor(b, c)),
                     0xCA: lambda: choice(a, b, c), 0xAC: lambda: choice(a, c, b), 0xE2: lambda: choice(b, a, c),
                     0xB8: lambda: choice(b, c, a), 0xE4: lambda: choice(c, a, b), 0xD8: lambda: choice(c, b, a)}
        if table in functions:
            return functions[table]()
        raise Unproved(f"the function {table:#x} of three words")

    @staticmethod
    def placed(i, bit, x, y):
        bits = [x, y]
        bits.insert(i, bit)
        return bits[0] << 2 | bits[1] << 1 | bits[2]

    def binary(self, table, x, y):
        """A function of two bits, its values for 00, 01, 10, 11."""
        domain = self.domain
        simple = {(0, 0, 0, 0): lambda: constant(0), (0, 0, 1, 1): lambda: x, (0, 1, 0, 1): lambda: y,
                  (0, 0, 0, 1): lambda: domain.bitwise_and(x, y), (0, 1, 1, 1): lambda: domain.bitwise_or(x, y),
                  (0, 1, 1, 0): lambda: domain.bitwise_xor(x, y), (1, 1, 1, 1): lambda: constant(FULL - 1),
                  (1, 0, 1, 0): lambda: domain.inverted(y), (1, 1, 0, 0): lambda: domain.inverted(x),
                  (0, 0, 1, 0): lambda: domain.bitwise_and(x, domain.inverted(y)),
                  (0, 1, 0, 0): lambda: domain.bitwise_and(y, domain.inverted(x))}
        if tuple(table) not in simple:
            raise Unproved(f"the function {table} of two words")
        return simple[tuple(table)]()

    # Masks

    def compare(self, sign, parts, signed=True):
        if parts[0][0] == "v":
            self.compare_into_words(sign, parts)
            return
        if parts[1][2 if parts[1][0] == "v" else 1] != 64:
            raise Unproved("a comparison of fewer than eight words")
        columns = list(zip(self.vector(parts[1], 64), self.vector(parts[2], 64)))
        if all(a.known is not None and b.known is not None for a, b in columns):
            self.masks[parts[0][1]] = "known", [self.holds(sign, a.known, b.known, signed) for a, b in columns]
            return
        if any(other.known is None for _, other in columns):
            raise Unproved("a comparison with a word that is not known")
        self.domain.columns.append([word for word, _ in columns])
        self.masks[parts[0][1]] = "outcomes", [self.domain.compared(sign, a, b.known) for a, b in columns]

    def compare_into_words(self, sign, parts):
        octets = parts[0][2]
        operands = parts if len(parts) == 2 else parts[1:]
        if sign == "=" and operands[0] == operands[1]:
            self.set_vector(parts[0], [constant(FULL - 1)] * (octets // 8), not self.name_now().startswith("v"))
            return
        columns = list(zip(self.vector(operands[0], octets), self.vector(operands[1], octets)))
        if any(a is not b and None in (a.known, b.known) for a, b in columns) or sign != "=" and parts[1] == parts[2]:
            raise Unproved("a comparison of words that are not known")
        self.set_vector(parts[0], [constant(FULL - 1 if a is b or self.holds(sign, a.known, b.known) else 0) for a, b in columns],
                        not self.name_now().startswith("v"))

    @staticmethod
    def holds(sign, a, b, signed=True):
        if signed:
            a, b = (x - (x >> 63 << 64) for x in (a, b))
        return int(a == b if sign == "=" else a > b)

    def do_vpcmpgtq(self, parts):
        self.compare(">", parts)

    def do_vpcmpnleuq(self, parts):
        self.compare(">", parts, False)

    def do_vpcmpeqq(self, parts):
        self.compare("=", parts)

    def do_vpcmpeqd(self, parts):
        if parts[0][0] != "v":
            raise Unproved("a comparison of words of 32 bits into a mask")
        octets, legacy = parts[0][2], not self.name_now().startswith("v")
        if parts[-1] == parts[-2]:
            self.set_vector(parts[0], [constant(FULL - 1)] * (octets // 8), legacy)
            return
        words = zip(self.vector(parts[-2], octets), self.vector(parts[-1], octets))
        self.set_vector(parts[0], [self.equal_halves(x, y) for x, y in words], legacy)

    def equal_halves(self, x, y):
        if x.known is None or y.known is None:
            return self.domain.equal_halves(x, y)
        equal = x.known ^ y.known
        return constant(sum(0xFFFFFFFF << shift for shift in (0, 32) if not equal >> shift & 0xFFFFFFFF))

    def do_movmskps(self, parts):
        """The topmost bits of parts of 32 bits."""
        self.across()
        words = self.vector(parts[1])
        if all(word.known is not None for word in words):
            bits = [word.known >> shift & 1 for word in words for shift in (31, 63)]
            self.write(parts[0], constant(sum(bit << i for i, bit in enumerate(bits))))
        elif all(word.equal is not None for word in words):
            self.write(parts[0], self.domain.with_bits("equal", [half for word in words for half in word.equal]))
        else:
            raise Unproved("topmost bits of words that are not known")

    do_vmovmskps = do_movmskps

    do_pcmpeqd = do_vpcmpeqd

    def do_vptestnmq(self, parts):
        columns = list(zip(self.vector(parts[1], 64), self.vector(parts[2], 64)))
        if parts[1][2] != 64 or any(a.known is None or b.known is None for a, b in columns):
            raise Unproved("a test of words that are not known")
        self.masks[parts[0][1]] = "known", [int(a.known & b.known == 0) for a, b in columns]

    def do_kunpckbw(self, parts):
        (kind, high), (other, low) = self.mask(parts[1][1]), self.mask(parts[2][1])
        if kind != other or len(low) < 8 or len(high) < 8:
            raise Unproved("masks that do not fit together")
        self.masks[parts[0][1]] = kind, low[:8] + high[:8]

    def kmov(self, parts, length):
        if parts[0][0] != "k":
            kind, bits = self.mask(parts[1][1])
            if kind == "known":
                self.write(parts[0], constant(sum(bit << i for i, bit in enumerate(bits[:length]))))
            else:
                self.write(parts[0], self.domain.with_bits(kind, bits[:length]))
            return
        if parts[1][0] == "r" and parts[1][1] in self.low:
            # Only the lowest octet is known: so many bits are.
            word, length = self.low[parts[1][1]], 8
        else:
            word = self.read(parts[1])
        if word.bits:
            self.masks[parts[0][1]] = word.bits[0], word.bits[1][:length]
        elif word.known is not None:
            self.masks[parts[0][1]] = "known", [word.known >> i & 1 for i in range(length)]
        else:
            raise Unproved("a mask that is not known")

    def do_kmovb(self, parts):
        self.kmov(parts, 8)

    def do_kmovw(self, parts):
        self.kmov(parts, 16)

    def do_kmovd(self, parts):
        self.kmov(parts, 32)

    def do_vpmovm2q(self, parts):
        kind, bits = self.mask(parts[1][1])
        if kind == "known":
            self.set_vector(parts[0], [constant(FULL - 1 if bit else 0) for bit in bits[:parts[0][2] // 8]])
            return
        if kind != "carries" or len(bits) < 8 or parts[0][2] != 64:
            raise Unproved("a mask that is not made of carries")
        forms = [self.domain.value(bit) for bit in bits[:8]]
        self.set_vector(parts[0], [self.domain.maybe_negative(Form(f.poly.scaled(-1), -f.high, -f.low)) for f in forms])

    def do_vpblendmq(self, parts):
        kind, bits = self.mask(parts[0][3][0])
        if kind != "known" or parts[0][3][1]:
            raise Unproved("a mask that is not known")
        no, yes = self.vector(parts[1], parts[0][2]), self.vector(parts[2], parts[0][2])
        self.set_vector(parts[0][:3] + (None,), [b if bit else a for a, b, bit in zip(no, yes, bits)])

    # Between lanes

    def do_vpbroadcastq(self, parts):
        if parts[1][0] == "r":
            word = self.read(parts[1])
        elif parts[1][0] == "m":
            word = self.memory[self.address(parts[1])]
        else:
            word = self.vector(parts[1])[0]
        self.one_for_all(word)
        self.set_vector(parts[0], [word] * (parts[0][2] // 8))

    do_vbroadcastsd = do_vpbroadcastq

    def do_vbroadcasti64x4(self, parts):
        self.across()
        self.set_vector(parts[0], self.vector(parts[1], 32) * 2)

    def do_valignq(self, parts):
        self.across()
        octets = parts[0][2]
        both = self.vector(parts[2], octets) + self.vector(parts[1], octets)
        self.set_vector(parts[0], both[parts[3][1]:][:octets // 8])

    def do_vmovq(self, parts):
        self.across()
        if parts[0][0] == "v":
            word = self.vector(parts[1])[0] if parts[1][0] == "v" else self.read(parts[1])
            self.set_vector(parts[0][:2] + (16, None), [word, constant(0)], not self.name_now().startswith("v"))
        else:
            self.write(parts[0], self.vector(parts[1])[0])

    do_movq = do_vmovq

    def do_movhps(self, parts):
        self.across()
        if parts[0][0] == "m":
            self.memory[self.address(parts[0])] = self.vector(parts[1])[1]
        else:
            low = self.vector(parts[-2])[0]
            self.set_vector(parts[0], [low, self.memory[self.address(parts[-1])]], True)

    do_movhpd = do_movhps

    def do_vmovhps(self, parts):
        self.across()
        if parts[0][0] == "m":
            self.memory[self.address(parts[0])] = self.vector(parts[1])[1]
        else:
            self.set_vector(parts[0], [self.vector(parts[1])[0], self.memory[self.address(parts[2])]])

    do_vmovhpd = do_vmovhps

    def do_vpextrq(self, parts):
        self.across()
        self.write(parts[0], self.vector(parts[1])[parts[2][1]])

    def do_vpextrw(self, parts):
        self.across()
        words, at = self.vector(parts[1]), parts[2][1]
        self.write(parts[0], self.domain.low_part(self.domain.right(words[at // 4], 16 * (at % 4)), 16))

    def extracted(self, parts, octets):
        self.across()
        at = octets // 8 * parts[2][1]
        self.set_vector(parts[0], self.vector(parts[1])[at:at + octets // 8])

    def pairs_moved(self, parts, up):
        """A word up or down in each pair, and 0 in its place."""
        self.across()
        if parts[2][1] != 8:
            raise Unproved("a shift of octets that is not one of words")
        words = self.vector(parts[1], parts[0][2])
        pairs = [[ZERO, words[i]] if up else [words[i + 1], ZERO] for i in range(0, len(words), 2)]
        self.set_vector(parts[0], sum(pairs, []))

    def do_vpslldq(self, parts):
        self.pairs_moved(parts, True)

    def do_vpsrldq(self, parts):
        self.pairs_moved(parts, False)

    def blended(self, parts, bits_for_a_word):
        words, control = [], parts[3][1]
        for i, (a, b) in enumerate(zip(self.vector(parts[1], parts[0][2]), self.vector(parts[2], parts[0][2]))):
            chosen = control >> bits_for_a_word * i % 8 & (1 << bits_for_a_word) - 1
            if chosen in (0, (1 << bits_for_a_word) - 1):
                words.append(b if chosen else a)
                continue
            mask = sum(((1 << 64 // bits_for_a_word) - 1) << 64 // bits_for_a_word * j for j in range(bits_for_a_word) if chosen >> j & 1)
            both = self.domain.bitwise_and
            words.append(self.domain.bitwise_or(both(a, constant(FULL - 1 - mask)), both(b, constant(mask))))
        self.set_vector(parts[0], words)

    def do_vpblendd(self, parts):
        self.blended(parts, 2)

    def do_vpblendw(self, parts):
        self.blended(parts, 4)

    def do_vextracti32x4(self, parts):
        self.extracted(parts, 16)

    do_vextracti128 = do_vextractf128 = do_vextracti64x2 = do_vextractf32x4 = do_vextracti32x4

    def do_vextracti64x4(self, parts):
        self.extracted(parts, 32)

    do_vextractf64x4 = do_vextracti64x4

    def inserted(self, parts, octets):
        self.across()
        words, at = list(self.vector(parts[1], parts[0][2])), octets // 8 * parts[3][1]
        words[at:at + octets // 8] = self.vector(parts[2], octets)
        self.set_vector(parts[0], words)

    def do_vinserti32x4(self, parts):
        self.inserted(parts, 16)

    do_vinserti128 = do_vinsertf128 = do_vinserti64x2 = do_vinsertf32x4 = do_vinserti32x4

    def do_vinserti64x4(self, parts):
        self.inserted(parts, 32)

    do_vinsertf64x4 = do_vinserti64x4

    def halves(self, parts, which):
        """The lower or the upper word of each pair of both operands."""
        self.across()
        octets, legacy = parts[0][2], not self.name_now().startswith("v")
        a, b = self.vector(parts[-2], octets), self.vector(parts[-1], octets)
        self.set_vector(parts[0], [x[i + which] for i in range(0, octets // 8, 2) for x in (a, b)], legacy)

    def do_punpcklqdq(self, parts):
        self.halves(parts, 0)

    do_vpunpcklqdq = do_punpcklqdq

    def do_punpckhqdq(self, parts):
        self.halves(parts, 1)

    do_vpunpckhqdq = do_punpckhqdq

    def do_vshufi64x2(self, parts):
        """Pairs of words: the lower ones of the result from the first operand, the upper ones from the second."""
        self.across()
        octets, control = parts[0][2], parts[3][1]
        pairs = octets // 16
        if pairs != 4:
            raise Unproved("a shuffle of pairs of fewer than eight words")
        a, b = self.vector(parts[1], octets), self.vector(parts[2], octets)
        words = []
        for i in range(4):
            at = control >> 2 * i & 3
            words += (a if i < 2 else b)[2 * at:2 * at + 2]
        self.set_vector(parts[0], words)

    def do_vpermilps(self, parts):
        """Parts of 32 bits change places in each pair of words."""
        self.across()
        words, control = self.vector(parts[1], parts[0][2]), parts[2][1] % 256
        if control != 0x4E:
            raise Unproved("parts of words change places")
        self.set_vector(parts[0], [words[i ^ 1] for i in range(len(words))])

    def do_vpermq(self, parts):
        self.across()
        if parts[2][0] == "i":
            words = self.vector(parts[1], parts[0][2])
            order = [4 * (i // 4) + (parts[2][1] >> 2 * (i % 4) & 3) for i in range(len(words))]
        else:
            words = self.vector(parts[2], parts[0][2])
            order = [self.place(word) % len(words) for word in self.vector(parts[1], parts[0][2])]
        self.set_vector(parts[0], [words[i] for i in order])

    do_vpermpd = do_vpermq

    @staticmethod
    def place(word):
        if word.known is None:
            raise Unproved("a place that is not known")
        return word.known

    def picked(self, parts, index, low):
        """Words of two tables, one after the other, by the words of an index."""
        self.across()
        octets = parts[0][2]
        both = self.vector(low[:3] + (None,) if low[0] == "v" else low, octets) + self.vector(parts[2], octets)
        order = self.vector(index[:3] + (None,), octets)
        self.set_vector(parts[0], [both[self.place(word) % len(both)] for word in order])

    def do_vpermi2q(self, parts):
        self.picked(parts, parts[0], parts[1])

    def do_vpermt2q(self, parts):
        self.picked(parts, parts[1], parts[0])

    def do_vzeroupper(self, _):
        for number, words in enumerate(self.vectors[:16]):
            if words is not None:
                self.vectors[number] = words[:2] + [ZERO] * 6
