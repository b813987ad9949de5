//! Words of 64 bits: what integers of every length are made of.
//!
//! Straight-line code; nothing branches on a value.

/// acc + a·b + carry as (low, high): at most 2¹²⁸ − 1, never more.
#[inline(always)]
pub(crate) const fn mac(acc: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let sum = acc as u128 + a as u128 * b as u128 + carry as u128;
    (sum as u64, (sum >> 64) as u64)
}

/// a + b + carry as (low, carry).
#[inline(always)]
pub(crate) const fn adc(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let sum = a as u128 + b as u128 + carry as u128;
    (sum as u64, (sum >> 64) as u64)
}

/// a − b − borrow as (low, borrow), borrow 0 or 1.
#[inline(always)]
pub(crate) const fn sbb(a: u64, b: u64, borrow: u64) -> (u64, u64) {
    let difference = (a as u128).wrapping_sub(b as u128 + borrow as u128);
    (difference as u64, (difference >> 64) as u64 & 1)
}

/// The same value, of which the compiler forgets what it knows: all it sees of a mask is that it is a
/// word, so that it cannot make a branch of what the mask selects, nor of where it is loaded from.
///
/// An assembly block without an instruction, whose output the compiler must take for any word at all.
#[cfg(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "loongarch64",
    target_arch = "riscv64",
    target_arch = "s390x",
))]
#[inline(always)]
#[allow(unsafe_code, reason = "an assembly block, which has no instruction")]
pub(crate) fn barrier(mut mask: u64) -> u64 {
    // SAFETY: no instruction; the word stays in its register.
    unsafe { core::arch::asm!("/* {0} */", inout(reg) mask, options(pure, nomem, nostack, preserves_flags)) };
    mask
}

/// As above, half a word at a time.
#[cfg(any(target_arch = "x86", target_arch = "arm", target_arch = "riscv32"))]
#[inline(always)]
#[allow(unsafe_code, reason = "an assembly block, which has no instruction")]
pub(crate) fn barrier(mask: u64) -> u64 {
    let (mut low, mut high) = (mask as u32, (mask >> 32) as u32);
    // SAFETY: no instruction; both halves stay in their registers.
    unsafe {
        core::arch::asm!(
            "/* {0} {1} */",
            inout(reg) low,
            inout(reg) high,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    u64::from(high) << 32 | u64::from(low)
}

/// As above where Rust has no assembly blocks: a request to the compiler, which it may not grant (core gives no
/// guarantee for `black_box`). What is compiled for such a CPU has to be looked at.
#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "loongarch64",
    target_arch = "riscv64",
    target_arch = "s390x",
    target_arch = "x86",
    target_arch = "arm",
    target_arch = "riscv32",
)))]
#[inline(always)]
pub(crate) fn barrier(mask: u64) -> u64 {
    core::hint::black_box(mask)
}

/// All ones for 0, else 0.
#[inline(always)]
pub(crate) const fn is_zero_word(a: u64) -> u64 {
    // The top bit of a | −a is set unless a = 0.
    ((a | a.wrapping_neg()) >> 63).wrapping_sub(1)
}
