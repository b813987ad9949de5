//! Device configuration: TS-0003 clause 8.3.8, by this project's own protocol. The members are this project's.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a device is to have, as the MEF gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceObjects {
    #[allow(missing_docs, reason = "as named")]
    #[serde(rename = "objs")]
    pub objects: Vec<DeviceObject>,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceObject {
    /// objectPath.
    #[serde(rename = "obp")]
    pub path: String,
    /// Counts up with each change of the client's objects.
    #[serde(rename = "ver")]
    pub version: u64,
    /// Its one member: the type, with what it holds. `None`: it is to be deleted.
    #[serde(rename = "obj", default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Value>,
}

/// What became of each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceReport {
    #[allow(missing_docs, reason = "as named")]
    #[serde(rename = "res")]
    pub results: Vec<DeviceResult>,
}

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceResult {
    /// objectPath.
    #[serde(rename = "obp")]
    pub path: String,
    /// The version that was tried.
    #[serde(rename = "ver")]
    pub version: u64,
    /// OK, or one of DEV_CFG.
    #[serde(rename = "sta")]
    pub status: u16,
}
