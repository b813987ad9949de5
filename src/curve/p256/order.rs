//! Inversion modulo the group order q.

use crate::backend::p256::{Kernel, Limbs};
use crate::backend::portable::{p256_order, safegcd};

/// q with the constants for inversion.
static ORDER: safegcd::Modulus = safegcd::Modulus::new(&p256_order::Q);

/// 1/a modulo q; 0 for 0.
pub(super) fn invert<K: Kernel>(kernel: K, a: &Limbs) -> Limbs {
    kernel.invert(a, &ORDER)
}
