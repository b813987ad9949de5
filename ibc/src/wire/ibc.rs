//! IBC credential provisioning and publication, at the IBC base URI: clauses 8.3.7.2 and 8.3.7.3 (IBC).

use super::SecretText;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Initial provisioning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The CSE-ID or AE-ID.
    pub id: String,
    /// Proposed end.
    #[serde(rename = "et", default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<String>,
}

/// Re-provisioning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReenrolRequest {
    /// ID_1, the identity of the credential to be replaced.
    pub id1: String,
    /// Proposed end.
    #[serde(rename = "et", default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<String>,
}

/// ID_2, SSK, PVT and KPAK, in hexadecimal but for ID_2; RSK and Z where the MEF gives them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedCredential {
    #[allow(missing_docs, reason = "as named")]
    pub id2: String,
    #[allow(missing_docs, reason = "as named")]
    pub ssk: SecretText,
    #[allow(missing_docs, reason = "as named")]
    pub pvt: String,
    #[allow(missing_docs, reason = "as named")]
    pub kpak: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "as named")]
    pub rsk: Option<SecretText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "as named")]
    pub z_public: Option<String>,
}

impl fmt::Debug for IssuedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedCredential").field("id2", &self.id2).finish_non_exhaustive()
    }
}

/// The KPAKs of one FQDN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KpakList {
    #[allow(missing_docs, reason = "as named")]
    pub fqdn: String,
    #[allow(missing_docs, reason = "as named")]
    pub kpak: Vec<PublishedKpak>,
}

/// A KPAK with its Z and the time for which it is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedKpak {
    /// Three octets in hexadecimal.
    pub tag: String,
    /// 65 octets in hexadecimal.
    pub kpak: String,
    /// 257 octets in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub z_public: Option<String>,
    #[allow(missing_docs, reason = "as named")]
    pub from: String,
    #[allow(missing_docs, reason = "as named")]
    pub until: String,
}

/// Identities whose credentials are to be refused before they expire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenyList {
    #[allow(missing_docs, reason = "as named")]
    pub fqdn: String,
    /// Counts up.
    pub number: u64,
    /// When it was made.
    pub issued: String,
    /// When the next one is there at the latest.
    #[serde(rename = "nextUpdate")]
    pub next_update: String,
    #[allow(missing_docs, reason = "as named")]
    pub denied: Vec<DeniedIdentity>,
}

/// One entry of a [`DenyList`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeniedIdentity {
    #[allow(missing_docs, reason = "as named")]
    pub id2: String,
    /// Since when.
    pub since: String,
}
