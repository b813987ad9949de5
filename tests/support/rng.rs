//! Generators for tests: given octets, one octet for ever, and one that fails.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

use rand_core::{TryCryptoRng, TryRng};

/// Gives the octets it was made of, once; then it fails.
pub struct Given(Vec<u8>);

impl Given {
    pub fn new(octets: &[u8]) -> Self {
        Self(octets.to_vec())
    }

    /// Octets not yet drawn.
    pub fn left(&self) -> usize {
        self.0.len()
    }
}

/// The octets are used up.
#[derive(Debug)]
pub struct Exhausted;

impl std::fmt::Display for Exhausted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("octets used up")
    }
}

impl std::error::Error for Exhausted {}

impl TryRng for Given {
    type Error = Exhausted;

    fn try_next_u32(&mut self) -> Result<u32, Exhausted> {
        let mut octets = [0; 4];
        self.try_fill_bytes(&mut octets).map(|()| u32::from_le_bytes(octets))
    }

    fn try_next_u64(&mut self) -> Result<u64, Exhausted> {
        let mut octets = [0; 8];
        self.try_fill_bytes(&mut octets).map(|()| u64::from_le_bytes(octets))
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Exhausted> {
        if self.0.len() < octets.len() {
            return Err(Exhausted);
        }
        let rest = self.0.split_off(octets.len());
        octets.copy_from_slice(&self.0);
        self.0 = rest;
        Ok(())
    }
}

impl TryCryptoRng for Given {}

/// Gives one octet for ever.
pub struct Stuck(pub u8);

impl TryRng for Stuck {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from_ne_bytes([self.0; 4]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from_ne_bytes([self.0; 8]))
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Self::Error> {
        octets.fill(self.0);
        Ok(())
    }
}

impl TryCryptoRng for Stuck {}
