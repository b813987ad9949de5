//! The field of P-256 by MULX, ADCX and ADOX.
//!
//! p = 2²⁵⁶ − 2²²⁴ + 2¹⁹² + 2⁹⁶ − 1. Radix 2⁶⁴, four limbs, Montgomery form with R = 2²⁵⁶; inputs and
//! outputs in [0, p − 1]. Outputs are registers, so that nothing aliases.
//!
//! Multiplication takes one limb of b at a time, low and high halves of its products on the two
//! carry chains, and after each clears the lowest limb t of the sum, as the portable kernel does:
//! p + 1 = 2⁹⁶ + p₃·2¹⁹², so that t·p is t·2³² in the next two limbs and the product t·p₃. A sum of
//! four limbs, a product and such a multiple stays below 2³²⁰: five limbs and no carry beyond.

use super::Adx;
use crate::backend::p256::Limbs;
use core::arch::asm;

/// The top limb of p.
const P3: u64 = 0xffff_ffff_0000_0001;

/// a·b/2²⁵⁶ mod p: 20 MULX. Sapphire Rapids: see docs/benchmarks.md.
#[inline(always)]
pub(super) fn mul(_: Adx, a: &Limbs, b: &Limbs) -> Limbs {
    let (r0, r1, r2, r3): (u64, u64, u64, u64);
    // SAFETY: see the module `adx`; the token proves the instructions.
    unsafe {
        asm!(
            multiply!("{a}", "{b}"; "{t0}" "{t1}" "{t2}" "{t3}" "{t4}" "{t5}"; "{u}" "{v}" "{b}" "{p3}"),
            a = in(reg) a.as_ptr(),
            b = inout(reg) b.as_ptr() => _,
            p3 = in(reg) P3,
            t0 = out(reg) r2,
            t1 = out(reg) r3,
            t2 = out(reg) _,
            t3 = out(reg) _,
            t4 = out(reg) r0,
            t5 = out(reg) r1,
            u = out(reg) _,
            v = out(reg) _,
            out("rdx") _,
            options(pure, readonly, nostack),
        );
    }
    [r0, r1, r2, r3]
}

/// a²/2²⁵⁶ mod p: 14 MULX.
#[inline(always)]
pub(super) fn square(_: Adx, a: &Limbs) -> Limbs {
    let (r0, r1, r2, r3): (u64, u64, u64, u64);
    // SAFETY: see the module `adx`; the token proves the instructions.
    unsafe {
        asm!(
            square!("{a}"; "{t0}" "{t1}" "{t2}" "{t3}" "{t4}" "{t5}" "{t6}" "{t7}"; "{u}" "{v}" "{p3}"),
            a = in(reg) a.as_ptr(),
            p3 = in(reg) P3,
            t0 = out(reg) r0,
            t1 = out(reg) r1,
            t2 = out(reg) r2,
            t3 = out(reg) r3,
            t4 = out(reg) _,
            t5 = out(reg) _,
            t6 = out(reg) _,
            t7 = out(reg) _,
            u = out(reg) _,
            v = out(reg) _,
            out("rdx") _,
            options(pure, readonly, nostack),
        );
    }
    [r0, r1, r2, r3]
}

/// a + b mod p.
#[inline(always)]
pub(super) fn add(_: Adx, a: &Limbs, b: &Limbs) -> Limbs {
    let (r0, r1, r2, r3): (u64, u64, u64, u64);
    // SAFETY: see the module `adx`; the instructions are those of every x86-64.
    unsafe {
        asm!(
            add!("{b}"; "{r0}" "{r1}" "{r2}" "{r3}"; "{c}" "{s0}" "{s1}" "{s2}" "{s3}" "{p3}"),
            b = in(reg) b.as_ptr(),
            p3 = in(reg) P3,
            r0 = inout(reg) a[0] => r0,
            r1 = inout(reg) a[1] => r1,
            r2 = inout(reg) a[2] => r2,
            r3 = inout(reg) a[3] => r3,
            c = out(reg) _,
            s0 = out(reg) _,
            s1 = out(reg) _,
            s2 = out(reg) _,
            s3 = out(reg) _,
            out("rdx") _,
            options(pure, readonly, nostack),
        );
    }
    [r0, r1, r2, r3]
}

/// a − b mod p.
#[inline(always)]
pub(super) fn sub(_: Adx, a: &Limbs, b: &Limbs) -> Limbs {
    let (r0, r1, r2, r3): (u64, u64, u64, u64);
    // SAFETY: see the module `adx`; the instructions are those of every x86-64.
    unsafe {
        asm!(
            subtract!("{b}"; "{r0}" "{r1}" "{r2}" "{r3}"; "{m}" "{m1}" "{k}" "{p3}"),
            b = in(reg) b.as_ptr(),
            p3 = in(reg) P3,
            r0 = inout(reg) a[0] => r0,
            r1 = inout(reg) a[1] => r1,
            r2 = inout(reg) a[2] => r2,
            r3 = inout(reg) a[3] => r3,
            m = out(reg) _,
            m1 = out(reg) _,
            k = out(reg) _,
            options(pure, readonly, nostack),
        );
    }
    [r0, r1, r2, r3]
}

/// −a mod p where `mask` is all ones, a where it is 0; a ≠ 0.
#[inline(always)]
pub(super) fn negate_if(_: Adx, mask: u64, a: &Limbs) -> Limbs {
    debug_assert!((mask == 0 || mask == !0) && *a != [0; 4]);
    let (r0, r1, r2, r3): (u64, u64, u64, u64);
    // SAFETY: see the module `adx`; the instructions are those of every x86-64.
    unsafe {
        asm!(
            "mov {r0}, -1",
            "mov {r1:e}, 0xffffffff",
            "xor {r2:e}, {r2:e}",
            "sub {r0}, [{a}]",
            "sbb {r1}, [{a} + 8]",
            "sbb {r2}, [{a} + 16]",
            "sbb {r3}, [{a} + 24]",
            "test {mask}, {mask}",
            "cmovz {r0}, [{a}]",
            "cmovz {r1}, [{a} + 8]",
            "cmovz {r2}, [{a} + 16]",
            "cmovz {r3}, [{a} + 24]",
            a = in(reg) a.as_ptr(),
            mask = in(reg) mask,
            r0 = out(reg) r0,
            r1 = out(reg) r1,
            r2 = out(reg) r2,
            r3 = inout(reg) P3 => r3,
            options(pure, readonly, nostack),
        );
    }
    [r0, r1, r2, r3]
}
