//! Tables by numbered files, each applied once and in order.

use super::{Database, OpenError};
use sqlx::{Any, AnyConnection, AssertSqlSafe, Pool};

/// The files, number 1 first.
const FILES: &[&str] = &[
    include_str!("migrations/0001_service.sql"),
    include_str!("migrations/0002_key_hashes.sql"),
    include_str!("migrations/0003_device_objects.sql"),
];

/// Serialises nodes that start at once on one PostgreSQL: any number that nothing else uses.
const LOCK: i64 = 0x6962_635f_6d69_6772;

/// The newest version of the tables that this program knows.
pub(crate) fn known() -> i64 {
    i64::try_from(FILES.len()).expect("few files")
}

/// Gives how many files were applied.
pub(crate) async fn run(pool: &Pool<Any>, database: Database) -> Result<usize, OpenError> {
    // First without a statement that makes anything: a role that may not make tables needs none where they are there.
    let found = found(&mut *pool.acquire().await?, database).await?;
    if remaining(found)? == 0 {
        return Ok(0);
    }
    apply(pool, database).await.map_err(|error| match error {
        OpenError::Database(error) if is_forbidden(&error) => OpenError::MayNotMigrate(error),
        error => error,
    })
}

async fn apply(pool: &Pool<Any>, database: Database) -> Result<usize, OpenError> {
    let mut tx = pool.begin_with(super::begin(database)).await?;
    if database == Database::Postgres {
        sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *tx).await?;
    }
    // Again: another node may have been faster.
    let found = found(&mut tx, database).await?;
    let remaining = remaining(found)?;
    if found == 0 {
        if others(&mut tx, database).await? > 0 {
            return Err(OpenError::NotEmpty);
        }
        sqlx::query("create table if not exists migration (number bigint primary key)")
            .execute(&mut *tx)
            .await?;
    }
    for (number, file) in (1..).zip(FILES).skip(FILES.len() - remaining) {
        for statement in statements(file, database) {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
        }
        sqlx::query("insert into migration (number) values ($1)").bind(number).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(remaining)
}

/// Refuses a database that has tables, and not those of a service.
pub(in crate::service) async fn check_not_foreign(
    connection: &mut AnyConnection,
    database: Database,
) -> Result<(), OpenError> {
    if found(connection, database).await? == 0 && others(connection, database).await? > 0 {
        return Err(OpenError::NotEmpty);
    }
    Ok(())
}

/// How many files are still to be applied.
fn remaining(found: i64) -> Result<usize, OpenError> {
    let newer = || OpenError::Newer { found, known: known() };
    usize::try_from(found).ok().and_then(|found| FILES.len().checked_sub(found)).ok_or_else(newer)
}

/// The number of the last file that was applied; 0 for a database that has none.
async fn found(connection: &mut AnyConnection, database: Database) -> Result<i64, OpenError> {
    if !has_table(connection, database, "migration").await? {
        return Ok(0);
    }
    let last = sqlx::query_scalar("select coalesce(max(number), 0) from migration");
    let last: i64 = match last.fetch_one(&mut *connection).await {
        // A table of this name without our column, or with other values in it.
        Err(error) if is_other_table(&error) => return Err(OpenError::NotEmpty),
        last => last?,
    };
    if last != 0 && !has_table(connection, database, "ibc_identity").await? {
        return Err(OpenError::NotEmpty);
    }
    Ok(last)
}

/// Whether unqualified statements see a table of this name.
async fn has_table(
    connection: &mut AnyConnection,
    database: Database,
    name: &str,
) -> Result<bool, sqlx::Error> {
    let query = match database {
        Database::Sqlite => "select count(*) from sqlite_master where name = $1",
        Database::Postgres => "select count(*) from pg_catalog.pg_class where oid = to_regclass($1)",
    };
    let count: i64 = sqlx::query_scalar(query).bind(name).fetch_one(connection).await?;
    Ok(count > 0)
}

/// How many tables and views there are where ours would be made; without those of extensions, which make their own.
async fn others(connection: &mut AnyConnection, database: Database) -> Result<i64, sqlx::Error> {
    let query = match database {
        Database::Sqlite => {
            "select count(*) from sqlite_master where name not like 'sqlite_%' and name <> 'migration'"
        }
        Database::Postgres => {
            "select count(*) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
             where n.nspname = current_schema() and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relname <> 'migration' \
             and not exists (select 1 from pg_catalog.pg_depend d where d.objid = c.oid and d.deptype = 'e')"
        }
    };
    sqlx::query_scalar(query).fetch_one(connection).await
}

/// PostgreSQL's "insufficient privilege".
fn is_forbidden(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("42501"))
}

/// An answer that says no, or one of another type than was asked for; not one about the connection, or a right.
fn is_other_table(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            // PostgreSQL: undefined column or function, and types that do not match. SQLite has one code for all such errors.
            matches!(error.code().as_deref(), Some("42703" | "42883" | "42804" | "1"))
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::AnyDriverError(_) => true,
        _ => false,
    }
}

/// The statements of a file, without comments, which hold semicolons.
fn statements(file: &str, database: Database) -> Vec<String> {
    let octets = match database {
        Database::Sqlite => "blob",
        Database::Postgres => "bytea",
    };
    let text: String = file
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .flat_map(|line| [line, "\n"])
        .collect();
    text.replace("BLOB", octets)
        .split(';')
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
        .map(Into::into)
        .collect()
}
