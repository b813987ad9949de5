//! Sums of table entries, eight at a time.

pub(super) mod odd_multiples;

use super::comb_term::CombTerm;
use super::field::Fe;
use super::jacobian::Jacobian;
use super::recode::Digits;
use super::tables::{TurnedRow, TurnedRows};
use crate::backend::ifma::p256x8::{Fe8, below};
use crate::backend::ifma::vector::{Job, Vector};
use crate::backend::p256::{Kernel, Limbs, TablePoint};

/// 2²⁵²: takes 2⁴ times a Montgomery form back to it.
const SIXTEENTH: Limbs = [0, 0, 0, 1 << 60];

/// What is summed up. Constant time, if the functions are.
///
/// A trait and not closures, for the sake of `inline(always)`: see [`Job`].
pub(super) trait Entries<L: Vector> {
    /// How many there are, at least 16.
    fn count(&self) -> usize;

    /// The words of x and of y of the entries from number 8·round on, in lanes beyond the last one
    /// anything below p; and masks that say to negate them.
    fn load(&self, proof: L::Proof, round: usize) -> ([L; 8], L);
}

/// Entries that come one by one: the words of each, and a mask that says to negate it.
macro_rules! load_each {
    ($proof:expr, $count:expr, $round:expr, $i:ident => $entry:expr) => {{
        let mut points = [L::splat($proof, 0); 8];
        let mut negative = [0; 8];
        for (lane, (point, negative)) in points.iter_mut().zip(&mut negative).enumerate() {
            let $i = 8 * $round + lane;
            if $i < $count {
                (*point, *negative) = $entry;
            }
        }
        (L::transpose(points), L::load($proof, &negative))
    }};
}

/// The entries of `ROWS` rows of `ROW` points for the digits of a secret scalar. Digits are taken apart beforehand, and
/// the compiler knows all lengths, so that the lanes' code has no number that is not a constant or a counter.
pub(super) struct Secret<'a, const ROW: usize, const ROWS: usize> {
    rows: &'a [[TablePoint; ROW]; ROWS],
    half: [u64; ROWS],
    negative: [u64; ROWS],
}

impl<'a, const ROW: usize, const ROWS: usize> Secret<'a, ROW, ROWS> {
    pub(super) fn new(rows: &'a [[TablePoint; ROW]; ROWS], digits: &Digits) -> Self {
        let mut secret = Self { rows, half: [0; ROWS], negative: [0; ROWS] };
        for (i, (half, negative)) in secret.half.iter_mut().zip(&mut secret.negative).enumerate() {
            (*half, *negative) = (digits.get(i).half, digits.get(i).negative);
        }
        secret
    }
}

impl<L: Vector, const ROW: usize, const ROWS: usize> Entries<L> for Secret<'_, ROW, ROWS> {
    #[inline(always)]
    fn count(&self) -> usize {
        ROWS
    }

    #[inline(always)]
    fn load(&self, proof: L::Proof, round: usize) -> ([L; 8], L) {
        load_each!(proof, ROWS, round, i => {
            (L::look_up_point(proof, &self.rows[i], self.half[i]), self.negative[i])
        })
    }
}

/// The entries of two combs for public scalars.
pub(super) struct Public<'a>(pub(super) [&'a CombTerm<'a>; 2]);

impl<L: Vector> Entries<L> for Public<'_> {
    #[inline(always)]
    fn count(&self) -> usize {
        let [a, b] = self.0;
        a.count() + b.count()
    }

    #[inline(always)]
    fn load(&self, proof: L::Proof, round: usize) -> ([L; 8], L) {
        let [a, b] = self.0;
        load_each!(proof, a.count() + b.count(), round, i => {
            let (entry, negative) = if i < a.count() { a.entry(i) } else { b.entry(i - a.count()) };
            (L::point(proof, entry), negative)
        })
    }
}

/// The entries of turned rows for the digits of a secret scalar.
pub(super) struct Turned<'a> {
    rows: &'a TurnedRows,
    /// Odd, as in [`Digits`].
    k: Limbs,
}

impl<'a> Turned<'a> {
    pub(super) fn new(rows: &'a TurnedRows, k: &Limbs) -> Self {
        debug_assert!(k[0] & 1 == 1);
        Self { rows, k: *k }
    }

    /// As [`Digits::get`] for the eight digits of a round: the bits behind them, then masks and halves.
    #[inline(always)]
    fn digits<L: Vector>(&self, proof: L::Proof, round: usize) -> (L, L) {
        const WIDTH: usize = TurnedRow::WIDTH;
        let at = 8 * round * WIDTH + 1;
        let (limb, bit) = (at / 64, at % 64);
        let limb_or_zero = |i: usize| if i < 4 { self.k[i] } else { 0 };
        let mut bits = limb_or_zero(limb) >> bit | (limb_or_zero(limb + 1) << 1) << (63 - bit);
        // Beyond the last bit, a further 1.
        if let Some(end) = 256usize.checked_sub(at).filter(|end| *end < 8 * WIDTH) {
            let lane = self.rows.len() - 1 - 8 * round;
            debug_assert!(end <= (lane + 1) * WIDTH);
            bits |= 1 << ((lane + 1) * WIDTH - 1);
        }
        const W: u64 = WIDTH as u64;
        let shifts = L::load(proof, &[0, W, 2 * W, 3 * W, 4 * W, 5 * W, 6 * W, 7 * W]);
        let u = L::splat(proof, bits).shr_each(shifts);
        let one = L::splat(proof, 1);
        let negative = u.shr::<{ WIDTH as u32 - 1 }>().and(one).sub(one);
        (u.xor(negative).and(L::splat(proof, (1 << (WIDTH - 1)) - 1)), negative)
    }
}

impl<L: Vector> Entries<L> for Turned<'_> {
    #[inline(always)]
    fn count(&self) -> usize {
        self.rows.len()
    }

    #[inline(always)]
    fn load(&self, proof: L::Proof, round: usize) -> ([L; 8], L) {
        let (half, negative) = self.digits::<L>(proof, round);
        let mut words = [L::splat(proof, 0); 8];
        for (lane, TurnedRow(row)) in self.rows[8 * round..].iter().take(8).enumerate() {
            // In this lane the word of the entry that its digit says; what the others find is overwritten.
            for (word, row) in words.iter_mut().zip(row) {
                let (low, high) = row.split_at(8);
                let low = L::load(proof, low.first_chunk().expect("half of 16"));
                let high = L::load(proof, high.first_chunk().expect("half of 16"));
                *word = L::select_lane(lane, L::look_up(low, high, half), *word);
            }
        }
        (words, negative)
    }
}

/// The sum of the entries. Where two points that meet on the way are equal or opposite, Z = 0.
pub(super) fn sum<K: Kernel, E: Entries<K::Vector>>(
    kernel: K,
    proof: <K::Vector as Vector>::Proof,
    entries: &E,
) -> Jacobian<K> {
    let coordinates = <K::Vector as Vector>::run(proof, SumUp::<K::Vector, E> { proof, entries });
    let [x, y, z] = coordinates.map(|integer| Fe::from_limbs(kernel, kernel.field_mul(&SIXTEENTH, &integer)));
    Jacobian::new(x, y, z)
}

/// Eight points as (X, Y, Z², Z³). X and Y are below 2²⁵⁶ + 2²³¹ < 2p, the others below 2²⁵⁷.
#[derive(Clone, Copy)]
struct Sum8<L> {
    x: Fe8<L>,
    y: Fe8<L>,
    zz: Fe8<L>,
    zzz: Fe8<L>,
}

impl<L: Vector> Sum8<L> {
    /// The sums of two entries each, as they come: coordinates below 2²⁶⁰.
    ///
    /// EFD mmadd-2008-s, 4M + 2S.
    #[inline(always)]
    fn of_two(proof: L::Proof, a: &[Fe8<L>; 2], b: &[Fe8<L>; 2]) -> Self {
        let reduced = |element: &Fe8<L>| element.loose().reduce(proof);
        let (x, y) = (reduced(&a[0]), reduced(&a[1]));
        let p = reduced(&b[0]).loose().sub(&x).add_p(proof, 2).carry(proof);
        below!(p, 257.6);
        let r = reduced(&b[1]).loose().sub(&y).add_p(proof, 2).carry(proof);
        below!(r, 257.6);
        let (x, y, zz, zzz) = meet(proof, &x, &y, &p, &r);
        Self { x, y, zz, zzz }
    }

    /// self + other, where they are neither equal nor opposite, else ZZ = ZZZ = 0; also where they were 0.
    ///
    /// EFD madd-2008-s, 8M + 2S; other has x and y below 2²⁶⁰.
    #[inline(always)]
    fn add_affine(&self, proof: L::Proof, [x, y]: &[Fe8<L>; 2]) -> Self {
        let u = x.mul_inline(proof, &self.zz);
        below!(u, 257.6);
        let s = y.mul_inline(proof, &self.zzz);
        below!(s, 257.6);
        let p = u.loose().sub(&self.x).add_p(proof, 2).carry(proof);
        below!(p, 258.4);
        let r = s.loose().sub(&self.y).add_p(proof, 2).carry(proof);
        below!(r, 258.4);
        let (x, y, pp, ppp) = meet(proof, &self.x, &self.y, &p, &r);
        let zz = self.zz.mul_inline(proof, &pp);
        below!(zz, 256.5);
        let zzz = self.zzz.mul_inline(proof, &ppp);
        below!(zzz, 256.4);
        Self { x, y, zz, zzz }
    }

    #[inline(always)]
    fn select_bits(bits: u8, yes: &Self, no: &Self) -> Self {
        Self {
            x: Fe8::select_bits(bits, &yes.x, &no.x),
            y: Fe8::select_bits(bits, &yes.y, &no.y),
            zz: Fe8::select_bits(bits, &yes.zz, &no.zz),
            zzz: Fe8::select_bits(bits, &yes.zzz, &no.zzz),
        }
    }
}

/// Adds lane i + n to lane i, for each i without the bit `n`, which is 1, 2 or 4. The lanes with that bit mean nothing
/// afterwards.
///
/// EFD add-2008-s, 12M + 2S. Two products that do not depend on each other are done at once, one in the lower lane and one
/// in the upper: seven multiplications. Called, so that its code exists once.
struct Fold<'a, L: Vector> {
    proof: L::Proof,
    n: usize,
    sum: &'a mut Sum8<L>,
}

impl<L: Vector> Job for Fold<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { proof, n, sum: Sum8 { x, y, zz, zzz } } = self;
        let upper = L::with_bit(proof, n);
        let other_lane = |element: &Fe8<L>| element.permute_xor(n);
        let (other_zz, other_zzz) = (other_lane(zz), other_lane(zzz));
        let u = x.mul_inline(proof, &other_zz);
        below!(u, 256.2);
        let s = y.mul_inline(proof, &other_zzz);
        below!(s, 256.2);
        let (other_u, other_s) = (other_lane(&u), other_lane(&s));
        let p = other_u.loose().sub(&u).add_p(proof, 2).carry(proof);
        below!(p, 257.7);
        let r = other_s.loose().sub(&s).add_p(proof, 2).carry(proof);
        below!(r, 257.7);
        let both = Fe8::select(upper, &r, &p).square_inline(proof); // P², R²
        below!(both, 256.7);
        let other = other_lane(&both);
        let (p_2, r_2) = (Fe8::select(upper, &other, &both), Fe8::select(upper, &both, &other));
        let both = Fe8::select(upper, &other_u, &p).mul_inline(proof, &p_2); // P³, Q
        below!(both, 256.5);
        let other = other_lane(&both);
        let (p_3, q) = (Fe8::select(upper, &other, &both), Fe8::select(upper, &both, &other));
        let both = Fe8::select(upper, zzz, zz); // ZZ, ZZZ
        let both = both.mul_inline(proof, &Fe8::select(upper, &other_zzz, &other_zz));
        below!(both, 256.4);
        let both = both.mul_inline(proof, &Fe8::select(upper, &p_3, &p_2)); // ZZ₃, ZZZ₃
        below!(both, 256.3);
        // 8p > P³ + 2Q; the sum lies below 2^259.5
        *x = r_2.loose().sub(&p_3).sub(&q).sub(&q).add_p(proof, 8).reduce(proof);
        (*zz, *zzz) = (both, other_lane(&both));
        let d = q.loose().sub(x).add_p(proof, 2).carry(proof);
        below!(d, 257.8);
        let both = Fe8::select(upper, &other_s, &r).mul_inline(proof, &Fe8::select(upper, &p_3, &d));
        below!(both, 256.8);
        // R·D − S·P³
        *y = both.loose().sub(&other_lane(&both)).add_p(proof, 2).reduce(proof);
    }
}

/// What the additions above have in common. U and S, below 2^256.2, are the coordinates of one point over the common
/// denominators; P and R, below 2^258.4, are those of the other minus U and S. Computes P²; P³; Q = U·P²;
/// X₃ = R² − P³ − 2Q; Y₃ = R(Q − X₃) − S·P³. Gives X₃, Y₃, P² and P³, the last two below 2^257.5 and 2²⁵⁷.
#[inline(always)]
fn meet<L: Vector>(
    proof: L::Proof,
    u: &Fe8<L>,
    s: &Fe8<L>,
    p: &Fe8<L>,
    r: &Fe8<L>,
) -> (Fe8<L>, Fe8<L>, Fe8<L>, Fe8<L>) {
    let p_2 = p.square_inline(proof);
    below!(p_2, 257.5);
    let r_2 = r.square_inline(proof);
    below!(r_2, 257.5);
    let q = u.mul_inline(proof, &p_2);
    below!(q, 256.3);
    let p_3 = p.mul_inline(proof, &p_2);
    below!(p_3, 257);
    // 8p > P³ + 2Q; the sum lies below 2^259.5
    let x = r_2.loose().sub(&p_3).sub(&q).sub(&q).add_p(proof, 8).reduce(proof);
    let d = q.loose().sub(&x).add_p(proof, 2).carry(proof);
    below!(d, 257.7);
    let f = s.mul_inline(proof, &p_3);
    below!(f, 256.2);
    let e = r.mul_inline(proof, &d);
    below!(e, 257.1);
    let y = e.loose().sub(&f).add_p(proof, 2).reduce(proof);
    (x, y, p_2, p_3)
}

/// Lane i takes the entries of number i modulo 8; then the lanes are added up. Gives X, Y and Z as
/// [`Fe8::to_integer`] does.
struct SumUp<'a, L: Vector, E> {
    proof: L::Proof,
    entries: &'a E,
}

impl<L: Vector, E: Entries<L>> SumUp<'_, L, E> {
    /// Eight entries, x and y below 2²⁶⁰.
    #[inline(always)]
    fn load(&self, round: usize) -> [Fe8<L>; 2] {
        let proof = self.proof;
        let ([a, b, c, d, e, f, g, h], negative) = self.entries.load(proof, round);
        let x = Fe8::from_montgomery(proof, &[a, b, c, d]);
        let y = Fe8::from_montgomery(proof, &[e, f, g, h]);
        // y = 16·y′ with y′ < p, so that 16p − y is positive, and below 2²⁶⁰.
        let opposite = Fe8::zero(proof).loose().sub(&y).add_p(proof, 16).carry(proof);
        [x, Fe8::select(negative, &opposite, &y)]
    }
}

impl<L: Vector, E: Entries<L>> Job for SumUp<'_, L, E> {
    type Output = [Limbs; 3];

    #[inline(always)]
    fn run(self) -> Self::Output {
        let proof = self.proof;
        let count = self.entries.count();
        debug_assert!(count >= 16);
        let mut sum = Sum8::of_two(proof, &self.load(0), &self.load(1));
        for round in 2..count.div_ceil(8) {
            let next = sum.add_affine(proof, &self.load(round));
            let left = count - 8 * round;
            sum = if left < 8 { Sum8::select_bits((1 << left) - 1, &next, &sum) } else { next };
        }
        for n in [4, 2, 1] {
            L::call(proof, Fold { proof, n, sum: &mut sum });
        }
        let Sum8 { x, y, zz, zzz } = sum;
        // With Z² for Z
        let (x, y) = (x.mul_inline(proof, &zz), y.mul_inline(proof, &zzz));
        [x.to_integer(proof), y.to_integer(proof), zz.to_integer(proof)]
    }
}
