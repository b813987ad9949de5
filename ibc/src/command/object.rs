//! Commands on a management object: TS-0003 clause 8.3.9.9, for an authentication profile.

use super::values::status;
use crate::wire::{KeyRegistration, KeyRegistrationRequest};
use core::time::Duration;
use eccsi_sakke::onem2m::{ExpirationTime, SecurityUsage, UnixTime};

/// objectTypeID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectType {
    /// 1.
    AuthenticationProfile,
    /// 2.
    TrustAnchor,
    /// 3.
    MafClientRegistration,
}

impl ObjectType {
    /// The type with this number.
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::AuthenticationProfile),
            2 => Some(Self::TrustAnchor),
            3 => Some(Self::MafClientRegistration),
            _ => None,
        }
    }
}

/// The SUID that a command on such an object names: one for an authentication profile, none for others.
pub(super) fn usage(object: ObjectType, suid: Option<u8>) -> Result<Option<SecurityUsage>, u16> {
    match (object, suid) {
        (ObjectType::AuthenticationProfile, Some(suid)) => {
            SecurityUsage::from_u8(suid).map(Some).map_err(|_| status::MO_NODE_BAD_ARGS)
        }
        (ObjectType::AuthenticationProfile, None) => Err(status::MO_NODE_BAD_ARGS),
        (ObjectType::TrustAnchor | ObjectType::MafClientRegistration, None) => Ok(None),
        (ObjectType::TrustAnchor | ObjectType::MafClientRegistration, Some(_)) => {
            Err(status::MO_NODE_BAD_ARGS)
        }
    }
}

/// What an authentication profile is below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// `[MAFClientRegCfg]`.
    MafClientRegistration,
    /// `[registration]`.
    Registration,
    /// `[dataCollection]`.
    DataCollection,
}

/// An `[authenticationProfile]` as a node has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// SUID.
    pub usage: SecurityUsage,
    /// What it is below.
    pub parent: Parent,
    /// TLSCiphersuites, by their numbers in the registry of TLS.
    pub suites: Vec<u16>,
    /// symmKeyID.
    pub key_id: Option<String>,
    /// Key registration duration.
    pub key_duration: Option<Duration>,
    /// A child `[MEFClientRegCfg]`.
    pub has_mef_registration: bool,
    /// A child `[MAFClientRegCfg]`.
    pub has_maf_registration: bool,
    /// myCertFingerprint.
    pub fingerprint: Option<String>,
    /// Children `[trustAnchorCred]`.
    pub trust_anchors: usize,
}

/// What a profile leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The key that symmKeyID names is used.
    UseKey,
    /// MEF Key Registration, without Key Value.
    RegisterAtMef,
    /// MAF Key Registration, without Key Value.
    RegisterAtMaf,
    /// Certificate and key are used.
    UseCertificate,
}

/// TLS_PSK_WITH_AES_128_CBC_SHA256 and TLS_PSK_WITH_AES_128_CCM_8.
pub const PSK_SUITES: [u16; 2] = [0x00AE, 0xC0A8];

/// TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 and TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8.
pub const CERTIFICATE_SUITES: [u16; 2] = [0xC023, 0xC0AE];

impl Profile {
    /// Checks a profile for the SUID of a command, and says what follows.
    ///
    /// # Errors
    /// The status to be reported: 303 for another SUID than the profile's, or one that no profile has; 301 for another
    /// parent than the SUID asks for; 304 for what is missing.
    pub fn check(&self, usage: SecurityUsage) -> Result<Action, u16> {
        let number = usage.to_u8();
        if usage != self.usage {
            return Err(status::MO_NODE_UNACCEPTABLE_ARGS);
        }
        let parent = match number {
            11 | 21 | 31 | 41 => Parent::MafClientRegistration,
            12 | 22 | 32 | 42 => Parent::Registration,
            13 | 23 | 33 | 43 => Parent::DataCollection,
            _ => return Err(status::MO_NODE_UNACCEPTABLE_ARGS),
        };
        if self.parent != parent {
            return Err(status::MO_NODE_TYPE_CONFLICT);
        }
        let has = |suites: &[u16]| suites.iter().all(|suite| self.suites.contains(suite));
        let (action, complete) = match number / 10 {
            1 => (Action::UseKey, self.key_id.is_some()),
            2 => (Action::RegisterAtMef, self.key_duration.is_some() && self.has_mef_registration),
            3 => (Action::RegisterAtMaf, self.key_duration.is_some() && self.has_maf_registration),
            // The text asks that there be no trust anchor, the wrong way round.
            _ => (
                Action::UseCertificate,
                self.fingerprint.is_some() && self.trust_anchors > 0 && has(&CERTIFICATE_SUITES),
            ),
        };
        let needs_psk = matches!(number, 11 | 12 | 21 | 22 | 31 | 32);
        if complete && (!needs_psk || has(&PSK_SUITES)) {
            Ok(action)
        } else {
            Err(status::MO_NODE_INCONSISTENT)
        }
    }
}

/// Checks the answer to a key registration against what was asked: in the future, from the own identity, with the
/// stakeholder, SUID and targets that were sent (clause 8.3.9.9.4).
///
/// # Errors
/// 305, the status to be reported.
pub fn check_answer(
    asked: &KeyRegistrationRequest,
    answer: &KeyRegistration,
    own: &str,
    now: UnixTime,
) -> Result<(), u16> {
    let is_alive = ExpirationTime::parse(&answer.expiration_time).is_ok_and(|end| end.to_unix() > now);
    let same_targets = asked.target_ids.as_ref().is_none_or(|targets| *targets == answer.target_ids);
    let as_asked = answer.source == own
        && answer.admin_fqdn == asked.admin_fqdn
        && u64::from(answer.suid) == asked.suid
        && same_targets;
    if is_alive && as_asked { Ok(()) } else { Err(status::MO_NODE_EXECUTION) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(usage: SecurityUsage) -> Profile {
        let parent = match usage.to_u8() % 10 {
            1 => Parent::MafClientRegistration,
            2 => Parent::Registration,
            _ => Parent::DataCollection,
        };
        Profile {
            usage,
            parent,
            suites: [PSK_SUITES, CERTIFICATE_SUITES].concat(),
            key_id: Some("client-1@maf.example.com".into()),
            key_duration: Some(Duration::from_secs(86_400)),
            has_mef_registration: true,
            has_maf_registration: true,
            fingerprint: Some("sha-256;…".into()),
            trust_anchors: 1,
        }
    }

    #[test]
    fn a_profile_leads_to_what_its_usage_says() {
        for usage in SecurityUsage::ALL {
            let expected = match usage.to_u8() {
                11..=13 => Ok(Action::UseKey),
                21..=23 => Ok(Action::RegisterAtMef),
                31..=33 => Ok(Action::RegisterAtMaf),
                41..=43 => Ok(Action::UseCertificate),
                _ => Err(status::MO_NODE_UNACCEPTABLE_ARGS),
            };
            assert_eq!(complete(usage).check(usage), expected, "{usage}");
        }
    }

    #[test]
    fn what_a_usage_needs_may_not_be_missing() {
        type Change = fn(&mut Profile);
        let changes: [(Change, &[u8], u16); 8] = [
            (|profile| profile.key_id = None, &[11, 12, 13], 304),
            (|profile| profile.key_duration = None, &[21, 22, 23, 31, 32, 33], 304),
            (|profile| profile.has_mef_registration = false, &[21, 22, 23], 304),
            (|profile| profile.has_maf_registration = false, &[31, 32, 33], 304),
            (|profile| profile.fingerprint = None, &[41, 42, 43], 304),
            (|profile| profile.trust_anchors = 0, &[41, 42, 43], 304),
            (|profile| profile.suites = CERTIFICATE_SUITES.to_vec(), &[11, 12, 21, 22, 31, 32], 304),
            (|profile| profile.suites = PSK_SUITES.to_vec(), &[41, 42, 43], 304),
        ];
        let usages: Vec<_> =
            SecurityUsage::ALL.into_iter().filter(|usage| complete(*usage).check(*usage).is_ok()).collect();
        assert_eq!(usages.len(), 12);
        for (index, (change, concerned, status)) in changes.into_iter().enumerate() {
            for usage in &usages {
                let mut profile = complete(*usage);
                change(&mut profile);
                let expected = concerned.contains(&usage.to_u8()).then_some(status);
                assert_eq!(profile.check(*usage).err(), expected, "change {index}, {usage}");
            }
        }
    }

    #[test]
    fn another_usage_or_parent_is_refused() {
        let profile = complete(SecurityUsage::RspfSaef);
        assert_eq!(profile.check(SecurityUsage::MafSaef), Err(status::MO_NODE_UNACCEPTABLE_ARGS));
        let elsewhere = Profile { parent: Parent::DataCollection, ..profile };
        assert_eq!(elsewhere.check(SecurityUsage::RspfSaef), Err(status::MO_NODE_TYPE_CONFLICT));
    }

    #[test]
    fn an_answer_has_to_be_what_was_asked() {
        let asked = KeyRegistrationRequest {
            fqdn: "maf.example.com".into(),
            admin_fqdn: "sp.example.com".into(),
            expiration_time: "20270101T000000".into(),
            suid: 32,
            labels: None,
            target_ids: Some(["//sp.example.com/B".to_string()].into()),
            key_value: None,
        };
        let answer = KeyRegistration {
            ty: 5,
            id: "A".into(),
            relative_key_id: "A".into(),
            expiration_time: "20260701T000000".into(),
            admin_fqdn: "sp.example.com".into(),
            suid: 32,
            target_ids: ["//sp.example.com/B".to_string()].into(),
            source: "//sp.example.com/A".into(),
            labels: None,
        };
        let now = ExpirationTime::parse("20260601T000000").unwrap().to_unix();
        let check = |answer: &KeyRegistration| check_answer(&asked, answer, "//sp.example.com/A", now);
        assert_eq!(check(&answer), Ok(()));
        for other in [
            KeyRegistration { expiration_time: "20260601T000000".into(), ..answer.clone() },
            KeyRegistration { expiration_time: "soon".into(), ..answer.clone() },
            KeyRegistration { source: "//sp.example.com/C".into(), ..answer.clone() },
            KeyRegistration { admin_fqdn: "sp2.example.com".into(), ..answer.clone() },
            KeyRegistration { suid: 33, ..answer.clone() },
            KeyRegistration { target_ids: Vec::new(), ..answer },
        ] {
            assert_eq!(check(&other), Err(305), "{other:?}");
        }
    }
}
