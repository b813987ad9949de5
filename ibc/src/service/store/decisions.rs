//! The rows that decide, in one form for all tables: texts as the audit log could give them.
//!
//! What is not here decides nothing by itself, or no entry of the log tells of it.

use super::columns::seconds;
use super::{Database, ReadStore};
use crate::service::error::ServiceError;
use crate::service::limits::CLOCK_SKEW;
use core::fmt;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row, Transaction};
use std::string::ToString;

/// Rows that are read at once.
const PAGE: usize = 1000;

/// Groups of columns that change together, in one row.
pub(crate) const GROUPS: usize = 3;

/// Tables that are compared with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Table {
    Stakeholder,
    Client,
    Binding,
    Admission,
    Credential,
    Policy,
    Psa,
    Identity,
    Denied,
    Registration,
    Key,
}

/// How a table is read: names of columns, all as text.
struct Form {
    table: &'static str,
    /// The primary key: those that end in `#` are numbers.
    key: &'static [&'static str],
    /// The rest, by group.
    groups: [&'static [&'static str]; GROUPS],
}

impl Table {
    pub(crate) const ALL: [Self; 11] = [
        Self::Stakeholder,
        Self::Client,
        Self::Binding,
        Self::Admission,
        Self::Credential,
        Self::Policy,
        Self::Psa,
        Self::Identity,
        Self::Denied,
        Self::Registration,
        Self::Key,
    ];

    /// What people call a row of it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stakeholder => "stakeholder",
            Self::Client => "client",
            Self::Binding => "identity of a client",
            Self::Admission => "admission",
            Self::Credential => "credential",
            Self::Policy => "row of policy",
            Self::Psa => "Kpsa",
            Self::Identity => "ID_2",
            Self::Denied => "denial",
            Self::Registration => "registration",
            Self::Key => "registered key",
        }
    }

    const fn form(self) -> Form {
        let (table, key, groups): (_, &'static [_], [&'static [_]; GROUPS]) = match self {
            Self::Stakeholder => ("stakeholder", &["fqdn"], [&["enabled#"], &[], &[]]),
            Self::Client => ("client", &["id"], [&["enabled#"], &["label"], &["not_after#"]]),
            Self::Binding => ("client_identity", &["client", "name"], [&[], &[], &[]]),
            Self::Admission => ("client_stakeholder", &["client", "stakeholder", "fn#"], [&[], &[], &[]]),
            Self::Credential => {
                ("credential", &["id", "fn#"], [&["enabled#"], &["client", "not_after#"], &[]])
            }
            Self::Policy => (
                "policy",
                &["fn#", "stakeholder", "client", "suid#"],
                [&["allow#"], &["targets", "default_targets", "max_lifetime#"], &[]],
            ),
            Self::Psa => ("psa", &["id"], [&["enabled#"], &["a", "b", "not_after#"], &[]]),
            Self::Identity => (
                "ibc_identity",
                &["id2"],
                [
                    &["name", "kpak_tag", "client", "requester", "replaces", "reserved_at#", "not_after#"],
                    &["state#", "issued_at#", "pvt"],
                    &[],
                ],
            ),
            Self::Denied => ("denied", &["id2"], [&["reason", "not_after#"], &["since#"], &[]]),
            Self::Registration => (
                "registration",
                &["id"],
                [&["fn#", "client", "stakeholder", "entity", "created#"], &["assigned"], &["not_after#"]],
            ),
            Self::Key => (
                "registered_key",
                &["rkid"],
                [
                    &["fn#", "registration", "client", "source", "stakeholder"],
                    &["targets", "suid#"],
                    &["not_after#"],
                ],
            ),
        };
        Form { table, key, groups }
    }

    /// Whether rows are removed after their end, without an entry that names each.
    const fn expires(self) -> bool {
        matches!(
            self,
            Self::Credential | Self::Psa | Self::Identity | Self::Denied | Self::Registration | Self::Key
        )
    }

    /// When a row that ends at this time may be gone; `u64::MAX` for never.
    pub(crate) fn gone(self, not_after: UnixTime) -> u64 {
        match self {
            Self::Identity | Self::Denied => not_after.as_seconds().saturating_add(CLOCK_SKEW.as_secs()),
            _ if self.expires() => not_after.as_seconds(),
            _ => u64::MAX,
        }
    }
}

/// Which row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) table: Table,
    /// Its primary key.
    pub(crate) key: Vec<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.table.name())?;
        let words: Vec<_> =
            self.key.iter().map(|word| if word.is_empty() { "''" } else { word.as_str() }).collect();
        write!(f, " {}", words.join(" "))
    }
}

/// A row as it stands there.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) place: Place,
    pub(crate) values: [Vec<String>; GROUPS],
    /// When it may be gone.
    pub(crate) gone: u64,
}

/// The statement of a page: from the start, or behind a row.
fn statement(form: &Form, is_first: bool) -> String {
    let name = |column: &&str| column.trim_end_matches('#').to_string();
    let select = |column: &&str| match column.strip_suffix('#') {
        Some(number) => std::format!("cast({number} as text)"),
        None => (*column).to_string(),
    };
    let columns: Vec<_> = form.key.iter().chain(form.groups.into_iter().flatten()).map(select).collect();
    let key = form.key.iter().map(name).collect::<Vec<_>>().join(", ");
    let bound = |(at, column): (usize, &&str)| match column.strip_suffix('#') {
        Some(_) => std::format!("cast(${} as bigint)", at + 1),
        None => std::format!("${}", at + 1),
    };
    let behind = if is_first {
        String::new()
    } else {
        let bounds: Vec<_> = form.key.iter().enumerate().map(bound).collect();
        std::format!("where ({key}) > ({})", bounds.join(", "))
    };
    let (columns, table) = (columns.join(", "), form.table);
    std::format!("select {columns} from {table} {behind} order by {key} limit {PAGE}")
}

/// Rows of a table in the order of their keys, behind one of them. The last page is empty.
pub(crate) async fn page(
    connection: &mut AnyConnection,
    table: Table,
    behind: Option<&Place>,
) -> Result<Vec<Decision>, ServiceError> {
    let form = table.form();
    let mut query = sqlx::query(AssertSqlSafe(statement(&form, behind.is_none())));
    for value in behind.into_iter().flat_map(|place| &place.key) {
        query = query.bind(value.clone());
    }
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| read(table, &form, row)).collect()
}

fn read(table: Table, form: &Form, row: &AnyRow) -> Result<Decision, ServiceError> {
    let mut at = 0;
    let mut not_after = UnixTime::from_seconds(u64::MAX);
    let mut texts = |columns: &[&str]| -> Result<Vec<String>, ServiceError> {
        let mut texts = Vec::with_capacity(columns.len());
        for column in columns {
            let text: String = match *column {
                "pvt" => base16ct::lower::encode_string(&row.try_get::<Vec<u8>, _>(at)?),
                _ => row.try_get(at)?,
            };
            if *column == "not_after#" {
                not_after = UnixTime::from_seconds(text.parse::<i64>().unwrap_or(0).max(0).unsigned_abs());
            }
            texts.push(text);
            at += 1;
        }
        Ok(texts)
    };
    let key = texts(form.key)?;
    let [first, second, third] = form.groups;
    let values = [texts(first)?, texts(second)?, texts(third)?];
    Ok(Decision { place: Place { table, key }, values, gone: table.gone(not_after) })
}

/// ID_2 of which a published list is said to tell, and that end after `after`; behind one of them.
pub(crate) async fn listed(
    connection: &mut AnyConnection,
    after: UnixTime,
    behind: Option<&str>,
) -> Result<Vec<String>, ServiceError> {
    let text = "select id2 from denied where listed > 0 and not_after > $1 and ($2 = 0 or id2 > $3) \
                order by id2 limit $4";
    Ok(sqlx::query_scalar(text)
        .bind(seconds(after))
        .bind(i64::from(behind.is_some()))
        .bind(behind.unwrap_or_default())
        .bind(i64::try_from(PAGE).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?)
}

impl ReadStore {
    /// A transaction that sees the database as it is now, whatever is written meanwhile.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Any>, ServiceError> {
        let begin = match self.database {
            Database::Sqlite => "begin",
            Database::Postgres => "begin isolation level repeatable read read only",
        };
        Ok(self.pool.begin_with(begin).await?)
    }
}
