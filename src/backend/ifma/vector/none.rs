//! The vector of kernels that have single elements alone. It has no value, so that nothing is compiled.

use super::{Job, Vector};
use crate::backend::ifma::words::Words;
#[cfg(feature = "sakke")]
use crate::backend::portable::safegcd::Packed;
use crate::backend::table_point::TablePoint;

/// Uninhabited: the vector of a kernel without vectors.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NoVector {}

impl Vector for NoVector {
    type Proof = Self;
    type Words = Self;

    fn run<J: Job>(proof: Self, _: J) -> J::Output {
        match proof {}
    }

    fn call<J: Job>(proof: Self, _: J) -> J::Output {
        match proof {}
    }

    #[cfg(feature = "sakke")]
    fn divsteps(proof: Self, _: u32, _: Packed) -> Packed {
        match proof {}
    }

    fn splat(proof: Self, _: u64) -> Self {
        proof
    }

    fn load(proof: Self, _: &[u64; 8]) -> Self {
        proof
    }

    fn store(self) -> [u64; 8] {
        match self {}
    }

    fn add(self, _: Self) -> Self {
        self
    }

    fn sub(self, _: Self) -> Self {
        self
    }

    fn and(self, _: Self) -> Self {
        self
    }

    fn or(self, _: Self) -> Self {
        self
    }

    fn shl<const N: u32>(self) -> Self {
        self
    }

    fn shr<const N: u32>(self) -> Self {
        self
    }

    fn shr_each(self, _: Self) -> Self {
        self
    }

    fn sar<const N: u32>(self) -> Self {
        self
    }

    fn madd_low(self, _: Self, _: Self) -> Self {
        self
    }

    fn madd_high(self, _: Self, _: Self) -> Self {
        self
    }

    fn permute_xor(self, _: usize) -> Self {
        self
    }

    fn splat_first(self) -> Self {
        self
    }

    fn first_shr<const N: u32>(self) -> Self {
        self
    }

    fn words_from<const N: i32>(self, _: Self) -> Self {
        self
    }

    fn above(self, _: Self) -> u8 {
        match self {}
    }

    fn equal(self, _: Self) -> u8 {
        match self {}
    }

    fn select(_: u8, yes: Self, _: Self) -> Self {
        yes
    }

    fn select_lane(_: usize, yes: Self, _: Self) -> Self {
        yes
    }

    fn add_where(self, _: u8, _: Self) -> Self {
        self
    }

    fn with_bit(proof: Self, _: usize) -> Self {
        proof
    }

    fn xor(self, _: Self) -> Self {
        self
    }

    fn shl_by(self, _: u32) -> Self {
        self
    }

    fn shr_by(self, _: u32) -> Self {
        self
    }

    fn point(proof: Self, _: &TablePoint) -> Self {
        proof
    }

    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        rows
    }

    fn look_up(low: Self, _: Self, _: Self) -> Self {
        low
    }

    fn look_up_point(proof: Self, _: &[TablePoint], _: u64) -> Self {
        proof
    }
}

impl Words for NoVector {
    type Proof = Self;

    fn splat(proof: Self, _: u32) -> Self {
        proof
    }

    fn load(proof: Self, _: &[u32; 16]) -> Self {
        proof
    }

    fn store(self) -> [u32; 16] {
        match self {}
    }

    fn add(self, _: Self) -> Self {
        self
    }

    fn xor(self, _: Self) -> Self {
        self
    }

    fn and(self, _: Self) -> Self {
        self
    }

    fn rotate_right<const N: i32>(self) -> Self {
        self
    }

    fn shift_right<const N: u32>(self) -> Self {
        self
    }
}
