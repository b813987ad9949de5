//! Accepting that a database is an older copy (decided by its operator): what was lost is declared, what was denied
//! stays denied, and what may have been issued meanwhile is never issued again.
//!
//! Identities are unique over the life of a KPAK. Those that were lost are unknown, so the KPAKs under which they may
//! have been issued end, before anything is written, and new ones begin.

pub mod replace;

use super::audit::chain::{Event, Head, RESTORED};
use super::deny_list::{self, Denial};
use super::error::ServiceError;
use super::kms::{KeyDirectory, KeysError};
use super::store::backup::BackupError;
use super::store::contents::{self, Contents, Place};
use super::store::state_file::{self, StateError, StateFile};
use super::store::{
    OpenError, SignedDenyList, StoreOptions, WriteTransaction, audit, begin, identities, lists, migrate, open,
};
use core::fmt;
use core::time::Duration;
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::KpakTag;
use sqlx::{Any, Transaction};
use std::path::PathBuf;
use std::sync::Arc;

/// Life of a new KPAK if the one it follows has ended.
const KPAK_LIFETIME: Duration = Duration::from_secs(730 * 86_400);

/// A chain that the database knows less of than its state file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Whose.
    pub writer: String,
    /// The last entry in the database.
    pub found: u64,
    /// The last entry that was written.
    pub known: u64,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { writer, found, known } = self;
        if found < known {
            write!(f, "entries {} to {known} of {writer} are lost", found + 1)
        } else {
            write!(f, "entries of {writer} up to {known} are lost, others stand in their place")
        }
    }
}

/// What accepting a loss came to.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Entries that are gone.
    pub losses: Vec<Loss>,
    /// State files that were missing and were made.
    pub made_state: Vec<String>,
    /// Denials that the database did not know any more.
    pub denied: usize,
    /// The new deny list.
    pub deny_list: u64,
    /// KPAKs that issue nothing more.
    pub ended: Vec<KpakTag>,
    /// KPAKs that issue in their place.
    pub made: Vec<KpakTag>,
    /// How often a loss was accepted, with this time.
    pub epoch: u64,
}

/// Why a loss could not be accepted.
#[derive(Debug)]
#[non_exhaustive]
pub enum RestoreError {
    /// Database or state files.
    Open(OpenError),
    /// While writing.
    Service(ServiceError),
    /// The key directory.
    Keys(KeysError),
    /// The signed deny list beside the state files, and why it is none.
    DenyList(PathBuf, &'static str),
    /// The copy cannot be taken, or the database cannot be kept.
    Backup(BackupError),
    /// The copy lacks what was written since, or nobody can tell. Nothing was touched.
    Older {
        /// The copy.
        file: PathBuf,
        /// What it lacks.
        losses: Vec<Loss>,
        /// Writers without the state file that would tell.
        missing: Vec<String>,
    },
    /// The database that would be replaced is another service's.
    OtherDatabase,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Service(error) => match error.cause() {
                Some(cause) => write!(f, "{error}: {cause}"),
                None => error.fmt(f),
            },
            Self::Keys(error) => error.fmt(f),
            Self::DenyList(folder, why) => write!(
                f,
                "{}: {why}. Bring back the one that was there: without it, what was denied would be valid again",
                folder.join("denylist.json").display()
            ),
            Self::Backup(error) => error.fmt(f),
            Self::Older { file, losses, missing } => {
                let file = file.display();
                if losses.is_empty() && !missing.is_empty() {
                    write!(f, "nobody can tell whether {file} is the newest copy: without a state file is {}", missing.join(", "))?;
                } else {
                    write!(f, "{file} is an older copy")?;
                }
                for (at, loss) in losses.iter().enumerate() {
                    write!(f, "{} {loss}", if at == 0 { ":" } else { "," })?;
                }
                write!(
                    f,
                    ". Nothing was touched. Bring the newest one back, or accept the loss with `ibc restore --accept-loss {file}`"
                )
            }
            Self::OtherDatabase => f.write_str(
                "the database that would be replaced belongs to another service: look at store.url of the configuration",
            ),
        }
    }
}

impl std::error::Error for RestoreError {}

impl From<BackupError> for RestoreError {
    fn from(error: BackupError) -> Self {
        Self::Backup(error)
    }
}

impl From<OpenError> for RestoreError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<StateError> for RestoreError {
    fn from(error: StateError) -> Self {
        Self::Open(error.into())
    }
}

impl From<ServiceError> for RestoreError {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

impl From<sqlx::Error> for RestoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Open(error.into())
    }
}

impl From<KeysError> for RestoreError {
    fn from(error: KeysError) -> Self {
        Self::Keys(error)
    }
}

/// Who accepts what.
pub struct Acceptance<'a> {
    /// The database, and the writer to whose chain the acceptance goes.
    pub options: &'a StoreOptions,
    /// Writers of this node: their state files are made if they are missing.
    pub own: &'a [String],
    /// Its KPAKs are changed.
    pub keys: &'a Arc<KeyDirectory>,
    /// Whose deny list it is.
    pub mef: Option<&'a Fqdn>,
    /// For the audit log.
    pub operator: &'a str,
}

impl fmt::Debug for Acceptance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptance")
            .field("own", &self.own)
            .field("operator", &self.operator)
            .finish_non_exhaustive()
    }
}

/// What the database, or a copy of it, lacks.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) losses: Vec<Loss>,
    pub(super) missing: Vec<String>,
    /// The highest time that is known.
    mark: UnixTime,
    /// When the last thing that is lost may have been written.
    lost_until: UnixTime,
    /// The highest number of a deny list: of any, and of those that this node has seen.
    deny_list: u64,
    own_deny_list: u64,
    pub(super) is_behind: bool,
}

/// Declares the loss of everything that the database lacks. `None` if it lacks nothing.
///
/// # Errors
/// [`RestoreError`]; among others another process that holds a state file of the folder.
pub async fn accept_loss(acceptance: &Acceptance<'_>) -> Result<Option<Accepted>, RestoreError> {
    accept(acceptance, idle(acceptance.options, acceptance.own)?, None).await
}

/// The same with the state files in hand. `lost_until`: what is lost may have been written until then, whatever the
/// state files say.
pub(super) async fn accept(
    acceptance: &Acceptance<'_>,
    // Held to the end: nobody else writes meanwhile.
    mut states: Idle,
    lost_until: Option<UnixTime>,
) -> Result<Option<Accepted>, RestoreError> {
    let options = acceptance.options;
    let pools = open::connect(&options.url, options.connections, "").await?;
    migrate::run(&pools.writes, pools.database).await?;
    let mut tx = pools.writes.begin_with(begin(pools.database)).await?;
    let contents = Contents::of_database(&mut tx, &places(&states)).await?;
    let mut found = find(&contents, &states);
    if let Some(lost_until) = lost_until {
        found.is_behind = true;
        found.lost_until = found.lost_until.max(lost_until);
    }
    if !found.is_behind {
        tx.rollback().await?;
        return Ok(None);
    }
    let now = options.clock.now().max(found.mark);
    let (ended, made) = change_keys(acceptance.keys, &found, now)?;
    let accepted = write(&mut tx, acceptance, &found, now, (ended, made)).await?;
    tx.commit().await?;
    let mut tx = pools.writes.begin_with(begin(pools.database)).await?;
    for state in &mut states.0 {
        let head = audit::head(&mut tx, state.writer()).await?;
        if head == Head::START && state.last().is_none() {
            continue;
        }
        state.record(&head, now)?;
        if let Some(list) = &accepted.1 {
            state.record_deny_list(list.number, &list.octets)?;
        }
    }
    tx.rollback().await?;
    pools.writes.close().await;
    Ok(Some(accepted.0))
}

/// Keeps every writer of a state folder from starting while it lives.
pub struct Idle(pub(super) Vec<StateFile>);

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(StateFile::writer)).finish()
    }
}

/// Takes all state files of the folder.
///
/// # Errors
/// [`StateError::Busy`] if a process writes under one of them.
pub fn idle(options: &StoreOptions, own: &[String]) -> Result<Idle, StateError> {
    let mut writers = state_file::names(&options.state_folder)?;
    writers.extend(own.iter().chain([&options.writer]).cloned());
    writers.sort_unstable();
    writers.dedup();
    let open = |writer: &String| StateFile::open(&options.state_folder, writer, &options.state_key);
    Ok(Idle(writers.iter().map(open).collect::<Result<_, _>>()?))
}

/// The entries that the state files know.
pub(super) fn places(states: &Idle) -> Vec<Place> {
    let known = |state: &StateFile| Some((state.writer().into(), state.last()?.head.number));
    states.0.iter().filter_map(known).collect()
}

/// Compares with the state files what a database has, which was asked for their [`places`].
pub(super) fn find(contents: &Contents, states: &Idle) -> Found {
    let mut found = Found {
        losses: Vec::new(),
        missing: Vec::new(),
        mark: contents.mark,
        lost_until: UnixTime::EPOCH,
        deny_list: contents.deny_list,
        own_deny_list: 0,
        is_behind: false,
    };
    for state in &states.0 {
        let head = contents.heads.get(state.writer()).unwrap_or(&Head::START);
        let Some(record) = state.last() else {
            if *head != Head::START {
                found.missing.push(state.writer().into());
                // What is not known to be there may be lost, up to now.
                found.lost_until = UnixTime::from_seconds(u64::MAX);
            }
            continue;
        };
        let there = contents.hashes.get(&(state.writer().into(), record.head.number));
        let is_lost = head.number < record.head.number || there.is_some_and(|hash| *hash != record.head.hash);
        if is_lost {
            let loss = Loss { writer: state.writer().into(), found: head.number, known: record.head.number };
            found.losses.push(loss);
        }
        let is_behind = is_lost || record.mark > contents.mark || record.deny_list > contents.deny_list;
        if is_behind {
            found.lost_until = found.lost_until.max(record.mark);
        }
        found.is_behind |= is_behind;
        found.mark = found.mark.max(record.mark);
        found.deny_list = found.deny_list.max(record.deny_list);
        found.own_deny_list = found.own_deny_list.max(record.deny_list);
    }
    found.is_behind |= !found.missing.is_empty();
    found
}

/// Ends the KPAKs that the lost identities may have been issued under, and makes one in the place of each that
/// issued. May be repeated: what is made here is younger than the last thing that was lost.
fn change_keys(
    keys: &KeyDirectory,
    found: &Found,
    now: UnixTime,
) -> Result<(Vec<KpakTag>, Vec<KpakTag>), RestoreError> {
    keys.refresh()?;
    let (mut ended, mut made) = (Vec::new(), Vec::new());
    let mut domains: Vec<(Fqdn, UnixTime)> = Vec::new();
    for public in keys.list() {
        match domains.iter_mut().find(|(fqdn, _)| *fqdn == public.fqdn) {
            Some((_, end)) => *end = (*end).max(public.not_after),
            None => domains.push((public.fqdn.clone(), public.not_after)),
        }
        if public.issuing_ended.is_none() && public.created <= found.lost_until {
            keys.end_issuing(public.tag, now, &mut SysRng)?;
            ended.push(public.tag);
        }
    }
    for (fqdn, end) in domains {
        if keys.list().iter().any(|public| public.fqdn == fqdn && public.issues_at(now)) {
            continue;
        }
        let end = if now < end { end } else { now.checked_add(KPAK_LIFETIME).unwrap_or(end) };
        let end = ExpirationTime::from_unix(end).unwrap_or(ExpirationTime::MAX);
        // One second later than any mark: a repetition does not take it for an old one.
        let created = now.checked_add(Duration::from_secs(1)).unwrap_or(now);
        made.push(keys.rotate(&fqdn, now, end, created, &mut SysRng)?.tag);
    }
    Ok((ended, made))
}

async fn write(
    tx: &mut Transaction<'_, Any>,
    acceptance: &Acceptance<'_>,
    found: &Found,
    now: UnixTime,
    (ended, made): (Vec<KpakTag>, Vec<KpakTag>),
) -> Result<(Accepted, Option<SignedDenyList>), RestoreError> {
    let epoch = contents::begin_epoch(tx, now).await?;
    for loss in &found.losses {
        let head = audit::head(tx, &loss.writer).await?;
        let event = Event::new(RESTORED)
            .with("operator", acceptance.operator)
            .with("epoch", epoch)
            .with("lost_from", loss.found + 1)
            .with("lost_to", loss.known.max(loss.found));
        audit::insert(tx, &head.next(&loss.writer, now, event), &head).await?;
    }
    let writer = acceptance.options.writer.as_str();
    let mut head = audit::head(tx, writer).await?;
    let mut list = None;
    let mut change = WriteTransaction::by_hand(tx, now, writer, &mut head, &mut list);
    let tags = |tags: &[KpakTag]| tags.iter().map(|tag| std::format!("{tag}")).collect::<Vec<_>>();
    let event = Event::new("loss accepted")
        .with("operator", acceptance.operator)
        .with("epoch", epoch)
        .with("state_files_made", found.missing.clone())
        .with("kpaks_ended", tags(&ended))
        .with("kpaks_made", tags(&made));
    change.audit(event).await?;
    let (denied, number) = deny_again(&mut change, acceptance, found).await?;
    let made_state = found.missing.clone();
    let accepted =
        Accepted { losses: found.losses.clone(), made_state, denied, deny_list: number, ended, made, epoch };
    Ok((accepted, list))
}

/// Takes the denials of the newest signed list in again, and publishes all under a higher number.
async fn deny_again(
    tx: &mut WriteTransaction<'_>,
    acceptance: &Acceptance<'_>,
    found: &Found,
) -> Result<(usize, u64), RestoreError> {
    let folder = &acceptance.options.state_folder;
    let failed = |why| RestoreError::DenyList(folder.clone(), why);
    let signed = state_file::deny_list(folder)?;
    if signed.is_none() && found.own_deny_list > 0 {
        return Err(failed("the deny list is missing"));
    }
    let mut denied = 0;
    if let Some(signed) = signed {
        let list = deny_list::open(&signed, acceptance.keys.service_key().public_key()).map_err(failed)?;
        // A higher number in the database is of another node that accepted the loss before: what it had is in there.
        if list.number < found.own_deny_list {
            return Err(failed("the deny list is older than one that this node has seen"));
        }
        for entry in &list.denied {
            let id_2 = ExpiringIdentity::parse(&entry.id2).map_err(|_| failed("an entry is no ID_2"))?;
            let since = ExpirationTime::parse(&entry.since).map_err(|_| failed("an entry has no time"))?;
            let (end, since) = (id_2.expiration().to_unix(), since.to_unix());
            let reason = identities::DENIED_BEFORE;
            let denial = Denial { id_2: id_2.as_str(), end, since, reason, operator: None };
            denied += usize::from(deny_list::deny(tx, denial).await?);
        }
    }
    lists::raise_number(tx.connection(), found.deny_list).await?;
    let number = match acceptance.mef {
        Some(fqdn) => deny_list::publish(tx, fqdn, acceptance.keys).await?,
        None => found.deny_list,
    };
    Ok((denied, number))
}
