//! The durable store: one SQL text for SQLite (one node) and PostgreSQL (many).
//!
//! Everything that changes goes through one task, `writer`, which commits what waits together and
//! writes the audit entry of each change in the same transaction. [`ReadStore`] is a handle that the
//! database itself keeps from writing.
//!
//! A struct and no trait: there is one SQL text, and SQLite in a temporary folder serves the tests.

pub(crate) mod administration;
pub(crate) mod audit;
pub mod backup;
pub(crate) mod backup_error;
mod change;
pub(crate) mod clients;
mod columns;
pub(crate) mod commands;
pub(crate) mod contents;
pub(crate) mod decisions;
pub(crate) mod device_objects;
pub(crate) mod early_ends;
pub(crate) mod identities;
pub(crate) mod keys;
pub(crate) mod listed;
pub(crate) mod lists;
pub(crate) mod migrate;
#[cfg(not(feature = "store-postgres"))]
mod no_postgres;
pub(crate) mod open;
pub(crate) mod policies;
#[cfg(feature = "store-postgres")]
mod postgres_url;
mod probe;
mod refusals;
pub(crate) mod registrations;
pub(crate) mod secrets;
pub mod state_file;
pub(crate) mod statement;
pub(crate) mod sweep;
mod writer;

pub(crate) use change::{BoxFuture, SignedDenyList, begin};
pub use change::{Change, WriteTransaction};
#[cfg(not(feature = "store-postgres"))]
pub(crate) use no_postgres::PostgresUrl;
pub use open::{CONNECTIONS, OpenError, StoreUrl};
#[cfg(feature = "store-postgres")]
pub(crate) use postgres_url::PostgresUrl;
pub(crate) use probe::Probe;

use super::error::ServiceError;
use crate::clock::Clock;
use eccsi_sakke::onem2m::UnixTime;
use refusals::Refusals;
use sqlx::{Any, Pool};
use state_file::StateFile;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use writer::Writer;

/// The database behind a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// One file, one process that serves.
    Sqlite,
    /// A server, for many nodes.
    Postgres,
}

/// How a store is opened.
pub struct StoreOptions {
    /// Where the database is.
    pub url: StoreUrl,
    /// Connections at most, the writer's among them; at least 2. [`CONNECTIONS`] if nothing else is known.
    pub connections: u32,
    /// The name of this writer: its audit chain and its state file have it. No two processes at once.
    pub writer: String,
    /// Folder of the state files: outside the database and its backups.
    pub state_folder: PathBuf,
    /// Seals the state file.
    pub state_key: zeroize::Zeroizing<[u8; 32]>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// How far the clock may stand behind the latest write before nothing is issued any more.
    pub clock_tolerance: core::time::Duration,
    /// How far the clock may stand ahead of that of a database server before nothing is written any more: what one node
    /// writes is the time of all. `None`: not compared, as on SQLite.
    pub clock_lead: Option<core::time::Duration>,
}

crate::redacted::redacted_debug!(StoreOptions);

/// A database, opened for reading and writing. Clones share it.
#[derive(Clone)]
pub struct Store {
    reads: ReadStore,
    writer: Writer,
    /// Where this process makes and grows files.
    folders: Arc<[PathBuf]>,
    refusals: Arc<Refusals>,
}

crate::redacted::redacted_debug!(Store);

/// A handle that cannot write: the database refuses it.
#[derive(Clone)]
pub struct ReadStore {
    pool: Pool<Any>,
    database: Database,
    clock: Arc<dyn Clock>,
    /// The latest time written, as this process knows it.
    mark: Arc<AtomicU64>,
}

crate::redacted::redacted_debug!(ReadStore);

/// Makes or renews the tables, and does nothing else. Gives how many steps that took: 0 if they were there.
///
/// For a role that may make tables, so that the service's own need not: [`Store::open`] makes nothing where nothing has to
/// be made.
///
/// # Errors
/// As [`Store::open`].
pub async fn migrate(url: &StoreUrl) -> Result<usize, OpenError> {
    let pools = open::connect(url, 2, "").await?;
    let steps = migrate::run(&pools.writes, pools.database).await;
    pools.writes.close().await;
    pools.reads.close().await;
    steps
}

impl ReadStore {
    /// Opens a database that is there, for reading alone: without tables made, writer, or state file.
    ///
    /// # Errors
    /// [`OpenError`], also if there is no such database.
    pub async fn open(url: &StoreUrl, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let (pool, database) = open::connect_reads(url).await?;
        Ok(Self { pool, database, clock, mark: Arc::new(AtomicU64::new(0)) })
    }

    /// The pool: for the modules with queries.
    pub(crate) fn pool(&self) -> &Pool<Any> {
        &self.pool
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](super::error::Kind::Unavailable) if not.
    pub async fn ping(&self) -> Result<(), ServiceError> {
        open::ping(&self.pool).await
    }

    /// Which database it is.
    pub fn database(&self) -> Database {
        self.database
    }

    /// Now, or the latest time written where the clock stands behind it: what has expired stays so.
    pub fn now(&self) -> UnixTime {
        self.clock.now().max(UnixTime::from_seconds(self.mark.load(Ordering::Relaxed)))
    }
}

impl Store {
    /// Opens the database, makes or brings up its tables, and starts the writer.
    ///
    /// # Errors
    /// [`OpenError`]: cannot connect, a newer version's tables, another process with this writer's name,
    /// a state file that does not open.
    pub async fn open(options: StoreOptions) -> Result<Self, OpenError> {
        let state = StateFile::open(&options.state_folder, &options.writer, &options.state_key)?;
        let pools = open::connect(&options.url, options.connections, &options.writer).await?;
        migrate::run(&pools.writes, pools.database).await?;
        let mark = Arc::new(AtomicU64::new(0));
        let reads = ReadStore {
            pool: pools.reads,
            database: pools.database,
            clock: Arc::clone(&options.clock),
            mark: Arc::clone(&mark),
        };
        let file = match &options.url {
            StoreUrl::Sqlite(path) => Some(path.clone()),
            StoreUrl::Postgres(_) => None,
        };
        let folders = [Some(options.state_folder.as_path()), file.as_deref().and_then(Path::parent)];
        let folders = folders.into_iter().flatten().map(Path::to_path_buf).collect();
        let refusals = Arc::default();
        let writer = Writer::start(writer::Parts {
            pool: pools.writes,
            connections: pools.connections,
            database: pools.database,
            file,
            name: options.writer,
            clock: options.clock,
            tolerance: options.clock_tolerance,
            lead: options.clock_lead,
            mark,
            state,
            refusals: Arc::clone(&refusals),
        });
        Ok(Self { reads, writer, folders, refusals })
    }

    /// The handle that cannot write.
    pub fn reads(&self) -> &ReadStore {
        &self.reads
    }

    /// Applies a change. When this returns `Ok`, it and its audit entries are durable.
    ///
    /// # Errors
    /// The change's own refusal, with nothing written; [`Kind::Unavailable`](super::error::Kind::Unavailable)
    /// if the database, the audit log or the state file cannot be written.
    pub async fn write<C: Change>(&self, change: C) -> Result<C::Output, ServiceError> {
        self.writer.write(change).await
    }

    /// Whether a refusal of this source gets an audit entry of its own. If not, it is counted, and the sum gets one within
    /// [`REFUSAL_WINDOW`](super::budgets::REFUSAL_WINDOW).
    pub(crate) fn shows_refusal(&self, source: &str) -> bool {
        self.refusals.count(source, self.reads.now())
    }

    /// Ends the writer, after what waits and the sums of refusals.
    pub async fn close(self) {
        self.writer.close().await;
        self.reads.pool.close().await;
    }
}
