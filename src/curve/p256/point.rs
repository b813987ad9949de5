//! Points: decoding is checking.

use super::{Table, is_field_element, is_on_curve};
use crate::backend::p256::{Base, PointOctets};
use crate::error::{DecodeError, Part, Problem};
use subtle::Choice;

/// An affine point of the curve, not the identity, hence of order q.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Point(PointOctets);

impl core::fmt::Debug for Point {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("04")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

#[cfg(not(feature = "__ctgrind"))]
impl crate::secret::Declassifiable for Point {}

impl Point {
    /// The generator G, in its encoded form as it enters HS.
    pub(crate) const GENERATOR_ENCODED: [u8; 65] = [
        0x04, //
        0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
        0xf2, //
        0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
        0x96, //
        0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e,
        0x16, //
        0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
    ];

    /// For points that an implementation computed from checked ones.
    pub(crate) fn from_checked(octets: PointOctets) -> Self {
        debug_assert!(is_on_curve(&octets));
        Self(octets)
    }

    /// Decodes `04 ‖ x ‖ y` (RFC 6507 §3.2): no other form, x and y below p, on the curve.
    ///
    /// Variable time: the octets are public.
    pub(crate) fn decode(part: Part, encoded: &[u8; 65]) -> Result<Self, DecodeError> {
        let (form, coordinates) = encoded.split_first().expect("65 octets");
        if *form != 4 {
            return Err(DecodeError::new(part, Problem::PointForm { expected: 4, got: *form }));
        }
        let point: PointOctets = coordinates.try_into().expect("64 octets");
        let (x, y) = halves(&point);
        if !is_field_element(x) || !is_field_element(y) {
            return Err(DecodeError::new(part, Problem::NotReduced));
        }
        if !is_on_curve(&point) {
            return Err(DecodeError::new(part, Problem::NotOnCurve));
        }
        Ok(Self(point))
    }

    /// Decodes `02 | 03 ‖ x` (SEC 1 §2.3.4). No point of this curve has y = 0, so that each point
    /// has exactly one such encoding.
    pub(crate) fn decompress(part: Part, encoded: &[u8; 33]) -> Result<Self, DecodeError> {
        let (form, x) = encoded.split_first().expect("33 octets");
        if *form & !1 != 2 {
            return Err(DecodeError::new(part, Problem::PointForm { expected: 2, got: *form }));
        }
        let x: &[u8; 32] = x.try_into().expect("32 octets");
        if !is_field_element(x) {
            return Err(DecodeError::new(part, Problem::NotReduced));
        }
        super::decompress(x, Choice::from(form & 1))
            .map(Self)
            .ok_or(DecodeError::new(part, Problem::NotOnCurve))
    }

    /// `04 ‖ x ‖ y`.
    pub(crate) fn encode(&self) -> [u8; 65] {
        let mut out = [4; 65];
        out[1..].copy_from_slice(&self.0);
        out
    }

    /// `02 | 03 ‖ x`.
    pub(crate) fn compress(&self) -> [u8; 33] {
        let mut out = [2 | (self.0[63] & 1); 33];
        out[1..].copy_from_slice(self.x());
        out
    }

    /// The x-coordinate, 32 octets.
    pub(crate) fn x(&self) -> &[u8; 32] {
        halves(&self.0).0
    }

    pub(super) fn as_octets(&self) -> &PointOctets {
        &self.0
    }

    /// The point for use in a combination, without a table.
    pub(crate) fn as_base(&self) -> Base<'_, Table> {
        Base { point: &self.0, table: None }
    }
}

fn halves(point: &PointOctets) -> (&[u8; 32], &[u8; 32]) {
    let (x, y) = point.split_at(32);
    (x.try_into().expect("32 octets"), y.try_into().expect("32 octets"))
}

/// A public point that is multiplied often, with or without a table of its multiples.
///
/// Clones share the table.
#[derive(Clone, Debug)]
pub(crate) struct BasePoint {
    point: Point,
    #[cfg(feature = "tables")]
    table: Option<alloc::sync::Arc<Table>>,
}

impl BasePoint {
    /// The bare point.
    pub(crate) fn new(point: Point) -> Self {
        Self {
            point,
            #[cfg(feature = "tables")]
            table: None,
        }
    }

    /// The same point with its table.
    #[cfg(feature = "tables")]
    pub(crate) fn prepared(self) -> Self {
        let Self { point, table } = self;
        let table = table.unwrap_or_else(|| alloc::sync::Arc::new(Table::new(&point.0)));
        Self { point, table: Some(table) }
    }

    pub(crate) fn point(&self) -> &Point {
        &self.point
    }

    pub(crate) fn as_base(&self) -> Base<'_, Table> {
        #[cfg(feature = "tables")]
        let table = self.table.as_deref();
        #[cfg(not(feature = "tables"))]
        let table = None;
        Base { point: &self.point.0, table }
    }
}

/// Equal when the points are: whether a table was built does not count.
impl PartialEq for BasePoint {
    fn eq(&self, other: &Self) -> bool {
        self.point == other.point
    }
}

impl Eq for BasePoint {}
