//! A key directory: made, opened, read anew, and changed.

use super::data_keys::{self, DataKeys};
use super::erase;
use super::error::KeysError;
use super::kms_key::{self, KmsKey, PublicKeys, SealedFileOfKms};
use super::sealed_file::{self, KEY, Kind};
use super::sealing::{self, ROOT, Sealing};
use super::service_key::{self, ServiceKey};
use super::vault::Vault;
use crate::files::private_file::Existing;
use crate::files::{FileProblem, kms_file::MasterKeys};
use crate::memory::undumped::Undumped;
use core::fmt;
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, UnixTime};
use eccsi_sakke::saef::KpakTag;
use rand_core::TryCryptoRng;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use zeroize::Zeroizing;

/// Keys made for one that has a tag of its own. Each has a tag that is taken with a chance of
/// n/2²⁴, n being the number of KPAKs.
const CANDIDATES: usize = 16;

/// An open key directory. Shared by all threads of a process; other processes may have it open too.
pub struct KeyDirectory {
    path: PathBuf,
    vault: Arc<Vault>,
    root: Undumped<[u8; KEY]>,
    service: ServiceKey,
    data: DataKeys,
    kms: RwLock<Vec<Arc<KmsKey>>>,
    /// Held while files and memory are brought into step, so that nobody puts back what another changed.
    changing: Mutex<()>,
    stacks_locked: bool,
}

impl KeyDirectory {
    /// Makes a key directory with a root key, a service key and no KPAK yet: [`rotate`](Self::rotate) makes
    /// the first one. `path` must not exist, or be empty.
    ///
    /// # Errors
    /// [`KeysError::NotEmpty`], [`KeysError::File`], [`KeysError::Rng`], [`KeysError::NoMemory`], and of the
    /// sealing [`KeysError::Token`].
    pub fn create<R: TryCryptoRng + Send + ?Sized>(
        path: &Path,
        sealing: &Sealing<'_>,
        now: UnixTime,
        rng: &mut R,
    ) -> Result<(), KeysError> {
        make_folder(path)?;
        let occupied = fs::read_dir(path).map_err(|error| KeysError::file(path, error))?.next().is_some();
        if occupied {
            return Err(KeysError::NotEmpty(path.into()));
        }
        let data = data_keys::folder(path);
        make_folder(&data)?;
        Vault::start()?.run(|| {
            let mut root = Undumped::new([0; KEY])?;
            rng.try_fill_bytes(root.as_mut_slice()).map_err(|_| KeysError::Rng)?;
            let service = ServiceKey::make(&purpose_key(&root, Kind::Service.as_str()), now, rng)?;
            sealed_file::write(path, service_key::NAME, &service, Existing::Keep)?;
            // Last: with it the directory is complete.
            sealed_file::write(path, ROOT, &sealing::seal_root(&root, sealing, now, rng)?, Existing::Keep)
        })
    }

    /// Opens a key directory: unseals the root key, and with it everything else.
    ///
    /// # Errors
    /// [`KeysError::is_sealed`] for a wrong passphrase or key file, and for a file that was changed;
    /// [`KeysError::File`] with [`FormatError::Misnamed`](crate::files::FormatError::Misnamed) for files
    /// that were swapped; [`KeysError::OtherSealing`], [`KeysError::Token`], [`KeysError::NotADirectory`],
    /// [`KeysError::DirectoryMode`], [`KeysError::DuplicateTag`], [`KeysError::NoMemory`].
    pub fn open(path: &Path, sealing: &Sealing<'_>) -> Result<Self, KeysError> {
        check_folder(path)?;
        let data = data_keys::folder(path);
        check_folder(&data)?;
        erase::finish(path).map_err(|error| KeysError::file(path, error))?;
        let vault = Arc::new(Vault::start()?);
        let mut this = vault.run(|| {
            let root = sealing::open_root(path, sealing)?;
            let service = ServiceKey::open(path, &purpose_key(&root, Kind::Service.as_str()), vault.clone())?;
            let mut data_key = Undumped::new([0; KEY])?;
            sealed_file::derive_key(&root, Kind::Data.as_str(), &mut data_key);
            Ok::<_, KeysError>(Self {
                path: path.into(),
                data: DataKeys::open(data, vault.clone(), data_key)?,
                vault: vault.clone(),
                root,
                service,
                kms: RwLock::default(),
                changing: Mutex::default(),
                stacks_locked: false,
            })
        })?;
        this.refresh()?;
        this.stacks_locked = this.vault.lock_stacks();
        Ok(this)
    }

    /// Reads anew which KPAKs there are: those that another node has made, ended or removed since. Keys
    /// whose files have not changed stay as they are. If it fails, everything does.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn refresh(&self) -> Result<(), KeysError> {
        let _turn = self.change();
        let known = self.kms_keys();
        let keys = self.vault.run(|| {
            let mut keys: Vec<Arc<KmsKey>> = Vec::new();
            let opening = self.purpose_key(Kind::Kms.as_str());
            for name in self.kms_files()? {
                let file = match SealedFileOfKms::read(&self.path, &name) {
                    // Erased by another node since the folder was read.
                    Err(KeysError::File(error)) if is_gone(error.problem()) => continue,
                    read => read?,
                };
                let unchanged = known.iter().find(|key| key.is_from(&file));
                let key = match unchanged {
                    Some(key) => key.clone(),
                    None => Arc::new(KmsKey::open(&self.path.join(&name), file, &opening)?),
                };
                add(&mut keys, key)?;
            }
            Ok::<_, KeysError>(keys)
        })?;
        *self.kms.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Seals the root key in another way, or under another passphrase: writes `root.json` anew, and
    /// nothing else. Whoever has an old copy of that file and the old passphrase can still open it.
    ///
    /// # Errors
    /// As of [`create`](Self::create).
    pub fn seal_anew<R: TryCryptoRng + Send + ?Sized>(
        &self,
        sealing: &Sealing<'_>,
        now: UnixTime,
        rng: &mut R,
    ) -> Result<(), KeysError> {
        self.vault.run(|| {
            let file = sealing::seal_root(&self.root, sealing, now, rng)?;
            sealed_file::write(&self.path, ROOT, &file, Existing::Replace)
        })
    }

    /// Makes a KPAK of `fqdn` that issues from `not_before` on, until then the ones before it do; they
    /// stay published until their own end.
    ///
    /// # Errors
    /// [`KeysError::Validity`], [`KeysError::SingleLabel`], [`KeysError::Rng`], [`KeysError::NoFreeTag`],
    /// [`KeysError::File`], [`KeysError::NoMemory`].
    pub fn rotate<R: TryCryptoRng + Send + ?Sized>(
        &self,
        fqdn: &Fqdn,
        not_before: UnixTime,
        not_after: ExpirationTime,
        now: UnixTime,
        rng: &mut R,
    ) -> Result<Arc<PublicKeys>, KeysError> {
        let not_after = not_after.to_unix();
        if not_before >= not_after || now >= not_after {
            return Err(KeysError::Validity);
        }
        if fqdn.is_single_label() {
            return Err(KeysError::SingleLabel);
        }
        let _turn = self.change();
        let name = self.vault.run(|| self.make_kpak(fqdn, (not_before, not_after), now, rng))?;
        self.load(&name)
    }

    /// On a thread of the vault: gives the name of the new file.
    fn make_kpak<R: TryCryptoRng + ?Sized>(
        &self,
        fqdn: &Fqdn,
        (not_before, not_after): (UnixTime, UnixTime),
        now: UnixTime,
        rng: &mut R,
    ) -> Result<String, KeysError> {
        for _ in 0..CANDIDATES {
            let keys = MasterKeys::generate(rng).map_err(|_| KeysError::Rng)?;
            let (kpak, z) = (keys.ksak.public_key(), keys.z.public_key());
            let tag = KpakTag::of(&kpak);
            let (fqdn, issuing_ended) = (fqdn.clone(), None);
            let public =
                PublicKeys { fqdn, kpak, z, tag, not_before, not_after, created: now, issuing_ended };
            let file = KmsKey::seal(&keys, &public, &self.purpose_key(Kind::Kms.as_str()), rng)?;
            // The name is the tag: that it is free is decided where the file gets it, among all nodes.
            match sealed_file::write(&self.path, &kms_key::name(tag), &file, Existing::Keep) {
                Err(KeysError::File(error)) if matches!(error.problem(), FileProblem::Exists) => {}
                written => {
                    written?;
                    return Ok(kms_key::name(tag));
                }
            }
        }
        Err(KeysError::NoFreeTag)
    }

    /// Lets a KPAK issue nothing more, on this node at once, on others when they
    /// [`refresh`](Self::refresh). It stays published. Cannot be undone.
    ///
    /// # Errors
    /// [`KeysError::UnknownKpak`], [`KeysError::Rng`], [`KeysError::File`].
    pub fn end_issuing<R: TryCryptoRng + Send + ?Sized>(
        &self,
        tag: KpakTag,
        now: UnixTime,
        rng: &mut R,
    ) -> Result<Arc<PublicKeys>, KeysError> {
        let _turn = self.change();
        let key = self.kms_key(tag).ok_or(KeysError::UnknownKpak(tag))?;
        if key.public.issuing_ended.is_some() {
            return Ok(key.public.clone());
        }
        let name = kms_key::name(tag);
        self.vault.run(|| {
            let file = key.seal_ended(now, &self.purpose_key(Kind::Kms.as_str()), rng)?;
            sealed_file::write(&self.path, &name, &file, Existing::Replace)
        })?;
        self.load(&name)
    }

    /// Erases KSAK and z of a KPAK that has ended, file and memory: then nobody can make keys of its
    /// domain and time any more, nor decapsulate what was sent in it.
    ///
    /// # Errors
    /// [`KeysError::UnknownKpak`]; [`KeysError::StillValid`] before its end; [`KeysError::File`].
    pub fn erase(&self, tag: KpakTag, now: UnixTime) -> Result<(), KeysError> {
        let _turn = self.change();
        let key = self.kms_key(tag).ok_or(KeysError::UnknownKpak(tag))?;
        if now < key.public.not_after {
            return Err(KeysError::StillValid { not_after: key.public.not_after });
        }
        let name = kms_key::name(tag);
        erase::erase(&self.path, &name).map_err(|error| KeysError::file(&self.path.join(&name), error))?;
        self.kms.write().unwrap_or_else(PoisonError::into_inner).retain(|key| key.public.tag != tag);
        Ok(())
    }

    /// The public keys of all KPAKs, the oldest first.
    pub fn list(&self) -> Vec<Arc<PublicKeys>> {
        let mut list: Vec<_> = self.kms_keys().iter().map(|key| key.public.clone()).collect();
        list.sort_by_key(|public| public.age());
        list
    }

    /// The key that signs for the service.
    pub fn service_key(&self) -> &ServiceKey {
        &self.service
    }

    /// The keys of registered values.
    pub fn data_keys(&self) -> &DataKeys {
        &self.data
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether values can be sealed that expire on another day than those before: its key has to be made.
    ///
    /// # Errors
    /// [`KeysError::File`] if it cannot.
    pub fn check_room(&self) -> Result<(), KeysError> {
        self.data.check_room()
    }

    /// Whether all keys and the stacks of the threads that use them are kept out of swap: if not, the
    /// limit RLIMIT_MEMLOCK is too low.
    pub fn is_locked(&self) -> bool {
        self.stacks_locked
            && self.root.is_locked()
            && self.service.is_locked()
            && self.data.is_locked()
            && self.kms_keys().iter().all(|key| key.is_locked())
    }

    /// A key for another purpose of the service, of the root key: 32 octets. The same label gives the same.
    pub fn subkey(&self, label: &str) -> Zeroizing<[u8; KEY]> {
        let mut purpose = String::from("sub ");
        purpose.push_str(label);
        self.vault.run(|| self.purpose_key(&purpose))
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The key of a purpose. On a thread of the vault.
    pub(super) fn purpose_key(&self, purpose: &str) -> Zeroizing<[u8; KEY]> {
        purpose_key(&self.root, purpose)
    }

    pub(super) fn kms_keys(&self) -> Vec<Arc<KmsKey>> {
        self.kms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn kms_key(&self, tag: KpakTag) -> Option<Arc<KmsKey>> {
        self.kms_keys().into_iter().find(|key| key.public.tag == tag)
    }

    /// Opens one file and takes its keys in, in the place of the same KPAK.
    fn load(&self, name: &str) -> Result<Arc<PublicKeys>, KeysError> {
        let key = self.vault.run(|| {
            let file = SealedFileOfKms::read(&self.path, name)?;
            KmsKey::open(&self.path.join(name), file, &self.purpose_key(Kind::Kms.as_str()))
        })?;
        let public = key.public.clone();
        let mut keys = self.kms.write().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|known| known.public.kpak != public.kpak);
        add(&mut keys, Arc::new(key))?;
        Ok(public)
    }

    fn kms_files(&self) -> Result<Vec<String>, KeysError> {
        let failed = |error: io::Error| KeysError::file(&self.path, error);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            names.extend(name.to_str().filter(|name| kms_key::is_name(name)).map(String::from));
        }
        names.sort_unstable();
        Ok(names)
    }
}

impl fmt::Debug for KeyDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyDirectory")
            .field("path", &self.path)
            .field("kpaks", &self.list())
            .finish_non_exhaustive()
    }
}

fn is_gone(problem: &FileProblem) -> bool {
    matches!(problem, FileProblem::Io(error) if error.kind() == io::ErrorKind::NotFound)
}

/// Two KPAKs of one tag cannot be told apart by those who select by it.
fn add(keys: &mut Vec<Arc<KmsKey>>, key: Arc<KmsKey>) -> Result<(), KeysError> {
    let tag = key.public.tag;
    if keys.iter().any(|known| known.public.tag == tag) {
        return Err(KeysError::DuplicateTag(tag));
    }
    keys.push(key);
    Ok(())
}

fn purpose_key(root: &[u8; KEY], purpose: &str) -> Zeroizing<[u8; KEY]> {
    let mut key = Zeroizing::new([0; KEY]);
    sealed_file::derive_key(root, purpose, &mut key);
    key
}

/// Makes a folder of mode 0700, unless there is one; then it must have a mode as strict.
fn make_folder(path: &Path) -> Result<(), KeysError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            File::open(parent)
                .and_then(|parent| parent.sync_all())
                .map_err(|error| KeysError::file(parent, error))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_folder(path),
        Err(error) => Err(KeysError::file(path, error)),
    }
}

fn check_folder(path: &Path) -> Result<(), KeysError> {
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeysError::NotADirectory(path.into()),
        _ => KeysError::file(path, error),
    })?;
    if !metadata.is_dir() {
        return Err(KeysError::NotADirectory(path.into()));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeysError::DirectoryMode { path: path.into(), mode });
    }
    Ok(())
}
