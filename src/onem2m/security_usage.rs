//! SUID: what a credential is for.

use core::fmt;

use super::IdentifierError;
use super::text_form::from_text;

/// A Security Usage Identifier, m2m:suid of TS-0004 clause 6.3.4.2.39: two digits, the first for the
/// way the credential came, the second for its purpose.
///
/// | purpose | pre-provisioned | by RSPF | by MAF | certificate | IBC |
/// |---|---|---|---|---|---|
/// | MEF | 10 | | | 40 | |
/// | MAF | 11 | 21 | 31 | 41 | |
/// | SAEF | 12 | 22 | 32 | 42 | 52 |
/// | ESPrim | 13 | 23 | 33 | 43 | |
/// | ESData encryption | 14 | 24 | 34 | 44 | |
/// | ESData signature | 15 | 25 | 35 | 45 | |
///
/// 31 occurs in command processing only (TS-0003 clause 8.3.9.9.2). Release 3 has no value for
/// IBC-based SAEF; 52 is this project's.
///
/// `Display` and `parse` use two digits; serde a number, as oneM2M writes an enumeration in JSON and
/// CBOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
#[doc(alias = "SUID")]
pub enum SecurityUsage {
    /// 10: pre-provisioned key towards a MEF.
    PreProvisionedMef = 10,
    /// 11: pre-provisioned key towards a MAF.
    PreProvisionedMaf = 11,
    /// 12: pre-provisioned key of a security association.
    PreProvisionedSaef = 12,
    /// 13: pre-provisioned key of ESPrim.
    PreProvisionedEsPrim = 13,
    /// 14: pre-provisioned key of ESData encryption.
    PreProvisionedEsDataEncryption = 14,
    /// 15: pre-provisioned key of ESData signature.
    PreProvisionedEsDataSignature = 15,
    /// 21: key towards a MAF, provisioned by a RSPF.
    RspfMaf = 21,
    /// 22: key of a security association, provisioned by a RSPF.
    RspfSaef = 22,
    /// 23: key of ESPrim, provisioned by a RSPF.
    RspfEsPrim = 23,
    /// 24: key of ESData encryption, provisioned by a RSPF.
    RspfEsDataEncryption = 24,
    /// 25: key of ESData signature, provisioned by a RSPF.
    RspfEsDataSignature = 25,
    /// 31: key towards a MAF, distributed by a MAF; in commands only.
    MafMaf = 31,
    /// 32: key of a security association, distributed by a MAF.
    MafSaef = 32,
    /// 33: key of ESPrim, distributed by a MAF.
    MafEsPrim = 33,
    /// 34: key of ESData encryption, distributed by a MAF.
    MafEsDataEncryption = 34,
    /// 35: key of ESData signature, distributed by a MAF.
    MafEsDataSignature = 35,
    /// 40: certificate towards a MEF.
    CertificateMef = 40,
    /// 41: certificate towards a MAF.
    CertificateMaf = 41,
    /// 42: certificate of a security association.
    CertificateSaef = 42,
    /// 43: certificate of ESPrim.
    CertificateEsPrim = 43,
    /// 44: certificate of ESData encryption.
    CertificateEsDataEncryption = 44,
    /// 45: certificate of ESData signature.
    CertificateEsDataSignature = 45,
    /// 52: identity-based credential of a security association. Local to this project.
    IbcSaef = 52,
}

/// How a credential reached its holder: the first digit of a SUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySource {
    /// 1: a key in place before any procedure.
    PreProvisioned,
    /// 2: a key from a Remote Security Provisioning Framework, that is a MEF.
    Rspf,
    /// 3: a key distributed by a MAF.
    Maf,
    /// 4: a certificate.
    Certificate,
    /// 5: an identity-based credential. Local to this project.
    Ibc,
}

/// What a credential protects: the second digit of a SUID.
///
/// Exhaustive, so that whoever decides by it is told when a digit is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// 0: handshakes with a MEF.
    Mef,
    /// 1: handshakes with a MAF.
    Maf,
    /// 2: security associations between two entities.
    Saef,
    /// 3: end-to-end security of primitives.
    EsPrim,
    /// 4: end-to-end encryption of data.
    EsDataEncryption,
    /// 5: end-to-end signature of data.
    EsDataSignature,
}

/// Which targets a registered key has, by its security usage (TS-0003 clauses 8.3.5.2.7, 8.8.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TargetRule {
    /// One absolute AE-ID or CSE-ID.
    One,
    /// One or more absolute AE-IDs or CSE-IDs.
    OneOrMore,
    /// One MAF, by its FQDN.
    OneMaf,
}

impl SecurityUsage {
    /// Every usage, in the order of the numbers.
    pub const ALL: [Self; 23] = [
        Self::PreProvisionedMef,
        Self::PreProvisionedMaf,
        Self::PreProvisionedSaef,
        Self::PreProvisionedEsPrim,
        Self::PreProvisionedEsDataEncryption,
        Self::PreProvisionedEsDataSignature,
        Self::RspfMaf,
        Self::RspfSaef,
        Self::RspfEsPrim,
        Self::RspfEsDataEncryption,
        Self::RspfEsDataSignature,
        Self::MafMaf,
        Self::MafSaef,
        Self::MafEsPrim,
        Self::MafEsDataEncryption,
        Self::MafEsDataSignature,
        Self::CertificateMef,
        Self::CertificateMaf,
        Self::CertificateSaef,
        Self::CertificateEsPrim,
        Self::CertificateEsDataEncryption,
        Self::CertificateEsDataSignature,
        Self::IbcSaef,
    ];

    /// The usage of this number.
    ///
    /// # Errors
    /// [`IdentifierError::SecurityUsage`] if the table has none.
    pub fn from_u8(number: u8) -> Result<Self, IdentifierError> {
        Self::ALL.into_iter().find(|usage| usage.to_u8() == number).ok_or(IdentifierError::SecurityUsage)
    }

    /// The number.
    pub const fn to_u8(self) -> u8 {
        self as u8
    }

    /// Reads two decimal digits, as in the path of [`FetchCredentialsPath`](super::FetchCredentialsPath).
    ///
    /// # Errors
    /// [`IdentifierError::SecurityUsage`].
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        match text.as_bytes() {
            &[tens @ b'0'..=b'9', units @ b'0'..=b'9'] => Self::from_u8((tens - b'0') * 10 + (units - b'0')),
            _ => Err(IdentifierError::SecurityUsage),
        }
    }

    /// How the credential came: the first digit.
    pub const fn source(self) -> KeySource {
        match self.to_u8() / 10 {
            1 => KeySource::PreProvisioned,
            2 => KeySource::Rspf,
            3 => KeySource::Maf,
            4 => KeySource::Certificate,
            _ => KeySource::Ibc,
        }
    }

    /// What the credential is for: the second digit.
    pub const fn purpose(self) -> Purpose {
        match self.to_u8() % 10 {
            0 => Purpose::Mef,
            1 => Purpose::Maf,
            2 => Purpose::Saef,
            3 => Purpose::EsPrim,
            4 => Purpose::EsDataEncryption,
            _ => Purpose::EsDataSignature,
        }
    }

    /// Whether a key of this usage is registered at a MEF: 21 to 25.
    pub const fn is_registered_at_mef(self) -> bool {
        matches!(self.source(), KeySource::Rspf)
    }

    /// Whether a key of this usage is registered at a MAF: 32 to 35.
    pub const fn is_registered_at_maf(self) -> bool {
        matches!(self.source(), KeySource::Maf) && !matches!(self.purpose(), Purpose::Maf)
    }

    /// Which targets a registered key of this usage has; `None` if no key is registered for it.
    pub const fn target_rule(self) -> Option<TargetRule> {
        if !self.is_registered_at_mef() && !self.is_registered_at_maf() {
            return None;
        }
        match self.purpose() {
            Purpose::Mef => None,
            Purpose::Maf => Some(TargetRule::OneMaf),
            Purpose::Saef | Purpose::EsPrim => Some(TargetRule::One),
            Purpose::EsDataEncryption | Purpose::EsDataSignature => Some(TargetRule::OneOrMore),
        }
    }
}

impl TryFrom<u8> for SecurityUsage {
    type Error = IdentifierError;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::from_u8(number)
    }
}

impl fmt::Display for SecurityUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_u8().fmt(f)
    }
}

from_text!(SecurityUsage);

#[cfg(feature = "serde")]
impl serde::Serialize for SecurityUsage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.to_u8())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for SecurityUsage {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_u8(u8::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of TS-0004 clause 6.3.4.2.39 with 31 and 52, and the counts of TS-0003.
    #[test]
    fn the_table_has_these_usages_and_no_others() {
        for number in 0..=255u8 {
            let listed = matches!(number, 10..=15 | 21..=25 | 31..=35 | 40..=45 | 52);
            let Ok(usage) = SecurityUsage::from_u8(number) else {
                assert!(!listed, "{number}");
                continue;
            };
            assert!(listed, "{number}");
            assert_eq!(usage.to_u8(), number);
            assert_eq!(usage.is_registered_at_mef(), (21..=25).contains(&number));
            assert_eq!(usage.is_registered_at_maf(), (32..=35).contains(&number));
            let rule = match number {
                21 => Some(TargetRule::OneMaf),
                22 | 23 | 32 | 33 => Some(TargetRule::One),
                24 | 25 | 34 | 35 => Some(TargetRule::OneOrMore),
                _ => None,
            };
            assert_eq!(usage.target_rule(), rule, "{number}");
        }
        assert_eq!(SecurityUsage::IbcSaef.source(), KeySource::Ibc);
        assert_eq!(SecurityUsage::IbcSaef.purpose(), Purpose::Saef);
        assert_eq!(SecurityUsage::CertificateMef.purpose(), Purpose::Mef);
        assert_eq!(SecurityUsage::CertificateMef.source(), KeySource::Certificate);
    }
}
