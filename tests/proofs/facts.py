"""What is known of the unknowns of one run: their bounds, congruences between them, and decisions."""

import time
from itertools import chain

from polynomial import Poly
from words import FULL, Contradiction, Fork, Form, Unknown, Unproved, Word, constant

# So many equations are added up to find a bound.
DEPTH = 3
# So many decisions at most that are made for want of something better.
MOST_DECISIONS = 4
# And so many polynomials are looked at in one path.
MOST_WORK = 50_000
# A path that takes so many seconds of the CPU is none that a proof is found for.
MOST_SECONDS = 60


class Facts:
    most_decisions, most_work, most_seconds = MOST_DECISIONS, MOST_WORK, MOST_SECONDS

    def __init__(self, decisions=()):
        self.unknowns = []
        self.bounds_of = {(): (1, 1)}
        self.low_parts, self.products, self.sums = {}, {}, {}
        self.decisions, self.decided = list(decisions), []
        self.started = time.process_time()
        self.work = 0  # polynomials whose bounds were looked for
        self.equations = []  # polynomials that are 0, from decisions
        self.open = {}  # unknown that a carry of two possible values came out of → the carry, or some
        self.enumerated = None  # where a word is shifted right so far, every outcome is looked at by itself
        self.small = []  # results of 32-bit instructions that may be negative
        self.columns, self.at_carries, self.digits = [], None, {}  # of rows of digits, see across.py
        self.numbers = []  # (number of the unknown for Σ limbs, limbs' unknowns, weights)

    # Unknowns

    def unknown(self, name, low, high):
        if low == high:
            return Poly.constant(low)
        self.unknowns.append(Unknown(name, low, high))
        return Poly({(len(self.unknowns) - 1,): 1})

    def word(self, name, high, low=0):
        return Word(Form(self.unknown(name, low, high), low, high))

    def monomial_bounds(self, monomial):
        found = self.bounds_of.get(monomial)
        if found is None:
            low = high = 1
            for n in monomial:
                ends = [end * other for end in (low, high) for other in (self.unknowns[n].low, self.unknowns[n].high)]
                low, high = min(ends), max(ends)
            found = self.bounds_of[monomial] = low, high
        return found

    def bounds(self, poly):
        """Of an integer that is known to be one."""
        low = high = 0
        get = self.bounds_of.get
        for monomial, c in poly.terms.items():
            least, most = get(monomial) or self.monomial_bounds(monomial)
            if c > 0:
                low += c * least
                high += c * most
            else:
                low += c * most
                high += c * least
        return -(-low >> poly.shift), high >> poly.shift

    def substituted(self, poly, n, meaning):
        """poly with a polynomial in place of unknown n."""
        hit = [(m, c) for m, c in poly.terms.items() if n in m]
        if not hit:
            return poly
        up, again = meaning.shift if meaning.terms else 0, any(n in m for m in meaning.terms)
        terms = {m: c << up for m, c in poly.terms.items() if n not in m}
        get = terms.get
        for monomial, c in hit:
            at = monomial.index(n)
            rest = monomial[:at] + monomial[at + 1:]
            again = again or n in rest
            for other, d in meaning.terms.items():
                both = tuple(sorted(rest + other)) if rest and other else rest or other
                new = get(both, 0) + c * d
                if new:
                    terms[both] = new
                else:
                    del terms[both]
        result = Poly(terms, poly.shift + up)
        return self.substituted(result, n, meaning) if again else result

    def expanded(self, poly, modulus=None, decided=False):
        """With the meaning of every unknown that has one, or that has one by a decision, the latest first; coefficients modulo
        an odd modulus if one is given, in which 2 has an inverse."""
        if modulus:
            poly = self.modulo(poly, modulus)
        while True:
            named = [n for n in set(chain.from_iterable(poly.terms)) if self.unknowns[n].meaning is not None
                     and not (decided and self.unknowns[n].name == "alias")]
            if not named:
                return poly
            if time.process_time() - self.started > self.most_seconds:
                raise Unproved("a polynomial grows")
            n = max(named)
            meaning = self.unknowns[n].meaning
            # With small coefficients from the start.
            poly = self.substituted(poly, n, self.modulo(meaning, modulus) if modulus else meaning)
            if modulus:
                poly = self.modulo(poly, modulus)

    @staticmethod
    def modulo(poly, modulus):
        if not poly.shift:
            return Poly({m: rest for m, c in poly.terms.items() if (rest := c % modulus)})
        inverse = pow(2, -poly.shift, modulus)
        return Poly({m: rest for m, c in poly.terms.items() if (rest := c * inverse % modulus)})

    # Facts

    def number(self, name, limbs, weights, high):
        """Says that Σ limb·2^weight ≤ high. The limbs are unknowns of their own."""
        total = self.unknown(name, 0, high)
        self.numbers.append((total, [next(iter(limb.unsigned.poly.terms))[0] for limb in limbs], weights))

    def by_numbers(self, poly):
        """With each number in place of its top limb."""
        there = set(chain.from_iterable(poly.terms))
        for total, limbs, weights in self.numbers:
            if limbs[-1] in there:
                meaning = Poly.total([(total, 1), *((Poly({(limb,): 1}), -1 << weight) for limb, weight in zip(limbs[:-1], weights))])
                poly = self.substituted(poly, limbs[-1], meaning.down(weights[-1]))
                there.update(chain.from_iterable(meaning.terms))
        return poly

    def tight(self, poly, wanted=None):
        """The best bounds found: as it is; with the inputs as numbers; with multiples of what is 0 by a decision. Where bounds are
        wanted, the first that are as good."""
        low, high = self.bounds(poly)
        seen, todo = {poly.key()}, [(poly, 0)]
        decided = self.expanded(poly, decided=True)
        if decided is not poly:
            todo.append((decided, 0))
        while todo:
            candidate, depth = todo.pop(0)
            self.work += 1
            if self.work > self.most_work or time.process_time() - self.started > self.most_seconds:
                raise Unproved("bounds are looked for too long")
            forms = [candidate]
            if 0 < len({n for m in candidate.terms for n in m if self.unknowns[n].name == "alias"}) <= 4:
                forms.append(self.expanded(candidate))
            if self.numbers:
                forms += [self.by_numbers(form) for form in forms]
            for form in forms:
                least, most = self.bounds(form)
                low, high = max(low, least), min(high, most)
            if wanted and wanted[0] <= low and high <= wanted[1]:
                break
            if depth == DEPTH:
                continue
            for equation in self.equations:
                for factor, shift in self.ratios(candidate, equation):
                    scaled = equation.scaled(factor << max(0, -shift)).down(max(0, shift))
                    other = candidate.plus(scaled).lowest()
                    key = other.key()
                    if key not in seen:
                        seen.add(key)
                        todo.append((other, depth + 1))
        return low, high

    @staticmethod
    def ratios(poly, equation):
        """What to multiply an equation with, so that as much as possible of the polynomial goes away: (factor, shift), the two
        best."""
        counts = {}
        for monomial, c in equation.terms.items():
            d = poly.terms.get(monomial) if monomial else None
            if d is not None:
                power = (c & -c).bit_length() - 1
                ratio, rest = divmod(-d, c >> power)
                if rest == 0:
                    shift = poly.shift - equation.shift + power
                    zeros = (ratio & -ratio).bit_length() - 1
                    ratio, shift = ratio >> zeros, shift - zeros
                    counts[ratio, shift] = counts.get((ratio, shift), 0) + 1
        return sorted(counts, key=counts.get, reverse=True)[:2]

    # Congruences

    def congruence(self, word, k, depth=4):
        """A polynomial with integers for coefficients that equals the word modulo 2^k, or None."""
        if word.alias is not None:
            return word.alias
        form = word.either()
        poly = form.poly.lowest() if form else None
        if poly is None or poly.shift or len(poly.terms) > 8:
            return self.congruence_of_parts(word, k, depth - 1) if word.parts and depth else None
        for _ in range(6):
            result, changed = Poly({}), False
            for monomial, c in poly.terms.items():
                found = self.unknowns[monomial[0]].congruent if len(monomial) == 1 else None
                if found and found[0] >= k:
                    result, changed = result.plus(found[1], c), True
                else:
                    result = result.plus(Poly({monomial: c}))
            poly = self.modulo_power(result, k)
            if not changed:
                break
        return poly

    def congruence_of_parts(self, word, k, depth=4):
        total = Poly({})
        for part in word.parts:
            found = self.congruence(part, k, depth)
            if found is None:
                return None
            total = total.plus(found)
        return self.modulo_power(total, k)

    @staticmethod
    def modulo_power(poly, k):
        poly = poly.lowest()
        if poly.shift:
            return poly
        terms = {m: c % (1 << k) for m, c in poly.terms.items()}
        return Poly({m: c for m, c in terms.items() if c})

    def vanishes(self, word, k):
        """Is the word 0 modulo 2^k?"""
        if not word.parts:
            return False
        found = self.congruence_of_parts(word, k)
        return found is not None and not found.shift and not found.terms

    # Decisions

    def decide(self, form):
        """The value of a bit; forks where both are possible."""
        if form.low == form.high:
            return form.low
        key = form.poly.key()
        for known, value in self.decided:
            if known == key:
                return value
        if len(self.decided) == len(self.decisions):
            raise Fork(range(form.low, form.high + 1))
        value = self.decisions[len(self.decided)]
        self.decided.append((key, value))
        self.settle(form.poly.plus(Poly.constant(-value)))
        return value

    def decide_number(self, form):
        """The value of a number of few: looks at each."""
        value = self.decide(form)
        # An unknown that stands for it has that value alone.
        for monomial in form.poly.terms if form.poly.shift == 0 and len(form.poly.terms) == 1 else ():
            self.narrow(monomial[0], value, value)
        return value

    def narrow(self, n, low, high):
        """Better bounds of an unknown, known from elsewhere."""
        unknown = self.unknowns[n]
        unknown.low, unknown.high = max(low, unknown.low), min(high, unknown.high)
        if unknown.low > unknown.high:
            raise Contradiction
        self.bounds_of = {(): (1, 1)}

    def settle(self, equation):
        """Takes up that a polynomial is 0. The latest unknown in it, the word that a carry came out of, gets a meaning and, from
        that, better bounds; if only one value is left, that is one more equation."""
        self.equations.append(equation)
        for monomial in sorted((m for m in equation.terms if len(m) == 1), reverse=True):
            unknown, c = self.unknowns[monomial[0]], equation.terms[monomial]
            if unknown.meaning is None and abs(c) & (abs(c) - 1) == 0:
                break
        else:
            return
        n = monomial[0]
        if unknown.whole and len(equation.terms) <= 2:
            self.narrow_whole(unknown, equation, c)
        rest = Poly({m: -d if c > 0 else d for m, d in equation.terms.items() if m != monomial})
        unknown.meaning = Poly(rest.terms, abs(c).bit_length() - 1).lowest()
        self.open.pop(n, None)
        low, high = self.tight(unknown.meaning)
        unknown.low, unknown.high = max(low, unknown.low), min(high, unknown.high)
        if unknown.low > unknown.high:
            raise Contradiction
        self.bounds_of = {(): (1, 1)}
        if unknown.low == unknown.high and unknown.meaning.terms:
            self.settle(unknown.meaning.plus(Poly.constant(-unknown.low)).lowest())

    def narrow_whole(self, part, equation, c):
        """A word is not less than a part of it that is known."""
        form, value = part.whole[0], -equation.terms.get((), 0) // c
        if form.poly.shift == 0 and len(form.poly.terms) == 1:
            ((monomial, factor),) = form.poly.terms.items()
            if factor == 1 and len(monomial) == 1:
                self.narrow(monomial[0], value, self.unknowns[monomial[0]].high)

    def settle_open(self, poly):
        """Looks again at the carries out of words that are in the polynomial: with what was decided since, one value may be
        left. Says whether anything was found."""
        found = False
        for n in sorted({n for m in poly.terms for n in m if n in self.open}, reverse=True):
            for carry in self.open.get(n, ()):
                low, high = self.tight(carry.poly)
                low, high = max(low, carry.low), min(high, carry.high)
                if low == high:
                    self.settle(carry.poly.plus(Poly.constant(-low)))
                    found = True
                    break
        found = found or self.settle_pair(poly)
        for form in list(self.small):
            low, high = self.tight(form.poly)
            if max(low, form.low) == min(high, form.high):
                self.small.remove(form)
                self.settle(form.poly.plus(Poly.constant(-max(low, form.low))))
                found = True
        for n in {n for m in poly.terms for n in m if self.unknowns[n].high - self.unknowns[n].low < 64 and n not in self.open}:
            unknown = self.unknowns[n]
            if unknown.meaning is None and self.equations:
                low, high = self.tight(Poly({(n,): 1}))
                low, high = max(low, unknown.low), min(high, unknown.high)
                if low == high:
                    self.settle(Poly({(n,): 1}).plus(Poly.constant(-low)))
                    found = True
        # What is dropped above a part may be a multiplier that was made before.
        for n in sorted({n for m in poly.terms for n in m if self.unknowns[n].whole}, reverse=True):
            part = self.unknowns[n]
            form, k = part.whole
            if part.meaning is not None or part.name != "part":
                continue
            dropped = form.poly.plus(Poly({(n,): 1}), -1).down(k)
            aliases = {i for m in form.poly.terms if len(m) == 1 for i in m if self.unknowns[i].name == "alias"}
            for alias in sorted(aliases, reverse=True):
                difference = dropped.plus(Poly({(alias,): 1}), -1)
                # And a high half that was not used.
                for m in form.poly.terms:
                    if len(m) == 1 and self.unknowns[m[0]].name == "low":
                        product, bits = self.unknowns[m[0]].whole
                        difference = difference.plus(product.poly.plus(Poly({m: 1}), -1).down(bits))
                low, high = self.tight(self.expanded(difference))
                if low == high:
                    self.settle(difference.plus(Poly.constant(-low)))
                    found = True
                    break
        return found

    def decide_open(self, poly):
        """The last resort: looks at both values of the first carry in the polynomial that is not known."""
        for n in sorted({n for m in poly.terms for n in m if n in self.open}):
            if len(self.decided) < self.most_decisions:
                self.decide(self.open[n][0])
                return True
        return False

    def settle_pair(self, poly):
        """A carry out of a word, and one out of a word in it: of both neither may be known, and their sum or difference be."""
        for n in sorted({n for m in poly.terms for n in m if n in self.open}, reverse=True):
            for carry in self.open[n]:
                inside = {i for m in carry.poly.terms for i in m if i != n and i in self.open}
                for other in (other for i in sorted(inside, reverse=True) for other in self.open[i]):
                    for sign in (-1, 1):
                        both = carry.poly.plus(other.poly, sign).lowest()
                        low, high = self.tight(both)
                        if low == high:
                            self.settle(both.plus(Poly.constant(-low)))
                            return True
        return False

    def value(self, word, only_if=False):
        """The unsigned form, by the signed one where that turns out not to be negative; `only_if` it is so."""
        if word._unsigned is None and word.signed:
            low, high = self.tight(word.signed.poly)
            low, high = max(low, word.signed.low), min(high, word.signed.high)
            if low >= 0:
                word._unsigned = Form(word.signed.poly, low, high)
        return None if only_if and word._unsigned is None else word.unsigned
