//! Public keys of KMSs: `{"kpak":"04…","tag":"a741a0","z_public":"04…"}`.
//!
//! The full form names the FQDN for which the KMS issues, and may hold several keys, as during a
//! change of keys:
//!
//! ```json
//! {"fqdn":"mef.example.com",
//!  "kpak":[{"kpak":"04…","tag":"a741a0","z_public":"04…",
//!           "from":"20260101T000000","until":"20280101T000000"}]}
//! ```
//!
//! `z_public` is Z of SAKKE, that of the KMS whose KPAK stands beside it; the tag is of KPAK alone.
//! `fqdn`, `tag`, `z_public`, `from` and `until` may be missing; any other field is refused. The file
//! is not secret, but it is the root of trust: who can change it can pass off keys of another KMS.

use super::{FileError, FormatError, hex, json, public_file};
use crate::json::Strict;
use eccsi_sakke::eccsi::KmsPublicKey;
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, UnixTime};
use eccsi_sakke::saef::KpakTag;
use eccsi_sakke::sakke;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Largest public key file that is read, in octets: some ninety keys.
pub const MAX_OCTETS: u64 = 64 * 1024;

/// The public keys of one KMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeyFile {
    fqdn: Option<Fqdn>,
    keys: Vec<PublishedKey>,
}

/// A KPAK, the Z beside it, and when they may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// KPAK.
    pub kpak: KmsPublicKey,
    /// Z, if the file has it.
    pub z_public: Option<sakke::KmsPublicKey>,
    /// Before this time it is not used.
    pub from: Option<ExpirationTime>,
    /// At and after this time it is not used.
    pub until: Option<ExpirationTime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a public key file")]
struct TextIn {
    fqdn: Option<String>,
    kpak: serde_json::Value,
    tag: Option<String>,
    z_public: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a KPAK with what holds for it")]
struct KeyIn {
    kpak: String,
    tag: Option<String>,
    z_public: Option<String>,
    from: Option<String>,
    until: Option<String>,
}

#[derive(Serialize)]
struct ListOut<'a> {
    fqdn: &'a str,
    kpak: [KeyOut<'a>; 1],
}

/// The short form, and a key of the full one.
#[derive(Serialize)]
struct KeyOut<'a> {
    kpak: &'a KmsPublicKey,
    tag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    z_public: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl<'a> KeyOut<'a> {
    fn new(kpak: &'a KmsPublicKey, z_public: Option<&sakke::KmsPublicKey>) -> Self {
        Self {
            kpak,
            tag: std::format!("{}", KpakTag::of(kpak)),
            z_public: z_public.map(|z_public| base16ct::lower::encode_string(&z_public.to_bytes())),
            from: None,
            until: None,
        }
    }

    #[cfg(feature = "client")]
    fn of(key: &'a PublishedKey) -> Self {
        let text = |time: Option<ExpirationTime>| time.map(|time| std::format!("{time}"));
        Self { from: text(key.from), until: text(key.until), ..Self::new(&key.kpak, key.z_public.as_ref()) }
    }
}

impl PublicKeyFile {
    /// Reads either form.
    ///
    /// # Errors
    /// A [`FormatError`] that says what is wrong.
    pub fn parse(octets: &[u8]) -> Result<Self, FormatError> {
        let text: TextIn = json::object(octets)?;
        let keys = match (text.kpak, text.tag, text.z_public) {
            (serde_json::Value::String(kpak), tag, z_public) => {
                vec![PublishedKey::parse(KeyIn { kpak, tag, z_public, from: None, until: None })?]
            }
            (keys @ serde_json::Value::Array(_), None, None) => Vec::<KeyIn>::deserialize(Strict(keys))
                .map_err(|_| FormatError::Keys)?
                .into_iter()
                .map(PublishedKey::parse)
                .collect::<Result<_, _>>()?,
            _ => return Err(FormatError::Keys),
        };
        let twice =
            keys.iter().enumerate().any(|(at, key)| keys[..at].iter().any(|other| other.kpak == key.kpak));
        if keys.is_empty() || twice {
            return Err(FormatError::Keys);
        }
        let fqdn = text.fqdn.map(|fqdn| Fqdn::parse(&fqdn)).transpose()?;
        Ok(Self { fqdn, keys })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A [`FileError`] that says what is wrong.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let octets = public_file::read(path, MAX_OCTETS)?;
        Self::parse(&octets).map_err(|error| FileError::new(path, error))
    }

    /// The FQDN for which the KMS issues, if the file says it.
    pub fn fqdn(&self) -> Option<&Fqdn> {
        self.fqdn.as_ref()
    }

    /// All keys.
    pub fn keys(&self) -> &[PublishedKey] {
        &self.keys
    }

    /// The keys that may be used at `now`.
    pub fn usable(&self, now: UnixTime) -> impl Iterator<Item = &PublishedKey> {
        self.keys.iter().filter(move |key| key.is_usable(now))
    }
}

impl PublishedKey {
    fn parse(text: KeyIn) -> Result<Self, FormatError> {
        let kpak = KmsPublicKey::from_slice(&hex::decode(&text.kpak)?)?;
        if text.tag.is_some_and(|tag| tag != std::format!("{}", KpakTag::of(&kpak))) {
            return Err(FormatError::Tag);
        }
        let z_public = match text.z_public {
            Some(digits) => Some(sakke::KmsPublicKey::from_slice(&hex::decode(&digits)?)?),
            None => None,
        };
        let time = |text: Option<String>| text.map(|text| ExpirationTime::parse(&text)).transpose();
        Ok(Self { kpak, z_public, from: time(text.from)?, until: time(text.until)? })
    }

    fn is_usable(&self, now: UnixTime) -> bool {
        self.from.is_none_or(|from| from.to_unix() <= now)
            && self.until.is_none_or(|until| now < until.to_unix())
    }
}

/// The octets of a public key file with several keys of one MEF, in the full form.
#[cfg(feature = "client")]
pub(crate) fn list_to_json(fqdn: &Fqdn, keys: &[PublishedKey]) -> Vec<u8> {
    #[derive(Serialize)]
    struct List<'a> {
        fqdn: &'a str,
        kpak: Vec<KeyOut<'a>>,
    }
    let mut out = Vec::new();
    json::append(&mut out, &List { fqdn: fqdn.as_str(), kpak: keys.iter().map(KeyOut::of).collect() });
    out.push(b'\n');
    out
}

/// The octets of a public key file: the short form, or the full one if the FQDN is given.
pub fn to_json(kpak: &KmsPublicKey, z_public: Option<&sakke::KmsPublicKey>, fqdn: Option<&Fqdn>) -> Vec<u8> {
    let mut out = Vec::new();
    let key = KeyOut::new(kpak, z_public);
    match fqdn {
        None => json::append(&mut out, &key),
        Some(fqdn) => json::append(&mut out, &ListOut { fqdn: fqdn.as_str(), kpak: [key] }),
    }
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use eccsi_sakke::SysRng;
    use eccsi_sakke::eccsi::KmsSecretKey;

    fn kpak() -> (KmsPublicKey, String) {
        let kpak = KmsSecretKey::generate(&mut SysRng).unwrap().public_key();
        let digits = base16ct::lower::encode_string(&kpak.to_bytes());
        (kpak, digits)
    }

    #[test]
    fn reads_what_it_writes() {
        let (kpak, _) = kpak();
        let z = sakke::KmsSecretKey::generate(&mut SysRng).unwrap().public_key();
        let fqdn = Fqdn::parse("mef.example.com").unwrap();
        for z_public in [None, Some(&z)] {
            for fqdn in [None, Some(&fqdn)] {
                let file = PublicKeyFile::parse(&to_json(&kpak, z_public, fqdn)).unwrap();
                let key = &file.keys()[0];
                assert_eq!((file.fqdn(), &key.kpak, key.z_public.as_ref()), (fqdn, &kpak, z_public));
            }
        }
    }

    #[test]
    fn keys_are_used_in_their_time_only() {
        let ((_, first), (second_key, second)) = (kpak(), kpak());
        let text = format!(
            r#"{{"fqdn":"MEF.example.com.","kpak":[{{"kpak":"{first}","until":"20270101T000000"}},{{"kpak":"{second}","from":"20260701T000000"}}]}}"#
        );
        let file = PublicKeyFile::parse(text.as_bytes()).unwrap();
        assert_eq!(file.fqdn().map(Fqdn::as_str), Some("mef.example.com"));
        let count = |time| file.usable(ExpirationTime::parse(time).unwrap().to_unix()).count();
        assert_eq!(
            ["20260630T235959", "20260701T000000", "20261231T235959", "20270101T000000"].map(count),
            [1, 2, 2, 1]
        );
        assert_eq!(
            file.usable(UnixTime::from_seconds(u64::MAX)).next().map(|key| &key.kpak),
            Some(&second_key)
        );
    }

    #[test]
    fn refuses_everything_else() {
        let (_, digits) = kpak();
        for (text, expected) in [
            (format!(r#"{{"kpak":"{digits}","tag":"000000"}}"#), FormatError::Tag),
            (r#"{"kpak":[]}"#.into(), FormatError::Keys),
            (r#"{"kpak":5}"#.into(), FormatError::Keys),
            (format!(r#"{{"kpak":[{{"kpak":"{digits}"}},{{"kpak":"{digits}"}}]}}"#), FormatError::Keys),
            (format!(r#"{{"kpak":[{{"kpak":"{digits}","extra":1}}]}}"#), FormatError::Keys),
            (format!(r#"{{"kpak":[{{"kpak":"{digits}"}}],"tag":"000000"}}"#), FormatError::Keys),
            (r#"{"kpak":"zz"}"#.into(), FormatError::NotHex),
            (format!(r#"["{digits}"]"#), FormatError::NotAnObject),
        ] {
            assert_eq!(PublicKeyFile::parse(text.as_bytes()), Err(expected), "{text}");
        }
        for text in [
            format!(r#"{{"kpak":"{}"}}"#, &digits[2..]),
            format!(r#"{{"kpak":"02{}"}}"#, &digits[2..]),
            format!(r#"{{"kpak":"{digits}","x":1}}"#),
            format!(r#"{{"kpak":"{digits}","fqdn":"mef"}}"#),
            format!(r#"{{"kpak":"{digits}","z_public":"{digits}"}}"#),
            format!(r#"{{"kpak":"{digits}","z_public":"04{}"}}"#, "00".repeat(256)),
            format!(r#"{{"kpak":[{{"kpak":"{digits}"}}],"z_public":"04"}}"#),
            format!(r#"{{"kpak":[{{"kpak":"{digits}","from":"2027"}}]}}"#),
            String::new(),
        ] {
            PublicKeyFile::parse(text.as_bytes()).unwrap_err();
        }
    }
}
