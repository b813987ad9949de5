//! Integers modulo the group order q.

use super::on_backend;
use super::own::Own;
use crate::backend::{
    self, Backend,
    p256::{Ops, ScalarOctets},
    portable::limbs,
    portable::p256_order::Q,
};
use crate::secret::declassify;
use alloc::vec::Vec;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// An integer in [0, q − 1]. May be secret: wiped when dropped, and nothing here looks at its value.
#[derive(Zeroize, ZeroizeOnDrop)]
#[repr(transparent)]
pub(crate) struct Scalar(ScalarOctets);

crate::secret::redacted_debug!(Scalar);

impl Scalar {
    /// Takes `octets` if they stand for an integer in [1, q − 1].
    ///
    /// Constant time, but for the outcome, which is public.
    pub(crate) fn from_octets(octets: &ScalarOctets) -> Option<Self> {
        let k = limbs::from_octets(octets);
        let (_, is_below_order) = limbs::sub(&k, &Q);
        let in_range = is_below_order & !limbs::is_zero(&k);
        (declassify(in_range) == 1).then(|| Self(*octets))
    }

    /// From octets that a backend computed, which are below q.
    pub(crate) fn from_reduced(octets: &ScalarOctets) -> Self {
        debug_assert!(limbs::sub(&limbs::from_octets(octets), &Q).1 == 1, "scalars are below q");
        Self(*octets)
    }

    /// The integer that `octets` stand for, modulo q.
    pub(crate) fn reduce(octets: &[u8; 32]) -> Self {
        Self(on_backend!(ops => ops.scalar_reduce(octets)))
    }

    /// self·b + c.
    pub(crate) fn mul_add(&self, b: &Self, c: &Self) -> Self {
        Self(on_backend!(ops => ops.scalar_mul_add(&self.0, &b.0, &c.0)))
    }

    /// self·b.
    pub(crate) fn mul(&self, b: &Self) -> Self {
        Self(on_backend!(ops => ops.scalar_mul(&self.0, &b.0)))
    }

    /// 1/self; 0 for 0. Constant time.
    pub(crate) fn invert(&self) -> Self {
        Self(on_backend!(ops => ops.scalar_invert(&self.0)))
    }

    /// Replaces each of the scalars, none of which is 0, by its inverse; one inversion for all.
    /// Constant time.
    pub(crate) fn invert_many(scalars: &mut [Self]) {
        let mut octets = Zeroizing::new(Vec::with_capacity(scalars.len()));
        octets.extend(scalars.iter().map(|scalar| scalar.0));
        on_backend!(ops => ops.scalar_invert_many(&mut octets));
        for (scalar, octets) in scalars.iter_mut().zip(octets.iter()) {
            scalar.0 = *octets;
        }
    }

    /// A copy. `Clone` is missing on purpose: each copy of a secret should be seen where it is made.
    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0)
    }

    pub(crate) fn one() -> Self {
        Self::from_half(&1u128.to_be_bytes())
    }

    /// The integer that sixteen octets stand for, big-endian.
    pub(crate) fn from_half(octets: &[u8; 16]) -> Self {
        let mut whole = [0; 32];
        whole[16..].copy_from_slice(octets);
        Self(whole)
    }

    /// Is it 0? The answer is public, all else is not.
    pub(crate) fn is_zero(&self) -> bool {
        declassify(limbs::is_zero(&limbs::from_octets(&self.0))) != 0
    }

    /// The octets, big-endian.
    pub(crate) fn as_octets(&self) -> &ScalarOctets {
        &self.0
    }
}
