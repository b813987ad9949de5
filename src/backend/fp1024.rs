//! The seam of the 1024-bit curve of RFC 6509: whole operations over encoded scalars and points
//! ([`Ops`]), and below it the promise of a field kernel ([`Field`]).
//!
//! An implementation may offer just a field and take the generic curve code of
//! [`curve::ss1024`](crate::curve::ss1024), or write an operation its own way (lanes of eight,
//! lazy reduction, other windows) and keep only the octets at both ends.

#[cfg(feature = "__backends")]
pub mod probe;

use crate::error::Problem;
use alloc::vec::Vec;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, CtOption};
use zeroize::Zeroize;

/// An element of F_p or of PF_p: 128 octets, big-endian, below p.
pub(crate) type FieldOctets = [u8; 128];

/// An affine point of the curve, never the identity: x ‖ y, each as [`FieldOctets`].
pub(crate) type PointOctets = [u8; 256];

/// A scalar: 128 octets, big-endian, below the group order q.
pub(crate) type ScalarOctets = [u8; 128];

/// A point with the table of it that makes an operation faster, if one was built.
pub(crate) type Base<'a, T> = super::base::Base<'a, PointOctets, T>;

/// What an implementation of the group of RFC 6509 parameter set 1 has to offer.
///
/// Arguments keep the promises of their types, and every point that is multiplied or walked by
/// the Miller loop has order q unless the function says otherwise. Operations without `_vartime`
/// in their name run in time independent of the values of scalars *and* of points.
pub(crate) trait Ops {
    /// Multiples of one point, for multiplications by many scalars.
    type Comb: Zeroize + Send + Sync;
    /// Powers of g = <P, P>, for exponentiations by many scalars.
    type UnitComb: Zeroize + Send + Sync;
    /// The line coefficients of the Miller loop that walks one point. As secret as the point.
    type Lines: Zeroize + Send + Sync;

    /// Checks that both coordinates lie below p and satisfy the curve equation, and that y ≠ 0.
    ///
    /// A secret point leaks nothing but which of the checks failed.
    fn check_point(&self, point: &PointOctets) -> Result<(), Problem>;

    /// Is the point, any one of the curve with y ≠ 0, of order q?
    fn has_order_q(&self, point: &PointOctets) -> Choice;

    /// Builds the comb of `point`.
    fn comb(&self, point: &PointOctets) -> Self::Comb;

    /// Builds the comb of g.
    fn unit_comb(&self) -> Self::UnitComb;

    /// Builds the line table of `point`.
    fn lines(&self, point: &PointOctets) -> Self::Lines;

    /// \[k\]B for secret k ≠ 0, each with the same base; one inversion for all.
    fn mul_many(&self, base: Base<'_, Self::Comb>, k: &[ScalarOctets]) -> Vec<PointOctets>;

    /// \[k\]P + Q, or `None` for the identity. All inputs public.
    fn mul_add_vartime(
        &self,
        k: &ScalarOctets,
        p: Base<'_, Self::Comb>,
        q: &PointOctets,
    ) -> Option<PointOctets>;

    /// For each job (r, terms): Σ \[kᵢ\]Bᵢ over its terms, and g^r as an element of PF_p; one
    /// inversion for all.
    fn commit_many(&self, jobs: &[Commit<'_, Self::Comb>], g: Option<&Self::UnitComb>) -> Vec<Committed>;

    /// Is \[kᵢ\]B = Rᵢ? R is any point of the curve. Both slices have the same length.
    fn equals_many(&self, base: Base<'_, Self::Comb>, k: &[ScalarOctets], r: &[&PointOctets]) -> Vec<Choice>;

    /// The pairings <K, Rᵢ>: the loop walks K, of order q; R is any point of the curve with y ≠ 0. One
    /// inversion for all.
    fn pairing_many(&self, k: Base<'_, Self::Lines>, r: &[&PointOctets]) -> Vec<FieldOctets>;

    /// <P, K>^b·<Z, K> = <\[b\]P + Z, K>, for public b, P and Z: the loops walk P and Z. K is any point of
    /// the curve with y ≠ 0, and secret.
    fn pairing_product_vartime(
        &self,
        b: &ScalarOctets,
        p: Base<'_, Self::Lines>,
        z: Base<'_, Self::Lines>,
        k: &PointOctets,
    ) -> FieldOctets;

    /// Is <P, Σ \[kᵢ\]Kᵢ>·<Z, Σ \[lᵢ\]Kᵢ> = g^c, for public P, Z and scalars? The Kᵢ, of order q, are secret. No if one
    /// of the sums is infinity.
    fn pairings_agree_vartime(
        &self,
        p: Base<'_, Self::Lines>,
        z: Base<'_, Self::Lines>,
        terms: &[Weighted<'_>],
        c: &ScalarOctets,
    ) -> Choice;
}

/// A point K of two sums, with its factors k and l: big-endian integers of any length.
#[derive(Debug)]
pub(crate) struct Weighted<'a> {
    /// K.
    pub(crate) point: &'a PointOctets,
    /// k, l.
    pub(crate) factors: [&'a [u8]; 2],
}

/// One encapsulation: the exponent r of g, and the terms whose sum is \[r\](\[b\]P + Z).
#[derive(Debug)]
pub(crate) struct Commit<'a, T> {
    /// The exponent of g.
    pub(crate) r: &'a ScalarOctets,
    /// (kᵢ, Bᵢ)
    pub(crate) terms: Vec<(&'a ScalarOctets, Base<'a, T>)>,
}

/// What [`Ops::commit_many`] gives for one job. As secret as r.
pub(crate) struct Committed {
    /// The sum of the terms.
    pub(crate) point: PointOctets,
    /// g^r
    pub(crate) power: FieldOctets,
    /// The sum is infinity, and `point` holds zeros.
    pub(crate) is_infinity: Choice,
}

// `Choice` has no `Zeroize`; whether the sum is infinity is public.
impl Zeroize for Committed {
    fn zeroize(&mut self) {
        self.point.zeroize();
        self.power.zeroize();
    }
}

/// An integer below p as words of 64 bits, least significant first: the form of constants.
pub(crate) type Words = [u64; 16];

/// Arithmetic modulo p: what the curve code asks of a kernel, for one element at a time and for
/// eight in lanes alike.
///
/// All operations run in time independent of the values. Elements are kept in any form the
/// kernel likes; a single element may be used in any chain of calls, while lanes have bounds that
/// their kernel states and asserts. An element carries the proof that the CPU has what its kernel
/// needs.
///
/// The provided methods are the places where a kernel gains by interleaving independent products or by
/// reducing lazily.
pub(crate) trait Arithmetic: Copy + Zeroize + Send + Sync + 'static {
    /// The proof that the CPU has the instructions.
    type Proof: Copy + Send + Sync + 'static;
    /// The kernel's form without the proof: constants.
    type Raw: Copy + Sync + 'static;

    /// The proof that the element carries.
    fn proof(&self) -> Self::Proof;
    /// 0.
    fn zero(proof: Self::Proof) -> Self;
    /// 1.
    fn one(proof: Self::Proof) -> Self;
    /// A constant; in lanes, in each of them.
    fn from_raw(proof: Self::Proof, raw: &Self::Raw) -> Self;

    /// a + b
    fn add(&self, b: &Self) -> Self;
    /// a − b
    fn sub(&self, b: &Self) -> Self;
    /// −a
    fn neg(&self) -> Self;
    /// a·b
    fn mul(&self, b: &Self) -> Self;
    /// a²
    fn square(&self) -> Self;

    /// 2a
    fn double(&self) -> Self {
        self.add(self)
    }

    /// The same element with bounds as small as after a product. Single elements have none.
    fn reduce(&self) -> Self {
        *self
    }

    /// N independent products.
    fn mul_pairs<const N: usize>(a: [&Self; N], b: [&Self; N]) -> [Self; N] {
        core::array::from_fn(|i| a[i].mul(b[i]))
    }

    /// The same, written where they are wanted: copies of elements cost what their arithmetic does.
    fn mul_pairs_into<const N: usize>(out: &mut [Self; N], a: [&Self; N], b: [&Self; N]) {
        *out = Self::mul_pairs(a, b);
    }

    /// N independent squares.
    fn squares<const N: usize>(a: [&Self; N]) -> [Self; N] {
        core::array::from_fn(|i| a[i].square())
    }

    /// Σ aᵢ·bᵢ for N from 1 to 6, with one reduction where the kernel can.
    fn sum_of_products<const N: usize>(a: [&Self; N], b: [&Self; N]) -> Self {
        (1..N).fold(a[0].mul(b[0]), |sum, i| sum.add(&a[i].mul(b[i])))
    }

    /// (a0 + i·a1)(b0 + i·b1) in F_p², by Karatsuba: `3M`.
    fn complex_mul(a: [&Self; 2], b: [&Self; 2]) -> [Self; 2] {
        let [m0, m1, cross] = Self::mul_pairs([a[0], a[1], &a[0].add(a[1])], [b[0], b[1], &b[0].add(b[1])]);
        [m0.sub(&m1), cross.sub(&m0).sub(&m1)]
    }

    /// (a0 + i·a1)² in F_p²: `2M`, (a0 + a1)(a0 − a1) + 2i·a0·a1.
    fn complex_square(a: [&Self; 2]) -> [Self; 2] {
        let [re, im] = Self::mul_pairs([&a[0].add(a[1]), a[0]], [&a[0].sub(a[1]), a[1]]);
        [re, im.double()]
    }

    /// (a0 + i·a1) to the power 2ⁿ.
    fn complex_square_times(a: [&Self; 2], n: usize) -> [Self; 2] {
        (0..n).fold([*a[0], *a[1]], |a, _| Self::complex_square([&a[0], &a[1]]))
    }

    /// f ← f⁸·g in F_p²: a step of the Miller loop.
    fn complex_step(f: &mut [Self; 2], g: &[Self; 2]) {
        let [re, im] = Self::complex_square_times([&f[0], &f[1]], 3);
        *f = Self::complex_mul([&re, &im], [&g[0], &g[1]]);
    }

    /// The same for two independent values.
    fn complex_steps(f: [&mut [Self; 2]; 2], g: [&[Self; 2]; 2]) {
        for (f, g) in f.into_iter().zip(g) {
            Self::complex_step(f, g);
        }
    }

    /// (X : Y : Z : T) plus the point of (y − x, y + x, 2xy), on −X² + Y² = 1 + X²Y² in extended coordinates:
    /// EFD "add-2008-hwcd-3" with Z = 1 on the right, `7M`.
    fn edwards_add(p: &mut [Self; 4], entry: &[Self; 3]) {
        let [x, y, z, t] = &*p;
        let (minus, plus, d) = (y.sub(x), y.add(x), z.double());
        let [m, n, c] = Self::mul_pairs([&minus, &plus, t], [&entry[0], &entry[1], &entry[2]]);
        let (e, f, g, h) = (n.sub(&m), d.sub(&c), d.add(&c), n.add(&m));
        Self::mul_pairs_into(p, [&e, &g, &f, &e], [&f, &h, &g, &h]);
    }

    /// 2(X : Y : Z : T): EFD "dbl-2008-hwcd" with a = −1, `4M + 4S`. T is not used, and made all the same.
    fn edwards_double(p: &mut [Self; 4]) {
        let [x, y, z, _] = &*p;
        let [a, b, c, e] = Self::squares([x, y, z, &x.add(y)]);
        let (h, g) = (a.add(&b), b.sub(&a));
        let (e, f, h) = (e.sub(&h), g.sub(&c.double()), h.neg());
        Self::mul_pairs_into(p, [&e, &g, &f, &e], [&f, &h, &g, &h]);
    }

    /// a ← (a0 + i·a1)(1 + i·t) in F_p²: `2M`.
    fn complex_mul_unit(a: [&mut Self; 2], t: &Self) {
        let [m0, m1] = Self::mul_pairs([&*a[0], &*a[1]], [t, t]);
        *a[0] = a[0].sub(&m1);
        *a[1] = a[1].add(&m0);
    }
}

/// A prime field with p ≡ 3 mod 4, one element at a time.
///
/// Whatever the form of elements, [`ct_eq`](ConstantTimeEq::ct_eq) compares values.
pub(crate) trait Field: Arithmetic + ConditionallySelectable + ConstantTimeEq {
    /// a⁻¹; 0 for a = 0.
    fn invert(&self) -> Self;

    /// Big-endian octets; none unless the value lies below p.
    fn from_octets(proof: Self::Proof, octets: &FieldOctets) -> CtOption<Self>;
    /// Big-endian octets of the one representative below p.
    fn to_octets(&self) -> FieldOctets;

    /// `table[index]`. Reads all of the table, which is not empty, whatever the index.
    fn look_up<const N: usize>(table: &[[Self; N]], index: u64) -> [Self; N] {
        let mut found = table[0];
        for (candidate, i) in table.iter().zip(0u64..).skip(1) {
            let here = i.ct_eq(&index);
            for (found, candidate) in found.iter_mut().zip(candidate) {
                found.conditional_assign(candidate, here);
            }
        }
        found
    }

    /// Writes `table[index]`, or its opposite: all but the last in reverse order, and the last negated. Reads all
    /// of the table.
    fn look_up_signed<const N: usize>(
        out: &mut [Self; N],
        table: &[[Self; N]],
        index: u64,
        negative: Choice,
    ) {
        *out = Self::look_up(table, index);
        let mut opposite = *out;
        opposite[..N - 1].reverse();
        opposite[N - 1] = opposite[N - 1].neg();
        for (out, opposite) in out.iter_mut().zip(&opposite) {
            out.conditional_assign(opposite, negative);
        }
    }
}

/// Eight elements of a field at a time, one in each lane.
pub(crate) trait Lanes: Arithmetic {
    /// The same field, one element at a time.
    type Single: Field<Proof = Self::Proof>;

    /// One element into each lane.
    fn from_singles(singles: [&Self::Single; 8]) -> Self;

    /// The same, in place of what is there.
    fn set_singles(&mut self, singles: [&Self::Single; 8]) {
        *self = Self::from_singles(singles);
    }

    /// The elements.
    fn to_singles(&self) -> [Self::Single; 8];

    /// Lane `lane` in all lanes.
    fn broadcast(&self, lane: usize) -> Self;

    /// `yes` in the lanes whose bit is set, `no` in the others. The bits may be secret.
    fn select(bits: u8, yes: &Self, no: &Self) -> Self;
}
