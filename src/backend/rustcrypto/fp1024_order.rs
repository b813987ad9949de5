//! Integers modulo q, the group order of RFC 6509 parameter set 1, on the crate `crypto-bigint`.
//!
//! Montgomery form inside each function, octets at both ends. Nothing looks at the values; the
//! inversion is the constant-time safegcd of Bernstein and Yang, never the `gcd` of the crate,
//! whose last shift depends on its input.

use crate::backend::fp1024::ScalarOctets;
use crypto_bigint::{U1024, const_monty_params, modular::ConstMontyForm};
use subtle::{Choice, ConditionallySelectable, ConstantTimeGreater, ConstantTimeLess};
use zeroize::Zeroize;

const_monty_params!(
    Order,
    U1024,
    "265eaec7c2958ff69971846636b4195e905b0338672d20986fa6b8d62cf8068bbd02aac9f8bf03c6c8a1cc354c69672c39e46ce7fdf222864d5b49fd2999a9b4389b1921cc9ad335144ab173595a07386dabfd2a0c614aa0a9f3cf14870f026aa7e535abd5a5c7c7ff38fa08e2615f6c203177c42b1eb3a1d99b601ebfaa17fb",
    "q of RFC 6509 Appendix A."
);

type Form = ConstMontyForm<Order, { U1024::LIMBS }>;

/// 2ⁿ − 1 modulo q.
const fn all_ones(n: usize) -> Form {
    let mut power = Form::ONE;
    let mut i = 0;
    while i < n {
        power = power.double();
        i += 1;
    }
    power.sub(&Form::ONE)
}

fn load(octets: &ScalarOctets) -> Form {
    Form::new(&U1024::from_be_slice(octets))
}

fn store(form: &Form) -> ScalarOctets {
    let mut integer = form.retrieve();
    let mut octets = [0; 128];
    octets.copy_from_slice(integer.to_be_bytes().as_slice());
    integer.zeroize();
    octets
}

/// Does the integer lie in [2, q − 1]?
pub(crate) fn in_key_range(octets: &ScalarOctets) -> Choice {
    let integer = U1024::from_be_slice(octets);
    ConstantTimeLess::ct_lt(&integer, Form::MODULUS.as_ref())
        & ConstantTimeGreater::ct_gt(&integer, &U1024::ONE)
}

/// The integer modulo q. One Montgomery product takes any integer below 2¹⁰²⁴.
pub(crate) fn reduce(octets: &ScalarOctets) -> ScalarOctets {
    store(&load(octets))
}

/// a + b.
pub(crate) fn add(a: &ScalarOctets, b: &ScalarOctets) -> ScalarOctets {
    store(&load(a).add(&load(b)))
}

/// a·b.
pub(crate) fn mul(a: &ScalarOctets, b: &ScalarOctets) -> ScalarOctets {
    store(&load(a).mul(&load(b)))
}

/// 1/a; 0 for 0.
pub(crate) fn invert(a: &ScalarOctets) -> ScalarOctets {
    let inverse = load(a).invert();
    let defined = Choice::from(inverse.is_some().to_u8());
    let mut octets = store(&inverse.to_inner_unchecked());
    for octet in &mut octets {
        octet.conditional_assign(&0, !defined);
    }
    octets
}

/// (k + 2ᴺ − 1)/2: the integer whose bit i, read as a sign, gives digit i of k among N digits ±1.
pub(crate) fn halve_plus_ones<const N: usize>(k: &ScalarOctets) -> ScalarOctets {
    store(&load(k).add(&const { all_ones(N) }).div_by_2())
}
