//! The KMS file: KSAK of ECCSI and z of SAKKE, sealed under a passphrase.
//!
//! Two lines of text. The first is the header, a JSON object:
//!
//! | field | meaning |
//! |---|---|
//! | `format`, `version` | `"ibc-kms"`, 1 |
//! | `kdf` | `name` `"argon2id"`, `memory_kib`, `passes`, `lanes`, `salt` (32 octets): [`super::kdf`] |
//! | `cipher` | `name` `"AES-256-GCM-SIV"`, `nonce` (12 octets) |
//! | `created` | time, `YYYYMMDDThhmmss` |
//! | `kpak` | KPAK, 65 octets |
//! | `z_public` | Z, 257 octets |
//!
//! The second is what the cipher made of `{"version":1,"ksak":"…","z":"…"}`: ciphertext and tag of 16
//! octets.
//! All octets are in hexadecimal. The key is argon2id (RFC 9106) of the passphrase, salt fresh for
//! each file; the associated data are the octets of the first line as they stand, so that no field of
//! the header can be changed unnoticed. Until the seal is open, nothing in the header is to be relied
//! upon, KPAK and Z least of all.

use super::hex::{self, Hex, exact};
use super::kdf::{KdfHeader, KdfParameters, SALT};
use super::{FormatError, json};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce, Tag, aead::AeadInOut};
use core::fmt;
use eccsi_sakke::eccsi::{KmsPublicKey, KmsSecretKey};
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use eccsi_sakke::sakke;
use rand_core::TryCryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Largest KMS file that is read, in octets: room for more keys than there are.
pub const MAX_OCTETS: u64 = 16 * 1024;

const FORMAT: &str = "ibc-kms";
const VERSION: u32 = 1;
const CIPHER: &str = "AES-256-GCM-SIV";
const NONCE: usize = 12;
const TAG: usize = 16;

/// The master keys of a KMS. Wiped when dropped.
pub struct MasterKeys {
    /// KSAK of ECCSI, which makes SSK and PVT.
    pub ksak: KmsSecretKey,
    /// z of SAKKE, which makes RSK.
    pub z: sakke::KmsSecretKey,
}

crate::redacted::redacted_debug!(MasterKeys);

impl MasterKeys {
    /// Makes new ones, independent of each other.
    ///
    /// # Errors
    /// [`eccsi_sakke::Error::Rng`] if `rng` fails.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, eccsi_sakke::Error> {
        Ok(Self { ksak: KmsSecretKey::generate(rng)?, z: sakke::KmsSecretKey::generate(rng)? })
    }
}

/// A KMS file as read, still sealed.
pub struct KmsFile {
    header: Vec<u8>,
    kdf: KdfParameters,
    salt: [u8; SALT],
    nonce: [u8; NONCE],
    created: UnixTime,
    kpak: KmsPublicKey,
    z_public: sakke::KmsPublicKey,
    sealed: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the header of a KMS file")]
struct Header<'a> {
    format: &'a str,
    version: u32,
    kdf: KdfHeader,
    cipher: Cipher<'a>,
    created: &'a str,
    kpak: &'a str,
    z_public: &'a str,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a cipher")]
struct Cipher<'a> {
    name: &'a str,
    nonce: &'a str,
}

#[derive(Serialize)]
struct SecretsOut<'a> {
    version: u32,
    ksak: &'a str,
    z: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "master keys")]
struct SecretsIn {
    version: u32,
    ksak: Hex<{ KmsSecretKey::BYTES }>,
    z: Hex<{ sakke::KmsSecretKey::BYTES }>,
}

/// Seals the master keys under `passphrase`: the octets of a new KMS file.
///
/// `rng` gives salt and nonce.
///
/// # Errors
/// [`eccsi_sakke::Error::Rng`] as [`SealError::Rng`]; [`FormatError::OutOfMemory`].
pub fn seal<R: TryCryptoRng + ?Sized>(
    keys: &MasterKeys,
    passphrase: &[u8],
    kdf: &KdfParameters,
    created: UnixTime,
    rng: &mut R,
) -> Result<Vec<u8>, SealError> {
    let (mut salt, mut nonce) = ([0; SALT], [0; NONCE]);
    rng.try_fill_bytes(&mut salt).map_err(|_| SealError::Rng)?;
    rng.try_fill_bytes(&mut nonce).map_err(|_| SealError::Rng)?;
    let created = ExpirationTime::from_unix(created).map_err(FormatError::from)?;
    let mut out = Vec::new();
    json::append(
        &mut out,
        &Header {
            format: FORMAT,
            version: VERSION,
            kdf: KdfHeader::new(kdf, &salt),
            cipher: Cipher { name: CIPHER, nonce: &base16ct::lower::encode_string(&nonce) },
            created: &std::format!("{created}"),
            kpak: &base16ct::lower::encode_string(&keys.ksak.public_key().to_bytes()),
            z_public: &base16ct::lower::encode_string(&keys.z.public_key().to_bytes()),
        },
    );
    let ksak = hex::encode_secret(keys.ksak.expose().as_slice());
    let z = hex::encode_secret(keys.z.expose().as_slice());
    let mut secrets = Zeroizing::new(Vec::with_capacity(512));
    json::append(&mut secrets, &SecretsOut { version: VERSION, ksak: &ksak, z: &z });
    let key = kdf.derive(passphrase, &salt)?;
    let tag = cipher(&key)
        .encrypt_inout_detached(&Nonce::from(nonce), &out, secrets.as_mut_slice().into())
        .expect("far below the length limits of the cipher");
    out.push(b'\n');
    out.extend_from_slice(base16ct::lower::encode_string(&secrets).as_bytes());
    out.extend_from_slice(base16ct::lower::encode_string(&tag).as_bytes());
    out.push(b'\n');
    Ok(out)
}

fn cipher(key: &[u8; 32]) -> Aes256GcmSiv {
    Aes256GcmSiv::new(key.into())
}

impl KmsFile {
    /// Reads a KMS file; nothing is known about the truth of its header yet.
    ///
    /// # Errors
    /// A [`FormatError`] that says what is wrong.
    pub fn parse(octets: &[u8]) -> Result<Self, FormatError> {
        let text = core::str::from_utf8(octets).map_err(|_| FormatError::NotText)?;
        let (header_line, sealed) = text.split_once('\n').ok_or(FormatError::Unknown("format"))?;
        let header: Header<'_> = json::object(header_line.as_bytes())?;
        for (known, what) in [
            (header.format == FORMAT, "format"),
            (header.version == VERSION, "version"),
            (header.cipher.name == CIPHER, "cipher"),
        ] {
            if !known {
                return Err(FormatError::Unknown(what));
            }
        }
        let (kdf, salt) = header.kdf.read()?;
        Ok(Self {
            header: header_line.into(),
            kdf,
            salt,
            nonce: exact(header.cipher.nonce, "nonce")?,
            created: ExpirationTime::parse(header.created)?.to_unix(),
            kpak: KmsPublicKey::from_slice(&hex::decode(header.kpak)?)?,
            z_public: sakke::KmsPublicKey::from_slice(&hex::decode(header.z_public)?)?,
            sealed: hex::decode(sealed.strip_suffix('\n').unwrap_or(sealed))?,
        })
    }

    /// Opens the seal.
    ///
    /// # Errors
    /// [`FormatError::Sealed`] if the passphrase is wrong or any octet was changed: the two cannot be
    /// told apart. [`FormatError::OutOfMemory`].
    pub fn open(&self, passphrase: &[u8]) -> Result<MasterKeys, FormatError> {
        let (sealed, tag) = self.sealed.split_last_chunk::<TAG>().ok_or(FormatError::Sealed)?;
        let mut secrets = Zeroizing::new(sealed.to_vec());
        let key = self.kdf.derive(passphrase, &self.salt)?;
        cipher(&key)
            .decrypt_inout_detached(
                &Nonce::from(self.nonce),
                &self.header,
                secrets.as_mut_slice().into(),
                &Tag::from(*tag),
            )
            .map_err(|_| FormatError::Sealed)?;
        let secrets: SecretsIn = json::object(&secrets)?;
        if secrets.version != VERSION {
            return Err(FormatError::Unknown("version"));
        }
        let keys = MasterKeys {
            ksak: KmsSecretKey::from_bytes(&secrets.ksak.0)?,
            z: sakke::KmsSecretKey::from_bytes(&secrets.z.0)?,
        };
        let fits = keys.ksak.public_key() == self.kpak && keys.z.public_key() == self.z_public;
        if fits { Ok(keys) } else { Err(FormatError::Sealed) }
    }

    /// KPAK as the header says, which anyone who can write the file can change: take
    /// [`KmsSecretKey::public_key`] of the opened file instead, where it matters.
    pub fn claimed_public_key(&self) -> &KmsPublicKey {
        &self.kpak
    }

    /// Z as the header says, of which the same holds.
    pub fn claimed_z_public(&self) -> &sakke::KmsPublicKey {
        &self.z_public
    }

    /// When the file was made, as the header says.
    pub fn created(&self) -> UnixTime {
        self.created
    }

    /// The parameters of the key derivation.
    pub fn kdf(&self) -> &KdfParameters {
        &self.kdf
    }
}

impl fmt::Debug for KmsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KmsFile")
            .field("kpak", &self.kpak)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

/// Why a KMS file could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The random generator failed.
    Rng,
    /// See the error inside.
    Format(FormatError),
}

impl From<FormatError> for SealError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rng => eccsi_sakke::Error::Rng.fmt(f),
            Self::Format(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SealError {}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ops::RangeInclusive;
    use eccsi_sakke::SysRng;

    const CHEAP: KdfParameters = KdfParameters { memory_kib: 8, passes: 1, lanes: 1 };

    fn sealed() -> (MasterKeys, String) {
        let keys = MasterKeys::generate(&mut SysRng).unwrap();
        // Cheaper than the bounds allow, which are checked when parsing.
        let octets = seal(&keys, b"passphrase", &CHEAP, UnixTime::from_seconds(1_800_000_000), &mut SysRng);
        (keys, String::from_utf8(octets.unwrap()).unwrap())
    }

    /// As [`KmsFile::parse`], but for the bounds of the parameters.
    fn parse_cheap(text: &str) -> KmsFile {
        let (header, _) = text.split_once('\n').unwrap();
        let within = text.replace("\"memory_kib\":8,\"passes\":1", "\"memory_kib\":65536,\"passes\":3");
        KmsFile { header: header.into(), kdf: CHEAP, ..KmsFile::parse(within.as_bytes()).unwrap() }
    }

    #[test]
    fn opens_with_the_passphrase_and_with_no_other() {
        let (keys, text) = sealed();
        let file = parse_cheap(&text);
        let opened = file.open(b"passphrase").unwrap();
        assert_eq!(opened.ksak.expose(), keys.ksak.expose());
        assert_eq!(opened.z.expose(), keys.z.expose());
        assert_eq!(file.claimed_public_key(), &keys.ksak.public_key());
        assert_eq!(file.claimed_z_public(), &keys.z.public_key());
        assert_eq!(file.created(), UnixTime::from_seconds(1_800_000_000));
        for wrong in [&b""[..], b"Passphrase", b"passphrase\n"] {
            assert_eq!(file.open(wrong).err(), Some(FormatError::Sealed));
        }
        assert!(!text.contains(hex::encode_secret(keys.ksak.expose().as_slice()).as_str()));
        assert!(!text.contains(hex::encode_secret(keys.z.expose().as_slice()).as_str()));
        assert!(!format!("{file:?}").contains("sealed"));
    }

    #[test]
    fn no_octet_can_be_changed_unnoticed() {
        let (_, text) = sealed();
        let mut file = parse_cheap(&text);
        for at in 0..file.header.len() {
            file.header[at] ^= 1;
            assert_eq!(file.open(b"passphrase").err(), Some(FormatError::Sealed), "header octet {at}");
            file.header[at] ^= 1;
        }
        for at in 0..file.sealed.len() {
            file.sealed[at] ^= 0x80;
            assert_eq!(file.open(b"passphrase").err(), Some(FormatError::Sealed), "sealed octet {at}");
            file.sealed[at] ^= 0x80;
        }
        file.open(b"passphrase").unwrap();
        for length in 0..TAG + 1 {
            file.sealed.truncate(TAG - length);
            assert_eq!(file.open(b"passphrase").err(), Some(FormatError::Sealed), "length {}", TAG - length);
        }
    }

    #[test]
    fn both_public_keys_must_be_those_of_the_secrets() {
        let (_, text) = sealed();
        let (other, _) = sealed();
        let file = || parse_cheap(&text);
        // As only who knows the passphrase could seal it: the header itself is authentic.
        let foreign_kpak = KmsFile { kpak: other.ksak.public_key(), ..file() };
        let foreign_z = KmsFile { z_public: other.z.public_key(), ..file() };
        file().open(b"passphrase").unwrap();
        for file in [foreign_kpak, foreign_z] {
            assert_eq!(file.open(b"passphrase").err(), Some(FormatError::Sealed));
        }
    }

    #[test]
    fn two_files_of_one_key_have_nothing_in_common() {
        let (keys, text) = sealed();
        let again =
            seal(&keys, b"passphrase", &CHEAP, UnixTime::from_seconds(1_800_000_000), &mut SysRng).unwrap();
        let (one, two) = (parse_cheap(&text), parse_cheap(core::str::from_utf8(&again).unwrap()));
        assert_ne!(one.salt, two.salt);
        assert_ne!(one.nonce, two.nonce);
        assert_ne!(one.sealed, two.sealed);
    }

    #[test]
    fn refuses_what_it_does_not_know_and_what_costs_too_much() {
        let (_, text) = sealed();
        let good = text.replace("\"memory_kib\":8,\"passes\":1", "\"memory_kib\":65536,\"passes\":3");
        KmsFile::parse(good.as_bytes()).unwrap();
        let kdf = |name, range: RangeInclusive<u32>| FormatError::KdfParameter {
            name,
            min: *range.start(),
            max: *range.end(),
        };
        for (from, to, expected) in [
            ("ibc-kms", "ibc-kmz", FormatError::Unknown("format")),
            ("\"version\":1", "\"version\":2", FormatError::Unknown("version")),
            ("argon2id", "argon2i", FormatError::Unknown("key derivation")),
            ("GCM-SIV", "GCM", FormatError::Unknown("cipher")),
            ("65536", "4294967295", kdf("memory_kib", KdfParameters::MEMORY_KIB)),
            ("65536", "1048577", kdf("memory_kib", KdfParameters::MEMORY_KIB)),
            ("65536", "19455", kdf("memory_kib", KdfParameters::MEMORY_KIB)),
            ("\"passes\":3", "\"passes\":17", kdf("passes", KdfParameters::PASSES)),
            ("\"passes\":3", "\"passes\":0", kdf("passes", KdfParameters::PASSES)),
            ("\"lanes\":1", "\"lanes\":17", kdf("lanes", KdfParameters::LANES)),
            ("\"salt\":\"", "\"salt\":\"00", FormatError::Unknown("salt")),
            ("\"nonce\":\"", "\"nonce\":\"00", FormatError::Unknown("nonce")),
            ("\"nonce\":\"", "\"nonce\":\"0", FormatError::NotHex),
            ("{\"format\"", "[\"format\"", FormatError::NotAnObject),
        ] {
            let changed = good.replacen(from, to, 1);
            assert_ne!(changed, good, "{from}");
            assert_eq!(KmsFile::parse(changed.as_bytes()).err(), Some(expected), "{from} → {to}");
        }
        for (from, to) in [
            ("\"kdf\"", "\"kdg\""),
            ("\"lanes\":1", "\"lanes\":-1"),
            ("\"lanes\":1", "\"lanes\":1,\"lanes\":1"),
        ] {
            assert!(
                matches!(KmsFile::parse(good.replacen(from, to, 1).as_bytes()), Err(FormatError::Json(_))),
                "{from}"
            );
        }
        assert!(matches!(
            KmsFile::parse(good.replacen("\"kpak\":\"04", "\"kpak\":\"05", 1).as_bytes()),
            Err(FormatError::Decode(_))
        ));
        assert!(matches!(
            KmsFile::parse(good.replacen("\"z_public\":\"04", "\"z_public\":\"02", 1).as_bytes()),
            Err(FormatError::Decode(_))
        ));
        for octets in [&b""[..], b"\n", b"{}", b"{}\n", b"\xff\n", b"\"secret\"\n"] {
            KmsFile::parse(octets).unwrap_err();
        }
    }
}
