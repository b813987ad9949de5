//! Every backend gives the same: against big integers, the crate `p256` and one another.
//!
//! Edge values first (0, 1, p − 1, q − 1, the borders of limbs in every radix in use), each with each,
//! then random ones. `SLOW_TESTS=1` takes the full counts: a million products and a hundred
//! thousand operations on points for each backend.

#![cfg(all(feature = "__backends", feature = "eccsi"))]

use crate::model::p256::{G, P, Point, Q, from_octets, mul_g, sub_mod, to_octets};
use crate::model::{Stream, hex};
use eccsi_sakke::__backends::{Name, probe, with};
use num_bigint::BigUint;

fn rounds(reduced: usize, full: usize) -> usize {
    if std::env::var_os("SLOW_TESTS").is_some() { full } else { reduced }
}

/// Runs `check` on each backend that this CPU has.
fn on_each(check: impl Fn(&str)) {
    for name in Name::ALL {
        if with(*name, || check(name.as_str())).is_none() {
            crate::not_run::not_run(name.as_str());
        }
    }
}

/// 0, 1, m − 1 and neighbours, and what lies at the borders of limbs of 52, 62 and 64 bits.
fn edges(modulus: &BigUint) -> Vec<BigUint> {
    let one = BigUint::from(1u32);
    let mut all: Vec<_> = (0..4u32).map(BigUint::from).collect();
    all.extend((1..4u32).map(|i| modulus - i));
    all.extend([modulus >> 1, (modulus >> 1) + 1u32]);
    for bits in [52usize, 62, 64] {
        for limb in 1..=(256 / bits) {
            let border: BigUint = &one << (bits * limb);
            all.extend([&border - 1u32, border.clone(), &border + 1u32]);
            // the limb below all ones, the rest of the modulus
            all.push((modulus << 1) - &border);
            all.push((&one << 256usize) - &border);
        }
    }
    // 2²⁵⁶ mod m and its inverse: 1 and R² in Montgomery form
    let r: BigUint = (&one << 256usize) % modulus;
    all.push(r.modinv(modulus).expect("odd modulus"));
    all.push(r);
    let mut all: Vec<_> = all.into_iter().map(|value| value % modulus).collect();
    all.sort();
    all.dedup();
    all
}

fn check_field(name: &str, a: &BigUint, b: &BigUint, invert: bool) {
    let Some([product, square, sum, difference, inverse]) = probe::field(&to_octets(a), &to_octets(b)) else {
        return;
    };
    let same = |what: &str, got: [u8; 32], expected: BigUint| {
        assert_eq!(hex(got), hex(to_octets(&expected)), "{name}: {what} of {a:x} and {b:x}");
    };
    same("product", product, a * b % &*P);
    same("square", square, a * a % &*P);
    same("sum", sum, (a + b) % &*P);
    same("difference", difference, sub_mod(a, b, &P));
    if invert {
        same("inverse", inverse, a.modinv(&P).unwrap_or(BigUint::ZERO));
    }
}

fn check_order(name: &str, a: &BigUint, b: &BigUint, invert: bool) {
    let [product, sum, inverse] = probe::order(&to_octets(a), &to_octets(b));
    let same = |what: &str, got: [u8; 32], expected: BigUint| {
        assert_eq!(hex(got), hex(to_octets(&expected)), "{name}: {what} of {a:x} and {b:x}");
    };
    same("product", product, a * b % &*Q);
    same("product and sum", sum, (a * b + a) % &*Q);
    if invert {
        same("inverse", inverse, a.modinv(&Q).unwrap_or(BigUint::ZERO));
    }
}

#[test]
fn field_of_edge_values() {
    let edges = edges(&P);
    assert!(edges.len() > 40);
    on_each(|name| {
        for a in &edges {
            for (i, b) in edges.iter().enumerate() {
                check_field(name, a, b, i == 0);
            }
        }
    });
}

#[test]
fn order_of_edge_values() {
    let edges = edges(&Q);
    on_each(|name| {
        for a in &edges {
            for (i, b) in edges.iter().enumerate() {
                check_order(name, a, b, i == 0);
            }
        }
        for excess in 0..64u32 {
            for a in [&*Q + excess, (BigUint::from(1u32) << 256usize) - 1u32 - excess] {
                assert_eq!(hex(probe::order_reduce(&to_octets(&a))), hex(to_octets(&(a % &*Q))), "{name}");
            }
        }
    });
}

#[test]
fn field_and_order_of_random_values() {
    on_each(|name| {
        let mut stream = Stream::new("backends agree: products");
        for round in 0..rounds(2_000, 1_000_000) {
            let (a, b) = (from_octets(&stream.block()), from_octets(&stream.block()));
            check_field(name, &(&a % &*P), &(&b % &*P), round % 16 == 0);
            check_order(name, &(&a % &*Q), &(&b % &*Q), round % 16 == 0);
        }
    });
}

/// Scalars that make digits, carries and sums unusual.
fn edge_scalars() -> Vec<BigUint> {
    let one = BigUint::from(1u32);
    let mut all: Vec<_> = (1..=70u32).map(BigUint::from).collect();
    all.extend((1..=70u32).map(|k| &*Q - k));
    all.extend((0..40u32).map(|k| (&*Q >> 1) - 20u32 + k));
    for bit in 0..256usize {
        all.extend([(&one << bit) % &*Q, ((&one << bit) - 1u32) % &*Q, &*Q - (&one << bit) % &*Q]);
    }
    // all digits extreme, for each width in use
    for width in 4..=8 {
        for digit in [1u32, (1 << (width - 1)) - 1, 1 << (width - 1), (1 << width) - 1] {
            let all_alike = (0..256 / width).fold(BigUint::ZERO, |k, _| (k << width) + digit);
            all.extend([&all_alike % &*Q, &*Q - &all_alike % &*Q]);
        }
    }
    all.retain(|k| *k != BigUint::ZERO);
    all
}

fn plain(point: &Point) -> [u8; 64] {
    point.encode()[1..].try_into().expect("64 octets")
}

fn octets(points: &[[u8; 64]]) -> Vec<String> {
    points.iter().map(hex).collect()
}

#[test]
fn multiples_of_the_generator_for_edge_scalars() {
    let scalars = edge_scalars();
    let octets_of: Vec<_> = scalars.iter().map(to_octets).collect();
    let expected: Vec<_> = scalars.iter().map(|k| plain(&mul_g(k))).collect();
    on_each(|name| {
        let mut many = vec![[0; 64]; scalars.len()];
        probe::mul_generator_many(&octets_of, &mut many);
        assert_eq!(octets(&many), octets(&expected), "{name}");
        for ((k, octets), expected) in scalars.iter().zip(&octets_of).zip(&expected) {
            assert_eq!(hex(probe::mul_generator(octets)), hex(expected), "{name}: [{k:x}]G");
        }
    });
}

#[test]
fn multiples_of_another_point_for_edge_scalars() {
    let factor = BigUint::from(0x1234_5678_9abc_def1u64);
    let point = plain(&mul_g(&factor));
    let scalars = edge_scalars();
    let expected: Vec<_> = scalars.iter().map(|k| plain(&mul_g(&(k * &factor % &*Q)))).collect();
    on_each(|name| {
        for (k, expected) in scalars.iter().zip(&expected) {
            assert_eq!(hex(probe::mul(&to_octets(k), &point)), hex(expected), "{name}: [{k:x}]P");
        }
    });
}

#[test]
fn sums_that_meet_the_exceptional_cases() {
    let g = plain(&G);
    let minus_g = plain(&G.negate());
    let small = |k: u32| to_octets(&BigUint::from(k));
    let minus = |k: u32| to_octets(&((&*Q - k) % &*Q));
    on_each(|name| {
        for with_table in [false, true] {
            // Building a table takes longest here.
            let count = if with_table { rounds(4, 40) as u32 } else { rounds(14, 40) as u32 };
            for a in 0..count {
                // [a]G + [b]G and [a]G − [b]G, the latter the identity for a = b
                for b in 0..count {
                    let sum = probe::combination(&small(a), &[(small(b), g, with_table)]);
                    let expected = mul_g(&BigUint::from(a + b));
                    assert_eq!(sum.map(hex), (a + b > 0).then(|| hex(plain(&expected))), "{name}");
                    let difference = probe::combination(&small(a), &[(small(b), minus_g, with_table)]);
                    assert_eq!(difference.is_none(), a == b, "{name}: {a} {b}");
                }
                if a > 0 {
                    let sum = probe::combination(&minus(a), &[(small(a), g, with_table)]);
                    assert_eq!(sum, None, "{name}");
                    let twice =
                        probe::combination(&minus(a), &[(small(a), g, with_table), (small(a), g, true)]);
                    assert_eq!(twice.map(hex), Some(hex(plain(&mul_g(&BigUint::from(a))))), "{name}");
                }
            }
        }
        assert_eq!(probe::add_mul(&g, &minus(1), &g), None, "{name}: G − G");
        assert_eq!(probe::add_mul(&g, &small(1), &minus_g), None, "{name}: G + (−G)");
        assert_eq!(probe::add_mul(&g, &small(0), &g), Some(g), "{name}: G + 0");
        let two = plain(&mul_g(&2u32.into()));
        assert_eq!(probe::add_mul(&g, &small(1), &g), Some(two), "{name}: G + G");

        // [k](P + [h]Q) where Q is a multiple of P that makes the two parts equal or opposite
        for k in [1u32, 2, 3, 1000] {
            for h in 0..4u32 {
                for q in [1u32, 2] {
                    for with_table in [false, true] {
                        let point_q = plain(&mul_g(&q.into()));
                        let sum = probe::mul_sum(&small(k), &g, with_table, &small(h), &point_q);
                        let expected = plain(&mul_g(&(k * (1 + h * q)).into()));
                        assert_eq!(sum.map(hex), Some(hex(expected)), "{name}: {k} {h} {q}");
                        let sum = probe::mul_sum(&small(k), &g, with_table, &minus(h), &point_q);
                        let factor = (&*Q + 1u32 - h * q) % &*Q * k % &*Q;
                        let expected = (factor != BigUint::ZERO).then(|| hex(plain(&mul_g(&factor))));
                        assert_eq!(sum.map(hex), expected, "{name}: {k} −{h} {q}");
                    }
                }
            }
        }

        // k = p + h·q for small numbers, where sums pass through the identity
        for k in 1..6u32 {
            for p in 1..6u32 {
                for h in 0..6u32 {
                    for q in 1..4u32 {
                        let (point_p, point_q) = (plain(&mul_g(&p.into())), plain(&mul_g(&q.into())));
                        let found = probe::mul_generator_if_equal(&small(k), &point_p, &small(h), &point_q);
                        let expected = (k == p + h * q).then(|| hex(plain(&mul_g(&k.into()))));
                        assert_eq!(found.map(hex), expected, "{name}: {k} {p} {h} {q}");
                        let opposite =
                            probe::mul_generator_if_equal(&minus(k), &point_p, &minus(h), &point_q);
                        assert_eq!(opposite.is_some(), h * q == k + p, "{name}: −{k} {p} −{h} {q}");
                    }
                }
            }
        }
    });
}

#[test]
fn operations_on_random_points() {
    let rounds = rounds(16, 20_000);
    let inputs = |mut stream: Stream| {
        (0..rounds).map(move |_| [(); 5].map(|()| to_octets(&stream.scalar()))).collect::<Vec<_>>()
    };
    let inputs = inputs(Stream::new("backends agree: points"));
    let results = || {
        inputs
            .iter()
            .map(|[k, p, q, h, g]| {
                let point_p = probe::mul_generator(p);
                let point_q = probe::mul(q, &point_p);
                let sum = probe::add_mul(&point_p, h, &point_q).expect("not the identity");
                let all = probe::combination(g, &[(*k, point_p, false), (*h, point_q, true)]);
                let prepared = probe::combination(g, &[(*k, point_p, true), (*h, point_q, true)]);
                assert_eq!(all, prepared);
                // P + [h]Q = [p + h·q·p]G
                let [product, ..] = probe::order(q, p);
                let s = (from_octets(&product) * from_octets(h) + from_octets(p)) % &*Q;
                let found = probe::mul_generator_if_equal(&to_octets(&s), &point_p, h, &point_q);
                assert_eq!(found, Some(sum));
                assert_eq!(probe::mul_generator_if_equal(k, &point_p, h, &point_q), None);
                let shared = [false, true].map(|table| probe::mul_sum(k, &point_p, table, h, &point_q));
                assert_eq!(shared[0], shared[1]);
                assert_eq!(shared[0], Some(probe::mul(k, &sum)));
                octets(&[point_p, point_q, sum, all.expect("not the identity")]).concat()
            })
            .collect::<Vec<_>>()
    };
    let oracle = with(Name::RustCrypto, results).expect("everywhere");
    on_each(|name| assert!(results() == oracle, "{name} differs from rustcrypto"));
    // and the oracle from big integers
    for ([_, p, q, h, _], oracle) in inputs.iter().zip(&oracle).take(200) {
        let (p, q, h) = (from_octets(p), from_octets(q), from_octets(h));
        let sum = mul_g(&((&p + &p * q % &*Q * h) % &*Q));
        assert_eq!(hex(plain(&sum)), oracle[256..384]);
    }
}

/// (x, g, k, P, h), as [`probe::check_many`] takes it.
type Check = ([u8; 32], [u8; 32], [u8; 32], [u8; 64], [u8; 32]);

fn x_of(point: &[u8; 64]) -> [u8; 32] {
    *point.first_chunk().expect("64 octets")
}

#[test]
fn checks_in_batches_with_edge_scalars() {
    let factor = BigUint::from(0x1234_5678_9abc_def1u64);
    let point = plain(&mul_g(&factor));
    let scalars = edge_scalars();
    // [k]G + [k′]P, k′ the next one; every third with a wrong x
    let mut checks: Vec<Check> = Vec::new();
    let mut expected = Vec::new();
    for (i, k) in scalars.iter().enumerate() {
        let next = &scalars[(i + 1) % scalars.len()];
        let product = (k + next * &factor) % &*Q;
        let mut x = if product == BigUint::ZERO { [1; 32] } else { x_of(&plain(&mul_g(&product))) };
        expected.push(product != BigUint::ZERO && i % 3 != 1);
        x[31] ^= u8::from(i % 3 == 1);
        checks.push((x, to_octets(k), to_octets(next), point, [0; 32]));
    }
    on_each(|name| {
        let found = probe::check_many(&checks, None, |_| false, false);
        assert_eq!(found, expected, "{name}");
        // A table takes long to build.
        let some = if std::env::var_os("SLOW_TESTS").is_some() { checks.len() } else { 48 };
        let found = probe::check_many(&checks[..some], None, |i| i % 5 != 2, false);
        assert_eq!(found, expected[..some], "{name} with tables");
    });
}

#[test]
fn batches_that_meet_the_exceptional_cases() {
    let small = |k: u32| to_octets(&BigUint::from(k));
    let (g, minus_g) = (plain(&G), plain(&G.negate()));
    let mut checks: Vec<Check> = Vec::new();
    let mut sums = Vec::new();
    for g_factor in 0..4u32 {
        for k in 0..4u32 {
            for h in 0..4u32 {
                for (point, sign) in [(g, 1), (minus_g, -1)] {
                    let sum = i64::from(g_factor) + sign * i64::from(k) + 2 * i64::from(h);
                    let x = match sum {
                        0 => [3; 32],
                        sum => x_of(&plain(&mul_g(&BigUint::from(sum.unsigned_abs())))),
                    };
                    checks.push((x, small(g_factor), small(k), point, small(h)));
                    sums.push(sum);
                }
            }
        }
    }
    let two = plain(&mul_g(&2u32.into()));
    on_each(|name| {
        for shared_with_table in [false, true] {
            let found = probe::check_many(&checks, Some(&two), |_| false, shared_with_table);
            for (i, sum) in sums.iter().enumerate() {
                assert_eq!(found[i], *sum != 0, "{name}: {i}, [{sum}]G");
            }
        }
        // Sums of the same few points, which meet one another in every lane
        for count in [0, 1, 2, 15, 16, 17, 31, 32, 33, 128, 129, 200] {
            let terms: Vec<_> =
                (0..count).map(|i| (small(i % 3), if i % 2 == 0 { g } else { two })).collect();
            let total: u32 = (0..count).map(|i| (i % 3) * (1 + i % 2)).sum();
            let expected = (total > 0).then(|| plain(&mul_g(&total.into())));
            assert_eq!(probe::sum(&terms).map(hex), expected.map(hex), "{name}: {count}");
            let cancelled: Vec<_> =
                (0..count).map(|i| (small(5), if i % 2 == 0 { g } else { minus_g })).collect();
            let expected = (count % 2 == 1).then(|| hex(plain(&mul_g(&5u32.into()))));
            assert_eq!(probe::sum(&cancelled).map(hex), expected, "{name}: {count} that cancel out");
        }
    });
}

#[test]
fn batches_of_random_points() {
    // With SLOW_TESTS 128 · 2 · 400 operations on points for each backend
    let rounds = rounds(1, 400);
    on_each(|name| {
        let mut stream = Stream::new("backends agree: batches");
        for round in 0..rounds {
            let sizes = [128, 7, 9, 64, 33];
            let size = sizes[round % sizes.len()];
            let mut scalar = || stream.scalar();
            let (q, points): (_, Vec<_>) = (scalar(), (0..size).map(|_| scalar()).collect());
            let point_q = plain(&mul_g(&q));
            let octets_of: Vec<_> = points.iter().map(to_octets).collect();
            let mut encoded = vec![[0; 64]; size];
            probe::mul_generator_many(&octets_of, &mut encoded);
            let mut checks: Vec<Check> = Vec::new();
            let mut terms = Vec::new();
            let mut total = BigUint::ZERO;
            for (p, point) in points.iter().zip(&encoded) {
                assert_eq!(hex(point), hex(plain(&mul_g(p))), "{name}");
                let [g, k, h] = [(); 3].map(|()| scalar());
                let j = (&g + &k * p + &h * &q) % &*Q;
                let mut x = x_of(&probe::mul_generator(&to_octets(&j)));
                x[0] ^= u8::from(checks.len() % 4 == 3);
                checks.push((x, to_octets(&g), to_octets(&k), *point, to_octets(&h)));
                terms.push((to_octets(&k), *point));
                total = (total + &k * p) % &*Q;
            }
            let found = probe::check_many(&checks, Some(&point_q), |_| false, round % 2 == 0);
            let expected: Vec<_> = (0..size).map(|i| i % 4 != 3).collect();
            assert_eq!(found, expected, "{name}");
            let sum = probe::sum(&terms).map(hex);
            assert_eq!(sum, Some(hex(plain(&mul_g(&total)))), "{name}");
            let mut inverses = octets_of.clone();
            probe::invert_many(&mut inverses);
            for (p, inverse) in points.iter().zip(inverses) {
                assert_eq!(hex(inverse), hex(to_octets(&p.modinv(&Q).expect("not 0"))), "{name}");
            }
        }
        probe::invert_many(&mut []);
    });
}
