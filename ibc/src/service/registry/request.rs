//! From text to values: what a request has to be before anything is known of its sender.

use super::Registry;
use crate::service::error::{ServiceError, bad_request, not_found, unacceptable};
use crate::service::limits;
use eccsi_sakke::onem2m::{
    ExpirationTime, Fqdn, IdentifierError, RelativeKeyId, SecurityUsage, TargetIds, UnixTime,
};

impl Registry {
    /// Checks that a request is meant for this function.
    pub(super) fn check_fqdn(&self, text: &str) -> Result<(), ServiceError> {
        match name(text) {
            Ok(fqdn) if fqdn == self.fqdn => Ok(()),
            _ => Err(bad_request("the FQDN is not that of this function")),
        }
    }
}

/// An FQDN.
pub(super) fn name(text: &str) -> Result<Fqdn, ServiceError> {
    if text.len() > limits::IDENTIFIER_BYTES {
        return Err(bad_request("a name is too long"));
    }
    Fqdn::parse(text).map_err(|_| bad_request("not an FQDN"))
}

/// A proposed end.
pub(super) fn end(text: &str) -> Result<UnixTime, ServiceError> {
    ExpirationTime::parse_request(text)
        .map(ExpirationTime::to_unix)
        .map_err(|_| bad_request("the expiration time is no time"))
}

/// A granted end, as text.
pub(super) fn time_text(end: UnixTime) -> Result<String, ServiceError> {
    ExpirationTime::from_unix(end).map(|end| format!("{end}")).map_err(ServiceError::internal)
}

/// Labels, as the JSON array in which they are kept.
pub(in crate::service) fn labels(labels: &[String]) -> Result<String, ServiceError> {
    if labels.len() > limits::LABELS {
        return Err(unacceptable("too many labels"));
    }
    if labels.iter().any(|label| label.len() > limits::LABEL_BYTES) {
        return Err(unacceptable("a label is too long"));
    }
    if labels.iter().any(|label| label.is_empty() || label.chars().any(char::is_control)) {
        return Err(bad_request("a label is empty or has a control character"));
    }
    serde_json::to_string(labels).map_err(ServiceError::internal)
}

/// A kept JSON array of texts.
pub(super) fn list(text: &str) -> Result<Vec<String>, ServiceError> {
    crate::json::from_str(text).map_err(ServiceError::internal)
}

/// Kept labels for an answer: none are left out.
pub(super) fn labels_of(text: &str) -> Result<Option<Vec<String>>, ServiceError> {
    Ok(Some(list(text)?).filter(|labels| !labels.is_empty()))
}

/// The targets of a key: exactly one for SAEF, ESPrim and a MAF, one or more for ESData; absolute, none twice.
pub(super) fn targets(usage: SecurityUsage, texts: &[String]) -> Result<TargetIds, ServiceError> {
    if texts.iter().any(|text| text.len() > limits::IDENTIFIER_BYTES) {
        return Err(bad_request("a target is too long"));
    }
    TargetIds::parse(usage, texts).map_err(|error| match error {
        IdentifierError::ExactlyOneTarget => unacceptable("this use has exactly one target"),
        IdentifierError::TargetCount { .. } => unacceptable("no target, or too many"),
        IdentifierError::DuplicateTarget => unacceptable("the same target twice"),
        IdentifierError::NotAbsolute | IdentifierError::BareStem => {
            unacceptable("a target has to be an absolute identifier")
        }
        IdentifierError::UsageWithoutTargets => unacceptable("this use has no targets"),
        _ => bad_request("a target is no identifier"),
    })
}

/// The octets of a RelativeKeyID in the address of a request.
pub(super) fn relative_key_id(text: &str) -> Result<RelativeKeyId, ServiceError> {
    RelativeKeyId::parse_octets(text).map_err(|_| bad_request("not a RelativeKeyID"))
}

/// The identifier of a registration in the address of a request. What none looks like is not looked for.
pub(super) fn registration_id(text: &str) -> Result<String, ServiceError> {
    let looks_like_one = text.len() == REGISTRATION_ID && text.bytes().all(|octet| BASE32.contains(&octet));
    if looks_like_one { Ok(text.into()) } else { Err(not_found()) }
}

/// Characters of a registration's identifier: 160 bits.
const REGISTRATION_ID: usize = 32;

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Writes 20 random octets as a registration's identifier: base32 without padding, lower case.
pub(super) fn new_registration_id(random: &[u8; 20]) -> String {
    let digit = |index: usize| {
        let bit = 5 * index;
        let two = u16::from_be_bytes([random[bit / 8], *random.get(bit / 8 + 1).unwrap_or(&0)]);
        char::from(BASE32[usize::from(two >> (11 - bit % 8)) & 31])
    };
    (0..REGISTRATION_ID).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 section 10 in lower case, and the ends of the range.
    #[test]
    fn identifiers_of_registrations_are_base32() {
        let mut octets = [0; 20];
        assert_eq!(new_registration_id(&octets), "a".repeat(32));
        octets[..6].copy_from_slice(b"foobar");
        assert!(new_registration_id(&octets).starts_with("mzxw6ytbo"));
        assert_eq!(new_registration_id(&[255; 20]), "7".repeat(32));
        let text = new_registration_id(&octets);
        assert_eq!(registration_id(&text).unwrap(), text);
        for other in ["", "a", &"A".repeat(32), &"1".repeat(32), &"a".repeat(33)] {
            assert!(registration_id(other).is_err(), "{other}");
        }
    }
}
