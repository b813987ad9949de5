//! A slow, independent model of what the library computes: big integers, affine points, every
//! formula as the specification prints it. But for SHA-256, of the crate `sha2`, it shares no code
//! with the library, so that the two agree only if both are right.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the model")]

pub mod eccsi;
pub mod hmac_drbg;
pub mod p256;
pub mod saef;

use num_bigint::BigUint;
use sha2::{Digest, Sha256};

pub fn sha256(octets: &[u8]) -> [u8; 32] {
    Sha256::digest(octets).into()
}

pub fn concat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

pub fn hex(octets: impl AsRef<[u8]>) -> String {
    octets.as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}

pub fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "odd number of digits");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal"))
        .collect()
}

/// Reproducible octets: SHA-256 of a label and a counter.
pub struct Stream {
    label: String,
    counter: u64,
}

impl Stream {
    pub fn new(label: &str) -> Self {
        Self { label: label.to_owned(), counter: 0 }
    }

    pub fn block(&mut self) -> [u8; 32] {
        self.counter += 1;
        sha256(&concat(&[self.label.as_bytes(), &self.counter.to_be_bytes()]))
    }

    pub fn octets(&mut self, length: usize) -> Vec<u8> {
        let mut octets = Vec::new();
        while octets.len() < length {
            octets.extend(self.block());
        }
        octets.truncate(length);
        octets
    }

    /// A number in 1..q−1.
    pub fn scalar(&mut self) -> BigUint {
        loop {
            let candidate = p256::from_octets(&self.block());
            if candidate != BigUint::ZERO && candidate < *p256::Q {
                return candidate;
            }
        }
    }
}
