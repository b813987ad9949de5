//! Operations in lanes give what the same one by one give: all inputs on small fields, some on the real
//! one.

use super::eight::Eight;
use super::tiny::{Plain, Tiny, TinyCurve, octets, on_every_field, on_every_loop, plain_add, plain_mul};
use crate::backend::fp1024::{
    Arithmetic, Base, Commit, Committed, Field, Ops, PointOctets, ScalarOctets, Weighted,
};
use crate::backend::rustcrypto::fp1024::Fp;
use crate::curve::ss1024::bucket_sums::{SideBySide, sums_vartime};
use crate::curve::ss1024::edwards::Edwards;
use crate::curve::ss1024::generic::Generic;
use crate::curve::ss1024::lanes::InLanes;
use crate::curve::ss1024::point::Affine;
use crate::curve::ss1024::{generator, scalar::Scalar};
use std::vec::Vec;
use subtle::Choice;

on_every_field!(products, encapsulations, comparisons, products_of_pairings, bucket_sums, equations);
on_every_loop!(pairings);

/// [1]P, [2]P, … [q − 1]P.
fn group<const P: u64>() -> Vec<PointOctets>
where
    Tiny<P>: TinyCurve,
{
    let [x, y] = Tiny::<P>::P;
    let multiple = |k| plain_mul::<P>(k, Some((x.0, y.0))).expect("not infinity");
    (1..(P + 1) / 4).map(multiple).map(|(x, y)| [octets(x), octets(y)].concat().try_into().unwrap()).collect()
}

fn scalars<const P: u64>() -> Vec<ScalarOctets> {
    (1..(P + 1) / 4).map(octets).collect()
}

type One<const P: u64> = Generic<Tiny<P>>;
type Many<const P: u64> = InLanes<Eight<Tiny<P>>>;

fn products<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let (one, many): (One<P>, Many<P>) = (Generic(()), InLanes(()));
    let k = scalars::<P>();
    for point in &group::<P>() {
        let (a, b) = (one.comb(point), many.comb(point));
        for table in [true, false] {
            let expected = one.mul_many(Base { point, table: Some(&a).filter(|_| table) }, &k);
            assert_eq!(many.mul_many(Base { point, table: Some(&b).filter(|_| table) }, &k), expected);
        }
    }
}

fn same(a: &[Committed], b: &[Committed]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert_eq!((a.point, a.power), (b.point, b.power));
        assert_eq!(bool::from(a.is_infinity), bool::from(b.is_infinity));
    }
}

/// Jobs of two terms: r and rb of all values; some sums are infinity.
fn commit<O: Ops>(
    ops: O,
    points: [&PointOctets; 2],
    k: &[ScalarOctets],
    tables: [bool; 3],
) -> Vec<Committed> {
    let combs = points.map(|point| ops.comb(point));
    let g = ops.unit_comb();
    let base = |i: usize| Base { point: points[i], table: Some(&combs[i]).filter(|_| tables[i]) };
    let jobs: Vec<_> = k
        .iter()
        .flat_map(|r| k.iter().map(move |rb| Commit { r, terms: std::vec![(r, base(0)), (rb, base(1))] }))
        .collect();
    ops.commit_many(&jobs, Some(&g).filter(|_| tables[2]))
}

fn encapsulations<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let (one, many): (One<P>, Many<P>) = (Generic(()), InLanes(()));
    let (group, k) = (group::<P>(), scalars::<P>());
    let points = [&group[0], &group[group.len() / 2]];
    for tables in [[true; 3], [true, true, false], [true, false, true], [false; 3]] {
        same(&commit(many, points, &k, tables), &commit(one, points, &k, tables));
    }
}

fn bits(choices: &[Choice]) -> Vec<bool> {
    choices.iter().map(|choice| bool::from(*choice)).collect()
}

fn comparisons<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let many: Many<P> = InLanes(());
    let (group, k) = (group::<P>(), scalars::<P>());
    let comb = many.comb(&group[0]);
    for shift in 0..group.len() {
        let r: Vec<_> = (0..group.len()).map(|i| &group[(i + shift) % group.len()]).collect();
        for table in [Some(&comb), None] {
            let equal = bits(&many.equals_many(Base { point: &group[0], table }, &k, &r));
            assert!(equal.iter().all(|equal| *equal == (shift == 0)));
        }
    }
}

fn pairings<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    let (one, many): (One<P>, Many<P>) = (Generic(()), InLanes(()));
    let group = group::<P>();
    let r: Vec<_> = group.iter().collect();
    for point in &group {
        let lines = many.lines(point);
        let expected = one.pairing_many(Base { point, table: None }, &r);
        let base = Base { point, table: Some(&lines) };
        assert_eq!(many.pairing_many(base, &r), expected);
        assert_eq!(many.pairing_many(base, &r[..1]), expected[..1], "eight steps at a time");
        assert_eq!(many.pairing_many(Base { point, table: None }, &r), expected);
    }
}

fn products_of_pairings<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    fn all<O: Ops>(ops: O, group: &[PointOctets], k: &[ScalarOctets]) -> Vec<[u8; 128]> {
        let [p, z] = [&group[0], &group[group.len() / 3]];
        let (of_p, of_z) = (ops.lines(p), ops.lines(z));
        let (p, z) = (Base { point: p, table: Some(&of_p) }, Base { point: z, table: Some(&of_z) });
        k.iter()
            .flat_map(|b| group.iter().map(|k| ops.pairing_product_vartime(b, p, z, k)).collect::<Vec<_>>())
            .collect()
    }
    let (one, many): (One<P>, Many<P>) = (Generic(()), InLanes(()));
    let (group, k) = (group::<P>(), scalars::<P>());
    let found = all(one, &group, &k);
    assert_eq!(all(many, &group, &k), found);
    // <[b]P + Z, K> by the other loop
    let [p, z] = [&group[0], &group[group.len() / 3]];
    let mut found = found.iter();
    for b in &k {
        let sum = one.mul_add_vartime(b, Base { point: p, table: None }, z);
        for k in &group {
            let expected = match &sum {
                Some(sum) => one.pairing_many(Base { point: sum, table: None }, &[k])[0],
                None => octets(0),
            };
            assert_eq!(found.next(), Some(&expected));
        }
    }
}

/// Σ [kᵢ]Kᵢ for every K and many k, of few and of many bits, zeros among them; and a sum of nothing but zeros.
fn bucket_sums<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    fn check<const P: u64, S: SideBySide<N, Single = Tiny<P>>, const N: usize>(side: S)
    where
        Tiny<P>: TinyCurve,
    {
        let group = group::<P>();
        let points: Vec<_> = group.iter().map(|k| Affine::<Tiny<P>>::load((), k)).collect();
        for count in (1..points.len() + 1).step_by(1 + points.len() / 7) {
            for (modulus, step) in [(2, 1), (1 << 8, 77), (1 << 40, 0x1234_5678_9abc)] {
                let scalars: Vec<_> = (0..count as u64)
                    .map(|i| {
                        [(i * step % modulus).to_be_bytes(), (i % 3 * (modulus - 1)).to_be_bytes(), [0; 8]]
                    })
                    .collect();
                let rows: Vec<_> =
                    scalars.iter().map(|row| [&row[0][..], &row[1][3..], &row[2][..]]).collect();
                let sums = sums_vartime(side, &points[..count], &rows);
                for (at, sum) in sums.into_iter().enumerate() {
                    let expected = points.iter().zip(&rows).fold(None, |sum: Plain, (k, row)| {
                        let factor = row[at].iter().fold(0, |k, octet| k << 8 | u64::from(*octet));
                        let term = plain_mul::<P>(factor % ((P + 1) / 4), Some((k.x.0, k.y.0)));
                        plain_add::<P>(sum, term)
                    });
                    assert_eq!(plain(sum), expected, "sum {at} of {count}, below {modulus}");
                }
            }
        }
    }
    let (one, many): (One<P>, Many<P>) = (Generic(()), InLanes(()));
    check::<P, _, 1>(one);
    check::<P, _, 8>(many);
}

fn plain<const P: u64>(point: Edwards<Tiny<P>>) -> Plain
where
    Tiny<P>: TinyCurve,
{
    let [x, y, d] = point.to_fraction();
    let inverse = d.invert();
    (d != Tiny(0)).then(|| (x.mul(&inverse).0, y.mul(&inverse).0))
}

/// <P, [k]K>·<Z, [l]K> = g^c with P = [1]P, Z = [z]P, K = [a]P exactly if ak + zal = c modulo q: for all a, some k, l, and c
/// that are right and wrong. No where a sum is infinity.
fn equations<const P: u64>()
where
    Tiny<P>: TinyCurve,
{
    fn check<const P: u64, O: Ops>(ops: O)
    where
        Tiny<P>: TinyCurve,
    {
        let (group, q) = (group::<P>(), (P + 1) / 4);
        let z = q / 3;
        let [p_point, z_point] = [&group[0], &group[z as usize - 1]];
        let (of_p, of_z) = (ops.lines(p_point), ops.lines(z_point));
        for tables in [true, false] {
            let p = Base { point: p_point, table: Some(&of_p).filter(|_| tables) };
            let z_base = Base { point: z_point, table: Some(&of_z).filter(|_| tables) };
            for a in 1..q {
                for (k, l) in [(0, 1), (1, 0), (1, 1), (2, 3), (q - 1, 5), (4, q - 1)] {
                    let b = (a * a + 1) % (q - 1) + 1;
                    let factors = [octets(k), octets(l), octets(1), octets(2)];
                    let terms = [
                        Weighted {
                            point: &group[a as usize - 1],
                            factors: [&factors[0], &factors[1][100..]],
                        },
                        Weighted { point: &group[b as usize - 1], factors: [&factors[2], &factors[3]] },
                    ];
                    let (first, second) = ((a * k + b) % q, (a * l + 2 * b) % q);
                    let right = (first + z * second) % q;
                    for c in [right, right + q, (right + 1) % q, (q - right) % q, 0] {
                        let expected = c % q == right && first != 0 && second != 0;
                        let found = ops.pairings_agree_vartime(p, z_base, &terms, &octets(c));
                        assert_eq!(bool::from(found), expected, "{a}, {b}: {k}, {l}, {c}");
                    }
                }
            }
        }
    }
    let (one, many): (One<P>, Many<P>) = (Generic(()), InLanes(()));
    check::<P, _>(one);
    check::<P, _>(many);
}

#[test]
fn real_field() {
    let (one, many): (Generic<Fp>, InLanes<Eight<Fp>>) = (Generic(()), InLanes(()));
    let k: Vec<ScalarOctets> = (1u8..10)
        .map(|i| {
            *Scalar::reduce(&std::array::from_fn(|j| i.wrapping_mul(29).wrapping_add(j as u8))).as_octets()
        })
        .collect();
    let p = generator();
    let comb = many.comb(&p);
    let base = Base { point: &p, table: Some(&comb) };
    let points = many.mul_many(base, &k);
    assert_eq!(points, one.mul_many(base, &k));
    let r: Vec<_> = points.iter().collect();
    assert!(bits(&many.equals_many(base, &k, &r)).iter().all(|equal| *equal));
    let (a, b) = (one.lines(&points[0]), many.lines(&points[0]));
    let expected = one.pairing_many(Base { point: &points[0], table: Some(&a) }, &r);
    assert_eq!(many.pairing_many(Base { point: &points[0], table: Some(&b) }, &r), expected);
    assert_eq!(one.pairing_many(Base { point: &points[0], table: None }, &r), expected);
}
