//! The factors of a random linear combination.

use super::{Fresh, HmacDrbg, length_prefixed};
use crate::curve::p256::Point;
use sha2::{Digest, Sha256};

/// Octets of a factor.
pub(in super::super) const FACTOR: usize = 16;

/// Factors for the equations of one sum: two of each block of an HMAC-DRBG with SHA-256, as nonces have it,
/// instantiated with
///
/// ```text
/// lp(label) ‖ lp(SHA-256(KPAK ‖ HS₁ ‖ Y₁ ‖ HS₂ ‖ Y₂ …)) ‖ 32 octets of the caller's generator
/// ```
///
/// Each depends on all equations. They are public, as what they are made of is.
pub(in super::super) struct Factors {
    drbg: HmacDrbg,
    /// The second half of the last block.
    rest: Option<[u8; FACTOR]>,
}

impl Factors {
    /// For equations by the HS and the Y = \[SSK\]G of each.
    pub(in super::super) fn new<'a>(
        kpak: &Point,
        equations: impl Iterator<Item = (&'a [u8; 32], &'a Point)>,
        fresh: &Fresh,
    ) -> Self {
        let mut hash = Sha256::new_with_prefix(kpak.encode());
        for (hs, y) in equations {
            hash.update(hs);
            hash.update(y.encode());
        }
        let batch = hash.finalize();
        let drbg = HmacDrbg::new(|mac| {
            let put = &mut |octets: &[u8]| mac.update(octets);
            length_prefixed(put, b"eccsi-sakke validate v1");
            length_prefixed(put, &batch);
            put(fresh.as_slice());
        });
        Self { drbg, rest: None }
    }

    pub(in super::super) fn next(&mut self) -> [u8; FACTOR] {
        if let Some(rest) = self.rest.take() {
            return rest;
        }
        let block = self.drbg.generate();
        let (halves, _) = block.as_chunks::<FACTOR>();
        self.rest = Some(halves[1]);
        halves[0]
    }
}
