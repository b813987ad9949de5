//! NIST P-256 in affine coordinates over big integers, by the chord-and-tangent rule.

use num_bigint::BigUint;
use std::sync::LazyLock;

/// The field prime p.
pub static P: LazyLock<BigUint> =
    LazyLock::new(|| number("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"));
/// The constant term B of y² = x³ − 3x + B.
pub static B: LazyLock<BigUint> =
    LazyLock::new(|| number("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"));
/// The order q of the base point, a prime.
pub static Q: LazyLock<BigUint> =
    LazyLock::new(|| number("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"));
/// The base point G.
pub static G: LazyLock<Point> = LazyLock::new(|| {
    Point::affine(
        number("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
        number("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
    )
});

/// \[2^i\]G for each bit of a scalar.
static G_DOUBLED: LazyLock<Vec<Point>> = LazyLock::new(|| {
    std::iter::successors(Some(G.clone()), |point| Some(point.add(point))).take(256).collect()
});

/// \[k\]G for k below 2²⁵⁶: the sum of \[2^i\]G over the bits i of k.
pub fn mul_g(k: &BigUint) -> Point {
    let mut sum = Jacobian(None);
    for bit in (0..256).filter(|bit| k.bit(*bit)) {
        let (x, y) = G_DOUBLED[bit as usize].0.as_ref().expect("q is odd");
        sum = sum.add_affine(x, y);
    }
    sum.to_affine()
}

/// Reads a hexadecimal constant.
pub fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).expect("hexadecimal")
}

/// The number that 32 (or any number of) big-endian octets stand for.
pub fn from_octets(octets: &[u8]) -> BigUint {
    BigUint::from_bytes_be(octets)
}

/// `value` as 32 big-endian octets.
pub fn to_octets(value: &BigUint) -> [u8; 32] {
    let short = value.to_bytes_be();
    let mut octets = [0; 32];
    octets[32 - short.len()..].copy_from_slice(&short);
    octets
}

/// a − b mod m, for a and b below m.
pub fn sub_mod(a: &BigUint, b: &BigUint, m: &BigUint) -> BigUint {
    (a + m - b) % m
}

/// a⁻¹ mod m. Panics when there is none.
pub fn inverse(a: &BigUint, m: &BigUint) -> BigUint {
    a.modinv(m).expect("no inverse")
}

/// A square root of `a` mod p, which is 3 mod 4.
pub fn square_root(a: &BigUint) -> Option<BigUint> {
    let root = a.modpow(&((&*P + 1u32) / 4u32), &P);
    (&root * &root % &*P == a % &*P).then_some(root)
}

/// x³ − 3x + B mod p.
pub fn right_side(x: &BigUint) -> BigUint {
    let cube = x * x * x;
    (cube + &*B + 3u32 * (&*P - x % &*P)) % &*P
}

/// A point of the curve, `None` for the identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point(pub Option<(BigUint, BigUint)>);

/// Why octets are no point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointFault {
    Length,
    Form,
    NotReduced,
    NotOnCurve,
}

impl Point {
    pub const IDENTITY: Self = Self(None);

    /// The point (x, y). Panics off the curve.
    pub fn affine(x: BigUint, y: BigUint) -> Self {
        assert!(x < *P && y < *P && &y * &y % &*P == right_side(&x), "not on the curve");
        Self(Some((x, y)))
    }

    pub fn is_identity(&self) -> bool {
        self.0.is_none()
    }

    /// The x-coordinate. Panics for the identity.
    pub fn x(&self) -> &BigUint {
        &self.0.as_ref().expect("the identity has no coordinates").0
    }

    pub fn negate(&self) -> Self {
        Self(self.0.as_ref().map(|(x, y)| (x.clone(), sub_mod(&BigUint::ZERO, y, &P))))
    }

    pub fn add(&self, other: &Self) -> Self {
        let (Some((x1, y1)), Some((x2, y2))) = (&self.0, &other.0) else {
            return if self.is_identity() { other.clone() } else { self.clone() };
        };
        let slope = if x1 != x2 {
            // chord
            sub_mod(y2, y1, &P) * inverse(&sub_mod(x2, x1, &P), &P) % &*P
        } else if y1 == y2 {
            // tangent: (3x² − 3) / 2y; y is never zero, the order being odd
            let numerator = (3u32 * x1 * x1 + &*P - 3u32) % &*P;
            numerator * inverse(&(2u32 * y1 % &*P), &P) % &*P
        } else {
            return Self::IDENTITY;
        };
        let x3 = sub_mod(&sub_mod(&(&slope * &slope % &*P), x1, &P), x2, &P);
        let y3 = sub_mod(&(slope * sub_mod(x1, &x3, &P) % &*P), y1, &P);
        Self(Some((x3, y3)))
    }

    pub fn sub(&self, other: &Self) -> Self {
        self.add(&other.negate())
    }

    /// \[k\]self by double-and-add over [`Self::add`]: the definition, and too slow to use much.
    pub fn mul_by_definition(&self, k: &BigUint) -> Self {
        let mut sum = Self::IDENTITY;
        for bit in (0..k.bits()).rev() {
            sum = sum.add(&sum);
            if k.bit(bit) {
                sum = sum.add(self);
            }
        }
        sum
    }

    /// \[k\]self, the same double-and-add with one inversion at the end.
    pub fn mul(&self, k: &BigUint) -> Self {
        let Some((x, y)) = &self.0 else { return Self::IDENTITY };
        let mut sum = Jacobian(None);
        for bit in (0..k.bits()).rev() {
            sum = sum.double();
            if k.bit(bit) {
                sum = sum.add_affine(x, y);
            }
        }
        sum.to_affine()
    }

    /// 04 ‖ x ‖ y. Panics for the identity, which has no encoding.
    pub fn encode(&self) -> [u8; 65] {
        let (x, y) = self.0.as_ref().expect("the identity has no encoding");
        let mut octets = [4; 65];
        octets[1..33].copy_from_slice(&to_octets(x));
        octets[33..].copy_from_slice(&to_octets(y));
        octets
    }

    /// 02 or 03 ‖ x.
    pub fn compress(&self) -> [u8; 33] {
        let (x, y) = self.0.as_ref().expect("the identity has no encoding");
        let mut octets = [2 + u8::from(y.bit(0)); 33];
        octets[1..].copy_from_slice(&to_octets(x));
        octets
    }

    /// Reads 04 ‖ x ‖ y, both below p and on the curve.
    pub fn decode(octets: &[u8]) -> Result<Self, PointFault> {
        if octets.len() != 65 {
            return Err(PointFault::Length);
        }
        if octets[0] != 4 {
            return Err(PointFault::Form);
        }
        let (x, y) = (from_octets(&octets[1..33]), from_octets(&octets[33..]));
        if x >= *P || y >= *P {
            return Err(PointFault::NotReduced);
        }
        if &y * &y % &*P != right_side(&x) {
            return Err(PointFault::NotOnCurve);
        }
        Ok(Self::affine(x, y))
    }

    /// Reads 02 or 03 ‖ x.
    pub fn decompress(octets: &[u8]) -> Result<Self, PointFault> {
        if octets.len() != 33 {
            return Err(PointFault::Length);
        }
        if octets[0] != 2 && octets[0] != 3 {
            return Err(PointFault::Form);
        }
        let x = from_octets(&octets[1..]);
        if x >= *P {
            return Err(PointFault::NotReduced);
        }
        let root = square_root(&right_side(&x)).ok_or(PointFault::NotOnCurve)?;
        let same_parity = root.bit(0) == (octets[0] == 3);
        let y = if same_parity { root } else { &*P - root };
        Ok(Self::affine(x, y))
    }
}

/// (X, Y, Z) for the point (X/Z², Y/Z³); `None` for the identity.
struct Jacobian(Option<(BigUint, BigUint, BigUint)>);

impl Jacobian {
    /// S = 4XY², M = 3(X² − Z⁴): (M² − 2S, M(S − X′) − 8Y⁴, 2YZ).
    fn double(&self) -> Self {
        let Some((x, y, z)) = &self.0 else { return Self(None) };
        let y_2 = mul(y, y);
        let s = mul(&mul(x, &y_2), &4u32.into());
        let m = mul(&sub(&mul(x, x), &mul(&mul(z, z), &mul(z, z))), &3u32.into());
        let x_3 = sub(&sub(&mul(&m, &m), &s), &s);
        let y_3 = sub(&mul(&m, &sub(&s, &x_3)), &mul(&mul(&y_2, &y_2), &8u32.into()));
        Self(Some((x_3, y_3, mul(&mul(y, z), &2u32.into()))))
    }

    /// H = x₂Z² − X, R = y₂Z³ − Y: (R² − H³ − 2XH², R(XH² − X′) − YH³, HZ).
    fn add_affine(&self, x_2: &BigUint, y_2: &BigUint) -> Self {
        let Some((x, y, z)) = &self.0 else { return Self(Some((x_2.clone(), y_2.clone(), 1u32.into()))) };
        let z_2 = mul(z, z);
        let h = sub(&mul(x_2, &z_2), x);
        let r = sub(&mul(y_2, &mul(&z_2, z)), y);
        if h == BigUint::ZERO {
            return if r == BigUint::ZERO { self.double() } else { Self(None) };
        }
        let h_2 = mul(&h, &h);
        let (h_3, v) = (mul(&h_2, &h), mul(x, &h_2));
        let x_3 = sub(&sub(&sub(&mul(&r, &r), &h_3), &v), &v);
        let y_3 = sub(&mul(&r, &sub(&v, &x_3)), &mul(y, &h_3));
        Self(Some((x_3, y_3, mul(&h, z))))
    }

    fn to_affine(&self) -> Point {
        let Some((x, y, z)) = &self.0 else { return Point::IDENTITY };
        let z = inverse(z, &P);
        let z_2 = mul(&z, &z);
        Point::affine(mul(x, &z_2), mul(y, &mul(&z_2, &z)))
    }
}

fn mul(a: &BigUint, b: &BigUint) -> BigUint {
    a * b % &*P
}

fn sub(a: &BigUint, b: &BigUint) -> BigUint {
    sub_mod(a, b, &P)
}
