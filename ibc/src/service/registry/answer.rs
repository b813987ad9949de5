//! From values to the text of an answer.

use crate::service::error::ServiceError;
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};

/// A granted end.
pub(super) fn time(end: UnixTime) -> Result<String, ServiceError> {
    ExpirationTime::from_unix(end).map(|end| end.to_string()).map_err(ServiceError::internal)
}

/// Labels: none are left out.
pub(super) fn labels(labels: Vec<String>) -> Option<Vec<String>> {
    Some(labels).filter(|labels| !labels.is_empty())
}
