//! The arithmetic of elements. Each operation is one call into code with the CPU's features.

use super::curve::{ComplexMul, ComplexSquares, ComplexStep, ComplexSteps, EdwardsAdd, EdwardsDouble};
use super::fe::Fe;
use super::products::sums;
use super::{Digits, Row, carry, difference, fold, load, raw, store, sum};
use crate::backend::fp1024::{Arithmetic, Field, FieldOctets};
use crate::backend::ifma::vector::{Job, Vector};
use crate::backend::portable::fp1024::{MODULUS, P};
use crate::backend::portable::word::{is_zero_word, mac};
use crate::backend::portable::words::{self, Words};
use crate::backend::portable::{safegcd, word::barrier};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, CtOption};

static ZERO: Digits = Digits::ZERO;
static ONE: Digits = raw(&words::ONE);
/// 2²¹⁸⁴ mod p: takes an integer to its form.
static R_2: Digits = Digits::of_words(&words::shifted(&words::ONE, 2 * 1092, &P));
/// 2⁶⁴.
static WORD: Digits = Digits::of_words(&words::shifted(&words::ONE, 64, &P));

/// −1/p mod 2⁶⁴.
const NEGATED_INVERSE: u64 = safegcd::inverse_mod_word(P[0]).wrapping_neg();

/// N sums of PAIRS products.
struct Sums<'a, L: Vector, const N: usize, const PAIRS: usize> {
    proof: L::Proof,
    v: [[&'a Digits; PAIRS]; N],
    s: [[&'a Digits; PAIRS]; N],
}

impl<L: Vector, const N: usize, const PAIRS: usize> Job for Sums<'_, L, N, PAIRS> {
    type Output = [Fe<L>; N];

    #[inline(always)]
    fn run(self) -> Self::Output {
        let proof = self.proof;
        let v = self.v.map(|v| v.map(|v| load(proof, v)));
        sums::<L, N, PAIRS>(proof, &v, &self.s).map(|t| Fe::of_row(proof, carry(proof, t)))
    }
}

/// a + b.
struct Add<'a, L: Vector> {
    a: &'a Fe<L>,
    b: &'a Digits,
}

impl<L: Vector> Job for Add<'_, L> {
    type Output = Fe<L>;

    #[inline(always)]
    fn run(self) -> Fe<L> {
        let proof = self.a.proof;
        Fe::of_row(
            proof,
            carry(proof, fold(proof, sum::<L>(load(proof, &self.a.digits), load(proof, self.b)))),
        )
    }
}

/// a − b.
struct Sub<'a, L: Vector> {
    a: &'a Digits,
    b: &'a Fe<L>,
}

impl<L: Vector> Job for Sub<'_, L> {
    type Output = Fe<L>;

    #[inline(always)]
    fn run(self) -> Fe<L> {
        let proof = self.b.proof;
        let t = difference::<L>(proof, load(proof, self.a), load(proof, &self.b.digits));
        Fe::of_row(proof, carry(proof, fold(proof, t)))
    }
}

/// a ← (a0 + i·a1)(1 + i·t).
struct ComplexMulUnit<'a, L: Vector> {
    a: [&'a mut Fe<L>; 2],
    t: &'a Fe<L>,
}

impl<L: Vector> Job for ComplexMulUnit<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let proof = self.t.proof;
        let t: Row<L> = load(proof, &self.t.digits);
        let minus_t = carry(proof, difference(proof, load(proof, &ZERO), t));
        let s = [&self.a[0].digits, &self.a[1].digits];
        let [re, im] = sums::<L, 2, 1>(proof, &[[minus_t], [t]], &[[s[1]], [s[0]]]);
        // The digits of the products reach 2⁶⁰, too long to be folded.
        let re = sum::<L>(carry(proof, re), load(proof, s[0]));
        let im = sum::<L>(carry(proof, im), load(proof, s[1]));
        *self.a[0] = Fe::of_row(proof, carry(proof, fold(proof, re)));
        *self.a[1] = Fe::of_row(proof, carry(proof, fold(proof, im)));
    }
}

/// `yes` where the mask is set, else `no`.
struct Select<'a, L: Vector> {
    mask: u64,
    yes: &'a Fe<L>,
    no: &'a Fe<L>,
}

impl<L: Vector> Job for Select<'_, L> {
    type Output = Fe<L>;

    #[inline(always)]
    fn run(self) -> Fe<L> {
        let proof = self.no.proof;
        let [yes, no]: [Row<L>; 2] = [load(proof, &self.yes.digits), load(proof, &self.no.digits)];
        let bits = barrier(self.mask) as u8;
        Fe::of_row(proof, select(bits, yes, no))
    }
}

/// `table[index]`, from all rows.
struct LookUp<'a, L: Vector, const N: usize> {
    table: &'a [[Fe<L>; N]],
    index: u64,
}

impl<L: Vector, const N: usize> Job for LookUp<'_, L, N> {
    type Output = [Fe<L>; N];

    #[inline(always)]
    fn run(self) -> [Fe<L>; N] {
        let proof = self.table[0][0].proof;
        look_up(self.table, self.index).map(|row| Fe::of_row(proof, row))
    }
}

/// As [`Field::look_up_signed`].
struct LookUpSigned<'a, L: Vector, const N: usize> {
    out: &'a mut [Fe<L>; N],
    table: &'a [[Fe<L>; N]],
    index: u64,
    /// All ones or 0.
    negative: u64,
}

impl<L: Vector, const N: usize> Job for LookUpSigned<'_, L, N> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let proof = self.table[0][0].proof;
        let found = look_up(self.table, self.index);
        let bits = barrier(self.negative) as u8;
        for (i, out) in self.out.iter_mut().enumerate() {
            let opposite = if i + 1 < N {
                found[N - 2 - i]
            } else {
                carry(proof, fold(proof, difference(proof, load(proof, &ZERO), found[i])))
            };
            *out = Fe::of_row(proof, select(bits, opposite, found[i]));
        }
    }
}

/// `table[index]` in registers, from all rows.
#[inline(always)]
fn look_up<L: Vector, const N: usize>(table: &[[Fe<L>; N]], index: u64) -> [Row<L>; N] {
    let proof = table[0][0].proof;
    let mut found: [Row<L>; N] = [[L::splat(proof, 0); 3]; N];
    for (row, i) in table.iter().zip(0u64..) {
        let bits = barrier(is_zero_word(i ^ index)) as u8;
        for (found, candidate) in found.iter_mut().zip(row) {
            let candidate: Row<L> = load(proof, &candidate.digits);
            *found = select(bits, candidate, *found);
        }
    }
    found
}

/// `yes` in the words whose bit is set, `no` in the others.
#[inline(always)]
fn select<L: Vector>(bits: u8, yes: Row<L>, no: Row<L>) -> Row<L> {
    core::array::from_fn(|k| L::select(bits, yes[k], no[k]))
}

impl<L: Vector> Fe<L> {
    #[inline(always)]
    fn of_row(proof: L::Proof, row: Row<L>) -> Self {
        Self { digits: store(row), proof }
    }

    fn sums<const N: usize, const PAIRS: usize>(v: [[&Self; PAIRS]; N], s: [[&Self; PAIRS]; N]) -> [Self; N] {
        let proof = v[0][0].proof;
        let [v, s] = [v, s].map(|rows| rows.map(|row| row.map(|a| &a.digits)));
        L::call(proof, Sums::<L, N, PAIRS> { proof, v, s })
    }

    fn times(&self, b: &Digits) -> Self {
        let [product] =
            L::call(self.proof, Sums::<L, 1, 1> { proof: self.proof, v: [[&self.digits]], s: [[b]] });
        product
    }

    fn from_integer(proof: L::Proof, integer: &Words) -> Self {
        Self { digits: Digits::of_words(integer), proof }.times(&R_2)
    }

    /// The integer in [0, p − 1] whose form this is.
    fn integer(&self) -> Words {
        // 2⁶⁴ times it, below 2¹⁰⁷⁶; one step of Montgomery's reduction modulo p itself takes the factor off.
        let shifted = self.times(&WORD);
        let digits = shifted.digits.0.as_flattened();
        let mut t = [0; 17];
        for (i, digit) in digits.iter().enumerate().take(super::DIGITS) {
            let (word, shift) = (i * super::BITS / 64, i * super::BITS % 64);
            t[word] |= digit << shift;
            if shift > 12 && word < 16 {
                t[word + 1] |= digit >> (64 - shift);
            }
        }
        let k = t[0].wrapping_mul(NEGATED_INVERSE);
        let (_, mut carry) = mac(t[0], k, P[0], 0);
        let mut integer = [0; 16];
        for i in 1..16 {
            (integer[i - 1], carry) = mac(t[i], k, P[i], carry);
        }
        let top = u128::from(t[16]) + u128::from(carry);
        integer[15] = top as u64;
        // At most 2¹⁰¹² + p, since k < 2⁶⁴; and p, not 0, where 2⁶⁴·x was a multiple of p other than 0.
        words::reduce_once(&integer, (top >> 64) as u64, &P)
    }
}

impl<L: Vector> ConditionallySelectable for Fe<L> {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        let mask = 0u64.wrapping_sub(u64::from(choice.unwrap_u8()));
        L::call(a.proof, Select { mask, yes: b, no: a })
    }
}

impl<L: Vector> ConstantTimeEq for Fe<L> {
    fn ct_eq(&self, other: &Self) -> Choice {
        Choice::from(words::is_zero(&self.sub(other).integer()) as u8 & 1)
    }
}

impl<L: Vector> Arithmetic for Fe<L> {
    type Proof = L::Proof;
    type Raw = Digits;

    fn proof(&self) -> L::Proof {
        self.proof
    }

    fn zero(proof: L::Proof) -> Self {
        Self { digits: ZERO, proof }
    }

    fn one(proof: L::Proof) -> Self {
        Self { digits: ONE, proof }
    }

    fn from_raw(proof: L::Proof, raw: &Digits) -> Self {
        Self { digits: *raw, proof }
    }

    fn add(&self, b: &Self) -> Self {
        L::call(self.proof, Add { a: self, b: &b.digits })
    }

    fn sub(&self, b: &Self) -> Self {
        L::call(self.proof, Sub { a: &self.digits, b })
    }

    fn neg(&self) -> Self {
        L::call(self.proof, Sub { a: &ZERO, b: self })
    }

    fn mul(&self, b: &Self) -> Self {
        self.times(&b.digits)
    }

    fn square(&self) -> Self {
        self.times(&self.digits)
    }

    fn mul_pairs<const N: usize>(a: [&Self; N], b: [&Self; N]) -> [Self; N] {
        Self::sums::<N, 1>(a.map(|a| [a]), b.map(|b| [b]))
    }

    fn squares<const N: usize>(a: [&Self; N]) -> [Self; N] {
        Self::mul_pairs(a, a)
    }

    fn sum_of_products<const N: usize>(a: [&Self; N], b: [&Self; N]) -> Self {
        let [sum] = Self::sums::<1, N>([a], [b]);
        sum
    }

    fn complex_mul(a: [&Self; 2], b: [&Self; 2]) -> [Self; 2] {
        L::call(a[0].proof, ComplexMul { a, b })
    }

    fn complex_square(a: [&Self; 2]) -> [Self; 2] {
        Self::complex_square_times(a, 1)
    }

    fn complex_square_times(a: [&Self; 2], n: usize) -> [Self; 2] {
        L::call(a[0].proof, ComplexSquares { a, n })
    }

    fn complex_step(f: &mut [Self; 2], g: &[Self; 2]) {
        L::call(g[0].proof, ComplexStep { f, g });
    }

    fn complex_steps(f: [&mut [Self; 2]; 2], g: [&[Self; 2]; 2]) {
        L::call(g[0][0].proof, ComplexSteps { f, g });
    }

    fn edwards_add(p: &mut [Self; 4], entry: &[Self; 3]) {
        L::call(entry[0].proof, EdwardsAdd { p, entry });
    }

    fn edwards_double(p: &mut [Self; 4]) {
        L::call(p[0].proof, EdwardsDouble(p));
    }

    fn complex_mul_unit(a: [&mut Self; 2], t: &Self) {
        L::call(t.proof, ComplexMulUnit { a, t });
    }
}

impl<L: Vector> Field for Fe<L> {
    fn invert(&self) -> Self {
        let steps = |count, state| L::divsteps(self.proof, count, state);
        Self::from_integer(self.proof, &safegcd::invert_words(steps, &self.integer(), &MODULUS))
    }

    fn from_octets(proof: L::Proof, octets: &FieldOctets) -> CtOption<Self> {
        let integer = words::from_octets(octets);
        let reduced = Choice::from(words::is_below(&integer, &P) as u8 & 1);
        CtOption::new(Self::from_integer(proof, &integer), reduced)
    }

    fn to_octets(&self) -> FieldOctets {
        words::to_octets(&self.integer())
    }

    fn look_up<const N: usize>(table: &[[Self; N]], index: u64) -> [Self; N] {
        L::call(table[0][0].proof, LookUp { table, index })
    }

    fn look_up_signed<const N: usize>(
        out: &mut [Self; N],
        table: &[[Self; N]],
        index: u64,
        negative: Choice,
    ) {
        let negative = 0u64.wrapping_sub(u64::from(negative.unwrap_u8()));
        L::call(table[0][0].proof, LookUpSigned { out, table, index, negative });
    }
}
