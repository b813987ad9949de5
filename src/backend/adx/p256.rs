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

/// Adds t₀·p to the limbs `t0`, … `t4` and drops the lowest, which is 0 then; `t5` is the new top.
macro_rules! clear_lowest {
    ($t0:literal, $t1:literal, $t2:literal, $t3:literal, $t4:literal, $t5:literal) => {
        concat!(
            "mov rdx, {",
            $t0,
            "}\n",
            "mov {u}, rdx\n",
            "shl {u}, 32\n",
            "shr {",
            $t0,
            "}, 32\n",
            "xor {",
            $t5,
            ":e}, {",
            $t5,
            ":e}\n",
            "add {",
            $t1,
            "}, {u}\n",
            "adc {",
            $t2,
            "}, {",
            $t0,
            "}\n",
            "mulx {v}, {u}, {p3}\n",
            "adc {",
            $t3,
            "}, {u}\n",
            "adc {",
            $t4,
            "}, {v}\n",
            "adc {",
            $t5,
            "}, 0\n",
        )
    };
}

/// Adds a·b\[i\] to the limbs `t0`, … `t4`; no carry is left.
macro_rules! add_row {
    ($offset:literal, $t0:literal, $t1:literal, $t2:literal, $t3:literal, $t4:literal) => {
        concat!(
            "mov rdx, [{b} + ",
            $offset,
            "]\n",
            "xor {u:e}, {u:e}\n", // both carries 0
            "mulx {v}, {u}, [{a}]\n",
            "adcx {",
            $t0,
            "}, {u}\n",
            "adox {",
            $t1,
            "}, {v}\n",
            "mulx {v}, {u}, [{a} + 8]\n",
            "adcx {",
            $t1,
            "}, {u}\n",
            "adox {",
            $t2,
            "}, {v}\n",
            "mulx {v}, {u}, [{a} + 16]\n",
            "adcx {",
            $t2,
            "}, {u}\n",
            "adox {",
            $t3,
            "}, {v}\n",
            "mulx {v}, {u}, [{a} + 24]\n",
            "adcx {",
            $t3,
            "}, {u}\n",
            "adox {",
            $t4,
            "}, {v}\n",
            "mov {u:e}, 0\n",
            "adcx {",
            $t4,
            "}, {u}\n",
        )
    };
}

/// Subtracts p from the limbs `r0`, … `r3` with the carry `c`, unless they are below p. `s0`, … `s3`
/// and `c` are used up.
macro_rules! subtract_p {
    (
        $r0:literal, $r1:literal, $r2:literal, $r3:literal, $c:literal,
        $s0:literal, $s1:literal, $s2:literal, $s3:literal
    ) => {
        concat!(
            "mov {",
            $s0,
            "}, {",
            $r0,
            "}\n",
            "mov {",
            $s1,
            "}, {",
            $r1,
            "}\n",
            "mov {",
            $s2,
            "}, {",
            $r2,
            "}\n",
            "mov {",
            $s3,
            "}, {",
            $r3,
            "}\n",
            "mov edx, 0xffffffff\n", // the second limb of p; the lowest is −1, the third 0
            "sub {",
            $s0,
            "}, -1\n",
            "sbb {",
            $s1,
            "}, rdx\n",
            "sbb {",
            $s2,
            "}, 0\n",
            "sbb {",
            $s3,
            "}, {p3}\n",
            "sbb {",
            $c,
            "}, 0\n",
            "cmovnc {",
            $r0,
            "}, {",
            $s0,
            "}\n",
            "cmovnc {",
            $r1,
            "}, {",
            $s1,
            "}\n",
            "cmovnc {",
            $r2,
            "}, {",
            $s2,
            "}\n",
            "cmovnc {",
            $r3,
            "}, {",
            $s3,
            "}\n",
        )
    };
}

/// a·b/2²⁵⁶ mod p: 20 MULX. Sapphire Rapids: see docs/benchmarks.md.
#[inline(always)]
pub(super) fn mul(_: Adx, a: &Limbs, b: &Limbs) -> Limbs {
    let (r0, r1, r2, r3): (u64, u64, u64, u64);
    // SAFETY: see the module `adx`; the token proves the instructions.
    unsafe {
        asm!(
            "mov rdx, [{b}]",
            "mulx {t1}, {t0}, [{a}]",
            "mulx {t2}, {u}, [{a} + 8]",
            "add {t1}, {u}",
            "mulx {t3}, {u}, [{a} + 16]",
            "adc {t2}, {u}",
            "mulx {t4}, {u}, [{a} + 24]",
            "adc {t3}, {u}",
            "adc {t4}, 0",
            clear_lowest!("t0", "t1", "t2", "t3", "t4", "t5"),
            add_row!("8", "t1", "t2", "t3", "t4", "t5"),
            clear_lowest!("t1", "t2", "t3", "t4", "t5", "t0"),
            add_row!("16", "t2", "t3", "t4", "t5", "t0"),
            clear_lowest!("t2", "t3", "t4", "t5", "t0", "t1"),
            add_row!("24", "t3", "t4", "t5", "t0", "t1"),
            clear_lowest!("t3", "t4", "t5", "t0", "t1", "t2"),
            subtract_p!("t4", "t5", "t0", "t1", "t2", "t3", "u", "v", "b"),
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

/// One step of the reduction of a square: the limbs `t0`, … `t3` plus t₀·p, less the lowest; `t0` is
/// the new top.
macro_rules! reduce_step {
    ($t0:literal, $t1:literal, $t2:literal, $t3:literal) => {
        concat!(
            "mov rdx, {",
            $t0,
            "}\n",
            "mov {u}, rdx\n",
            "shl {u}, 32\n",
            "mov {v}, rdx\n",
            "shr {v}, 32\n",
            "mulx {",
            $t0,
            "}, rdx, {p3}\n",
            "add {",
            $t1,
            "}, {u}\n",
            "adc {",
            $t2,
            "}, {v}\n",
            "adc {",
            $t3,
            "}, rdx\n",
            "adc {",
            $t0,
            "}, 0\n",
        )
    };
}

/// a²/2²⁵⁶ mod p: 14 MULX.
#[inline(always)]
pub(super) fn square(_: Adx, a: &Limbs) -> Limbs {
    let (r0, r1, r2, r3): (u64, u64, u64, u64);
    // SAFETY: see the module `adx`; the token proves the instructions.
    unsafe {
        asm!(
            // the products of different limbs, in t1 to t6
            "mov rdx, [{a}]",
            "mulx {t2}, {t1}, [{a} + 8]",
            "mulx {t3}, {u}, [{a} + 16]",
            "add {t2}, {u}",
            "mulx {t4}, {u}, [{a} + 24]",
            "adc {t3}, {u}",
            "adc {t4}, 0",
            "mov rdx, [{a} + 8]",
            "xor {t7:e}, {t7:e}", // both carries 0; stays 0
            "mulx {v}, {u}, [{a} + 16]",
            "adcx {t3}, {u}",
            "adox {t4}, {v}",
            "mulx {t5}, {u}, [{a} + 24]",
            "adcx {t4}, {u}",
            "adox {t5}, {t7}",
            "adcx {t5}, {t7}",
            "mov rdx, [{a} + 16]",
            "mulx {t6}, {u}, [{a} + 24]",
            "add {t5}, {u}",
            "adc {t6}, 0",
            // twice them on one chain, the squares on the other
            "xor {u:e}, {u:e}",
            "mov rdx, [{a}]",
            "mulx {v}, {t0}, rdx",
            "adcx {t1}, {t1}",
            "adox {t1}, {v}",
            "mov rdx, [{a} + 8]",
            "mulx {v}, {u}, rdx",
            "adcx {t2}, {t2}",
            "adox {t2}, {u}",
            "adcx {t3}, {t3}",
            "adox {t3}, {v}",
            "mov rdx, [{a} + 16]",
            "mulx {v}, {u}, rdx",
            "adcx {t4}, {t4}",
            "adox {t4}, {u}",
            "adcx {t5}, {t5}",
            "adox {t5}, {v}",
            "mov rdx, [{a} + 24]",
            "mulx {v}, {u}, rdx",
            "adcx {t6}, {t6}",
            "adox {t6}, {u}",
            "adcx {t7}, {t7}",
            "adox {t7}, {v}",
            reduce_step!("t0", "t1", "t2", "t3"),
            reduce_step!("t1", "t2", "t3", "t0"),
            reduce_step!("t2", "t3", "t0", "t1"),
            reduce_step!("t3", "t0", "t1", "t2"),
            "xor {u:e}, {u:e}",
            "add {t0}, {t4}",
            "adc {t1}, {t5}",
            "adc {t2}, {t6}",
            "adc {t3}, {t7}",
            "adc {u}, 0",
            subtract_p!("t0", "t1", "t2", "t3", "u", "t4", "t5", "t6", "t7"),
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
            "xor {c:e}, {c:e}",
            "add {r0}, [{b}]",
            "adc {r1}, [{b} + 8]",
            "adc {r2}, [{b} + 16]",
            "adc {r3}, [{b} + 24]",
            "adc {c}, 0",
            subtract_p!("r0", "r1", "r2", "r3", "c", "s0", "s1", "s2", "s3"),
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
            "sub {r0}, [{b}]",
            "sbb {r1}, [{b} + 8]",
            "sbb {r2}, [{b} + 16]",
            "sbb {r3}, [{b} + 24]",
            "sbb {m}, {m}", // all ones after a borrow, else 0
            "and {p3}, {m}",
            "mov {m1:e}, {m:e}",
            "add {r0}, {m}",
            "adc {r1}, {m1}",
            "adc {r2}, 0",
            "adc {r3}, {p3}",
            b = in(reg) b.as_ptr(),
            p3 = inout(reg) P3 => _,
            r0 = inout(reg) a[0] => r0,
            r1 = inout(reg) a[1] => r1,
            r2 = inout(reg) a[2] => r2,
            r3 = inout(reg) a[3] => r3,
            m = out(reg) _,
            m1 = out(reg) _,
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
