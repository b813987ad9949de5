//! Products in lanes. Loops over rows stay loops: unrolled they would fill the instruction cache.

use super::{BITS, Bound, Fe8, N, P_LIMBS, Row, carried, load};
use crate::backend::ifma::vector::{Job, Vector};
use crate::backend::portable::fp1024::P;
use crate::backend::portable::safegcd::inverse_mod_word;

/// −1/p mod 2⁵².
const NEGATED_INVERSE: u64 = inverse_mod_word(P[0]).wrapping_neg() & ((1 << BITS) - 1);

/// Σ aᵢ·bᵢ/2¹⁰⁴⁰ of up to six pairs: 20·(40·PAIRS + 41) `vpmadd52`.
///
/// A limb takes at most 20·(2·PAIRS + 2) numbers below 2⁵², and carries: below 2⁶⁰·² for six pairs.
pub(super) struct Sum<'a, L: Vector, const PAIRS: usize> {
    pub(super) a: [&'a Fe8<L>; PAIRS],
    pub(super) b: [&'a Fe8<L>; PAIRS],
}

impl<L: Vector, const PAIRS: usize> Job for Sum<'_, L, PAIRS> {
    type Output = Fe8<L>;

    #[inline(always)]
    fn run(self) -> Fe8<L> {
        const { assert!(PAIRS >= 1 && PAIRS <= 6) };
        let proof = self.a[0].proof;
        let zero = L::splat(proof, 0);
        let mut t = [zero; N + 1];
        for i in 0..N {
            for pair in 0..PAIRS {
                let b = L::load(proof, &self.b[pair].limbs.0[i]);
                let a = &self.a[pair].limbs.0;
                for j in 0..N {
                    let a = L::load(proof, &a[j]);
                    t[j] = t[j].madd_low(a, b);
                    t[j + 1] = t[j + 1].madd_high(a, b);
                }
            }
            t = clear_lowest(proof, &t, zero);
        }
        let bounds = self.a.iter().zip(&self.b).map(|(a, b)| (a.bound, b.bound));
        finish(proof, &t, Bound::of_products(bounds))
    }
}

/// (t + m·p)/2⁵² for the m that makes it an integer; `next` is the new top limb.
#[inline(always)]
fn clear_lowest<L: Vector>(proof: L::Proof, t: &[L; N + 1], next: L) -> [L; N + 1] {
    let m = L::splat(proof, 0).madd_low(t[0], L::splat(proof, NEGATED_INVERSE));
    let mut r = [next; N + 1];
    let mut low = L::splat(proof, P_LIMBS[0]);
    let carry = t[0].madd_low(m, low).shr::<52>();
    for j in 0..N {
        // Limb j + 1 takes the high half of the product with limb j of p, and becomes limb j.
        r[j] = t[j + 1].madd_high(m, low);
        if j + 1 < N {
            low = L::splat(proof, P_LIMBS[j + 1]);
            r[j] = r[j].madd_low(m, low);
        }
    }
    r[0] = r[0].add(carry);
    r
}

#[inline(always)]
fn finish<L: Vector>(proof: L::Proof, t: &[L; N + 1], bound: Bound) -> Fe8<L> {
    let mut row = [t[0]; N];
    row.copy_from_slice(&t[..N]);
    Fe8::new(proof, carried(proof, &row), bound)
}

/// One step of Montgomery's reduction, on 21 limbs: (t + m·p)/2⁵².
#[inline(always)]
pub(super) fn step<L: Vector>(proof: L::Proof, t: &[L; N + 1], bound: Bound) -> Fe8<L> {
    finish(proof, &clear_lowest(proof, t, L::splat(proof, 0)), bound)
}

/// a²/2¹⁰⁴⁰: 2·190 `vpmadd52` for the products of different limbs, doubled at once, 40 for the squares, and
/// 20·41 for the reduction.
pub(super) struct Square<'a, L: Vector>(pub(super) &'a Fe8<L>);

impl<L: Vector> Job for Square<'_, L> {
    type Output = Fe8<L>;

    #[inline(always)]
    fn run(self) -> Fe8<L> {
        let (a, proof) = (self.0, self.0.proof);
        let zero = L::splat(proof, 0);
        let a_row: Row<L> = load(proof, &a.limbs);
        let mut columns = Columns([[0; 8]; 2 * N]);
        let mut c = [zero; 2 * N];
        macro_rules! row {
            ($($i:literal)*) => { $( square_row::<L, $i>(&a_row, &mut c, &mut columns); )* };
        }
        row!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19);
        let mut t = [zero; N + 1];
        for (t, column) in t.iter_mut().zip(&columns.0) {
            *t = L::load(proof, column);
        }
        for i in 0..N {
            let next = if i + 1 < N { L::load(proof, &columns.0[N + 1 + i]) } else { zero };
            t = clear_lowest(proof, &t, next);
        }
        finish(proof, &t, Bound::of_products([(a.bound, a.bound)].into_iter()))
    }
}

/// The sums of products of equal weight, below 2⁵⁷: forty halves of products.
#[repr(C, align(64))]
struct Columns([[u64; 8]; 2 * N]);

/// Adds aᵢ·aⱼ for all j > i, after which columns 2i and 2i + 1 are complete: doubles them, adds their halves
/// of aᵢ², and puts them away.
#[inline(always)]
fn square_row<L: Vector, const I: usize>(a: &Row<L>, c: &mut [L; 2 * N], columns: &mut Columns) {
    for j in I + 1..N {
        c[I + j] = c[I + j].madd_low(a[I], a[j]);
        c[I + j + 1] = c[I + j + 1].madd_high(a[I], a[j]);
    }
    columns.0[2 * I] = c[2 * I].add(c[2 * I]).madd_low(a[I], a[I]).store();
    columns.0[2 * I + 1] = c[2 * I + 1].add(c[2 * I + 1]).madd_high(a[I], a[I]).store();
}
