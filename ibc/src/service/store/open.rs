//! Connecting to the database.

use super::{Database, PostgresUrl, state_file::StateError};
use crate::service::error::ServiceError;
use crate::service::limits::STORE_PATIENCE;
use core::fmt;
use sha2::{Digest, Sha256};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, ConnectOptions, Connection, Pool};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Connections of a service that nobody told otherwise: one that writes, and eight that read.
pub const CONNECTIONS: u32 = 9;

/// Connections that a handle for reading alone opens at most.
const READERS: u32 = CONNECTIONS - 1;

/// Where the database is: `sqlite:PATH` or `postgres://…`.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server. The URL may hold a password.
    Postgres(String),
}

impl StoreUrl {
    /// Reads `sqlite:PATH`, `postgres://…` or `postgresql://…`.
    ///
    /// # Errors
    /// A sentence that says what is accepted; it does not repeat the text, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains(['?', '#']) {
                return Err("sqlite: wants the path of a file, as in sqlite:/var/lib/ibc/mef.db");
            }
            return Ok(Self::Sqlite(path.into()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return PostgresUrl::parse(text).map(|_| Self::Postgres(text.into()));
        }
        Err("a store is sqlite:PATH or postgres://USER@HOST/DATABASE")
    }
}

// The password stays out.
impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.debug_tuple("Postgres").finish_non_exhaustive(),
        }
    }
}

/// What a database says, without the line of its source that says so.
struct Words<'a>(&'a sqlx::Error);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_database_error() {
            Some(error) => f.write_str(error.message()),
            None => self.0.fmt(f),
        }
    }
}

/// Why a store could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The database says so.
    Database(sqlx::Error),
    /// The URL of the database.
    Url(&'static str),
    /// Tables have to be made or renewed, and the role may not.
    MayNotMigrate(sqlx::Error),
    /// The database has tables of something else.
    NotEmpty,
    /// The file or folder of the database.
    Io(PathBuf, io::Error),
    /// Others may read or write the file of the database, which has what only the service may know; its mode.
    Permissions(PathBuf, u32),
    /// The tables are of a later version of this program.
    Newer {
        /// The version found.
        found: i64,
        /// The version this program knows.
        known: i64,
    },
    /// The state file.
    State(StateError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(sqlx::Error::PoolTimedOut) => {
                write!(f, "the database gave no connection within {} s", STORE_PATIENCE.as_secs())
            }
            Self::Database(error) => write!(f, "the database cannot be used: {}", Words(error)),
            Self::Url(why) => write!(f, "the URL of the database: {why}"),
            Self::MayNotMigrate(error) => write!(
                f,
                "the tables have to be made or renewed, which this role may not ({}): run `ibc service migrate` \
                 with a role that may create tables",
                Words(error)
            ),
            Self::NotEmpty => {
                f.write_str("the database is not empty: it has tables of something else; give this service one of its own")
            }
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Permissions(path, mode) => write!(
                f,
                "{} has mode {mode:04o}, so that others may read or write it: chmod 600 {}",
                path.display(),
                path.display()
            ),
            Self::Newer { found, known } => write!(
                f,
                "the tables have version {found}, this program knows {known}: run the newer program"
            ),
            Self::State(error) => error.fmt(f),
        }
    }
}

// The message holds the cause: a `source` would repeat it.
impl std::error::Error for OpenError {}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StateError> for OpenError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

pub(crate) struct Pools {
    /// One connection: the writer's.
    pub(crate) writes: Pool<Any>,
    pub(crate) reads: Pool<Any>,
    pub(crate) database: Database,
    /// How many connections the writer has had: each may lead to another server.
    pub(crate) connections: Arc<AtomicU64>,
}

/// At most this many connections: one writes under this name, the others, at least one, read.
pub(crate) async fn connect(url: &StoreUrl, connections: u32, writer: &str) -> Result<Pools, OpenError> {
    sqlx::any::install_default_drivers();
    let readers = connections.saturating_sub(1).max(1);
    match url {
        StoreUrl::Sqlite(path) => sqlite(path.clone(), readers).await,
        StoreUrl::Postgres(url) => postgres(url, readers, writer).await,
    }
}

/// What the database says, in place of "timed out": a pool keeps it to itself, and tries again.
async fn explained(error: sqlx::Error, options: &AnyConnectOptions) -> OpenError {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        match tokio::time::timeout(STORE_PATIENCE, options.connect()).await {
            Ok(Err(error)) => return error.into(),
            // Free again, too late.
            Ok(Ok(connection)) => drop(connection.close().await),
            Err(_) => {}
        }
    }
    error.into()
}

fn postgres_options(url: &str) -> Result<AnyConnectOptions, OpenError> {
    Ok(PostgresUrl::parse(url).map_err(OpenError::Url)?.connect_options()?)
}

/// Connections for reading, to a database that is there.
pub(crate) async fn connect_reads(url: &StoreUrl) -> Result<(Pool<Any>, Database), OpenError> {
    sqlx::any::install_default_drivers();
    let (pool, options, database) = match url {
        StoreUrl::Sqlite(path) => {
            let about = std::fs::metadata(path).map_err(|error| OpenError::Io(path.clone(), error))?;
            check_mode(path, &about)?;
            // Not mode=ro: a reader of a WAL has to write its index.
            let options = sqlite_options(path, "rw")?;
            (sqlite_reads(options.clone(), READERS), options, Database::Sqlite)
        }
        StoreUrl::Postgres(url) => {
            let options = postgres_options(url)?;
            (postgres_reads(options.clone(), READERS), options, Database::Postgres)
        }
    };
    if let Err(error) = pool.acquire().await {
        return Err(explained(error, &options).await);
    }
    Ok((pool, database))
}

fn sqlite_options(path: &std::path::Path, mode: &str) -> Result<AnyConnectOptions, OpenError> {
    let text = path.to_str().ok_or_else(|| {
        OpenError::Io(path.into(), io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8"))
    })?;
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Ok(format!("sqlite:{escaped}?mode={mode}").parse()?)
}

/// One connection past the pools, to a file that is there: for copies.
pub(crate) async fn sqlite_connection(
    path: &std::path::Path,
    mode: &str,
) -> Result<AnyConnection, sqlx::Error> {
    sqlx::any::install_default_drivers();
    let options = sqlite_options(path, mode).map_err(|error| match error {
        OpenError::Database(error) => error,
        other => sqlx::Error::Configuration(Box::new(other)),
    })?;
    let mut connection = options.connect().await?;
    connection.ping().await?;
    sqlx::query("pragma busy_timeout = 5000").execute(&mut connection).await?;
    Ok(connection)
}

/// The same to PostgreSQL.
pub(crate) async fn postgres_connection(url: &str) -> Result<AnyConnection, OpenError> {
    sqlx::any::install_default_drivers();
    Ok(postgres_options(url)?.connect().await?)
}

fn sqlite_reads(options: AnyConnectOptions, readers: u32) -> Pool<Any> {
    AnyPoolOptions::new()
        .max_connections(readers)
        .acquire_timeout(STORE_PATIENCE)
        .after_connect(|connection, _| {
            Box::pin(async move {
                for pragma in ["pragma busy_timeout = 5000", "pragma query_only = on"] {
                    sqlx::query(pragma).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .connect_lazy_with(options)
}

fn check_mode(path: &std::path::Path, about: &std::fs::Metadata) -> Result<(), OpenError> {
    match about.permissions().mode() & 0o777 {
        mode if mode & 0o077 != 0 => Err(OpenError::Permissions(path.into(), mode)),
        _ => Ok(()),
    }
}

async fn sqlite(path: PathBuf, readers: u32) -> Result<Pools, OpenError> {
    // Made here, so that nobody else may read it.
    let made = {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = std::fs::OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        crate::files::open_at_once(&path, &mut options)
    };
    let (_, about) = made.map_err(|error| OpenError::Io(path.clone(), error))?;
    check_mode(&path, &about)?;
    let options = sqlite_options(&path, "rw")?;
    let connections = Arc::new(AtomicU64::new(0));
    let made = Arc::clone(&connections);
    let writes = AnyPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(STORE_PATIENCE)
        .after_connect(move |connection, _| {
            made.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                // FULL: WAL alone loses the last commits when the power fails.
                for pragma in [
                    "pragma busy_timeout = 5000",
                    "pragma journal_mode = wal",
                    "pragma synchronous = full",
                    "pragma secure_delete = on",
                ] {
                    sqlx::query(pragma).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .connect_with(options.clone())
        .await;
    let writes = match writes {
        Ok(pool) => pool,
        Err(error) => return Err(explained(error, &options).await),
    };
    Ok(Pools { writes, reads: sqlite_reads(options, readers), database: Database::Sqlite, connections })
}

/// The lock of PostgreSQL that a writer holds while it is connected, in two numbers. It keeps nobody out: it shows to others
/// that there is a writer of this name.
fn sign(writer: &str) -> (i32, i32) {
    const WRITERS: i32 = 0x6962_6377; // any number that nothing else uses
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(writer));
    (WRITERS, i32::from_be_bytes([a & 0x7f, b, c, d]))
}

/// Whether another process is connected to this PostgreSQL as a writer of this name.
pub(super) async fn has_other_writer(
    connection: &mut sqlx::AnyConnection,
    writer: &str,
) -> Result<bool, sqlx::Error> {
    let (class, name) = sign(writer);
    let text = "select count(*) from pg_locks where locktype = 'advisory' and objsubid = 2 and classid::bigint = $1 \
                and objid::bigint = $2 and pid <> pg_backend_pid() \
                and database = (select oid from pg_database where datname = current_database())";
    let others: i64 =
        sqlx::query_scalar(text).bind(i64::from(class)).bind(i64::from(name)).fetch_one(connection).await?;
    Ok(others > 0)
}

async fn postgres(url: &str, readers: u32, writer: &str) -> Result<Pools, OpenError> {
    let options = postgres_options(url)?;
    let connections = Arc::new(AtomicU64::new(0));
    let made = Arc::clone(&connections);
    let (class, name) = sign(writer);
    let writes = AnyPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(STORE_PATIENCE)
        .after_connect(move |connection, _| {
            made.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                let show = "select pg_advisory_lock_shared($1, $2)";
                sqlx::query(show).bind(class).bind(name).execute(&mut *connection).await?;
                // Whoever is answered relies on what was written.
                let switch_on = "select set_config('synchronous_commit', 'on', false) \
                                 where current_setting('synchronous_commit') = 'off'";
                sqlx::query(switch_on).execute(&mut *connection).await?;
                Ok(())
            })
        })
        .connect_with(options.clone())
        .await;
    let writes = match writes {
        Ok(pool) => pool,
        Err(error) => return Err(explained(error, &options).await),
    };
    let reads = postgres_reads(options.clone(), readers);
    // The server may have had room for one more, and no other.
    if let Err(error) = reads.acquire().await {
        return Err(explained(error, &options).await);
    }
    let lasting: String = sqlx::query_scalar("select current_setting('fsync')").fetch_one(&writes).await?;
    if lasting == "off" {
        tracing::warn!("fsync is off at the database: what is answered is lost with the power");
    }
    Ok(Pools { writes, reads, database: Database::Postgres, connections })
}

/// Whether a database of PostgreSQL has the tables.
pub(crate) async fn has_tables(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let there: i64 = sqlx::query_scalar(
        "select count(*) from information_schema.tables where table_schema = current_schema() and table_name = 'audit'",
    )
    .fetch_one(connection)
    .await?;
    Ok(there > 0)
}

/// Has SQLite take in what its log beside the file has.
pub(crate) async fn take_in_log(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    sqlx::query("pragma wal_checkpoint(truncate)").execute(connection).await.map(drop)
}

fn postgres_reads(options: AnyConnectOptions, readers: u32) -> Pool<Any> {
    AnyPoolOptions::new()
        .max_connections(readers)
        .acquire_timeout(STORE_PATIENCE)
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::query("set default_transaction_read_only = on").execute(&mut *connection).await?;
                Ok(())
            })
        })
        .connect_lazy_with(options)
}
/// Asks the database whether it is there.
pub(crate) async fn ping(pool: &Pool<Any>) -> Result<(), ServiceError> {
    sqlx::query("select 1").execute(pool).await?;
    Ok(())
}
