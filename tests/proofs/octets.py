"""Octets that change places: words whose octets are those of other words."""

from words import Unproved, Word, constant


def octets_of(word):
    """Eight octets, the lowest first: numbers, or (word, which octet of it)."""
    if word.octets:
        return word.octets
    if word.known is not None:
        return [word.known >> 8 * i & 255 for i in range(8)]
    return [(word, i) for i in range(8)]


def unread():
    raise Unproved("a word of octets that changed places is read as a number")


def word_of(octets):
    """The word with these octets: the one that they belong to, if it is that."""
    if all(isinstance(octet, int) for octet in octets):
        return constant(sum(octet << 8 * i for i, octet in enumerate(octets)))
    first = octets[0]
    if not isinstance(first, int) and octets == [(first[0], i) for i in range(8)]:
        return first[0]
    word = Word(None, None, unread)
    word.octets = octets
    return word


def swapped(word):
    """The octets in reverse order."""
    return word_of(octets_of(word)[::-1])


def unpacked(x, y):
    """The octets of two lists in turn."""
    return [octet for pair in zip(x, y) for octet in pair]


def packed(octets):
    """Of words of 16 bits as octets, those below 256."""
    if any(octets[1::2]):
        raise Unproved("16 bits that may be more than an octet")
    return octets[::2]
