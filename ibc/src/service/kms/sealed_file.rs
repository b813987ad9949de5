//! The two lines of every file of a key directory; see [`super`].

use super::error::KeysError;
use crate::files::private_file::{self, Existing};
use crate::files::{FileProblem, FormatError, hex, json};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce, Tag, aead::AeadInOut};
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use hkdf::Hkdf;
use rand_core::TryCryptoRng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fs;
use std::path::Path;
use zeroize::Zeroizing;

const FORMAT: &str = "ibc-keys";
const VERSION: u32 = 1;

/// The cipher of every file whose key is in this process.
pub(super) const GCM_SIV: &str = "AES-256-GCM-SIV";

pub(super) const NONCE: usize = 12;
pub(super) const TAG: usize = 16;

/// Octets of every key that opens a file.
pub(super) const KEY: usize = 32;

/// Largest file that is read, in octets: room for more than any kind needs.
const MAX_OCTETS: u64 = 8 * 1024;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Service,
    Kms,
    Data,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Service => "service",
            Self::Kms => "kms",
            Self::Data => "data",
        }
    }
}

/// The key of a purpose: HKDF-Expand-SHA-256(root key, `"ibc key directory v1 "` ‖ purpose, 32), written
/// into `key`.
pub(super) fn derive_key(root: &[u8; KEY], purpose: &str, key: &mut [u8; KEY]) {
    Hkdf::<Sha256>::from_prk(root)
        .expect("as long as a hash")
        .expand_multi_info(&[b"ibc key directory v1 ", purpose.as_bytes()], key)
        .expect("one block");
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<A> {
    format: String,
    version: u32,
    kind: String,
    name: String,
    cipher: Cipher,
    created: String,
    about: A,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cipher {
    name: String,
    nonce: String,
}

/// What the header of a new file says.
pub(super) struct NewHeader<'a, A> {
    pub(super) kind: Kind,
    pub(super) name: &'a str,
    pub(super) cipher: &'a str,
    pub(super) created: UnixTime,
    pub(super) nonce: [u8; NONCE],
    pub(super) about: A,
}

impl<A: Serialize> NewHeader<'_, A> {
    /// The first line, without its end.
    fn line(self) -> Result<Vec<u8>, KeysError> {
        let mut line = Vec::new();
        json::append(
            &mut line,
            &Header {
                format: FORMAT.into(),
                version: VERSION,
                kind: self.kind.as_str().into(),
                name: self.name.into(),
                cipher: Cipher {
                    name: self.cipher.into(),
                    nonce: base16ct::lower::encode_string(&self.nonce),
                },
                created: timestamp(self.created)?,
                about: self.about,
            },
        );
        Ok(line)
    }

    /// The octets of the file, its secret sealed by `encrypt`, which gets the associated data and gives
    /// ciphertext and tag.
    pub(super) fn seal_with(
        self,
        encrypt: impl FnOnce(&[u8]) -> Result<Vec<u8>, KeysError>,
    ) -> Result<Vec<u8>, KeysError> {
        let mut file = self.line()?;
        let sealed = encrypt(&file)?;
        file.push(b'\n');
        file.extend_from_slice(base16ct::lower::encode_string(&sealed).as_bytes());
        file.push(b'\n');
        Ok(file)
    }

    /// The octets of the file, `secret` sealed under `key`.
    pub(super) fn seal(self, key: &[u8; KEY], secret: &[u8]) -> Result<Vec<u8>, KeysError> {
        let nonce = self.nonce;
        self.seal_with(|associated| Ok(encrypt(key, &nonce, associated, secret)))
    }
}

/// Text of a time in a header.
pub(super) fn timestamp(time: UnixTime) -> Result<String, KeysError> {
    ExpirationTime::from_unix(time).map(|time| std::format!("{time}")).map_err(|_| KeysError::Validity)
}

/// A file as read, still sealed. Nothing is known about the truth of its header.
pub(super) struct SealedFile<A> {
    pub(super) line: Vec<u8>,
    pub(super) cipher: String,
    pub(super) nonce: [u8; NONCE],
    pub(super) created: UnixTime,
    pub(super) about: A,
    pub(super) sealed: Vec<u8>,
}

impl<A: DeserializeOwned> SealedFile<A> {
    /// Reads the file `name` of `folder`, which must be of this kind, and no link.
    pub(super) fn read(folder: &Path, name: &str, kind: Kind) -> Result<Self, KeysError> {
        let path = folder.join(name);
        let read = || -> Result<_, KeysError> {
            let metadata = fs::symlink_metadata(&path).map_err(FileProblem::from);
            if !metadata.map_err(|problem| KeysError::file(&path, problem))?.is_file() {
                return Err(KeysError::file(&path, FileProblem::NotRegular));
            }
            let octets = private_file::read(&path, MAX_OCTETS)?;
            Self::parse(&octets, name, kind).map_err(|error| KeysError::file(&path, error))
        };
        read()
    }

    fn parse(octets: &[u8], name: &str, kind: Kind) -> Result<Self, FormatError> {
        let text = core::str::from_utf8(octets).map_err(|_| FormatError::NotText)?;
        let (line, sealed) = text.split_once('\n').ok_or(FormatError::Unknown("format"))?;
        let header: Header<serde_json::Value> = json::object(line.as_bytes())?;
        for (known, what) in [
            (header.format == FORMAT, "format"),
            (header.version == VERSION, "version"),
            (header.kind == kind.as_str(), "kind"),
        ] {
            if !known {
                return Err(FormatError::Unknown(what));
            }
        }
        if header.name != name {
            return Err(FormatError::Misnamed);
        }
        // From the octets again, so that fields given twice are refused there as well.
        let header: Header<A> = json::object(line.as_bytes())?;
        Ok(Self {
            line: line.into(),
            cipher: header.cipher.name,
            nonce: hex::exact(&header.cipher.nonce, "nonce")?,
            created: ExpirationTime::parse(&header.created)?.to_unix(),
            about: header.about,
            sealed: second_line(sealed)?,
        })
    }

    /// Opens the seal under `key`, for the kinds other than `root`.
    pub(super) fn open<const N: usize>(&self, key: &[u8; KEY]) -> Result<Zeroizing<[u8; N]>, FormatError> {
        if self.cipher != GCM_SIV {
            return Err(FormatError::Unknown("cipher"));
        }
        let mut secret = Zeroizing::new([0; N]);
        decrypt(key, &self.nonce, &self.line, &self.sealed, &mut *secret)?;
        Ok(secret)
    }
}

/// Strict, since nothing vouches for the spelling of this line: lower case, one line end.
fn second_line(text: &str) -> Result<Vec<u8>, FormatError> {
    let digits = text.strip_suffix('\n').ok_or(FormatError::NotHex)?;
    base16ct::lower::decode_vec(digits).map_err(|_| FormatError::NotHex)
}

/// Ciphertext and tag.
pub(super) fn encrypt(key: &[u8; KEY], nonce: &[u8; NONCE], associated: &[u8], secret: &[u8]) -> Vec<u8> {
    // Of its final size, and ciphertext where the secret was: no copy of it stays behind.
    let mut sealed = Vec::with_capacity(secret.len() + TAG);
    sealed.extend_from_slice(secret);
    let tag = Aes256GcmSiv::new(key.into())
        .encrypt_inout_detached(&Nonce::from(*nonce), associated, sealed.as_mut_slice().into())
        .expect("far below the length limits of the cipher");
    sealed.extend_from_slice(&tag);
    sealed
}

/// Opens ciphertext and tag into `secret`, which has the length it must have. If that fails, `secret` is
/// wiped by its owner.
pub(super) fn decrypt(
    key: &[u8; KEY],
    nonce: &[u8; NONCE],
    associated: &[u8],
    sealed: &[u8],
    secret: &mut [u8],
) -> Result<(), FormatError> {
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG>().ok_or(FormatError::Sealed)?;
    if ciphertext.len() != secret.len() {
        return Err(FormatError::Sealed);
    }
    secret.copy_from_slice(ciphertext);
    Aes256GcmSiv::new(key.into())
        .decrypt_inout_detached(&Nonce::from(*nonce), associated, secret.into(), &Tag::from(*tag))
        .map_err(|_| FormatError::Sealed)
}

/// A fresh nonce.
pub(super) fn nonce<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<[u8; NONCE], KeysError> {
    let mut nonce = [0; NONCE];
    rng.try_fill_bytes(&mut nonce).map_err(|_| KeysError::Rng)?;
    Ok(nonce)
}

/// Writes a file of the directory.
pub(super) fn write(folder: &Path, name: &str, file: &[u8], existing: Existing) -> Result<(), KeysError> {
    Ok(private_file::write(&folder.join(name), file, existing)?)
}
