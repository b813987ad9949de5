//! HMAC-DRBG, from which nonces and the factors of random linear combinations come.

mod factors;
mod hmac;

pub(crate) use factors::{FACTOR, Factors};

use crate::error::Error;
use hmac::{Hmac, HmacKey};
use rand_core::TryCryptoRng;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Octets taken from the caller's generator for each seed.
pub(crate) const FRESH_OCTETS: usize = 32;

/// The octets of the caller's generator in one seed.
pub(crate) type Fresh = Zeroizing<[u8; FRESH_OCTETS]>;

/// Draws the octets for one seed.
pub(crate) fn fresh<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Fresh, Error> {
    let mut octets = Zeroizing::new([0; FRESH_OCTETS]);
    rng.try_fill_bytes(octets.as_mut_slice()).map_err(|_| Error::Rng)?;
    Ok(octets)
}

/// HMAC-DRBG with SHA-256, NIST SP 800-90A §10.1.2, without additional input or reseeding, each
/// request one block.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct HmacDrbg {
    key: HmacKey,
    value: [u8; 32],
    /// The update that ends a request (§10.1.2.5 step 6) waits for the next one.
    stale: bool,
}

impl HmacDrbg {
    /// §10.1.2.3; `seed` feeds the seed material.
    pub(crate) fn new(seed: impl Fn(&mut Hmac<'_>)) -> Self {
        let mut drbg = Self { key: HmacKey::ZERO, value: [0x01; 32], stale: false };
        drbg.update(0x00, &seed);
        drbg.update(0x01, &seed);
        drbg
    }

    /// One of the two rounds of §10.1.2.2.
    fn update(&mut self, round: u8, data: impl Fn(&mut Hmac<'_>)) {
        let mut mac = self.key.begin();
        mac.update(&self.value);
        mac.update(&[round]);
        data(&mut mac);
        let key = Zeroizing::new(mac.finish());
        self.key = HmacKey::new(&key);
        self.value = self.key.mac(&self.value);
    }

    /// §10.1.2.5, 32 octets.
    pub(crate) fn generate(&mut self) -> Zeroizing<[u8; 32]> {
        if self.stale {
            self.update(0x00, |_| {});
        }
        self.stale = true;
        self.value = self.key.mac(&self.value);
        Zeroizing::new(self.value)
    }
}

/// x behind its length in two octets; from 65 535 octets on `FF FF ‖ SHA-256(x)`.
pub(crate) fn length_prefixed(put: &mut dyn FnMut(&[u8]), x: &[u8]) {
    match u16::try_from(x.len()) {
        Ok(length) if length < u16::MAX => {
            put(&length.to_be_bytes());
            put(x);
        }
        _ => {
            put(&[0xff, 0xff]);
            put(&Sha256::digest(x));
        }
    }
}
