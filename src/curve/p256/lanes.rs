//! Sums of table entries, eight at a time.

use super::field::{Fe, Mask};
use super::jacobian::Jacobian;
use crate::backend::ifma::lane::{Job, Lanes};
use crate::backend::ifma::p256x8::Fe8;
use crate::backend::p256::{Kernel, Limbs, TablePoint};

/// 2²⁵² : takes 2⁴ times a Montgomery form back to it.
const SIXTEENTH: Limbs = [0, 0, 0, 1 << 60];

/// Eight points in Jacobian coordinates. X and Y are below 2²⁵⁶ + 2²³¹ < 2p, Z below 2²⁵⁷.
#[derive(Clone, Copy)]
struct Jacobian8<L> {
    x: Fe8<L>,
    y: Fe8<L>,
    z: Fe8<L>,
}

impl<L: Lanes> Jacobian8<L> {
    /// self + other, where they are neither equal nor opposite, else Z = 0; also where Z was 0.
    ///
    /// EFD madd-2004-hmv, 8M + 3S, as [`Jacobian::add_distinct`]; other has x and y below 2²⁶⁰.
    #[inline(always)]
    fn add_affine(&self, proof: L::Proof, x_2: &Fe8<L>, y_2: &Fe8<L>) -> Self {
        let z_2 = self.z.square(proof); // < 2^257
        let u = x_2.mul(proof, &z_2); // < 2^257.6
        let z_3 = self.z.mul(proof, &z_2); // < 2^257
        let s = y_2.mul(proof, &z_3); // < 2^257.6
        let h = u.loose().sub(&self.x).add_p(proof, 2).carry(proof); // < 2^258.4
        let r = s.loose().sub(&self.y).add_p(proof, 2).carry(proof); // < 2^258.4
        let z = self.z.mul(proof, &h); // < 2^257
        let h_2 = h.square(proof); // < 2^257.5
        let r_2 = r.square(proof); // < 2^257.5
        let h_3 = h_2.mul(proof, &h); // < 2^257
        let v = self.x.mul(proof, &h_2); // < 2^256.3
        Self::finish(proof, &self.y, &r, &r_2, &h_3, &v, z)
    }

    /// The same for two Jacobian points: EFD add-1998-cmo-2, 12M + 4S.
    #[inline(always)]
    fn add(&self, proof: L::Proof, other: &Self) -> Self {
        let z1_2 = self.z.square(proof); // < 2^257
        let z2_2 = other.z.square(proof);
        let u1 = self.x.mul(proof, &z2_2); // < 2^256.4
        let u2 = other.x.mul(proof, &z1_2);
        let s1 = self.y.mul(proof, &other.z.mul(proof, &z2_2)); // < 2^256.4
        let s2 = other.y.mul(proof, &self.z.mul(proof, &z1_2));
        let h = u2.loose().sub(&u1).add_p(proof, 2).carry(proof); // < 2^257.8
        let r = s2.loose().sub(&s1).add_p(proof, 2).carry(proof);
        let h_2 = h.square(proof); // < 2^257
        let r_2 = r.square(proof);
        let h_3 = h_2.mul(proof, &h); // < 2^257
        let v = u1.mul(proof, &h_2); // < 2^256.3
        let z = self.z.mul(proof, &other.z).mul(proof, &h); // < 2^257
        Self::finish(proof, &s1, &r, &r_2, &h_3, &v, z)
    }

    /// X₃ = R² − H³ − 2V, Y₃ = R·(V − X₃) − S·H³.
    #[inline(always)]
    fn finish(
        proof: L::Proof,
        s: &Fe8<L>,
        r: &Fe8<L>,
        r_2: &Fe8<L>,
        h_3: &Fe8<L>,
        v: &Fe8<L>,
        z: Fe8<L>,
    ) -> Self {
        // 8p > H³ + 2V; the sum lies below 2^260
        let x = r_2.loose().sub(h_3).sub(v).sub(v).add_p(proof, 8).reduce(proof);
        let d = v.loose().sub(&x).add_p(proof, 2).carry(proof); // < 2^257.7
        let e = r.mul(proof, &d); // < 2^257.1
        let f = s.mul(proof, h_3); // < 2p
        let y = e.loose().sub(&f).add_p(proof, 2).reduce(proof);
        Self { x, y, z }
    }

    #[inline(always)]
    fn rotate<const N: i32>(&self) -> Self {
        Self { x: self.x.rotate::<N>(), y: self.y.rotate::<N>(), z: self.z.rotate::<N>() }
    }

    #[inline(always)]
    fn in_lanes(&self, proof: L::Proof, lanes: u8, other: &Self) -> Self {
        Self {
            x: self.x.in_lanes(proof, lanes, &other.x),
            y: self.y.in_lanes(proof, lanes, &other.y),
            z: self.z.in_lanes(proof, lanes, &other.z),
        }
    }
}

/// The sum of `count` ≥ 8 points, lane i taking those of number i modulo 8, in two halves: the even and
/// the odd numbers. `pick` gives a point by its number, and a mask that says to negate it.
///
/// Constant time, if `pick` is. Where two points that are added in a lane, or when the lanes are
/// added up, are equal or opposite, a half has Z = 0.
pub(super) fn halves<K: Kernel>(
    kernel: K,
    proof: <K::Lanes as Lanes>::Proof,
    count: usize,
    pick: impl Fn(usize) -> (TablePoint, Mask),
) -> [Jacobian<K>; 2] {
    debug_assert!(count >= 8);
    let [x, y, z] = <K::Lanes as Lanes>::run(proof, Sum::<K::Lanes, _> { proof, count, pick });
    let element = |integer: &Limbs| Fe::from_limbs(kernel, kernel.field_mul(&SIXTEENTH, integer));
    [0, 1].map(|i| Jacobian::new(element(&x[i]), element(&y[i]), element(&z[i])))
}

/// The sum in lanes; gives the coordinates of its halves as [`Fe8::to_integers`].
struct Sum<L: Lanes, F> {
    proof: L::Proof,
    count: usize,
    pick: F,
}

impl<L: Lanes, F: Fn(usize) -> (TablePoint, Mask)> Sum<L, F> {
    /// The points from number `start` on, x and y below 2²⁶⁰; in lanes beyond the last one, any.
    #[inline(always)]
    fn points(&self, start: usize) -> (Fe8<L>, Fe8<L>) {
        let proof = self.proof;
        let mut points = [TablePoint::ZERO; 8];
        let mut negative = [0; 8];
        for (i, (point, negative)) in points.iter_mut().zip(&mut negative).enumerate() {
            if start + i < self.count {
                (*point, *negative) = (self.pick)(start + i);
            }
        }
        let x = Fe8::from_table(proof, &points, false);
        let y = Fe8::from_table(proof, &points, true);
        // y = 16·y′ with y′ < p, so that 16p − y is positive, and below 2²⁶⁰.
        let opposite = Fe8::zero(proof).loose().sub(&y).add_p(proof, 16).carry(proof);
        (x, opposite.select(proof, &negative, &y))
    }
}

impl<L: Lanes, F: Fn(usize) -> (TablePoint, Mask)> Job for Sum<L, F> {
    type Output = [[Limbs; 2]; 3];

    #[inline(always)]
    fn run(self) -> Self::Output {
        let proof = self.proof;
        let (x, y) = self.points(0);
        let (x, y) = (x.loose().reduce(proof), y.loose().reduce(proof));
        let mut sum = Jacobian8 { x, y, z: Fe8::one(proof) };
        let mut start = 8;
        while start < self.count {
            let (x, y) = self.points(start);
            let next = sum.add_affine(proof, &x, &y);
            let left = self.count - start;
            sum = if left < 8 { next.in_lanes(proof, (1 << left) - 1, &sum) } else { next };
            start += 8;
        }
        let sum = sum.add(proof, &sum.rotate::<4>());
        let sum = sum.add(proof, &sum.rotate::<2>());
        [sum.x, sum.y, sum.z].map(|element| {
            let lanes = element.to_integers(proof);
            [lanes[0], lanes[1]]
        })
    }
}
