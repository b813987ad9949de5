//! The kernels of the 1024-bit field, on each backend in turn: group = operation, entry = backend.
//!
//! `cargo bench --features __backends --bench field`. An entry with "x8" is eight elements in lanes.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eccsi_sakke::__backends::fp1024::{Op, Step, repeat, repeat_in_lanes};
use eccsi_sakke::__backends::{Name, with};
use std::time::Instant;

/// Operation, its name, and how many results one step has.
const SINGLE: &[(&str, Op, u64)] = &[
    ("fp1024-add", Op::Add, 1),
    ("fp1024-sub", Op::Sub, 1),
    ("fp1024-mul", Op::Mul, 1),
    ("fp1024-sqr", Op::Square, 1),
    ("fp1024-mul-two", Op::MulPairs(2), 2),
    ("fp1024-mul-four", Op::MulPairs(4), 4),
    ("fp1024-sum-of-two-products", Op::Sum(2), 1),
    ("fp1024-complex-mul", Op::ComplexMul, 1),
    ("fp1024-complex-sqr", Op::ComplexSquares(1), 1),
    ("fp1024-look-up-32x3", Op::LookUp(0), 1),
    ("fp1024-invert", Op::Invert, 1),
];

const LANES: &[(&str, Op)] = &[
    ("fp1024-mul", Op::Mul),
    ("fp1024-sqr", Op::Square),
    ("fp1024-sum-of-two-products", Op::Sum(2)),
    ("fp1024-complex-mul", Op::ComplexMul),
];

fn registers() -> [[u8; 128]; 8] {
    core::array::from_fn(|i| [0x17 + 16 * i as u8; 128])
}

fn step(op: Op) -> Step {
    Step { op, from: [0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7], to: [0, 1, 2, 3] }
}

fn kernels(criterion: &mut Criterion) {
    for name in Name::ALL.iter().filter(|name| **name != Name::IfmaModel) {
        let found = with(*name, || {
            for (group, op, results) in SINGLE {
                let mut group = criterion.benchmark_group(*group);
                group.throughput(Throughput::Elements(*results));
                group.bench_function(name.as_str(), |bencher| {
                    bencher.iter_custom(|times| {
                        let mut registers = registers();
                        let start = Instant::now();
                        repeat(&mut registers, &step(*op), times as usize);
                        start.elapsed()
                    });
                });
            }
            for (group, op) in LANES {
                if !repeat_in_lanes(&mut registers(), &step(*op), 1) {
                    continue;
                }
                let mut group = criterion.benchmark_group(*group);
                group.throughput(Throughput::Elements(8));
                group.bench_function(format!("{}/x8", name.as_str()), |bencher| {
                    bencher.iter_custom(|times| {
                        let mut registers = registers();
                        let start = Instant::now();
                        repeat_in_lanes(&mut registers, &step(*op), times as usize);
                        start.elapsed()
                    });
                });
            }
        });
        if found.is_none() {
            println!("not run: {} (cpu)", name.as_str());
        }
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
