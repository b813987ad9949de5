//! The kernels of the chosen backend, for `tests/it/fp1024_agree.rs`, the constant-time checker and benches. No
//! promise.
//!
//! A register machine: eight elements, and steps that take some of them to others. A kernel's elements have
//! many representatives; only chains of operations reach those that no octets decode to.

#![allow(clippy::unit_arg, reason = "the proof of a backend that needs none")]

use super::{Arithmetic, Field, FieldOctets, Lanes, ScalarOctets};
#[cfg(target_arch = "x86_64")]
use crate::backend::adx;
use crate::backend::{self, Backend, ifma, portable, rustcrypto};
use crate::secret::declassify;
use alloc::vec::Vec;
use subtle::{Choice, ConstantTimeEq};

/// What a step does. `f` are the registers that it takes, `t` those that it gives, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// t0 = f0 + f1
    Add,
    /// t0 = f0 − f1
    Sub,
    /// t0 = −f0
    Neg,
    /// t0 = 2·f0
    Double,
    /// t0 = f0·f1
    Mul,
    /// t0 = f0²
    Square,
    /// t0, … = f0·f4, … : two, three or four
    MulPairs(usize),
    /// t0, t1, t2 = f0², f1², f2²
    Squares,
    /// t0 = f0·f6 + f1·f7 + … : one to six products
    Sum(usize),
    /// t0 + i·t1 = (f0 + i·f1)(f2 + i·f3)
    ComplexMul,
    /// t0 + i·t1 = (f0 + i·f1) to the power 2ⁿ
    ComplexSquares(usize),
    /// t0 + i·t1 = (f0 + i·f1)(1 + i·f2)
    ComplexMulUnit,
    /// t0 = f1 where the bit of the lane is set, else f0; of one element, the lowest bit
    Choose(u8),
    /// t0, t1 = the pair at this index among (f0, f1), (f2, f3), (f4, f5), (f6, f7); in lanes, twice f0 of the
    /// lane of this index
    LookUp(u64),
    /// t0, t1, t2 = the three at this index below 4 among (f0, f1, f2), (f3, f4, f5), …; the opposite, (f1, f0, −f2),
    /// where the lowest bit is set; not in lanes
    SelectSigned(u64, u8),
    /// t0 = f0
    Reduce,
    /// t0 = 1/f0, or 0; not in lanes
    Invert,
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What it does.
    pub op: Op,
    /// The registers it takes, each below 8.
    pub from: [usize; 12],
    /// The registers it gives, different ones below 8.
    pub to: [usize; 4],
}

fn arithmetic<E: Arithmetic>(r: &mut [E; 8], step: &Step) {
    let f = |i: usize| &r[step.from[i]];
    let found: Vec<E> = match step.op {
        Op::Add => [f(0).add(f(1))].into(),
        Op::Sub => [f(0).sub(f(1))].into(),
        Op::Neg => [f(0).neg()].into(),
        Op::Double => [f(0).double()].into(),
        Op::Mul => [f(0).mul(f(1))].into(),
        Op::Square => [f(0).square()].into(),
        Op::MulPairs(2) => E::mul_pairs([f(0), f(1)], [f(4), f(5)]).into(),
        Op::MulPairs(3) => E::mul_pairs([f(0), f(1), f(2)], [f(4), f(5), f(6)]).into(),
        Op::MulPairs(_) => E::mul_pairs([f(0), f(1), f(2), f(3)], [f(4), f(5), f(6), f(7)]).into(),
        Op::Squares => E::squares([f(0), f(1), f(2)]).into(),
        Op::Sum(1) => [sum::<E, 1>(f)].into(),
        Op::Sum(2) => [sum::<E, 2>(f)].into(),
        Op::Sum(3) => [sum::<E, 3>(f)].into(),
        Op::Sum(4) => [sum::<E, 4>(f)].into(),
        Op::Sum(5) => [sum::<E, 5>(f)].into(),
        Op::Sum(_) => [sum::<E, 6>(f)].into(),
        Op::ComplexMul => E::complex_mul([f(0), f(1)], [f(2), f(3)]).into(),
        Op::ComplexSquares(1) => E::complex_square([f(0), f(1)]).into(),
        Op::ComplexSquares(n) => E::complex_square_times([f(0), f(1)], n).into(),
        Op::ComplexMulUnit => {
            let (mut re, mut im) = (*f(0), *f(1));
            E::complex_mul_unit([&mut re, &mut im], f(2));
            Vec::from([re, im])
        }
        Op::Reduce => [f(0).reduce()].into(),
        Op::Choose(_) | Op::LookUp(_) | Op::SelectSigned(..) | Op::Invert => {
            unreachable!("not for single elements and lanes alike")
        }
    };
    for (element, to) in found.into_iter().zip(step.to) {
        r[to] = element;
    }
}

fn sum<'a, E: Arithmetic, const N: usize>(f: impl Fn(usize) -> &'a E) -> E {
    E::sum_of_products(core::array::from_fn::<_, N, _>(&f), core::array::from_fn::<_, N, _>(|i| f(6 + i)))
}

fn load<F: Field>(proof: F::Proof, octets: &FieldOctets) -> F {
    F::from_octets(proof, octets).unwrap_or(F::zero(proof))
}

/// A function over the kernel of single elements and its proof.
macro_rules! on_field {
    ($field:ident, $proof:ident => $body:expr) => {
        match backend::selected() {
            Backend::RustCrypto(_) => {
                type $field = rustcrypto::fp1024::Fp;
                let $proof = ();
                $body
            }
            Backend::Portable($proof) => {
                type $field = portable::fp1024::Fe;
                $body
            }
            #[cfg(target_arch = "x86_64")]
            Backend::Adx($proof) => {
                type $field = adx::fp1024::Fe;
                $body
            }
            #[cfg(target_arch = "x86_64")]
            Backend::Ifma(kernel) => {
                type $field = ifma::fp1024::Fe<ifma::zmm::Zmm>;
                let $proof = kernel.vector_proof();
                $body
            }
            Backend::IfmaModel(kernel) => {
                type $field = ifma::fp1024::Fe<ifma::vector::Model>;
                let $proof = kernel.vector_proof();
                $body
            }
        }
    };
}

/// Runs the steps on single elements below p, and tells which equals the next one, the last the first.
pub fn run(registers: &mut [FieldOctets; 8], steps: &[Step]) -> [bool; 8] {
    fn on<F: Field>(proof: F::Proof, registers: &mut [FieldOctets; 8], steps: &[Step]) -> [bool; 8] {
        let mut r: [F; 8] = core::array::from_fn(|i| load(proof, &registers[i]));
        for step in steps {
            let f = |i: usize| r[step.from[i]];
            match step.op {
                Op::Choose(bits) => {
                    r[step.to[0]] = F::conditional_select(&f(0), &f(1), Choice::from(bits & 1))
                }
                Op::LookUp(index) => {
                    let table = [[f(0), f(1)], [f(2), f(3)], [f(4), f(5)], [f(6), f(7)]];
                    [r[step.to[0]], r[step.to[1]]] = F::look_up(&table, index);
                }
                Op::SelectSigned(index, negative) => {
                    let table: [[F; 3]; 4] = core::array::from_fn(|i| [f(3 * i), f(3 * i + 1), f(3 * i + 2)]);
                    let mut out = table[0];
                    F::look_up_signed(&mut out, &table, index, Choice::from(negative & 1));
                    [r[step.to[0]], r[step.to[1]], r[step.to[2]]] = out;
                }
                Op::Invert => r[step.to[0]] = f(0).invert(),
                _ => arithmetic(&mut r, step),
            }
        }
        for (octets, element) in registers.iter_mut().zip(&r) {
            *octets = element.to_octets();
        }
        core::array::from_fn(|i| bool::from(declassify(r[i].ct_eq(&r[(i + 1) % 8]))))
    }
    on_field!(F, proof => on::<F>(proof, registers, steps))
}

/// Runs the steps on eight elements each, all below p; false, and nothing done, on a backend without lanes. The
/// caller keeps to the bounds that the kernel states; all are reduced in the end.
pub fn run_in_lanes(registers: &mut [[FieldOctets; 8]; 8], steps: &[Step]) -> bool {
    fn on<E: Lanes>(proof: E::Proof, registers: &mut [[FieldOctets; 8]; 8], steps: &[Step]) {
        let mut r: [E; 8] = core::array::from_fn(|i| {
            let singles: [E::Single; 8] = core::array::from_fn(|lane| load(proof, &registers[i][lane]));
            E::from_singles(singles.each_ref())
        });
        for step in steps {
            let f = |i: usize| &r[step.from[i]];
            match step.op {
                Op::Choose(bits) => r[step.to[0]] = E::select(bits, f(1), f(0)),
                Op::LookUp(lane) => {
                    let found = f(0).broadcast(lane as usize);
                    r[step.to[0]] = found;
                    r[step.to[1]] = found;
                }
                _ => arithmetic(&mut r, step),
            }
        }
        for (octets, elements) in registers.iter_mut().zip(&r) {
            *octets = elements.reduce().to_singles().map(|element| element.to_octets());
        }
    }
    match backend::selected() {
        #[cfg(target_arch = "x86_64")]
        Backend::Ifma(kernel) => {
            on::<ifma::fp1024x8::Fe8<ifma::zmm::Zmm>>(kernel.vector_proof(), registers, steps);
            true
        }
        Backend::IfmaModel(kernel) => {
            on::<ifma::fp1024x8::Fe8<ifma::vector::Model>>(kernel.vector_proof(), registers, steps);
            true
        }
        _ => false,
    }
}

/// Do the octets decode?
pub fn decodes(octets: &FieldOctets) -> bool {
    on_field!(F, proof => bool::from(declassify(F::from_octets(proof, octets).is_some())))
}

/// Runs a step many times, its results being what the next one takes: for benches.
pub fn repeat(registers: &mut [FieldOctets; 8], step: &Step, times: usize) {
    fn on<F: Field>(proof: F::Proof, registers: &mut [FieldOctets; 8], step: &Step, times: usize) {
        let mut r: [F; 8] = core::array::from_fn(|i| load(proof, &registers[i]));
        let [a, b, c, d, e, f] = core::array::from_fn(|i| step.from[i]);
        let twice = [[r[0], r[1], r[2]]; 16];
        let table = [twice, [[r[3], r[4], r[5]]; 16]];
        match step.op {
            Op::Add => (0..times).for_each(|_| r[a] = r[a].add(&r[b])),
            Op::Sub => (0..times).for_each(|_| r[a] = r[a].sub(&r[b])),
            Op::Mul => (0..times).for_each(|_| r[a] = r[a].mul(&r[b])),
            Op::Square => (0..times).for_each(|_| r[a] = r[a].square()),
            Op::Invert => (0..times).for_each(|_| r[a] = r[a].invert()),
            Op::MulPairs(2) => (0..times).for_each(|_| {
                [r[a], r[b]] = F::mul_pairs([&r[a], &r[b]], [&r[e], &r[f]]);
            }),
            Op::MulPairs(4) => (0..times).for_each(|_| {
                [r[a], r[b], r[c], r[d]] =
                    F::mul_pairs([&r[a], &r[b], &r[c], &r[d]], [&r[e], &r[f], &r[e], &r[f]]);
            }),
            Op::Sum(2) => (0..times).for_each(|_| r[a] = F::sum_of_products([&r[a], &r[b]], [&r[e], &r[f]])),
            Op::ComplexMul => (0..times).for_each(|_| {
                [r[a], r[b]] = F::complex_mul([&r[a], &r[b]], [&r[e], &r[f]]);
            }),
            Op::ComplexSquares(n) => (0..times).for_each(|_| {
                [r[a], r[b]] = F::complex_square_times([&r[a], &r[b]], n);
            }),
            Op::LookUp(_) => (0..times as u64).for_each(|i| {
                [r[a], _, _] = F::look_up(table.as_flattened(), core::hint::black_box(i % 32));
            }),
            _ => unreachable!("no bench for {:?}", step.op),
        }
        for (octets, element) in registers.iter_mut().zip(&r) {
            *octets = element.to_octets();
        }
    }
    on_field!(F, proof => on::<F>(proof, registers, step, times));
}

/// The same in lanes, eight elements in each register.
pub fn repeat_in_lanes(registers: &mut [FieldOctets; 8], step: &Step, times: usize) -> bool {
    fn on<E: Lanes>(proof: E::Proof, registers: &mut [FieldOctets; 8], step: &Step, times: usize) {
        let singles: [E::Single; 8] = core::array::from_fn(|i| load(proof, &registers[i]));
        let mut r: [E; 8] = core::array::from_fn(|_| E::from_singles(singles.each_ref()));
        let [a, b, c, d] = core::array::from_fn(|i| step.from[i]);
        match step.op {
            Op::Mul => (0..times).for_each(|_| r[a] = r[a].mul(&r[b])),
            Op::Square => (0..times).for_each(|_| r[a] = r[a].square()),
            Op::Reduce => (0..times).for_each(|_| r[a] = r[a].reduce()),
            Op::Sum(2) => (0..times).for_each(|_| r[a] = E::sum_of_products([&r[a], &r[b]], [&r[c], &r[d]])),
            Op::ComplexMul => (0..times).for_each(|_| {
                [r[a], r[b]] = E::complex_mul([&r[a], &r[b]], [&r[c], &r[d]]);
            }),
            _ => unreachable!("no bench for {:?}", step.op),
        }
        *registers = r[a].reduce().to_singles().map(|element| element.to_octets());
    }
    match backend::selected() {
        #[cfg(target_arch = "x86_64")]
        Backend::Ifma(kernel) => {
            on::<ifma::fp1024x8::Fe8<ifma::zmm::Zmm>>(kernel.vector_proof(), registers, step, times);
            true
        }
        Backend::IfmaModel(kernel) => {
            on::<ifma::fp1024x8::Fe8<ifma::vector::Model>>(kernel.vector_proof(), registers, step, times);
            true
        }
        _ => false,
    }
}

/// a·b, a + b, 1/a and (a + 2¹⁰³² − 1)/2 modulo q, by the own code for every platform.
///
/// # Panics
/// If the steps that `adx` and `ifma` take to 1/a give another value.
pub fn order(a: &ScalarOctets, b: &ScalarOctets) -> [ScalarOctets; 4] {
    use portable::fp1024_order as order;
    let inverse = order::invert(portable::safegcd::divsteps, a);
    #[cfg(target_arch = "x86_64")]
    assert!(bool::from(declassify(order::invert(adx::divsteps, a).as_slice().ct_eq(&inverse))));
    [order::mul(a, b), order::add(a, b), inverse, order::halve_plus_ones::<1032>(a)]
}

/// Any integer modulo q, and whether it lies in [2, q − 1].
pub fn order_reduce(a: &ScalarOctets) -> (ScalarOctets, bool) {
    use portable::fp1024_order as order;
    (order::reduce(a), bool::from(declassify(order::in_key_range(a))))
}
