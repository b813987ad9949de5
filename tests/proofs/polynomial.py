"""Exact polynomials in unknown integers, with rational coefficients whose denominators are powers of two."""


class Poly:
    """Σ coefficient·monomial / 2^shift; a monomial is a sorted tuple of numbers of unknowns."""

    __slots__ = ("terms", "shift")

    def __init__(self, terms, shift=0):
        self.terms, self.shift = terms, shift

    @staticmethod
    def constant(value):
        return Poly({(): value} if value else {})

    def plus(self, other, factor=1):
        """self + factor·other."""
        if not other.terms or not factor:
            return self
        if self.shift >= other.shift:
            terms, shift = dict(self.terms), self.shift
            factor <<= self.shift - other.shift
        else:
            shift = other.shift
            up = other.shift - self.shift
            terms = {monomial: c << up for monomial, c in self.terms.items()}
        get = terms.get
        for monomial, c in other.terms.items():
            new = get(monomial, 0) + c * factor
            if new:
                terms[monomial] = new
            else:
                del terms[monomial]
        return Poly(terms, shift)

    @staticmethod
    def total(summands):
        """Σ factor·polynomial, of pairs: without a copy for each."""
        summands = list(summands)
        shift, terms = max((poly.shift for poly, _ in summands), default=0), {}
        get = terms.get
        for poly, factor in summands:
            factor <<= shift - poly.shift
            for monomial, c in poly.terms.items() if factor else ():
                new = get(monomial, 0) + c * factor
                if new:
                    terms[monomial] = new
                else:
                    terms.pop(monomial, None)
        return Poly(terms, shift)

    def times(self, other):
        terms = {}
        for m, c in self.terms.items():
            for n, d in other.terms.items():
                both = tuple(sorted(m + n)) if m and n else m or n
                terms[both] = terms.get(both, 0) + c * d
        return Poly({m: c for m, c in terms.items() if c}, self.shift + other.shift)

    def scaled(self, factor):
        return Poly({m: c * factor for m, c in self.terms.items()} if factor else {}, self.shift)

    def down(self, k):
        """self/2^k."""
        return Poly(self.terms, self.shift + k if self.terms else 0).lowest()

    def lowest(self):
        if self.shift and self.terms:
            union = 0
            for c in self.terms.values():
                union |= c
            k = min(self.shift, (union & -union).bit_length() - 1)
            if k:
                return Poly({m: c >> k for m, c in self.terms.items()}, self.shift - k)
        elif self.shift:
            return Poly({})
        return self

    def key(self):
        lowest = self.lowest()
        return lowest.shift, frozenset(lowest.terms.items())
