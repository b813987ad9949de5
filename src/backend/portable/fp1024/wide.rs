//! Products of 34 limbs and their reduction: where the time of the field goes.
//!
//! Columns are written out by macros, with a constant for every index: loops with a range of their own for each
//! column stay loops in the compiler's hands, at twice the time. And the code has to be short. All of it
//! written out, product, square and reduction no longer fit together into what processors keep of decoded
//! instructions, which costs as much as a quarter of the products does. Hence the product goes through functions for
//! halves, and the reduction takes its rows four at a time in a loop.

use super::{BITS, Limbs, M_1, MASK, N, NEGATED_INVERSE, P_LIMBS, checked, product};

/// Limbs of the lower half in Karatsuba's product; the upper half has one less.
const HALF: usize = 9;
/// Rows that one pass of the reduction takes.
const ROWS: usize = 4;
const _: () = assert!(N == 2 * HALF - 1 && (N - 1).is_multiple_of(ROWS));

/// Columns of a product of halves.
type Columns = [u128; 2 * HALF - 1];

/// Repeats the block with the constant $i = 0, 1, …: for each row of a pass of the reduction, each limb, each column
/// of a half-product, or each column.
macro_rules! each {
    (row $i:ident $block:block) => {
        each!(@ $i $block 0 1 2 3)
    };
    (limb $i:ident $block:block) => {
        each!(@ $i $block 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
    };
    (half_column $i:ident $block:block) => {
        each!(@ $i $block 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
    };
    (column $i:ident $block:block) => {
        each!(@ $i $block 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
            17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32)
    };
    (@ $i:ident $block:block $($n:literal)*) => { $({ const $i: usize = $n; $block })* };
}

/// A product or a sum of products: limbs of 61 bits or a little more, see [`Wide::add`].
#[derive(Clone, Copy)]
pub(super) struct Wide(pub(super) [u64; 2 * N]);

impl Wide {
    /// a·b: 226 products in place of 289, by (a₀ + a₁)(b₀ + b₁) = a₀b₀ + (a₀b₁ + a₁b₀) + a₁b₁.
    #[inline(never)]
    pub(super) fn product(a: &Limbs, b: &Limbs) -> Self {
        let low_columns = columns::<HALF>(lower(a), lower(b));
        let high_columns = columns::<{ N - HALF }>(upper(a), upper(b));
        let folded_columns = columns::<HALF>(&folded(a), &folded(b));
        Self::joined(&low_columns, &folded_columns, &high_columns)
    }

    /// low + (folded − low − high)·2⁶¹ˣ⁹ + high·2⁶¹ˣ¹⁸.
    ///
    /// No difference is negative, column for column; a joined column sums up to 17 products below 2¹²².
    #[inline(always)]
    fn joined(low: &Columns, folded: &Columns, high: &Columns) -> Self {
        let mut t = Self([0; 2 * N]);
        let mut carry = 0;
        each!(column C {
            carry += at::<C, 0>(low) + at::<C, { 2 * HALF }>(high)
                + (at::<C, HALF>(folded) - at::<C, HALF>(low) - at::<C, HALF>(high));
            t.0[C] = carry as u64 & MASK;
            carry >>= BITS;
        });
        t.0[2 * N - 1] = carry as u64;
        t
    }

    /// a²: 153 products. In halves it would be 126, and slower for what joins them.
    #[inline(never)]
    pub(super) fn square(a: &Limbs) -> Self {
        let mut t = Self([0; 2 * N]);
        let mut carry = 0;
        each!(column C {
            carry += square_column::<C>(a);
            t.0[C] = carry as u64 & MASK;
            carry >>= BITS;
        });
        t.0[2 * N - 1] = carry as u64;
        t
    }

    /// Plus another, limb by limb: seven products fit.
    #[inline]
    pub(super) fn add(&mut self, other: &Self) {
        for (t, other) in self.0.iter_mut().zip(&other.0) {
            debug_assert!(*t <= 6 << BITS && *other <= MASK);
            *t += other;
        }
    }

    /// t/2¹⁰³⁷ modulo p, for t ≤ 2¹⁰³⁶·p: 290 products.
    ///
    /// Montgomery's reduction by a multiple of p that is −1 modulo 2⁶¹, M = k·p = 2⁶¹·M₁ − 1. It clears the lowest
    /// limb t₀ without a product for the factor: t + t₀·M has t₀ − t₀ = 0 there, and what goes on is t₀·M₁, one limb
    /// higher. After 16 such rows the integer lies below t/2⁹⁷⁶ + M, where M is a limb longer than p; so the last of the
    /// 17 limbs is cleared by p itself. The result lies below t/2¹⁰³⁷ + M₁ + p < t/2¹⁰³⁷ + 3p/2 ≤ 2p.
    ///
    /// A column has a limb below 2⁶⁴, 17 products below 2¹²², and what is carried: less than 2¹²⁷.
    #[inline(never)]
    pub(super) fn reduce(&self) -> Limbs {
        let mut t = self.0.map(u128::from);
        let mut carry = 0;
        let mut row = 0;
        while row < N - 1 {
            let t = t[row..].first_chunk_mut::<{ N + ROWS }>().expect("34 limbs hold 12 + 21");
            let mut m = [0; ROWS];
            each!(row C {
                carry += t[C] + multiple_column::<C>(&m);
                m[C] = carry as u64 & MASK;
                carry >>= BITS;
            });
            each!(limb I { t[ROWS + I] += multiple_column::<{ ROWS + I }>(&m) });
            row += ROWS;
        }
        carry += t[N - 1];
        let m = (carry as u64).wrapping_mul(NEGATED_INVERSE) & MASK;
        carry = (carry + product(m, P_LIMBS[0])) >> BITS;
        let mut r = [0; N];
        for i in 1..N {
            carry += t[N - 1 + i] + product(m, P_LIMBS[i]);
            r[i - 1] = carry as u64 & MASK;
            carry >>= BITS;
        }
        r[N - 1] = (carry + t[2 * N - 1]) as u64;
        checked(r)
    }
}

fn lower(a: &Limbs) -> &[u64; HALF] {
    a.first_chunk().expect("9 of 17 limbs")
}

fn upper(a: &Limbs) -> &[u64; N - HALF] {
    a.last_chunk().expect("8 of 17 limbs")
}

/// a₀ + a₁, limbs of 62 bits.
#[inline(always)]
fn folded(a: &Limbs) -> [u64; HALF] {
    let mut sum = *lower(a);
    for (sum, upper) in sum.iter_mut().zip(upper(a)) {
        *sum += upper;
    }
    sum
}

/// The columns of a·b, halves of L limbs of at most 62 bits: below 9·2¹²⁴.
#[inline(never)]
fn columns<const L: usize>(a: &[u64; L], b: &[u64; L]) -> Columns {
    debug_assert!(a.iter().chain(b).all(|limb| *limb <= 2 * MASK));
    let mut columns = [0; 2 * HALF - 1];
    each!(half_column C { columns[C] = column::<L, C>(a, b) });
    columns
}

/// Those products aᵢ·bⱼ with i + j = C.
#[inline(always)]
fn column<const L: usize, const C: usize>(a: &[u64; L], b: &[u64; L]) -> u128 {
    let mut sum = 0;
    each!(limb I {
        if I < L && (I..I + L).contains(&C) {
            sum += product(a[I], b[C - I]);
        }
    });
    sum
}

/// Column C of what starts at column FROM.
#[inline(always)]
fn at<const C: usize, const FROM: usize>(columns: &Columns) -> u128 {
    if C >= FROM && C < FROM + columns.len() { columns[C - FROM] } else { 0 }
}

/// The products of column C of a²: each pair once, doubled.
#[inline(always)]
fn square_column<const C: usize>(a: &Limbs) -> u128 {
    let mut sum = 0;
    each!(limb I {
        if 2 * I < C && C < I + N {
            sum += product(a[I], a[C - I]);
        }
    });
    sum += sum;
    if C.is_multiple_of(2) { sum + product(a[C / 2], a[C / 2]) } else { sum }
}

/// The products of column C of m·M₁·2⁶¹.
#[inline(always)]
fn multiple_column<const C: usize>(m: &[u64; ROWS]) -> u128 {
    let mut sum = 0;
    each!(row I {
        if (I + 1..=I + N).contains(&C) {
            sum += product(m[I], M_1[C - I - 1]);
        }
    });
    sum
}
