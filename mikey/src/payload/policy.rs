//! SP, security policies: RFC 3830 §6.10, for SRTP, with the parameters of RFC 4771 (ROC in packets) and RFC 7714 (AES-GCM).

use crate::error::{BuildError, ParseError, Problem, Refusal};
use crate::wire::{Reader, put_long, put_short};
use alloc::vec::Vec;

/// SP payload, RFC 3830 §6.10: the policy as it stands in the message. Each parameter has a type (1 octet), a length (1) and a
/// value.
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

/// A policy of SRTP, RFC 3830 §6.10.1: which algorithms, and how long their keys are, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SrtpPolicy {
    /// 0 NULL, 1 AES-CM, 2 AES-F8, 6 AES-GCM.
    pub encryption: u8,
    /// Session encryption key, and master key: 16, 24 or 32 with AES-CM, 16 with AES-F8, 16 or 32 with AES-GCM. Without a
    /// meaning for NULL.
    pub encryption_key: u8,
    /// Of SRTP packets: 0 NULL, 1 HMAC-SHA-1-160, 2 to 4 RCCm1 to RCCm3 (RFC 4771).
    pub authentication: u8,
    /// Session authentication key of SRTP: 20 with HMAC. Without a meaning for NULL and RCCm3.
    pub authentication_key: u8,
    /// Tag of SRTP packets, the 4 octets of ROC included: 4 to 20 with HMAC-SHA-1, 8 to 24 with RCCm1 and RCCm2, 4 with RCCm3.
    pub tag: u8,
    /// Of SRTCP packets: 0 NULL, 1 HMAC-SHA-1-160.
    pub rtcp_authentication: u8,
    /// Session authentication key of SRTCP, as that of SRTP.
    pub rtcp_authentication_key: u8,
    /// Tag of SRTCP packets: 4 to 20 with HMAC-SHA-1.
    pub rtcp_tag: u8,
    /// Session salt: at most 14, and 12 with AES-GCM.
    pub salt: u8,
    /// The PRF of SRTP; 0 is AES-CM.
    pub prf: u8,
    /// Key derivation rate, in packets: 0 derives once, others are powers of 2 up to 2²⁴ (RFC 3711 §4.3.1).
    pub key_derivation_rate: u32,
    /// Tag of AES-GCM: 16.
    pub aead_tag: u8,
    /// Each n-th packet carries ROC, 1 or more; of use with RCC alone.
    pub roc_rate: u16,
}

/// Types of parameters.
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
    // RFC 4771 §4: what 2, 3 and 11 say of SRTP and SRTCP together, these say of one of them.
    pub(super) const ROC_RATE: u8 = 13;
    pub(super) const SRTP_AUTHENTICATION: u8 = 14;
    pub(super) const SRTCP_AUTHENTICATION: u8 = 15;
    pub(super) const SRTP_AUTHENTICATION_KEY: u8 = 16;
    pub(super) const SRTCP_AUTHENTICATION_KEY: u8 = 17;
    pub(super) const SRTP_TAG: u8 = 18;
    pub(super) const SRTCP_TAG: u8 = 19;
    // RFC 7714 §14.
    pub(super) const AEAD_TAG: u8 = 20;
}

const AES_GCM: u8 = 6;
const HMAC: u8 = 1;
const RCC_3: u8 = 4;

/// The parameters of a policy, each of which stands there once.
struct Given<'a>(&'a [(u8, Vec<u8>)]);

impl Given<'_> {
    fn find(&self, kind: u8) -> Option<&[u8]> {
        self.0.iter().find(|(other, _)| *other == kind).map(|(_, value)| &value[..])
    }

    /// The first of these parameters that is there, of one octet.
    fn octet(&self, kinds: &[u8], default: u8, fits: impl Fn(u8) -> bool) -> Result<u8, Refusal> {
        let mut there = kinds.iter().filter_map(|kind| Some((*kind, self.find(*kind)?)));
        match there.next() {
            None => Ok(default),
            Some((_, &[value])) if fits(value) => Ok(value),
            Some((kind, _)) => Err(Refusal::PolicyParameter(kind)),
        }
    }

    fn integer<const OCTETS: usize>(&self, kind: u8, default: u32) -> Result<u32, Refusal> {
        match self.find(kind) {
            None => Ok(default),
            Some(value) if (1..=OCTETS).contains(&value.len()) => {
                Ok(value.iter().fold(0, |all, octet| all << 8 | u32::from(*octet)))
            }
            Some(_) => Err(Refusal::PolicyParameter(kind)),
        }
    }
}

impl SrtpPolicy {
    /// What RFC 3830 §6.10.1 gives where a parameter is not there: AES-CM and HMAC-SHA-1 with a tag of 10 octets.
    pub const RFC_3830: Self = Self {
        encryption: 1,
        encryption_key: 16,
        authentication: HMAC,
        authentication_key: 20,
        tag: 10,
        rtcp_authentication: HMAC,
        rtcp_authentication_key: 20,
        rtcp_tag: 10,
        salt: 14,
        prf: 0,
        key_derivation_rate: 0,
        aead_tag: 16,
        roc_rate: 1,
    };

    /// The default of TS 33.180 Annex E: AES-GCM with a key of 16 octets, a salt of 12 and a tag of 16, and no
    /// authentication beside it. It holds where the message has no policy.
    pub const MCX: Self = Self {
        encryption: AES_GCM,
        authentication: 0,
        authentication_key: 0,
        tag: 0,
        rtcp_authentication: 0,
        rtcp_authentication_key: 0,
        rtcp_tag: 0,
        salt: 12,
        ..Self::RFC_3830
    };

    /// The same for group calls: with RCCm3, and ROC, 4 octets, in each SRTP packet.
    pub const MCX_GROUP: Self = Self { authentication: RCC_3, tag: 4, ..Self::MCX };

    /// Reads a policy. Parameters that are not there have the values of [`RFC_3830`](Self::RFC_3830), or of
    /// [`MCX`](Self::MCX) if the encryption is AES-GCM; the tag that of the authentication.
    ///
    /// RFC 3830 lets a responder refuse what it does not support. So it is with encryption or authentication switched off
    /// (types 7, 8 and 10 with the value 0), with an SRTP prefix, and with numbers that no RFC gives to an algorithm.
    ///
    /// # Errors
    /// [`Refusal::PolicyProtocol`] if it is not for SRTP; [`Refusal::PolicyParameter`] for a parameter that is not known, has
    /// not its length, or asks for something that is not supported or has no meaning for the algorithm.
    pub fn read(policy: &SecurityPolicy) -> Result<Self, Refusal> {
        if policy.protocol != SecurityPolicy::SRTP {
            return Err(Refusal::PolicyProtocol(policy.protocol));
        }
        if let Some((unknown, _)) = policy.parameters.iter().find(|(kind, _)| *kind > kind::AEAD_TAG) {
            return Err(Refusal::PolicyParameter(*unknown));
        }
        let given = Given(&policy.parameters);
        // On, on, on; no FEC order but the one there is, no prefix.
        for kind in [kind::ENCRYPTED, kind::RTCP_ENCRYPTED, kind::AUTHENTICATED] {
            given.octet(&[kind], 1, |value| value == 1)?;
        }
        for kind in [kind::FEC_ORDER, kind::PREFIX] {
            given.octet(&[kind], 0, |value| value == 0)?;
        }
        let encryption = given.octet(&[kind::ENCRYPTION], 1, |value| matches!(value, 0..=2 | AES_GCM))?;
        let default = if encryption == AES_GCM { Self::MCX } else { Self::RFC_3830 };
        let mut found = Self {
            encryption,
            encryption_key: given.octet(&[kind::ENCRYPTION_KEY], 16, |value| match encryption {
                0 => value <= 32,
                1 => matches!(value, 16 | 24 | 32),
                2 => value == 16,
                _ => matches!(value, 16 | 32),
            })?,
            salt: given.octet(&[kind::SALT], default.salt, |value| match encryption {
                AES_GCM => value == default.salt,
                _ => value <= 14,
            })?,
            prf: given.octet(&[kind::PRF], 0, |value| value == 0)?,
            key_derivation_rate: given.integer::<4>(kind::RATE, 0)?,
            aead_tag: given.octet(&[kind::AEAD_TAG], 16, |value| encryption == AES_GCM && value == 16)?,
            ..default
        };
        if found.key_derivation_rate > 1 << 24 || found.key_derivation_rate.count_ones() > 1 {
            return Err(Refusal::PolicyParameter(kind::RATE));
        }
        found.read_authentication(&given)?;
        Ok(found)
    }

    /// AES-GCM authenticates by itself: beside it nothing does, and ROC goes without (RFC 7714 §10).
    fn read_authentication(&mut self, given: &Given<'_>) -> Result<(), Refusal> {
        let gcm = self.encryption == AES_GCM;
        let known = |value| if gcm { matches!(value, 0 | RCC_3) } else { value <= RCC_3 };
        let both = given.octet(&[kind::AUTHENTICATION], self.authentication, known)?;
        self.authentication = given.octet(&[kind::SRTP_AUTHENTICATION], both, known)?;
        // ROC is in SRTP packets alone.
        let default = if both <= HMAC { both } else { self.rtcp_authentication };
        self.rtcp_authentication =
            given.octet(&[kind::SRTCP_AUTHENTICATION], default, |value| value <= u8::from(!gcm))?;

        let keyed = |authentication| (HMAC..RCC_3).contains(&authentication);
        let key = |authentication| move |value| value <= 32 && (value == 20 || !keyed(authentication));
        let kinds = [kind::SRTP_AUTHENTICATION_KEY, kind::AUTHENTICATION_KEY];
        self.authentication_key = given.octet(&kinds, self.authentication_key, key(self.authentication))?;
        let kinds = [kind::SRTCP_AUTHENTICATION_KEY, kind::AUTHENTICATION_KEY];
        self.rtcp_authentication_key =
            given.octet(&kinds, self.rtcp_authentication_key, key(self.rtcp_authentication))?;

        let tag = |authentication| {
            move |value: u8| match authentication {
                0 => value <= 20,
                HMAC => (4..=20).contains(&value),
                RCC_3 => value == 4,
                _ => (8..=24).contains(&value),
            }
        };
        let usual = |authentication| match authentication {
            0 => 0,
            HMAC => 10,
            RCC_3 => 4,
            _ => 14,
        };
        let kinds = [kind::SRTP_TAG, kind::TAG];
        self.tag = given.octet(&kinds, usual(self.authentication), tag(self.authentication))?;
        let kinds = [kind::SRTCP_TAG, kind::TAG];
        self.rtcp_tag =
            given.octet(&kinds, usual(self.rtcp_authentication), tag(self.rtcp_authentication))?;

        let rate = given.find(kind::ROC_RATE);
        self.roc_rate = match rate.map(<[u8; 2]>::try_from) {
            None => 1,
            Some(Ok(rate)) if self.authentication > HMAC && rate != [0, 0] => u16::from_be_bytes(rate),
            Some(_) => return Err(Refusal::PolicyParameter(kind::ROC_RATE)),
        };
        Ok(())
    }

    /// The policy as a payload of this number, with every parameter that matters to its algorithms. What is no policy, such as a
    /// key of a length that the algorithm has not, is written as it stands, and [`read`](Self::read) refuses it.
    pub fn to_payload(&self, number: u8) -> SecurityPolicy {
        let mut parameters = alloc::vec![
            (kind::ENCRYPTION, self.encryption),
            (kind::ENCRYPTION_KEY, self.encryption_key),
            (kind::AUTHENTICATION, self.authentication),
            (kind::AUTHENTICATION_KEY, self.authentication_key),
            (kind::SALT, self.salt),
            (kind::PRF, self.prf),
        ];
        let rcc = self.authentication > HMAC;
        parameters.push((if rcc { kind::SRTP_TAG } else { kind::TAG }, self.tag));
        // Of SRTCP, what does not follow from the parameters for both.
        let usual = match (rcc, self.encryption) {
            (false, _) => self.authentication,
            (true, AES_GCM) => 0,
            (true, _) => HMAC,
        };
        if self.rtcp_authentication != usual {
            parameters.push((kind::SRTCP_AUTHENTICATION, self.rtcp_authentication));
        }
        if self.rtcp_authentication_key != self.authentication_key {
            parameters.push((kind::SRTCP_AUTHENTICATION_KEY, self.rtcp_authentication_key));
        }
        if rcc || self.rtcp_tag != self.tag {
            parameters.push((kind::SRTCP_TAG, self.rtcp_tag));
        }
        if self.encryption == AES_GCM {
            parameters.push((kind::AEAD_TAG, self.aead_tag));
        }
        let octet = |(kind, value)| (kind, alloc::vec![value]);
        let mut parameters: Vec<_> = parameters.into_iter().map(octet).collect();
        let rate = self.key_derivation_rate.to_be_bytes();
        let zeros = (self.key_derivation_rate.leading_zeros() / 8).min(3);
        parameters.push((kind::RATE, rate[zeros as usize..].to_vec()));
        if self.roc_rate != 1 {
            parameters.push((kind::ROC_RATE, self.roc_rate.to_be_bytes().to_vec()));
        }
        SecurityPolicy { number, protocol: SecurityPolicy::SRTP, parameters }
    }
}
