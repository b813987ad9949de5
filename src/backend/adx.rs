//! Arithmetic with MULX, ADCX and ADOX: two carry chains at a time, which compilers do not make of
//! u128. Inline assembly for P-256, one block for each kernel; naked functions for the 1024-bit field, whose
//! safety is argued in `fp1024::kernels`.
//!
//! # Safety
//!
//! Each block of P-256 reads its inputs through pointers to whole [`Limbs`] and gives its result in registers;
//! it writes no memory, uses no stack, and keeps no state but the flags, which every `asm!` may
//! change. What the instructions need of the CPU, an [`Adx`] value proves.

#[cfg(feature = "sakke")]
pub(crate) mod fp1024;
#[cfg(feature = "eccsi")]
mod p256;

#[cfg(feature = "eccsi")]
use super::ifma::lane::NoLanes;
#[cfg(feature = "eccsi")]
use super::p256::{Kernel, Limbs, TablePoint};

/// The proof that this CPU has ADX, BMI2 and AVX2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adx(());

cpufeatures::new!(cpu, "adx", "bmi2", "avx2");

impl Adx {
    /// Asks the CPU, the first time.
    #[inline]
    pub(crate) fn detect() -> Option<Self> {
        cpu::get().then_some(Self(()))
    }

    /// For valgrind, whose CPUID hides ADX while it executes the instructions.
    #[cfg(feature = "__ctgrind")]
    pub(crate) fn detect_without_adx() -> Option<Self> {
        cpufeatures::new!(without_adx, "bmi2", "avx2");
        without_adx::get().then_some(Self(()))
    }
}

#[cfg(feature = "eccsi")]
impl Kernel for Adx {
    type Lanes = NoLanes;

    #[inline(always)]
    fn field_mul(self, a: &Limbs, b: &Limbs) -> Limbs {
        p256::mul(self, a, b)
    }

    #[inline(always)]
    fn field_square(self, a: &Limbs) -> Limbs {
        p256::square(self, a)
    }

    #[inline(always)]
    fn field_add(self, a: &Limbs, b: &Limbs) -> Limbs {
        p256::add(self, a, b)
    }

    #[inline(always)]
    fn field_sub(self, a: &Limbs, b: &Limbs) -> Limbs {
        p256::sub(self, a, b)
    }

    #[inline(always)]
    fn field_negate_if(self, mask: u64, a: &Limbs) -> Limbs {
        p256::negate_if(self, mask, a)
    }

    #[inline(always)]
    fn select(self, row: &[TablePoint], n: u64) -> TablePoint {
        // SAFETY: self proves AVX2.
        unsafe { select(row, n) }
    }
}

/// As [`Kernel::select`], half a point at a time.
#[cfg(feature = "eccsi")]
#[target_feature(enable = "avx2")]
fn select(row: &[TablePoint], n: u64) -> TablePoint {
    use core::arch::x86_64::*;

    let load = |limbs: &Limbs| {
        // SAFETY: 32 octets are there; the load needs no alignment.
        unsafe { _mm256_loadu_si256(limbs.as_ptr().cast()) }
    };
    let n = _mm256_set1_epi64x(n as i64);
    let one = _mm256_set1_epi64x(1);
    let mut i = _mm256_setzero_si256();
    let (mut x, mut y) = (_mm256_setzero_si256(), _mm256_setzero_si256());
    for entry in row {
        let mask = _mm256_cmpeq_epi64(i, n);
        x = _mm256_or_si256(x, _mm256_and_si256(mask, load(&entry.x)));
        y = _mm256_or_si256(y, _mm256_and_si256(mask, load(&entry.y)));
        i = _mm256_add_epi64(i, one);
    }
    let mut found = TablePoint::ZERO;
    // SAFETY: 32 octets are there; the store needs no alignment.
    unsafe { _mm256_storeu_si256(found.x.as_mut_ptr().cast(), x) };
    // SAFETY: as above.
    unsafe { _mm256_storeu_si256(found.y.as_mut_ptr().cast(), y) };
    found
}
