//! The functions of the Miller loop that walks one point, eight steps to a row of lanes.

use super::eight::{CurveLanes, LANES, gather, lanes_of, scatter, splat};
use super::field::Parameters;
use super::field2::Complex;
use super::function::{Argument, Function, MAX_ORDER};
use super::point::Affine;
use super::walk::{Multiples, Step, digit, order, step_function};
use crate::backend::fp1024::{Arithmetic, Field, Lanes};
use alloc::vec::Vec;
use zeroize::{Zeroize, Zeroizing};

/// The functions of the loop that walks one point, as [`Lines`](super::lines::Lines) has them, eight
/// steps to a row of lanes: steps with functions of one order stand together. As secret as the point.
#[derive(Zeroize)]
pub(crate) struct LaneLines<E: Lanes> {
    start: Vec<E::Single>,
    rows: Vec<E>,
}

/// Eight steps with functions of one order. The last group of an order may name a step twice.
struct Group8 {
    order: usize,
    steps: [usize; LANES],
    /// Where its coefficients begin.
    start: usize,
}

/// Which steps stand together. The same for every point.
fn groups<E: CurveLanes>() -> Vec<Group8> {
    let mut groups = Vec::new();
    let mut start = 0;
    // The last step has its own way to its function.
    let last = E::OCTAL.len() - 1;
    for d in 0..=4 {
        let steps: Vec<usize> = (1..last).filter(|step| digit::<E>(*step) == d).collect();
        for steps in steps.chunks(LANES) {
            let group = Group8 { order: order::<E>(steps[0]), steps: lanes_of(steps, |step| *step), start };
            start += group.order - 1;
            groups.push(group);
        }
    }
    if last > 0 {
        groups.push(Group8 { order: order::<E>(last), steps: [last; LANES], start });
    }
    groups
}

impl<E: CurveLanes> LaneLines<E> {
    /// Walks the loop on `k`, of order q, and keeps the coefficients.
    pub(super) fn new(k: &Affine<E::Single>) -> Self {
        let small = Multiples::new(k);
        let steps = small.steps();
        let groups = groups::<E>();
        let mut rows = Vec::with_capacity(groups.iter().map(|group| group.order - 1).sum());
        for group in &groups {
            let walked = Zeroizing::new(group.steps.map(|step| steps[step - 1].0));
            let walked = Zeroizing::new(Step(gather(&walked)));
            let function = match small.lanes_of_steps(&group.steps) {
                None => step_function(group.steps[0], &walked, None),
                Some((x, of_d)) => step_function(group.steps[0], &walked, Some((&x, &of_d))),
            };
            rows.extend(function.coefficients());
        }
        debug_assert_eq!(rows.len(), rows.capacity());
        let mut start = Vec::with_capacity(small.start().order() - 1);
        start.extend(small.start().coefficients());
        Self { start, rows }
    }

    /// What each step multiplies by at \[i\]R, eight steps at a time; first what the loop begins with.
    fn steps(&self, r: &Affine<E::Single>) -> Zeroizing<Vec<[E::Single; 2]>> {
        let at = Zeroizing::new(Argument::new(&splat::<E>(&r.x), &splat::<E>(&r.y)));
        let zero = E::Single::zero(r.x.proof());
        let mut values = Zeroizing::new(alloc::vec![[zero; 2]; E::OCTAL.len()]);
        for group in groups::<E>() {
            let value = at.value(group.order, |i| &self.rows[group.start + i]);
            let (re, im) = (value.re.reduce().to_singles(), value.im.reduce().to_singles());
            for (lane, step) in group.steps.iter().enumerate() {
                values[*step] = [re[lane], im[lane]];
            }
        }
        let at = Argument::new(&r.x, &r.y);
        let Complex { re, im } = at.value(digit::<E>(0) + 1, |i| &self.start[i]);
        values[0] = [re, im];
        values
    }

    /// The value of the function at \[i\]R.
    pub(super) fn value(&self, r: &Affine<E::Single>) -> Complex<E::Single> {
        let steps = self.steps(r);
        let mut f = steps[0];
        for value in &steps[1..] {
            E::Single::complex_step(&mut f, value);
        }
        let [re, im] = f;
        Complex { re, im }
    }

    /// The values of two functions, each at \[i\]R of its own R, one beside the other.
    pub(super) fn values_of_both(all: [&Self; 2], r: [&Affine<E::Single>; 2]) -> [Complex<E::Single>; 2] {
        let [a, b] = [all[0].steps(r[0]), all[1].steps(r[1])];
        let (mut f, mut g) = (a[0], b[0]);
        for (a, b) in a[1..].iter().zip(&b[1..]) {
            E::Single::complex_steps([&mut f, &mut g], [a, b]);
        }
        [f, g].map(|[re, im]| Complex { re, im })
    }

    /// The values for eight points, one in each lane.
    pub(super) fn values(&self, r: &[Affine<E::Single>; LANES]) -> Zeroizing<[Complex<E::Single>; LANES]> {
        let at = Zeroizing::new(Argument::<E>::new(
            &E::from_singles(r.each_ref().map(|r| &r.x)),
            &E::from_singles(r.each_ref().map(|r| &r.y)),
        ));
        // Where the function of each step stands: group and lane.
        let groups = groups::<E>();
        let mut places = alloc::vec![(0, 0); E::OCTAL.len()];
        for (i, group) in groups.iter().enumerate() {
            for (lane, step) in group.steps.iter().enumerate() {
                places[*step] = (i, lane);
            }
        }
        let start: Zeroizing<Vec<E>> = Zeroizing::new(self.start.iter().map(splat).collect());
        let Complex { re, im } = at.value(digit::<E>(0) + 1, |i| &start[i]);
        let mut f = [re, im];
        let mut coefficients = Zeroizing::new(Vec::with_capacity(MAX_ORDER));
        for (i, lane) in &places[1..] {
            let Group8 { order, start, .. } = groups[*i];
            coefficients.clear();
            coefficients.extend(self.rows[start..][..order - 1].iter().map(|c| c.broadcast(*lane)));
            let Complex { re, im } = at.value(order, |i| &coefficients[i]);
            E::complex_step(&mut f, &[re, im]);
        }
        let rows = Zeroizing::new(scatter(&f));
        Zeroizing::new(core::array::from_fn(|i| Complex { re: rows[i][0], im: rows[i][1] }))
    }
}

impl<F: Parameters + Field> Multiples<F> {
    /// X of dK and its function in the lanes of eight steps with digits ±d.
    fn lanes_of_steps<E: CurveLanes<Single = F>>(&self, steps: &[usize; LANES]) -> Option<(E, Function<E>)> {
        let (multiple, _) = self.of_step(steps[0])?;
        let negative = steps
            .iter()
            .enumerate()
            .fold(0, |bits, (lane, step)| bits | u8::from(E::OCTAL[*step] < 0) << lane);
        let function = multiple.function.map(splat::<E>);
        let function = function.reflect(|same, opposite| E::select(negative, opposite, same));
        Some((splat(&multiple.x), function))
    }
}

#[cfg(feature = "hazmat")]
impl<E: Lanes> super::size::Size for LaneLines<E> {
    fn size(&self) -> usize {
        size_of_val(self.start.as_slice()) + size_of_val(self.rows.as_slice())
    }
}
