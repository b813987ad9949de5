//! RFC 6507 §5.2.1: signing.

mod many;

use super::hash::{HashValue, he, hs};
use super::nonce::{Nonces, Purpose, Seed};
use super::{IssuedKey, KmsPublicKey, PublicValidationToken, Signature, VerifyingKey};
use crate::curve::p256::{self, Scalar};
use crate::drbg::{self, Fresh};
use crate::error::Error;
use crate::identity::Identity;
use crate::secret::declassify;
use rand_core::TryCryptoRng;
use sha2::{Digest, Sha256};
use signature::{KeypairRef, RandomizedMultipartSigner, RandomizedSigner};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A validated key of one identity under one KMS: SSK, PVT, HS (RFC 6507 §5.1.2).
///
/// It exists only through [`IssuedKey::validate`], so that its parts belong together. Wiped when
/// dropped; there is no way to clone, compare or print it.
#[doc(alias = "SSK")]
#[derive(ZeroizeOnDrop)]
pub struct SigningKey {
    pub(super) issued: IssuedKey,
    #[zeroize(skip)]
    pub(super) kpak: KmsPublicKey,
    #[zeroize(skip)]
    pub(super) verifying: VerifyingKey,
}

crate::secret::redacted_debug!(SigningKey);

impl SigningKey {
    /// Signs `message` under this key's identity: ECCSI signing, [RFC 6507 §5.2.1].
    ///
    /// `message` may have any length. `rng` gives 32 octets, mixed with SSK, KPAK, HS and the
    /// message into the nonce j.
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails.
    ///
    /// # Timing
    /// Constant in SSK and j. Depends on the length of `message`, and on the number of redrawn j
    /// (none, up to a chance of 2⁻³²).
    ///
    /// [RFC 6507 §5.2.1]: https://www.rfc-editor.org/rfc/rfc6507#section-5.2.1
    pub fn sign<R: TryCryptoRng + ?Sized>(&self, message: &[u8], rng: &mut R) -> Result<Signature, Error> {
        self.sign_parts(&[message], rng)
    }

    /// Signs, then verifies the signature before it is released: for devices whose computation an
    /// attacker may disturb. A signature computed with a fault can give SSK away.
    ///
    /// # Errors
    /// As [`sign`](Self::sign); [`Error::InvalidSignature`] if the signature does not verify,
    /// which says that the machine computes wrongly.
    ///
    /// # Timing
    /// As [`sign`](Self::sign); the verification sees public values only.
    pub fn sign_checked<R: TryCryptoRng + ?Sized>(
        &self,
        message: &[u8],
        rng: &mut R,
    ) -> Result<Signature, Error> {
        let signature = self.sign(message, rng)?;
        self.verifying.verify(message, &signature)?;
        Ok(signature)
    }

    fn sign_parts<R: TryCryptoRng + ?Sized>(
        &self,
        message: &[&[u8]],
        rng: &mut R,
    ) -> Result<Signature, Error> {
        let mut hash = Sha256::new();
        for part in message {
            hash.update(part);
        }
        let (kpak, hash, fresh) = (self.kpak.to_bytes(), hash.finalize().into(), drbg::fresh(rng)?);
        Ok(self.sign_from(&mut Nonces::new(&self.seed(&kpak, &hash, &fresh)), message))
    }

    /// The seed of the nonces for a message of this hash.
    fn seed<'a>(&'a self, kpak: &'a [u8; 65], message_hash: &'a [u8; 32], fresh: &'a Fresh) -> Seed<'a> {
        let purpose = Purpose::Sign;
        Seed { purpose, secret: &self.issued.ssk, kpak, context: &self.hs().0, message_hash, fresh }
    }

    fn sign_from(&self, nonces: &mut Nonces, message: &[&[u8]]) -> Signature {
        loop {
            // 1) j, random in [1, q − 1]
            if let Some(signature) = self.sign_with(&nonces.next(), message) {
                return signature;
            }
        }
    }

    /// Steps 2 to 7 for a given j. `None` asks for another: if HE + r·SSK is 0, as the RFC says,
    /// and if r is 0, which verification refuses.
    pub(super) fn sign_with(&self, j: &Scalar, message: &[&[u8]]) -> Option<Signature> {
        // 2) J = [j]G, r = Jx
        let r = declassify(*p256::mul_generator(j).x());
        // 3) HE = hash(HS ‖ r ‖ M)
        let he = he(self.hs(), &r, message).scalar();
        // 4) d = HE + r·SSK mod q
        let d = Scalar::reduce(&r).mul_add(&self.issued.ssk, &he);
        if d.is_zero() || r == [0; 32] {
            return None;
        }
        // 5) s′ = d⁻¹·j mod q
        // 6) s = s′: below q, it fits its 32 octets
        let s = declassify(*d.invert().mul(j).as_octets());
        // 7) r ‖ s ‖ PVT
        Some(Signature::new(r, s, *self.pvt()))
    }

    /// SSK itself, 32 octets, big-endian: to store it.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        self.issued.expose()
    }

    /// Was the key issued for this identity? It keeps HS alone, so that a device needs no heap for it.
    ///
    /// # Timing
    /// Variable: identity, KPAK and PVT are public.
    pub fn is_for(&self, id: Identity<'_>) -> bool {
        hs(self.kpak.point(), id, self.pvt().point()) == *self.hs()
    }

    /// PVT.
    pub fn pvt(&self) -> &PublicValidationToken {
        self.issued.pvt()
    }

    /// KPAK of the KMS that issued the key.
    pub fn kms_public_key(&self) -> &KmsPublicKey {
        &self.kpak
    }

    /// What verifies this key's signatures.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The x-coordinate of \[SSK\](KPAK + \[HS\]PVT) with the values of a peer: a static
    /// Diffie-Hellman secret.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] if KPAK + \[HS\]PVT is the identity: no SSK belongs to such values.
    pub(crate) fn shared_secret(
        &self,
        kpak: &KmsPublicKey,
        id: Identity<'_>,
        pvt: &PublicValidationToken,
    ) -> Result<Zeroizing<[u8; 32]>, Error> {
        let hs = hs(kpak.point(), id, pvt.point()).scalar();
        // The point has order q and SSK lies in [1, q − 1], so that the product is not the identity.
        p256::diffie_hellman(&self.issued.ssk, kpak.base(), &hs, pvt.point()).ok_or(Error::InvalidKey)
    }

    fn hs(&self) -> &HashValue {
        &self.verifying.hs
    }
}

impl AsRef<VerifyingKey> for SigningKey {
    fn as_ref(&self) -> &VerifyingKey {
        &self.verifying
    }
}

impl KeypairRef for SigningKey {
    type VerifyingKey = VerifyingKey;
}

impl RandomizedMultipartSigner<Signature> for SigningKey {
    fn try_multipart_sign_with_rng<R: TryCryptoRng + ?Sized>(
        &self,
        rng: &mut R,
        message: &[&[u8]],
    ) -> signature::Result<Signature> {
        self.sign_parts(message, rng).map_err(|_| signature::Error::new())
    }
}

impl RandomizedSigner<Signature> for SigningKey {
    fn try_sign_with_rng<R: TryCryptoRng + ?Sized>(
        &self,
        rng: &mut R,
        message: &[u8],
    ) -> signature::Result<Signature> {
        self.try_multipart_sign_with_rng(rng, &[message])
    }
}
