//! Doubling and adding points of P-256, each in one block: the instructions of [`super::steps`], put
//! together. Between two steps a value stays in registers or goes through the block's own part of the
//! stack, word by word. Compilers, which see nothing but opaque multiplications, copy operands as
//! vectors, and CPUs do not forward to such a load what was stored by words.
//!
//! Everywhere rdi is the point and rsi the entry of a table; rbp holds p₃; a result is in r8 to r11. What
//! nothing waits for soon stands behind what the next values hang on, to fill the time.

use crate::backend::p256::{Limbs, TablePoint};
use core::arch::naked_asm;

/// Saves what the caller's code relies on, and takes 160 octets of stack: five values.
macro_rules! enter {
    () => {
        "push rbx
        push rbp
        push r12
        push r13
        push r14
        push r15
        sub rsp, 168
        movabs rbp, 0xffffffff00000001
        "
    };
}

macro_rules! leave {
    () => {
        "add rsp, 168
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx
        ret
        "
    };
}

#[rustfmt::skip]
macro_rules! mul {
    ($a:literal, $b:literal) => {
        multiply!($a, $b; "r10" "r11" "r12" "r13" "r8" "r9"; "rax" "rcx" "rbx" "rbp")
    };
}

#[rustfmt::skip]
macro_rules! sqr {
    ($a:literal) => {
        square!($a; "r8" "r9" "r10" "r11" "r12" "r13" "r14" "r15"; "rax" "rcx" "rbp")
    };
}

#[rustfmt::skip]
macro_rules! plus {
    ($b:literal) => {
        add!($b; "r8" "r9" "r10" "r11"; "rax" "r12" "r13" "r14" "r15" "rbp")
    };
}

#[rustfmt::skip]
macro_rules! minus {
    ($b:literal) => {
        subtract!($b; "r8" "r9" "r10" "r11"; "rax" "rcx" "rdx" "rbp")
    };
}

#[rustfmt::skip]
macro_rules! half {
    () => {
        halve!("r8" "r9" "r10" "r11"; "rax" "rcx" "rdx" "rbp")
    };
}

#[rustfmt::skip]
macro_rules! load {
    ($a:literal) => {
        concat!(
            "mov r8, [", $a, "]\n",
            "mov r9, [", $a, " + 8]\n",
            "mov r10, [", $a, " + 16]\n",
            "mov r11, [", $a, " + 24]\n",
        )
    };
}

#[rustfmt::skip]
macro_rules! store {
    ($a:literal) => {
        concat!(
            "mov [", $a, "], r8\n",
            "mov [", $a, " + 8], r9\n",
            "mov [", $a, " + 16], r10\n",
            "mov [", $a, " + 24], r11\n",
        )
    };
}

/// As [`Kernel::double`](crate::backend::p256::Kernel::double), in place, `times` ≥ 1 times.
///
/// # Safety
/// ADX and BMI2.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn double(point: &mut [Limbs; 3], times: u64) {
    naked_asm!(
        enter!(),
        "2:",
        sqr!("rdi + 64"), // δ = Z²
        store!("rsp"),
        plus!("rdi"),
        store!("rsp + 32"), // X + δ
        load!("rdi"),
        minus!("rsp"),
        store!("rsp + 64"), // X − δ
        mul!("rsp + 32", "rsp + 64"),
        store!("rsp + 32"),
        half!(),
        plus!("rsp + 32"),
        store!("rsp + 32"), // α = 3(X + δ)(X − δ)/2
        sqr!("rdi + 32"),
        store!("rsp"), // γ = Y²
        mul!("rdi", "rsp"),
        store!("rsp + 64"), // β = X·γ
        sqr!("rsp + 32"),
        minus!("rsp + 64"),
        minus!("rsp + 64"),
        store!("rdi"), // X₃ = α² − 2β
        sqr!("rsp"),
        store!("rsp"), // γ²
        mul!("rdi + 32", "rdi + 64"),
        store!("rdi + 64"), // Z₃ = YZ
        load!("rsp + 64"),
        minus!("rdi"),
        store!("rsp + 64"),
        mul!("rsp + 32", "rsp + 64"),
        minus!("rsp"),
        store!("rdi + 32"), // Y₃ = α(β − X₃) − γ²
        "dec rsi",
        "jnz 2b",
        leave!(),
    )
}

/// As [`Kernel::add_affine`](crate::backend::p256::Kernel::add_affine), in place.
///
/// # Safety
/// ADX and BMI2.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn add_affine(point: &mut [Limbs; 3], entry: &TablePoint) {
    naked_asm!(
        enter!(),
        sqr!("rdi + 64"),
        store!("rsp"), // Z²
        mul!("rsi", "rsp"),
        minus!("rdi"),
        store!("rsp + 64"), // H
        mul!("rdi + 64", "rsp"),
        store!("rsp + 32"), // Z³
        mul!("rsi + 32", "rsp + 32"),
        minus!("rdi + 32"),
        store!("rsp + 96"), // R
        sqr!("rsp + 64"),
        store!("rsp"), // H²
        mul!("rdi", "rsp"),
        store!("rsp + 32"), // V = X·H²
        mul!("rsp + 64", "rsp"),
        store!("rsp"), // H³
        sqr!("rsp + 96"),
        minus!("rsp"),
        minus!("rsp + 32"),
        minus!("rsp + 32"),
        store!("rdi"), // X₃ = R² − H³ − 2V
        mul!("rdi + 64", "rsp + 64"),
        store!("rdi + 64"), // Z₃ = Z·H
        mul!("rdi + 32", "rsp"),
        store!("rsp"), // Y·H³
        load!("rsp + 32"),
        minus!("rdi"),
        store!("rsp + 32"),
        mul!("rsp + 96", "rsp + 32"),
        minus!("rsp"),
        store!("rdi + 32"), // Y₃ = R(V − X₃) − Y·H³
        leave!(),
    )
}

/// The instructions of an addition to a sum, and `between` before eight of its products.
#[rustfmt::skip]
macro_rules! add_to_sum {
    ($between:expr) => {
        concat!(
            $between,
            mul!("rsi", "rdi + 64"),
            minus!("rdi"),
            store!("rsp"), // P
            $between,
            mul!("rsi + 32", "rdi + 96"),
            minus!("rdi + 32"),
            store!("rsp + 32"), // R
            $between,
            sqr!("rsp"),
            store!("rsp + 64"), // P²
            $between,
            mul!("rdi", "rsp + 64"),
            store!("rsp + 96"), // Q = X·P²
            $between,
            mul!("rsp", "rsp + 64"),
            store!("rsp"), // P³
            $between,
            mul!("rdi + 64", "rsp + 64"),
            store!("rdi + 64"), // ZZ·P²
            $between,
            sqr!("rsp + 32"),
            minus!("rsp"),
            minus!("rsp + 96"),
            minus!("rsp + 96"),
            store!("rdi"), // X₃ = R² − P³ − 2Q
            $between,
            mul!("rdi + 32", "rsp"),
            store!("rsp + 64"), // Y·P³
            mul!("rdi + 96", "rsp"),
            store!("rdi + 96"), // ZZZ·P³
            load!("rsp + 96"),
            minus!("rdi"),
            store!("rsp + 96"),
            mul!("rsp + 32", "rsp + 96"),
            minus!("rsp + 64"),
            store!("rdi + 32"), // Y₃ = R(Q − X₃) − Y·P³
        )
    };
}

/// As [`Kernel::add_to_sum`](crate::backend::p256::Kernel::add_to_sum), in place.
///
/// # Safety
/// ADX and BMI2.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn add_to_sum(sum: &mut [Limbs; 4], entry: &TablePoint) {
    naked_asm!(enter!(), add_to_sum!(""), leave!())
}

/// An eighth of a scan: ymm0 holds the index wanted, ymm1 the one reached, ymm2 all ones, ymm3 and ymm4 the
/// x and y found. Between products, where rbx and the flags are free; the row's address is on the stack.
#[rustfmt::skip]
macro_rules! scan {
    () => {
        "mov rbx, [rsp + 128]
        .rept {eighth}
        vpcmpeqq ymm5, ymm0, ymm1
        vpsubq ymm1, ymm1, ymm2
        vpand ymm6, ymm5, [rbx]
        vpand ymm5, ymm5, [rbx + 32]
        vpor ymm3, ymm3, ymm6
        vpor ymm4, ymm4, ymm5
        add rbx, 64
        .endr
        mov [rsp + 128], rbx
        "
    };
}

/// Takes the row from rdx, the index from rcx, the place for what is found from r8.
macro_rules! begin_scan {
    () => {
        "mov [rsp + 128], rdx
        mov [rsp + 136], r8
        vmovq xmm0, rcx
        vpbroadcastq ymm0, xmm0
        vpxor xmm1, xmm1, xmm1
        vpcmpeqq ymm2, ymm2, ymm2
        vpxor xmm3, xmm3, xmm3
        vpxor xmm4, xmm4, xmm4
        "
    };
}

macro_rules! end_scan {
    () => {
        "mov rbx, [rsp + 136]
        vmovdqu [rbx], ymm3
        vmovdqu [rbx + 32], ymm4
        vpxor xmm3, xmm3, xmm3
        vpxor xmm4, xmm4, xmm4
        vzeroupper
        "
    };
}

/// The same, and `row[n]` to `found`, for a row of 8·`EIGHTH` points, all of which it reads: by vectors, while
/// the products wait for one another.
///
/// # Safety
/// ADX, BMI2 and AVX2; the row has so many points.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn add_to_sum_and_look_up<const EIGHTH: usize>(
    sum: &mut [Limbs; 4],
    entry: &TablePoint,
    row: *const TablePoint,
    n: u64,
    found: &mut TablePoint,
) {
    naked_asm!(
        enter!(),
        begin_scan!(),
        add_to_sum!(scan!()),
        end_scan!(),
        leave!(),
        eighth = const EIGHTH,
    )
}

/// a^(2^times), in place, for `times` ≥ 1.
///
/// # Safety
/// ADX and BMI2.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn square(a: &mut Limbs, times: u64) {
    naked_asm!(enter!(), "2:", sqr!("rdi"), store!("rdi"), "dec rsi", "jnz 2b", leave!(),)
}
