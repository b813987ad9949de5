//! A key that is registered at a MEF or a MAF, with all that was said of it, as a JSON object.
//!
//! ```json
//! {"key":"6b0f…91c2","identifier":"A1B2…8F90@maf.example.com","suid":32,"end":"20270101T000000",
//!  "source":"//sp.example.com/CSE1/C7","targets":["//sp.example.com/CSE1"],
//!  "adminFQDN":"sp.example.com","labels":["line-3"]}
//! ```
//!
//! | field | meaning |
//! |---|---|
//! | `key` | 16 to 64 octets in hexadecimal, either case |
//! | `identifier` | Key Identifier: RelativeKeyID@FQDN of the function that keeps it |
//! | `suid` | what the key is for, and for nothing else |
//! | `end` | from then on it is not used |
//! | `source` | who registered it: CSE-ID, AE-ID, or a KmID where the MAF knows no more |
//! | `targets` | who may retrieve it, as its source knows; a target does not, and its file has none |
//! | `adminFQDN` | the administrating stakeholder |
//! | `labels` | left out if there are none |
//!
//! Any other field is refused.

use super::hex::{HexKey, encode_secret};
use super::private_file::{self, Existing};
use super::{FileError, FormatError, json};
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, KeyIdentifier, SecurityUsage};
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// Largest file that is read, in octets: above as many targets and labels as a function takes.
pub const MAX_OCTETS: u64 = 256 * 1024;

/// A registered key, with what holds for it.
#[derive(Clone)]
pub struct RegisteredKeyFile {
    /// 16 to 64 octets.
    pub key: Zeroizing<Vec<u8>>,
    /// Its name, and where it is registered.
    pub identifier: KeyIdentifier,
    /// SUID.
    pub usage: SecurityUsage,
    /// From then on it is not used.
    pub end: ExpirationTime,
    /// Who registered it, as the function says.
    pub source: String,
    /// Who may retrieve it; empty at a target.
    pub targets: Vec<String>,
    /// The administrating stakeholder.
    pub stakeholder: Fqdn,
    #[allow(missing_docs, reason = "as named")]
    pub labels: Vec<String>,
}

impl core::fmt::Debug for RegisteredKeyFile {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RegisteredKeyFile").field("identifier", &self.identifier).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a registered key")]
struct Read {
    key: HexKey,
    identifier: String,
    suid: u8,
    end: String,
    source: String,
    #[serde(default)]
    targets: Vec<String>,
    #[serde(rename = "adminFQDN")]
    stakeholder: String,
    #[serde(default)]
    labels: Vec<String>,
}

#[derive(Serialize)]
struct Written<'a> {
    key: &'a str,
    identifier: &'a str,
    suid: u8,
    end: String,
    source: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    targets: &'a [String],
    #[serde(rename = "adminFQDN")]
    stakeholder: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    labels: &'a [String],
}

impl RegisteredKeyFile {
    /// Reads the content of a file.
    ///
    /// # Errors
    /// [`FormatError`].
    ///
    /// # Timing
    /// Depends on the length of the key, not on its octets.
    pub fn parse(octets: &[u8]) -> Result<Self, FormatError> {
        let read: Read = json::object(octets)?;
        Ok(Self {
            key: read.key.0,
            identifier: KeyIdentifier::parse(&read.identifier)?,
            usage: SecurityUsage::from_u8(read.suid)?,
            end: ExpirationTime::parse(&read.end)?,
            source: read.source,
            targets: read.targets,
            stakeholder: Fqdn::parse(&read.stakeholder)?,
            labels: read.labels,
        })
    }

    /// The content of a file, in one line.
    ///
    /// # Timing
    /// Depends on the length of the key, not on its octets.
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let key = encode_secret(&self.key);
        let written = Written {
            key: &key,
            identifier: self.identifier.as_str(),
            suid: self.usage.to_u8(),
            end: format!("{}", self.end),
            source: &self.source,
            targets: &self.targets,
            stakeholder: self.stakeholder.as_str(),
            labels: &self.labels,
        };
        let texts = self.targets.iter().chain(&self.labels);
        // An octet of text takes six at most.
        let others: usize = texts.map(|text| 6 * text.len() + 3).sum::<usize>() + 6 * self.source.len();
        json::line(&written, 2048 + key.len() + others)
    }

    /// Reads a file of mode 0600.
    ///
    /// # Errors
    /// As [`private_file::read`] and [`parse`](Self::parse).
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let octets = private_file::read(path, MAX_OCTETS)?;
        Self::parse(&octets).map_err(|error| FileError::new(path, error))
    }

    /// Writes a file of mode 0600.
    ///
    /// # Errors
    /// As [`private_file::write`].
    pub fn write(&self, path: &Path, existing: Existing) -> Result<(), FileError> {
        private_file::write(path, &self.to_json(), existing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> RegisteredKeyFile {
        RegisteredKeyFile {
            key: Zeroizing::new(vec![0x5a; 32]),
            identifier: KeyIdentifier::parse("A1B2C3D4E5F60718293A4B5C6D7E8F90@maf.example.com").unwrap(),
            usage: SecurityUsage::MafSaef,
            end: ExpirationTime::parse("20270101T000000").unwrap(),
            source: "//sp.example.com/CSE1/C7".into(),
            targets: vec!["//sp.example.com/CSE1".into()],
            stakeholder: Fqdn::parse("sp.example.com").unwrap(),
            labels: vec!["a \"label\"".into()],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for file in [file(), RegisteredKeyFile { targets: vec![], labels: vec![], ..file() }] {
            let text = file.to_json();
            let read = RegisteredKeyFile::parse(&text).unwrap();
            assert_eq!((&read.key, read.usage, read.end), (&file.key, file.usage, file.end));
            assert_eq!((&read.identifier, &read.source), (&file.identifier, &file.source));
            assert_eq!((&read.targets, &read.labels), (&file.targets, &file.labels));
            assert_eq!(read.stakeholder, file.stakeholder);
        }
        assert!(!format!("{:?}", file()).contains("5a5a"));
    }

    #[test]
    fn what_is_malformed_is_refused_and_the_key_not_shown() {
        let good = String::from_utf8(file().to_json().to_vec()).unwrap();
        let key = "5a".repeat(32);
        for (from, to) in [
            (key.as_str(), "5a5a"),
            (key.as_str(), &"5a".repeat(65)),
            (key.as_str(), &key[1..]),
            (key.as_str(), &key.replace("5a", "zz")),
            ("\"suid\":32", "\"suid\":99"),
            ("\"suid\":32", "\"suid\":32,\"more\":1"),
            ("@maf.example.com", ""),
            ("20270101", "20271301"),
            ("sp.example.com\",\"labels", "-\",\"labels"),
        ] {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good, "{from}");
            let error = RegisteredKeyFile::parse(text.as_bytes()).unwrap_err();
            assert!(!format!("{error}").contains("5a5a"), "{error}");
        }
    }
}
