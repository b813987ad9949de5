//! Fields F_p for small p with p + 1 = 4q, q prime, and 3 no square: the same kind of curve as the
//! real one. And the plain affine group law, to compare with.

use crate::backend::fp1024::{Arithmetic, Field, FieldOctets, ScalarOctets};
use crate::curve::ss1024::field::{Parameters, SignedDigits, naf, naf_length, octal, octal_length};
use std::vec::Vec;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, CtOption};
use zeroize::Zeroize;

/// An element of F_p.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tiny<const P: u64>(pub(super) u64);

impl<const P: u64> Zeroize for Tiny<P> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<const P: u64> ConditionallySelectable for Tiny<P> {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self(u64::conditional_select(&a.0, &b.0, choice))
    }
}

impl<const P: u64> ConstantTimeEq for Tiny<P> {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl<const P: u64> Arithmetic for Tiny<P> {
    type Proof = ();
    type Raw = Self;

    fn proof(&self) {}
    fn zero((): ()) -> Self {
        Self(0)
    }
    fn one((): ()) -> Self {
        Self(1)
    }
    fn from_raw((): (), raw: &Self) -> Self {
        *raw
    }
    fn add(&self, b: &Self) -> Self {
        Self((self.0 + b.0) % P)
    }
    fn sub(&self, b: &Self) -> Self {
        Self((self.0 + P - b.0) % P)
    }
    fn neg(&self) -> Self {
        Self((P - self.0) % P)
    }
    fn mul(&self, b: &Self) -> Self {
        Self(self.0 * b.0 % P)
    }
    fn square(&self) -> Self {
        self.mul(self)
    }
}

impl<const P: u64> Field for Tiny<P> {
    fn invert(&self) -> Self {
        (1..P).map(Self).find(|b| self.mul(b) == Self(1)).unwrap_or(Self(0))
    }
    fn from_octets((): (), octets: &FieldOctets) -> CtOption<Self> {
        let (zeros, value) = octets.split_at(120);
        let value = u64::from_be_bytes(value.try_into().unwrap());
        let reduced = value < P && zeros.iter().all(|octet| *octet == 0);
        CtOption::new(Self(value % P), Choice::from(u8::from(reduced)))
    }
    fn to_octets(&self) -> FieldOctets {
        octets(self.0)
    }
}

/// The curve on one of these fields.
pub(super) trait TinyCurve: Parameters<Proof = (), Raw = Self> {
    /// P: the first point of order q.
    const P: [Self; 2];
}

/// An integer as 128 octets.
pub(super) fn octets(value: u64) -> [u8; 128] {
    let mut octets = [0; 128];
    octets[120..].copy_from_slice(&value.to_be_bytes());
    octets
}

macro_rules! tiny {
    ($p:literal, point: [$x:literal, $y:literal], g: $g:literal, s: $s:literal, t: $t:literal, t_over_s: $c:literal, lambda: [$u:literal, $v:literal]) => {
        impl Parameters for Tiny<$p> {
            const Q: &'static [u64] = &[($p + 1) / 4];
            const NAF: &'static [i8] = &naf::<{ naf_length(&[($p + 1) / 4]) }>(&[($p + 1) / 4]);
            const OCTAL: &'static [i8] = &octal::<{ octal_length(&[($p + 1) / 4]) }>(&[($p + 1) / 4]);
            const DIGITS: usize = 54;
            const G: Self = Self($g);
            const S: Self = Self($s);
            const T: Self = Self($t);
            const T_OVER_S: Self = Self($c);
            const LAMBDA: [Self; 2] = [Self($u), Self($v)];

            fn recode(k: &ScalarOctets) -> SignedDigits {
                let q: u64 = ($p + 1) / 4;
                let k = u64::from_be_bytes(k[120..].try_into().unwrap());
                SignedDigits::new(&octets((k + (1 << 54) - 1) % q * q.div_ceil(2) % q))
            }
        }

        impl TinyCurve for Tiny<$p> {
            const P: [Self; 2] = [Self($x), Self($y)];
        }
    };
}

// g from the loop of RFC 6508 §3.2 in affine coordinates.
tiny!(19, point: [1, 6], g: 2, s: 15, t: 9, t_over_s: 12, lambda: [8, 4]);
tiny!(43, point: [9, 10], g: 12, s: 30, t: 11, t_over_s: 19, lambda: [8, 11]);
tiny!(67, point: [19, 13], g: 45, s: 8, t: 32, t_over_s: 4, lambda: [25, 38]);
tiny!(163, point: [6, 19], g: 50, s: 117, t: 73, t_over_s: 87, lambda: [70, 6]);
tiny!(211, point: [14, 35], g: 203, s: 29, t: 44, t_over_s: 67, lambda: [83, 195]);
tiny!(283, point: [1, 127], g: 234, s: 194, t: 58, t_over_s: 117, lambda: [13, 153]);
tiny!(331, point: [6, 23], g: 248, s: 63, t: 51, t_over_s: 253, lambda: [15, 238]);
// With digits 0 and 4 in radix 8.
tiny!(523, point: [1, 56], g: 79, s: 402, t: 253, t_over_s: 93, lambda: [226, 204]);
// With −2, and −3 behind it: a function of odd order reflected.
tiny!(691, point: [5, 244], g: 104, s: 507, t: 330, t_over_s: 201, lambda: [74, 127]);
tiny!(907, point: [4, 281], g: 864, s: 769, t: 307, t_over_s: 517, lambda: [371, 19]);

/// A point of the plain curve y² = x³ − 3x; `None` is infinity.
pub(super) type Plain = Option<(u64, u64)>;

/// Every point but infinity.
pub(super) fn points<const P: u64>() -> Vec<Plain> {
    let all = (0..P).flat_map(|x| (0..P).map(move |y| (x, y)));
    all.filter(|(x, y)| (y * y + 3 * x) % P == x * x % P * x % P).map(Some).collect()
}

/// The school's group law.
pub(super) fn plain_add<const P: u64>(a: Plain, b: Plain) -> Plain
where
    Tiny<P>: Field,
{
    let (Some((ax, ay)), Some((bx, by))) = (a, b) else { return a.or(b) };
    let slope = if ax != bx {
        quotient::<P>(by + P - ay, bx + P - ax)
    } else if ay == by && ay != 0 {
        quotient::<P>(3 * (ax * ax + P - 1), 2 * ay)
    } else {
        return None;
    };
    let x = (slope * slope + 2 * P - ax - bx) % P;
    Some((x, (slope * (ax + P - x) + P - ay) % P))
}

fn quotient<const P: u64>(a: u64, b: u64) -> u64 {
    Tiny::<P>(a % P).mul(&Tiny::<P>(b % P).invert()).0
}

/// k·A by adding k times.
pub(super) fn plain_mul<const P: u64>(k: u64, a: Plain) -> Plain {
    (0..k).fold(None, |sum, _| plain_add::<P>(sum, a))
}

/// Runs a check that is generic over the field on every field of this file.
macro_rules! on_every_field {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[test] fn p19() { super::$name::<19>(); }
            #[test] fn p43() { super::$name::<43>(); }
            #[test] fn p67() { super::$name::<67>(); }
            #[test] fn p163() { super::$name::<163>(); }
            #[test] fn p211() { super::$name::<211>(); }
            #[test] fn p283() { super::$name::<283>(); }
            #[test] fn p331() { super::$name::<331>(); }
        }
    )*};
}
pub(super) use on_every_field;

/// Also on the fields whose loop has the remaining digits.
macro_rules! on_every_loop {
    ($($name:ident),* $(,)?) => {
        on_every_field!($($name),*);
        mod other_digits {$(
            mod $name {
                #[test] fn p523() { super::super::$name::<523>(); }
                #[test] fn p691() { super::super::$name::<691>(); }
                #[test] fn p907() { super::super::$name::<907>(); }
            }
        )*}
    };
}
pub(super) use on_every_loop;
