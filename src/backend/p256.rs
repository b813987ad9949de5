//! The seam of P-256: whole operations over encoded scalars and affine points.
//!
//! [`Ops`] is what the rest of the crate uses. [`Kernel`] is a second seam below it, for own
//! implementations, which share the curve code of `curve::p256` and differ in the field.

pub(crate) use super::portable::limbs::Limbs;
pub(crate) use super::table_point::TablePoint;

use super::ifma::vector::Vector;
use super::portable::p256::P;
use super::portable::safegcd::{self, Modulus, Packed};
use super::portable::{limbs, p256_order};
use super::{base, table_point};
use alloc::vec::Vec;
use subtle::Choice;
use zeroize::{Zeroize, Zeroizing};

/// A scalar: 32 octets, big-endian, below the group order q.
pub(crate) type ScalarOctets = [u8; 32];

/// An affine point of the curve, never the identity: x ‖ y, 64 octets, big-endian, each below p.
pub(crate) type PointOctets = [u8; 64];

/// A public point to be multiplied, with a table of its multiples where [`Ops::table`] built one.
pub(crate) type Base<'a, T> = base::Base<'a, PointOctets, T>;

/// One of many questions: is x that of \[g\]G + \[k\]P + \[h\]Q? All of it public.
#[derive(Debug)]
pub(crate) struct Check<'a, T> {
    pub(crate) x: &'a [u8; 32],
    pub(crate) g: ScalarOctets,
    pub(crate) k: ScalarOctets,
    pub(crate) point: Base<'a, T>,
    /// Multiplies the point that all share.
    pub(crate) h: ScalarOctets,
}

/// What an implementation of P-256 has to offer.
///
/// Arguments keep the promises of [`ScalarOctets`] and [`PointOctets`]. Operations without
/// `_vartime` in their name run in time independent of the values of their scalars; points and
/// tables are public everywhere.
pub(crate) trait Ops {
    /// Multiples of one public point, kept for later multiplications.
    type Table: Send + Sync;

    /// Builds the table of `point`.
    #[cfg(feature = "tables")]
    fn table(&self, point: &PointOctets) -> Self::Table;

    /// Is the integer below p?
    fn is_reduced(&self, octets: &[u8; 32]) -> bool;

    /// Does a point with reduced coordinates satisfy the curve equation?
    fn is_on_curve(&self, point: &PointOctets) -> bool;

    /// The point with this reduced x whose y is odd or even, if there is one.
    fn decompress(&self, x: &[u8; 32], y_is_odd: Choice) -> Option<PointOctets>;

    /// `octets` modulo q.
    fn scalar_reduce(&self, octets: &[u8; 32]) -> ScalarOctets;

    /// a·b + c modulo q.
    fn scalar_mul_add(&self, a: &ScalarOctets, b: &ScalarOctets, c: &ScalarOctets) -> ScalarOctets;

    /// a·b modulo q.
    fn scalar_mul(&self, a: &ScalarOctets, b: &ScalarOctets) -> ScalarOctets;

    /// a⁻¹ modulo q; 0 for a = 0.
    fn scalar_invert(&self, a: &ScalarOctets) -> ScalarOctets;

    /// \[k\]G for a secret k ≠ 0.
    fn mul_generator(&self, k: &ScalarOctets) -> PointOctets;

    /// \[kᵢ\]G for secret kᵢ ≠ 0, with one inversion for all. Both slices have the same length.
    fn mul_generator_many(&self, k: &[ScalarOctets], out: &mut [PointOctets]);

    /// \[k\]P for a secret k ≠ 0.
    fn mul(&self, k: &ScalarOctets, point: &PointOctets) -> PointOctets;

    /// \[k\](P + \[h\]Q) for a secret k ≠ 0 and public h; `None` where P + \[h\]Q is the identity.
    fn mul_sum(
        &self,
        k: &ScalarOctets,
        p: Base<'_, Self::Table>,
        h: &ScalarOctets,
        q: &PointOctets,
    ) -> Option<PointOctets> {
        self.add_mul_vartime(p.point, h, q).map(|sum| self.mul(k, &sum))
    }

    /// \[k\]G, and whether it equals P + \[h\]Q. For a secret k ≠ 0 and public h.
    fn mul_generator_if_equal(
        &self,
        k: &ScalarOctets,
        p: Base<'_, Self::Table>,
        h: &ScalarOctets,
        q: &PointOctets,
    ) -> (PointOctets, Choice);

    /// P + \[h\]Q, or `None` for the identity. All inputs public.
    fn add_mul_vartime(&self, p: &PointOctets, h: &ScalarOctets, q: &PointOctets) -> Option<PointOctets>;

    /// \[g\]G + Σ \[kᵢ\]Pᵢ, or `None` for the identity. All inputs public.
    fn combination_vartime(
        &self,
        g: &ScalarOctets,
        terms: &[(ScalarOctets, Base<'_, Self::Table>)],
    ) -> Option<PointOctets>;

    /// Is the point of [`combination_vartime`](Self::combination_vartime) not the identity, and
    /// its x-coordinate equal to `x`? All inputs public.
    fn combination_has_x_vartime(
        &self,
        x: &[u8; 32],
        g: &ScalarOctets,
        terms: &[(ScalarOctets, Base<'_, Self::Table>)],
    ) -> bool;

    /// Answers each check as [`combination_has_x_vartime`](Self::combination_has_x_vartime) does. Q is
    /// `shared`; where there is none, h does not count. Both slices have the same length.
    fn combinations_have_x_vartime(
        &self,
        checks: &[Check<'_, Self::Table>],
        shared: Option<Base<'_, Self::Table>>,
        out: &mut [bool],
    ) {
        for (check, out) in checks.iter().zip(out) {
            *out = self.check_vartime(check, shared);
        }
    }

    /// One of these checks.
    fn check_vartime(&self, check: &Check<'_, Self::Table>, shared: Option<Base<'_, Self::Table>>) -> bool {
        let own = (check.k, check.point);
        match shared {
            None => self.combination_has_x_vartime(check.x, &check.g, &[own]),
            Some(shared) => self.combination_has_x_vartime(check.x, &check.g, &[own, (check.h, shared)]),
        }
    }

    /// Σ \[kᵢ\]Pᵢ, or `None` for the identity. All inputs public.
    fn sum_vartime(&self, terms: &[(ScalarOctets, PointOctets)]) -> Option<PointOctets> {
        let terms: Vec<_> = terms.iter().map(|(k, point)| (*k, Base { point, table: None })).collect();
        self.combination_vartime(&[0; 32], &terms)
    }

    /// Replaces each scalar, none of which is 0, by its inverse modulo q; one inversion for all.
    fn scalar_invert_many(&self, scalars: &mut [ScalarOctets]) {
        let mut product = ONE;
        let mut before = Zeroizing::new(alloc::vec![ONE; scalars.len()]);
        for (before, scalar) in before.iter_mut().zip(scalars.iter()) {
            *before = product;
            product = self.scalar_mul(&product, scalar);
        }
        let mut inverse = Zeroizing::new(self.scalar_invert(&product));
        product.zeroize();
        for (before, scalar) in before.iter().zip(scalars).rev() {
            let of_this = self.scalar_mul(&inverse, before);
            *inverse = self.scalar_mul(&inverse, scalar);
            *scalar = of_this;
        }
    }
}

/// The scalar 1.
const ONE: ScalarOctets = {
    let mut one = [0; 32];
    one[31] = 1;
    one
};

/// The field of P-256 and the integers modulo its order, as an own implementation brings them; and
/// the formulas that its points spend their time in, for implementations that do a whole one better
/// than its parts.
///
/// Field elements are in Montgomery form, x·2²⁵⁶ mod p, below p, everywhere. Constant time, all of
/// it. A value of the type is the proof that the CPU has what the functions need.
pub(crate) trait Kernel: Copy + Send + Sync + 'static {
    /// What computes eight elements at a time, one in each lane.
    type Vector: Vector;

    /// The proof that goes with the vectors, if they take less time than eight single elements.
    #[inline(always)]
    fn vectors(self) -> Option<<Self::Vector as Vector>::Proof> {
        None
    }

    /// a·b/2²⁵⁶ mod p.
    fn field_mul(self, a: &Limbs, b: &Limbs) -> Limbs;

    /// a²/2²⁵⁶ mod p.
    fn field_square(self, a: &Limbs) -> Limbs;

    /// a + b mod p.
    #[inline(always)]
    fn field_add(self, a: &Limbs, b: &Limbs) -> Limbs {
        limbs::add_mod(a, b, &P)
    }

    /// a − b mod p.
    #[inline(always)]
    fn field_sub(self, a: &Limbs, b: &Limbs) -> Limbs {
        limbs::sub_mod(a, b, &P)
    }

    /// a/2 mod p.
    #[inline(always)]
    fn field_halve(self, a: &Limbs) -> Limbs {
        limbs::halve_mod(a, &P)
    }

    /// a·b/2²⁵⁶ mod q, for one factor below q.
    #[inline(always)]
    fn order_mul(self, a: &Limbs, b: &Limbs) -> Limbs {
        p256_order::mul(a, b)
    }

    /// As [`safegcd::divsteps`].
    #[inline(always)]
    fn divsteps(self, count: u32, state: Packed) -> Packed {
        safegcd::divsteps(count, state)
    }

    /// [`safegcd::invert`] by the steps of this implementation.
    #[inline(always)]
    fn invert(self, x: &Limbs, modulus: &Modulus) -> Limbs {
        safegcd::invert(|count, state| self.divsteps(count, state), x, modulus)
    }

    /// −a mod p where `mask` is all ones, a where it is 0; a ≠ 0.
    #[inline(always)]
    fn field_negate_if(self, mask: u64, a: &Limbs) -> Limbs {
        let mask = limbs::barrier(mask);
        limbs::select(mask, &limbs::sub(&P, a).0, a)
    }

    /// a^(2^times).
    #[inline(always)]
    fn square_times(self, a: &mut Limbs, times: usize) {
        for _ in 0..times {
            *a = self.field_square(a);
        }
    }

    /// \[2^times\](X, Y, Z) in Jacobian coordinates, also for Z = 0.
    ///
    /// EFD dbl-2001-b with Z₃ = Y·Z, 4M + 4S: a product more and a square less than there, and half
    /// of its Z, so that nothing has to be doubled.
    #[inline(always)]
    fn double(self, [x, y, z]: &mut [Limbs; 3], times: usize) {
        for _ in 0..times {
            let delta = self.field_square(z);
            let t = self.field_mul(&self.field_sub(x, &delta), &self.field_add(x, &delta));
            let alpha = self.field_add(&self.field_halve(&t), &t); // 3(X − Z²)(X + Z²)/2
            *z = self.field_mul(y, z);
            let gamma = self.field_square(y);
            let beta = self.field_mul(x, &gamma); // XY²
            *x = self.field_sub(&self.field_sub(&self.field_square(&alpha), &beta), &beta);
            let gamma_2 = self.field_square(&gamma); // Y⁴
            *y = self.field_sub(&self.field_mul(&alpha, &self.field_sub(&beta, x)), &gamma_2);
        }
    }

    /// (X, Y, Z) + entry in Jacobian coordinates, if Z ≠ 0 and the points are neither equal nor
    /// opposite; where they are, Z = 0.
    ///
    /// EFD madd-2004-hmv, 8M + 3S.
    #[inline(always)]
    fn add_affine(self, point: &mut [Limbs; 3], entry: &TablePoint) {
        let [x, y, z] = point;
        let z_2 = self.field_square(z);
        let h = self.field_sub(&self.field_mul(&entry.x, &z_2), x);
        let r = self.field_sub(&self.field_mul(&entry.y, &self.field_mul(z, &z_2)), y);
        let h_2 = self.field_square(&h);
        *z = self.field_mul(z, &h);
        let v = self.field_mul(x, &h_2);
        let h_3 = self.field_mul(&h, &h_2);
        let x_and_v = self.field_sub(&self.field_sub(&self.field_square(&r), &h_3), &v);
        *x = self.field_sub(&x_and_v, &v);
        let y_h_3 = self.field_mul(y, &h_3);
        *y = self.field_sub(&self.field_mul(&r, &self.field_sub(&v, x)), &y_h_3);
    }

    /// (X, Y, Z², Z³) + entry, under the same conditions; where they do not hold, the last two are 0.
    ///
    /// EFD madd-2008-s ("XYZZ"), 8M + 2S.
    #[inline(always)]
    fn add_to_sum(self, sum: &mut [Limbs; 4], entry: &TablePoint) {
        let [x, y, zz, zzz] = sum;
        let p = self.field_sub(&self.field_mul(&entry.x, zz), x);
        let r = self.field_sub(&self.field_mul(&entry.y, zzz), y);
        let p_2 = self.field_square(&p);
        let q = self.field_mul(x, &p_2);
        let p_3 = self.field_mul(&p, &p_2);
        *zz = self.field_mul(zz, &p_2);
        let x_and_q = self.field_sub(&self.field_sub(&self.field_square(&r), &p_3), &q);
        *x = self.field_sub(&x_and_q, &q);
        let y_p_3 = self.field_mul(y, &p_3);
        *zzz = self.field_mul(zzz, &p_3);
        *y = self.field_sub(&self.field_mul(&r, &self.field_sub(&q, x)), &y_p_3);
    }

    /// [`add_to_sum`](Self::add_to_sum) of `entry`, and [`look_up`](Self::look_up).
    #[inline(always)]
    fn add_to_sum_and_look_up(
        self,
        sum: &mut [Limbs; 4],
        entry: &TablePoint,
        row: &[TablePoint],
        n: u64,
        found: &mut TablePoint,
    ) {
        self.add_to_sum(sum, entry);
        self.look_up(row, n, found);
    }

    /// `row[n]`. Reads all of `row`.
    #[inline(always)]
    fn look_up(self, row: &[TablePoint], n: u64, found: &mut TablePoint) {
        *found = table_point::look_up(row, n);
    }
}
