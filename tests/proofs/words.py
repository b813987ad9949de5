"""Words of a run: what is known of 64 bits that are not known."""

from functools import lru_cache

from polynomial import Poly

FULL = 1 << 64


class Fork(Exception):
    """What follows depends on a number that may have one of some values: all have to be looked at."""

    def __init__(self, values=(0, 1)):
        super().__init__()
        self.values = tuple(values)


class Unproved(Exception):
    pass


class Contradiction(Exception):
    """No input takes this path: what was decided cannot be."""


class Unknown:
    __slots__ = ("name", "low", "high", "meaning", "congruent", "whole", "signed")

    def __init__(self, name, low, high):
        self.name, self.low, self.high = name, low, high
        self.meaning = None  # the polynomial that it stands for
        self.congruent = None  # (k, polynomial): equal to it modulo 2^k
        self.signed = None  # an integer, maybe negative, equal to it modulo 2^64
        self.whole = None  # (form, k): the lowest k bits of it


class Form:
    """An integer: a polynomial, and bounds."""

    __slots__ = ("poly", "low", "high")

    def __init__(self, poly, low, high):
        self.poly, self.low, self.high = poly, low, high


class Word:
    """64 bits. `unsigned` is their value; `signed` an integer that may be negative and is equal to it modulo 2^64."""

    __slots__ = ("_unsigned", "signed", "later", "alias", "parts", "xors", "zeros", "small32", "bits", "octets", "any_of",
                 "equal", "masked")

    def __init__(self, unsigned=None, signed=None, later=None):
        self._unsigned, self.signed, self.later = unsigned, signed, later
        self.alias = None
        self.parts = None  # words whose sum it is, modulo 2^64
        self.xors = None
        self.octets = None  # where they are those of other words, see octets.py
        self.masked = None  # (number, word): what it is once it is masked so
        self.any_of = self.equal = None  # what it is compared for, see equality.py
        self.zeros = 0  # so many of its lowest bits are 0
        self.bits = None  # (kind, list): bits that are looked at one by one, outcomes of comparisons or carries
        self.small32 = None  # an integer in [−2^31, 2^31) equal to it modulo 2^32, where it is the result of 32-bit instructions

    @property
    def unsigned(self):
        if self._unsigned is None:
            self.later()
        return self._unsigned

    @property
    def known(self):
        """The value, if there is but one."""
        if self._unsigned is not None and self._unsigned.low == self._unsigned.high:
            return self._unsigned.low
        return None

    def either(self):
        """A form that is at hand, the unsigned one if both are."""
        return self._unsigned or self.signed

    def is_mask(self):
        """Is it all ones or 0?"""
        return bool(self.signed) and self.signed.low == -1 and self.signed.high == 0

    def small(self):
        """An integer in [−2^63, 2^63) equal to the word modulo 2^64, or None."""
        if self.signed:
            return self.signed
        form = self._unsigned
        if form is None:
            return None
        if form.high < FULL >> 1:
            return form
        if form.low >= FULL >> 1:
            return Form(form.poly.plus(Poly.constant(-FULL)), form.low - FULL, form.high - FULL)
        return None


class Bit:
    """A flag: a form in [0, 1] that is made when it is asked for."""

    __slots__ = ("_form", "later")

    def __init__(self, form=None, later=None):
        self._form, self.later = form, later

    @property
    def form(self):
        if self._form is None:
            self._form = self.later()
        return self._form

    @property
    def known(self):
        """The value, if that is at hand."""
        return self._form.low if self._form is not None and self._form.low == self._form.high else None


@lru_cache(maxsize=None)
def known_word(value):
    return Word(Form(Poly.constant(value), value, value))


def constant(value):
    """The word of a number: one for each number, so that an exclusive or cancels."""
    return known_word(value % FULL)


def flag(value):
    return Bit(Form(Poly.constant(value), value, value))


NO = Bit(Form(Poly({}), 0, 0))
