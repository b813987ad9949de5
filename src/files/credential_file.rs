//! A credential: the identity, SSK, PVT and KPAK, as a JSON object.
//!
//! ```json
//! {"id2":"mef.example.com@2F435345@20270101T000000",
//!  "ssk":"1e81…6a70","pvt":"0475…1f79","kpak":"0450…17f4"}
//! ```
//!
//! | field | meaning |
//! |---|---|
//! | `id2` | the identity, if it is an ID_2 of oneM2M |
//! | `id_hex` | its octets in hexadecimal, if it is not; one of the two is there |
//! | `ssk`, `pvt`, `kpak` | 32, 65, 65 octets in hexadecimal, either case |
//! | `rsk`, `z_public` | for SAKKE: carried along, in hexadecimal; may be missing |
//!
//! Any other field is refused. Reading checks the form of each value; whether they belong together
//! only [`CredentialFile::validate`] knows.

use super::hex::{self, Digits, Hex};
use super::{FileError, FormatError, json, private_file};
use crate::eccsi::{IssuedKey, KmsPublicKey, PublicValidationToken, SigningKey};
use crate::identity::Identity;
use crate::onem2m::ExpiringIdentity;
use core::fmt;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::prelude::rust_2024::*;
use zeroize::Zeroizing;

/// Largest credential that is read, in octets: above the longest identity with all fields.
pub const MAX_OCTETS: u64 = 16 * 1024;

/// Largest identity, in octets. An ID_2 that fits a PSK identity has 206.
pub const MAX_IDENTITY: usize = 4096;

/// Most digits of `rsk` and of `z_public`: a point of SAKKE's curve has 257 octets.
const MAX_POINT_DIGITS: usize = 2 * 257;

/// The identity of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialIdentity {
    /// An ID_2 of oneM2M.
    Id2(ExpiringIdentity),
    /// Octets that are no ID_2.
    Octets(Vec<u8>),
}

impl CredentialIdentity {
    /// Reads an ID_2.
    ///
    /// # Errors
    /// [`FormatError::LongIdentity`], [`FormatError::Identifier`].
    pub fn parse_id2(text: &str) -> Result<Self, FormatError> {
        check_length(text.len())?;
        Ok(Self::Id2(ExpiringIdentity::parse(text)?))
    }

    /// Reads an identity that is not oneM2M's, in hexadecimal.
    ///
    /// # Errors
    /// [`FormatError::NotHex`], [`FormatError::LongIdentity`]; [`FormatError::HiddenId2`] for the
    /// octets of an ID_2, whose expiry must not get lost.
    pub fn parse_hex(digits: &str) -> Result<Self, FormatError> {
        check_length(digits.len() / 2)?;
        let octets = hex::decode(digits)?;
        match core::str::from_utf8(&octets).map(ExpiringIdentity::parse) {
            Ok(Ok(_)) => Err(FormatError::HiddenId2),
            Ok(Err(_)) | Err(_) => Ok(Self::Octets(octets)),
        }
    }

    /// The octets that the key is bound to.
    pub fn identity(&self) -> Identity<'_> {
        match self {
            Self::Id2(id_2) => id_2.identity(),
            Self::Octets(octets) => Identity::new(octets),
        }
    }

    /// The ID_2, if it is one.
    pub fn id_2(&self) -> Option<&ExpiringIdentity> {
        match self {
            Self::Id2(id_2) => Some(id_2),
            Self::Octets(_) => None,
        }
    }
}

fn check_length(octets: usize) -> Result<(), FormatError> {
    if octets <= MAX_IDENTITY { Ok(()) } else { Err(FormatError::LongIdentity { limit: MAX_IDENTITY }) }
}

/// The ID_2, or the octets in hexadecimal.
impl fmt::Display for CredentialIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id2(id_2) => id_2.fmt(f),
            Self::Octets(octets) => f.write_str(&base16ct::lower::encode_string(octets)),
        }
    }
}

/// A credential as read: well formed, not validated. SSK and RSK are wiped when dropped.
pub struct CredentialFile {
    identity: CredentialIdentity,
    key: IssuedKey,
    kpak: KmsPublicKey,
    rsk: Option<Zeroizing<String>>,
    z_public: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextIn<'a> {
    #[serde(borrow)]
    id2: Option<&'a str>,
    id_hex: Option<&'a str>,
    ssk: Hex<{ IssuedKey::SSK_BYTES }>,
    pvt: Hex<{ PublicValidationToken::BYTES }>,
    kpak: Hex<{ KmsPublicKey::BYTES }>,
    #[serde(borrow)]
    rsk: Option<Digits<'a>>,
    #[serde(borrow)]
    z_public: Option<Digits<'a>>,
}

#[derive(Serialize)]
struct TextOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id2: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_hex: Option<&'a str>,
    ssk: &'a str,
    pvt: &'a str,
    kpak: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rsk: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    z_public: Option<&'a str>,
}

impl CredentialFile {
    /// Reads a credential.
    ///
    /// # Errors
    /// A [`FormatError`] that says what is wrong and shows nothing of SSK or RSK.
    pub fn parse(octets: &[u8]) -> Result<Self, FormatError> {
        let text: TextIn<'_> = json::object(octets)?;
        let identity = match (text.id2, text.id_hex) {
            (Some(id2), None) => CredentialIdentity::parse_id2(id2)?,
            (None, Some(digits)) => CredentialIdentity::parse_hex(digits)?,
            (Some(_), Some(_)) | (None, None) => return Err(FormatError::OneIdentity),
        };
        let pvt = PublicValidationToken::from_bytes(&text.pvt.0)?;
        Ok(Self {
            identity,
            key: IssuedKey::from_parts(&text.ssk.0, &pvt)?,
            kpak: KmsPublicKey::from_bytes(&text.kpak.0)?,
            rsk: point_digits(text.rsk)?.map(|digits| Zeroizing::new(digits.into())),
            z_public: point_digits(text.z_public)?.map(Into::into),
        })
    }

    /// Reads a credential from a file of mode 0600, or from standard input if `path` is `-`.
    ///
    /// # Errors
    /// A [`FileError`] that says what is wrong.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let octets = private_file::read_or_stdin(path, MAX_OCTETS)?;
        Self::parse(&octets).map_err(|error| FileError::new(path, error))
    }

    /// The credential just issued: a validated key and the identity it was validated for.
    pub fn to_json(identity: &CredentialIdentity, key: &SigningKey) -> Zeroizing<Vec<u8>> {
        text(identity, &key.expose_ssk(), key.pvt(), key.kms_public_key(), None, None)
    }

    /// The credential as it was read, in the one form that this program writes.
    pub fn rewritten(&self) -> Zeroizing<Vec<u8>> {
        let rsk = self.rsk.as_ref().map(|digits| digits.as_str());
        text(
            &self.identity,
            &self.key.expose_ssk(),
            self.key.pvt(),
            &self.kpak,
            rsk,
            self.z_public.as_deref(),
        )
    }

    /// Validates the credential under its own KPAK (RFC 6507 §5.1.2), which says that its parts belong
    /// together, and no more: compare the KPAK with one that is trusted, or use
    /// [`into_parts`](Self::into_parts).
    ///
    /// # Errors
    /// [`crate::Error::InvalidKey`].
    pub fn validate(self) -> Result<(CredentialIdentity, SigningKey), crate::Error> {
        let key = self.key.validate(&self.kpak, self.identity.identity())?;
        Ok((self.identity, key))
    }

    /// Identity, issued key, and the KPAK delivered with it.
    pub fn into_parts(self) -> (CredentialIdentity, IssuedKey, KmsPublicKey) {
        (self.identity, self.key, self.kpak)
    }

    /// The identity.
    pub fn identity(&self) -> &CredentialIdentity {
        &self.identity
    }

    /// SSK and PVT.
    pub fn key(&self) -> &IssuedKey {
        &self.key
    }

    /// The KPAK delivered with the key.
    pub fn kpak(&self) -> &KmsPublicKey {
        &self.kpak
    }

    /// Whether there is an RSK of SAKKE.
    pub fn has_rsk(&self) -> bool {
        self.rsk.is_some()
    }
}

crate::secret::redacted_debug!(CredentialFile);

/// One line of JSON, the line end included.
fn text(
    identity: &CredentialIdentity,
    ssk: &[u8; 32],
    pvt: &PublicValidationToken,
    kpak: &KmsPublicKey,
    rsk: Option<&str>,
    z_public: Option<&str>,
) -> Zeroizing<Vec<u8>> {
    const FIELDS: usize = 1024 + 2 * MAX_POINT_DIGITS;
    let name = std::format!("{identity}");
    let (id2, id_hex) = match identity {
        CredentialIdentity::Id2(_) => (Some(name.as_str()), None),
        CredentialIdentity::Octets(_) => (None, Some(name.as_str())),
    };
    json::line(
        &TextOut {
            id2,
            id_hex,
            ssk: &hex::encode_secret(ssk),
            pvt: &base16ct::lower::encode_string(&pvt.to_bytes()),
            kpak: &base16ct::lower::encode_string(&kpak.to_bytes()),
            rsk,
            z_public,
        },
        FIELDS + name.len(),
    )
}

/// Checks the length of a value for SAKKE; which point it is, nobody here asks.
fn point_digits(digits: Option<Digits<'_>>) -> Result<Option<&str>, FormatError> {
    match digits {
        Some(Digits(text)) if text.len() > MAX_POINT_DIGITS => Err(FormatError::LongPoint),
        digits => Ok(digits.map(|Digits(text)| text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SysRng;
    use crate::eccsi::KmsSecretKey;
    use std::format;

    const ID_2: &str = "mef.example.com@2F435345303930313132@20270101T000000";

    fn credential(identity: &CredentialIdentity) -> (String, String) {
        let ksak = KmsSecretKey::generate(&mut SysRng).unwrap();
        let key = ksak.issue(identity.identity(), &mut SysRng).unwrap();
        let key = key.validate(&ksak.public_key(), identity.identity()).unwrap();
        let text = CredentialFile::to_json(identity, &key);
        let ssk = hex::encode_secret(key.expose_ssk().as_slice());
        (core::str::from_utf8(&text).unwrap().into(), ssk.as_str().into())
    }

    #[test]
    fn reads_what_it_writes() {
        for identity in [
            CredentialIdentity::parse_id2(ID_2).unwrap(),
            CredentialIdentity::parse_hex("").unwrap(),
            CredentialIdentity::parse_hex("00ffC3").unwrap(),
            CredentialIdentity::Octets(std::vec![0xa5; MAX_IDENTITY]),
        ] {
            let (text, _) = credential(&identity);
            assert!(text.len() as u64 <= MAX_OCTETS);
            let read = CredentialFile::parse(text.as_bytes()).unwrap();
            assert_eq!(read.identity(), &identity);
            assert_eq!(read.rewritten().as_slice(), text.as_bytes());
            read.validate().unwrap();
        }
    }

    #[test]
    fn carries_the_values_of_sakke_along() {
        let (text, _) = credential(&CredentialIdentity::parse_id2(ID_2).unwrap());
        let with =
            text.replace("\"}", &format!("\",\"rsk\":\"04{}\",\"z_public\":\"04Aa\"}}", "7f".repeat(256)));
        let read = CredentialFile::parse(with.as_bytes()).unwrap();
        assert!(read.has_rsk());
        assert_eq!(read.rewritten().as_slice(), with.as_bytes());
        for bad in ["0", "0g", "\\u0030a1b2c3", &"a1b2c3".repeat(200)] {
            let with = text.replace("\"}", &format!("\",\"rsk\":\"{bad}\"}}"));
            let error = CredentialFile::parse(with.as_bytes()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("a1b2c3"), "{error}");
        }
    }

    #[test]
    fn an_id2_cannot_hide_its_expiry() {
        let hidden = base16ct::lower::encode_string(ID_2.as_bytes());
        assert_eq!(CredentialIdentity::parse_hex(&hidden), Err(FormatError::HiddenId2));
        let long = "00".repeat(MAX_IDENTITY + 1);
        assert_eq!(
            CredentialIdentity::parse_hex(&long),
            Err(FormatError::LongIdentity { limit: MAX_IDENTITY })
        );
    }

    #[test]
    fn refuses_other_forms_and_shows_no_secret() {
        let (text, ssk) = credential(&CredentialIdentity::parse_id2(ID_2).unwrap());
        let kinds: [(&str, String); 14] = [
            ("unknown field", text.replace("{\"id2\"", "{\"extra\":1,\"id2\"")),
            ("field twice", text.replace("{\"id2\"", &format!("{{\"ssk\":\"{ssk}\",\"id2\""))),
            ("no identity", text.replace(&format!("\"id2\":\"{ID_2}\","), "")),
            ("two identities", text.replace("{\"id2\"", "{\"id_hex\":\"00\",\"id2\"")),
            ("ssk short", text.replace(&ssk, &ssk[2..])),
            ("ssk no hex", text.replace(&ssk, &ssk.replace(|c: char| c.is_ascii_digit(), "x"))),
            ("ssk escaped", text.replace(&ssk, &format!("\\u0030{}", &ssk[1..]))),
            ("ssk a number", text.replace(&format!("\"{ssk}\""), "12345678901234567890")),
            ("ssk in an array", text.replace(&format!("\"{ssk}\""), &format!("[\"{ssk}\"]"))),
            ("ssk as identity", text.replace(ID_2, &ssk)),
            ("rsk in place of ssk", text.replace("\"ssk\"", "\"rsk\"")),
            ("array", format!("[{text}]")),
            ("string", format!("\"{ssk}\"")),
            ("trailing", format!("{text}{ssk}")),
        ];
        for (what, bad) in kinds {
            assert_ne!(bad, text, "{what}");
            let error = CredentialFile::parse(bad.as_bytes()).expect_err(what);
            let shown = format!("{error} {error:?}").to_lowercase();
            assert!(!shown.contains(&ssk[2..20]) && !shown.contains("12345678901"), "{what}: {shown}");
        }
        let zero = text.replace(&ssk, &"00".repeat(32));
        assert!(matches!(CredentialFile::parse(zero.as_bytes()), Err(FormatError::Decode(_))));
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let error = CredentialFile::parse(b"{\"\\u001b[2J\":1}").unwrap_err();
        assert!(!format!("{error}").contains('\x1b'), "{error}");
    }
}
