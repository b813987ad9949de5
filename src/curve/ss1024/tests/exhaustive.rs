//! Every input on small fields, against the school's group law and brute force.

use super::tiny::{
    Plain, Tiny, TinyCurve, octets, on_every_field, on_every_loop, plain_add, plain_mul, points,
};
use crate::backend::fp1024::{Arithmetic, Field};
use crate::backend::portable::{quartic, words};
use crate::backend::rustcrypto::fp1024::Fp;
use crate::curve::ss1024::edwards::Edwards;
use crate::curve::ss1024::field::{Parameters, invert_all};
use crate::curve::ss1024::field2::Complex;
use crate::curve::ss1024::generic::Generic;
use crate::curve::ss1024::lines::Lines;
use crate::curve::ss1024::mul::{Comb, FieldGroup, Group, comb_sum, mul, mul_vartime};
use crate::curve::ss1024::pairing;
use crate::curve::ss1024::point::{Affine, is_fourth_power};
use crate::curve::ss1024::unitary;
use crate::error::Problem;
use std::vec::Vec;
use subtle::Choice;

on_every_field!(
    decodes_exactly_the_curve,
    finds_the_points_of_order_q,
    quartic_symbols,
    edwards_group_law,
    scalar_multiplication,
    unit_powers,
    pairing_is_bilinear_and_symmetric,
    inverses,
);
on_every_loop!(pairing_is_the_one_of_rfc_6508, pairing_ignores_parts_of_small_order);

fn q<const P: u64>() -> u64 {
    (P + 1) / 4
}

fn affine<const P: u64>(point: Plain) -> Affine<Tiny<P>> {
    let (x, y) = point.expect("not infinity");
    Affine { x: Tiny(x), y: Tiny(y) }
}

/// All multiples of P, infinity first.
fn subgroup<const P: u64>() -> Vec<Plain>
where
    Tiny<P>: TinyCurve,
{
    let [x, y] = Tiny::<P>::P;
    (0..q::<P>()).map(|k| plain_mul::<P>(k, Some((x.0, y.0)))).collect()
}

fn edwards<const P: u64>(point: Plain) -> Edwards<Tiny<P>>
where
    Tiny<P>: TinyCurve,
{
    point.map_or(Edwards::identity(()), |_| Edwards::from_affine(&affine(point)))
}

fn plain<const P: u64>(point: Edwards<Tiny<P>>) -> Plain
where
    Tiny<P>: TinyCurve,
{
    let [x, y, d] = point.to_fraction();
    let inverse = d.invert();
    (d != Tiny(0)).then(|| (x.mul(&inverse).0, y.mul(&inverse).0))
}

fn decodes_exactly_the_curve<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let curve = points::<P>();
    assert_eq!(curve.len() as u64, P, "with infinity p + 1 points");
    for x in 0..P + 2 {
        for y in 0..P + 2 {
            let mut encoded = [0; 256];
            encoded[..128].copy_from_slice(&octets(x));
            encoded[128..].copy_from_slice(&octets(y));
            let expected = if x >= P || y >= P {
                Err(Problem::NotReduced)
            } else if !curve.contains(&Some((x, y))) {
                Err(Problem::NotOnCurve)
            } else if y == 0 {
                Err(Problem::WrongOrder)
            } else {
                Ok((x, y))
            };
            let decoded = Affine::<Tiny<P>>::decode((), &encoded);
            assert_eq!(decoded.map(|point| (point.x.0, point.y.0)), expected);
            if let Ok(point) = decoded {
                assert_eq!(point.to_octets(), encoded);
            }
        }
    }
}

fn finds_the_points_of_order_q<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let mut found = 0;
    for point in points::<P>() {
        let expected = plain_mul::<P>(q::<P>(), point).is_none();
        let affine = affine::<P>(point);
        assert_eq!(bool::from(affine.has_order_q()), expected, "{point:?}");
        if affine.y != Tiny(0) {
            let slow = is_fourth_power(&affine.order_class());
            assert_eq!(bool::from(slow), expected, "{point:?} by the Lucas chain");
        }
        found += u64::from(expected);
    }
    assert_eq!(found, q::<P>() - 1);
}

/// (z/p)₄ is z^((p² − 1)/4), for every z, on the larger fields for some.
fn quartic_symbols<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let words = |a: Tiny<P>| words::from_octets(&a.to_octets());
    let step = if P < 100 { 1 } else { 37 };
    for (re, im) in (1..P * P).step_by(step).map(|i| (Tiny(i / P), Tiny(i % P))) {
        let z = Complex { re, im };
        let n = (P * P - 1) / 4;
        let power = (0..=n.ilog2()).rev().fold(Complex::one(()), |power, i| {
            let square = power.mul(&power);
            if n >> i & 1 == 1 { square.mul(&z) } else { square }
        });
        let (exponent, done) = quartic::symbol(&words(re), &words(im), Tiny::<P>::Q);
        assert!(bool::from(done));
        let i = Complex { re: Tiny(0), im: Tiny(1) };
        let symbol = (0..exponent).fold(Complex::one(()), |symbol, _| symbol.mul(&i));
        assert_eq!((power.re, power.im), (symbol.re, symbol.im), "{re:?} + {im:?}i");
    }
}

fn edwards_group_law<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let group = subgroup::<P>();
    let entries = Edwards::entries(&group.iter().map(|a| edwards(*a)).collect::<Vec<_>>());
    for a in &group {
        let ea = edwards::<P>(*a);
        assert_eq!(plain(ea), *a);
        assert_eq!(plain(ea.double()), plain_add::<P>(*a, *a));
        assert_eq!(plain(ea.double_times(3)), plain_mul::<P>(8, *a));
        assert_eq!(plain(ea.double_times(3).add(&ea)), plain_mul::<P>(9, *a), "T is right");
        let minus = ea.neg();
        assert_eq!(plain_add::<P>(plain(minus), *a), None);
        for (b, entry) in group.iter().zip(&entries) {
            let sum = plain_add::<P>(*a, *b);
            // Also where one operand has another Z, and the result is used once more.
            let scaled = ea.double().add(&minus);
            assert_eq!(plain(ea.add(&edwards(*b))), sum);
            assert_eq!(plain(scaled.add(&edwards(*b))), sum);
            assert_eq!(plain(scaled.add_entry(entry)), sum);
            assert_eq!(plain(scaled.add_entry(entry).add_entry(entry)), plain_add::<P>(sum, *b));
            let mut opposite = *entry;
            Edwards::look_up_entry(&mut opposite, core::slice::from_ref(entry), 0, Choice::from(1));
            assert_eq!(plain(scaled.add_entry(entry).add_entry(&opposite)), *a);
            if b.is_some() {
                assert_eq!(bool::from(scaled.equals(&affine(*b))), a == b);
            }
        }
    }
}

fn scalar_multiplication<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let group = subgroup::<P>();
    let q = q::<P>();
    let generator = Comb::new(&edwards::<P>(group[1]));
    for (a, base) in group.iter().enumerate() {
        let point = edwards::<P>(*base);
        let comb = Comb::new(&point);
        for k in 0..q {
            let expected = group[(a as u64 * k % q) as usize];
            let digits = Tiny::<P>::recode(&octets(k));
            assert_eq!(plain(mul(&point, &digits)), expected);
            assert_eq!(plain(comb_sum((), &[(&comb, &digits)])), expected);
            assert_eq!(plain(mul_vartime((), &point, &octets(k))), expected);
            let l = Tiny::<P>::recode(&octets((k * k + 1) % q));
            let both = group[((a as u64 * k + k * k + 1) % q) as usize];
            let sum: Edwards<Tiny<P>> = comb_sum((), &[(&comb, &digits), (&generator, &l)]);
            assert_eq!(plain(sum), both);
        }
        for k in q..1100 {
            let expected = group[(a as u64 * k % q) as usize];
            assert_eq!(plain(mul_vartime((), &point, &k.to_be_bytes())), expected);
        }
    }
}

/// a∘b of RFC 6508 §2.1: (a + b)/(1 − ab).
fn compose<const P: u64>(a: Tiny<P>, b: Tiny<P>) -> Tiny<P>
where
    Tiny<P>: TinyCurve,
{
    a.add(&b).mul(&Tiny(1).sub(&a.mul(&b)).invert())
}

fn unit_powers<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let g = unitary::generator::<Tiny<P>>(());
    let comb = Comb::new(&g);
    let name = |a: Complex<Tiny<P>>| a.im.mul(&a.re.invert());
    let mut power = Tiny(0);
    for r in 0..q::<P>() {
        let digits = Tiny::<P>::recode(&octets(r));
        assert_eq!(name(mul(&g, &digits)), power);
        assert_eq!(name(comb_sum((), &[(&comb, &digits)])), power);
        power = compose(power, Tiny::<P>::G);
    }
    assert_eq!(power, Tiny(0), "g has order q");
}

/// RFC 6508 §3.2 as it stands: affine, over the bits of q − 1.
fn rfc_pairing<const P: u64>(r: Plain, k: Plain) -> Tiny<P>
where
    Tiny<P>: TinyCurve,
{
    let (kx, ky) = k.expect("not infinity");
    let at = |c: Plain, d: Plain| {
        let ((cx, cy), (dx, dy)) = (c.expect("not infinity"), d.expect("not infinity"));
        let over = |a: u64, b: u64| Tiny::<P>(a % P).mul(&Tiny(b % P).invert());
        let slope = if c == d { over(3 * (cx * cx + P - 1), 2 * cy) } else { over(cy + P - dy, cx + P - dx) };
        Complex { re: slope.mul(&Tiny((kx + cx) % P)).sub(&Tiny(cy)), im: Tiny(ky) }
    };
    let order = q::<P>() - 1;
    let (mut v, mut c) = (Complex::one(()), r);
    for i in (0..order.ilog2()).rev() {
        v = v.mul(&v).mul(&at(c, c));
        c = plain_add::<P>(c, c);
        if order >> i & 1 == 1 {
            v = v.mul(&at(c, r));
            c = plain_add::<P>(c, r);
        }
    }
    let t = v.mul(&v).mul(&v).mul(&v);
    t.im.mul(&t.re.invert())
}

/// f⁴ in PF_p.
fn finish<const P: u64>(f: &Complex<Tiny<P>>) -> Tiny<P>
where
    Tiny<P>: TinyCurve,
{
    let octets = Generic::<Tiny<P>>::finish_many(&[*f])[0];
    Tiny::from_octets((), &octets).expect("reduced")
}

fn pairing_is_the_one_of_rfc_6508<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let group = subgroup::<P>();
    for k in &group[1..] {
        let lines = Lines::new(&affine::<P>(*k));
        for r in &group[1..] {
            let expected = rfc_pairing::<P>(*r, *k);
            assert_eq!(finish(&pairing::value(&affine(*k), &affine(*r))), expected);
            assert_eq!(finish(&lines.value(&affine(*r))), expected);
        }
    }
}

fn pairing_is_bilinear_and_symmetric<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let group = subgroup::<P>();
    let q = q::<P>();
    let mut powers = std::vec![Tiny(0)];
    for i in 1..q {
        powers.push(compose(powers[i as usize - 1], Tiny::<P>::G));
    }
    for a in 1..q {
        for b in 1..q {
            let value = finish(&pairing::value(&affine::<P>(group[a as usize]), &affine(group[b as usize])));
            assert_eq!(value, powers[(a * b % q) as usize], "<[{a}]P, [{b}]P>");
        }
    }
}

fn pairing_ignores_parts_of_small_order<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let group = subgroup::<P>();
    let small: Vec<_> = points::<P>().into_iter().filter(|t| plain_mul::<P>(4, *t).is_none()).collect();
    assert_eq!(small.len(), 3, "one point of order 2, two of order 4");
    for k in &group[1..] {
        let lines = Lines::new(&affine::<P>(*k));
        // Infinity among the R: R + T is then a point of small order itself.
        for r in &group {
            let expected = r.map_or(Tiny(0), |_| finish(&pairing::value(&affine(*k), &affine(*r))));
            for t in &small {
                let sum = plain_add::<P>(*r, *t);
                if sum.is_some_and(|(_, y)| y == 0) {
                    continue; // (0, 0), which is refused
                }
                assert_eq!(finish(&pairing::value(&affine(*k), &affine(sum))), expected);
                assert_eq!(finish(&lines.value(&affine(sum))), expected);
            }
        }
    }
}

fn inverses<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let mut all: Vec<_> = (0..P).chain([0, 5, 0]).map(Tiny::<P>).collect();
    let expected: Vec<_> = all.iter().map(Field::invert).collect();
    invert_all(&mut all);
    assert_eq!(all, expected);
}

/// On the real field the symbol is 1 exactly where the Lucas chain says so, and it is a homomorphism that takes every value.
#[test]
fn quartic_symbols_of_the_real_field() {
    let element = |seed: u64, part: u8| {
        let octets = core::array::from_fn(|i| {
            let mixed =
                (seed * 4 + u64::from(part) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ (i as u64) << 17);
            if i == 0 { 0 } else { (mixed.wrapping_mul(mixed | 1) >> 40) as u8 }
        });
        Fp::from_octets((), &octets).expect("below p")
    };
    let symbol = |z: &Complex<Fp>| {
        let words = |a: &Fp| words::from_octets(&a.to_octets());
        let (exponent, done) = quartic::symbol(&words(&z.re), &words(&z.im), Fp::Q);
        assert!(bool::from(done));
        exponent
    };
    let mut seen = [0; 4];
    let mut before: Option<(Complex<Fp>, u64)> = None;
    for seed in 0..24 {
        let z = Complex { re: element(seed, 0), im: element(seed, 1) };
        let exponent = symbol(&z);
        seen[exponent as usize] += 1;
        assert_eq!(bool::from(is_fourth_power(&z)), exponent == 0, "{seed}");
        if let Some((other, its)) = before {
            assert_eq!(symbol(&z.mul(&other)), (exponent + its) % 4, "{seed}");
        }
        before = Some((z, exponent));
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}
