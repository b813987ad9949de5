//! What tells whether two credentials have the same key: the column `key_hash`.

use crate::Function;
use crate::service::error::ServiceError;
use crate::service::sealed::SealedColumns;
use crate::service::store::columns::{function, sealed};
use sqlx::{AnyConnection, Row};

/// Whether another client has the key with this hash; "" is that of no key. Until the transaction ends, no other one finds
/// out the same and goes on.
pub(super) async fn is_of_another(
    connection: &mut AnyConnection,
    hash: &str,
    client: &str,
) -> Result<bool, ServiceError> {
    if hash.is_empty() {
        return Ok(false);
    }
    // SQLite has one transaction at a time that writes.
    if connection.backend_name() == "PostgreSQL" {
        let text = "select pg_advisory_xact_lock(hashtextextended($1, 0))";
        sqlx::query(text).bind(hash).execute(&mut *connection).await?;
    }
    let text = "select count(*) from credential where key_hash = $1 and client <> $2";
    let others: i64 = sqlx::query_scalar(text).bind(hash).bind(client).fetch_one(connection).await?;
    Ok(others > 0)
}

/// A credential whose key has no hash yet.
pub(crate) struct Unhashed {
    pub(crate) id: String,
    pub(crate) function: Function,
    pub(crate) key: SealedColumns,
}

/// Those behind this one, in their order.
pub(crate) async fn unhashed(
    connection: &mut AnyConnection,
    (id, after): (&str, i64),
    most: i64,
) -> Result<Vec<Unhashed>, ServiceError> {
    let text = "select id, fn, day, generation, sealed from credential where key_hash = '' and generation > 0 \
                and (fn > $1 or (fn = $1 and id > $2)) order by fn, id limit $3";
    let rows = sqlx::query(text).bind(after).bind(id).bind(most).fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok(Unhashed { id: row.try_get("id")?, function: function(row)?, key: sealed(row)? }))
        .collect()
}

pub(crate) async fn set_hash(
    connection: &mut AnyConnection,
    (id, function): (&str, Function),
    hash: &str,
) -> Result<(), ServiceError> {
    let text = "update credential set key_hash = $1 where id = $2 and fn = $3 and key_hash = ''";
    let query = sqlx::query(text).bind(hash).bind(id).bind(function.number());
    query.execute(connection).await?;
    Ok(())
}

/// The clients of each key that several have, at most so many clients.
pub(crate) async fn shared(
    connection: &mut AnyConnection,
    most: i64,
) -> Result<Vec<Vec<String>>, ServiceError> {
    let text = "select distinct key_hash, client from credential where key_hash in \
                (select key_hash from credential where key_hash <> '' group by key_hash \
                having count(distinct client) > 1) order by key_hash, client limit $1";
    let rows = sqlx::query(text).bind(most).fetch_all(connection).await?;
    let mut keys: Vec<(String, Vec<String>)> = Vec::new();
    for row in &rows {
        let (hash, client): (String, String) = (row.try_get("key_hash")?, row.try_get("client")?);
        match keys.last_mut() {
            Some((last, clients)) if *last == hash => clients.push(client),
            _ => keys.push((hash, Vec::from([client]))),
        }
    }
    Ok(keys.into_iter().map(|(_, clients)| clients).collect())
}
