//! The 1024-bit field of RFC 6509 parameter set 1 on the crate `crypto-bigint`.
//!
//! Montgomery form with R = 2¹⁰²⁴, every value reduced below p, products by interleaved operand
//! scanning with one masked subtraction at the end. Inversion is the constant-time safegcd of
//! Bernstein and Yang. `Uint::gcd` of the crate is not constant time and not used.

use crate::backend::fp1024::{Arithmetic, Field, FieldOctets, Words};
use crypto_bigint::{U1024, const_monty_params, modular::ConstMontyForm};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeLess, CtOption};
use zeroize::DefaultIsZeroes;

const_monty_params!(
    Prime,
    U1024,
    "997abb1f0a563fda65c61198dad0657a416c0ce19cb48261be9ae358b3e01a2ef40aab27e2fc0f1b228730d531a59cb0e791b39ff7c88a19356d27f4a666a6d0e26c6487326b4cd4512ac5cd65681ce1b6aff4a831852a82a7cf3c521c3c09aa9f94d6af56971f1ffce3e82389857db080c5df10ac7ace87666d807afea85feb",
    "p of RFC 6509 Appendix A."
);

type Form = ConstMontyForm<Prime, { U1024::LIMBS }>;

/// An element of F_p.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fp(Form);

/// A constant in the form of this kernel.
pub(crate) const fn raw(words: &Words) -> Fp {
    Fp(Form::new(&U1024::from_words(*words)))
}

impl Default for Fp {
    fn default() -> Self {
        Self(Form::ZERO)
    }
}

impl DefaultIsZeroes for Fp {}

impl ConditionallySelectable for Fp {
    #[inline(always)]
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self(Form::conditional_select(&a.0, &b.0, choice))
    }
}

impl ConstantTimeEq for Fp {
    fn ct_eq(&self, other: &Self) -> Choice {
        ConstantTimeEq::ct_eq(&self.0, &other.0)
    }
}

impl Arithmetic for Fp {
    type Proof = ();
    type Raw = Self;

    fn proof(&self) {}

    fn zero((): ()) -> Self {
        Self(Form::ZERO)
    }

    fn one((): ()) -> Self {
        Self(Form::ONE)
    }

    fn from_raw((): (), raw: &Self) -> Self {
        *raw
    }

    #[inline]
    fn add(&self, b: &Self) -> Self {
        Self(self.0.add(&b.0))
    }

    #[inline]
    fn sub(&self, b: &Self) -> Self {
        Self(self.0.sub(&b.0))
    }

    #[inline]
    fn neg(&self) -> Self {
        Self(self.0.neg())
    }

    fn mul(&self, b: &Self) -> Self {
        Self(self.0.mul(&b.0))
    }

    fn square(&self) -> Self {
        Self(self.0.square())
    }
}

impl Field for Fp {
    fn invert(&self) -> Self {
        let inverse = self.0.invert();
        let defined = inverse.is_some();
        Self::conditional_select(
            &Self(Form::ZERO),
            &Self(inverse.to_inner_unchecked()),
            Choice::from(defined.to_u8()),
        )
    }

    fn from_octets((): (), octets: &FieldOctets) -> CtOption<Self> {
        let integer = U1024::from_be_slice(octets);
        let reduced = ConstantTimeLess::ct_lt(&integer, Form::MODULUS.as_ref());
        CtOption::new(Self(Form::new(&integer)), reduced)
    }

    fn to_octets(&self) -> FieldOctets {
        let mut octets = [0; 128];
        octets.copy_from_slice(self.0.retrieve().to_be_bytes().as_slice());
        octets
    }
}
