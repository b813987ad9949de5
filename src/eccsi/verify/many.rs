//! RFC 6507 §5.2.2 for many signatures.

use super::super::batches;
use super::super::hash::{HashValue, hs_many};
use super::super::{KmsPublicKey, Signature, VerifyingKey};
use super::{Factors, accept};
use crate::curve::p256::{self, Check};
use crate::error::Error;
use crate::identity::Identity;
use alloc::vec::Vec;

/// Signatures that share what is done once for a batch.
const BATCH: usize = 64;

impl KmsPublicKey {
    /// Verifies many signatures under this KPAK: [RFC 6507 §5.2.2]. Each is an identity, a message
    /// and the signature that is to be one of this message by this identity.
    ///
    /// Gives what [`verify`](Self::verify) gives for each, in the same order, and accepts nothing
    /// that it refuses: signatures are not summed up. Faster than one by one where the CPU has
    /// AVX-512 IFMA, eight at a time; with the feature `rayon` on all cores. A
    /// [prepared](Self::prepared) KPAK saves some of it. For signers who are known already there is
    /// [`VerifyingKey::verify_many`].
    ///
    /// # Errors
    /// In the place of each signature that does not verify, [`Error::InvalidSignature`].
    ///
    /// # Timing
    /// Variable; all inputs are public.
    ///
    /// [RFC 6507 §5.2.2]: https://www.rfc-editor.org/rfc/rfc6507#section-5.2.2
    pub fn verify_many(&self, signatures: &[(Identity<'_>, &[u8], &Signature)]) -> Vec<Result<(), Error>> {
        batches::map(signatures, BATCH, |signatures| {
            // 2) HS = hash(G ‖ KPAK ‖ ID ‖ PVT)
            let hs = hs_many(
                self.point(),
                signatures.iter().map(|(id, _, signature)| (*id, signature.pvt().point())),
            );
            // 3) HE = hash(HS ‖ r ‖ M)
            let parts: Vec<_> = (signatures.iter().zip(&hs))
                .map(|((_, message, signature), hs)| [&hs.0[..], signature.r(), message])
                .collect();
            let he = HashValue::many(&parts);
            // 4) and 5) in one sum
            let checks: Vec<_> = (signatures.iter().zip(hs.iter().zip(&he)))
                .map(|((_, _, signature), (hs, he))| {
                    let Factors { s_he, s_r } = Factors::of(&he.scalar(), signature);
                    let s_r_hs = s_r.mul(&hs.scalar());
                    let (g, k, h) = (*s_he.as_octets(), *s_r_hs.as_octets(), *s_r.as_octets());
                    Check { x: signature.r(), g, k, point: signature.pvt().point().as_base(), h }
                })
                .collect();
            let found = p256::combinations_have_x_vartime(&checks, Some(self.base().as_base()));
            found.into_iter().map(accept).collect()
        })
    }
}

impl VerifyingKey {
    /// Verifies many signatures of known signers: [RFC 6507 §5.2.2]. Each is a key, a message and
    /// the signature that is to be one of this message made with this key; keys may occur any number
    /// of times, and belong to different communities.
    ///
    /// Gives what [`verify`](Self::verify) gives for each, in the same order. Faster than one by one where
    /// the CPU has AVX-512 IFMA, most of all for [prepared](Self::prepared) keys; with the feature
    /// `rayon` on all cores.
    ///
    /// # Errors
    /// In the place of each signature that does not verify, [`Error::InvalidSignature`].
    ///
    /// # Timing
    /// Variable; all inputs are public.
    ///
    /// [RFC 6507 §5.2.2]: https://www.rfc-editor.org/rfc/rfc6507#section-5.2.2
    pub fn verify_many(signatures: &[(&Self, &[u8], &Signature)]) -> Vec<Result<(), Error>> {
        batches::map(signatures, BATCH, |signatures| {
            let parts: Vec<_> = signatures
                .iter()
                .map(|(key, message, signature)| [&key.hs.0[..], signature.r(), message])
                .collect();
            let checks: Vec<_> = (signatures.iter().zip(HashValue::many(&parts)))
                .map(|((key, _, signature), he)| {
                    let Factors { s_he, s_r } = Factors::of(&he.scalar(), signature);
                    let point = key.y.as_base();
                    Check { x: signature.r(), g: *s_he.as_octets(), k: *s_r.as_octets(), point, h: [0; 32] }
                })
                .collect();
            let found = p256::combinations_have_x_vartime(&checks, None);
            let same_key = |(key, _, signature): &(&Self, &[u8], &Signature)| *signature.pvt() == key.pvt;
            signatures
                .iter()
                .zip(found)
                .map(|(signature, found)| accept(found && same_key(signature)))
                .collect()
        })
    }
}
