//! `<symmKeyReg>` and fetching by KeID: TS-0003 clauses 8.3.5.2.7 to 8.3.5.2.10, 8.8.2.7 to 8.8.2.10 and 8.3.2.1.

use super::KeyValue;
use serde::{Deserialize, Serialize};

/// Key registration: table 8.3.5.2.7-1.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRegistrationRequest {
    /// FQDN of the function that is asked.
    #[serde(rename = "fq")]
    pub fqdn: String,
    /// The administrating stakeholder.
    #[serde(rename = "adfq")]
    pub admin_fqdn: String,
    /// Proposed end.
    #[serde(rename = "et")]
    pub expiration_time: String,
    #[allow(missing_docs, reason = "as named")]
    pub suid: u64,
    #[serde(rename = "lbl", default, skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "as named")]
    pub labels: Option<Vec<String>>,
    /// Who may retrieve the key.
    #[serde(rename = "tgis", default, skip_serializing_if = "Option::is_none")]
    pub target_ids: Option<Vec<String>>,
    /// The key; without it the key is exported from the session.
    #[serde(rename = "kv", default, skip_serializing_if = "Option::is_none")]
    pub key_value: Option<KeyValue>,
}

/// Answer to a key registration: table 8.3.5.2.7-2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRegistration {
    /// Resource type.
    pub ty: u16,
    /// RelativeKeyID, which is also the name of the resource.
    #[serde(rename = "ri")]
    pub id: String,
    /// RelativeKeyID.
    #[serde(rename = "rkid")]
    pub relative_key_id: String,
    /// Granted end: from that second on the key is not available.
    #[serde(rename = "et")]
    pub expiration_time: String,
    /// The administrating stakeholder.
    #[serde(rename = "adfq")]
    pub admin_fqdn: String,
    #[allow(missing_docs, reason = "as named")]
    pub suid: u8,
    /// Who may retrieve the key.
    #[serde(rename = "tgis")]
    pub target_ids: Vec<String>,
    /// Source MEF Client ID or Source MAF Client ID.
    #[serde(rename = "cr")]
    pub source: String,
    #[serde(rename = "lbl", default, skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "as named")]
    pub labels: Option<Vec<String>>,
}

/// Answer to a key retrieval: table 8.3.5.2.8-2.
#[derive(Debug, Serialize, Deserialize)]
pub struct RetrievedKey {
    /// The registration's present end.
    #[serde(rename = "et")]
    pub expiration_time: String,
    /// The administrating stakeholder.
    #[serde(rename = "adfq")]
    pub admin_fqdn: String,
    #[allow(missing_docs, reason = "as named")]
    pub suid: u8,
    /// Source MEF Client ID or Source MAF Client ID.
    #[serde(rename = "cr")]
    pub source: String,
    /// The key.
    #[serde(rename = "kv")]
    pub key_value: KeyValue,
    #[serde(rename = "lbl", default, skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "as named")]
    pub labels: Option<Vec<String>>,
}

/// Update of a key registration; at least one of the three last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUpdateRequest {
    /// FQDN of the function that is asked.
    #[serde(rename = "fq")]
    pub fqdn: String,
    /// Proposed end.
    #[serde(rename = "et", default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<String>,
    #[serde(rename = "lbl", default, skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "as named")]
    pub labels: Option<Vec<String>>,
    /// Who may retrieve the key.
    #[serde(rename = "tgis", default, skip_serializing_if = "Option::is_none")]
    pub target_ids: Option<Vec<String>>,
}

/// Answer to an update: what was asked for, as granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUpdate {
    /// Granted end.
    #[serde(rename = "et", default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<String>,
    #[serde(rename = "lbl", default, skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "as named")]
    pub labels: Option<Vec<String>>,
    /// Who may retrieve the key.
    #[serde(rename = "tgis", default, skip_serializing_if = "Option::is_none")]
    pub target_ids: Option<Vec<String>>,
}

/// Answer to a fetch by KeID: `Status` true with the three members that follow it, or false with a constant
/// `ErrorString`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FetchedCredentials {
    /// Whether there is a key.
    pub status: bool,
    /// Kuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<KeyValue>,
    /// The Enrolee's identity.
    #[serde(rename = "EnroleeID", default, skip_serializing_if = "Option::is_none")]
    pub enrolee_id: Option<String>,
    /// Seconds for which the key is still valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<u64>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_string: Option<String>,
}
