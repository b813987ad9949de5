"""Instructions on vector registers that move octets, or parts of 16 or 32 bits."""

from octets import octets_of, packed, unpacked, word_of
from words import Unproved


class VectorOctets:
    def do_pshufd(self, parts):
        self.across()
        octets, legacy = parts[0][2], not self.name_now().startswith("v")
        words, control = self.vector(parts[1], octets), parts[2][1] % 256
        result = []
        for i in range(0, len(words), 2):
            quarters = [octets_of(word)[j:j + 4] for word in words[i:i + 2] for j in (0, 4)]
            chosen = [quarters[control >> 2 * j & 3] for j in range(4)]
            result += [word_of(chosen[0] + chosen[1]), word_of(chosen[2] + chosen[3])]
        self.set_vector(parts[0], result, legacy)

    do_vpshufd = do_pshufd

    def do_shufps(self, parts):
        """Two quarters of the first operand, two of the second."""
        self.across()
        if parts[0][2] != 16 or len(parts) != 3:
            raise Unproved("a shuffle of more than two words")
        quarters = [[octets_of(word)[j:j + 4] for word in self.vector(part, 16) for j in (0, 4)] for part in parts[:2]]
        chosen = [quarters[i // 2][parts[2][1] >> 2 * i & 3] for i in range(4)]
        self.set_vector(parts[0], [word_of(chosen[0] + chosen[1]), word_of(chosen[2] + chosen[3])], True)

    def shuffled(self, parts, which):
        """The four parts of 16 bits of the lower or upper word of a pair."""
        words, control = list(self.vector(parts[1])), parts[2][1] % 256
        if len(words) != 2:
            raise Unproved("a shuffle of more than two words")
        eighths = octets_of(words[which])
        words[which] = word_of(sum((eighths[2 * (control >> 2 * j & 3):][:2] for j in range(4)), []))
        self.set_vector(parts[0], words, not self.name_now().startswith("v"))

    def do_pshuflw(self, parts):
        self.shuffled(parts, 0)

    def do_pshufhw(self, parts):
        self.shuffled(parts, 1)

    def unpack(self, parts, which):
        if parts[0][2] != 16 or len(parts) != 2:
            raise Unproved("octets of more than two words")
        a, b = (octets_of(self.vector(part, 16)[which]) for part in parts)
        turn = unpacked(a, b)
        self.set_vector(parts[0], [word_of(turn[:8]), word_of(turn[8:])], True)

    def do_punpcklbw(self, parts):
        self.unpack(parts, 0)

    def do_punpckhbw(self, parts):
        self.unpack(parts, 1)

    def do_packuswb(self, parts):
        if parts[0][2] != 16:
            raise Unproved("octets of more than two words")
        words = [sum((octets_of(word) for word in self.vector(part, 16)), []) for part in parts]
        self.set_vector(parts[0], [word_of(packed(octets)) for octets in words], True)
