//! Points in Jacobian coordinates: (X, Y, Z) is (X/Z², Y/Z³), Z = 0 the identity. Formulas from the
//! Explicit-Formulas Database, "Jacobian coordinates with a4 = −3 for short Weierstrass curves".

use super::field::{Fe, Mask, invert_all};
use crate::backend::p256::{Kernel, PointOctets, TablePoint};

/// An affine point, not the identity.
#[derive(Clone, Copy)]
pub(super) struct Affine<K> {
    pub(super) x: Fe<K>,
    pub(super) y: Fe<K>,
}

impl<K: Kernel> Affine<K> {
    pub(super) fn from_octets(kernel: K, octets: &PointOctets) -> Self {
        let (x, y) = octets.split_at(32);
        let element = |octets: &[u8]| Fe::from_octets(kernel, octets.try_into().expect("32 octets"));
        Self { x: element(x), y: element(y) }
    }

    pub(super) fn to_octets(self) -> PointOctets {
        let mut octets = [0; 64];
        octets[..32].copy_from_slice(&self.x.to_octets());
        octets[32..].copy_from_slice(&self.y.to_octets());
        octets
    }

    #[inline(always)]
    pub(super) fn from_table(kernel: K, entry: &TablePoint) -> Self {
        Self { x: Fe::from_limbs(kernel, entry.x), y: Fe::from_limbs(kernel, entry.y) }
    }

    pub(super) fn to_table(self) -> TablePoint {
        TablePoint { x: *self.x.limbs(), y: *self.y.limbs() }
    }

    /// −self where `mask` is set. Constant time.
    #[inline(always)]
    pub(super) fn negate_if(&self, mask: Mask) -> Self {
        Self { x: self.x, y: self.y.negate_if(mask) } // no point of the curve has y = 0
    }

    pub(super) fn is_on_curve(&self) -> bool {
        self.y.square().equals(&Fe::right_side(&self.x)) != 0
    }
}

/// Any point.
#[derive(Clone, Copy)]
pub(super) struct Jacobian<K> {
    pub(super) x: Fe<K>,
    pub(super) y: Fe<K>,
    pub(super) z: Fe<K>,
}

impl<K: Kernel> From<Affine<K>> for Jacobian<K> {
    fn from(point: Affine<K>) -> Self {
        Self { x: point.x, y: point.y, z: Fe::one(point.x.kernel()) }
    }
}

impl<K: Kernel> Jacobian<K> {
    pub(super) fn identity(kernel: K) -> Self {
        Self { x: Fe::one(kernel), y: Fe::one(kernel), z: Fe::zero(kernel) }
    }

    pub(super) fn is_identity(&self) -> Mask {
        self.z.is_zero()
    }

    fn kernel(&self) -> K {
        self.x.kernel()
    }

    /// \[2\]self, also for the identity. No point of the curve has y = 0. Constant time.
    ///
    /// EFD dbl-2001-b with Z₃ = 2·Y₁·Z₁, 4M + 4S: a product more and a square less than there, and
    /// three additions fewer. In place, as all that follows: a copy would read as vectors what was
    /// written word by word, which CPUs do not forward.
    #[inline(never)]
    pub(super) fn double(&mut self) {
        let delta = self.z.square();
        let gamma_2 = self.y.square().double(); // 2Y²
        let t = (self.x - delta) * (self.x + delta);
        let beta_4 = (self.x * gamma_2).double(); // 4XY²
        let alpha = t.double() + t; // 3(X − Z²)(X + Z²)
        self.z = (self.y * self.z).double();
        self.x = alpha.square() - beta_4.double();
        self.y = alpha * (beta_4 - self.x) - gamma_2.square().double(); // … − 8Y⁴
    }

    /// self + other, for self ≠ ±other, and self not the identity. Constant time.
    ///
    /// EFD madd-2004-hmv, 8M + 3S. For self = ±other it gives Z = 0, and returns whether it was
    /// self = other.
    #[inline(always)]
    fn add_unchecked(&mut self, other: &Affine<K>) -> (Fe<K>, Fe<K>) {
        let z_2 = self.z.square();
        let h = other.x * z_2 - self.x;
        let r = other.y * (z_2 * self.z) - self.y;
        self.z = self.z * h;
        let h_2 = h.square();
        let v = self.x * h_2;
        let h_3 = h_2 * h;
        self.x = r.square() - h_3 - v.double();
        self.y = r * (v - self.x) - self.y * h_3;
        (h, r)
    }

    /// self + other, for self ≠ ±other, and self not the identity. Constant time.
    #[inline(never)]
    pub(super) fn add_distinct(&mut self, other: &Affine<K>) {
        debug_assert!(self.is_identity() == 0);
        let (h, _) = self.add_unchecked(other);
        debug_assert!(h.is_zero() == 0, "equal or opposite points, which the caller rules out");
    }

    /// self + other, for self ≠ −other, and self not the identity. Constant time.
    #[inline(never)]
    pub(super) fn add_or_double(&mut self, other: &Affine<K>) {
        let mut twice = *self;
        twice.double();
        let (h, r) = self.add_unchecked(other);
        *self = Self::select(h.is_zero() & r.is_zero(), &twice, self);
    }

    /// self + other, whatever they are. Constant time; 16M + 8S.
    #[inline(never)]
    pub(super) fn add_complete(&self, other: &Self) -> Self {
        let mut twice = *self;
        twice.double();
        let (sum, h, r) = self.add_general(other);
        let sum = Self::select(h.is_zero() & r.is_zero(), &twice, &sum);
        let sum = Self::select(other.is_identity(), self, &sum);
        Self::select(self.is_identity(), other, &sum)
    }

    /// self + other for public points.
    #[inline(never)]
    pub(super) fn add_affine_vartime(&mut self, other: &Affine<K>) {
        if self.is_identity() != 0 {
            self.x = other.x;
            self.y = other.y;
            self.z = Fe::one(self.kernel());
            return;
        }
        let before = *self;
        let (h, r) = self.add_unchecked(other);
        if h.is_zero() & r.is_zero() != 0 {
            *self = before;
            self.double();
        }
    }

    /// EFD add-1998-cmo-2, 12M + 4S, for points that are neither equal nor the identity; gives Z = 0 for
    /// opposite ones. H and R are 0 where x and y are equal.
    #[inline(always)]
    fn add_general(&self, other: &Self) -> (Self, Fe<K>, Fe<K>) {
        let (z1_2, z2_2) = (self.z.square(), other.z.square());
        let u1 = self.x * z2_2;
        let s1 = self.y * (z2_2 * other.z);
        let h = other.x * z1_2 - u1;
        let r = other.y * (z1_2 * self.z) - s1;
        let h_2 = h.square();
        let h_3 = h_2 * h;
        let v = u1 * h_2;
        let x = r.square() - h_3 - v.double();
        (Self { x, y: r * (v - x) - s1 * h_3, z: self.z * other.z * h }, h, r)
    }

    /// self + other for public points.
    #[inline(never)]
    pub(super) fn add_vartime(&self, other: &Self) -> Self {
        if self.is_identity() != 0 {
            return *other;
        }
        if other.is_identity() != 0 {
            return *self;
        }
        let (mut sum, h, r) = self.add_general(other);
        if h.is_zero() & r.is_zero() != 0 {
            sum = *self;
            sum.double();
        }
        sum
    }

    #[inline(always)]
    pub(super) fn select(mask: Mask, yes: &Self, no: &Self) -> Self {
        Self {
            x: Fe::select(mask, &yes.x, &no.x),
            y: Fe::select(mask, &yes.y, &no.y),
            z: Fe::select(mask, &yes.z, &no.z),
        }
    }

    /// −self where `mask` is set. Constant time.
    pub(super) fn negate_if(&mut self, mask: Mask) {
        self.y = Fe::select(mask, &self.y.negate(), &self.y);
    }

    /// The affine point; (0, 0) for the identity. Constant time.
    pub(super) fn to_affine(self) -> Affine<K> {
        self.scale(&self.z.invert())
    }

    fn scale(&self, z_inverse: &Fe<K>) -> Affine<K> {
        let z_2 = z_inverse.square();
        Affine { x: self.x * z_2, y: self.y * (z_2 * *z_inverse) }
    }
}

/// The affine points, (0, 0) for the identity; one inversion for at most `N` points. Constant time.
pub(super) fn normalize<K: Kernel, const N: usize>(
    points: &[Jacobian<K>],
    mut put: impl FnMut(usize, Affine<K>),
) {
    debug_assert!(points.len() <= N);
    let Some(first) = points.first() else { return };
    let (mut z, mut scratch) = ([first.z; N], [first.z; N]);
    let (z, scratch) = (&mut z[..points.len()], &mut scratch[..points.len()]);
    for (z, point) in z.iter_mut().zip(points) {
        *z = point.z;
    }
    invert_all(z, scratch);
    for (i, (point, z)) in points.iter().zip(z.iter()).enumerate() {
        put(i, point.scale(z));
    }
}
