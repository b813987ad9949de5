//! SP, security policies: RFC 3830 §6.10, for SRTP.

use crate::error::{BuildError, ParseError, Problem, Refusal};
use crate::wire::{Reader, put_long, put_short};
use alloc::vec::Vec;

/// SP payload: the policy as it stands in the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityPolicy {
    /// The number by which crypto sessions name it.
    pub number: u8,
    /// The protocol; 0 is SRTP.
    pub protocol: u8,
    /// Type and value of each parameter, in order; a value has at most 255 octets.
    pub parameters: Vec<(u8, Vec<u8>)>,
}

impl SecurityPolicy {
    /// The number of SRTP.
    pub const SRTP: u8 = 0;

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let (number, protocol) = (reader.u8()?, reader.u8()?);
        let at = reader.at();
        let octets = reader.long()?;
        let error = ParseError { at, problem: Problem::PolicyParameters };
        let mut inner = Reader::new(octets);
        let mut parameters: Vec<(u8, Vec<u8>)> = Vec::new();
        // At most 256 parameters, since none may stand there twice.
        while !inner.is_empty() {
            let kind = inner.u8().map_err(|_| error)?;
            let value = inner.short().map_err(|_| error)?;
            if parameters.iter().any(|(other, _)| *other == kind) {
                return Err(error);
            }
            parameters.push((kind, value.to_vec()));
        }
        Ok(Self { number, protocol, parameters })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), BuildError> {
        out.extend([self.number, self.protocol]);
        let mut octets = Vec::new();
        for (kind, value) in &self.parameters {
            octets.push(*kind);
            put_short(&mut octets, value)?;
        }
        put_long(out, &octets)
    }
}

/// A policy of SRTP: which algorithms, and how long their keys are, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SrtpPolicy {
    /// 0 NULL, 1 AES-CM, 2 AES-F8, 6 AES-GCM.
    pub encryption: u8,
    /// Session encryption key.
    pub encryption_key: u8,
    /// 0 NULL, 1 HMAC-SHA-1-160, 2 to 4 RCCm1 to RCCm3 (RFC 4771).
    pub authentication: u8,
    /// Session authentication key.
    pub authentication_key: u8,
    /// Session salt.
    pub salt: u8,
    /// The PRF of SRTP; 0 is AES-CM.
    pub prf: u8,
    /// Key derivation rate; 0 derives once.
    pub key_derivation_rate: u8,
    /// Tag of the authentication of packets.
    pub tag: u8,
    /// Tag of AEAD.
    pub aead_tag: u8,
    /// Each n-th packet carries ROC; of use with RCC alone.
    pub roc_rate: u8,
}

mod kind {
    pub(super) const ENCRYPTION: u8 = 0;
    pub(super) const ENCRYPTION_KEY: u8 = 1;
    pub(super) const AUTHENTICATION: u8 = 2;
    pub(super) const AUTHENTICATION_KEY: u8 = 3;
    pub(super) const SALT: u8 = 4;
    pub(super) const PRF: u8 = 5;
    pub(super) const RATE: u8 = 6;
    pub(super) const ENCRYPTED: u8 = 7;
    pub(super) const RTCP_ENCRYPTED: u8 = 8;
    pub(super) const FEC_ORDER: u8 = 9;
    pub(super) const AUTHENTICATED: u8 = 10;
    pub(super) const TAG: u8 = 11;
    pub(super) const PREFIX: u8 = 12;
    /// Seen in deployed messages beside authentication RCCm3.
    pub(super) const ROC_RATE: u8 = 18;
    /// Seen in deployed messages with the value 0.
    pub(super) const SEEN_ZERO: u8 = 19;
    pub(super) const AEAD_TAG: u8 = 20;
}

impl SrtpPolicy {
    /// What RFC 3830 §6.10.1 gives where a parameter is not there: AES-CM and HMAC-SHA-1 with a tag of 10 octets.
    pub const RFC_3830: Self = Self {
        encryption: 1,
        encryption_key: 16,
        authentication: 1,
        authentication_key: 20,
        salt: 14,
        prf: 0,
        key_derivation_rate: 0,
        tag: 10,
        aead_tag: 16,
        roc_rate: 1,
    };

    /// The default of TS 33.180 Annex E: AES-GCM with a key of 16 octets, a salt of 12 and a tag of 16, and no
    /// authentication beside it. It holds where the message has no policy.
    pub const MCX: Self =
        Self { encryption: 6, authentication: 0, authentication_key: 0, salt: 12, tag: 0, ..Self::RFC_3830 };

    /// The same for group calls: with RCCm3, and ROC in each packet.
    pub const MCX_GROUP: Self = Self { authentication: 4, ..Self::MCX };

    /// Reads a policy. Parameters that are not there have the values of [`RFC_3830`](Self::RFC_3830), or of
    /// [`MCX`](Self::MCX) if the encryption is AES-GCM.
    ///
    /// # Errors
    /// [`Refusal::PolicyProtocol`] if it is not for SRTP; [`Refusal::PolicyParameter`] for a parameter that is not known,
    /// or asks for something that has no meaning for the algorithm.
    pub fn read(policy: &SecurityPolicy) -> Result<Self, Refusal> {
        if policy.protocol != SecurityPolicy::SRTP {
            return Err(Refusal::PolicyProtocol(policy.protocol));
        }
        let gcm = policy.parameters.iter().any(|(kind, value)| *kind == kind::ENCRYPTION && value[..] == [6]);
        let mut found = if gcm { Self::MCX } else { Self::RFC_3830 };
        for (kind, value) in &policy.parameters {
            // A key derivation rate may have more octets; other than 0 it has no use.
            let &[value] = &value[..] else { return Err(Refusal::PolicyParameter(*kind)) };
            let (field, supported) = match *kind {
                kind::ENCRYPTION => (&mut found.encryption, matches!(value, 0..=2 | 6)),
                kind::ENCRYPTION_KEY => (&mut found.encryption_key, matches!(value, 0 | 16 | 24 | 32)),
                kind::AUTHENTICATION => (&mut found.authentication, value <= 4),
                kind::AUTHENTICATION_KEY => (&mut found.authentication_key, value <= 32),
                kind::SALT => (&mut found.salt, value <= 14),
                kind::PRF => (&mut found.prf, value == 0),
                kind::RATE => (&mut found.key_derivation_rate, value <= 24),
                kind::TAG => (&mut found.tag, value <= 20),
                kind::AEAD_TAG => (&mut found.aead_tag, matches!(value, 8 | 12 | 16)),
                kind::ROC_RATE => (&mut found.roc_rate, value > 0),
                // On, on, none of FEC orders but the one there is, on, no prefix.
                kind::ENCRYPTED | kind::RTCP_ENCRYPTED | kind::AUTHENTICATED if value == 1 => continue,
                kind::FEC_ORDER | kind::PREFIX | kind::SEEN_ZERO if value == 0 => continue,
                kind => return Err(Refusal::PolicyParameter(kind)),
            };
            if !supported {
                return Err(Refusal::PolicyParameter(*kind));
            }
            *field = value;
        }
        Ok(found)
    }

    /// The policy as a payload of this number, with every parameter that matters to its algorithms.
    pub fn to_payload(&self, number: u8) -> SecurityPolicy {
        let mut parameters = alloc::vec![
            (kind::ENCRYPTION, self.encryption),
            (kind::ENCRYPTION_KEY, self.encryption_key),
            (kind::AUTHENTICATION, self.authentication),
            (kind::AUTHENTICATION_KEY, self.authentication_key),
            (kind::SALT, self.salt),
            (kind::PRF, self.prf),
            (kind::RATE, self.key_derivation_rate),
            (kind::TAG, self.tag),
        ];
        if self.authentication > 1 {
            parameters.push((kind::ROC_RATE, self.roc_rate));
        }
        if self.encryption == 6 {
            parameters.push((kind::AEAD_TAG, self.aead_tag));
        }
        let parameters = parameters.into_iter().map(|(kind, value)| (kind, alloc::vec![value])).collect();
        SecurityPolicy { number, protocol: SecurityPolicy::SRTP, parameters }
    }
}
