//! Own arithmetic in 64-bit limbs: every platform, no `unsafe`, constant time.

#[cfg(feature = "sakke")]
pub(crate) mod fp1024;
#[cfg(feature = "sakke")]
pub(crate) mod fp1024_order;
#[cfg(feature = "eccsi")]
pub(crate) mod limbs;
#[cfg(feature = "eccsi")]
pub(crate) mod p256;
#[cfg(feature = "eccsi")]
pub(crate) mod p256_order;
#[cfg(feature = "sakke")]
pub(crate) mod quartic;
pub(crate) mod safegcd;
pub(crate) mod word;
#[cfg(feature = "sakke")]
pub(crate) mod words;

#[cfg(feature = "eccsi")]
use super::ifma::vector::NoVector;
#[cfg(feature = "eccsi")]
use super::p256::{Kernel, Limbs};

/// The implementation; it needs nothing of the CPU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

#[cfg(feature = "eccsi")]
impl Kernel for Portable {
    type Vector = NoVector;

    // Devices, which leave out the tables, would rather have small code: there it is a call.
    #[cfg_attr(feature = "tables", inline(always))]
    #[cfg_attr(not(feature = "tables"), inline(never))]
    fn field_mul(self, a: &Limbs, b: &Limbs) -> Limbs {
        p256::mul(a, b)
    }

    #[cfg_attr(feature = "tables", inline(always))]
    #[cfg_attr(not(feature = "tables"), inline(never))]
    fn field_square(self, a: &Limbs) -> Limbs {
        p256::square(a)
    }
}
