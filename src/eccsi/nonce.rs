//! Hedged nonces: j for signing and v for issuing.
//!
//! A nonce is the first candidate in [1, q − 1] of an HMAC-DRBG with SHA-256 (NIST SP 800-90A
//! §10.1.2), instantiated with
//!
//! ```text
//! lp(label) ‖ lp(secret) ‖ lp(KPAK) ‖ lp(HS | ID) ‖ lp(SHA-256(M) | empty) ‖ 32 octets of the caller's generator
//! ```
//!
//! lp(x) is x behind its length in two octets, big-endian. Only an identity can be longer than
//! these can say: from 65 535 octets on it is `FF FF ‖ SHA-256(x)`, which no shorter x yields.
//!
//! Why not the generator's octets alone: a machine that was cloned or restored, or a generator that
//! is stuck, repeats them. With a repeated v under two identities, their owners compute KSAK;
//! with a repeated j for two messages, anyone computes SSK. Since the secret and the message or
//! the identity are part of the seed, the nonce then still differs. And why the octets at all:
//! a nonce that depends on nothing else invites fault attacks on the rest of the computation.

mod many;

pub(crate) use many::first_of_many;

use crate::curve::p256::Scalar;
use crate::drbg::{FRESH_OCTETS, Fresh, HmacDrbg, length_prefixed};
use crate::error::Error;
use alloc::vec::Vec;
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

/// What a nonce is for; the label in front of the seed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Sign,
    Issue,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Sign => b"eccsi-sakke sign v1",
            Self::Issue => b"eccsi-sakke issue v1",
        }
    }
}

/// Everything that a nonce depends on, in the order of the seed.
pub(crate) struct Seed<'a> {
    pub(crate) purpose: Purpose,
    /// SSK or KSAK.
    pub(crate) secret: &'a Scalar,
    pub(crate) kpak: &'a [u8; 65],
    /// HS to sign, ID to issue.
    pub(crate) context: &'a [u8],
    /// SHA-256 of the message to sign, empty to issue.
    pub(crate) message_hash: &'a [u8],
    pub(crate) fresh: &'a Fresh,
}

/// Draws the octets that hedge `count` nonces, all at once: a call of the operating system takes
/// longer than what it is for.
pub(crate) fn fresh_many<R: TryCryptoRng + ?Sized>(count: usize, rng: &mut R) -> Result<Vec<Fresh>, Error> {
    let mut octets = Zeroizing::new(alloc::vec![0; count * FRESH_OCTETS]);
    rng.try_fill_bytes(&mut octets).map_err(|_| Error::Rng)?;
    let (each, _) = octets.as_chunks::<FRESH_OCTETS>();
    Ok(each.iter().map(|octets| Zeroizing::new(*octets)).collect())
}

/// The nonces of one seed, one after the other. The first is taken; the next ones only serve
/// where the RFC asks for a restart.
pub(crate) struct Nonces(HmacDrbg);

impl Seed<'_> {
    /// Gives the seed piece by piece.
    fn write(&self, put: &mut dyn FnMut(&[u8])) {
        length_prefixed(put, self.purpose.label());
        length_prefixed(put, self.secret.as_octets());
        length_prefixed(put, self.kpak);
        length_prefixed(put, self.context);
        length_prefixed(put, self.message_hash);
        put(self.fresh.as_slice());
    }
}

impl Nonces {
    pub(crate) fn new(seed: &Seed<'_>) -> Self {
        Self(HmacDrbg::new(|mac| seed.write(&mut |octets| mac.update(octets))))
    }

    /// The next nonce, in [1, q − 1].
    ///
    /// Takes longer for each candidate outside the range (probability 2⁻³²), which tells nothing
    /// of the one that is returned.
    pub(crate) fn next(&mut self) -> Scalar {
        loop {
            let candidate = self.0.generate();
            if let Some(nonce) = Scalar::from_octets(&candidate) {
                return nonce;
            }
        }
    }
}
