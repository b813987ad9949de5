//! Inversion in constant time: Bernstein and Yang, "Fast constant-time gcd computation and modular
//! inversion" (CHES 2019), with half-integer δ as Wuille describes it (docs of libsecp256k1).
//!
//! 590 divsteps bring every g below 2²⁵⁶ to 0 for every odd f below 2²⁵⁶, and 2360 every g below
//! 2¹⁰²⁴ for every odd f below 2¹⁰²⁴: Wuille's bound for b bits is ⌊(45907·b + 26313)/19929⌋, one
//! less for 256 by its exact hull. They are done in ten or forty
//! batches of 59 on the low 62 bits, each giving a 2 × 2 matrix t, scaled by 2⁶², that is then
//! applied to the full f and g, and to d and e modulo the modulus. Always d·x ≡ f and e·x ≡ g.
//!
//! Numbers here are N signed limbs in radix 2⁶², five or seventeen: the lower ones in [0, 2⁶² − 1],
//! the top one signed. f and g stay in (−2^(b + 1), 2^(b + 1)), d and e in (−2·modulus, modulus).

use super::word::barrier;
#[cfg(feature = "sakke")]
use super::words::{self, Words};
#[cfg(feature = "eccsi")]
use crate::backend::p256::Limbs;

const STEPS: usize = 59;
const MASK: u64 = (1 << 62) - 1;

type Signed62<const N: usize> = [i64; N];

/// An odd modulus, in the form that the inversion works with.
pub(crate) struct Modulus<const N: usize = 5> {
    limbs: Signed62<N>,
    /// 1/modulus mod 2⁶².
    inverse: u64,
}

#[cfg(feature = "eccsi")]
impl Modulus<5> {
    pub(crate) const fn new(modulus: &Limbs) -> Self {
        Self { limbs: from_limbs(modulus), inverse: inverse_mod_word(modulus[0]) & MASK }
    }
}

#[cfg(feature = "sakke")]
impl Modulus<17> {
    pub(crate) const fn of_words(modulus: &Words) -> Self {
        Self { limbs: from_words(modulus), inverse: inverse_mod_word(modulus[0]) & MASK }
    }
}

/// 1/a mod 2⁶⁴ for odd a: five Newton steps from the five bits of 3a ⊕ 2.
pub(crate) const fn inverse_mod_word(a: u64) -> u64 {
    let mut x = a.wrapping_mul(3) ^ 2;
    let mut i = 0;
    while i < 5 {
        x = x.wrapping_mul(2u64.wrapping_sub(a.wrapping_mul(x)));
        i += 1;
    }
    x
}

/// 1/x modulo the modulus, 0 for 0. Constant time in x.
#[cfg(feature = "eccsi")]
pub(crate) fn invert(x: &Limbs, modulus: &Modulus<5>) -> Limbs {
    let [a, b, c, d, e] = invert_signed::<5, 10>(&from_limbs(x), modulus).map(|limb| limb as u64);
    [a | b << 62, b >> 2 | c << 60, c >> 4 | d << 58, d >> 6 | e << 56]
}

/// 1/x modulo the modulus, 0 for 0. Constant time in x.
#[cfg(feature = "sakke")]
#[inline(never)]
pub(crate) fn invert_words(x: &Words, modulus: &Modulus<17>) -> Words {
    let inverse = invert_signed::<17, 40>(&from_words(x), modulus);
    words::join::<62, 17>(&inverse.map(|limb| limb as u64))
}

#[cfg(feature = "eccsi")]
const fn from_limbs(a: &Limbs) -> Signed62<5> {
    let m = MASK;
    [
        (a[0] & m) as i64,
        ((a[0] >> 62 | a[1] << 2) & m) as i64,
        ((a[1] >> 60 | a[2] << 4) & m) as i64,
        ((a[2] >> 58 | a[3] << 6) & m) as i64,
        (a[3] >> 56) as i64,
    ]
}

#[cfg(feature = "sakke")]
const fn from_words(a: &Words) -> Signed62<17> {
    let limbs = words::split::<62, 17>(a);
    let mut signed = [0; 17];
    let mut i = 0;
    while i < 17 {
        signed[i] = limbs[i] as i64;
        i += 1;
    }
    signed
}

/// 1/x modulo the modulus, 0 for 0.
///
/// Both below 2^b, and batches for b bits: ten for 256, forty for 1024.
#[inline(always)]
fn invert_signed<const N: usize, const BATCHES: usize>(x: &Signed62<N>, modulus: &Modulus<N>) -> Signed62<N> {
    let mut f = modulus.limbs;
    let mut g = *x;
    let mut d = [0; N];
    let mut e = [0; N];
    e[0] = 1;
    let mut zeta = -1; // −(δ + ½), δ = ½
    for _ in 0..BATCHES {
        let low = |a: &Signed62<N>| a[0] as u64 | (a[1] as u64) << 62;
        let t;
        (zeta, t) = divsteps(zeta, low(&f), low(&g));
        debug_assert!(zeta.unsigned_abs() <= (BATCHES * STEPS) as u64 + 1);
        t.apply_modulo(&mut d, &mut e, modulus);
        t.apply(&mut f, &mut g);
    }
    debug_assert_eq!(g, [0; N], "as many divsteps suffice");
    // f = ±gcd = ±1, or ±modulus for x = 0, where d = 0.
    normalize(&d, f[N - 1], modulus)
}

/// (u, v; q, r)/2⁶² takes (f, g) to what 59 divsteps make of them.
struct Transition {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// 59 divsteps on the low bits of f and g.
///
/// One divstep: if δ > 0 and g is odd, (δ, f, g) becomes (1 − δ, g, (g − f)/2), else
/// (1 + δ, f, (g + (g mod 2)·f)/2); ζ = −(δ + ½).
#[inline(always)]
fn divsteps(mut zeta: i64, mut f: u64, mut g: u64) -> (i64, Transition) {
    // Begins at 2³ so that 59 doublings end at the scale 2⁶².
    let (mut u, mut v, mut q, mut r) = (8u64, 0u64, 0u64, 8u64);
    for _ in 0..STEPS {
        debug_assert!(f & 1 == 1);
        let positive = (zeta >> 63) as u64; // all ones where δ > 0
        let odd = 0u64.wrapping_sub(g & 1);
        // ∓(f, u, v) to (g, q, r)
        let negate = |x: u64| (x ^ positive).wrapping_sub(positive);
        g = g.wrapping_add(negate(f) & odd);
        q = q.wrapping_add(negate(u) & odd);
        r = r.wrapping_add(negate(v) & odd);
        // where both hold, (f, u, v) becomes the old (g, q, r): add the difference
        let swap = positive & odd;
        zeta = (zeta ^ swap as i64) - 1;
        f = f.wrapping_add(g & swap);
        u = u.wrapping_add(q & swap);
        v = v.wrapping_add(r & swap);
        g >>= 1;
        u <<= 1;
        v <<= 1;
    }
    (zeta, Transition { u: u as i64, v: v as i64, q: q as i64, r: r as i64 })
}

impl Transition {
    /// (f, g) ← t·(f, g)/2⁶², exactly.
    #[inline(always)]
    fn apply<const N: usize>(&self, f: &mut Signed62<N>, g: &mut Signed62<N>) {
        let [u, v, q, r] = self.wide();
        let mut sum_f = u * i128::from(f[0]) + v * i128::from(g[0]);
        let mut sum_g = q * i128::from(f[0]) + r * i128::from(g[0]);
        debug_assert!(sum_f as u64 & MASK == 0 && sum_g as u64 & MASK == 0);
        for i in 1..N {
            sum_f = (sum_f >> 62) + u * i128::from(f[i]) + v * i128::from(g[i]);
            sum_g = (sum_g >> 62) + q * i128::from(f[i]) + r * i128::from(g[i]);
            f[i - 1] = (sum_f as u64 & MASK) as i64;
            g[i - 1] = (sum_g as u64 & MASK) as i64;
        }
        f[N - 1] = (sum_f >> 62) as i64;
        g[N - 1] = (sum_g >> 62) as i64;
    }

    /// (d, e) ← t·(d, e)/2⁶² modulo the modulus; stays in (−2·modulus, modulus).
    #[inline(always)]
    fn apply_modulo<const N: usize>(&self, d: &mut Signed62<N>, e: &mut Signed62<N>, modulus: &Modulus<N>) {
        let [u, v, q, r] = self.wide();
        // Negative inputs count as themselves plus the modulus; then the multiple is chosen that
        // clears the low 62 bits.
        let (d_negative, e_negative) = (d[N - 1] >> 63, e[N - 1] >> 63);
        let mut k_d = (self.u & d_negative) + (self.v & e_negative);
        let mut k_e = (self.q & d_negative) + (self.r & e_negative);
        let mut sum_d = u * i128::from(d[0]) + v * i128::from(e[0]);
        let mut sum_e = q * i128::from(d[0]) + r * i128::from(e[0]);
        let clear = |sum: i128, k: i64| {
            (modulus.inverse.wrapping_mul(sum as u64).wrapping_add(k as u64) & MASK) as i64
        };
        k_d -= clear(sum_d, k_d);
        k_e -= clear(sum_e, k_e);
        let (k_d, k_e) = (i128::from(k_d), i128::from(k_e));
        sum_d += i128::from(modulus.limbs[0]) * k_d;
        sum_e += i128::from(modulus.limbs[0]) * k_e;
        debug_assert!(sum_d as u64 & MASK == 0 && sum_e as u64 & MASK == 0);
        for i in 1..N {
            let m = i128::from(modulus.limbs[i]);
            sum_d = (sum_d >> 62) + u * i128::from(d[i]) + v * i128::from(e[i]) + m * k_d;
            sum_e = (sum_e >> 62) + q * i128::from(d[i]) + r * i128::from(e[i]) + m * k_e;
            d[i - 1] = (sum_d as u64 & MASK) as i64;
            e[i - 1] = (sum_e as u64 & MASK) as i64;
        }
        d[N - 1] = (sum_d >> 62) as i64;
        e[N - 1] = (sum_e >> 62) as i64;
    }

    fn wide(&self) -> [i128; 4] {
        [self.u.into(), self.v.into(), self.q.into(), self.r.into()]
    }
}

/// d in [0, modulus − 1], for d in (−2·modulus, modulus); −d where `sign` is negative.
fn normalize<const N: usize>(d: &Signed62<N>, sign: i64, modulus: &Modulus<N>) -> Signed62<N> {
    // Behind a barrier, or the compiler makes a branch of it.
    let all_ones_if_negative = |x: i64| barrier((x >> 63) as u64) as i64;
    let sign = all_ones_if_negative(sign);
    let add_where_negative = |x: &mut Signed62<N>| {
        let negative = all_ones_if_negative(x[N - 1]);
        for (x, m) in x.iter_mut().zip(&modulus.limbs) {
            *x += m & negative;
        }
    };
    let carry = |x: &mut Signed62<N>| {
        for i in 0..N - 1 {
            x[i + 1] += x[i] >> 62;
            x[i] &= MASK as i64;
        }
    };
    let mut x = *d;
    add_where_negative(&mut x); // (−modulus, modulus)
    for x in &mut x {
        *x = (*x ^ sign) - sign;
    }
    carry(&mut x);
    add_where_negative(&mut x);
    carry(&mut x);
    debug_assert!(x[N - 1] >= 0 && x[N - 1] <= modulus.limbs[N - 1]);
    x
}
