//! The element type over the kernel.

use super::{Adx, ONE, R_2};
use crate::backend::adx::divsteps;
use crate::backend::fp1024::{Arithmetic, Field, FieldOctets};
use crate::backend::portable::fp1024::{MODULUS, P};
use crate::backend::portable::safegcd;
use crate::backend::portable::word::{barrier, is_zero_word};
use crate::backend::portable::words::{self, Words};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, CtOption};
use zeroize::Zeroize;

/// An element of F_p, and the proof that the CPU has what its operations need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fe {
    limbs: Words,
    proof: Adx,
}

impl Fe {
    #[inline(always)]
    fn new(proof: Adx, limbs: Words) -> Self {
        debug_assert!(words::is_below(&limbs, &P) != 0, "an element is not reduced");
        Self { limbs, proof }
    }

    fn from_integer(proof: Adx, integer: &Words) -> Self {
        Self::new(proof, super::mul(proof, integer, &R_2))
    }

    /// The integer in [0, p − 1] whose form this is.
    fn integer(&self) -> Words {
        super::mul(self.proof, &self.limbs, &words::ONE)
    }
}

impl Zeroize for Fe {
    fn zeroize(&mut self) {
        self.limbs.zeroize();
    }
}

impl ConditionallySelectable for Fe {
    #[inline]
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        let mask = 0u64.wrapping_sub(u64::from(choice.unwrap_u8()));
        Self::new(a.proof, words::select(mask, &b.limbs, &a.limbs))
    }
}

impl ConstantTimeEq for Fe {
    fn ct_eq(&self, other: &Self) -> Choice {
        let differs = self.limbs.iter().zip(&other.limbs).fold(0, |any, (a, b)| any | (a ^ b));
        Choice::from(is_zero_word(differs) as u8 & 1)
    }
}

impl Arithmetic for Fe {
    type Proof = Adx;
    type Raw = Words;

    fn proof(&self) -> Adx {
        self.proof
    }

    fn zero(proof: Adx) -> Self {
        Self::new(proof, [0; 16])
    }

    fn one(proof: Adx) -> Self {
        Self::new(proof, ONE)
    }

    fn from_raw(proof: Adx, raw: &Words) -> Self {
        Self::new(proof, *raw)
    }

    fn add(&self, b: &Self) -> Self {
        Self::new(self.proof, super::add(self.proof, &self.limbs, &b.limbs))
    }

    fn sub(&self, b: &Self) -> Self {
        Self::new(self.proof, super::sub(self.proof, &self.limbs, &b.limbs))
    }

    fn neg(&self) -> Self {
        Self::new(self.proof, super::sub(self.proof, &[0; 16], &self.limbs))
    }

    #[inline]
    fn mul(&self, b: &Self) -> Self {
        Self::new(self.proof, super::mul(self.proof, &self.limbs, &b.limbs))
    }

    #[inline]
    fn square(&self) -> Self {
        Self::new(self.proof, super::square(self.proof, &self.limbs))
    }

    /// Two sums of two products.
    fn complex_mul(a: [&Self; 2], b: [&Self; 2]) -> [Self; 2] {
        let minus_b1 = b[1].neg();
        [Self::sum_of_products(a, [b[0], &minus_b1]), Self::sum_of_products(a, [b[1], b[0]])]
    }

    fn sum_of_products<const N: usize>(a: [&Self; N], b: [&Self; N]) -> Self {
        let proof = a[0].proof;
        Self::new(proof, super::sum_of_products(proof, a.map(|a| &a.limbs), b.map(|b| &b.limbs)))
    }
}

impl Field for Fe {
    fn invert(&self) -> Self {
        Self::from_integer(self.proof, &safegcd::invert_words(divsteps, &self.integer(), &MODULUS))
    }

    fn from_octets(proof: Adx, octets: &FieldOctets) -> CtOption<Self> {
        let integer = words::from_octets(octets);
        let reduced = Choice::from(words::is_below(&integer, &P) as u8 & 1);
        CtOption::new(Self::from_integer(proof, &integer), reduced)
    }

    fn to_octets(&self) -> FieldOctets {
        words::to_octets(&self.integer())
    }

    fn look_up<const N: usize>(table: &[[Self; N]], index: u64) -> [Self; N] {
        let Adx(()) = table[0][0].proof;
        // SAFETY: the proof of an element stands for AVX2 too.
        unsafe { look_up(table, index) }
    }
}

/// As [`Field::look_up`], with the vectors of AVX2 where the compiler finds them.
#[target_feature(enable = "avx2")]
fn look_up<const N: usize>(table: &[[Fe; N]], index: u64) -> [Fe; N] {
    let mut found = table[0];
    for found in &mut found {
        found.limbs = [0; 16];
    }
    for (row, i) in table.iter().zip(0u64..) {
        let mask = barrier(is_zero_word(i ^ index));
        for (found, candidate) in found.iter_mut().zip(row) {
            for (found, limb) in found.limbs.iter_mut().zip(&candidate.limbs) {
                *found |= limb & mask;
            }
        }
    }
    found
}
