//! Scalars in lanes, as odd digits: [`recode::Digits`](super::super::recode::Digits) of eight at a time.

use super::super::recode::make_odd;
use crate::backend::ifma::p256x8::words;
use crate::backend::ifma::vector::Vector;
use crate::backend::p256::Limbs;

/// Eight scalars; each made odd, if need be by its negative.
#[derive(Clone, Copy)]
pub(super) struct LaneDigits<L> {
    k: [L; 4],
    /// All ones where the negative is recoded.
    negated: L,
    width: usize,
}

/// Eight odd digits ±(2·half + 1); `negative` is a mask.
#[derive(Clone, Copy)]
pub(super) struct LaneDigit<L> {
    pub(super) negative: L,
    pub(super) half: L,
}

impl<L: Vector> LaneDigits<L> {
    /// For scalars in [1, q − 1].
    #[inline(always)]
    pub(super) fn new(proof: L::Proof, scalars: &[Limbs; 8], width: usize) -> Self {
        let odd = scalars.map(|k| make_odd(&k));
        let negated = L::load(proof, &odd.map(|(_, negated)| negated));
        Self { k: words(proof, &odd.map(|(k, _)| k)), negated, width }
    }

    /// Digit i. Constant time; i is public.
    #[inline(always)]
    pub(super) fn get(&self, proof: L::Proof, i: usize) -> LaneDigit<L> {
        self.get_of_width(proof, i, self.width)
    }

    /// The same, for a width that the compiler knows.
    #[inline(always)]
    pub(super) fn get_of_width(&self, proof: L::Proof, i: usize, width: usize) -> LaneDigit<L> {
        debug_assert_eq!(width, self.width);
        let Self { k, negated, .. } = self;
        let at = i * width + 1;
        let (limb, bit) = (at / 64, (at % 64) as u32);
        let zero = L::splat(proof, 0);
        let limb_or_zero = |i: usize| if i < 4 { k[i] } else { zero };
        let mut u = limb_or_zero(limb).shr_by(bit).or(limb_or_zero(limb + 1).shl::<1>().shl_by(63 - bit));
        // The last one, without a division.
        if at + width > 256 {
            u = u.or(L::splat(proof, 1 << (width - 1)));
        }
        let one = L::splat(proof, 1);
        let negative = u.shr_by(width as u32 - 1).and(one).sub(one);
        let half = u.xor(negative).and(L::splat(proof, (1 << (width - 1)) - 1));
        LaneDigit { negative: negative.xor(*negated), half }
    }
}
