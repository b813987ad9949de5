//! The key with which the service signs what it publishes and what it must be able to prove: deny lists,
//! checkpoints and segments of the audit log.
//!
//! ECDSA over P-256 with SHA-256. What is signed is `"ibc service v1"` ‖ lp(label) ‖ octets, lp(x) being x
//! behind its length in two octets: a signature for one purpose is none for another.

use super::error::KeysError;
use super::sealed_file::{self, GCM_SIV, KEY, Kind, NewHeader, SealedFile};
use super::secret_octets::SecretOctets;
use super::vault::Vault;
use crate::files::{FormatError, hex};
use crate::memory::undumped::Undumped;
use base64ct::{Base64, Encoding};
use core::fmt;
use eccsi_sakke::onem2m::UnixTime;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::{MultipartVerifier, RandomizedMultipartSigner};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use rand_core::TryCryptoRng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::path::Path;
use std::string::String;
use std::sync::Arc;
use zeroize::Zeroizing;

pub(super) const NAME: &str = "service.json";

const SCALAR: usize = 32;
const REFUSAL: usize = 32;

/// Candidates for the scalar before the generator counts as broken; a sound one needs a second with a
/// chance of 2⁻³².
const CANDIDATES: usize = 16;

/// What precedes the 65 octets of a point in a SubjectPublicKeyInfo (RFC 5480): id-ecPublicKey, prime256v1.
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, //
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    public_key: String,
}

struct Secret {
    signing: SigningKey,
    refusal: Zeroizing<[u8; REFUSAL]>,
}

/// The signing key of the service, and its secret for refusals.
pub struct ServiceKey {
    vault: Arc<Vault>,
    secret: Undumped<Secret>,
    public: ServicePublicKey,
}

impl ServiceKey {
    /// A new key and the octets of its file. On a thread of the vault.
    pub(super) fn make<R: TryCryptoRng + ?Sized>(
        key: &[u8; KEY],
        created: UnixTime,
        rng: &mut R,
    ) -> Result<Vec<u8>, KeysError> {
        let mut octets = Zeroizing::new([0; SCALAR + REFUSAL]);
        for _ in 0..CANDIDATES {
            rng.try_fill_bytes(octets.as_mut_slice()).map_err(|_| KeysError::Rng)?;
            let Ok(signing) = SigningKey::from_slice(&octets[..SCALAR]) else { continue };
            let public_key = base16ct::lower::encode_string(&ServicePublicKey::of(&signing).to_sec1());
            return NewHeader {
                kind: Kind::Service,
                name: NAME,
                cipher: GCM_SIV,
                created,
                nonce: sealed_file::nonce(rng)?,
                about: About { public_key },
            }
            .seal(key, octets.as_slice());
        }
        Err(KeysError::Rng)
    }

    /// Reads and opens the file. On a thread of the vault.
    pub(super) fn open(directory: &Path, key: &[u8; KEY], vault: Arc<Vault>) -> Result<Self, KeysError> {
        let file = SealedFile::<About>::read(directory, NAME, Kind::Service)?;
        let failed = |error| KeysError::file(&directory.join(NAME), error);
        let octets = file.open::<{ SCALAR + REFUSAL }>(key).map_err(failed)?;
        let (scalar, refusal) = octets.split_first_chunk::<SCALAR>().expect("scalar and secret");
        let signing = SigningKey::from_slice(scalar).map_err(|_| failed(FormatError::Sealed))?;
        let public = ServicePublicKey::of(&signing);
        if hex::exact(&file.about.public_key, "public key").map_err(failed)? != public.to_sec1() {
            return Err(failed(FormatError::Sealed));
        }
        let refusal = Zeroizing::new(refusal.try_into().expect("what is left of the secrets"));
        Ok(Self { vault, secret: Undumped::new(Secret { signing, refusal })?, public })
    }

    /// Signs `octets` for the purpose `label`. Gives r ‖ s, 64 octets, of a nonce that depends on key,
    /// message and `rng`.
    ///
    /// # Errors
    /// [`KeysError::Rng`].
    ///
    /// # Timing
    /// Constant in the key, as far as the crate `p256` is. Depends on the lengths.
    pub fn sign<R: TryCryptoRng + Send + ?Sized>(
        &self,
        label: &str,
        octets: &[u8],
        rng: &mut R,
    ) -> Result<[u8; 64], KeysError> {
        let length = label_length(label);
        self.vault.run(|| {
            let signature: Signature = self
                .secret
                .signing
                .try_multipart_sign_with_rng(rng, &[PREFIX, &length, label.as_bytes(), octets])
                .map_err(|_| KeysError::Rng)?;
            Ok(signature.to_bytes().into())
        })
    }

    /// HMAC-SHA-256(secret, identity), 32 octets: the key that stands in for that of an identity which is
    /// refused, so that the refusal shows nowhere but at the end of the handshake.
    pub fn refusal(&self, identity: &[u8]) -> SecretOctets {
        self.vault.run(|| {
            let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.secret.refusal.as_slice())
                .expect("HMAC takes keys of any length");
            mac.update(identity);
            SecretOctets::copy(&mac.finalize().into_bytes())
        })
    }

    /// The public key, to be published.
    pub fn public_key(&self) -> &ServicePublicKey {
        &self.public
    }

    pub(super) fn is_locked(&self) -> bool {
        self.secret.is_locked()
    }
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceKey").field("public", &self.public).finish_non_exhaustive()
    }
}

const PREFIX: &[u8] = b"ibc service v1";

const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_END: &str = "-----END PUBLIC KEY-----";

/// lp of a label, without the label.
fn label_length(label: &str) -> [u8; 2] {
    // Labels are constants of this crate.
    u16::try_from(label.len()).expect("labels are short").to_be_bytes()
}

/// The public key of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePublicKey(VerifyingKey);

impl ServicePublicKey {
    fn of(signing: &SigningKey) -> Self {
        Self(*signing.verifying_key())
    }

    /// Reads `04 ‖ x ‖ y`.
    ///
    /// # Errors
    /// [`FormatError::Unknown`] for what is no point of the curve in that form.
    pub fn from_sec1(octets: &[u8; 65]) -> Result<Self, FormatError> {
        if octets[0] != 4 {
            return Err(FormatError::Unknown("public key"));
        }
        VerifyingKey::from_sec1_bytes(octets).map(Self).map_err(|_| FormatError::Unknown("public key"))
    }

    /// `04 ‖ x ‖ y`.
    pub fn to_sec1(&self) -> [u8; 65] {
        self.0.to_sec1_point(false).as_bytes().try_into().expect("uncompressed points have 65 octets")
    }

    /// SubjectPublicKeyInfo in DER (RFC 5480), 91 octets.
    pub fn to_spki(&self) -> [u8; 91] {
        let mut der = [0; 91];
        let (prefix, point) = der.split_at_mut(SPKI_PREFIX.len());
        prefix.copy_from_slice(&SPKI_PREFIX);
        point.copy_from_slice(&self.to_sec1());
        der
    }

    /// [`to_spki`](Self::to_spki) as PEM (RFC 7468).
    pub fn to_pem(&self) -> String {
        let base64 = Base64::encode_string(&self.to_spki());
        let (first, second) = base64.split_at(64);
        std::format!("{PEM_BEGIN}\n{first}\n{second}\n{PEM_END}\n")
    }

    /// Reads [`to_pem`](Self::to_pem), whatever stands before and behind it.
    ///
    /// # Errors
    /// [`FormatError::Unknown`] for what is none, or of another curve.
    pub fn from_pem(text: &str) -> Result<Self, FormatError> {
        let unknown = || FormatError::Unknown("public key");
        let (_, rest) = text.split_once(PEM_BEGIN).ok_or_else(unknown)?;
        let (body, _) = rest.split_once(PEM_END).ok_or_else(unknown)?;
        let base64: String = body.split_ascii_whitespace().collect();
        let mut der = [0; 91];
        let der = Base64::decode(&base64, &mut der).map_err(|_| unknown())?;
        let point = der.strip_prefix(&SPKI_PREFIX).and_then(|point| point.try_into().ok());
        Self::from_sec1(point.ok_or_else(unknown)?)
    }

    /// Verifies a signature of [`ServiceKey::sign`] for the same purpose.
    pub fn verify(&self, label: &str, octets: &[u8], signature: &[u8; 64]) -> bool {
        let length = label_length(label);
        Signature::from_slice(signature).is_ok_and(|signature| {
            self.0.multipart_verify(&[PREFIX, &length, label.as_bytes(), octets], &signature).is_ok()
        })
    }
}
