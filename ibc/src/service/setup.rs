//! Making a service: its folders, keys, tables and first KPAK. Makes what is missing and keeps what is there.

use super::admin::Admin;
use super::audit::chain::Event;
use super::audit::{self, Checkpoint};
use super::error::ServiceError;
use super::kms::{KeyDirectory, KeysError, Kms, PublicKeys, Sealing, create_key_file};
use super::store::{Change, OpenError, ReadStore, StoreUrl, WriteTransaction};
use crate::clock::SystemClock;
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, UnixTime};
use eccsi_sakke::saef::KpakTag;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

/// Makes a folder of mode 0700, with those above it; one that is there stays as it is.
///
/// # Errors
/// What the system refuses.
pub fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes the key directory, and the key file that seals it, if they are missing. `true` if it made them.
///
/// # Errors
/// As [`KeyDirectory::create`].
pub fn make_keys(directory: &Path, sealing: &Sealing<'_>, now: UnixTime) -> Result<bool, KeysError> {
    if directory.join("root.json").symlink_metadata().is_ok() {
        return Ok(false);
    }
    if let Sealing::KeyFile(path) = sealing
        && path.symlink_metadata().is_err()
    {
        create_key_file(path, &mut SysRng)?;
    }
    KeyDirectory::create(directory, sealing, now, &mut SysRng)?;
    Ok(true)
}

/// Whether a service has written to this database already: then its keys must be somewhere.
///
/// # Errors
/// [`OpenError`] for a database that is there and cannot be read.
pub async fn is_in_use(url: &StoreUrl) -> Result<bool, OpenError> {
    if let StoreUrl::Sqlite(path) = url
        && std::fs::metadata(path).is_ok_and(|file| file.len() == 0)
    {
        return Ok(false);
    }
    let reads = match ReadStore::open(url, Arc::new(SystemClock)).await {
        Err(OpenError::Io(_, error)) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    // Without tables there is nothing to read.
    Ok(audit::newest(&reads, 1).await.is_ok_and(|entries| !entries.is_empty()))
}

/// An event of its own in the audit log.
struct Note {
    name: &'static str,
    fields: Vec<(&'static str, String)>,
}

impl Change for Note {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        let event = Event::new(self.name);
        tx.audit(self.fields.iter().fold(event, |event, (name, value)| event.with(name, value.as_str())))
            .await
    }
}

impl Admin {
    /// Puts an event of the operator into the audit log.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](super::error::Kind::Unavailable) if it cannot be written.
    pub async fn note(
        &self,
        name: &'static str,
        mut fields: Vec<(&'static str, String)>,
    ) -> Result<(), ServiceError> {
        fields.push(("operator", self.operator.clone()));
        self.core.store.write(Note { name, fields }).await
    }

    /// Makes a KPAK of the domain that issues from `not_before` on, with an audit entry before and after.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](super::error::Kind::Unavailable) with the cause, of the keys or of the store.
    pub async fn rotate(
        &self,
        fqdn: &Fqdn,
        not_before: UnixTime,
        not_after: ExpirationTime,
    ) -> Result<Arc<PublicKeys>, ServiceError> {
        let fields = |tag: Option<KpakTag>| {
            let mut fields =
                std::vec![("fqdn", String::from(fqdn.as_str())), ("until", std::format!("{not_after}"))];
            fields.extend(tag.map(|tag| ("kpak_tag", std::format!("{tag}"))));
            fields
        };
        self.note("kpak to be made", fields(None)).await?;
        let (keys, of, now) = (Arc::clone(&self.core.keys), fqdn.clone(), self.core.store.reads().now());
        let made =
            tokio::task::spawn_blocking(move || keys.rotate(&of, not_before, not_after, now, &mut SysRng))
                .await
                .map_err(ServiceError::internal)?
                .map_err(ServiceError::unavailable)?;
        self.note("kpak made", fields(Some(made.tag))).await?;
        Ok(made)
    }

    /// Lets a KPAK issue nothing more. Other nodes obey once they look at the key directory again.
    ///
    /// # Errors
    /// As [`rotate`](Self::rotate).
    pub async fn end_kpak(&self, tag: KpakTag) -> Result<Arc<PublicKeys>, ServiceError> {
        let fields = || std::vec![("kpak_tag", std::format!("{tag}"))];
        self.note("kpak to be ended", fields()).await?;
        let (keys, now) = (Arc::clone(&self.core.keys), self.core.store.reads().now());
        let ended = tokio::task::spawn_blocking(move || keys.end_issuing(tag, now, &mut SysRng))
            .await
            .map_err(ServiceError::internal)?
            .map_err(ServiceError::unavailable)?;
        self.note("kpak ended", fields()).await?;
        Ok(ended)
    }

    /// The KPAK that issues for the domain now, if there is one.
    pub fn issuing(&self, fqdn: &Fqdn) -> Option<Arc<PublicKeys>> {
        self.core.keys.issuing(fqdn, self.core.store.reads().now()).ok()
    }

    /// Signs where all audit chains end, and gives the number of that checkpoint.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](super::error::Kind::Unavailable).
    pub async fn checkpoint(&self) -> Result<u64, ServiceError> {
        self.core.store.write(Checkpoint { keys: Arc::clone(&self.core.keys) }).await
    }
}
