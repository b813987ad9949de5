//! To and from the key types of the crate `p256`, and with them SEC 1 and PKCS #8.
//!
//! Only where the meaning is the same: KSAK and KPAK, SSK and Y are key pairs of P-256 like any
//! other, and PVT is a point. A key pair made for ECDSA or ECDH must not be used here as well.

use super::{KmsPublicKey, KmsSecretKey, PublicValidationToken, VerifyingKey};
use crate::curve::p256::Point;
use crate::error::DecodeError;
use p256::elliptic_curve::sec1::ToSec1Point;
use zeroize::Zeroizing;

fn to_p256(encoded: &[u8; 65]) -> p256::PublicKey {
    p256::PublicKey::from_sec1_bytes(encoded).expect("a decoded point is a public key")
}

fn from_p256(key: &p256::PublicKey) -> Point {
    let encoded = key.to_sec1_point(false);
    let coordinates = encoded.as_bytes()[1..].try_into().expect("04 and 64 octets");
    Point::from_checked(coordinates)
}

impl From<&p256::PublicKey> for KmsPublicKey {
    fn from(key: &p256::PublicKey) -> Self {
        Self::from_point(from_p256(key))
    }
}

impl From<&KmsPublicKey> for p256::PublicKey {
    fn from(key: &KmsPublicKey) -> Self {
        to_p256(&key.to_bytes())
    }
}

impl From<&p256::PublicKey> for PublicValidationToken {
    fn from(key: &p256::PublicKey) -> Self {
        Self::from_point(from_p256(key))
    }
}

impl From<&PublicValidationToken> for p256::PublicKey {
    fn from(pvt: &PublicValidationToken) -> Self {
        to_p256(&pvt.to_bytes())
    }
}

/// The point Y, to which SSK is the secret key.
impl From<&VerifyingKey> for p256::PublicKey {
    fn from(key: &VerifyingKey) -> Self {
        to_p256(&key.to_bytes())
    }
}

impl TryFrom<&p256::SecretKey> for KmsSecretKey {
    type Error = DecodeError;

    fn try_from(key: &p256::SecretKey) -> Result<Self, DecodeError> {
        Self::from_bytes(&Zeroizing::new(key.to_bytes().into()))
    }
}

impl KmsSecretKey {
    /// KSAK as a key of the crate `p256`, which can be cloned and compared, and is wiped when
    /// dropped.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn expose_p256(&self) -> p256::SecretKey {
        p256::SecretKey::from_slice(self.expose().as_slice()).expect("KSAK lies in [1, q − 1]")
    }
}
