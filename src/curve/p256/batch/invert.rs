//! Inversion of many elements in lanes by one of a single element (Montgomery's trick).

use super::super::field::Fe;
use crate::backend::ifma::p256x8::{Fe8, words};
use crate::backend::ifma::vector::Vector;
use crate::backend::p256::{Kernel, Limbs};
use crate::secret::declassify;

/// 2²⁵²: takes 2⁴ times a Montgomery form back to it.
pub(super) const SIXTEENTH: Limbs = [0, 0, 0, 1 << 60];

/// Chains of one inversion.
const MOST_CHAINS: usize = 16;

/// Replaces each element by its inverse; false, and elements without meaning, if one of them is 0.
///
/// Elements i, i + chains, … form a chain of products; the chains overlap. `scratch` has as many
/// elements, a multiple of `chains`, below 2²⁵⁸. Results lie below 2²⁵⁸. 3M for each element.
/// Constant time but for whether an element is 0, which is public.
#[inline(always)]
pub(in super::super) fn invert_all<K: Kernel>(
    kernel: K,
    proof: <K::Vector as Vector>::Proof,
    elements: &mut [Fe8<K::Vector>],
    scratch: &mut [Fe8<K::Vector>],
    chains: usize,
) -> bool {
    let len = elements.len();
    debug_assert!(chains <= MOST_CHAINS && len.is_multiple_of(chains) && len == scratch.len());
    // scratch[i]: the product of the chain up to element i; then of all chains up to this one
    for i in 0..len {
        scratch[i] = if i < chains { elements[i] } else { scratch[i - chains].mul(proof, &elements[i]) };
    }
    // prefixes[i]: the product of chains 0 to i
    let mut prefixes = [scratch[len - chains]; MOST_CHAINS];
    for chain in 1..chains {
        prefixes[chain] = prefixes[chain - 1].mul(proof, &scratch[len - chains + chain]);
    }
    let product = prefixes[chains - 1].to_integers(proof);
    let Some(inverse) = invert_lanes(kernel, &product) else { return false };
    let mut inverse = Fe8::from_montgomery(proof, &words(proof, &inverse)).loose().reduce(proof);
    for chain in (0..chains).rev() {
        let product = &mut scratch[len - chains + chain];
        let of_others = inverse.mul(proof, product);
        *product = if chain > 0 { inverse.mul(proof, &prefixes[chain - 1]) } else { inverse };
        inverse = of_others;
    }
    // From the ends of the chains: scratch[i] becomes the inverse of the product up to element i.
    for i in (chains..len).rev() {
        let of_chain = scratch[i];
        let before = scratch[i - chains];
        scratch[i - chains] = of_chain.mul(proof, &elements[i]);
        elements[i] = of_chain.mul(proof, &before);
    }
    elements[..chains].copy_from_slice(&scratch[..chains]);
    true
}

/// The inverses of x in Montgomery form below p, from 16 times the Montgomery form of x below 2²⁵⁶;
/// `None` if one of them is 0.
#[inline(never)]
fn invert_lanes<K: Kernel>(kernel: K, elements: &[Limbs; 8]) -> Option<[Limbs; 8]> {
    let elements = elements.map(|integer| Fe::from_limbs(kernel, kernel.field_mul(&SIXTEENTH, &integer)));
    let mut products = elements;
    for i in 1..8 {
        products[i] = products[i - 1] * elements[i];
    }
    if declassify(products[7].is_zero()) != 0 {
        return None;
    }
    let mut inverse = products[7].invert();
    let mut inverses = [*inverse.limbs(); 8];
    for i in (1..8).rev() {
        inverses[i] = *(inverse * products[i - 1]).limbs();
        inverse = inverse * elements[i];
    }
    inverses[0] = *inverse.limbs();
    Some(inverses)
}
