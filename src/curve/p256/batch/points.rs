//! Points in lanes.

use crate::backend::ifma::p256x8::{Fe8, below};
use crate::backend::ifma::vector::{Job, Vector};

/// N times eight elements. Operations go through them one after the other, so that their chains of
/// dependent instructions overlap.
pub(super) type Elements<L, const N: usize> = [Fe8<L>; N];

/// N times eight points in Jacobian coordinates: X and Y below 2²⁵⁶ + 2²³¹ < 2p, Z below 2^257.3.
#[derive(Clone, Copy)]
pub(super) struct Points<L, const N: usize> {
    pub(super) x: Elements<L, N>,
    pub(super) y: Elements<L, N>,
    pub(super) z: Elements<L, N>,
}

/// N times eight affine points, coordinates below 2²⁶⁰.
#[derive(Clone, Copy)]
pub(super) struct AffinePoints<L, const N: usize> {
    pub(super) x: Elements<L, N>,
    pub(super) y: Elements<L, N>,
}

/// N elements, by index. A loop: closures given to other functions are compiled without the CPU's
/// features, and not always inlined where they are there.
macro_rules! each {
    ($proof:expr, $i:ident => $element:expr) => {{
        let mut elements = [Fe8::zero($proof); N];
        for $i in 0..N {
            elements[$i] = $element;
        }
        elements
    }};
}

/// `below!` for each.
macro_rules! below_each {
    ($elements:expr, $power:literal) => {
        if cfg!(debug_assertions) {
            for element in $elements.iter() {
                below!(element, $power);
            }
        }
    };
}

#[inline(always)]
fn mul<L: Vector, const N: usize>(proof: L::Proof, a: &Elements<L, N>, b: &Elements<L, N>) -> Elements<L, N> {
    each!(proof, i => a[i].mul(proof, &b[i]))
}

#[inline(always)]
fn square<L: Vector, const N: usize>(proof: L::Proof, a: &Elements<L, N>) -> Elements<L, N> {
    each!(proof, i => a[i].square(proof))
}

impl<L: Vector, const N: usize> AffinePoints<L, N> {
    /// −self in the words where the mask is all ones, for coordinates below 16p.
    #[inline(always)]
    pub(super) fn negate_where(&mut self, proof: L::Proof, masks: &[L; N]) {
        for (y, mask) in self.y.iter_mut().zip(masks) {
            let opposite = Fe8::zero(proof).loose().sub(y).add_p(proof, 16).carry(proof);
            *y = Fe8::select(*mask, &opposite, y);
        }
    }
}

impl<L: Vector, const N: usize> Points<L, N> {
    #[inline(always)]
    pub(super) fn from_affine(proof: L::Proof, points: &AffinePoints<L, N>) -> Self {
        Self {
            x: each!(proof, i => points.x[i].loose().reduce(proof)),
            y: each!(proof, i => points.y[i].loose().reduce(proof)),
            z: [Fe8::one(proof); N],
        }
    }

    /// self ← \[2\]self; Z = 0 stays.
    #[inline(always)]
    pub(super) fn double(&mut self, proof: L::Proof) {
        L::call(proof, Double { proof, points: self });
    }

    /// self ← self + other where they are neither equal nor opposite, else Z = 0; also where Z was 0.
    #[inline(always)]
    pub(super) fn add_affine(&mut self, proof: L::Proof, other: &AffinePoints<L, N>) {
        L::call(proof, AddAffine { proof, points: self, other });
    }
}

struct Double<'a, L: Vector, const N: usize> {
    proof: L::Proof,
    points: &'a mut Points<L, N>,
}

impl<L: Vector, const N: usize> Job for Double<'_, L, N> {
    type Output = ();

    /// EFD dbl-2001-b with Z₃ = 2·Y₁·Z₁: 4M + 4S.
    #[inline(always)]
    fn run(self) {
        let Self { proof, points: Points { x, y, z } } = self;
        let delta = square(proof, z);
        below_each!(delta, 256.5);
        let gamma = square(proof, y);
        below_each!(gamma, 256.1);
        let minus = each!(proof, i => x[i].loose().sub(&delta[i]).add_p(proof, 2).carry(proof));
        below_each!(minus, 257.6);
        let plus = each!(proof, i => x[i].loose().add(&delta[i]).carry(proof));
        below_each!(plus, 257.3);
        let beta = mul(proof, x, &gamma);
        below_each!(beta, 256.1);
        let yz = mul(proof, y, z);
        below_each!(yz, 256.2);
        let t = mul(proof, &minus, &plus);
        below_each!(t, 256.6);
        let gamma_2 = square(proof, &gamma);
        below_each!(gamma_2, 256.1);
        let alpha = each!(proof, i => t[i].loose().twice().add(&t[i]).carry(proof));
        below_each!(alpha, 258.2);
        let alpha_2 = square(proof, &alpha);
        below_each!(alpha_2, 257.3);
        *z = each!(proof, i => yz[i].loose().twice().carry(proof));
        below_each!(z, 257.2);
        let beta_4 = each!(proof, i => beta[i].loose().twice().twice().carry(proof));
        below_each!(beta_4, 258.1);
        // 9p > 8β; the sum lies below 2^259.6
        *x = each!(proof, i => alpha_2[i].loose().sub(&beta_4[i]).sub(&beta_4[i]).add_p(proof, 9).reduce(proof));
        let d = each!(proof, i => beta_4[i].loose().sub(&x[i]).add_p(proof, 2).carry(proof));
        below_each!(d, 258.7);
        let e = mul(proof, &alpha, &d);
        below_each!(e, 257.6);
        // 9p > 8γ²; the sum lies below 2^259.6
        *y = each!(proof, i => {
            let gamma_8 = gamma_2[i].loose().twice().twice().twice().carry(proof);
            e[i].loose().sub(&gamma_8).add_p(proof, 9).reduce(proof)
        });
    }
}

struct AddAffine<'a, L: Vector, const N: usize> {
    proof: L::Proof,
    points: &'a mut Points<L, N>,
    other: &'a AffinePoints<L, N>,
}

impl<L: Vector, const N: usize> Job for AddAffine<'_, L, N> {
    type Output = ();

    /// EFD madd-2004-hmv, 8M + 3S.
    #[inline(always)]
    fn run(self) {
        let Self { proof, points: Points { x, y, z }, other } = self;
        let z_2 = square(proof, z);
        below_each!(z_2, 256.5);
        let u = mul(proof, &other.x, &z_2);
        below_each!(u, 257.3);
        let z_3 = mul(proof, z, &z_2);
        below_each!(z_3, 256.3);
        let s = mul(proof, &other.y, &z_3);
        below_each!(s, 257.2);
        let h = each!(proof, i => u[i].loose().sub(&x[i]).add_p(proof, 2).carry(proof));
        below_each!(h, 258.2);
        let r = each!(proof, i => s[i].loose().sub(&y[i]).add_p(proof, 2).carry(proof));
        below_each!(r, 258.2);
        let h_2 = square(proof, &h);
        below_each!(h_2, 257.2);
        let r_2 = square(proof, &r);
        below_each!(r_2, 257.2);
        *z = mul(proof, z, &h);
        below_each!(z, 256.8);
        let h_3 = mul(proof, &h_2, &h);
        below_each!(h_3, 256.7);
        let v = mul(proof, x, &h_2);
        below_each!(v, 256.2);
        let f = mul(proof, y, &h_3);
        below_each!(f, 256.2);
        // 8p > H³ + 2V; the sum lies below 2^259.4
        *x = each!(proof, i => r_2[i].loose().sub(&h_3[i]).sub(&v[i]).sub(&v[i]).add_p(proof, 8).reduce(proof));
        let d = each!(proof, i => v[i].loose().sub(&x[i]).add_p(proof, 2).carry(proof));
        below_each!(d, 257.7);
        let e = mul(proof, &r, &d);
        below_each!(e, 257);
        *y = each!(proof, i => e[i].loose().sub(&f[i]).add_p(proof, 2).reduce(proof));
    }
}

/// N times eight points (X/ZZ, Y/ZZZ), ZZ³ = ZZZ²: sums without doublings. X and Y below 2²⁵⁶ + 2²³¹ <
/// 2p, ZZ and ZZZ below 2^257.1.
#[derive(Clone, Copy)]
pub(super) struct Sums<L, const N: usize> {
    pub(super) x: Elements<L, N>,
    pub(super) y: Elements<L, N>,
    pub(super) zz: Elements<L, N>,
    pub(super) zzz: Elements<L, N>,
}

impl<L: Vector, const N: usize> Sums<L, N> {
    #[inline(always)]
    pub(super) fn from_affine(proof: L::Proof, points: &AffinePoints<L, N>) -> Self {
        let Points { x, y, z } = Points::from_affine(proof, points);
        Self { x, y, zz: z, zzz: z }
    }

    /// self ← self + other where they are neither equal nor opposite, else ZZZ = 0; also where it was 0.
    #[inline(always)]
    pub(super) fn add_affine(&mut self, proof: L::Proof, other: &AffinePoints<L, N>) {
        L::call(proof, AddToSums { proof, sums: self, other });
    }
}

struct AddToSums<'a, L: Vector, const N: usize> {
    proof: L::Proof,
    sums: &'a mut Sums<L, N>,
    other: &'a AffinePoints<L, N>,
}

impl<L: Vector, const N: usize> Job for AddToSums<'_, L, N> {
    type Output = ();

    /// EFD madd-2008-s for XYZZ coordinates, 8M + 2S.
    #[inline(always)]
    fn run(self) {
        let Self { proof, sums: Sums { x, y, zz, zzz }, other } = self;
        let u = mul(proof, &other.x, zz);
        below_each!(u, 257.7);
        let s = mul(proof, &other.y, zzz);
        below_each!(s, 257.7);
        let p = each!(proof, i => u[i].loose().sub(&x[i]).add_p(proof, 2).carry(proof));
        below_each!(p, 258.4);
        let r = each!(proof, i => s[i].loose().sub(&y[i]).add_p(proof, 2).carry(proof));
        below_each!(r, 258.4);
        let pp = square(proof, &p);
        below_each!(pp, 257.5);
        let r_2 = square(proof, &r);
        below_each!(r_2, 257.5);
        let ppp = mul(proof, &pp, &p);
        below_each!(ppp, 257);
        let q = mul(proof, x, &pp);
        below_each!(q, 256.3);
        *zz = mul(proof, zz, &pp);
        below_each!(zz, 256.7);
        *zzz = mul(proof, zzz, &ppp);
        below_each!(zzz, 256.4);
        let f = mul(proof, y, &ppp);
        below_each!(f, 256.2);
        // 8p > PPP + 2Q; the sum lies below 2^259.5
        *x = each!(proof, i => r_2[i].loose().sub(&ppp[i]).sub(&q[i]).sub(&q[i]).add_p(proof, 8).reduce(proof));
        let d = each!(proof, i => q[i].loose().sub(&x[i]).add_p(proof, 2).carry(proof));
        below_each!(d, 257.8);
        let e = mul(proof, &r, &d);
        below_each!(e, 257.2);
        *y = each!(proof, i => e[i].loose().sub(&f[i]).add_p(proof, 2).reduce(proof));
    }
}
