//! Security policies of SRTP in messages of MIKEY-SAKKE.

use crate::edge::{get, guard, put_some, set};
use crate::error::es_error;
use crate::handles::{es_mikey_message, es_mikey_policy};
use mikey_sakke::payload::{SecurityPolicy, SrtpPolicy};

/// Policies that have a name.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum es_mikey_profile {
    /// What RFC 3830 6.10.1 gives where a parameter is not there: AES-CM, and HMAC-SHA-1 with a tag of 10 octets.
    ES_MIKEY_RFC_3830 = 1,
    /// The default of TS 33.180 Annex E: AES-GCM with a key of 16 octets. It holds where a message has no policy.
    ES_MIKEY_MCX = 2,
    /// The same for group calls: with RCCm3, and ROC, 4 octets, in each SRTP packet.
    ES_MIKEY_MCX_GROUP = 3,
}

/// Fills a policy with what a profile says. Its fields can be changed then.
///
/// @param profile one of es_mikey_profile.
/// @param number the number by which crypto sessions name it.
/// @return ES_VALUE for another profile.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_policy_default(
    profile: i32,
    number: u8,
    policy: *mut es_mikey_policy,
) -> es_error {
    guard(|| {
        let of = match profile {
            one if one == es_mikey_profile::ES_MIKEY_RFC_3830 as i32 => SrtpPolicy::RFC_3830,
            one if one == es_mikey_profile::ES_MIKEY_MCX as i32 => SrtpPolicy::MCX,
            one if one == es_mikey_profile::ES_MIKEY_MCX_GROUP as i32 => SrtpPolicy::MCX_GROUP,
            _ => return Err(es_error::ES_VALUE),
        };
        set(policy, es_mikey_policy::new(number, &of))
    })
}

/// Writes the security policies of a message; none where ES_MIKEY_MCX holds.
///
/// @param out room for `capacity` of them; NULL with 0 to ask for their number.
/// @return ES_BUFFER_TOO_SMALL, with the number.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_policies(
    message: *const es_mikey_message,
    out: *mut es_mikey_policy,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| {
        let policies = get(message)?.policies.iter();
        let policies: Vec<_> =
            policies.map(|(number, policy)| es_mikey_policy::new(*number, policy)).collect();
        put_some(out, capacity, length, &policies)
    })
}

impl es_mikey_policy {
    fn new(number: u8, policy: &SrtpPolicy) -> Self {
        Self {
            number,
            encryption: policy.encryption,
            encryption_key: policy.encryption_key,
            authentication: policy.authentication,
            authentication_key: policy.authentication_key,
            tag: policy.tag,
            rtcp_authentication: policy.rtcp_authentication,
            rtcp_authentication_key: policy.rtcp_authentication_key,
            rtcp_tag: policy.rtcp_tag,
            salt: policy.salt,
            prf: policy.prf,
            aead_tag: policy.aead_tag,
            roc_rate: policy.roc_rate,
            key_derivation_rate: policy.key_derivation_rate,
        }
    }

    /// As it stands in a message. Whether it is a policy is asked of the message.
    pub(crate) fn to_payload(self) -> SecurityPolicy {
        let policy = SrtpPolicy {
            encryption: self.encryption,
            encryption_key: self.encryption_key,
            authentication: self.authentication,
            authentication_key: self.authentication_key,
            tag: self.tag,
            rtcp_authentication: self.rtcp_authentication,
            rtcp_authentication_key: self.rtcp_authentication_key,
            rtcp_tag: self.rtcp_tag,
            salt: self.salt,
            prf: self.prf,
            aead_tag: self.aead_tag,
            roc_rate: self.roc_rate,
            key_derivation_rate: self.key_derivation_rate,
        };
        policy.to_payload(self.number)
    }
}
