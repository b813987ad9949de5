//! Elements of the field of P-256 over an own backend's kernel.

use crate::backend::p256::{Kernel, Limbs};
use crate::backend::portable::limbs;
use crate::backend::portable::p256::{ONE, P, R_2, R_3};
use crate::backend::portable::safegcd::Modulus;
use core::ops::{Add, Mul, Sub};

/// All ones for yes, 0 for no: what constant-time code has in place of `bool`.
pub(super) type Mask = u64;

/// B of y² = x³ − 3x + B.
const B: Limbs = [0x3bce_3c3e_27d2_604b, 0x651d_06b0_cc53_b0f6, 0xb3eb_bd55_7698_86bc, 0x5ac6_35d8_aa3a_93e7];

/// p with the constants for inversion.
static MODULUS: Modulus = Modulus::new(&P);

/// An element in Montgomery form, in [0, p − 1]. All operations are constant time.
#[derive(Clone, Copy)]
pub(super) struct Fe<K> {
    limbs: Limbs,
    kernel: K,
}

impl<K: Kernel> Fe<K> {
    /// From Montgomery form.
    #[inline(always)]
    pub(super) fn from_limbs(kernel: K, limbs: Limbs) -> Self {
        debug_assert!(is_reduced(&limbs));
        Self { limbs, kernel }
    }

    /// Montgomery form.
    #[inline(always)]
    pub(super) fn limbs(&self) -> &Limbs {
        &self.limbs
    }

    #[inline(always)]
    pub(super) fn kernel(&self) -> K {
        self.kernel
    }

    pub(super) fn one(kernel: K) -> Self {
        Self { limbs: ONE, kernel }
    }

    /// From big-endian octets below p.
    pub(super) fn from_octets(kernel: K, octets: &[u8; 32]) -> Self {
        Self::from_integer(kernel, &limbs::from_octets(octets))
    }

    fn from_integer(kernel: K, integer: &Limbs) -> Self {
        debug_assert!(is_reduced(integer));
        Self { limbs: kernel.field_mul(integer, &R_2), kernel }
    }

    /// Big-endian octets.
    pub(super) fn to_octets(self) -> [u8; 32] {
        limbs::to_octets(&self.kernel.field_mul(&self.limbs, &[1, 0, 0, 0]))
    }

    #[inline(always)]
    pub(super) fn square(&self) -> Self {
        Self { limbs: self.kernel.field_square(&self.limbs), ..*self }
    }

    #[inline(always)]
    pub(super) fn double(&self) -> Self {
        *self + *self
    }

    #[inline(always)]
    pub(super) fn negate(&self) -> Self {
        Self { limbs: self.kernel.field_sub(&[0; 4], &self.limbs), ..*self }
    }

    /// −self where `mask` is set, for self ≠ 0.
    #[inline(always)]
    pub(super) fn negate_if(&self, mask: Mask) -> Self {
        Self { limbs: self.kernel.field_negate_if(mask, &self.limbs), ..*self }
    }

    #[inline(always)]
    pub(super) fn is_zero(&self) -> Mask {
        limbs::is_zero(&self.limbs)
    }

    #[inline(always)]
    pub(super) fn equals(&self, other: &Self) -> Mask {
        (*self - *other).is_zero()
    }

    /// `yes` where `mask` is set, else `no`. The mask passes a barrier.
    #[inline(always)]
    pub(super) fn select(mask: Mask, yes: &Self, no: &Self) -> Self {
        Self { limbs: limbs::select(limbs::barrier(mask), &yes.limbs, &no.limbs), ..*no }
    }

    /// 1/self, 0 for 0.
    pub(super) fn invert(&self) -> Self {
        // x·R gives 1/(x·R); times R³, and less one R, that is R/x.
        let inverse = self.kernel.invert(&self.limbs, &MODULUS);
        Self { limbs: self.kernel.field_mul(&inverse, &R_3), ..*self }
    }

    /// self^((p + 1)/4): a square root, if there is one, since p ≡ 3 mod 4. 253S + 7M.
    ///
    /// (p + 1)/4 = 2²⁵⁴ − 2²²² + 2¹⁹⁰ + 2⁹⁴ = ((2³² − 1)·2³² + 1)·2¹⁹⁰ + 2⁹⁴.
    pub(super) fn square_root_candidate(&self) -> Self {
        let times = |x: &Self, n: usize| {
            let mut limbs = x.limbs;
            self.kernel.square_times(&mut limbs, n);
            Self { limbs, ..*x }
        };
        let x_2 = times(self, 1) * *self; // exponent 2² − 1
        let x_4 = times(&x_2, 2) * x_2;
        let x_8 = times(&x_4, 4) * x_4;
        let x_16 = times(&x_8, 8) * x_8;
        let x_32 = times(&x_16, 16) * x_16; // 2³² − 1
        let top = times(&x_32, 32) * *self;
        let middle = times(&top, 96) * *self;
        times(&middle, 94)
    }

    /// x³ − 3x + B.
    pub(super) fn right_side(x: &Self) -> Self {
        let b = Self::from_integer(x.kernel, &B);
        (x.square() * *x) - (x.double() + *x) + b
    }
}

/// Replaces each element by its inverse, 0 by 0; one inversion and 3M for each element
/// (Montgomery's trick). `scratch` has as many elements.
pub(super) fn invert_all<K: Kernel>(elements: &mut [Fe<K>], scratch: &mut [Fe<K>]) {
    debug_assert_eq!(elements.len(), scratch.len());
    let Some(first) = elements.first() else { return };
    let one = Fe::one(first.kernel);
    let mut product = one;
    for (before, element) in scratch.iter_mut().zip(elements.iter()) {
        *before = product;
        // A zero must not spoil the product of the others.
        product = product * Fe::select(element.is_zero(), &one, element);
    }
    let mut inverse = product.invert();
    for (before, element) in scratch.iter().zip(elements.iter_mut()).rev() {
        let zero = element.is_zero();
        let of_this = inverse * *before;
        inverse = inverse * Fe::select(zero, &one, element);
        *element = Fe::select(zero, element, &of_this);
    }
}

/// Is the integer below p? Constant time but for the answer.
pub(super) fn is_reduced(integer: &Limbs) -> bool {
    limbs::sub(integer, &P).1 == 1
}

impl<K: Kernel> Add for Fe<K> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { limbs: self.kernel.field_add(&self.limbs, &other.limbs), ..self }
    }
}

impl<K: Kernel> Sub for Fe<K> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { limbs: self.kernel.field_sub(&self.limbs, &other.limbs), ..self }
    }
}

impl<K: Kernel> Mul for Fe<K> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self { limbs: self.kernel.field_mul(&self.limbs, &other.limbs), ..self }
    }
}
