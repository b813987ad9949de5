//! SAKKE over big integers, step by step as RFC 6508 has it: affine points, an inversion at each
//! step, nothing kept, nothing constant time. Shares no code with the library.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

use num_bigint::BigUint;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).expect("hexadecimal")
}

/// A value of RFC 6509 Appendix A.
fn parameter(name: &str) -> BigUint {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../vectors/rfc6509_params.json")).expect("valid JSON");
    number(file[name].as_str().expect("a string"))
}

pub static P: LazyLock<BigUint> = LazyLock::new(|| parameter("p"));
pub static Q: LazyLock<BigUint> = LazyLock::new(|| parameter("q"));
pub static G: LazyLock<BigUint> = LazyLock::new(|| parameter("g"));
/// The generator, P of the RFC.
pub static BASE: LazyLock<Point> = LazyLock::new(|| Point::new(parameter("Px"), parameter("Py")));

/// An integer as 128 octets.
pub fn octets(value: &BigUint) -> [u8; 128] {
    let digits = value.to_bytes_be();
    let mut octets = [0; 128];
    octets[128 - digits.len()..].copy_from_slice(&digits);
    octets
}

fn sub(a: &BigUint, b: &BigUint) -> BigUint {
    (a + &*P - b) % &*P
}

fn invert(a: &BigUint) -> BigUint {
    a.modinv(&P).expect("an inverse")
}

/// The square root that is a power of `a`, if there is one.
pub fn square_root(a: &BigUint) -> Option<BigUint> {
    let root = a.modpow(&((&*P + 1u8) >> 2), &P);
    (&root * &root % &*P == a % &*P).then_some(root)
}

/// x³ − 3x.
pub fn right_side(x: &BigUint) -> BigUint {
    sub(&(x * x % &*P * x % &*P), &(x * 3u8 % &*P))
}

/// A point; `None` is infinity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point(pub Option<(BigUint, BigUint)>);

impl Point {
    pub const INFINITY: Self = Self(None);

    /// Panics off the curve.
    pub fn new(x: BigUint, y: BigUint) -> Self {
        assert_eq!(&y * &y % &*P, right_side(&x), "not on the curve");
        Self(Some((x, y)))
    }

    /// The first point of the curve with x-coordinate `x` or beyond, of whatever order.
    pub fn at_or_after(mut x: BigUint) -> Self {
        loop {
            if let Some(y) = square_root(&right_side(&x)) {
                return Self::new(x, y);
            }
            x += 1u8;
        }
    }

    pub fn x(&self) -> &BigUint {
        &self.0.as_ref().expect("not infinity").0
    }

    pub fn y(&self) -> &BigUint {
        &self.0.as_ref().expect("not infinity").1
    }

    pub fn negate(&self) -> Self {
        Self(self.0.as_ref().map(|(x, y)| (x.clone(), sub(&BigUint::ZERO, y))))
    }

    /// The slope of the line through both; `None` if it is vertical.
    fn slope(&self, other: &Self) -> Option<BigUint> {
        let (x, y) = (self.x(), self.y());
        if x != other.x() {
            Some(sub(other.y(), y) * invert(&sub(other.x(), x)) % &*P)
        } else if y == other.y() && *y != BigUint::ZERO {
            Some(sub(&(x * x % &*P), &BigUint::from(1u8)) * 3u8 % &*P * invert(&(y * 2u8 % &*P)) % &*P)
        } else {
            None
        }
    }

    pub fn add(&self, other: &Self) -> Self {
        if self.0.is_none() {
            return other.clone();
        }
        if other.0.is_none() {
            return self.clone();
        }
        let Some(slope) = self.slope(other) else { return Self::INFINITY };
        let x = sub(&sub(&(&slope * &slope % &*P), self.x()), other.x());
        let y = sub(&(slope * sub(self.x(), &x) % &*P), self.y());
        Self(Some((x, y)))
    }

    pub fn mul(&self, k: &BigUint) -> Self {
        let mut product = Self::INFINITY;
        for i in (0..k.bits()).rev() {
            product = product.add(&product);
            if k.bit(i) {
                product = product.add(self);
            }
        }
        product
    }

    /// 04 ‖ x ‖ y
    pub fn encode(&self) -> Vec<u8> {
        encode(self.x(), self.y())
    }
}

/// 04 ‖ x ‖ y of any two integers.
pub fn encode(x: &BigUint, y: &BigUint) -> Vec<u8> {
    [&[4], octets(x).as_slice(), &octets(y)].concat()
}

/// [2^i]B for all bits of a scalar: multiplications of one base then cost additions only.
pub struct Base(Vec<Point>);

impl Base {
    pub fn new(base: &Point) -> Self {
        Self(std::iter::successors(Some(base.clone()), |point| Some(point.add(point))).take(1024).collect())
    }

    pub fn mul(&self, k: &BigUint) -> Point {
        (0..k.bits()).filter(|i| k.bit(*i)).fold(Point::INFINITY, |sum, i| sum.add(&self.0[i as usize]))
    }
}

/// An element of F_p²: (re, im).
type Complex = (BigUint, BigUint);

fn complex_mul(a: &Complex, b: &Complex) -> Complex {
    (sub(&(&a.0 * &b.0 % &*P), &(&a.1 * &b.1 % &*P)), (&a.0 * &b.1 + &a.1 * &b.0) % &*P)
}

/// The lines of the loop of RFC 6508 §3.2 that walks R, over the bits of q − 1.
pub struct Walk(Vec<Line>);

struct Line {
    /// Is v squared before?
    square: bool,
    slope: BigUint,
    c: Point,
}

impl Walk {
    /// `r` has order q.
    pub fn new(r: &Point) -> Self {
        let order = &*Q - 1u8;
        let mut c = r.clone();
        let mut lines = Vec::new();
        for i in (0..order.bits() - 1).rev() {
            let slope = c.slope(&c).expect("order q");
            lines.push(Line { square: true, slope, c: c.clone() });
            c = c.add(&c);
            if order.bit(i) {
                let slope = c.slope(r).expect("order q");
                lines.push(Line { square: false, slope, c: c.clone() });
                c = c.add(r);
            }
        }
        assert_eq!(c, r.negate());
        Self(lines)
    }

    /// < R, Q >, as an element of PF_p.
    pub fn pairing(&self, q: &Point) -> BigUint {
        let mut v: Complex = (BigUint::from(1u8), BigUint::ZERO);
        for line in &self.0 {
            if line.square {
                v = complex_mul(&v, &v);
            }
            let re = sub(&(&line.slope * (q.x() + line.c.x()) % &*P), line.c.y());
            v = complex_mul(&v, &(re, q.y().clone()));
        }
        let t = complex_mul(&v, &v);
        let t = complex_mul(&t, &t);
        t.1 * invert(&t.0) % &*P
    }
}

/// < R, Q > of RFC 6508 §3.2.
pub fn pairing(r: &Point, q: &Point) -> BigUint {
    Walk::new(r).pairing(q)
}

/// g^r in PF_p, by the composition of RFC 6508 §2.1 on numerators and denominators.
pub fn power(g: &BigUint, r: &BigUint) -> BigUint {
    let base = (BigUint::from(1u8), g.clone());
    let mut v: Complex = (BigUint::from(1u8), BigUint::ZERO);
    for i in (0..r.bits()).rev() {
        v = complex_mul(&v, &v);
        if r.bit(i) {
            v = complex_mul(&v, &base);
        }
    }
    v.1 * invert(&v.0) % &*P
}

fn sha256(octets: &[u8]) -> Vec<u8> {
    Sha256::digest(octets).to_vec()
}

/// HashToIntegerRange of RFC 6508 §5.1.
pub fn hash_to_integer_range(s: &[u8], n: &BigUint) -> BigUint {
    let a = sha256(s);
    let mut h = vec![0; 32];
    // ceil(lg(n)/hashlen), where lg(2^128) = 128
    let l = (n - 1u8).bits().div_ceil(256);
    let mut v = Vec::new();
    for _ in 0..l {
        h = sha256(&h);
        v.extend(sha256(&[h.as_slice(), &a].concat()));
    }
    BigUint::from_bytes_be(&v) % n
}

/// The mask of an SSV: HashToIntegerRange(w, 2¹²⁸).
pub fn mask(w: &BigUint) -> [u8; 16] {
    let value = hash_to_integer_range(&octets(w), &(BigUint::from(1u8) << 128));
    octets(&value)[112..].try_into().expect("16 octets")
}

pub fn xor(a: &[u8; 16], b: &[u8; 16]) -> [u8; 16] {
    std::array::from_fn(|i| a[i] ^ b[i])
}

/// A KMS: z and Z.
pub struct Kms {
    pub z: BigUint,
    pub public: Point,
}

impl Kms {
    pub fn new(z: BigUint) -> Self {
        let public = BASE.mul(&z);
        Self { z, public }
    }

    /// K = [(a + z)⁻¹]P, §6.1.1.
    pub fn issue(&self, id: &[u8]) -> Point {
        let sum = (BigUint::from_bytes_be(id) + &self.z) % &*Q;
        BASE.mul(&sum.modinv(&Q).expect("a + z is not 0"))
    }

    /// [b]P + Z.
    pub fn bound(&self, id: &[u8]) -> Point {
        BASE.mul(&BigUint::from_bytes_be(id)).add(&self.public)
    }
}

/// r of §6.2.1 step 2.
pub fn exponent(ssv: &[u8; 16], id: &[u8]) -> BigUint {
    hash_to_integer_range(&[ssv.as_slice(), id].concat(), &Q)
}

/// One identity under one KMS, with what does not change between messages.
pub struct Receiver {
    pub id: Vec<u8>,
    pub key: Point,
    pub bound: Base,
    walk: Walk,
}

impl Receiver {
    pub fn new(kms: &Kms, id: &[u8]) -> Self {
        let key = kms.issue(id);
        let walk = Walk::new(&key);
        Self { id: id.to_vec(), key, bound: Base::new(&kms.bound(id)), walk }
    }

    /// R and H for a given r, which an honest sender takes from [`exponent`].
    pub fn send(&self, ssv: &[u8; 16], r: &BigUint) -> (Point, [u8; 16]) {
        (self.bound.mul(r), xor(ssv, &mask(&power(&G, r))))
    }

    /// §6.2.1.
    pub fn encapsulate(&self, ssv: &[u8; 16]) -> (Point, [u8; 16]) {
        self.send(ssv, &exponent(ssv, &self.id))
    }

    /// §6.2.2, the loop walking K: <R, K> = <K, R> for R of order q, and defined for every R.
    pub fn decapsulate(&self, r: &Point, h: &[u8; 16]) -> Option<[u8; 16]> {
        let ssv = xor(h, &mask(&self.walk.pairing(r)));
        let test = self.bound.mul(&exponent(&ssv, &self.id));
        (test == *r).then_some(ssv)
    }
}

/// Points of order 2, 4 and 4: all of small order.
pub fn small_order() -> [Point; 3] {
    let two = Point::new(BigUint::ZERO, BigUint::ZERO);
    // x² = −3
    let x = square_root(&(&*P - 3u8)).expect("−3 is a square");
    let x = if square_root(&right_side(&x)).is_some() { x } else { &*P - x };
    let four = Point::at_or_after(x);
    assert_eq!(four.add(&four), two);
    let minus = four.negate();
    [two, four, minus]
}
