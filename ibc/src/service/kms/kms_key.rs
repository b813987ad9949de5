//! One KPAK of the service: its file, and its keys in memory.

use super::error::KeysError;
use super::sealed_file::{self, GCM_SIV, KEY, Kind, NewHeader, SealedFile, timestamp};
use crate::files::kms_file::MasterKeys;
use crate::files::{FormatError, hex};
use crate::memory::undumped::Undumped;
use eccsi_sakke::eccsi::{KmsPublicKey, KmsSecretKey};
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, UnixTime};
use eccsi_sakke::saef::KpakTag;
use eccsi_sakke::sakke;
use rand_core::TryCryptoRng;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// KSAK ‖ z.
const SECRET: usize = KmsSecretKey::BYTES + sakke::KmsSecretKey::BYTES;

/// What everybody may know of a KPAK, and needs to know who validates, verifies or encapsulates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeys {
    /// The MEF whose identities it is for.
    pub fqdn: Fqdn,
    /// KPAK.
    pub kpak: KmsPublicKey,
    /// Z of SAKKE.
    pub z: sakke::KmsPublicKey,
    /// The first octets of SHA-256(KPAK).
    pub tag: KpakTag,
    /// It issues from this time on.
    pub not_before: UnixTime,
    /// At this time the last credential under it has expired.
    pub not_after: UnixTime,
    /// When its keys were made.
    pub created: UnixTime,
    /// When an operator ended its issuing, if one did.
    pub issuing_ended: Option<UnixTime>,
}

impl PublicKeys {
    /// Whether it issues at `now`: within its validity, and not ended.
    pub fn issues_at(&self, now: UnixTime) -> bool {
        self.not_before <= now && now < self.not_after && self.issuing_ended.is_none()
    }

    /// Newer is what begins later; of two that begin together, what was made later.
    pub(super) fn age(&self) -> impl Ord + use<> {
        (self.not_before, self.created, self.tag)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    fqdn: String,
    kpak: String,
    z_public: String,
    not_before: String,
    not_after: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuing_ended: Option<String>,
}

impl About {
    fn new(public: &PublicKeys) -> Result<Self, KeysError> {
        Ok(Self {
            fqdn: public.fqdn.as_str().into(),
            kpak: base16ct::lower::encode_string(&public.kpak.to_bytes()),
            z_public: base16ct::lower::encode_string(&public.z.to_bytes()),
            not_before: timestamp(public.not_before)?,
            not_after: timestamp(public.not_after)?,
            issuing_ended: public.issuing_ended.map(timestamp).transpose()?,
        })
    }

    fn read(&self, created: UnixTime) -> Result<PublicKeys, FormatError> {
        let kpak = KmsPublicKey::from_slice(&hex::decode(&self.kpak)?)?;
        let time = |text: &str| ExpirationTime::parse(text).map(ExpirationTime::to_unix);
        Ok(PublicKeys {
            fqdn: Fqdn::parse_canonical(&self.fqdn)?,
            tag: KpakTag::of(&kpak),
            // Every key issued is validated under it.
            kpak: kpak.prepared(),
            z: sakke::KmsPublicKey::from_slice(&hex::decode(&self.z_public)?)?,
            not_before: time(&self.not_before)?,
            not_after: time(&self.not_after)?,
            created,
            issuing_ended: self.issuing_ended.as_deref().map(time).transpose()?,
        })
    }
}

/// The file name of a KPAK.
pub(super) fn name(tag: KpakTag) -> String {
    std::format!("kms-{tag}.json")
}

/// Whether a name has the form of one.
pub(super) fn is_name(name: &str) -> bool {
    let tag = name.strip_prefix("kms-").and_then(|rest| rest.strip_suffix(".json"));
    tag.is_some_and(|tag| {
        tag.len() == 2 * KpakTag::BYTES && tag.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// A KPAK with its secret keys, which lie outside core dumps.
pub(super) struct KmsKey {
    pub(super) public: Arc<PublicKeys>,
    secret: Undumped<MasterKeys>,
    /// The file it was read from.
    file: SealedFileOfKms,
}

impl KmsKey {
    pub(super) fn ksak(&self) -> &KmsSecretKey {
        &self.secret.ksak
    }

    pub(super) fn z(&self) -> &sakke::KmsSecretKey {
        &self.secret.z
    }

    /// Whether this is what it was read from: then there is nothing new in it.
    pub(super) fn is_from(&self, file: &SealedFileOfKms) -> bool {
        (&self.file.0.line, &self.file.0.sealed) == (&file.0.line, &file.0.sealed)
    }

    pub(super) fn is_locked(&self) -> bool {
        self.secret.is_locked()
    }

    /// Opens a file that was read. On a thread of the vault.
    pub(super) fn open(path: &Path, file: SealedFileOfKms, key: &[u8; KEY]) -> Result<Self, KeysError> {
        let failed = |error| KeysError::file(path, error);
        // First the seal: it vouches for the header.
        let secret = file.0.open::<SECRET>(key).map_err(failed)?;
        let public = file.0.about.read(file.0.created).map_err(failed)?;
        let keys = split(&secret).map_err(failed)?;
        let fits = keys.ksak.public_key() == public.kpak && keys.z.public_key() == public.z;
        if !fits {
            return Err(failed(FormatError::Sealed));
        }
        if path.file_name().and_then(|found| found.to_str()) != Some(&name(public.tag)) {
            return Err(failed(FormatError::Misnamed));
        }
        if public.not_before >= public.not_after {
            return Err(KeysError::Validity);
        }
        Ok(Self { public: Arc::new(public), secret: Undumped::new(keys)?, file })
    }

    /// The octets of the file that holds these keys. On a thread of the vault.
    pub(super) fn seal<R: TryCryptoRng + ?Sized>(
        keys: &MasterKeys,
        public: &PublicKeys,
        key: &[u8; KEY],
        rng: &mut R,
    ) -> Result<Vec<u8>, KeysError> {
        let mut secret = Zeroizing::new([0; SECRET]);
        let (ksak, z) = secret.split_at_mut(KmsSecretKey::BYTES);
        ksak.copy_from_slice(keys.ksak.expose().as_slice());
        z.copy_from_slice(keys.z.expose().as_slice());
        NewHeader {
            kind: Kind::Kms,
            name: &name(public.tag),
            cipher: GCM_SIV,
            created: public.created,
            nonce: sealed_file::nonce(rng)?,
            about: About::new(public)?,
        }
        .seal(key, secret.as_slice())
    }

    /// The octets of the file once issuing has ended. On a thread of the vault.
    pub(super) fn seal_ended<R: TryCryptoRng + ?Sized>(
        &self,
        now: UnixTime,
        key: &[u8; KEY],
        rng: &mut R,
    ) -> Result<Vec<u8>, KeysError> {
        let public = PublicKeys { issuing_ended: Some(now), ..(*self.public).clone() };
        Self::seal(&self.secret, &public, key, rng)
    }
}

fn split(secret: &[u8; SECRET]) -> Result<MasterKeys, FormatError> {
    let (ksak, z) = secret.split_first_chunk().expect("KSAK and z");
    let z: &[u8; sakke::KmsSecretKey::BYTES] = z.try_into().expect("what is left is z");
    Ok(MasterKeys { ksak: KmsSecretKey::from_bytes(ksak)?, z: sakke::KmsSecretKey::from_bytes(z)? })
}

/// A file of this kind, still sealed.
pub(super) struct SealedFileOfKms(SealedFile<About>);

impl SealedFileOfKms {
    pub(super) fn read(folder: &Path, name: &str) -> Result<Self, KeysError> {
        SealedFile::read(folder, name, Kind::Kms).map(Self)
    }
}
