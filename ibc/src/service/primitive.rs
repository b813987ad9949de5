//! Requests and responses as every binding carries them: TS-0004 clauses 6.4 and 7.
//!
//! A binding fills a [`Request`] from its own header fields or options, hands it to
//! [`Endpoint::perform`](super::dispatch::Endpoint::perform), and sends the [`Response`]. Nothing here knows which.

use super::error::{Kind, Reached, ServiceError};
use crate::wire::ResponseStatusCode;
use zeroize::Zeroizing;

/// What is to be done with a resource. Notify is for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "as named")]
pub enum Operation {
    Create,
    Retrieve,
    Update,
    Delete,
}

impl Operation {
    /// The name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Retrieve => "retrieve",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A request primitive.
pub struct Request {
    /// Operation.
    pub operation: Operation,
    /// To: a path, decoded, that begins with "/".
    pub to: String,
    /// From.
    pub from: Option<String>,
    /// Request Identifier.
    pub request_id: Option<String>,
    /// Release Version Indicator.
    pub release_version: Option<String>,
    /// Resource Type, in Create.
    pub resource_type: Option<u16>,
    /// Content, in JSON; empty if there is none.
    pub content: Zeroizing<Vec<u8>>,
}

crate::redacted::redacted_debug!(Request);

/// How a content is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// Lines of text: the deny list with its signature.
    Text,
}

/// A response primitive.
pub struct Response {
    /// Response Status Code.
    pub status: ResponseStatusCode,
    /// Content.
    pub content: Option<Zeroizing<Vec<u8>>>,
    /// How it is written.
    pub format: Format,
    /// Where the created resource is.
    pub location: Option<String>,
    /// What kind of refusal this is, if it is one.
    pub refusal: Option<Kind>,
    /// Why, as may be sent.
    pub text: Option<&'static str>,
    /// The budget that is used up, if one is.
    pub reached: Option<Reached>,
}

crate::redacted::redacted_debug!(Response);

impl Response {
    /// The code of an operation that succeeded.
    pub(super) const fn success(operation: Operation) -> ResponseStatusCode {
        match operation {
            Operation::Create => ResponseStatusCode::Created,
            Operation::Retrieve => ResponseStatusCode::Ok,
            Operation::Update => ResponseStatusCode::Updated,
            Operation::Delete => ResponseStatusCode::Deleted,
        }
    }

    /// A refusal.
    pub fn refusal(error: &ServiceError) -> Self {
        Self {
            status: error.kind().response_status_code(),
            content: None,
            format: Format::Json,
            location: None,
            refusal: Some(error.kind()),
            text: Some(error.text()),
            reached: error.reached(),
        }
    }
}
