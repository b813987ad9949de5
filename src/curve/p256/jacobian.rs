//! Points in Jacobian coordinates: (X, Y, Z) is (X/Z², Y/Z³), Z = 0 the identity. Formulas from the
//! Explicit-Formulas Database, "Jacobian coordinates with a4 = −3 for short Weierstrass curves".

use super::field::{Fe, Mask, invert_all};
use crate::backend::p256::{Kernel, Limbs, PointOctets, TablePoint};
use crate::backend::portable::limbs;
use crate::backend::portable::p256::ONE;

/// An affine point, not the identity.
#[derive(Clone, Copy)]
pub(super) struct Affine<K> {
    pub(super) x: Fe<K>,
    pub(super) y: Fe<K>,
}

/// The integers x and y.
pub(super) fn coordinates(point: &PointOctets) -> [Limbs; 2] {
    let (x, y) = point.split_at(32);
    [x, y].map(|octets| limbs::from_octets(octets.try_into().expect("32 octets")))
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

    #[cfg(feature = "tables")]
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

#[cfg(not(feature = "__ctgrind"))]
impl<K> crate::secret::Declassifiable for Affine<K> {}

/// Any point.
#[derive(Clone, Copy)]
pub(super) struct Jacobian<K> {
    limbs: [Limbs; 3],
    kernel: K,
}

impl<K: Kernel> From<Affine<K>> for Jacobian<K> {
    fn from(point: Affine<K>) -> Self {
        Self::new(point.x, point.y, Fe::one(point.x.kernel()))
    }
}

impl<K: Kernel> Jacobian<K> {
    #[inline(always)]
    pub(super) fn new(x: Fe<K>, y: Fe<K>, z: Fe<K>) -> Self {
        Self { limbs: [*x.limbs(), *y.limbs(), *z.limbs()], kernel: x.kernel() }
    }

    /// With Z = 1.
    #[inline(always)]
    pub(super) fn from_table(kernel: K, entry: &TablePoint) -> Self {
        Self { limbs: [entry.x, entry.y, ONE], kernel }
    }

    pub(super) fn identity(kernel: K) -> Self {
        Self { limbs: [ONE, ONE, [0; 4]], kernel }
    }

    #[inline(always)]
    pub(super) fn x(&self) -> Fe<K> {
        Fe::from_limbs(self.kernel, self.limbs[0])
    }

    #[inline(always)]
    pub(super) fn y(&self) -> Fe<K> {
        Fe::from_limbs(self.kernel, self.limbs[1])
    }

    #[inline(always)]
    pub(super) fn z(&self) -> Fe<K> {
        Fe::from_limbs(self.kernel, self.limbs[2])
    }

    pub(super) fn is_identity(&self) -> Mask {
        self.z().is_zero()
    }

    /// \[2\]self, also for the identity. No point of the curve has y = 0. Constant time.
    ///
    /// In place, as all that follows: a copy would read as vectors what was written word by word,
    /// which CPUs do not forward.
    pub(super) fn double(&mut self) {
        self.double_times(1);
    }

    /// \[2^times\]self.
    #[inline(never)]
    pub(super) fn double_times(&mut self, times: usize) {
        self.kernel.double(&mut self.limbs, times);
    }

    /// The same point over the Z of its double, as if that were 1; and the double.
    pub(super) fn with_double(&self) -> (Self, Self) {
        let mut double = *self;
        double.double(); // Z₃ = Y·Z
        let factor_2 = self.y().square();
        let x = self.x() * factor_2;
        let y = factor_2.square();
        (Self::new(x, y, Fe::one(self.kernel)), double)
    }

    /// X and Y, as if Z were 1.
    pub(super) fn over_own_z(&self) -> TablePoint {
        TablePoint { x: self.limbs[0], y: self.limbs[1] }
    }

    /// The point with its Z times that of another.
    pub(super) fn times_z(&self, other: &Self) -> Self {
        Self::new(self.x(), self.y(), self.z() * other.z())
    }

    /// self + other, for self ≠ ±other and neither the identity, else Z = 0; on any curve isomorphic to
    /// this one.
    #[inline(never)]
    pub(super) fn add_unchecked(&mut self, other: &TablePoint) {
        self.kernel.add_affine(&mut self.limbs, other);
    }

    /// self + other, for self ≠ ±other, and self not the identity. Constant time.
    #[inline(never)]
    pub(super) fn add_distinct(&mut self, other: &TablePoint) {
        debug_assert!(self.is_identity() == 0);
        self.kernel.add_affine(&mut self.limbs, other);
        debug_assert!(self.is_identity() == 0, "equal or opposite points, which the caller rules out");
    }

    /// self + other, for self ≠ −other, and self not the identity. Constant time.
    #[inline(never)]
    pub(super) fn add_or_double(&mut self, other: &TablePoint) {
        let mut twice = *self;
        twice.double();
        self.kernel.add_affine(&mut self.limbs, other);
        *self = Self::select(self.is_identity(), &twice, self);
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
    pub(super) fn add_affine_vartime(&mut self, other: &TablePoint) {
        if self.is_identity() != 0 {
            *self = Self::from_table(self.kernel, other);
            return;
        }
        let before = *self;
        self.kernel.add_affine(&mut self.limbs, other);
        if self.is_identity() != 0 {
            *self = before.add_vartime(&Self::from_table(self.kernel, other));
        }
    }

    /// EFD add-1998-cmo-2, 12M + 4S, for points that are neither equal nor the identity; gives Z = 0 for
    /// opposite ones. H and R are 0 where x and y are equal.
    #[inline(always)]
    fn add_general(&self, other: &Self) -> (Self, Fe<K>, Fe<K>) {
        let (z_1, z_2) = (self.z(), other.z());
        let (z1_2, z2_2) = (z_1.square(), z_2.square());
        let u1 = self.x() * z2_2;
        let s1 = self.y() * (z2_2 * z_2);
        let h = other.x() * z1_2 - u1;
        let r = other.y() * (z1_2 * z_1) - s1;
        let h_2 = h.square();
        let h_3 = h_2 * h;
        let v = u1 * h_2;
        let x = r.square() - h_3 - v.double();
        (Self::new(x, r * (v - x) - s1 * h_3, z_1 * z_2 * h), h, r)
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
        Self::new(
            Fe::select(mask, &yes.x(), &no.x()),
            Fe::select(mask, &yes.y(), &no.y()),
            Fe::select(mask, &yes.z(), &no.z()),
        )
    }

    /// −self where `mask` is set. Constant time.
    pub(super) fn negate_if(&mut self, mask: Mask) {
        let y = self.y();
        self.limbs[1] = *Fe::select(mask, &y.negate(), &y).limbs();
    }

    /// The affine point; (0, 0) for the identity. Constant time.
    pub(super) fn to_affine(self) -> Affine<K> {
        self.scale(&self.z().invert())
    }

    fn scale(&self, z_inverse: &Fe<K>) -> Affine<K> {
        let z_2 = z_inverse.square();
        Affine { x: self.x() * z_2, y: self.y() * (z_2 * *z_inverse) }
    }
}

/// A sum of entries of tables as (X, Y, Z², Z³): an addition costs less than in Jacobian coordinates, a doubling more.
pub(super) struct Sum<K> {
    limbs: [Limbs; 4],
    kernel: K,
}

impl<K: Kernel> Sum<K> {
    #[inline(always)]
    pub(super) fn new(kernel: K, first: &TablePoint) -> Self {
        Self { limbs: [first.x, first.y, ONE, ONE], kernel }
    }

    /// Is Z = 0? So it is after an addition of equal or opposite points, and ever since.
    pub(super) fn is_degenerate(&self) -> Mask {
        limbs::is_zero(&self.limbs[2])
    }

    /// self + other, for self ≠ ±other, else Z = 0. Constant time.
    #[inline(always)]
    pub(super) fn add(&mut self, other: &TablePoint) {
        self.kernel.add_to_sum(&mut self.limbs, other);
    }

    /// The same, and `row[n]` to `found`, all of which it reads.
    #[inline(always)]
    pub(super) fn add_and_look_up(
        &mut self,
        other: &TablePoint,
        row: &[TablePoint],
        n: u64,
        found: &mut TablePoint,
    ) {
        self.kernel.add_to_sum_and_look_up(&mut self.limbs, other, row, n, found);
    }

    /// The point, with Z² for Z: (X·Z², Y·Z³, Z²). 2M.
    pub(super) fn to_jacobian(&self) -> Jacobian<K> {
        let [x, y, zz, zzz] = self.limbs.map(|limbs| Fe::from_limbs(self.kernel, limbs));
        Jacobian::new(x * zz, y * zzz, zz)
    }
}

/// The affine points, (0, 0) for the identity; one inversion for at most `N` points. Constant time.
pub(super) fn normalize<K: Kernel, const N: usize>(
    points: &[Jacobian<K>],
    mut put: impl FnMut(usize, Affine<K>),
) {
    debug_assert!(points.len() <= N);
    let Some(first) = points.first() else { return };
    let (mut z, mut scratch) = ([first.z(); N], [first.z(); N]);
    let (z, scratch) = (&mut z[..points.len()], &mut scratch[..points.len()]);
    for (z, point) in z.iter_mut().zip(points) {
        *z = point.z();
    }
    invert_all(z, scratch);
    for (i, (point, z)) in points.iter().zip(z.iter()).enumerate() {
        put(i, point.scale(z));
    }
}
