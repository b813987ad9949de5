//! A vector in a 512-bit register.

#![cfg_attr(
    not(all(feature = "eccsi", feature = "sakke")),
    allow(dead_code, reason = "each curve uses its part of the lanes")
)]

use super::vector::{Job, Vector};
#[cfg(feature = "eccsi")]
use super::words::Words;
#[cfg(feature = "eccsi")]
use crate::backend::table_point::TablePoint;
#[cfg(feature = "sakke")]
use crate::backend::{adx, portable::safegcd::Packed};
use core::arch::asm;
use core::arch::x86_64::*;

cpufeatures::new!(cpu, "avx512f", "avx512ifma", "avx512vl", "avx512dq", "avx512bw");

/// The proof that this CPU, and the operating system, has AVX-512 with IFMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// Asks the CPU, the first time.
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        cpu::get().then_some(Self(()))
    }
}

/// Eight words. A value comes from a [`Avx512`], directly or through another value.
#[derive(Clone, Copy)]
pub(crate) struct Zmm(__m512i);

/// The same words, of which the compiler forgets what it knows. All that it sees of a mask is that these are words, so
/// that it cannot make a masked load of a selection: such a load may leave the memory alone where the mask is 0.
#[inline]
#[target_feature(enable = "avx512f")]
fn opaque(mut x: __m512i) -> __m512i {
    // SAFETY: no instruction; x stays in its register.
    unsafe { asm!("/* {0} */", inout(zmm_reg) x, options(pure, nomem, nostack, preserves_flags)) };
    x
}

/// All ones in the words whose bit is set, else 0; behind [`opaque`].
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn words_of(bits: u8) -> __m512i {
    opaque(_mm512_movm_epi64(bits))
}

/// The words of `yes` where those of the mask are all ones, those of `no` where they are 0.
#[inline]
#[target_feature(enable = "avx512f")]
fn blend(mask: __m512i, yes: __m512i, no: __m512i) -> __m512i {
    // yes & mask | no & !mask
    _mm512_ternarylogic_epi64::<0b1100_1010>(mask, yes, no)
}

/// Runs a job with the features.
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,avx512bw,bmi2")]
fn with_features<J: Job>(job: J) -> J::Output {
    job.run()
}

/// The same, and never inlined.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,avx512bw,bmi2")]
fn called_with_features<J: Job>(job: J) -> J::Output {
    job.run()
}

// SAFETY of all blocks below, unless they say more: the intrinsic needs AVX-512 F or IFMA alone, which
// `self` or `proof` proves.
impl Vector for Zmm {
    type Proof = Avx512;
    #[cfg(feature = "eccsi")]
    type Words = Zmm32;

    #[inline(always)]
    fn run<J: Job>(_: Avx512, job: J) -> J::Output {
        // SAFETY: the proof stands for AVX-512; BMI2 comes with every CPU that has it, and `Ifma` checks it.
        unsafe { with_features(job) }
    }

    #[inline(always)]
    fn call<J: Job>(_: Avx512, job: J) -> J::Output {
        // SAFETY: as in `run`.
        unsafe { called_with_features(job) }
    }

    #[cfg(feature = "sakke")]
    #[inline(always)]
    fn divsteps(_: Avx512, count: u32, state: Packed) -> Packed {
        adx::divsteps(count, state)
    }

    #[inline(always)]
    fn splat(_: Avx512, x: u64) -> Self {
        Self(unsafe { _mm512_set1_epi64(x as i64) })
    }

    #[inline(always)]
    fn load(_: Avx512, words: &[u64; 8]) -> Self {
        // SAFETY: also, 64 octets are there; the load needs no alignment.
        Self(unsafe { _mm512_loadu_epi64(words.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self) -> [u64; 8] {
        let mut words = [0; 8];
        // SAFETY: also, 64 octets are there; the store needs no alignment.
        unsafe { _mm512_storeu_epi64(words.as_mut_ptr().cast(), self.0) };
        words
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm512_add_epi64(self.0, other.0) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(unsafe { _mm512_sub_epi64(self.0, other.0) })
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(unsafe { _mm512_and_si512(self.0, other.0) })
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(unsafe { _mm512_or_si512(self.0, other.0) })
    }

    #[inline(always)]
    fn shl<const N: u32>(self) -> Self {
        Self(unsafe { _mm512_slli_epi64::<N>(self.0) })
    }

    #[inline(always)]
    fn shr<const N: u32>(self) -> Self {
        Self(unsafe { _mm512_srli_epi64::<N>(self.0) })
    }

    #[inline(always)]
    fn shr_each(self, n: Self) -> Self {
        Self(unsafe { _mm512_srlv_epi64(self.0, n.0) })
    }

    #[inline(always)]
    fn sar<const N: u32>(self) -> Self {
        Self(unsafe { _mm512_srai_epi64::<N>(self.0) })
    }

    #[inline(always)]
    fn madd_low(self, a: Self, b: Self) -> Self {
        Self(unsafe { _mm512_madd52lo_epu64(self.0, a.0, b.0) })
    }

    #[inline(always)]
    fn madd_high(self, a: Self, b: Self) -> Self {
        Self(unsafe { _mm512_madd52hi_epu64(self.0, a.0, b.0) })
    }

    #[inline(always)]
    fn permute_xor(self, n: usize) -> Self {
        Self(unsafe {
            let numbers =
                _mm512_xor_si512(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0), _mm512_set1_epi64(n as i64));
            _mm512_permutexvar_epi64(numbers, self.0)
        })
    }

    #[inline(always)]
    fn splat_first(self) -> Self {
        Self(unsafe { _mm512_broadcastq_epi64(_mm512_castsi512_si128(self.0)) })
    }

    #[inline(always)]
    fn first_shr<const N: u32>(self) -> Self {
        Self(unsafe { _mm512_maskz_srli_epi64::<N>(1, self.0) })
    }

    #[inline(always)]
    fn words_from<const N: i32>(self, high: Self) -> Self {
        Self(unsafe { _mm512_alignr_epi64::<N>(high.0, self.0) })
    }

    #[inline(always)]
    fn above(self, other: Self) -> u8 {
        unsafe { _mm512_cmpgt_epu64_mask(self.0, other.0) }
    }

    #[inline(always)]
    fn equal(self, other: Self) -> u8 {
        unsafe { _mm512_cmpeq_epi64_mask(self.0, other.0) }
    }

    #[inline(always)]
    fn select(bits: u8, yes: Self, no: Self) -> Self {
        // AVX-512 DQ is proven, too.
        Self(unsafe { blend(words_of(bits), yes.0, no.0) })
    }

    #[inline(always)]
    fn select_lane(lane: usize, yes: Self, no: Self) -> Self {
        Self(unsafe { _mm512_mask_mov_epi64(no.0, 1 << lane, yes.0) })
    }

    #[inline(always)]
    fn add_where(self, bits: u8, other: Self) -> Self {
        // In a register: a sum under a mask would take it from memory only where the bit is set.
        Self(unsafe { _mm512_mask_add_epi64(self.0, bits, self.0, opaque(other.0)) })
    }

    #[inline(always)]
    fn with_bit(_: Avx512, n: usize) -> Self {
        // AVX-512 DQ is proven, too.
        Self(unsafe {
            let numbers = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
            _mm512_movm_epi64(_mm512_test_epi64_mask(numbers, _mm512_set1_epi64(n as i64)))
        })
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(unsafe { _mm512_xor_si512(self.0, other.0) })
    }

    #[inline(always)]
    fn shl_by(self, n: u32) -> Self {
        debug_assert!(n < 64);
        // SSE2 moves the count, which every x86-64 has.
        Self(unsafe { _mm512_sll_epi64(self.0, _mm_cvtsi32_si128(n as i32)) })
    }

    #[inline(always)]
    fn shr_by(self, n: u32) -> Self {
        debug_assert!(n < 64);
        Self(unsafe { _mm512_srl_epi64(self.0, _mm_cvtsi32_si128(n as i32)) })
    }

    #[cfg(feature = "eccsi")]
    #[inline(always)]
    fn point(_: Avx512, point: &TablePoint) -> Self {
        // SAFETY: also, a point is 64 octets, aligned to 64.
        Self(unsafe { _mm512_load_epi64(core::ptr::from_ref(point).cast()) })
    }

    #[inline(always)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        unsafe {
            // Blocks of one word, then of two, then of four change sides.
            let r = [rows[0].0, rows[1].0, rows[2].0, rows[3].0, rows[4].0, rows[5].0, rows[6].0, rows[7].0];
            let (s0, t0) = (_mm512_unpacklo_epi64(r[0], r[1]), _mm512_unpackhi_epi64(r[0], r[1]));
            let (s1, t1) = (_mm512_unpacklo_epi64(r[2], r[3]), _mm512_unpackhi_epi64(r[2], r[3]));
            let (s2, t2) = (_mm512_unpacklo_epi64(r[4], r[5]), _mm512_unpackhi_epi64(r[4], r[5]));
            let (s3, t3) = (_mm512_unpacklo_epi64(r[6], r[7]), _mm512_unpackhi_epi64(r[6], r[7]));
            // Blocks of two words: 0 and 2, or 1 and 3, of both.
            let (a0, a1) = (_mm512_shuffle_i64x2::<0x88>(s0, s1), _mm512_shuffle_i64x2::<0xdd>(s0, s1));
            let (a2, a3) = (_mm512_shuffle_i64x2::<0x88>(s2, s3), _mm512_shuffle_i64x2::<0xdd>(s2, s3));
            let (b0, b1) = (_mm512_shuffle_i64x2::<0x88>(t0, t1), _mm512_shuffle_i64x2::<0xdd>(t0, t1));
            let (b2, b3) = (_mm512_shuffle_i64x2::<0x88>(t2, t3), _mm512_shuffle_i64x2::<0xdd>(t2, t3));
            [
                Self(_mm512_shuffle_i64x2::<0x88>(a0, a2)),
                Self(_mm512_shuffle_i64x2::<0x88>(b0, b2)),
                Self(_mm512_shuffle_i64x2::<0x88>(a1, a3)),
                Self(_mm512_shuffle_i64x2::<0x88>(b1, b3)),
                Self(_mm512_shuffle_i64x2::<0xdd>(a0, a2)),
                Self(_mm512_shuffle_i64x2::<0xdd>(b0, b2)),
                Self(_mm512_shuffle_i64x2::<0xdd>(a1, a3)),
                Self(_mm512_shuffle_i64x2::<0xdd>(b1, b3)),
            ]
        }
    }

    #[inline(always)]
    fn look_up(low: Self, high: Self, index: Self) -> Self {
        Self(unsafe { _mm512_permutex2var_epi64(low.0, index.0, high.0) })
    }

    #[cfg(feature = "eccsi")]
    #[inline(always)]
    fn look_up_point(_: Avx512, row: &[TablePoint], n: u64) -> Self {
        let mut found = unsafe { _mm512_setzero_si512() };
        let n = unsafe { _mm512_set1_epi64(n as i64) };
        let one = unsafe { _mm512_set1_epi64(1) };
        let mut i = unsafe { _mm512_setzero_si512() };
        for entry in row {
            // All of the entry is read and then masked.
            // SAFETY: also, a point is 64 octets, aligned to 64; AVX-512 DQ is proven, too.
            found = unsafe {
                let mask = words_of(_mm512_cmpeq_epi64_mask(i, n));
                let entry = _mm512_load_epi64(core::ptr::from_ref(entry).cast());
                // found | entry & mask
                _mm512_ternarylogic_epi64::<0b1111_1000>(found, entry, mask)
            };
            i = unsafe { _mm512_add_epi64(i, one) };
        }
        Self(found)
    }
}

/// Sixteen words of 32 bits. A value comes from a [`Avx512`], directly or through another value.
#[cfg(feature = "eccsi")]
#[derive(Clone, Copy)]
pub(crate) struct Zmm32(__m512i);

// SAFETY of all blocks below, unless they say more: as above.
#[cfg(feature = "eccsi")]
impl Words for Zmm32 {
    type Proof = Avx512;

    #[inline(always)]
    fn splat(_: Avx512, x: u32) -> Self {
        Self(unsafe { _mm512_set1_epi32(x as i32) })
    }

    #[inline(always)]
    fn load(_: Avx512, words: &[u32; 16]) -> Self {
        // SAFETY: also, 64 octets are there; the load needs no alignment.
        Self(unsafe { _mm512_loadu_epi32(words.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self) -> [u32; 16] {
        let mut words = [0; 16];
        // SAFETY: also, 64 octets are there; the store needs no alignment.
        unsafe { _mm512_storeu_epi32(words.as_mut_ptr().cast(), self.0) };
        words
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm512_add_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(unsafe { _mm512_xor_si512(self.0, other.0) })
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(unsafe { _mm512_and_si512(self.0, other.0) })
    }

    #[inline(always)]
    fn rotate_right<const N: i32>(self) -> Self {
        Self(unsafe { _mm512_ror_epi32::<N>(self.0) })
    }

    #[inline(always)]
    fn shift_right<const N: u32>(self) -> Self {
        Self(unsafe { _mm512_srli_epi32::<N>(self.0) })
    }
}
