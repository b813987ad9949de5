//! Sums of table entries, eight at a time.

pub(super) mod odd_multiples;

use super::comb_term::CombTerm;
use super::field::Fe;
use super::jacobian::Jacobian;
use super::recode::Digits;
use super::tables::{TurnedRow, TurnedRows};
use crate::backend::ifma::lane::{Job, Lanes};
use crate::backend::ifma::p256x8::{Fe8, below};
use crate::backend::p256::{Kernel, Limbs, TablePoint};

/// 2²⁵² : takes 2⁴ times a Montgomery form back to it.
const SIXTEENTH: Limbs = [0, 0, 0, 1 << 60];

/// What is summed up. Constant time, if the functions are.
///
/// (A trait for the sake of `inline(always)`, see [`Job`].)
pub(super) trait Entries<L: Lanes> {
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

impl<L: Lanes, const ROW: usize, const ROWS: usize> Entries<L> for Secret<'_, ROW, ROWS> {
    #[inline(always)]
    fn count(&self) -> usize {
        ROWS
    }

    #[inline(always)]
    fn load(&self, proof: L::Proof, round: usize) -> ([L; 8], L) {
        load_each!(proof, ROWS, round, i => {
            (L::select(proof, &self.rows[i], self.half[i]), self.negative[i])
        })
    }
}

/// The entries of two combs for public scalars.
pub(super) struct Public<'a>(pub(super) [&'a CombTerm<'a>; 2]);

impl<L: Lanes> Entries<L> for Public<'_> {
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
    fn digits<L: Lanes>(&self, proof: L::Proof, round: usize) -> (L, L) {
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

impl<L: Lanes> Entries<L> for Turned<'_> {
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
                *word = word.replace_lane(lane, L::pick(low, high, half));
            }
        }
        (words, negative)
    }
}

/// The sum of the entries. Where two points that meet on the way are equal or opposite, Z = 0.
pub(super) fn sum<K: Kernel, E: Entries<K::Lanes>>(
    kernel: K,
    proof: <K::Lanes as Lanes>::Proof,
    entries: &E,
) -> Jacobian<K> {
    let coordinates = <K::Lanes as Lanes>::run(proof, SumUp::<K::Lanes, E> { proof, entries });
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

impl<L: Lanes> Sum8<L> {
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
    fn in_lanes(&self, proof: L::Proof, lanes: u8, other: &Self) -> Self {
        Self {
            x: self.x.in_lanes(proof, lanes, &other.x),
            y: self.y.in_lanes(proof, lanes, &other.y),
            zz: self.zz.in_lanes(proof, lanes, &other.zz),
            zzz: self.zzz.in_lanes(proof, lanes, &other.zzz),
        }
    }
}

/// In lanes whose number does not have the bit `n`, which is 1, 2 or 4, the sum of itself and the lane
/// whose number has; the others hold nothing after it.
///
/// EFD add-2008-s, 12M + 2S; those that wait for the same value are done at once, one in the lower
/// lane and one in the upper. A function of its own, to be there once.
struct Fold<'a, L: Lanes> {
    proof: L::Proof,
    n: usize,
    sum: &'a mut Sum8<L>,
}

impl<L: Lanes> Job for Fold<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { proof, n, sum: Sum8 { x, y, zz, zzz } } = self;
        let upper = L::with_bit(proof, n);
        let swap = |element: &Fe8<L>| element.swap(n);
        let (other_zz, other_zzz) = (swap(zz), swap(zzz));
        let u = x.mul_inline(proof, &other_zz);
        below!(u, 256.2);
        let s = y.mul_inline(proof, &other_zzz);
        below!(s, 256.2);
        let (other_u, other_s) = (swap(&u), swap(&s));
        let p = other_u.loose().sub(&u).add_p(proof, 2).carry(proof);
        below!(p, 257.7);
        let r = other_s.loose().sub(&s).add_p(proof, 2).carry(proof);
        below!(r, 257.7);
        let both = r.where_set(upper, &p).square_inline(proof); // P², R²
        below!(both, 256.7);
        let other = swap(&both);
        let (p_2, r_2) = (other.where_set(upper, &both), both.where_set(upper, &other));
        let both = other_u.where_set(upper, &p).mul_inline(proof, &p_2); // P³, Q
        below!(both, 256.5);
        let other = swap(&both);
        let (p_3, q) = (other.where_set(upper, &both), both.where_set(upper, &other));
        let both = zzz.where_set(upper, zz); // ZZ, ZZZ
        let both = both.mul_inline(proof, &other_zzz.where_set(upper, &other_zz));
        below!(both, 256.4);
        let both = both.mul_inline(proof, &p_3.where_set(upper, &p_2)); // ZZ₃, ZZZ₃
        below!(both, 256.3);
        // 8p > P³ + 2Q; the sum lies below 2^259.5
        *x = r_2.loose().sub(&p_3).sub(&q).sub(&q).add_p(proof, 8).reduce(proof);
        (*zz, *zzz) = (both, swap(&both));
        let d = q.loose().sub(x).add_p(proof, 2).carry(proof);
        below!(d, 257.8);
        let both = other_s.where_set(upper, &r).mul_inline(proof, &p_3.where_set(upper, &d));
        below!(both, 256.8);
        // R·D − S·P³
        *y = both.loose().sub(&swap(&both)).add_p(proof, 2).reduce(proof);
    }
}

/// What the additions above have in common: with U and S the coordinates of one point over the common
/// denominators, below 2^256.2, and P and R what the other's are more, below 2^258.4: P²; P³; Q = U·P²;
/// X₃ = R² − P³ − 2Q; Y₃ = R(Q − X₃) − S·P³. Gives X₃, Y₃, P² and P³, the last two below 2^257.5 and 2²⁵⁷.
#[inline(always)]
fn meet<L: Lanes>(
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
struct SumUp<'a, L: Lanes, E> {
    proof: L::Proof,
    entries: &'a E,
}

impl<L: Lanes, E: Entries<L>> SumUp<'_, L, E> {
    /// Eight entries, x and y below 2²⁶⁰.
    #[inline(always)]
    fn load(&self, round: usize) -> [Fe8<L>; 2] {
        let proof = self.proof;
        let ([a, b, c, d, e, f, g, h], negative) = self.entries.load(proof, round);
        let x = Fe8::from_montgomery(proof, &[a, b, c, d]);
        let y = Fe8::from_montgomery(proof, &[e, f, g, h]);
        // y = 16·y′ with y′ < p, so that 16p − y is positive, and below 2²⁶⁰.
        let opposite = Fe8::zero(proof).loose().sub(&y).add_p(proof, 16).carry(proof);
        [x, opposite.where_set(negative, &y)]
    }
}

impl<L: Lanes, E: Entries<L>> Job for SumUp<'_, L, E> {
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
            sum = if left < 8 { next.in_lanes(proof, (1 << left) - 1, &sum) } else { next };
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
