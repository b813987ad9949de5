//! Eight elements of any field: the simplest lanes, to run the code for lanes on tiny fields.

use crate::backend::fp1024::{Arithmetic, Field, Lanes, ScalarOctets};
use crate::curve::ss1024::field::{Parameters, SignedDigits};
use std::array::from_fn;
use zeroize::Zeroize;

#[derive(Clone, Copy, Debug)]
pub(super) struct Eight<F>([F; 8]);

impl<F: Zeroize> Zeroize for Eight<F> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<F: Arithmetic> Eight<F> {
    fn zip(&self, b: &Self, f: impl Fn(&F, &F) -> F) -> Self {
        Self(from_fn(|i| f(&self.0[i], &b.0[i])))
    }
}

impl<F: Arithmetic> Arithmetic for Eight<F> {
    type Proof = F::Proof;
    type Raw = F::Raw;

    fn proof(&self) -> F::Proof {
        self.0[0].proof()
    }
    fn zero(proof: F::Proof) -> Self {
        Self([F::zero(proof); 8])
    }
    fn one(proof: F::Proof) -> Self {
        Self([F::one(proof); 8])
    }
    fn from_raw(proof: F::Proof, raw: &F::Raw) -> Self {
        Self([F::from_raw(proof, raw); 8])
    }
    fn add(&self, b: &Self) -> Self {
        self.zip(b, F::add)
    }
    fn sub(&self, b: &Self) -> Self {
        self.zip(b, F::sub)
    }
    fn neg(&self) -> Self {
        Self(self.0.map(|a| a.neg()))
    }
    fn mul(&self, b: &Self) -> Self {
        self.zip(b, F::mul)
    }
    fn square(&self) -> Self {
        Self(self.0.map(|a| a.square()))
    }
}

impl<F: Field> Lanes for Eight<F> {
    type Single = F;

    fn from_singles(singles: [&F; 8]) -> Self {
        Self(singles.map(|single| *single))
    }
    fn to_singles(&self) -> [F; 8] {
        self.0
    }
    fn broadcast(&self, lane: usize) -> Self {
        Self([self.0[lane]; 8])
    }
    fn select(bits: u8, yes: &Self, no: &Self) -> Self {
        Self(from_fn(|i| if bits >> i & 1 == 1 { yes.0[i] } else { no.0[i] }))
    }
}

impl<F: Parameters> Parameters for Eight<F> {
    const Q: &'static [u64] = F::Q;
    const OCTAL: &'static [i8] = F::OCTAL;
    const NAF: &'static [i8] = F::NAF;
    const DIGITS: usize = F::DIGITS;
    const G: F::Raw = F::G;
    const S: F::Raw = F::S;
    const T: F::Raw = F::T;
    const T_OVER_S: F::Raw = F::T_OVER_S;
    const LAMBDA: [F::Raw; 2] = F::LAMBDA;

    fn recode(k: &ScalarOctets) -> SignedDigits {
        F::recode(k)
    }
}
