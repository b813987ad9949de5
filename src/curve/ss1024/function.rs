//! Functions on the curve without a pole but at infinity: A(X) + Y·B(X).
//!
//! X has a pole of order two there and Y one of order three, so every order but one belongs to one
//! monomial, and a function of order N with leading coefficient 1 has N − 1 other coefficients. It
//! has N zeros on the curve, which determine it. Two functions are multiplied as polynomials with
//! Y² = X³ − 3X; where one has a zero C and the other a zero −C, the vertical line through both
//! divides the product. `docs/maths.md` shows what the Miller loop makes of it.

use super::field::Parameters;
use super::field2::Complex;
use crate::backend::fp1024::Arithmetic;
use alloc::vec::Vec;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The highest order that is evaluated: that of eight zeros in V, four in K and one in −(8V + 4K).
pub(super) const MAX_ORDER: usize = 13;

/// Coefficients below the leading one: of X⁰, X¹, … and of Y, YX, ….
pub(super) const fn coefficients(order: usize) -> [usize; 2] {
    if order.is_multiple_of(2) { [order / 2, order / 2 - 1] } else { [order.div_ceil(2), (order - 3) / 2] }
}

/// A function with leading coefficient 1, which is not kept. Wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub(super) struct Function<A: Arithmetic> {
    #[zeroize(skip)]
    order: usize,
    a: Vec<A>,
    b: Vec<A>,
}

impl<A: Parameters> Function<A> {
    fn new(order: usize, a: Vec<A>, b: Vec<A>) -> Self {
        debug_assert_eq!([a.len(), b.len()], coefficients(order));
        Self { order, a, b }
    }

    /// X − x: the vertical line. Zeros: both points with this X.
    pub(super) fn vertical(x: &A) -> Self {
        Self::new(2, alloc::vec![x.neg()], Vec::new())
    }

    /// Y − λX + c: any other line. Zeros: three points.
    pub(super) fn line(slope: &A, c: &A) -> Self {
        Self::new(3, alloc::vec![*c, slope.neg()], Vec::new())
    }

    pub(super) fn order(&self) -> usize {
        self.order
    }

    /// All coefficients but the leading one: those of A, then those of B.
    pub(super) fn coefficients(&self) -> impl Iterator<Item = &A> {
        self.a.iter().chain(&self.b)
    }

    /// The same with coefficients in another form.
    pub(super) fn map<B: Parameters>(&self, f: impl Fn(&A) -> B) -> Function<B> {
        Function::new(self.order, self.a.iter().map(&f).collect(), self.b.iter().map(&f).collect())
    }

    /// The same function with Y replaced by −Y, whose zeros are the opposite points, where `choose`
    /// picks the coefficients from (unchanged, opposite sign).
    pub(super) fn reflect(&self, choose: impl Fn(&A, &A) -> A) -> Self {
        let flip = |c: &A| choose(c, &c.neg());
        // For odd order Y·B leads: its sign stays, and that of A changes.
        let (a, b) = if self.order.is_multiple_of(2) {
            (self.a.clone(), self.b.iter().map(flip).collect())
        } else {
            (self.a.iter().map(flip).collect(), self.b.clone())
        };
        Self::new(self.order, a, b)
    }

    /// F·G/(X − x), for F with a zero in one and G with a zero in the other of the points with
    /// this X.
    pub(super) fn product_over_vertical(&self, g: &Self, x: &A) -> Self {
        let order = self.order + g.order - 2;
        let [a, b] = self.product(g);
        let monic = order.is_multiple_of(2);
        Self::new(order, divide(a, x, monic), divide(b, x, !monic))
    }

    /// A and B of the product, without the leading coefficient, and without those of X⁰: those of A and of
    /// B only count for a remainder, which is 0.
    fn product(&self, g: &Self) -> [Vec<A>; 2] {
        let proof = self.a[0].proof();
        let even = |f: &Self| f.order.is_multiple_of(2);
        let (fa, fb) = (Polynomial(&self.a, even(self)), Polynomial(&self.b, !even(self)));
        let (ga, gb) = (Polynomial(&g.a, even(g)), Polynomial(&g.b, !even(g)));
        let [a_length, b_length] = coefficients(self.order + g.order);

        let mut bb: Vec<Option<A>> =
            (0..fb.length() + gb.length()).map(|k| sum(proof, &[(fb, gb)], k)).collect();
        let bb_at = |k: Option<usize>| k.and_then(|k| bb.get(k)).and_then(Option::as_ref);
        let a = (1..a_length)
            .map(|k| {
                let mut sum = sum(proof, &[(fa, ga)], k).unwrap_or(A::zero(proof));
                if let Some(c) = bb_at(k.checked_sub(3)) {
                    sum = sum.add(c);
                }
                match bb_at(k.checked_sub(1)) {
                    Some(c) => sum.sub(&c.reduce().triple()),
                    None => sum,
                }
            })
            .collect();
        let b =
            (1..b_length).map(|k| sum(proof, &[(fa, gb), (ga, fb)], k).unwrap_or(A::zero(proof))).collect();
        for c in bb.iter_mut().flatten() {
            c.zeroize();
        }
        [a, b]
    }
}

/// Coefficients, and whether a 1 follows them.
#[derive(Clone, Copy)]
struct Polynomial<'a, A>(&'a [A], bool);

impl<A> Polynomial<'_, A> {
    fn length(&self) -> usize {
        self.0.len() + usize::from(self.1)
    }
}

/// The coefficient of Xᵏ in a sum of products; none where there is nothing to add.
fn sum<A: Arithmetic>(
    proof: A::Proof,
    products: &[(Polynomial<'_, A>, Polynomial<'_, A>)],
    k: usize,
) -> Option<A> {
    let mut plain: Option<A> = None;
    let mut add = |c: A| plain = Some(plain.map_or(c, |sum| sum.add(&c)));
    for (f, g) in products {
        // f.0[i] and g.0[k − i] for i in this range
        let range = (k + 1).saturating_sub(g.0.len())..f.0.len().min(k + 1);
        for from in range.clone().step_by(6) {
            let part = from..range.end.min(from + 6);
            dot(part.map(|i| (&f.0[i], &g.0[k - i]))).into_iter().for_each(&mut add);
        }
        let leading = |f: &Polynomial<'_, A>| f.1.then_some(f.0.len()).filter(|at| *at <= k);
        let (of_f, of_g) = (leading(f), leading(g));
        of_f.and_then(|at| g.0.get(k - at)).into_iter().for_each(|c| add(*c));
        of_g.and_then(|at| f.0.get(k - at)).into_iter().for_each(|c| add(*c));
        if of_f.zip(of_g).is_some_and(|(a, b)| a + b == k) {
            add(A::one(proof));
        }
    }
    plain
}

/// Σ aᵢ·bᵢ of up to six pairs; none of none.
fn dot<'a, A: Arithmetic>(mut pairs: impl ExactSizeIterator<Item = (&'a A, &'a A)>) -> Option<A> {
    fn of<'a, A: Arithmetic, const N: usize>(mut pairs: impl Iterator<Item = (&'a A, &'a A)>) -> A {
        let pairs: [_; N] = core::array::from_fn(|_| pairs.next().expect("as many as were counted"));
        A::sum_of_products(pairs.map(|(a, _)| a), pairs.map(|(_, b)| b))
    }
    Some(match pairs.len() {
        0 => return None,
        1 => pairs.next().map(|(a, b)| a.mul(b))?,
        2 => of::<A, 2>(pairs),
        3 => of::<A, 3>(pairs),
        4 => of::<A, 4>(pairs),
        5 => of::<A, 5>(pairs),
        6 => of::<A, 6>(pairs),
        _ => unreachable!("up to six pairs"),
    })
}

/// Divides by X − x, exactly, a polynomial whose lowest coefficient was left out. The quotient has small
/// bounds.
fn divide<A: Arithmetic>(mut c: Vec<A>, x: &A, monic: bool) -> Vec<A> {
    // From above: each coefficient of the quotient is the one of the dividend plus x times the last.
    for i in (0..c.len()).rev() {
        if let Some(above) = c.get(i + 1) {
            c[i] = c[i].add(&x.mul(above));
        } else if monic {
            c[i] = c[i].add(x);
        }
        c[i] = c[i].reduce();
    }
    c
}

/// Powers of the point where functions are evaluated: \[i\]R = (−x, i·y).
#[derive(Zeroize)]
pub(super) struct Argument<A: Zeroize> {
    /// −x, (−x)², …
    x: [A; MAX_ORDER / 2],
    /// y, −xy, …
    y: [A; MAX_ORDER / 2],
}

impl<A: Parameters> Argument<A> {
    /// `10M`.
    pub(super) fn new(x: &A, y: &A) -> Self {
        let minus = x.neg();
        let mut powers = Self { x: [minus; MAX_ORDER / 2], y: [*y; MAX_ORDER / 2] };
        for i in 1..powers.x.len() {
            [powers.x[i], powers.y[i]] = A::mul_pairs([&powers.x[i - 1], &powers.y[i - 1]], [&minus, &minus]);
        }
        powers
    }

    /// The value of the function with these coefficients: `(order − 2)M`, with two reductions.
    pub(super) fn value<'a>(&'a self, order: usize, c: impl Fn(usize) -> &'a A) -> Complex<A> {
        let [a, b] = coefficients(order);
        let mut re = *c(0);
        if let Some(sum) = dot((1..a).map(&c).zip(&self.x)) {
            re = re.add(&sum);
        }
        let im = dot((a..a + b).map(c).zip(&self.y));
        if order.is_multiple_of(2) {
            let im = im.unwrap_or_else(|| A::zero(re.proof()));
            Complex { re: re.add(&self.x[a - 1]), im }
        } else {
            Complex { re, im: im.map_or(self.y[b], |im| im.add(&self.y[b])) }
        }
    }
}
