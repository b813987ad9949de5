//! sec:credIDTypeID: what kind of credential a Credential-ID names.

use core::fmt;

use super::IdentifierError;

/// The type in front of a Credential-ID: sec:credIDTypeID of TS-0003 clause 12.3.2.1, written as two
/// digits.
///
/// Release 3 has no value for an identity of IBC; 35 is this project's, next to the other
/// credentials used in (D)TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
#[doc(alias = "credIDTypeID")]
pub enum CredentialType {
    /// 10: symmetric key towards a MEF; the value is a KpmID.
    Kpm = 10,
    /// 11: symmetric key towards a MAF; the value is a KmID.
    Km = 11,
    /// 12: symmetric key of a security association; the value is a KpsaID or a Key Identifier.
    Saef = 12,
    /// 13: symmetric key of ESPrim.
    EsPrim = 13,
    /// 14: symmetric key that encrypts ESData directly.
    EsDataEncryption = 14,
    /// 15: symmetric key that wraps keys of ESData.
    EsDataKeyWrap = 15,
    /// 16: symmetric key of an HMAC over ESData.
    EsDataHmac = 16,
    /// 30: raw public key in (D)TLS; the value is a public key identifier.
    RawPublicKey = 30,
    /// 31: device certificate in (D)TLS; the value is a hardware instance identifier.
    DeviceCertificate = 31,
    /// 32: CSE-ID certificate in (D)TLS.
    CseCertificate = 32,
    /// 33: AE-ID certificate in (D)TLS.
    AeCertificate = 33,
    /// 34: Node-ID certificate in (D)TLS.
    NodeCertificate = 34,
    /// 35: identity-based credential; the value is an ID_2. Local to this project.
    ExpiringIdentity = 35,
    /// 41: raw public key for key management of ESData encryption.
    EsDataEncryptionRawPublicKey = 41,
    /// 42: device certificate for key management of ESData encryption.
    EsDataEncryptionDeviceCertificate = 42,
    /// 43: CSE-ID certificate for key management of ESData encryption.
    EsDataEncryptionCseCertificate = 43,
    /// 44: AE-ID certificate for key management of ESData encryption.
    EsDataEncryptionAeCertificate = 44,
    /// 45: Node-ID certificate for key management of ESData encryption.
    EsDataEncryptionNodeCertificate = 45,
    /// 51: raw public key for ESData signatures.
    EsDataSignatureRawPublicKey = 51,
    /// 52: device certificate for ESData signatures.
    EsDataSignatureDeviceCertificate = 52,
    /// 53: CSE-ID certificate for ESData signatures.
    EsDataSignatureCseCertificate = 53,
    /// 54: AE-ID certificate for ESData signatures.
    EsDataSignatureAeCertificate = 54,
    /// 55: Node-ID certificate for ESData signatures.
    EsDataSignatureNodeCertificate = 55,
}

impl CredentialType {
    /// Every type, in the order of the numbers.
    pub const ALL: [Self; 23] = [
        Self::Kpm,
        Self::Km,
        Self::Saef,
        Self::EsPrim,
        Self::EsDataEncryption,
        Self::EsDataKeyWrap,
        Self::EsDataHmac,
        Self::RawPublicKey,
        Self::DeviceCertificate,
        Self::CseCertificate,
        Self::AeCertificate,
        Self::NodeCertificate,
        Self::ExpiringIdentity,
        Self::EsDataEncryptionRawPublicKey,
        Self::EsDataEncryptionDeviceCertificate,
        Self::EsDataEncryptionCseCertificate,
        Self::EsDataEncryptionAeCertificate,
        Self::EsDataEncryptionNodeCertificate,
        Self::EsDataSignatureRawPublicKey,
        Self::EsDataSignatureDeviceCertificate,
        Self::EsDataSignatureCseCertificate,
        Self::EsDataSignatureAeCertificate,
        Self::EsDataSignatureNodeCertificate,
    ];

    /// The type of this number.
    ///
    /// # Errors
    /// [`IdentifierError::CredentialType`] if the table has none.
    pub fn from_u8(number: u8) -> Result<Self, IdentifierError> {
        Self::ALL.into_iter().find(|kind| kind.to_u8() == number).ok_or(IdentifierError::CredentialType)
    }

    /// The number, 10 to 55.
    pub const fn to_u8(self) -> u8 {
        self as u8
    }
}

impl TryFrom<u8> for CredentialType {
    type Error = IdentifierError;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::from_u8(number)
    }
}

impl fmt::Display for CredentialType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_u8().fmt(f)
    }
}
