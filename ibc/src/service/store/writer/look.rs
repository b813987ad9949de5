//! Whether the database is still the one that this process wrote to: looked at as each transaction begins, and now and
//! then by an idle writer.

use super::{Parts, Task};
use crate::service::audit::chain::Head;
use crate::service::error::ServiceError;
use crate::service::store::audit;
use crate::service::store::change::SignedDenyList;
use crate::service::store::columns::seconds;
use crate::service::store::open::has_other_writer;
use crate::service::store::state_file::Behind;
use crate::service::store::{Database, lists};
use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use sqlx::{Any, Connection, Row, Transaction};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// What the database says as a transaction begins.
pub(super) struct Seen {
    pub(super) mark: UnixTime,
    pub(super) epoch: i64,
    pub(super) deny_list: u64,
    /// The end of the own chain.
    pub(super) head: Head,
    /// Which server of PostgreSQL answers: behind a proxy it may change without a new connection.
    pub(super) server: String,
    /// Which table of this name it is: restoring makes it anew.
    pub(super) table: i64,
    /// What the server's clock says.
    pub(super) server_clock: Option<UnixTime>,
}

impl Seen {
    async fn read(parts: &Parts, tx: &mut Transaction<'_, Any>) -> Result<Self, ServiceError> {
        let text = match parts.database {
            Database::Sqlite => {
                "select mark, epoch, number, seq, hash from clock join deny_list on deny_list.one = clock.one \
                 left join (select seq, hash from audit where writer = $1 order by seq desc limit 1) ends on 1 = 1 \
                 where clock.one = 1"
            }
            Database::Postgres => {
                "select mark, epoch, number, seq, hash, pg_postmaster_start_time()::text as server, \
                 'audit'::regclass::oid::bigint as place, extract(epoch from clock_timestamp())::bigint as server_clock \
                 from clock join deny_list on deny_list.one = clock.one \
                 left join (select seq, hash from audit where writer = $1 order by seq desc limit 1) ends on 1 = 1 \
                 where clock.one = 1"
            }
        };
        let row = sqlx::query(text).bind(&parts.name).fetch_one(&mut **tx).await?;
        let (mark, number): (i64, i64) = (row.try_get("mark")?, row.try_get("number")?);
        let head = match row.try_get::<Option<i64>, _>("seq")? {
            None => Head::START,
            Some(_) => audit::head_of(&row)?,
        };
        let (server, table, server_clock) = match parts.database {
            Database::Sqlite => (String::new(), 0, None),
            Database::Postgres => {
                let clock: i64 = row.try_get("server_clock")?;
                (
                    row.try_get("server")?,
                    row.try_get("place")?,
                    Some(UnixTime::from_seconds(clock.unsigned_abs())),
                )
            }
        };
        Ok(Self {
            mark: UnixTime::from_seconds(mark.unsigned_abs()),
            epoch: row.try_get("epoch")?,
            deny_list: number.unsigned_abs(),
            head,
            server,
            table,
            server_clock,
        })
    }
}

/// The database after the last transaction of this process.
pub(super) struct Known {
    pub(super) head: Head,
    pub(super) server: String,
    /// How many connections there had been.
    pub(super) connections: u64,
}

/// Why this process writes no more, whatever the database says later.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    LossAccepted,
    TablesMade,
    FileReplaced(PathBuf),
    SameName(String),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LossAccepted => {
                f.write_str("another node accepted a loss, and KPAKs that this one knows have ended")?
            }
            Self::TablesMade => f.write_str("the tables were made anew, as restoring a copy does")?,
            Self::FileReplaced(path) => write!(f, "{} was removed or replaced", path.display())?,
            Self::SameName(name) => write!(
                f,
                "another process writes under the name {name}: give each its own (node in the configuration)"
            )?,
        }
        f.write_str(", while this process ran: start it again")
    }
}

impl core::error::Error for Ended {}

impl Task {
    /// Compares the database with what is known of it, inside the transaction that is to write.
    pub(super) async fn look(&mut self, tx: &mut Transaction<'_, Any>) -> Result<Seen, ServiceError> {
        if let Some(path) = &self.parts.file {
            let file = std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
            if file != self.file {
                self.refused.get_or_insert(Ended::FileReplaced(path.clone()));
            }
        }
        if let Some(why) = &self.refused {
            return Err(ServiceError::unavailable(why.clone()));
        }
        let mut seen = Seen::read(&self.parts, tx).await?;
        let (epoch, table) = *self.began.get_or_insert((seen.epoch, seen.table));
        let is_as_left = self.known.as_ref().is_some_and(|known| {
            known.head == seen.head && known.server == seen.server && known.connections == self.connections()
        });
        let is_later = self
            .parts
            .state
            .last()
            .is_some_and(|last| last.mark <= seen.mark && last.deny_list <= seen.deny_list);
        if is_as_left && is_later && (seen.epoch, seen.table) == (epoch, table) {
            return Ok(seen);
        }
        if let Err(behind) = self.parts.state.check(tx).await {
            // Not the own state file is missing, then: it is another's chain.
            let is_anothers = self.parts.state.last().is_none()
                && self.parts.database == Database::Postgres
                && has_other_writer(tx, &self.parts.name).await?;
            let name = || Ended::SameName(self.parts.name.clone());
            return Err(if is_anothers { ServiceError::unavailable(name()) } else { behind });
        }
        if seen.epoch < epoch {
            return Err(ServiceError::unavailable(Behind::Older));
        }
        // Newer than the look above, if another process is as wrong as to write here.
        seen.head = audit::head(tx, &self.parts.name).await?;
        let is_foreign = self.known.as_ref().is_some_and(|known| known.head != seen.head);
        let why = if seen.table != table {
            Ended::TablesMade
        } else if seen.epoch > epoch {
            Ended::LossAccepted
        } else if is_foreign {
            Ended::SameName(self.parts.name.clone())
        } else {
            return Ok(seen);
        };
        Err(ServiceError::unavailable(self.refused.insert(why).clone()))
    }

    /// Takes note of what other writers did, so that a copy older than that is found out.
    pub(super) async fn observe(&mut self) {
        if self.known.is_some()
            && let Err(error) = self.observe_once().await
        {
            tracing::error!(
                cause = self.explained(&error),
                "what this node wrote, or what others do, cannot be seen"
            );
        }
    }

    async fn observe_once(&mut self) -> Result<(), ServiceError> {
        let mut connection = self.parts.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        let seen = self.look(&mut tx).await?;
        let list = newer_list(&self.parts, &mut tx, &seen).await?;
        tx.rollback().await?;
        let parts = &mut self.parts;
        if parts.state.last().is_some_and(|last| last.mark < seen.mark) {
            parts.mark.fetch_max(seen.mark.as_seconds(), Ordering::Relaxed);
            parts.state.record(&seen.head, seen.mark)?;
        }
        if let Some(list) = list {
            parts.state.record_deny_list(list.number, &list.octets)?;
        }
        self.known = Some(Known { head: seen.head, server: seen.server, connections: self.connections() });
        Ok(())
    }
}

/// A deny list that another node published since this one took note of one.
pub(super) async fn newer_list(
    parts: &Parts,
    tx: &mut Transaction<'_, Any>,
    seen: &Seen,
) -> Result<Option<SignedDenyList>, ServiceError> {
    if parts.state.last().is_none_or(|last| seen.deny_list <= last.deny_list) {
        return Ok(None);
    }
    let (number, body) = lists::newest(tx).await?;
    Ok(Some(SignedDenyList { number, octets: body.into_bytes() }))
}

/// The time of the transaction.
pub(super) fn time(
    parts: &Parts,
    (mark, server): (UnixTime, Option<UnixTime>),
) -> Result<UnixTime, ServiceError> {
    let clock = parts.clock.now();
    check_clock(clock, (mark, parts.tolerance), server.zip(parts.lead)).map_err(ServiceError::unavailable)?;
    Ok(clock.max(mark))
}

/// Moves the mark up. On PostgreSQL the row is locked by whoever does: once a second, not with every group.
pub(super) async fn move_mark(tx: &mut Transaction<'_, Any>, mark: UnixTime) -> Result<(), ServiceError> {
    sqlx::query("update clock set mark = $1 where one = 1 and mark < $1")
        .bind(seconds(mark))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Compares the clock with the latest write, and with the database server's: each with how far they may differ.
fn check_clock(
    clock: UnixTime,
    (mark, tolerance): (UnixTime, Duration),
    server: Option<(UnixTime, Duration)>,
) -> Result<(), String> {
    let says = |time: UnixTime| {
        ExpirationTime::from_unix(time).map_or_else(|_| "no date".into(), |time| format!("{time}"))
    };
    let ahead = |late: UnixTime, early: UnixTime| late.as_seconds().saturating_sub(early.as_seconds());
    if let Some((server, lead)) = server
        && server.checked_add(lead).is_some_and(|latest| latest < clock)
    {
        return Err(format!(
            "the clock here ({}) stands {} seconds ahead of the database server's ({}): set the one that is wrong; \
             written, it would stop every other node",
            says(clock),
            ahead(clock, server),
            says(server)
        ));
    }
    if clock.checked_add(tolerance).is_some_and(|latest| latest < mark) {
        let compared = server
            .map_or_else(String::new, |(server, _)| format!("; the database server's says {}", says(server)));
        return Err(format!(
            "the clock stands {} seconds behind the latest write (here {}, written {}{compared}): set the clock that is wrong",
            ahead(mark, clock),
            says(clock),
            says(mark)
        ));
    }
    Ok(())
}
