//! Arithmetic with MULX, ADCX and ADOX: two carry chains at a time, which compilers do not make of
//! u128. For P-256 one block of assembly for each operation of the field, inline, and one for each of points; naked
//! functions for the 1024-bit field, whose safety is argued in `fp1024::kernels`.
//!
//! # Safety
//!
//! An inline block reads its inputs through pointers to whole [`Limbs`] and gives its result in
//! registers; it writes no memory, uses no stack, and keeps no state but the flags, which every
//! `asm!` may change. The functions of `point` reach no memory but what their references point to, whole
//! [`Limbs`], and 168 octets below the stack pointer, which they give back; they save the registers
//! that their calling convention tells them to. What the instructions need of the CPU, an [`Adx`] value
//! proves.

#[cfg(feature = "sakke")]
pub(crate) mod fp1024;
#[cfg(feature = "eccsi")]
#[macro_use]
mod steps;
mod divsteps;
#[cfg(feature = "eccsi")]
mod p256;
#[cfg(feature = "eccsi")]
mod point;

pub(crate) use divsteps::divsteps;

#[cfg(feature = "eccsi")]
use super::ifma::vector::NoVector;
#[cfg(feature = "eccsi")]
use super::p256::{Kernel, Limbs, TablePoint};
#[cfg(feature = "eccsi")]
use super::portable::safegcd::Packed;

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
    type Vector = NoVector;

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
    fn divsteps(self, count: u32, state: Packed) -> Packed {
        divsteps(count, state)
    }

    #[inline(always)]
    fn double(self, point: &mut [Limbs; 3], times: usize) {
        if times > 0 {
            // SAFETY: self proves ADX and BMI2.
            unsafe { point::double(point, times as u64) }
        }
    }

    #[inline(always)]
    fn square_times(self, a: &mut Limbs, times: usize) {
        if times > 0 {
            // SAFETY: self proves ADX and BMI2.
            unsafe { point::square(a, times as u64) }
        }
    }

    #[inline(always)]
    fn add_affine(self, point: &mut [Limbs; 3], entry: &TablePoint) {
        // SAFETY: self proves ADX and BMI2.
        unsafe { point::add_affine(point, entry) }
    }

    #[inline(always)]
    fn add_to_sum(self, sum: &mut [Limbs; 4], entry: &TablePoint) {
        // SAFETY: self proves ADX and BMI2.
        unsafe { point::add_to_sum(sum, entry) }
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
        // SAFETY: self proves ADX, BMI2 and AVX2; the row is as long as it should be.
        match row.len() {
            64 => unsafe { point::add_to_sum_and_look_up::<8>(sum, entry, row.as_ptr(), n, found) },
            32 => unsafe { point::add_to_sum_and_look_up::<4>(sum, entry, row.as_ptr(), n, found) },
            _ => {
                self.add_to_sum(sum, entry);
                self.look_up(row, n, found);
            }
        }
    }

    #[inline(always)]
    fn look_up(self, row: &[TablePoint], n: u64, found: &mut TablePoint) {
        // SAFETY: self proves AVX2.
        unsafe { look_up(row, n, found) }
    }
}

/// The same words, of which the compiler forgets what it knows: were it to see that a mask is all ones or 0, it could make a
/// masked load of a selection, on a build for AVX-512, and such a load may leave the memory alone where the mask is 0.
#[cfg(feature = "eccsi")]
#[inline]
#[target_feature(enable = "avx2")]
fn opaque(mut x: core::arch::x86_64::__m256i) -> core::arch::x86_64::__m256i {
    // SAFETY: no instruction; x stays in its register.
    unsafe {
        core::arch::asm!("/* {0} */", inout(ymm_reg) x, options(pure, nomem, nostack, preserves_flags))
    };
    x
}

/// As [`Kernel::look_up`], half a point at a time.
#[cfg(feature = "eccsi")]
#[target_feature(enable = "avx2")]
fn look_up(row: &[TablePoint], n: u64, found: &mut TablePoint) {
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
        let mask = opaque(_mm256_cmpeq_epi64(i, n));
        x = _mm256_or_si256(x, _mm256_and_si256(mask, load(&entry.x)));
        y = _mm256_or_si256(y, _mm256_and_si256(mask, load(&entry.y)));
        i = _mm256_add_epi64(i, one);
    }
    // SAFETY: 32 octets are there; the store needs no alignment.
    unsafe { _mm256_storeu_si256(found.x.as_mut_ptr().cast(), x) };
    // SAFETY: as above.
    unsafe { _mm256_storeu_si256(found.y.as_mut_ptr().cast(), y) };
}
