//! RFC 6507 §5.2.1 for many messages.

use super::super::hash::HashValue;
use super::super::nonce::{self, Nonces};
use super::super::{Signature, SigningKey, batches};
use crate::curve::p256::{self, Scalar};
use crate::drbg::Fresh;
use crate::error::Error;
use crate::hash;
use crate::secret::declassify;
use alloc::vec::Vec;
use rand_core::TryCryptoRng;

/// Messages that share two inversions.
const BATCH: usize = 64;

impl SigningKey {
    /// Signs each of `messages` under this key's identity: [RFC 6507 §5.2.1].
    ///
    /// Gives the signatures in the order of the messages, those of [`sign`](Self::sign) called one by one
    /// with the same octets of `rng`, of which each takes 32; they are drawn all at once. Faster than
    /// one by one, since all share two inversions, and most of all where the CPU has AVX-512 IFMA,
    /// eight at a time; with the feature `rayon` on all cores.
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails; then nothing was signed.
    ///
    /// # Timing
    /// As [`sign`](Self::sign).
    ///
    /// [RFC 6507 §5.2.1]: https://www.rfc-editor.org/rfc/rfc6507#section-5.2.1
    pub fn sign_many<R: TryCryptoRng + ?Sized>(
        &self,
        messages: &[&[u8]],
        rng: &mut R,
    ) -> Result<Vec<Signature>, Error> {
        let fresh = nonce::fresh_many(messages.len(), rng)?;
        let requests: Vec<_> = messages.iter().copied().zip(fresh.iter()).collect();
        Ok(batches::map(&requests, BATCH, |requests| self.sign_batch(requests)))
    }

    fn sign_batch(&self, requests: &[(&[u8], &Fresh)]) -> Vec<Signature> {
        let parts: Vec<_> = requests.iter().map(|(message, _)| [*message]).collect();
        let mut message_hashes = alloc::vec![[0; hash::BYTES]; requests.len()];
        hash::digest_many(&parts, &mut message_hashes);
        let kpak = self.kpak.to_bytes();
        let seeds: Vec<_> = (requests.iter().zip(&message_hashes))
            .map(|((_, fresh), message_hash)| self.seed(&kpak, message_hash, fresh))
            .collect();
        // 1) j, random in [1, q − 1]
        let j = nonce::first_of_many(&seeds);
        // 2) J = [j]G, r = Jx
        let points = p256::mul_generator_many(j.iter());
        let r: Vec<_> = points.iter().map(|point| declassify(*point.x())).collect();
        // 3) HE = hash(HS ‖ r ‖ M); 4) d = HE + r·SSK mod q
        let parts: Vec<_> =
            (requests.iter().zip(&r)).map(|((message, _), r)| [&self.hs().0[..], r, message]).collect();
        let he = HashValue::many(&parts);
        let mut again = alloc::vec![false; requests.len()];
        let mut d = Vec::with_capacity(requests.len());
        for i in 0..requests.len() {
            let he = he[i].scalar();
            let sum = Scalar::reduce(&r[i]).mul_add(&self.issued.ssk, &he);
            again[i] = sum.is_zero() || r[i] == [0; 32];
            d.push(if again[i] { Scalar::one() } else { sum });
        }
        // 5) s′ = d⁻¹·j mod q
        Scalar::invert_many(&mut d);
        // 6) s = s′; 7) r ‖ s ‖ PVT
        let mut signatures = Vec::with_capacity(requests.len());
        for (i, (message, _)) in requests.iter().enumerate() {
            signatures.push(if again[i] {
                self.sign_from(&mut Nonces::new(&seeds[i]), &[message])
            } else {
                Signature::new(r[i], declassify(*d[i].mul(&j[i]).as_octets()), *self.pvt())
            });
        }
        signatures
    }
}
