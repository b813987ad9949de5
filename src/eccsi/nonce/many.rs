//! The first nonces of many seeds, sixteen at a time where the backend has lanes for the hash.

use super::{Nonces, Seed};
use crate::curve::p256::Scalar;
use crate::hash::{self, Hmac16, LANES};
use alloc::vec::Vec;
use zeroize::{Zeroize, Zeroizing};

/// Fewer seeds are done faster one by one.
const FEW: usize = 5;

/// Longer seeds are hashed one by one.
const LONG: usize = 2048;

/// For each seed what the first call of [`Nonces::next`] gives.
pub(crate) fn first_of_many(seeds: &[Seed<'_>]) -> Vec<Scalar> {
    let mut nonces = Vec::with_capacity(seeds.len());
    for seeds in seeds.chunks(LANES) {
        let candidates = candidates(seeds);
        for (i, seed) in seeds.iter().enumerate() {
            // The next candidate follows with a chance of 2⁻³².
            let first = candidates.as_ref().and_then(|candidates| Scalar::from_octets(&candidates[i]));
            nonces.push(first.unwrap_or_else(|| Nonces::new(seed).next()));
        }
    }
    nonces
}

/// HMAC-DRBG of at most sixteen seeds, as [`HmacDrbg`](super::HmacDrbg) has it: the first 32 octets of each.
fn candidates(seeds: &[Seed<'_>]) -> Option<Zeroizing<[[u8; 32]; LANES]>> {
    let lanes = Hmac16::lanes().filter(|_| seeds.len() >= FEW)?;
    let length = |seed: &Seed<'_>| {
        let mut length = 0;
        seed.write(&mut |octets| length += octets.len());
        length
    };
    let longest = seeds.iter().map(length).max().filter(|longest| *longest <= LONG)?;
    let mut key = [[0; LANES]; 8];
    let mut value = [[0x0101_0101; LANES]; 8];
    let mut hmac = Hmac16::new(lanes, &key);
    for round in [0, 1] {
        key = hmac.mac_behind(&value, 1 + longest, |lane, put| {
            put(&[round]);
            if let Some(seed) = seeds.get(lane) {
                seed.write(put);
            }
        });
        hmac = Hmac16::new(lanes, &key);
        value = hmac.mac(&value);
    }
    value = hmac.mac(&value);
    let mut candidates = Zeroizing::new([[0; 32]; LANES]);
    for (lane, candidate) in candidates.iter_mut().enumerate() {
        *candidate = hash::octets(&value, lane);
    }
    key.zeroize();
    value.zeroize();
    Some(candidates)
}
