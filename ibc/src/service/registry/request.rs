//! From text to values: what a request has to be before anything is known of its sender.

use super::Registry;
use crate::service::error::{ServiceError, bad_request, unacceptable};
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

/// Labels.
pub(in crate::service) fn labels(labels: &[String]) -> Result<Vec<String>, ServiceError> {
    if labels.len() > limits::LABELS {
        return Err(unacceptable("too many labels"));
    }
    if labels.iter().any(|label| label.len() > limits::LABEL_BYTES) {
        return Err(unacceptable("a label is too long"));
    }
    if labels.iter().any(|label| label.is_empty() || label.chars().any(char::is_control)) {
        return Err(bad_request("a label is empty or has a control character"));
    }
    Ok(labels.to_vec())
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
