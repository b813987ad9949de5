//! Integers modulo q, the group order of RFC 6509 parameter set 1; p + 1 = 4q.
//!
//! Radix 2⁶⁴, 16 words, in [0, q − 1]; octets at both ends. Products by Montgomery's method, row by
//! row: a·b/2¹⁰²⁴ mod q. A handful per operation, so that loops do.

use super::safegcd::{self, Modulus, Packed, inverse_mod_word};
use super::word::mac;
use super::words::{self, Words};
use crate::backend::fp1024::ScalarOctets;
use subtle::Choice;
use zeroize::Zeroize;

/// q.
pub(crate) const Q: Words = [
    0xd99b601ebfaa17fb,
    0x203177c42b1eb3a1,
    0xff38fa08e2615f6c,
    0xa7e535abd5a5c7c7,
    0xa9f3cf14870f026a,
    0x6dabfd2a0c614aa0,
    0x144ab173595a0738,
    0x389b1921cc9ad335,
    0x4d5b49fd2999a9b4,
    0x39e46ce7fdf22286,
    0xc8a1cc354c69672c,
    0xbd02aac9f8bf03c6,
    0x6fa6b8d62cf8068b,
    0x905b0338672d2098,
    0x9971846636b4195e,
    0x265eaec7c2958ff6,
];

static MODULUS: Modulus<17> = Modulus::of_words(&Q);

/// −1/q mod 2⁶⁴.
const NEGATED_INVERSE: u64 = inverse_mod_word(Q[0]).wrapping_neg();

/// 2²⁰⁴⁸ mod q.
const R_2: Words = words::shifted(&words::ONE, 2048, &Q);

/// 1/2 mod q: (q + 1)/2.
const HALF: Words = {
    let (q_plus_one, _) = words::add(&Q, &words::ONE);
    let mut half = [0; 16];
    let mut i = 0;
    while i < 16 {
        half[i] = q_plus_one[i] >> 1 | if i < 15 { q_plus_one[i + 1] << 63 } else { 0 };
        i += 1;
    }
    half
};

/// 2ⁿ − 1 modulo q, where the compiler computes it.
const fn all_ones(n: usize) -> Words {
    let power = words::shifted(&words::ONE, n, &Q);
    let (less, borrow) = words::sub(&power, &words::ONE);
    assert!(borrow == 0);
    less
}

/// a·b/2¹⁰²⁴ mod q; one factor may be any 16 words, the other lies below q.
pub(in crate::backend) fn montgomery_mul(a: &Words, b: &Words) -> Words {
    // Below 2q after each row: (2q + 2⁶⁴·q − …)/2⁶⁴, so that 16 words and a carry hold it.
    let mut t: Words = [0; 16];
    let mut top = 0;
    for a in a {
        let (mut carry, mut multiple_carry) = (0, 0);
        let mut k = 0;
        for j in 0..16 {
            let sum;
            (sum, carry) = mac(t[j], *a, b[j], carry);
            if j == 0 {
                // the multiple of q that clears the lowest word
                k = sum.wrapping_mul(NEGATED_INVERSE);
            }
            let word;
            (word, multiple_carry) = mac(sum, k, Q[j], multiple_carry);
            if j > 0 {
                t[j - 1] = word;
            }
        }
        let sum = u128::from(top) + u128::from(carry) + u128::from(multiple_carry);
        t[15] = sum as u64;
        top = (sum >> 64) as u64;
    }
    words::reduce_once(&t, top, &Q)
}

fn product(a: &Words, b: &Words) -> Words {
    montgomery_mul(&montgomery_mul(&R_2, b), a)
}

/// Any 16 words modulo q.
fn reduced(a: &Words) -> Words {
    product(a, &words::ONE)
}

fn sum(a: &Words, b: &Words) -> Words {
    let (sum, carry) = words::add(a, b);
    words::reduce_once(&sum, carry, &Q)
}

/// Octets of words, which are wiped.
fn store(mut words: Words) -> ScalarOctets {
    let octets = words::to_octets(&words);
    words.zeroize();
    octets
}

/// Does the integer lie in [2, q − 1]?
pub(crate) fn in_key_range(octets: &ScalarOctets) -> Choice {
    let integer = words::from_octets(octets);
    let mut two = words::ONE;
    two[0] = 2;
    Choice::from((words::is_below(&integer, &Q) & !words::is_below(&integer, &two)) as u8 & 1)
}

/// The integer modulo q.
pub(crate) fn reduce(octets: &ScalarOctets) -> ScalarOctets {
    store(reduced(&words::from_octets(octets)))
}

/// a + b, both below q.
pub(crate) fn add(a: &ScalarOctets, b: &ScalarOctets) -> ScalarOctets {
    store(sum(&words::from_octets(a), &words::from_octets(b)))
}

/// a·b, b below q.
pub(crate) fn mul(a: &ScalarOctets, b: &ScalarOctets) -> ScalarOctets {
    store(product(&words::from_octets(a), &words::from_octets(b)))
}

/// 1/a; 0 for 0. `steps` are [`safegcd::divsteps`], or what gives the same.
pub(crate) fn invert(steps: impl Fn(u32, Packed) -> Packed + Copy, a: &ScalarOctets) -> ScalarOctets {
    store(safegcd::invert_words(steps, &words::from_octets(a), &MODULUS))
}

/// (k + 2ᴺ − 1)/2: the integer whose bit i, read as a sign, gives digit i of k among N digits ±1.
pub(crate) fn halve_plus_ones<const N: usize>(k: &ScalarOctets) -> ScalarOctets {
    store(product(&sum(&words::from_octets(k), &const { all_ones(N) }), &HALF))
}
