//! Inversion in constant time: Bernstein and Yang, "Fast constant-time gcd computation and modular
//! inversion" (CHES 2019), with half-integer δ as Wuille describes it (docs of libsecp256k1).
//!
//! 590 divsteps bring every g in [0, f] to 0 for every odd f below 2²⁵⁶, and 2360 for every odd f
//! below 2¹⁰²⁴: Wuille's bound for b bits is ⌊(45907·b + 26313)/19929⌋, one less for 256 by its exact
//! hull; `tests/proofs/hull.py` computes both for the moduli of this crate. They are done in ten or forty
//! batches of 59 on the low 62 bits, each giving a 2 × 2 matrix t, scaled by 2⁶², that is then
//! applied to the full f and g, and to d and e modulo the modulus. Always d·x ≡ f and e·x ≡ g.
//!
//! A batch is done in three runs of at most 20 divsteps. For so many, the low bits of f and its row of the
//! matrix fit one word, as do those of g: a divstep on the words is one on all three numbers
//! (Pornin, "Optimized binary GCD for modular inversion", 2020, packs likewise).
//!
//! Numbers here are N signed limbs in radix 2⁶², five or seventeen: the lower ones in [0, 2⁶² − 1],
//! the top one signed. f and g stay in (−2^(b + 1), 2^(b + 1)), d and e in (−2·modulus, modulus).

#[cfg(feature = "eccsi")]
use super::limbs::Limbs;
use super::word::barrier;
#[cfg(feature = "sakke")]
use super::words::{self, Words};

/// Divsteps of the runs of a batch: 59.
const RUNS: [u32; 3] = [20, 20, 19];
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

/// 1/x modulo the modulus, 0 for 0. Constant time in x. `steps` are [`divsteps`], or what gives the same.
#[cfg(feature = "eccsi")]
pub(crate) fn invert(steps: impl Fn(u32, Packed) -> Packed + Copy, x: &Limbs, modulus: &Modulus<5>) -> Limbs {
    let [a, b, c, d, e] = invert_signed::<5, 10>(steps, &from_limbs(x), modulus).map(|limb| limb as u64);
    [a | b << 62, b >> 2 | c << 60, c >> 4 | d << 58, d >> 6 | e << 56]
}

/// 1/x modulo the modulus, 0 for 0. Constant time in x. `steps` are [`divsteps`], or what gives the same.
#[cfg(feature = "sakke")]
#[inline(never)]
pub(crate) fn invert_words(
    steps: impl Fn(u32, Packed) -> Packed + Copy,
    x: &Words,
    modulus: &Modulus<17>,
) -> Words {
    let inverse = invert_signed::<17, 40>(steps, &from_words(x), modulus);
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
fn invert_signed<const N: usize, const BATCHES: usize>(
    steps: impl Fn(u32, Packed) -> Packed + Copy,
    x: &Signed62<N>,
    modulus: &Modulus<N>,
) -> Signed62<N> {
    let mut f = modulus.limbs;
    let mut g = *x;
    let mut d = [0; N];
    let mut e = [0; N];
    e[0] = 1;
    let mut zeta = -1; // −(δ + ½), δ = ½
    for _ in 0..BATCHES {
        let low = |a: &Signed62<N>| a[0] as u64 | (a[1] as u64) << 62;
        let t;
        (zeta, t) = batch(steps, zeta, low(&f), low(&g));
        debug_assert!(zeta.unsigned_abs() <= (BATCHES * 59) as u64 + 1);
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
#[inline(always)]
fn batch(steps: impl Fn(u32, Packed) -> Packed + Copy, zeta: i64, f: u64, g: u64) -> (i64, Transition) {
    let [first, second, third] = RUNS;
    let (zeta, a) = run(steps, first, zeta, f, g);
    let (f, g) = a.low(f, g);
    let (zeta, b) = run(steps, second, zeta, f, g);
    let (f, g) = b.low(f, g);
    let (zeta, c) = run(steps, third, zeta, f, g);
    // Three times negated and scaled by 2²⁰.
    let t = c.after(&b.after(&a));
    (zeta, Transition { u: -t.u << 2, v: -t.v << 2, q: -t.q << 2, r: -t.r << 2 })
}

/// Two rows in a word each: f − u·2²¹ − v·2⁴² and g − q·2²¹ − r·2⁴², where f and g are what has become of
/// 20 low bits, in (−2²⁰, 2²⁰), and (u, v; q, r)/2²⁰ is the matrix so far. After n divsteps its entries
/// are multiples of 2^(20 − n) and |u| + |v|, |q| + |r| ≤ 2²⁰. Negated, since u may be 2²⁰, but not −2²⁰, and a
/// signed field of 21 bits takes the one and not the other.
#[derive(Clone, Copy)]
pub(crate) struct Packed {
    pub(crate) zeta: i64,
    pub(crate) f: i64,
    pub(crate) g: i64,
}

/// A divstep: if δ > 0 and g is odd, (δ, f, g) becomes (1 − δ, g, (g − f)/2), else
/// (1 + δ, f, (g + (g mod 2)·f)/2); ζ = −(δ + ½). `count` of them.
///
/// g ± f lies in (−2⁶³, 2⁶³): the sum of two entries is 2²¹ only before the first divstep, where v = 0.
#[inline(always)]
pub(crate) fn divsteps(count: u32, state: Packed) -> Packed {
    let Packed { mut zeta, mut f, mut g } = state;
    for _ in 0..count {
        debug_assert!(f & 1 == 1);
        let positive = zeta >> 63; // all ones where δ > 0
        let odd = -(g & 1);
        let swap = positive & odd;
        let sum = g + (((f ^ positive) - positive) & odd);
        f += sum & swap; // f + (g − f)
        g = sum >> 1;
        zeta = (zeta ^ swap) - 1;
    }
    Packed { zeta, f, g }
}

/// At most 20 divsteps on the low bits of f and g; the matrix is negated and scaled by 2²⁰.
#[inline(always)]
fn run(steps: impl Fn(u32, Packed) -> Packed, count: u32, zeta: i64, f: u64, g: u64) -> (i64, Transition) {
    const LOW: u64 = (1 << 20) - 1;
    debug_assert!(count <= 20);
    let f = (f & LOW) as i64 - (1 << 41);
    let g = (g & LOW) as i64 - (1 << 62);
    let Packed { zeta, f, g } = steps(count, Packed { zeta, f, g });
    let unpack = |row: i64| {
        let fields = (row + (1 << 20)) >> 21;
        let low = fields << 43 >> 43;
        (low, (fields - low) >> 21)
    };
    let ((u, v), (q, r)) = (unpack(f), unpack(g));
    debug_assert!([(u, v), (q, r)].iter().all(|(a, b)| a.abs() + b.abs() <= 1 << 20));
    (zeta, Transition { u, v, q, r })
}

impl Transition {
    /// The low bits of f and g after a [`run`]; 20 bits fewer are right.
    #[inline(always)]
    fn low(&self, f: u64, g: u64) -> (u64, u64) {
        let (f, g) = (f as i64, g as i64);
        let row = |a: i64, b: i64| {
            0i64.wrapping_sub(a.wrapping_mul(f).wrapping_add(b.wrapping_mul(g))) as u64 >> 20
        };
        (row(self.u, self.v), row(self.q, self.r))
    }

    /// The product self·before.
    #[inline(always)]
    fn after(&self, before: &Self) -> Self {
        Self {
            u: self.u * before.u + self.v * before.q,
            v: self.u * before.v + self.v * before.r,
            q: self.q * before.u + self.r * before.q,
            r: self.q * before.v + self.r * before.r,
        }
    }

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
