//! `<mefClientReg>` and `<mafClientReg>`: TS-0003 clauses 8.3.5.2.3 to 8.3.5.2.6 and 8.8.2.3 to 8.8.2.6.

use serde::{Deserialize, Serialize};

/// Client registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationRequest {
    /// FQDN of the function that is asked.
    #[serde(rename = "fq")]
    pub fqdn: String,
    /// The administrating stakeholder.
    #[serde(rename = "adfq")]
    pub admin_fqdn: String,
    /// Proposed end.
    #[serde(rename = "et")]
    pub expiration_time: String,
    #[serde(rename = "lbl", default, skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "as named")]
    pub labels: Option<Vec<String>>,
}

/// Answer to a client registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Resource type.
    pub ty: u16,
    /// MEFClientRegID or mafClientRegID.
    #[serde(rename = "ri")]
    pub id: String,
    /// Granted end.
    #[serde(rename = "et")]
    pub expiration_time: String,
    /// The administrating stakeholder.
    #[serde(rename = "adfq")]
    pub admin_fqdn: String,
    /// MEF Client ID or MAF Client ID: absolute.
    #[serde(rename = "cr")]
    pub client_id: String,
    #[serde(rename = "lbl", default, skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "as named")]
    pub labels: Option<Vec<String>>,
    /// KmID, or KpmID, to authenticate with from now on.
    #[serde(rename = "aski", default, skip_serializing_if = "Option::is_none")]
    pub assigned_symm_key_id: Option<String>,
    /// A command that waits.
    #[serde(rename = "ch", default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<ChildReference>>,
}

/// A child of a resource (TS-0004, m2m:childResourceRef).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildReference {
    /// Its name.
    #[serde(rename = "nm")]
    pub name: String,
    /// Its resource type.
    #[serde(rename = "typ")]
    pub resource_type: u16,
    /// Where it is.
    #[serde(rename = "val")]
    pub value: String,
}

/// Update of a client registration; at least one of the two last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationUpdateRequest {
    /// FQDN of the function that is asked.
    #[serde(rename = "fq")]
    pub fqdn: String,
    /// Proposed end.
    #[serde(rename = "et", default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<String>,
    #[serde(rename = "lbl", default, skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "as named")]
    pub labels: Option<Vec<String>>,
}

/// Answer to an update: what was asked for, as granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationUpdate {
    /// Granted end.
    #[serde(rename = "et", default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<String>,
    #[serde(rename = "lbl", default, skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "as named")]
    pub labels: Option<Vec<String>>,
    /// KmID of a new Km.
    #[serde(rename = "aski", default, skip_serializing_if = "Option::is_none")]
    pub assigned_symm_key_id: Option<String>,
}

/// The stakeholder's configuration for one registration: MEFClientCfg, mafClientCfg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientConfiguration {
    /// As the stakeholder wrote it.
    #[serde(rename = "ccfg")]
    pub configuration: serde_json::Value,
}
