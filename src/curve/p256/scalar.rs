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
use subtle::Choice;
use zeroize::{Zeroize, ZeroizeOnDrop};

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
        let integer = limbs::from_octets(octets);
        let (_, below_order) = limbs::sub(&integer, &Q);
        let in_range = Choice::from(below_order as u8) & !Choice::from((limbs::is_zero(&integer) & 1) as u8);
        bool::from(declassify(in_range)).then(|| Self(*octets))
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

    /// Is it 0? The answer is public, all else is not.
    pub(crate) fn is_zero(&self) -> bool {
        declassify(Choice::from((limbs::is_zero(&limbs::from_octets(&self.0)) & 1) as u8)).into()
    }

    /// The octets, big-endian.
    pub(crate) fn as_octets(&self) -> &ScalarOctets {
        &self.0
    }
}
