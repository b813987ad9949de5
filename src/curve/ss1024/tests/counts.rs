//! What each operation costs: the field of RFC 6509 with a counter in every multiplication.
//!
//! These figures stand beside the functions and in `docs/maths.md`; whoever changes one changes all.

use crate::backend::fp1024::{Arithmetic, Base, Commit, Field, FieldOctets, Ops, ScalarOctets};
use crate::backend::rustcrypto::fp1024::Fp;
use crate::curve::ss1024::bucket_sums::sums_vartime;
use crate::curve::ss1024::edwards::Edwards;
use crate::curve::ss1024::field::{Parameters, SignedDigits};
use crate::curve::ss1024::field2::Complex;
use crate::curve::ss1024::generator;
use crate::curve::ss1024::generic::Generic;
use crate::curve::ss1024::lines::Lines;
use crate::curve::ss1024::mul::{Comb, FieldGroup, Group, comb_sum, mul, mul_vartime};
use crate::curve::ss1024::pairing;
use crate::curve::ss1024::point::{Affine, is_fourth_power};
use crate::curve::ss1024::unitary;
use std::cell::Cell;
use std::fmt;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, CtOption};
use zeroize::Zeroize;

std::thread_local! {
    static COST: Cell<Cost> = const { Cell::new(Cost { m: 0, s: 0, i: 0 }) };
}

/// Products (squares among them), reductions, inversions.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cost {
    m: usize,
    s: usize,
    i: usize,
}

impl fmt::Debug for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} products, {} reductions, {} inversions", self.m, self.s, self.i)
    }
}

const fn cost(m: usize, s: usize, i: usize) -> Cost {
    Cost { m, s, i }
}

/// Runs `operation` and counts.
fn count<T>(operation: impl FnOnce() -> T) -> Cost {
    COST.set(cost(0, 0, 0));
    let _ = operation();
    COST.get()
}

fn add_cost(m: usize, s: usize, i: usize) {
    COST.with(|sum| {
        let before = sum.get();
        sum.set(cost(before.m + m, before.s + s, before.i + i));
    });
}

#[derive(Clone, Copy, Debug)]
struct Counted(Fp);

impl Zeroize for Counted {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl ConditionallySelectable for Counted {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self(Fp::conditional_select(&a.0, &b.0, choice))
    }
}

impl ConstantTimeEq for Counted {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl Arithmetic for Counted {
    type Proof = ();
    type Raw = Fp;

    fn proof(&self) {}
    fn zero((): ()) -> Self {
        Self(Fp::zero(()))
    }
    fn one((): ()) -> Self {
        Self(Fp::one(()))
    }
    fn from_raw((): (), raw: &Fp) -> Self {
        Self(*raw)
    }
    fn add(&self, b: &Self) -> Self {
        Self(self.0.add(&b.0))
    }
    fn sub(&self, b: &Self) -> Self {
        Self(self.0.sub(&b.0))
    }
    fn neg(&self) -> Self {
        Self(self.0.neg())
    }
    fn mul(&self, b: &Self) -> Self {
        add_cost(1, 1, 0);
        Self(self.0.mul(&b.0))
    }
    fn square(&self) -> Self {
        add_cost(1, 1, 0);
        Self(self.0.square())
    }
    /// As the own kernels do it: one reduction.
    fn sum_of_products<const N: usize>(a: [&Self; N], b: [&Self; N]) -> Self {
        add_cost(N, 1, 0);
        Self(Fp::sum_of_products(a.map(|a| &a.0), b.map(|b| &b.0)))
    }
    /// As the own kernels do it: four products, two reductions.
    fn complex_mul(a: [&Self; 2], b: [&Self; 2]) -> [Self; 2] {
        let minus = a[1].neg();
        [Self::sum_of_products([a[0], &minus], b), Self::sum_of_products([a[0], a[1]], [b[1], b[0]])]
    }
}

impl Field for Counted {
    fn invert(&self) -> Self {
        add_cost(0, 0, 1);
        Self(self.0.invert())
    }
    fn from_octets((): (), octets: &FieldOctets) -> CtOption<Self> {
        Fp::from_octets((), octets).map(Self)
    }
    fn to_octets(&self) -> FieldOctets {
        self.0.to_octets()
    }
}

impl Parameters for Counted {
    const Q: &'static [u64] = Fp::Q;
    const OCTAL: &'static [i8] = Fp::OCTAL;
    const NAF: &'static [i8] = Fp::NAF;
    const DIGITS: usize = Fp::DIGITS;
    const G: Fp = Fp::G;
    const S: Fp = Fp::S;
    const T: Fp = Fp::T;
    const T_OVER_S: Fp = Fp::T_OVER_S;
    const LAMBDA: [Fp; 2] = Fp::LAMBDA;

    fn recode(k: &ScalarOctets) -> SignedDigits {
        Fp::recode(k)
    }
}

/// Some scalar. The costs below do not depend on it.
const K: ScalarOctets = [0x13; 128];

#[test]
fn points() {
    let p = Affine::<Counted>::load((), &generator());
    let (a, b) = (Edwards::from_affine(&p), Edwards::from_affine(&p).double());
    let entry = Edwards::entries(&[b])[0];
    assert_eq!(count(|| p.is_on_curve()), cost(3, 3, 0));
    assert_eq!(count(|| p.has_order_q()), cost(10, 8, 0));
    assert_eq!(count(|| is_fourth_power(&p.order_class())), cost(2061, 2059, 1));
    assert_eq!(count(|| Edwards::from_affine(&p)), cost(5, 5, 0));
    assert_eq!(count(|| a.add(&b)), cost(8, 8, 0));
    assert_eq!(count(|| a.add_entry(&entry)), cost(7, 7, 0));
    assert_eq!(count(|| a.double()), cost(8, 8, 0));
    assert_eq!(count(|| a.double_times(10)), cost(80, 80, 0));
    assert_eq!(count(|| a.to_fraction()), cost(5, 5, 0));
    assert_eq!(count(|| a.equals(&p)), cost(7, 7, 0));
    assert_eq!(count(|| Edwards::entries(&[a, b])), cost(12, 12, 1));
}

#[test]
fn units() {
    let g = unitary::generator::<Counted>(());
    assert_eq!(count(|| g.mul(&g)), cost(4, 2, 0));
    assert_eq!(count(|| g.square()), cost(2, 2, 0));
    assert_eq!(
        count(|| {
            let mut g = g;
            g.mul_unit_in_place(&Counted(Fp::G));
        }),
        cost(2, 2, 0)
    );
    assert_eq!(count(|| Complex::entries(&[g, g])), cost(8, 8, 1));
}

#[test]
fn multiplications() {
    let base = Edwards::<Counted>::from_affine(&Affine::load((), &generator()));
    let g = unitary::generator::<Counted>(());
    let k = Counted::recode(&K);
    assert_eq!(count(|| Comb::new(&base)), cost(12736, 12736, 1));
    assert_eq!(count(|| Comb::new(&g)), cost(4552, 3904, 1));
    let (comb, units) = (Comb::new(&base), Comb::new(&g));
    assert_eq!(count(|| comb_sum((), &[(&comb, &k)])), cost(1341, 1341, 0));
    assert_eq!(count(|| comb_sum((), &[(&comb, &k), (&comb, &k)])), cost(2538, 2538, 0));
    assert_eq!(count(|| comb_sum((), &[(&units, &k)])), cost(378, 378, 0));
    assert_eq!(count(|| mul(&base, &k)), cost(9776, 9776, 0));
    assert_eq!(count(|| mul(&g, &k)), cost(2846, 2444, 0));
    // Of a short public scalar, as identifiers are: 26 octets.
    assert_eq!(count(|| mul_vartime((), &base, &[0x13; 26])), cost(2264, 2264, 0));
}

#[test]
fn pairings() {
    let p = Affine::<Counted>::load((), &generator());
    let lines = Lines::new(&p);
    assert_eq!(count(|| Lines::new(&p)), cost(50273, 43221, 4));
    assert_eq!(count(|| pairing::value(&p, &p)), cost(24696, 21952, 0));
    assert_eq!(count(|| lines.value(&p)), cost(6498, 3411, 0));
    assert_eq!(count(|| Generic::<Counted>::finish_many(&[lines.value(&p)])), cost(6506, 3419, 1));
}

/// Sums of many terms: factors of 336 and of 128 bits, as an identifier of 26 octets makes them.
#[test]
fn bucket_sums() {
    let p = Affine::<Counted>::load((), &generator());
    for (points, expected) in [(4, 19_700), (64, 71392), (512, 323328)] {
        let (k, l) = ([0x93; 42], [0x93; 16]);
        let terms = std::vec![[&k[..], &l[..]]; points];
        let points = std::vec![p; points];
        let side = Generic::<Counted>(());
        assert_eq!(count(|| sums_vartime(side, &points, &terms)), cost(expected, expected, 1));
    }
}

/// Whole operations of the protocol, to set beside the plan.
#[test]
fn operations() {
    let ops = Generic::<Counted>(());
    let (p, b) = (generator(), [0x13; 128]);
    let z = ops.mul_many(Base { point: &p, table: None }, &[K])[0];
    let (comb_p, comb_z, g) = (ops.comb(&p), ops.comb(&z), ops.unit_comb());
    let (lines_p, lines_z) = (ops.lines(&p), ops.lines(&z));
    let with_comb = Base { point: &p, table: Some(&comb_p) };
    let issue = count(|| ops.mul_many(with_comb, &[K]));
    let encapsulate = count(|| {
        let terms = std::vec![(&b, with_comb), (&K, Base { point: &z, table: Some(&comb_z) })];
        ops.commit_many(&[Commit { r: &K, terms }], Some(&g))
    });
    let with_lines = Base { point: &p, table: Some(&lines_p) };
    let decapsulate =
        count(|| (ops.pairing_many(with_lines, &[&z]), ops.equals_many(with_comb, &[K], &[&z])));
    // With an identifier of 26 octets.
    let mut short = [0; 128];
    short[102..].copy_from_slice(&[0x13; 26]);
    let validate = count(|| {
        let bound = ops.mul_add_vartime(&short, with_comb, &z);
        let w =
            ops.pairing_product_vartime(&short, with_lines, Base { point: &z, table: Some(&lines_z) }, &z);
        (bound, w, ops.has_order_q(&z))
    });
    let all = [issue, encapsulate, decapsulate, validate];
    let expected = [cost(1351, 1351, 1), cost(2930, 2930, 1), cost(7854, 4767, 1), cost(15101, 8767, 2)];
    assert_eq!(all, expected);
}
