//! Eight field elements at a time, one per lane of a 512-bit register, by AVX-512 IFMA.
//!
//! The kernels are written over [`vector::Vector`], which the registers implement and so does a
//! scalar [`vector::Model`]: it runs on every machine and under valgrind, which knows no AVX-512.
//! Single elements of P-256 go through MULX and ADX; one of the 1024-bit field fills the lanes of three registers.
//!
//! # Safety
//!
//! The intrinsics need what an [`Ifma`] value proves. All of them are called inside
//! [`vector::Vector::run`], a function with these features, into which the kernels are inlined: vectors
//! stay in registers, and no vector passes between functions that disagree on their size.

#[cfg(feature = "sakke")]
pub(crate) mod fp1024;
#[cfg(feature = "sakke")]
pub(crate) mod fp1024x8;
#[cfg(feature = "eccsi")]
pub(crate) mod p256x8;
pub(crate) mod vector;
#[cfg(feature = "eccsi")]
pub(crate) mod words;
#[cfg(target_arch = "x86_64")]
pub(crate) mod zmm;

use vector::Vector;

#[cfg(feature = "eccsi")]
use super::p256::{Kernel, Limbs, TablePoint};
#[cfg(feature = "eccsi")]
use super::portable::safegcd::Packed;

/// A kernel for single elements, and vectors for what is done eight times.
#[derive(Clone, Copy)]
pub(crate) struct WithVectors<K, L: Vector> {
    #[cfg_attr(not(feature = "eccsi"), allow(dead_code, reason = "proves what P-256 needs"))]
    single: K,
    proof: L::Proof,
}

// Written out: a derived `Debug` would ask for that of vectors, which hold secrets.
impl<K, L: Vector> core::fmt::Debug for WithVectors<K, L> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("WithVectors").finish_non_exhaustive()
    }
}

/// The proof that this CPU has AVX-512 F and IFMA, and what [`super::adx::Adx`] proves.
#[cfg(target_arch = "x86_64")]
pub(crate) type Ifma = WithVectors<super::adx::Adx, zmm::Zmm>;

/// The same algorithms without a special CPU: for tests.
#[cfg(feature = "__backends")]
pub(crate) type IfmaModel = WithVectors<super::portable::Portable, vector::Model>;

#[cfg(target_arch = "x86_64")]
impl Ifma {
    /// Asks the CPU, the first time.
    #[inline]
    pub(crate) fn detect() -> Option<Self> {
        Some(Self { single: super::adx::Adx::detect()?, proof: zmm::Avx512::detect()? })
    }
}

#[cfg(feature = "__backends")]
impl IfmaModel {
    pub(crate) const MODEL: Self = Self { single: super::portable::Portable, proof: () };
}

#[cfg(feature = "sakke")]
impl<K, L: Vector> WithVectors<K, L> {
    /// What the kernels of the 1024-bit field need.
    pub(crate) fn vector_proof(self) -> L::Proof {
        self.proof
    }
}

#[cfg(feature = "eccsi")]
impl<K: Kernel, L: Vector> Kernel for WithVectors<K, L> {
    type Vector = L;

    #[inline(always)]
    fn vectors(self) -> Option<L::Proof> {
        Some(self.proof)
    }

    #[inline(always)]
    fn field_mul(self, a: &Limbs, b: &Limbs) -> Limbs {
        self.single.field_mul(a, b)
    }

    #[inline(always)]
    fn field_square(self, a: &Limbs) -> Limbs {
        self.single.field_square(a)
    }

    #[inline(always)]
    fn field_add(self, a: &Limbs, b: &Limbs) -> Limbs {
        self.single.field_add(a, b)
    }

    #[inline(always)]
    fn field_sub(self, a: &Limbs, b: &Limbs) -> Limbs {
        self.single.field_sub(a, b)
    }

    #[inline(always)]
    fn field_negate_if(self, mask: u64, a: &Limbs) -> Limbs {
        self.single.field_negate_if(mask, a)
    }

    #[inline(always)]
    fn order_mul(self, a: &Limbs, b: &Limbs) -> Limbs {
        self.single.order_mul(a, b)
    }

    #[inline(always)]
    fn divsteps(self, count: u32, state: Packed) -> Packed {
        self.single.divsteps(count, state)
    }

    #[inline(always)]
    fn double(self, point: &mut [Limbs; 3], times: usize) {
        self.single.double(point, times);
    }

    #[inline(always)]
    fn square_times(self, a: &mut Limbs, times: usize) {
        self.single.square_times(a, times);
    }

    #[inline(always)]
    fn add_affine(self, point: &mut [Limbs; 3], entry: &TablePoint) {
        self.single.add_affine(point, entry);
    }

    #[inline(always)]
    fn add_to_sum(self, sum: &mut [Limbs; 4], entry: &TablePoint) {
        self.single.add_to_sum(sum, entry);
    }

    #[inline(always)]
    fn add_to_sum_and_look_up(
        self,
        sum: &mut [Limbs; 4],
        entry: &TablePoint,
        row: &[TablePoint],
        n: u64,
        found: &mut TablePoint,
    ) {
        self.single.add_to_sum_and_look_up(sum, entry, row, n, found);
    }

    #[inline(always)]
    fn look_up(self, row: &[TablePoint], n: u64, found: &mut TablePoint) {
        self.single.look_up(row, n, found);
    }
}
