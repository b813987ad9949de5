//! The quartic residue symbol (z/p)₄ in Z\[i\], in constant time: the algorithm of Euclid in steps that look at low bits only, as
//! Bernstein and Yang do it for integers. `docs/maths.md`, section 15, derives it.
//!
//! A step divides g by π = 1 + i, after it has subtracted f if g is odd, that is, not divisible by π. An odd number times one of 1, i,
//! −1, −i is primary, 1 modulo π³ = −2 + 2i, so that the difference of primary numbers is divisible by π three times. With
//! ζ = −δ and f primary at all times, if g is odd it is made primary first, and if δ > 0 it changes places with f. What this changes
//! in (g/f)₄ depends on the low four bits of f and g, by the law of reciprocity and its supplements.
//!
//! Steps are done in 40 batches of 120 on the low 64 bits of all four parts, a batch in four runs of 30. For so many, the low
//! bits of f and its row of the matrix fit one word for real and one for imaginary parts, as do those of g.
//!
//! **4800 steps bring nearly every z to (z/p)₄; that they bring every z there is not known.** Of random z of 2048 bits they take
//! 4448, with a standard deviation of 36. Whoever calls has to look whether they sufficed.
//!
//! Numbers are pairs of 18 signed limbs in radix 2⁶⁰; the lower ones in \[0, 2⁶⁰ − 1\], the top one signed.

use super::words::{self, Words};
use subtle::{Choice, ConstantTimeEq};

const BATCHES: usize = 40;
const RUNS: usize = 4;
/// π³⁰ = −i·2¹⁵.
const STEPS: u32 = 30;
const LIMBS: usize = 18;
const BITS: usize = 60;
const MASK: i64 = (1 << BITS) - 1;

type Signed = [i64; LIMBS];

/// Real and imaginary part.
#[derive(Clone, Copy)]
struct Gaussian<T> {
    re: T,
    im: T,
}

/// e with (z/p)₄ = iᵉ, for z = re + i·im and p = 4q − 1, a prime that does not divide z; and whether the steps sufficed, without
/// which e says nothing. Constant time in z.
pub(crate) fn symbol(re: &Words, im: &Words, q: &[u64]) -> (u64, Choice) {
    let split = |a: &Words| words::split::<BITS, LIMBS>(a).map(|limb| limb as i64);
    // −p, which is primary.
    let mut f = Gaussian { re: one_minus_four(q), im: [0; LIMBS] };
    let mut g = Gaussian { re: split(re), im: split(im) };
    let (mut zeta, mut exponent) = (-1, 0);
    for _ in 0..BATCHES {
        let t;
        (zeta, exponent, t) = batch(zeta, exponent, f.low(), g.low());
        t.apply(&mut f, &mut g);
    }
    // (0/1)₄ = 1
    let mut one = [0; LIMBS];
    one[0] = 1;
    let zero = [0; LIMBS];
    let done = f.re.ct_eq(&one) & f.im.ct_eq(&zero) & g.re.ct_eq(&zero) & g.im.ct_eq(&zero);
    (exponent & 3, done)
}

/// 1 − 4q.
fn one_minus_four(q: &[u64]) -> Signed {
    let mut words = [0; 16];
    words[..q.len()].copy_from_slice(q);
    let mut limbs = words::split::<BITS, LIMBS>(&words).map(|limb| -4 * limb as i64);
    limbs[0] += 1;
    for i in 1..LIMBS {
        limbs[i] += limbs[i - 1] >> BITS;
        limbs[i - 1] &= MASK;
    }
    limbs
}

impl Gaussian<Signed> {
    /// The low 64 bits of both parts.
    #[inline(always)]
    fn low(&self) -> Gaussian<i64> {
        let low = |a: &Signed| a[0] | a[1] << BITS;
        Gaussian { re: low(&self.re), im: low(&self.im) }
    }
}

/// A matrix over Z\[i\], row by row.
#[derive(Clone, Copy)]
struct Matrix([Gaussian<i64>; 4]);

/// 120 steps on the low bits of f and g: the matrix times 2⁶⁰.
#[inline(always)]
fn batch(zeta: i64, exponent: u64, f: Gaussian<i64>, g: Gaussian<i64>) -> (i64, u64, Matrix) {
    let (mut zeta, mut exponent, mut f, mut g) = (zeta, exponent, f, g);
    let one = Gaussian { re: 1, im: 0 };
    let zero = Gaussian { re: 0, im: 0 };
    let mut all = Matrix([one, zero, zero, one]);
    for _ in 0..RUNS {
        let state = steps(Packed::new(zeta, exponent, f, g));
        (zeta, exponent) = (state.zeta, state.exponent);
        let t = state.matrix();
        (f, g) = t.low(f, g);
        all = t.after(&all);
    }
    (zeta, exponent, all)
}

/// The low 19 bits of f and g, signed, and what has become of them; with two rows of a matrix in their words, each number x
/// with its row (y, z) as x + y·2²¹ + z·2⁴². The matrix is 2¹⁹ times the identity at first, so that after n steps its entries are
/// multiples of π^(38 − n), and can be divided by π with the number.
///
/// A row has |y| + |z| ≤ √2·2¹⁹, and f, g stay below √2·√2·2¹⁸, by section 15 of `docs/maths.md`: less than 2²⁰.
#[derive(Clone, Copy)]
struct Packed {
    zeta: i64,
    exponent: u64,
    f: Gaussian<i64>,
    g: Gaussian<i64>,
}

impl Packed {
    #[inline(always)]
    fn new(zeta: i64, exponent: u64, f: Gaussian<i64>, g: Gaussian<i64>) -> Self {
        let low = |a: i64| a << 45 >> 45;
        Self {
            zeta,
            exponent,
            f: Gaussian { re: low(f.re) + (1 << (19 + 21)), im: low(f.im) },
            g: Gaussian { re: low(g.re) + (1 << (19 + 42)), im: low(g.im) },
        }
    }

    /// The matrix of 30 steps times 2¹⁵: that in the words over 2⁴.
    #[inline(always)]
    fn matrix(&self) -> Matrix {
        let unpack = |row: Gaussian<i64>| {
            let fields = |word: i64| {
                let fields = (word + (1 << 20)) >> 21;
                let low = fields << 43 >> 43;
                let high = (fields - low) >> 21;
                debug_assert!((low | high) & 15 == 0);
                (low >> 4, high >> 4)
            };
            let ((re, re_high), (im, im_high)) = (fields(row.re), fields(row.im));
            [Gaussian { re, im }, Gaussian { re: re_high, im: im_high }]
        };
        let ([u, v], [q, r]) = (unpack(self.f), unpack(self.g));
        Matrix([u, v, q, r])
    }
}

/// 30 steps.
#[inline(always)]
fn steps(state: Packed) -> Packed {
    let Packed { mut zeta, mut exponent, mut f, mut g } = state;
    for _ in 0..STEPS {
        debug_assert!((f.re + f.im) & 3 == 1 && f.im & 1 == 0, "f is primary");
        // All ones if g is odd; if so, and its imaginary part is odd: times −i; if then it is −1 modulo π³: times −1.
        let odd = -((g.re ^ g.im) & 1);
        let turn = -(g.im & 1) & odd;
        let minus = -((g.im + ((g.re ^ turn) - turn)) >> 1 & 1) & odd;
        let swapped = (g.re ^ g.im) & turn;
        let sign = minus ^ turn;
        let primary =
            Gaussian { re: ((g.re ^ swapped) ^ minus) - minus, im: ((g.im ^ swapped) ^ sign) - sign };
        // (i/f)₄ = i^((1 − a)/2) for each of these turns, f = a + ib
        let minus_a = 1 - f.re;
        let of_units = (minus_a >> 1 & turn) + (minus_a & minus);
        // (f/g)₄ = (g/f)₄·(−1)^(bd/4) for b, d the imaginary parts; and f − g in the place of g − f: (−1/g)₄
        let swap = odd & zeta >> 63;
        let of_swap = ((f.im & primary.im & 2) + (1 - primary.re)) & swap;
        let difference = Gaussian { re: primary.re - (f.re & odd), im: primary.im - (f.im & odd) };
        f.re ^= (f.re ^ primary.re) & swap;
        f.im ^= (f.im ^ primary.im) & swap;
        zeta = (zeta ^ swap) - 1 - swap;
        // (π/f)₄ = i^((a − b − b² − 1)/4), and b² is 4 modulo 16 if b/2 is odd, else 0
        let of_pi = (f.re - f.im - ((f.im & 2) << 1) - 1) >> 2;
        exponent = exponent.wrapping_add((of_units + of_swap + of_pi) as u64);
        g = Gaussian { re: (difference.re + difference.im) >> 1, im: (difference.im - difference.re) >> 1 };
    }
    Packed { zeta, exponent, f, g }
}

/// a·b + c·d in Z\[i\], modulo 2⁶⁴.
#[inline(always)]
fn sum_of_products(a: Gaussian<i64>, b: Gaussian<i64>, c: Gaussian<i64>, d: Gaussian<i64>) -> Gaussian<i64> {
    let mul = i64::wrapping_mul;
    let product = |a: Gaussian<i64>, b: Gaussian<i64>| Gaussian {
        re: mul(a.re, b.re).wrapping_sub(mul(a.im, b.im)),
        im: mul(a.re, b.im).wrapping_add(mul(a.im, b.re)),
    };
    let (ab, cd) = (product(a, b), product(c, d));
    Gaussian { re: ab.re.wrapping_add(cd.re), im: ab.im.wrapping_add(cd.im) }
}

impl Matrix {
    /// The low bits of f and g after a run; 15 bits fewer are right.
    #[inline(always)]
    fn low(&self, f: Gaussian<i64>, g: Gaussian<i64>) -> (Gaussian<i64>, Gaussian<i64>) {
        let Self([u, v, q, r]) = *self;
        let row = |a, b| {
            let Gaussian { re, im } = sum_of_products(a, f, b, g);
            Gaussian { re: re >> 15, im: im >> 15 }
        };
        (row(u, v), row(q, r))
    }

    /// The product self·before.
    #[inline(always)]
    fn after(&self, before: &Self) -> Self {
        let (Self([u, v, q, r]), Self([a, b, c, d])) = (*self, *before);
        let product = sum_of_products;
        Self([product(u, a, v, c), product(u, b, v, d), product(q, a, r, c), product(q, b, r, d)])
    }

    /// (f, g) ← t·(f, g)/2⁶⁰, exactly.
    #[inline(always)]
    fn apply(&self, f: &mut Gaussian<Signed>, g: &mut Gaussian<Signed>) {
        let Self([u, v, q, r]) = self;
        let dot = |a: &Gaussian<i64>, b: &Gaussian<i64>, f: [i64; 2], g: [i64; 2]| {
            let wide = i128::from;
            let re = wide(a.re) * wide(f[0]) - wide(a.im) * wide(f[1]);
            let im = wide(a.re) * wide(f[1]) + wide(a.im) * wide(f[0]);
            let more_re = wide(b.re) * wide(g[0]) - wide(b.im) * wide(g[1]);
            let more_im = wide(b.re) * wide(g[1]) + wide(b.im) * wide(g[0]);
            [re + more_re, im + more_im]
        };
        let mut sums = [0; 4];
        for i in 0..LIMBS {
            let (of_f, of_g) = ([f.re[i], f.im[i]], [g.re[i], g.im[i]]);
            let ([a, b], [c, d]) = (dot(u, v, of_f, of_g), dot(q, r, of_f, of_g));
            for (sum, product) in sums.iter_mut().zip([a, b, c, d]) {
                *sum += product;
            }
            let low = sums.map(|sum| sum as i64 & MASK);
            sums = sums.map(|sum| sum >> BITS);
            if i > 0 {
                [f.re[i - 1], f.im[i - 1], g.re[i - 1], g.im[i - 1]] = low;
            } else {
                debug_assert_eq!(low, [0; 4], "divided without remainder");
            }
        }
        [f.re[LIMBS - 1], f.im[LIMBS - 1], g.re[LIMBS - 1], g.im[LIMBS - 1]] = sums.map(|sum| sum as i64);
    }
}
