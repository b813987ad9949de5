//! The factors of a random linear combination.

use super::{Fresh, HmacDrbg, length_prefixed};

/// Octets of a factor.
pub(crate) const FACTOR: usize = 16;

/// Factors for the equations of one sum: two of each block of an HMAC-DRBG with SHA-256, as nonces have it,
/// instantiated with
///
/// ```text
/// lp(label) ‖ lp(hash value of all equations) ‖ 32 octets of the caller's generator
/// ```
///
/// Each depends on all equations.
pub(crate) struct Factors {
    drbg: HmacDrbg,
    /// The second half of the last block.
    rest: Option<[u8; FACTOR]>,
}

impl Factors {
    /// For the equations with this hash value.
    pub(crate) fn new(label: &[u8], equations: &[u8; 32], fresh: &Fresh) -> Self {
        let drbg = HmacDrbg::new(|mac| {
            let put = &mut |octets: &[u8]| mac.update(octets);
            length_prefixed(put, label);
            length_prefixed(put, equations);
            put(fresh.as_slice());
        });
        Self { drbg, rest: None }
    }

    /// The next one.
    pub(crate) fn next(&mut self) -> [u8; FACTOR] {
        if let Some(rest) = self.rest.take() {
            return rest;
        }
        let block = self.drbg.generate();
        let (halves, _) = block.as_chunks::<FACTOR>();
        self.rest = Some(halves[1]);
        halves[0]
    }
}
