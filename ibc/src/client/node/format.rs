//! Objects of a node as JSON: what a device takes from a file or from its configuration, and keeps.
//!
//! ```json
//! {"objects":[
//!   {"path":"/mef","MEFClientRegCfg":{"fqdn":"mef.example.com","adminFQDN":"sp.example.com"}},
//!   {"path":"/saef","authenticationProfile":{"SUID":22,"parent":"registration","TLSCiphersuites":["00AE","C0A8"],
//!    "keyRegDuration":"P10D","registration":"/mef","targets":["//sp.example.com/CSE1"]}}
//! ]}
//! ```
//!
//! | member | meaning |
//! |---|---|
//! | `path` | objectPath, by which a command names it |
//! | `MEFClientRegCfg`, `MAFClientRegCfg` | `fqdn`, `adminFQDN`, perhaps `expirationTime` and `labels` |
//! | `authenticationProfile` | `SUID`, `parent` (`registration`, `dataCollection` or `MAFClientRegCfg`), `TLSCiphersuites` in hexadecimal; perhaps `symmKeyID`, `keyRegDuration`, `keyRegLabels`, `myCertFingerprint`, `expirationTime`; `registration` and `trustAnchors`, the paths of its children; `targets`, whom its key is for |
//! | `trustAnchorCred` | `{}` |
//!
//! Any other member is refused.

use super::{Object, ProfileObject, RegistrationObject};
use crate::Function;
use crate::command::duration;
use crate::command::object::{Parent, Profile};
use crate::files::{FormatError, json};
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, SecurityUsage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::string::ToString;

/// Octets of a path: as long as a relative name may be.
const MAX_PATH: usize = 128;

/// Objects of one device: far above what one has.
const MAX_OBJECTS: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a list of objects")]
struct List {
    objects: Vec<Row>,
}

/// An object with its path.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object of a node, with its path")]
pub(in crate::client) struct Row {
    path: String,
    #[serde(rename = "MEFClientRegCfg", default, skip_serializing_if = "Option::is_none")]
    mef: Option<RegistrationRow>,
    #[serde(rename = "MAFClientRegCfg", default, skip_serializing_if = "Option::is_none")]
    maf: Option<RegistrationRow>,
    #[serde(rename = "authenticationProfile", default, skip_serializing_if = "Option::is_none")]
    profile: Option<Box<ProfileRow>>,
    #[serde(rename = "trustAnchorCred", default, skip_serializing_if = "Option::is_none")]
    anchor: Option<AnchorRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with fqdn and adminFQDN")]
struct RegistrationRow {
    fqdn: String,
    #[serde(rename = "adminFQDN")]
    stakeholder: String,
    #[serde(rename = "expirationTime", default, skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with SUID, parent and TLSCiphersuites")]
struct ProfileRow {
    #[serde(rename = "SUID")]
    suid: u8,
    parent: ParentRow,
    #[serde(rename = "TLSCiphersuites")]
    suites: Vec<String>,
    #[serde(rename = "symmKeyID", default, skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(rename = "keyRegDuration", default, skip_serializing_if = "Option::is_none")]
    duration: Option<String>,
    #[serde(rename = "keyRegLabels", default, skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<String>>,
    #[serde(rename = "myCertFingerprint", default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(rename = "expirationTime", default, skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration: Option<String>,
    #[serde(rename = "trustAnchors", default, skip_serializing_if = "Vec::is_empty")]
    trust_anchors: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    targets: Vec<String>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(expecting = "registration, dataCollection or MAFClientRegCfg")]
enum ParentRow {
    #[serde(rename = "registration")]
    Registration,
    #[serde(rename = "dataCollection")]
    DataCollection,
    #[serde(rename = "MAFClientRegCfg")]
    Maf,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an empty object")]
struct AnchorRow {}

/// Reads objects with their paths, each path once.
///
/// # Errors
/// [`FormatError`].
pub fn parse(octets: &[u8]) -> Result<Vec<(String, Object)>, FormatError> {
    let list: List = json::object(octets)?;
    if list.objects.len() > MAX_OBJECTS {
        return Err(FormatError::Other("more objects than a device may have, 256"));
    }
    let objects: Vec<_> = list.objects.into_iter().map(Row::read).collect::<Result<_, _>>()?;
    let paths: BTreeSet<_> = objects.iter().map(|(path, _)| path).collect();
    if paths.len() == objects.len() {
        Ok(objects)
    } else {
        Err(FormatError::Other("two of its objects have the same path"))
    }
}

impl Row {
    pub(in crate::client) fn of(path: &str, object: &Object) -> Self {
        let mut row = Self { path: path.into(), mef: None, maf: None, profile: None, anchor: None };
        match object {
            Object::Registration(registration) => {
                let written = RegistrationRow {
                    fqdn: registration.fqdn.to_string(),
                    stakeholder: registration.stakeholder.to_string(),
                    end: registration.end.map(|end| end.to_string()),
                    labels: registration.labels.clone(),
                };
                match registration.function {
                    Function::Mef => row.mef = Some(written),
                    Function::Maf => row.maf = Some(written),
                }
            }
            Object::Profile(profile) => row.profile = Some(Box::new(ProfileRow::of(profile))),
            Object::TrustAnchor => row.anchor = Some(AnchorRow {}),
        }
        row
    }

    pub(in crate::client) fn read(self) -> Result<(String, Object), FormatError> {
        let is_path = self.path.starts_with('/')
            && self.path.len() <= MAX_PATH
            && self.path.bytes().all(|octet| octet.is_ascii_graphic());
        if !is_path {
            return Err(FormatError::Other(
                "the path of an object begins with / and has at most 128 visible ASCII characters",
            ));
        }
        let object = match (self.mef, self.maf, self.profile, self.anchor) {
            (Some(mef), None, None, None) => Object::Registration(mef.read(Function::Mef)?),
            (None, Some(maf), None, None) => Object::Registration(maf.read(Function::Maf)?),
            (None, None, Some(profile), None) => Object::Profile(Box::new(profile.read()?)),
            (None, None, None, Some(AnchorRow {})) => Object::TrustAnchor,
            _ => {
                return Err(FormatError::Other(
                    "an object is one of MEFClientRegCfg, MAFClientRegCfg, authenticationProfile, trustAnchorCred",
                ));
            }
        };
        Ok((self.path, object))
    }
}

impl RegistrationRow {
    fn read(self, function: Function) -> Result<RegistrationObject, FormatError> {
        Ok(RegistrationObject {
            function,
            fqdn: Fqdn::parse(&self.fqdn)?,
            stakeholder: Fqdn::parse(&self.stakeholder)?,
            end: self.end.as_deref().map(ExpirationTime::parse).transpose()?,
            labels: self.labels,
        })
    }
}

impl ProfileRow {
    fn of(object: &ProfileObject) -> Self {
        let profile = &object.profile;
        Self {
            suid: profile.usage.to_u8(),
            parent: match profile.parent {
                Parent::Registration => ParentRow::Registration,
                Parent::DataCollection => ParentRow::DataCollection,
                Parent::MafClientRegistration => ParentRow::Maf,
            },
            suites: profile.suites.iter().map(|suite| format!("{suite:04X}")).collect(),
            key_id: profile.key_id.clone(),
            duration: profile.key_duration.map(duration::text),
            labels: object.labels.clone(),
            fingerprint: profile.fingerprint.clone(),
            end: object.end.map(|end| end.to_string()),
            registration: object.registration.clone(),
            trust_anchors: object.trust_anchors.clone(),
            targets: object.targets.clone(),
        }
    }

    fn read(self) -> Result<ProfileObject, FormatError> {
        let suite = |text: String| {
            let digits =
                Some(&text).filter(|text| text.len() == 4 && text.bytes().all(|o| o.is_ascii_hexdigit()));
            let read = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
            read.ok_or(FormatError::Other("a TLS cipher suite is four hexadecimal digits, as in 00AE"))
        };
        let duration = |text: String| {
            let read = duration::parse(&text).filter(|duration| !duration.is_zero());
            read.ok_or(FormatError::Other("keyRegDuration is an xs:duration, as in P10D"))
        };
        Ok(ProfileObject {
            profile: Profile {
                usage: SecurityUsage::from_u8(self.suid)?,
                parent: match self.parent {
                    ParentRow::Registration => Parent::Registration,
                    ParentRow::DataCollection => Parent::DataCollection,
                    ParentRow::Maf => Parent::MafClientRegistration,
                },
                suites: self.suites.into_iter().map(suite).collect::<Result<_, _>>()?,
                key_id: self.key_id,
                key_duration: self.duration.map(duration).transpose()?,
                has_mef_registration: false,
                has_maf_registration: false,
                fingerprint: self.fingerprint,
                trust_anchors: 0,
            },
            registration: self.registration,
            trust_anchors: self.trust_anchors,
            targets: self.targets,
            labels: self.labels,
            end: self.end.as_deref().map(ExpirationTime::parse).transpose()?,
        })
    }
}
