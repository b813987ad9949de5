//! Every kernel of the 1024-bit field gives what big integers give, and so do the integers modulo its order.
//!
//! Edge values first (0, 1, p − 1, the borders of limbs in every radix in use), each with each; then programs of
//! random operations on a few elements, which reach the representatives that no octets decode to. Debug builds
//! check every bound that the kernels claim on the way. `SLOW_TESTS=1` takes the full counts, a million
//! products and more for each kernel.

#![cfg(all(feature = "__backends", feature = "sakke"))]

use crate::model::{Stream, hex};
use eccsi_sakke::__backends::{Name, fp1024 as probe, with};
use num_bigint::BigUint;
use probe::{Op, Step};
use std::cell::Cell;
use std::sync::LazyLock;

type Octets = [u8; 128];

static P: LazyLock<BigUint> = LazyLock::new(|| {
    let digits = concat!(
        "997abb1f0a563fda65c61198dad0657a416c0ce19cb48261be9ae358b3e01a2ef40aab27e2fc0f1b228730d531a59cb0",
        "e791b39ff7c88a19356d27f4a666a6d0e26c6487326b4cd4512ac5cd65681ce1b6aff4a831852a82a7cf3c521c3c09aa",
        "9f94d6af56971f1ffce3e82389857db080c5df10ac7ace87666d807afea85feb",
    );
    BigUint::parse_bytes(digits.as_bytes(), 16).expect("hexadecimal")
});
static Q: LazyLock<BigUint> = LazyLock::new(|| (&*P + 1u32) >> 2);

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

fn to_octets(value: &BigUint) -> Octets {
    let octets = value.to_bytes_be();
    let mut all = [0; 128];
    all[128 - octets.len()..].copy_from_slice(&octets);
    all
}

fn minus(a: &BigUint) -> BigUint {
    (&*P - a) % &*P
}

/// 0, 1, m − 1 and neighbours, and what lies at the borders of limbs of 52, 61, 62 and 64 bits.
fn edges(modulus: &BigUint) -> Vec<BigUint> {
    let one = BigUint::from(1u32);
    let mut all: Vec<_> = (0..4u32).map(BigUint::from).collect();
    all.extend((1..4u32).map(|i| modulus - i));
    all.extend([modulus >> 1, (modulus >> 1) + 1u32, Q.clone(), &*Q - 1u32]);
    for bits in [52usize, 61, 62, 64] {
        for limb in 1..=(1024 / bits) {
            let border: BigUint = &one << (bits * limb);
            all.extend([&border - 1u32, border.clone()]);
            // all limbs from here on all ones
            all.push((&one << 1024usize) - &border);
        }
    }
    // 2ⁿ mod m and its inverse: 1 and R² in the Montgomery forms
    for n in [1024usize, 1037, 1040, 1092] {
        let r: BigUint = (&one << n) % modulus;
        all.extend(r.modinv(modulus));
        all.push(r);
    }
    let mut all: Vec<_> = all.into_iter().map(|value| value % modulus).collect();
    all.sort();
    all.dedup();
    all
}

fn step(op: Op, from: &[usize], to: &[usize]) -> Step {
    let mut step = Step { op, from: [0; 12], to: [0; 4] };
    step.from[..from.len()].copy_from_slice(from);
    step.to[..to.len()].copy_from_slice(to);
    step
}

/// What the registers hold after a step, among one lane. `lanes` are all lanes before it.
fn apply(r: &mut [BigUint; 8], lane: usize, lanes: &[[BigUint; 8]], step: &Step) {
    let f = |i: usize| r[step.from[i]].clone();
    let complex = |a: [BigUint; 2], b: [BigUint; 2]| {
        [(&a[0] * &b[0] + minus(&(&a[1] * &b[1] % &*P))) % &*P, (&a[0] * &b[1] + &a[1] * &b[0]) % &*P]
    };
    let found: Vec<BigUint> = match step.op {
        Op::Add => vec![f(0) + f(1)],
        Op::Sub => vec![f(0) + minus(&f(1))],
        Op::Neg => vec![minus(&f(0))],
        Op::Double => vec![f(0) * 2u32],
        Op::Mul => vec![f(0) * f(1)],
        Op::Square => vec![f(0) * f(0)],
        Op::MulPairs(n) => (0..n).map(|i| f(i) * f(4 + i)).collect(),
        Op::Squares => (0..3).map(|i| f(i) * f(i)).collect(),
        Op::Sum(n) => vec![(0..n).map(|i| f(i) * f(6 + i)).sum()],
        Op::ComplexMul => complex([f(0), f(1)], [f(2), f(3)]).into(),
        Op::ComplexSquares(n) => (0..n).fold([f(0), f(1)], |a, _| complex(a.clone(), a)).into(),
        Op::ComplexMulUnit => complex([f(0), f(1)], [BigUint::from(1u32), f(2)]).into(),
        Op::Choose(bits) => vec![if bits >> lane & 1 == 1 { f(1) } else { f(0) }],
        Op::LookUp(i) if lanes.len() == 1 => vec![f(2 * i as usize), f(2 * i as usize + 1)],
        Op::LookUp(i) => vec![lanes[i as usize][step.from[0]].clone(); 2],
        Op::SelectSigned(i, 0) => (3 * i..3 * i + 3).map(|k| f(k as usize)).collect(),
        Op::SelectSigned(i, _) => {
            let [a, b, c] = [0, 1, 2].map(|k| f(3 * i as usize + k));
            vec![b, a, minus(&c)]
        }
        Op::Reduce => vec![f(0)],
        Op::Invert => vec![f(0).modinv(&P).unwrap_or(BigUint::ZERO)],
    };
    for (value, to) in found.into_iter().zip(step.to) {
        r[to] = value % &*P;
    }
}

/// Runs the steps on the chosen kernel and on the model, and compares.
fn check(name: &str, mut values: [BigUint; 8], steps: &[Step]) {
    let start = values.clone();
    let mut registers = values.each_ref().map(to_octets);
    for step in steps {
        let before = [values.clone()];
        apply(&mut values, 0, &before, step);
    }
    let equal = probe::run(&mut registers, steps);
    for i in 0..8 {
        assert_eq!(hex(registers[i]), hex(to_octets(&values[i])), "{name}: {steps:?} on {start:x?}");
        assert_eq!(equal[i], values[i] == values[(i + 1) % 8], "{name}: {steps:?} on {start:x?}");
    }
}

fn check_in_lanes(name: &str, mut values: Vec<[BigUint; 8]>, steps: &[Step]) {
    let start = values.clone();
    let mut registers: [[Octets; 8]; 8] =
        core::array::from_fn(|i| core::array::from_fn(|lane| to_octets(&values[lane][i])));
    if !probe::run_in_lanes(&mut registers, steps) {
        return;
    }
    for step in steps {
        let before = values.clone();
        for (lane, values) in values.iter_mut().enumerate() {
            apply(values, lane, &before, step);
        }
    }
    for lane in 0..8 {
        for i in 0..8 {
            let expected = to_octets(&values[lane][i]);
            assert_eq!(hex(registers[i][lane]), hex(expected), "{name}: {steps:?} on {start:x?}");
        }
    }
}

/// Octets read as random numbers.
struct Random {
    stream: Stream,
    octets: Vec<u8>,
    edges: Vec<BigUint>,
    products: Cell<usize>,
}

impl Random {
    fn new(label: &str, modulus: &BigUint) -> Self {
        Self { stream: Stream::new(label), octets: Vec::new(), edges: edges(modulus), products: Cell::new(0) }
    }

    fn octet(&mut self) -> u8 {
        if self.octets.is_empty() {
            self.octets = self.stream.octets(4096);
        }
        self.octets.pop().expect("just filled")
    }

    fn below(&mut self, n: usize) -> usize {
        (usize::from(self.octet()) << 8 | usize::from(self.octet())) % n
    }

    /// An edge, one time in four, or any value.
    fn value(&mut self, modulus: &BigUint) -> BigUint {
        if self.below(4) == 0 {
            let at = self.below(self.edges.len());
            return self.edges[at].clone();
        }
        let octets: Vec<u8> = (0..136).map(|_| self.octet()).collect();
        BigUint::from_bytes_be(&octets) % modulus
    }

    fn registers(&mut self) -> [BigUint; 8] {
        core::array::from_fn(|_| self.value(&P))
    }

    /// A step on random registers, and how many products it has.
    fn step(&mut self, lanes: bool) -> Step {
        let (op, products) = match self.below(if lanes { 16 } else { 17 }) {
            0 => (Op::Add, 0),
            1 => (Op::Sub, 0),
            2 => (Op::Neg, 0),
            3 => (Op::Double, 0),
            4 | 5 => (Op::Mul, 1),
            6 | 7 => (Op::Square, 1),
            8 => (Op::MulPairs(2 + self.below(3)), 3),
            9 => (Op::Squares, 3),
            10 => (Op::Sum(1 + self.below(6)), 3),
            11 => (Op::ComplexMul, 3),
            12 => (Op::ComplexSquares(1 + self.below(3)), 4),
            13 => (Op::ComplexMulUnit, 2),
            14 => (Op::Choose(self.octet()), 0),
            15 => (Op::LookUp(self.below(if lanes { 8 } else { 4 }) as u64), 0),
            _ => (Op::SelectSigned(self.below(4) as u64, self.below(2) as u8), 0),
        };
        self.products.set(self.products.get() + products);
        let from = core::array::from_fn(|_| self.below(8));
        let first = self.below(8);
        Step { op, from, to: core::array::from_fn(|i| (first + 3 * i) % 8) }
    }
}

#[test]
fn octets_at_or_above_p_are_refused() {
    on_each(|name| {
        for excess in [0u32, 1, 2, u32::MAX] {
            assert!(!probe::decodes(&to_octets(&(&*P + excess))), "{name}");
            assert!(
                !probe::decodes(&to_octets(&((BigUint::from(1u32) << 1024usize) - 1u32 - excess))),
                "{name}"
            );
            assert!(probe::decodes(&to_octets(&(&*P - 1u32 - excess))), "{name}");
            assert!(probe::decodes(&to_octets(&BigUint::from(excess))), "{name}");
        }
    });
}

/// Each edge with each: product, square, sum, difference, negation, and a sum of products.
#[test]
fn edge_values() {
    let edges = edges(&P);
    assert!(edges.len() > 150);
    // The model is slow and in tests/run only a part of the edges is taken for the second factor.
    let stride = rounds(9, 1);
    let steps = [
        step(Op::Sum(3), &[0, 1, 0, 0, 0, 0, 1, 1, 0], &[7]),
        step(Op::Mul, &[0, 1], &[2]),
        step(Op::Sub, &[0, 1], &[3]),
        step(Op::Neg, &[1], &[4]),
        step(Op::Add, &[0, 1], &[5]),
        step(Op::Square, &[0], &[6]),
        step(Op::Sub, &[4, 3], &[1]),
        step(Op::Mul, &[1, 5], &[0]),
    ];
    on_each(|name| {
        for (i, a) in edges.iter().enumerate() {
            for b in edges.iter().skip(i % stride).step_by(stride) {
                let mut values: [BigUint; 8] = core::array::from_fn(|_| BigUint::ZERO);
                [values[0], values[1]] = [a.clone(), b.clone()];
                check(name, values, &steps);
            }
        }
    });
}

/// The same in lanes, eight second factors at a time.
#[test]
fn edge_values_in_lanes() {
    let edges = edges(&P);
    let stride = rounds(9, 1);
    let steps = [
        step(Op::Sum(3), &[0, 1, 0, 0, 0, 0, 1, 1, 0], &[7]),
        step(Op::Mul, &[0, 1], &[2]),
        step(Op::Sub, &[0, 1], &[3]),
        step(Op::Neg, &[1], &[4]),
        step(Op::Add, &[0, 1], &[5]),
        step(Op::Square, &[0], &[6]),
        step(Op::Sub, &[3, 4], &[1]),
        step(Op::Mul, &[1, 5], &[0]),
    ];
    on_each(|name| {
        for (i, a) in edges.iter().enumerate() {
            let second: Vec<_> = edges.iter().skip(i % stride).step_by(stride).collect();
            for b in second.chunks(8) {
                let lane = |lane: usize| {
                    let mut values: [BigUint; 8] = core::array::from_fn(|_| BigUint::ZERO);
                    [values[0], values[1]] = [a.clone(), b[lane % b.len()].clone()];
                    values
                };
                check_in_lanes(name, (0..8).map(lane).collect(), &steps);
            }
        }
    });
}

#[test]
fn random_programs() {
    on_each(|name| {
        let mut random = Random::new("fp1024: programs", &P);
        for _ in 0..rounds(250, 40_000) {
            let steps: Vec<_> = (0..20).map(|_| random.step(false)).collect();
            let values = random.registers();
            check(name, values, &steps);
        }
        println!("{name}: {} products", random.products.get());
    });
}

/// Steps with the bounds that the lanes ask for: what is too large is reduced before.
#[test]
fn random_programs_in_lanes() {
    on_each(|name| {
        let mut random = Random::new("fp1024: programs in lanes", &P);
        for _ in 0..rounds(30, 5_000) {
            let mut bounds = [7; 8];
            let mut steps = Vec::new();
            for _ in 0..20 {
                let next = random.step(true);
                let [given, limit] = bound(&next, &bounds);
                for from in next.from {
                    if bounds[from] > limit {
                        bounds[from] = 2;
                        steps.push(step(Op::Reduce, &[from], &[from]));
                    }
                }
                let given = if given == 0 { bound(&next, &bounds)[0] } else { given };
                for to in &next.to[..results(next.op)] {
                    bounds[*to] = given;
                }
                steps.push(next);
            }
            let values = (0..8).map(|_| random.registers()).collect();
            check_in_lanes(name, values, &steps);
        }
        println!("{name}: {} products in eight lanes", random.products.get());
    });
}

/// The bound of the results, and the largest that the operands may have.
fn bound(step: &Step, bounds: &[usize; 8]) -> [usize; 2] {
    let [a, b] = [bounds[step.from[0]], bounds[step.from[1]]];
    match step.op {
        Op::Add => [a + b, 1000],
        Op::Double => [2 * a, 1000],
        Op::Choose(_) => [a.max(b), 1000],
        Op::LookUp(_) => [a, 1000],
        Op::Sub => [a + 16, 16],
        Op::Neg => [16, 16],
        Op::ComplexMul | Op::ComplexSquares(_) | Op::ComplexMulUnit => [2, 16],
        _ => [2, 26],
    }
}

fn results(op: Op) -> usize {
    match op {
        Op::MulPairs(n) => n,
        Op::Squares => 3,
        Op::ComplexMul | Op::ComplexSquares(_) | Op::ComplexMulUnit | Op::LookUp(_) => 2,
        _ => 1,
    }
}

#[test]
fn inverses() {
    on_each(|name| {
        let mut random = Random::new("fp1024: inverses", &P);
        let edges = random.edges.clone();
        let mut values: Vec<_> = edges.into_iter().step_by(rounds(5, 1)).collect();
        values.extend((0..rounds(20, 10_000)).map(|_| random.value(&P)));
        values.push(BigUint::ZERO);
        for value in values {
            // 1/a, and 1/a of another representative: 3a − 2a
            let steps = [
                step(Op::Invert, &[0], &[1]),
                step(Op::Double, &[0], &[2]),
                step(Op::Add, &[0, 2], &[3]),
                step(Op::Sub, &[3, 2], &[4]),
                step(Op::Invert, &[4], &[5]),
                step(Op::Mul, &[1, 4], &[6]),
            ];
            let mut registers: [BigUint; 8] = core::array::from_fn(|_| BigUint::ZERO);
            registers[0] = value;
            check(name, registers, &steps);
        }
    });
}

fn check_order(a: &BigUint, b: &BigUint, invert: bool) {
    let q = &*Q;
    let [product, sum, inverse, half] = probe::order(&to_octets(a), &to_octets(b));
    let same = |what: &str, got: Octets, expected: BigUint| {
        assert_eq!(hex(got), hex(to_octets(&expected)), "{what} of {a:x} and {b:x}");
    };
    same("product", product, a * b % q);
    same("sum", sum, (a + b) % q);
    let ones: BigUint = (BigUint::from(1u32) << 1032usize) - 1u32;
    same("half", half, (a + ones) * ((q + 1u32) >> 1u32) % q);
    if invert {
        same("inverse", inverse, a.modinv(q).unwrap_or(BigUint::ZERO));
    }
}

#[test]
fn order() {
    let mut random = Random::new("fp1024: order", &Q);
    let edges = random.edges.clone();
    let stride = rounds(9, 1);
    for (i, a) in edges.iter().enumerate() {
        for b in edges.iter().skip(i % stride).step_by(stride) {
            check_order(a, b, i % 8 == 0);
        }
    }
    for i in 0..rounds(500, 200_000) {
        let (a, b) = (random.value(&Q), random.value(&Q));
        check_order(&a, &b, i % 16 == 0);
    }
}

#[test]
fn any_integer_modulo_the_order() {
    let limit: BigUint = BigUint::from(1u32) << 1024usize;
    let mut random = Random::new("fp1024: integers", &limit);
    let mut values = random.edges.clone();
    values.extend((0..5u32).flat_map(|k| (0..3u32).flat_map(move |i| [&*Q * k + i, &*Q * k - (i.min(k))])));
    values.extend((0..rounds(100, 10_000)).map(|_| random.value(&limit)));
    for value in values.into_iter().filter(|value| *value < limit) {
        let (reduced, in_range) = probe::order_reduce(&to_octets(&value));
        assert_eq!(hex(reduced), hex(to_octets(&(&value % &*Q))), "{value:x}");
        assert_eq!(in_range, value >= BigUint::from(2u32) && value < *Q, "{value:x}");
    }
}
