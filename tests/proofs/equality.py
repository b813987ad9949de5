"""Comparisons for equality: words of which it is known when they are 0, whatever they are otherwise.

The exclusive or of two words is 0 exactly if they are equal, the or of words if all are 0. Such a word is the set of the differences that
would have to vanish; nothing else can be read of it. Comparisons of 32 bits at a time give masks, all ones where the halves of
certain differences vanish; both halves of a difference have to come together in the end."""

from words import Fork, Unproved, Word


class Equality:
    def differences_of(self, word):
        """Key → polynomial of what vanishes exactly if the word is 0."""
        if word.any_of is not None:
            return word.any_of
        if word.xors:
            if len(word.xors) != 2:
                raise Unproved("an exclusive or of more than two words is compared")
            x, y = (self.value(name).poly for name in word.xors)
            poly = x.plus(y, -1)
        else:
            poly = self.value(word).poly
        return self.difference_named(poly)

    @staticmethod
    def difference_named(poly):
        """A difference and its opposite are one."""
        poly = poly.lowest()
        if poly.terms and poly.terms[min(poly.terms)] < 0:
            poly = poly.scaled(-1)
        return {poly.key(): poly} if poly.terms else {}

    def either_of(self, x, y):
        """The or of words, which can be compared with 0."""
        result = Word(None, None, self.only_compared)
        result.any_of = self.differences_of(x) | self.differences_of(y)
        return result

    @staticmethod
    def only_compared():
        raise Unproved("a word that can only be compared with 0 is read")

    def equal_halves(self, x, y):
        """All ones in each half where the halves of two words are equal."""
        if y.any_of is not None or y.xors:
            x, y = y, x
        if y.known == 0:
            found = self.differences_of(x)
        elif x.any_of is None and not x.xors:
            found = self.differences_of(self.bitwise_xor(x, y))
        else:
            raise Unproved("a comparison of what can only be compared with 0")
        result = Word(None, None, self.only_compared)
        result.equal = tuple({(key, half): poly for key, poly in found.items()} for half in (0, 1))
        return result

    def both_equal(self, x, y):
        """The and of such masks."""
        if x.equal is None or y.equal is None:
            raise Unproved("a mask of comparisons and another word")
        result = Word(None, None, self.only_compared)
        result.equal = tuple(a | b for a, b in zip(x.equal, y.equal))
        return result

    def vanish(self, differences):
        """Are all of these 0? Both is possible unless bounds or decisions say otherwise: then both are looked at."""
        differences = {key: poly for key, poly in differences.items() if poly.terms}
        if not differences:
            return 1
        if any(low > 0 or high < 0 for low, high in map(self.bounds, differences.values())):
            return 0
        key = "vanish", frozenset(differences)
        for known, value in self.decided:
            if known == key:
                return value
        if len(self.decided) == len(self.decisions):
            raise Fork()
        value = self.decisions[len(self.decided)]
        self.decided.append((key, value))
        return value

    def all_halves_vanish(self, halves):
        """The same of differences by their halves, of which both have to be there."""
        if any((key, 1 - half) not in halves for key, half in halves):
            raise Unproved("half of a word is compared")
        return self.vanish({key: poly for (key, _), poly in halves.items()})

    def said_to_vanish(self, differences):
        """What was decided of exactly these differences, or None."""
        wanted = "vanish", frozenset(key for poly in differences for key in self.difference_named(poly))
        return next((value for known, value in self.decided if known == wanted), None)
