//! The constants of the real curve, and its field against big integers.

use crate::backend::fp1024::{Arithmetic, Field};
use crate::backend::rustcrypto::{fp1024::Fp, fp1024_order};
use crate::curve::ss1024::edwards::Edwards;
use crate::curve::ss1024::field::Parameters;
use crate::curve::ss1024::generator;
use crate::curve::ss1024::mul::mul_vartime;
use crate::curve::ss1024::point::Affine;
use num_bigint::BigUint;
use std::vec::Vec;
use subtle::ConstantTimeEq;

fn integer(octets: &[u8]) -> BigUint {
    BigUint::from_bytes_be(octets)
}

fn octets(integer: &BigUint) -> [u8; 128] {
    let digits = integer.to_bytes_be();
    let mut octets = [0; 128];
    octets[128 - digits.len()..].copy_from_slice(&digits);
    octets
}

fn p() -> BigUint {
    // −1 + 1
    integer(&Fp::one(()).neg().to_octets()) + 1u8
}

fn q() -> BigUint {
    Fp::Q.iter().rev().fold(BigUint::ZERO, |q, word| (q << 64) + *word)
}

/// Edge values: around 0, the modulus, the middle, and limb borders; then pseudo-random ones.
fn samples(modulus: &BigUint) -> Vec<BigUint> {
    let mut all: Vec<BigUint> = (0u8..4).map(BigUint::from).collect();
    all.extend((1u8..4).map(|i| modulus - i));
    all.extend([modulus >> 1, (modulus >> 1) + 1u8]);
    for i in 1..16usize {
        let border: BigUint = BigUint::from(1u8) << (64 * i);
        all.extend([&border - 1u8, border.clone(), border + 1u8].map(|a| a % modulus));
    }
    let mut random = BigUint::from(3u8);
    for _ in 0..12 {
        random = random.modpow(&BigUint::from(65537u32), modulus) + 1u8;
        all.push(random.clone());
    }
    all
}

#[test]
fn field_agrees_with_big_integers() {
    let p = p();
    let load = |a: &BigUint| Fp::from_octets((), &octets(a)).expect("reduced");
    let samples = samples(&p);
    for a in &samples {
        let x = load(a);
        assert_eq!(integer(&x.to_octets()), *a);
        assert_eq!(integer(&x.square().to_octets()), a * a % &p);
        assert_eq!(integer(&x.neg().to_octets()), (&p - a) % &p);
        assert_eq!(integer(&x.double().to_octets()), (a + a) % &p);
        assert_eq!(integer(&x.invert().to_octets()), a.modpow(&(&p - 2u8), &p));
        for b in &samples {
            let y = load(b);
            assert_eq!(integer(&x.mul(&y).to_octets()), a * b % &p);
            assert_eq!(integer(&x.add(&y).to_octets()), (a + b) % &p);
            assert_eq!(integer(&x.sub(&y).to_octets()), (a + &p - b) % &p);
            assert_eq!(bool::from(x.ct_eq(&y)), a == b);
        }
    }
    for above in [p.clone(), &p + 1u8, (BigUint::from(1u8) << 1024) - 1u8] {
        assert!(bool::from(Fp::from_octets((), &octets(&above)).is_none()));
    }
}

#[test]
fn order_agrees_with_big_integers() {
    let q = q();
    let samples = samples(&q);
    let below = |octets: &[u8; 128]| integer(octets) % &q;
    for a in &samples {
        let x = octets(a);
        assert_eq!(integer(&fp1024_order::invert(&x)), a.modpow(&(&q - 2u8), &q));
        let halved = integer(&fp1024_order::halve_plus_ones::<1026>(&x));
        assert!(halved < q);
        assert_eq!((halved * 2u8) % &q, (a + (BigUint::from(1u8) << 1026) - 1u8) % &q);
        for b in &samples {
            let y = octets(b);
            assert_eq!(integer(&fp1024_order::add(&x, &y)), (a + b) % &q);
            assert_eq!(integer(&fp1024_order::mul(&x, &y)), a * b % &q);
        }
        assert_eq!(bool::from(fp1024_order::in_key_range(&x)), *a >= BigUint::from(2u8));
    }
    for above in [q.clone(), &q * 2u8, (BigUint::from(1u8) << 1024) - 1u8] {
        let x = octets(&above);
        assert_eq!(integer(&fp1024_order::reduce(&x)), below(&x));
        assert!(!bool::from(fp1024_order::in_key_range(&x)));
    }
}

#[test]
fn parameters_belong_together() {
    assert_eq!(p() + 1u8, q() * 4u8);
    let three = Fp::three(());
    assert!(bool::from(Fp::S.square().ct_eq(&three.neg())));
    assert!(bool::from(Fp::T.square().ct_eq(&Fp::S.square().mul(&Fp::S).double())));
    assert!(bool::from(Fp::T_OVER_S.mul(&Fp::S).ct_eq(&Fp::T)));
    // λ² = ±2√6 + 3s·i
    let [u, v] = Fp::LAMBDA;
    assert!(bool::from(u.mul(&v).double().ct_eq(&Fp::S.double().add(&Fp::S))));
    let six = three.double();
    assert!(bool::from(u.square().sub(&v.square()).square().ct_eq(&six.double().double())));
    // 3 is no square: 3^((p−1)/2) = −1
    let (p, minus) = (p(), Fp::one(()).neg());
    assert_eq!(BigUint::from(3u8).modpow(&(&p >> 1), &p), integer(&minus.to_octets()));
}

#[test]
fn generator_has_order_q() {
    let generator = Affine::<Fp>::load((), &generator());
    assert!(bool::from(generator.is_on_curve()));
    assert!(bool::from(generator.has_order_q()));
    let point = Edwards::from_affine(&generator);
    let [_, _, d] = mul_vartime((), &point, &octets(&q())).to_fraction();
    assert!(bool::from(d.ct_eq(&Fp::zero(()))));
}

#[test]
fn non_adjacent_form_of_q() {
    let naf = <Fp as Parameters>::NAF;
    assert_eq!(naf.len(), 1022);
    assert_eq!(naf.iter().filter(|digit| **digit != 0).count(), 353);
    assert!(naf.windows(2).all(|pair| pair[0] == 0 || pair[1] == 0));
    let value = naf.iter().fold(BigUint::ZERO, |value, digit| {
        let doubled = value * 2u8;
        if *digit < 0 { doubled - 1u8 } else { doubled + *digit as u8 }
    });
    assert_eq!(value, q());
    // As RFC 6508 has it, over q − 1:
    assert_eq!((q() - 1u8).count_ones(), 513);
}
