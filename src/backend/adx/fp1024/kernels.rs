//! Product, square and reduction in assembly: rows of eight products on two carry chains.
//!
//! # Safety
//!
//! Each kernel is a naked function of the System V convention over pointers to whole arrays: it reads its
//! inputs, writes its outputs, keeps rbx, rbp and r12 to r15 on the stack and frees what it takes of it, calls
//! nothing, and branches nowhere. Inputs may alias one another but no output. What the instructions need of the CPU, an
//! [`Adx`] value proves.

use super::Adx;
use crate::backend::portable::fp1024::P;
use crate::backend::portable::safegcd::inverse_mod_word;
use crate::backend::portable::words::Words;
use core::arch::naked_asm;

/// p, and −1/p mod 2⁶⁴ after it.
static MODULUS: [u64; 17] = {
    let mut words = [0; 17];
    let mut i = 0;
    while i < 16 {
        words[i] = P[i];
        i += 1;
    }
    words[16] = inverse_mod_word(P[0]).wrapping_neg();
    words
};

/// Adds rdx times the limbs from $at on to the registers of the list: low halves by ADCX, high halves by ADOX
/// one register up, the last of them to $top. After the first product the first register is complete: then
/// $done, which may put it away, runs, and the register may be $top.
macro_rules! row {
    ($at:literal; $w:literal; $top:literal; $done:expr) => {
        concat!("xor eax, eax\n", row!(@last $at; $w; $top), $done)
    };
    ($at:literal; $w0:literal $w1:literal $($w:literal)*; $top:literal; $done:expr) => {
        concat!(
            "xor eax, eax\n", // both carries 0
            row!(@step $at; $w0 $w1),
            $done,
            row!(@from $at "+8"; $w1 $($w)*; $top),
        )
    };
    (@from $($at:literal)+; $w:literal; $top:literal) => {
        row!(@last $($at)+; $w; $top)
    };
    (@from $($at:literal)+; $w0:literal $w1:literal $($w:literal)*; $top:literal) => {
        concat!(row!(@step $($at)+; $w0 $w1), row!(@from $($at)+ "+8"; $w1 $($w)*; $top))
    };
    (@step $($at:literal)+; $w0:literal $w1:literal) => {
        concat!(
            "mulx rbx, rax, [", $($at,)+ "]\n",
            "adcx ", $w0, ", rax\n",
            "adox ", $w1, ", rbx\n",
        )
    };
    (@last $($at:literal)+; $w:literal; $top:literal) => {
        concat!(
            "mulx ", $top, ", rax, [", $($at,)+ "]\n",
            "adcx ", $w, ", rax\n",
            "mov ebx, 0\n", // keeps the carries
            "adcx ", $top, ", rbx\n",
            "adox ", $top, ", rbx\n",
        )
    };
}

/// Eight rows over a window of eight registers, which moves up by one limb with each; the register that is put
/// away becomes the top. In between eight rows the window is r8 to r15.
macro_rules! eight_rows {
    ($row:ident, $($argument:literal),+) => {
        concat!(
            $row!("+0"; "r8" "r9" "r10" "r11" "r12" "r13" "r14" "r15"; $($argument),+),
            $row!("+8"; "r9" "r10" "r11" "r12" "r13" "r14" "r15" "r8"; $($argument),+),
            $row!("+16"; "r10" "r11" "r12" "r13" "r14" "r15" "r8" "r9"; $($argument),+),
            $row!("+24"; "r11" "r12" "r13" "r14" "r15" "r8" "r9" "r10"; $($argument),+),
            $row!("+32"; "r12" "r13" "r14" "r15" "r8" "r9" "r10" "r11"; $($argument),+),
            $row!("+40"; "r13" "r14" "r15" "r8" "r9" "r10" "r11" "r12"; $($argument),+),
            $row!("+48"; "r14" "r15" "r8" "r9" "r10" "r11" "r12" "r13"; $($argument),+),
            $row!("+56"; "r15" "r8" "r9" "r10" "r11" "r12" "r13" "r14"; $($argument),+),
        )
    };
}

/// The limb of one factor times eight limbs of the other; the lowest limb of the sum to memory.
macro_rules! product_row {
    ($i:literal; $w0:literal $($w:literal)+; $b:literal, $a:literal, $t:literal) => {
        concat!(
            "mov rdx, [", $b, $i, "]\n",
            row!($a; $w0 $($w)+; $w0; concat!("mov [", $t, $i, "], ", $w0, "\n")),
        )
    };
}

/// Finds the multiple of p that clears the lowest limb, puts it in memory, and adds its product with the lower
/// half of p.
macro_rules! clearing_row {
    ($i:literal; $w0:literal $($w:literal)+; $t:literal) => {
        concat!(
            "mov rdx, [rcx+128]\n",
            "imul rdx, ", $w0, "\n",
            "mov [", $t, $i, "], rdx\n",
            row!("rcx"; $w0 $($w)+; $w0; ""),
        )
    };
}

/// An instruction for each limb of the window and of memory.
macro_rules! window {
    (load $at:literal) => {
        window!(@"mov", "mov", $at)
    };
    (add $at:literal) => {
        window!(@"add", "adc", $at)
    };
    (@$first:literal, $next:literal, $at:literal) => {
        concat!(
            $first, " r8, [", $at, "]\n",
            $next, " r9, [", $at, "+8]\n",
            $next, " r10, [", $at, "+16]\n",
            $next, " r11, [", $at, "+24]\n",
            $next, " r12, [", $at, "+32]\n",
            $next, " r13, [", $at, "+40]\n",
            $next, " r14, [", $at, "+48]\n",
            $next, " r15, [", $at, "+56]\n",
        )
    };
    (store $at:literal) => {
        concat!(
            "mov [", $at, "], r8\n",
            "mov [", $at, "+8], r9\n",
            "mov [", $at, "+16], r10\n",
            "mov [", $at, "+24], r11\n",
            "mov [", $at, "+32], r12\n",
            "mov [", $at, "+40], r13\n",
            "mov [", $at, "+48], r14\n",
            "mov [", $at, "+56], r15\n",
        )
    };
    (add_rbp) => {
        "add r8, rbp
        adc r9, 0
        adc r10, 0
        adc r11, 0
        adc r12, 0
        adc r13, 0
        adc r14, 0
        adc r15, 0
        "
    };
    (zero) => {
        "xor r8d, r8d
        xor r9d, r9d
        xor r10d, r10d
        xor r11d, r11d
        xor r12d, r12d
        xor r13d, r13d
        xor r14d, r14d
        xor r15d, r15d
        "
    };
}

macro_rules! prologue {
    () => {
        "push rbx
        push rbp
        push r12
        push r13
        push r14
        push r15
        "
    };
}

macro_rules! epilogue {
    () => {
        "pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx
        ret
        "
    };
}

/// t = a·b: four blocks of eight rows, 256 MULX.
pub(super) fn product(_: Adx, t: &mut [u64; 32], a: &Words, b: &Words) {
    // SAFETY: see above.
    unsafe { product_kernel(t.as_mut_ptr(), a.as_ptr(), b.as_ptr()) }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn product_kernel(t: *mut u64, a: *const u64, b: *const u64) {
    naked_asm!(
        prologue!(),
        "mov rcx, rdx",
        window!(zero),
        eight_rows!(product_row, "rcx", "rsi", "rdi"),
        eight_rows!(product_row, "rcx", "rsi+64", "rdi+64"),
        window!(store "rdi+128"),
        window!(load "rdi+64"),
        eight_rows!(product_row, "rcx+64", "rsi", "rdi+64"),
        window!(add "rdi+128"),
        "mov ebp, 0",
        "adc rbp, 0",
        eight_rows!(product_row, "rcx+64", "rsi+64", "rdi+128"),
        window!(add_rbp),
        window!(store "rdi+192"),
        epilogue!(),
    )
}

/// Row i of the products of different limbs of eight: the limb times those after it. The two lowest limbs of
/// the window are complete then.
macro_rules! triangle_row {
    ($limb:literal, $next:literal; $w0:literal $($w:literal)*; $top:literal; $low:literal $high:literal; $t:literal) => {
        concat!(
            "mov rdx, [", $limb, "]\n",
            row!($next; $w0 $($w)*; $top; ""),
            "mov [", $t, "], ", $low, "\n",
            "mov [", $t, "+8], ", $high, "\n",
        )
    };
}

/// Twice two limbs on one chain, plus the square of a limb on the other.
macro_rules! double_and_square {
    ($($i:literal $t:literal),+) => {
        concat!($(
            "mov rdx, [rsi+", $i, "]\n",
            "mulx rbx, rax, rdx\n",
            "mov r8, [rdi+", $t, "]\n",
            "mov r9, [rdi+", $t, "+8]\n",
            "adcx r8, r8\n",
            "adox r8, rax\n",
            "adcx r9, r9\n",
            "adox r9, rbx\n",
            "mov [rdi+", $t, "], r8\n",
            "mov [rdi+", $t, "+8], r9\n",
        )+)
    };
}

/// t = a²: 136 MULX.
pub(super) fn square(_: Adx, t: &mut [u64; 32], a: &Words) {
    // SAFETY: see above.
    unsafe { square_kernel(t.as_mut_ptr(), a.as_ptr()) }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn square_kernel(t: *mut u64, a: *const u64) {
    naked_asm!(
        prologue!(),
        // The products of different limbs of the lower half, in limbs 1 to 14.
        window!(zero),
        triangle_row!("rsi", "rsi+8"; "r8" "r9" "r10" "r11" "r12" "r13" "r14"; "r15"; "r8" "r9"; "rdi+8"),
        triangle_row!("rsi+8", "rsi+16"; "r10" "r11" "r12" "r13" "r14" "r15"; "r8"; "r10" "r11"; "rdi+24"),
        triangle_row!("rsi+16", "rsi+24"; "r12" "r13" "r14" "r15" "r8"; "r9"; "r12" "r13"; "rdi+40"),
        triangle_row!("rsi+24", "rsi+32"; "r14" "r15" "r8" "r9"; "r10"; "r14" "r15"; "rdi+56"),
        triangle_row!("rsi+32", "rsi+40"; "r8" "r9" "r10"; "r11"; "r8" "r9"; "rdi+72"),
        triangle_row!("rsi+40", "rsi+48"; "r10" "r11"; "r12"; "r10" "r11"; "rdi+88"),
        triangle_row!("rsi+48", "rsi+56"; "r12"; "r13"; "r12" "r13"; "rdi+104"),
        "mov qword ptr [rdi], 0",
        "mov qword ptr [rdi+120], 0",
        // Those of the lower with the upper half, from limb 8 on; the window ends at limbs 16 to 23.
        window!(load "rdi+64"),
        eight_rows!(product_row, "rsi", "rsi+64", "rdi+64"),
        // Those of the upper half, from limb 17 on.
        "mov [rdi+128], r8",
        triangle_row!("rsi+64", "rsi+72"; "r9" "r10" "r11" "r12" "r13" "r14" "r15"; "r8"; "r9" "r10"; "rdi+136"),
        triangle_row!("rsi+72", "rsi+80"; "r11" "r12" "r13" "r14" "r15" "r8"; "r9"; "r11" "r12"; "rdi+152"),
        triangle_row!("rsi+80", "rsi+88"; "r13" "r14" "r15" "r8" "r9"; "r10"; "r13" "r14"; "rdi+168"),
        triangle_row!("rsi+88", "rsi+96"; "r15" "r8" "r9" "r10"; "r11"; "r15" "r8"; "rdi+184"),
        triangle_row!("rsi+96", "rsi+104"; "r9" "r10" "r11"; "r12"; "r9" "r10"; "rdi+200"),
        triangle_row!("rsi+104", "rsi+112"; "r11" "r12"; "r13"; "r11" "r12"; "rdi+216"),
        triangle_row!("rsi+112", "rsi+120"; "r13"; "r14"; "r13" "r14"; "rdi+232"),
        "mov qword ptr [rdi+248], 0",
        "xor eax, eax",
        double_and_square!(
            "0" "0", "8" "16", "16" "32", "24" "48", "32" "64", "40" "80", "48" "96", "56" "112",
            "64" "128", "72" "144", "80" "160", "88" "176", "96" "192", "104" "208", "112" "224", "120" "240"
        ),
        epilogue!(),
    )
}

/// Limbs less those of p, or plus them, on one chain.
macro_rules! subtract {
    ($($first:literal $from:literal $i:literal),+) => {
        concat!($(
            "mov rbx, ", $from, "\n",
            $first, " rbx, [rcx+", $i, "]\n",
            "mov [rdi+", $i, "], rbx\n",
        )+)
    };
}

/// What was before, where the carry is set.
macro_rules! restore {
    ($($from:literal $i:literal),+) => {
        concat!($(
            "mov rbx, [rdi+", $i, "]\n",
            "cmovc rbx, ", $from, "\n",
            "mov [rdi+", $i, "], rbx\n",
        )+)
    };
}

/// Eight limbs of one operand and of another, on one chain, to memory or to registers.
macro_rules! combine {
    ($($instruction:literal $a:literal $b:literal $register:literal),+) => {
        concat!($(
            "mov ", $register, ", ", $a, "\n",
            $instruction, " ", $register, ", ", $b, "\n",
        )+)
    };
    (to_stack $($instruction:literal $i:literal),+) => {
        concat!($(
            "mov rbx, [rsi+", $i, "]\n",
            $instruction, " rbx, [rdx+", $i, "]\n",
            "mov [rsp+", $i, "], rbx\n",
        )+)
    };
}

/// a + b mod p.
pub(super) fn add(_: Adx, r: &mut Words, a: &Words, b: &Words) {
    // SAFETY: see above; the instructions are those of every x86-64.
    unsafe { add_kernel(r.as_mut_ptr(), a.as_ptr(), b.as_ptr()) }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn add_kernel(r: *mut u64, a: *const u64, b: *const u64) {
    naked_asm!(
        prologue!(),
        "sub rsp, 64", // for the lower half of the sum; the upper lies in registers
        "lea rcx, [rip + {modulus}]",
        combine!(to_stack "add" "0", "adc" "8", "adc" "16", "adc" "24", "adc" "32", "adc" "40", "adc" "48", "adc" "56"),
        combine!("adc" "[rsi+64]" "[rdx+64]" "r8", "adc" "[rsi+72]" "[rdx+72]" "r9"),
        combine!("adc" "[rsi+80]" "[rdx+80]" "r10", "adc" "[rsi+88]" "[rdx+88]" "r11"),
        combine!("adc" "[rsi+96]" "[rdx+96]" "r12", "adc" "[rsi+104]" "[rdx+104]" "r13"),
        combine!("adc" "[rsi+112]" "[rdx+112]" "r14", "adc" "[rsi+120]" "[rdx+120]" "r15"),
        "mov eax, 0",
        "adc rax, 0",
        subtract!("sub" "[rsp]" "0", "sbb" "[rsp+8]" "8", "sbb" "[rsp+16]" "16", "sbb" "[rsp+24]" "24"),
        subtract!("sbb" "[rsp+32]" "32", "sbb" "[rsp+40]" "40", "sbb" "[rsp+48]" "48", "sbb" "[rsp+56]" "56"),
        subtract!("sbb" "r8" "64", "sbb" "r9" "72", "sbb" "r10" "80", "sbb" "r11" "88"),
        subtract!("sbb" "r12" "96", "sbb" "r13" "104", "sbb" "r14" "112", "sbb" "r15" "120"),
        "sbb rax, 0",
        restore!("[rsp]" "0", "[rsp+8]" "8", "[rsp+16]" "16", "[rsp+24]" "24"),
        restore!("[rsp+32]" "32", "[rsp+40]" "40", "[rsp+48]" "48", "[rsp+56]" "56"),
        restore!("r8" "64", "r9" "72", "r10" "80", "r11" "88", "r12" "96", "r13" "104", "r14" "112", "r15" "120"),
        "add rsp, 64",
        epilogue!(),
        modulus = sym MODULUS,
    )
}

/// a − b mod p.
pub(super) fn sub(_: Adx, r: &mut Words, a: &Words, b: &Words) {
    // SAFETY: see above; the instructions are those of every x86-64.
    unsafe { sub_kernel(r.as_mut_ptr(), a.as_ptr(), b.as_ptr()) }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn sub_kernel(r: *mut u64, a: *const u64, b: *const u64) {
    naked_asm!(
        prologue!(),
        "sub rsp, 64", // for the lower half of the difference; the upper lies in registers
        "lea rcx, [rip + {modulus}]",
        combine!(to_stack "sub" "0", "sbb" "8", "sbb" "16", "sbb" "24", "sbb" "32", "sbb" "40", "sbb" "48", "sbb" "56"),
        combine!("sbb" "[rsi+64]" "[rdx+64]" "r8", "sbb" "[rsi+72]" "[rdx+72]" "r9"),
        combine!("sbb" "[rsi+80]" "[rdx+80]" "r10", "sbb" "[rsi+88]" "[rdx+88]" "r11"),
        combine!("sbb" "[rsi+96]" "[rdx+96]" "r12", "sbb" "[rsi+104]" "[rdx+104]" "r13"),
        combine!("sbb" "[rsi+112]" "[rdx+112]" "r14", "sbb" "[rsi+120]" "[rdx+120]" "r15"),
        "sbb rax, rax", // all ones after a borrow
        // The difference plus p, and back to the difference where nothing was borrowed.
        subtract!("add" "[rsp]" "0", "adc" "[rsp+8]" "8", "adc" "[rsp+16]" "16", "adc" "[rsp+24]" "24"),
        subtract!("adc" "[rsp+32]" "32", "adc" "[rsp+40]" "40", "adc" "[rsp+48]" "48", "adc" "[rsp+56]" "56"),
        subtract!("adc" "r8" "64", "adc" "r9" "72", "adc" "r10" "80", "adc" "r11" "88"),
        subtract!("adc" "r12" "96", "adc" "r13" "104", "adc" "r14" "112", "adc" "r15" "120"),
        "add rax, 1", // carries where there was a borrow
        "cmc",
        restore!("[rsp]" "0", "[rsp+8]" "8", "[rsp+16]" "16", "[rsp+24]" "24"),
        restore!("[rsp+32]" "32", "[rsp+40]" "40", "[rsp+48]" "48", "[rsp+56]" "56"),
        restore!("r8" "64", "r9" "72", "r10" "80", "r11" "88", "r12" "96", "r13" "104", "r14" "112", "r15" "120"),
        "add rsp, 64",
        epilogue!(),
        modulus = sym MODULUS,
    )
}

/// Limbs of a sum and of another, on one chain.
macro_rules! accumulate {
    ($($i:literal),+) => {
        concat!($(
            "mov rax, [rdi+", $i, "]\n",
            "adc rax, [rsi+", $i, "]\n",
            "mov [rdi+", $i, "], rax\n",
        )+)
    };
}

/// t ← t + u, which fits.
pub(super) fn accumulate(_: Adx, t: &mut [u64; 33], u: &[u64; 33]) {
    // SAFETY: see above; the instructions are those of every x86-64.
    unsafe { accumulate_kernel(t.as_mut_ptr(), u.as_ptr()) }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn accumulate_kernel(t: *mut u64, u: *const u64) {
    naked_asm!(
        "xor eax, eax", // no carry
        accumulate!(
            "0", "8", "16", "24", "32", "40", "48", "56", "64", "72", "80", "88", "96", "104", "112", "120"
        ),
        accumulate!(
            "128", "136", "144", "152", "160", "168", "176", "184", "192", "200", "208", "216", "224", "232",
            "240", "248", "256"
        ),
        "ret",
    )
}

/// r and the word returned above it: t/2¹⁰²⁴ modulo p, less p if it is not below. t is used up. 272 MULX and 16
/// products of a word.
pub(super) fn reduce(_: Adx, r: &mut Words, t: &mut [u64; 33]) -> u64 {
    // SAFETY: see above.
    unsafe { reduce_kernel(r.as_mut_ptr(), t.as_mut_ptr()) }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn reduce_kernel(r: *mut u64, t: *mut u64) -> u64 {
    naked_asm!(
        prologue!(),
        "lea rcx, [rip + {modulus}]",
        // Clears limbs 0 to 7: first with the lower half of p, then, a block up, with the upper half.
        window!(load "rsi"),
        eight_rows!(clearing_row, "rsi"),
        window!(add "rsi+64"),
        "mov ebp, 0",
        "adc rbp, 0",
        eight_rows!(product_row, "rsi", "rcx+64", "rsi+64"),
        window!(add_rbp),
        window!(add "rsi+128"),
        "mov eax, 0",
        "adc rax, 0",
        "mov [rdi], rax", // the carry into limb 24
        window!(store "rsi+128"),
        // The same for limbs 8 to 15.
        window!(load "rsi+64"),
        eight_rows!(clearing_row, "rsi+64"),
        window!(add "rsi+128"),
        "mov ebp, 0",
        "adc rbp, 0",
        eight_rows!(product_row, "rsi+64", "rcx+64", "rsi+128"),
        "add rbp, [rdi]",
        window!(add_rbp),
        window!(add "rsi+192"),
        "mov eax, 0",
        "adc rax, [rsi+256]",
        // Limbs 16 to 23 are in memory, 24 to 31 in the window, the rest in rax.
        subtract!("sub" "[rsi+128]" "0", "sbb" "[rsi+136]" "8", "sbb" "[rsi+144]" "16", "sbb" "[rsi+152]" "24"),
        subtract!("sbb" "[rsi+160]" "32", "sbb" "[rsi+168]" "40", "sbb" "[rsi+176]" "48", "sbb" "[rsi+184]" "56"),
        subtract!("sbb" "r8" "64", "sbb" "r9" "72", "sbb" "r10" "80", "sbb" "r11" "88"),
        subtract!("sbb" "r12" "96", "sbb" "r13" "104", "sbb" "r14" "112", "sbb" "r15" "120"),
        "sbb rax, 0",
        "mov ebx, 0",
        "cmovc rax, rbx",
        restore!("[rsi+128]" "0", "[rsi+136]" "8", "[rsi+144]" "16", "[rsi+152]" "24"),
        restore!("[rsi+160]" "32", "[rsi+168]" "40", "[rsi+176]" "48", "[rsi+184]" "56"),
        restore!("r8" "64", "r9" "72", "r10" "80", "r11" "88", "r12" "96", "r13" "104", "r14" "112", "r15" "120"),
        epilogue!(),
        modulus = sym MODULUS,
    )
}
