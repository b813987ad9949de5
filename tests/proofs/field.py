"""Polynomials and fractions over a prime field, in named variables."""


class Polynomial:
    """Monomial, a sorted tuple of names, → coefficient modulo the prime."""

    __slots__ = ("prime", "terms")

    def __init__(self, prime, terms):
        self.prime, self.terms = prime, {m: c % prime for m, c in terms.items() if c % prime}

    @staticmethod
    def variable(prime, name):
        return Polynomial(prime, {(name,): 1})

    def _of(self, other):
        return other if isinstance(other, Polynomial) else Polynomial(self.prime, {(): other})

    def __add__(self, other):
        terms = dict(self.terms)
        for m, c in self._of(other).terms.items():
            terms[m] = terms.get(m, 0) + c
        return Polynomial(self.prime, terms)

    __radd__ = __add__

    def __neg__(self):
        return Polynomial(self.prime, {m: -c for m, c in self.terms.items()})

    def __sub__(self, other):
        return self + -self._of(other)

    def __rsub__(self, other):
        return self._of(other) - self

    def __mul__(self, other):
        terms = {}
        for m, c in self.terms.items():
            for n, d in self._of(other).terms.items():
                both = tuple(sorted(m + n))
                terms[both] = terms.get(both, 0) + c * d
        return Polynomial(self.prime, terms)

    __rmul__ = __mul__

    def __pow__(self, n):
        result = self._of(1)
        for _ in range(n):
            result = result * self
        return result

    def __eq__(self, other):
        return self.terms == self._of(other).terms

    def __hash__(self):
        return hash(frozenset(self.terms.items()))

    def replaced(self, name, power, value):
        """With a polynomial in place of a power of a variable, as often as it divides."""
        result = self._of(0)
        for m, c in self.terms.items():
            times = m.count(name) // power
            rest = list(m)
            for _ in range(times * power):
                rest.remove(name)
            result = result + Polynomial(self.prime, {tuple(rest): c}) * value ** times
        return result


class Fraction:
    """A quotient of polynomials. `curve` reduces them, where points satisfy an equation."""

    __slots__ = ("over", "under")

    def __init__(self, over, under=None):
        self.over, self.under = over, under if under is not None else over._of(1)

    def _of(self, other):
        if isinstance(other, Fraction):
            return other
        return Fraction(self.over._of(other))

    def __add__(self, other):
        other = self._of(other)
        return Fraction(self.over * other.under + other.over * self.under, self.under * other.under)

    def __sub__(self, other):
        other = self._of(other)
        return Fraction(self.over * other.under - other.over * self.under, self.under * other.under)

    def __rsub__(self, other):
        return self._of(other) - self

    __radd__ = __add__

    def __mul__(self, other):
        other = self._of(other)
        return Fraction(self.over * other.over, self.under * other.under)

    __rmul__ = __mul__

    def __truediv__(self, other):
        other = self._of(other)
        return Fraction(self.over * other.under, self.under * other.over)

    def __neg__(self):
        return Fraction(-self.over, self.under)

    def same(self, other, reduce=lambda polynomial: polynomial):
        """Are both the same wherever neither denominator is 0?"""
        other = self._of(other)
        return reduce(self.over * other.under - other.over * self.under) == 0
