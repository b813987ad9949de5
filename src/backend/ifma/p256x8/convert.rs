//! Between words of 64 bits and elements: what batches put into the lanes and take out.

use super::super::vector::Vector;
use super::{Fe8, MASK, limbs_of};
use crate::backend::p256::Limbs;
use crate::backend::portable::p256::P;
use crate::backend::portable::{limbs, p256};

/// 2⁵²⁰ mod p: what takes an integer to Montgomery form.
const R_2: [u64; 5] = {
    // 2⁵¹², and 8 doublings
    let mut x = p256::R_2;
    let mut i = 0;
    while i < 8 {
        x = limbs::add_mod(&x, &x, &P);
        i += 1;
    }
    limbs_of(&[x[0], x[1], x[2], x[3], 0])
};

/// 2²⁵⁶ mod p.
const MONTGOMERY: [u64; 5] = {
    let x = p256::ONE;
    limbs_of(&[x[0], x[1], x[2], x[3], 0])
};

impl<L: Vector> Fe8<L> {
    /// The same element in each lane.
    #[inline(always)]
    pub(super) fn splat(proof: L::Proof, limbs: &[u64; 5]) -> Self {
        let [a, b, c, d, e] = *limbs;
        Self([
            L::splat(proof, a),
            L::splat(proof, b),
            L::splat(proof, c),
            L::splat(proof, d),
            L::splat(proof, e),
        ])
    }

    /// From Montgomery forms x·2²⁵⁶ mod p, word i of each in vector i: below 2²⁶⁰.
    #[inline(always)]
    pub(crate) fn from_montgomery(proof: L::Proof, words: &[L; 4]) -> Self {
        let [a, b, c, d] = *words;
        let mask = L::splat(proof, MASK);
        Self([
            a.shl::<4>().and(mask),
            a.shr::<48>().or(b.shl::<16>()).and(mask),
            b.shr::<36>().or(c.shl::<28>()).and(mask),
            c.shr::<24>().or(d.shl::<40>()).and(mask),
            d.shr::<12>(),
        ])
        .checked()
    }

    /// From integers below p, word i of each in vector i: below 2p.
    #[inline(always)]
    pub(crate) fn from_integers(proof: L::Proof, words: &[L; 4]) -> Self {
        let [a, b, c, d] = *words;
        let mask = L::splat(proof, MASK);
        let integers = Self([
            a.and(mask),
            a.shr::<52>().or(b.shl::<12>()).and(mask),
            b.shr::<40>().or(c.shl::<24>()).and(mask),
            c.shr::<28>().or(d.shl::<36>()).and(mask),
            d.shr::<16>(),
        ]);
        integers.mul(proof, &Self::splat(proof, &R_2))
    }

    /// The elements in Montgomery form x·2²⁵⁶ mod p, below p, for elements below 2²⁶⁰.
    #[inline(always)]
    pub(crate) fn to_montgomery(self, proof: L::Proof) -> [Limbs; 8] {
        // Times 2²⁵⁶, divided by 2²⁶⁰: x·2²⁵⁶.
        let mut integers = self.mul(proof, &Self::splat(proof, &MONTGOMERY)).to_integers(proof);
        for integer in &mut integers {
            *integer = limbs::reduce_once(integer, 0, &P);
        }
        integers
    }

    /// `yes` in the lanes where the mask is all ones, `no` where it is 0.
    #[inline(always)]
    pub(crate) fn select(mask: L, yes: &Self, no: &Self) -> Self {
        let mut selected = *no;
        for (selected, yes) in selected.0.iter_mut().zip(&yes.0) {
            *selected = selected.xor(yes.xor(*selected).and(mask));
        }
        selected
    }

    /// `yes` in the lanes whose bit is set, else `no`. The bits may be secret.
    #[inline(always)]
    pub(crate) fn select_bits(bits: u8, yes: &Self, no: &Self) -> Self {
        let mut selected = *no;
        for (selected, yes) in selected.0.iter_mut().zip(&yes.0) {
            *selected = L::select(bits, *yes, *selected);
        }
        selected
    }

    /// The elements as integers below p, for elements below 2²⁶⁰.
    #[inline(always)]
    pub(crate) fn to_reduced_integers(self, proof: L::Proof) -> [Limbs; 8] {
        // Times 1, divided by 2²⁶⁰: at most p.
        let integers = self.mul(proof, &Self::splat(proof, &[1, 0, 0, 0, 0]));
        let mut integers = integers.to_integers(proof);
        for integer in &mut integers {
            *integer = limbs::reduce_once(integer, 0, &P);
        }
        integers
    }
}

/// Words 0 to 3 of eight numbers, as vectors.
#[inline(always)]
pub(crate) fn words<L: Vector>(proof: L::Proof, numbers: &[Limbs; 8]) -> [L; 4] {
    let mut turned = [[0; 8]; 4];
    for (lane, number) in numbers.iter().enumerate() {
        for (words, word) in turned.iter_mut().zip(number) {
            words[lane] = *word;
        }
    }
    let [a, b, c, d] = &turned;
    [L::load(proof, a), L::load(proof, b), L::load(proof, c), L::load(proof, d)]
}
