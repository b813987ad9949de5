"""Memory in words of 64 bits, and parts of them that were stored by themselves."""

from words import FULL, Unproved, Word, constant

STACK = 0x7FFF_0000_0000
MOST_STACK = 1 << 20


class Memory:
    """What a run stored. A word that was overwritten in part is gone, but for the parts themselves; a word that is read and
    was never stored comes from the image of the library, or stops the proof."""

    def __init__(self, program):
        self.program = program
        self.words = {}  # address → word, addresses are multiples of eight
        self.parts = {}  # (address, octets) → word, inside a word that is gone
        self.watched = None  # addresses that were read, where somebody wants to know

    def __getitem__(self, address):
        word = self.get(address)
        if word is None and STACK - MOST_STACK <= address < STACK:
            # Code may copy what nobody stored, and may not look at it.
            return Word(None, None, self.unset)
        if word is None:
            raise Unproved(f"nothing was stored at {address:x}")
        return word

    @staticmethod
    def unset():
        raise Unproved("a word of the stack that nothing was stored in is read")

    def get(self, address):
        if self.watched is not None:
            self.watched.add(address)
        if address % 8:
            return self.straddling(address)
        word = self.words.get(address)
        if word is None and address not in self.words:
            value = self.program.constant(address)
            word = constant(value) if isinstance(value, int) else value
        return word

    def straddling(self, address):
        """Eight octets of two words, both of which are numbers."""
        low, high = self.get(address & ~7), self.get((address & ~7) + 8)
        if low is None or high is None or low.known is None or high.known is None:
            raise Unproved(f"a read at {address:x}, across words")
        return constant((low.known | high.known << 64) >> 8 * (address % 8))

    def __setitem__(self, address, word):
        if address % 8:
            raise Unproved(f"a store at {address:x}, across words")
        self.forget_parts(address)
        self.words[address] = word

    def forget_parts(self, address):
        for place in [place for place in self.parts if place[0] & ~7 == address]:
            del self.parts[place]

    def read_part(self, address, octets):
        """(the word that was stored there as such a part, or None; else the word around it)."""
        if self.watched is not None:
            self.watched.add(address & ~7)
        if (address, octets) in self.parts:
            return self.parts[address, octets], None
        if address % 8 + octets > 8:
            raise Unproved(f"a read at {address:x}, across words")
        return None, self[address & ~7]

    def write_part(self, address, octets, word):
        home = address & ~7
        if address + octets > home + 8:
            raise Unproved(f"a store at {address:x}, across words")
        old = self.words.get(home)
        if old is not None and old.known is not None and word.known is not None:
            mask = ((1 << 8 * octets) - 1) << 8 * (address - home)
            self.words[home] = constant(old.known & (FULL - 1 - mask) | word.known << 8 * (address - home) & mask)
            return
        self.forget(address, octets)
        self.parts[address, octets] = word

    def forget(self, address, octets):
        """What is left of the word is not known any more, nor are parts that overlap."""
        self.words[address & ~7] = None
        for place, size in list(self.parts):
            if place < address + octets and address < place + size:
                del self.parts[place, size]
