//! A credential: the identity, SSK, PVT and KPAK, and for SAKKE RSK and Z, as a JSON object.
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
//! | `rsk`, `z_public` | for SAKKE: RSK and Z, 257 octets each; both are there, or neither |
//!
//! RSK is that of the identifier b = SHA-256 of the identity's octets, for either form of identity:
//! see [`CredentialIdentity::sakke_identifier`].
//!
//! Any other field is refused. Reading checks the form of each value; whether they belong together
//! only [`CredentialFile::validate`] knows.

use super::hex::{self, Hex};
use super::{FileError, FormatError, json, private_file};
use core::fmt;
use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, PublicValidationToken, SigningKey};
use eccsi_sakke::identity::Identity;
use eccsi_sakke::onem2m::ExpiringIdentity;
use eccsi_sakke::onem2m::{IdentifierError, UnixTime};
use eccsi_sakke::saef::{Credential, SaefError, TrustedDomains};
use eccsi_sakke::sakke;
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// Largest credential that is read, in octets: above the longest identity with all fields.
pub const MAX_OCTETS: u64 = 16 * 1024;

/// Largest identity, in octets. An ID_2 that fits a PSK identity has 206.
pub const MAX_IDENTITY: usize = 4096;

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

    /// The identifier b that SAKKE takes for it: SHA-256 of the octets, of every identity, since an
    /// identity itself may be too long for an integer below q, or too small.
    pub fn sakke_identifier(&self) -> sakke::Identifier {
        sakke::Identifier::hash_of(self.identity())
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
    sakke: Option<SakkePart>,
}

/// What a credential holds for SAKKE: well formed, not validated. RSK is wiped when dropped.
pub struct SakkePart {
    /// RSK.
    pub rsk: sakke::IssuedKey,
    /// The Z delivered with it.
    pub z_public: sakke::KmsPublicKey,
}

crate::redacted::redacted_debug!(SakkePart);

impl SakkePart {
    /// Validates RSK for `identity` under the Z delivered with it (RFC 6508 §6.1.2): compare that Z with
    /// one that is trusted.
    ///
    /// # Errors
    /// [`eccsi_sakke::Error::InvalidKey`].
    pub fn validate(
        &self,
        identity: &CredentialIdentity,
    ) -> Result<sakke::ReceiverSecretKey, eccsi_sakke::Error> {
        self.rsk.validate(&self.z_public, &identity.sakke_identifier())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a credential")]
struct TextIn<'a> {
    #[serde(borrow)]
    id2: Option<&'a str>,
    id_hex: Option<&'a str>,
    ssk: Hex<{ IssuedKey::SSK_BYTES }>,
    pvt: Hex<{ PublicValidationToken::BYTES }>,
    kpak: Hex<{ KmsPublicKey::BYTES }>,
    rsk: Option<Hex<{ sakke::IssuedKey::BYTES }>>,
    z_public: Option<Hex<{ sakke::KmsPublicKey::BYTES }>>,
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
        Self::parse_with(octets, None)
    }

    /// As [`parse`](Self::parse); a Z that is `known` is not checked once more, which takes longer than
    /// all the rest.
    pub(super) fn parse_with(
        octets: &[u8],
        known: Option<&sakke::KmsPublicKey>,
    ) -> Result<Self, FormatError> {
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
            sakke: match (text.rsk, text.z_public) {
                (None, None) => None,
                (Some(rsk), Some(z_public)) => Some(SakkePart {
                    rsk: sakke::IssuedKey::from_bytes(&rsk.0)?,
                    z_public: match known {
                        Some(known) if known.to_bytes() == *z_public.0 => known.clone(),
                        _ => sakke::KmsPublicKey::from_bytes(&z_public.0)?,
                    },
                }),
                (Some(_), None) | (None, Some(_)) => return Err(FormatError::RskWithoutZ),
            },
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

    /// The credential just issued: validated keys and the identity they were validated for.
    pub fn to_json(
        identity: &CredentialIdentity,
        key: &SigningKey,
        rsk: Option<&sakke::ReceiverSecretKey>,
    ) -> Zeroizing<Vec<u8>> {
        let rsk = rsk.map(|rsk| (rsk.expose(), rsk.kms_public_key()));
        text(identity, &key.expose(), key.pvt(), key.kms_public_key(), rsk)
    }

    /// The credential as it was read, in the one form that this program writes.
    pub fn rewritten(&self) -> Zeroizing<Vec<u8>> {
        let rsk = self.sakke.as_ref().map(|sakke| (sakke.rsk.expose(), &sakke.z_public));
        text(&self.identity, &self.key.expose(), self.key.pvt(), &self.kpak, rsk)
    }

    /// Validates SSK and PVT under the credential's own KPAK (RFC 6507 §5.1.2), which says that they
    /// belong together, and no more: compare the KPAK with one that is trusted, or use
    /// [`into_parts`](Self::into_parts). RSK is left alone.
    ///
    /// # Errors
    /// [`eccsi_sakke::Error::InvalidKey`].
    pub fn validate(self) -> Result<(CredentialIdentity, SigningKey), eccsi_sakke::Error> {
        let key = self.key.validate(&self.kpak, self.identity.identity())?;
        Ok((self.identity, key))
    }

    /// Installs it for the IBC-based security association: [`Credential::install`]. RSK is left alone.
    ///
    /// # Errors
    /// A [`SaefError`]; [`SaefError::Identifier`] if the identity is no ID_2.
    pub fn install(&self, trusted: &TrustedDomains, now: UnixTime) -> Result<Credential, SaefError> {
        let id_2 = self.identity.id_2().ok_or(IdentifierError::ExpiringIdentityParts)?;
        Credential::install(id_2.clone(), &self.key, &self.kpak, trusted, now)
    }

    /// Identity, issued key, the KPAK delivered with it, and what there is for SAKKE.
    pub fn into_parts(self) -> (CredentialIdentity, IssuedKey, KmsPublicKey, Option<SakkePart>) {
        (self.identity, self.key, self.kpak, self.sakke)
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

    /// RSK and Z, if they are there.
    pub fn sakke(&self) -> Option<&SakkePart> {
        self.sakke.as_ref()
    }
}

crate::redacted::redacted_debug!(CredentialFile);

/// One line of JSON, the line end included.
fn text(
    identity: &CredentialIdentity,
    ssk: &[u8; 32],
    pvt: &PublicValidationToken,
    kpak: &KmsPublicKey,
    sakke: Option<(Zeroizing<[u8; sakke::IssuedKey::BYTES]>, &sakke::KmsPublicKey)>,
) -> Zeroizing<Vec<u8>> {
    const FIELDS: usize = 1024 + 2 * sakke::IssuedKey::BYTES + 2 * sakke::KmsPublicKey::BYTES;
    let rsk = sakke.as_ref().map(|(rsk, _)| hex::encode_secret(rsk.as_slice()));
    let z_public = sakke.as_ref().map(|(_, z_public)| base16ct::lower::encode_string(&z_public.to_bytes()));
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
            rsk: rsk.as_ref().map(|digits| digits.as_str()),
            z_public: z_public.as_deref(),
        },
        FIELDS + name.len(),
    )
}

#[cfg(all(test, any(feature = "cli", feature = "service")))]
mod tests {
    use super::*;
    use crate::files::kms_file::MasterKeys;
    use eccsi_sakke::SysRng;
    use eccsi_sakke::eccsi::KmsSecretKey;

    const ID_2: &str = "mef.example.com@2F435345303930313132@20270101T000000";

    fn credential(identity: &CredentialIdentity) -> (String, String) {
        let ksak = KmsSecretKey::generate(&mut SysRng).unwrap();
        let key = ksak.issue(identity.identity(), &mut SysRng).unwrap();
        let key = key.validate(&ksak.public_key(), identity.identity()).unwrap();
        let text = CredentialFile::to_json(identity, &key, None);
        let ssk = hex::encode_secret(key.expose().as_slice());
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
    fn holds_rsk_and_z_or_neither() {
        let identity = CredentialIdentity::parse_id2(ID_2).unwrap();
        let keys = MasterKeys::generate(&mut SysRng).unwrap();
        let key = keys.ksak.issue(identity.identity(), &mut SysRng).unwrap();
        let key = key.validate(&keys.ksak.public_key(), identity.identity()).unwrap();
        let (b, z) = (identity.sakke_identifier(), keys.z.public_key());
        let rsk = keys.z.issue(&b).unwrap().validate(&z, &b).unwrap();
        let text = CredentialFile::to_json(&identity, &key, Some(&rsk));
        let text = core::str::from_utf8(&text).unwrap();
        for known in [None, Some(&z), Some(&sakke::KmsSecretKey::generate(&mut SysRng).unwrap().public_key())]
        {
            let read = CredentialFile::parse_with(text.as_bytes(), known).unwrap();
            assert_eq!(read.rewritten().as_slice(), text.as_bytes());
            let (read_identity, _, _, sakke) = read.into_parts();
            let sakke = sakke.unwrap();
            assert_eq!(sakke.z_public, z);
            sakke.validate(&read_identity).unwrap();
        }
        let read = CredentialFile::parse(text.as_bytes()).unwrap();
        let other = CredentialIdentity::parse_hex("00").unwrap();
        assert!(matches!(read.into_parts().3.unwrap().validate(&other), Err(eccsi_sakke::Error::InvalidKey)));

        let digits = hex::encode_secret(rsk.expose().as_slice());
        let z_digits = base16ct::lower::encode_string(&z.to_bytes());
        for (what, bad) in [
            ("rsk alone", text.replace(&format!(",\"z_public\":\"{z_digits}\""), "")),
            ("z_public alone", text.replace(&format!(",\"rsk\":\"{}\"", *digits), "")),
            ("rsk short", text.replace(digits.as_str(), &digits[2..])),
            ("rsk long", text.replace(digits.as_str(), &format!("{}00", *digits))),
            ("rsk escaped", text.replace(digits.as_str(), &format!("\\u0030{}", &digits[1..]))),
            ("rsk compressed", text.replace("\"rsk\":\"04", "\"rsk\":\"02")),
            (
                "rsk off the curve",
                text.replace(&digits[512..], if &digits[512..] == "00" { "01" } else { "00" }),
            ),
            ("rsk not reduced", text.replace(&digits[2..258], &"f".repeat(256))),
            ("z_public short", text.replace(&z_digits, &z_digits[2..])),
            ("z_public no point", text.replace(&z_digits[2..], &"00".repeat(256))),
        ] {
            assert_ne!(bad, text, "{what}");
            let error = CredentialFile::parse(bad.as_bytes()).expect_err(what);
            let shown = format!("{error} {error:?}").to_lowercase();
            assert!(!shown.contains(&digits[2..34]) && !shown.contains(&digits[300..332]), "{what}: {shown}");
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
