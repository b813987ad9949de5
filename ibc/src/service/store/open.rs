//! Connecting to the database.

use super::{Database, state_file::StateError};
use crate::service::error::ServiceError;
use core::fmt;
use core::time::Duration;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, Pool};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Connections for reading.
const READERS: u32 = 8;

/// How long a request waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);

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
            return if cfg!(feature = "store-postgres") {
                Ok(Self::Postgres(text.into()))
            } else {
                Err("this program was built without PostgreSQL: build it with the feature store-postgres")
            };
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

/// Why a store could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The database says so.
    Database(sqlx::Error),
    /// The file or folder of the database.
    Io(PathBuf, io::Error),
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
            Self::Database(error) => write!(f, "the database cannot be used: {error}"),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
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

pub(super) struct Pools {
    /// One connection: the writer's.
    pub(super) writes: Pool<Any>,
    pub(super) reads: Pool<Any>,
    pub(super) database: Database,
    /// How many connections the writer has had: each may lead to another server.
    pub(super) connections: Arc<AtomicU64>,
}

pub(super) async fn connect(url: &StoreUrl) -> Result<Pools, OpenError> {
    sqlx::any::install_default_drivers();
    match url {
        StoreUrl::Sqlite(path) => sqlite(path.clone()).await,
        StoreUrl::Postgres(url) => postgres(url).await,
    }
}

/// Connections for reading, to a database that is there.
pub(super) async fn connect_reads(url: &StoreUrl) -> Result<(Pool<Any>, Database), OpenError> {
    sqlx::any::install_default_drivers();
    let (pool, database) = match url {
        StoreUrl::Sqlite(path) => {
            std::fs::metadata(path).map_err(|error| OpenError::Io(path.clone(), error))?;
            (sqlite_reads(path)?, Database::Sqlite)
        }
        StoreUrl::Postgres(url) => (postgres_reads(url.parse()?), Database::Postgres),
    };
    pool.acquire().await?;
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
pub(super) async fn sqlite_connection(
    path: &std::path::Path,
    mode: &str,
) -> Result<sqlx::AnyConnection, sqlx::Error> {
    use sqlx::{ConnectOptions, Connection};
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
pub(super) async fn postgres_connection(url: &str) -> Result<sqlx::AnyConnection, sqlx::Error> {
    use sqlx::ConnectOptions;
    sqlx::any::install_default_drivers();
    url.parse::<AnyConnectOptions>()?.connect().await
}

fn sqlite_reads(path: &std::path::Path) -> Result<Pool<Any>, OpenError> {
    Ok(AnyPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE)
        .after_connect(|connection, _| {
            Box::pin(async move {
                for pragma in ["pragma busy_timeout = 5000", "pragma query_only = on"] {
                    sqlx::query(pragma).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        // Not mode=ro: a reader of a WAL has to write its index.
        .connect_lazy_with(sqlite_options(path, "rw")?))
}

async fn sqlite(path: PathBuf) -> Result<Pools, OpenError> {
    // Made here, so that nobody else may read it.
    let made = {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = std::fs::OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        crate::files::open_at_once(&path, &mut options)
    };
    made.map_err(|error| OpenError::Io(path.clone(), error))?;
    let connections = Arc::new(AtomicU64::new(0));
    let made = Arc::clone(&connections);
    let writes = AnyPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
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
        .connect_with(sqlite_options(&path, "rw")?)
        .await?;
    let reads = sqlite_reads(&path)?;
    Ok(Pools { writes, reads, database: Database::Sqlite, connections })
}

async fn postgres(url: &str) -> Result<Pools, OpenError> {
    let options: AnyConnectOptions = url.parse()?;
    let connections = Arc::new(AtomicU64::new(0));
    let made = Arc::clone(&connections);
    let writes = AnyPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .after_connect(move |_, _| {
            made.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(()) })
        })
        .connect_with(options.clone())
        .await?;
    Ok(Pools { writes, reads: postgres_reads(options), database: Database::Postgres, connections })
}

fn postgres_reads(options: AnyConnectOptions) -> Pool<Any> {
    AnyPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE)
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::query("set default_transaction_read_only = on").execute(&mut *connection).await?;
                Ok(())
            })
        })
        .connect_lazy_with(options)
}
/// Asks the database whether it is there.
pub(super) async fn ping(pool: &Pool<Any>) -> Result<(), ServiceError> {
    sqlx::query("select 1").execute(pool).await?;
    Ok(())
}
