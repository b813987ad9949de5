//! The element type over the kernel.

use super::{Limbs, MODULUS, N, ONE, P};
use crate::backend::fp1024::{Arithmetic, Field, FieldOctets};
use crate::backend::portable::word::{barrier, is_zero_word};
use crate::backend::portable::{Portable, safegcd, words};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, CtOption};
use zeroize::Zeroize;

/// An element of F_p.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fe(Limbs);

impl Zeroize for Fe {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl ConditionallySelectable for Fe {
    #[inline]
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self(words::select(0u64.wrapping_sub(u64::from(choice.unwrap_u8())), &b.0, &a.0))
    }
}

impl ConstantTimeEq for Fe {
    fn ct_eq(&self, other: &Self) -> Choice {
        Choice::from(super::is_zero(&super::sub(&self.0, &other.0)) as u8 & 1)
    }
}

impl Arithmetic for Fe {
    type Proof = Portable;
    type Raw = Limbs;

    fn proof(&self) -> Portable {
        Portable
    }

    fn zero(_: Portable) -> Self {
        Self([0; N])
    }

    fn one(_: Portable) -> Self {
        Self(ONE)
    }

    fn from_raw(_: Portable, raw: &Limbs) -> Self {
        Self(*raw)
    }

    fn add(&self, b: &Self) -> Self {
        Self(super::add(&self.0, &b.0))
    }

    fn sub(&self, b: &Self) -> Self {
        Self(super::sub(&self.0, &b.0))
    }

    fn neg(&self) -> Self {
        Self(super::neg(&self.0))
    }

    #[inline]
    fn mul(&self, b: &Self) -> Self {
        Self(super::mul(&self.0, &b.0))
    }

    #[inline]
    fn square(&self) -> Self {
        Self(super::square(&self.0))
    }

    fn sum_of_products<const N: usize>(a: [&Self; N], b: [&Self; N]) -> Self {
        Self(super::sum_of_products(a.map(|a| &a.0), b.map(|b| &b.0)))
    }

    fn complex_mul(a: [&Self; 2], b: [&Self; 2]) -> [Self; 2] {
        super::complex_mul(a.map(|a| &a.0), b.map(|b| &b.0)).map(Self)
    }
}

impl Field for Fe {
    fn invert(&self) -> Self {
        Self(super::from_integer(&safegcd::invert_words(
            safegcd::divsteps,
            &super::to_integer(&self.0),
            &MODULUS,
        )))
    }

    fn from_octets(_: Portable, octets: &FieldOctets) -> CtOption<Self> {
        let integer = words::from_octets(octets);
        let reduced = Choice::from(words::is_below(&integer, &P) as u8 & 1);
        CtOption::new(Self(super::from_integer(&integer)), reduced)
    }

    fn to_octets(&self) -> FieldOctets {
        words::to_octets(&super::to_integer(&self.0))
    }

    fn look_up<const N: usize>(table: &[[Self; N]], index: u64) -> [Self; N] {
        let mut found = [Self([0; super::N]); N];
        for (row, i) in table.iter().zip(0u64..) {
            let mask = barrier(is_zero_word(i ^ index));
            for (found, candidate) in found.iter_mut().zip(row) {
                for (found, limb) in found.0.iter_mut().zip(&candidate.0) {
                    *found |= limb & mask;
                }
            }
        }
        found
    }
}
