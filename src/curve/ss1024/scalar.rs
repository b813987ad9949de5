//! Integers modulo the group order q.

#[cfg(target_arch = "x86_64")]
use crate::backend::adx;
use crate::backend::fp1024::ScalarOctets;
#[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
use crate::backend::rustcrypto;
use crate::backend::{Backend, portable, selected};
use crate::secret::declassify;
use alloc::vec::Vec;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Arithmetic modulo q of the chosen backend: that of the crate `crypto-bigint`, or the one of all own
/// backends.
macro_rules! order {
    ($function:ident($($argument:expr),*)) => {
        match selected() {
            #[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
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
        let Some((first, others)) = scalars.split_first_mut() else { return };
        // The products of all up to each.
        let mut products = Vec::with_capacity(others.len() + 1);
        products.push(Self(first.0));
        for (i, other) in others.iter().enumerate() {
            let next = products[i].mul(other);
            products.push(next);
        }
        let mut inverse = Self(inverse(&products[others.len()].0));
        // By reference: what moves out of a vector stays behind in its memory, and is not wiped.
        for (other, before) in others.iter_mut().zip(&products).rev() {
            let next = inverse.mul(other);
            *other = inverse.mul(before);
            inverse = next;
        }
        *first = inverse;
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

/// 1/a; 0 for 0.
fn inverse(a: &ScalarOctets) -> ScalarOctets {
    match selected() {
        #[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
        Backend::RustCrypto(_) => rustcrypto::fp1024_order::invert(a),
        #[cfg(target_arch = "x86_64")]
        Backend::Adx(_) | Backend::Ifma(_) => portable::fp1024_order::invert(adx::divsteps, a),
        _ => portable::fp1024_order::invert(portable::safegcd::divsteps, a),
    }
}
