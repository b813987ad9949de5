//! Integers modulo the group order q.

use crate::backend::fp1024::ScalarOctets;
use crate::backend::{Backend, portable, rustcrypto, selected};
use crate::secret::declassify;
use alloc::vec::Vec;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Arithmetic modulo q of the chosen backend: that of the crate `crypto-bigint`, or the one of all own
/// backends.
macro_rules! order {
    ($function:ident($($argument:expr),*)) => {
        match selected() {
            Backend::RustCrypto(_) => rustcrypto::fp1024_order::$function($($argument),*),
            _ => portable::fp1024_order::$function($($argument),*),
        }
    };
}

/// An integer in [0, q − 1]. May be secret: wiped when dropped, and nothing here looks at its value.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Scalar(ScalarOctets);

crate::secret::redacted_debug!(Scalar);

impl Scalar {
    /// Takes `octets` if they stand for an integer in [2, q − 1], the range of master secrets and
    /// identities (RFC 6508 §2.2). Constant time but for the outcome.
    pub(crate) fn from_key_octets(octets: &ScalarOctets) -> Option<Self> {
        bool::from(declassify(order!(in_key_range(octets)))).then(|| Self(*octets))
    }

    /// The integer that `octets` stand for, modulo q. Constant time.
    pub(crate) fn reduce(octets: &ScalarOctets) -> Self {
        Self(order!(reduce(octets)))
    }

    /// self + b.
    pub(crate) fn add(&self, b: &Self) -> Self {
        Self(order!(add(&self.0, &b.0)))
    }

    /// self·b.
    pub(crate) fn mul(&self, b: &Self) -> Self {
        Self(order!(mul(&self.0, &b.0)))
    }

    /// Replaces each by its inverse; none may be 0. One inversion for all.
    pub(crate) fn invert_all(scalars: &mut [Self]) {
        let mut product = Self(ONE);
        let mut before = Vec::with_capacity(scalars.len());
        for scalar in scalars.iter() {
            let next = product.mul(scalar);
            before.push(core::mem::replace(&mut product, next));
        }
        let mut inverse = Self(order!(invert(&product.0)));
        // By reference: what moves out of a vector stays behind in its memory, and is not wiped.
        for (scalar, before) in scalars.iter_mut().zip(&before).rev() {
            let next = inverse.mul(scalar);
            *scalar = inverse.mul(before);
            inverse = next;
        }
    }

    /// Is it 0?
    pub(crate) fn is_zero(&self) -> Choice {
        self.0.ct_eq(&[0; 128])
    }

    /// The octets, big-endian.
    pub(crate) fn as_octets(&self) -> &ScalarOctets {
        &self.0
    }
}

const ONE: ScalarOctets = {
    let mut one = [0; 128];
    one[127] = 1;
    one
};
