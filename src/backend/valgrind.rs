//! Requests to valgrind's memcheck, by which the constant-time checker marks secrets.
//!
//! A request is a sequence of instructions that changes nothing on a CPU. Valgrind translates the program, knows the
//! sequence, and acts on six words in memory: the request and its arguments. The facts are those of `valgrind.h` and
//! `memcheck.h`; with them here, the checker builds without valgrind's headers and without a C parser.
//!
//! # Safety
//!
//! RDI is rotated by 3 + 13 + 61 + 51 = 128 bits, which leaves it as it was, and RBX is exchanged with itself. RAX
//! points to the six words, RDX holds the answer of a run without valgrind, and is where valgrind writes its own. A
//! mark changes what memcheck knows of the memory and not its content, so it is right for every value that is
//! borrowed; the range is that of the value. Memory is written by one request only, `GET_VBITS`, into a buffer that is borrowed
//! exclusively and as long as the range. The addresses are exposed, and the assembly may touch all memory, as far as the
//! compiler knows.

#[cfg(target_arch = "x86_64")]
use core::arch::asm;
use core::hint::black_box;
use core::ptr;

/// The first request of the tool memcheck, whose letters are M and C.
const MEMCHECK: u64 = u64::from_be_bytes([0, 0, 0, 0, b'M', b'C', 0, 0]);
const MAKE_MEM_UNDEFINED: u64 = MEMCHECK + 1;
const MAKE_MEM_DEFINED: u64 = MEMCHECK + 2;
const GET_VBITS: u64 = MEMCHECK + 8;

/// No memcheck answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoMemcheck;

/// What memcheck answers; 0, which it never does to the requests here, without it.
#[cfg(target_arch = "x86_64")]
fn request(request: u64, arguments: [u64; 3]) -> u64 {
    let words = [request, arguments[0], arguments[1], arguments[2], 0, 0];
    let mut answer = 0_u64;
    // SAFETY: see above.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") words.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}

/// On other CPUs the sequence is another, and the checker does not run.
#[cfg(not(target_arch = "x86_64"))]
fn request(_request: u64, _arguments: [u64; 3]) -> u64 {
    0
}

fn address<T>(value: *const T) -> u64 {
    value.expose_provenance() as u64
}

/// Tells memcheck that the octets of `value` are undefined: jumps and addresses that depend on them are reported.
pub(crate) fn mark_undefined<T>(value: &mut T) -> Result<(), NoMemcheck> {
    mark(MAKE_MEM_UNDEFINED, value)
}

/// Tells memcheck that the octets of `value` are defined.
pub(crate) fn mark_defined<T>(value: &mut T) -> Result<(), NoMemcheck> {
    mark(MAKE_MEM_DEFINED, value)
}

fn mark<T>(kind: u64, value: &mut T) -> Result<(), NoMemcheck> {
    let octets = black_box(ptr::from_mut(value));
    if request(kind, [address(octets), size_of::<T>() as u64, 0]) == 0 { Err(NoMemcheck) } else { Ok(()) }
}

/// Whether a bit of `value` is undefined; `false` without memcheck.
pub(crate) fn is_undefined<T>(value: &T) -> bool {
    /// Memcheck has written the bits.
    const WRITTEN: u64 = 1;

    let mut bits = alloc::vec![0_u8; size_of::<T>()];
    let from = black_box(ptr::from_ref(value));
    let to = black_box(bits.as_mut_ptr());
    request(GET_VBITS, [address(from), address(to), size_of::<T>() as u64]) == WRITTEN
        && bits.iter().any(|undefined| *undefined != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the tests run here: the sequence changes nothing.
    #[test]
    fn without_valgrind_nobody_answers_and_nothing_changes() {
        let mut value = [0x5a_u8; 9];
        assert_eq!(mark_undefined(&mut value), Err(NoMemcheck));
        assert!(!is_undefined(&value));
        assert_eq!(mark_defined(&mut value), Err(NoMemcheck));
        assert_eq!(value, [0x5a; 9]);
    }
}
