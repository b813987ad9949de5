//! Montgomery products and sums of products, several at a time.

use super::{DIGITS, Digits, M_HIGH, M_LOW, Row, load};
use crate::backend::ifma::vector::Vector;

/// N sums of PAIRS products each, Σ vᵢ·sᵢ/2¹⁰⁹² modulo M, below Σ vᵢ·sᵢ/2¹⁰⁹² + M, not yet carried.
///
/// One factor of a pair lies in registers with digits of 52 bits, the other in memory, whose digits go to
/// all words one after the other. For each of those 21 digits: the high halves of its products stand one
/// digit higher than the low ones, as do those with M', so that after the shift by one digit, which drops the
/// lowest, high halves of one digit and low halves of the next go into the same words. A word takes at most
/// 21·(2·PAIRS + 2) numbers below 2⁵²: below 2⁶⁰·² for six pairs.
#[inline(always)]
pub(super) fn sums<L: Vector, const N: usize, const PAIRS: usize>(
    proof: L::Proof,
    v: &[[Row<L>; PAIRS]; N],
    s: &[[&Digits; PAIRS]; N],
) -> [Row<L>; N] {
    const { assert!(PAIRS <= 6) };
    let zero = L::splat(proof, 0);
    let (m_low, m_high): (Row<L>, Row<L>) = (load(proof, &M_LOW), load(proof, &M_HIGH));
    let mut t: [Row<L>; N] = [[zero; 3]; N];
    for n in 0..N {
        for p in 0..PAIRS {
            let digit = L::splat(proof, s[n][p].digit(0));
            for k in 0..3 {
                t[n][k] = t[n][k].madd_low(v[n][p][k], digit);
            }
        }
    }
    for i in 0..DIGITS - 1 {
        for n in 0..N {
            let mut w = [zero; 3];
            for p in 0..PAIRS {
                let digit = L::splat(proof, s[n][p].digit(i));
                let next = L::splat(proof, s[n][p].digit(i + 1));
                for k in 0..3 {
                    w[k] = w[k].madd_high(v[n][p][k], digit).madd_low(v[n][p][k], next);
                }
            }
            t[n] = step(&t[n], &w, &m_low, &m_high, zero);
        }
    }
    for n in 0..N {
        let mut w = [zero; 3];
        for p in 0..PAIRS {
            let digit = L::splat(proof, s[n][p].digit(DIGITS - 1));
            for k in 0..3 {
                w[k] = w[k].madd_high(v[n][p][k], digit);
            }
        }
        t[n] = step(&t[n], &w, &m_low, &m_high, zero);
    }
    t
}

/// (t + t₀·M)/2⁵² + w, where t₀ are the low 52 bits of the lowest word.
#[inline(always)]
fn step<L: Vector>(t: &Row<L>, w: &Row<L>, m_low: &Row<L>, m_high: &Row<L>, zero: L) -> Row<L> {
    // t₀ vanishes; what else the lowest word has is carried.
    let m = t[0].splat_first();
    let shifted = [
        t[0].words_from::<1>(t[1]).add(t[0].first_shr::<52>()),
        t[1].words_from::<1>(t[2]),
        t[2].words_from::<1>(zero),
    ];
    core::array::from_fn(|k| w[k].madd_low(m_low[k], m).add(shifted[k].madd_high(m_high[k], m)))
}
