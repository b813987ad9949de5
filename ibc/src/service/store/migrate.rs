//! Tables by numbered files, each applied once and in order.

use super::{Database, OpenError};
use sqlx::{Any, AssertSqlSafe, Pool};

/// The files, number 1 first.
const FILES: &[&str] = &[include_str!("migrations/0001_service.sql")];

/// Serialises nodes that start at once on one PostgreSQL: any number that nothing else uses.
const LOCK: i64 = 0x6962_635f_6d69_6772;

/// The newest version of the tables that this program knows.
pub(super) fn known() -> i64 {
    i64::try_from(FILES.len()).expect("few files")
}

pub(super) async fn run(pool: &Pool<Any>, database: Database) -> Result<(), OpenError> {
    let mut tx = pool.begin_with(super::writer::begin(database)).await?;
    if database == Database::Postgres {
        sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *tx).await?;
    }
    sqlx::query("create table if not exists migration (number bigint primary key)").execute(&mut *tx).await?;
    let found: i64 =
        sqlx::query_scalar("select coalesce(max(number), 0) from migration").fetch_one(&mut *tx).await?;
    let known = known();
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    for (number, file) in (1..).zip(FILES).skip_while(|(number, _)| *number <= found) {
        for statement in statements(file, database) {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
        }
        sqlx::query("insert into migration (number) values ($1)").bind(number).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
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
