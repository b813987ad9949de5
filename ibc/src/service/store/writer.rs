//! The one task that writes.
//!
//! Changes queue up and are applied in order, those that wait together in one transaction, each behind a
//! savepoint: one that refuses takes back only what it did itself. After the commit the highest
//! number of the audit chain goes to the state file, and only then is anything answered. So no
//! secret leaves before its audit entry is on the disk, and one `fsync` serves many requests.
//!
//! Two nodes whose groups want the same rows in another order wait for each other; PostgreSQL ends one of the waits. That
//! writer then commits what it has, which lets the other go on, and applies the rest a little later in another transaction.
//!
//! Each transaction begins with a look at the end of the own chain: a database that became an older one between two
//! transactions (a standby that took over, a copy that was brought back) is not written to, and neither the state file
//! nor anybody who waits is told otherwise. A connection made anew is compared with all that this node knows.
//!
//! Time inside a transaction is `max(clock, mark)`, where the mark is the latest time at which this database
//! wrote: a clock that was set back by more than the tolerance stops all writing.

use super::audit;
use super::columns::seconds;
use super::open::has_other_writer;
use super::state_file::{Behind, StateFile};
use super::{Database, ServiceError};
use crate::clock::Clock;
use crate::service::audit::chain::{Event, Head};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use sqlx::{Any, AnyConnection, Connection, Pool, Row, Transaction};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Changes that may wait. A sender beyond them waits itself.
const QUEUE: usize = 1024;

/// Changes in one transaction: enough that the commit no longer counts.
const GROUP: usize = 256;

/// Transactions one after the other that a deadlock may leave without a single change.
const DEADLOCKS: u32 = 5;

/// How long a writer whose wait was ended leaves the other alone, for its group to be committed; twice as long each time
/// that was in vain.
const GIVE_WAY: Duration = Duration::from_millis(50);

/// How often a writer without work looks what others wrote.
const OBSERVE: Duration = Duration::from_secs(5);

/// A future without its type.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something to be written as one piece, with its audit entries.
pub trait Change: Send + 'static {
    /// What it gives once it is durable.
    type Output: Send + 'static;

    /// Writes it. What an `Err` returns from is undone, and may be applied again.
    fn apply(
        &mut self,
        tx: &mut WriteTransaction<'_>,
    ) -> impl Future<Output = Result<Self::Output, ServiceError>> + Send;

    /// Whether it can be applied again.
    fn is_repeatable(&self) -> bool {
        true
    }
}

/// A transaction for one [`Change`].
pub struct WriteTransaction<'t> {
    connection: &'t mut AnyConnection,
    now: UnixTime,
    writer: &'t str,
    head: &'t mut Head,
    deny_list: &'t mut Option<SignedDenyList>,
}

impl core::fmt::Debug for WriteTransaction<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("WriteTransaction")
            .field("writer", &self.writer)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// A deny list as it is published, for the state folder.
pub(crate) struct SignedDenyList {
    pub(crate) number: u64,
    pub(crate) octets: Vec<u8>,
}

impl<'t> WriteTransaction<'t> {
    /// For what is written past the task: accepting a loss.
    pub(crate) fn by_hand(
        connection: &'t mut AnyConnection,
        now: UnixTime,
        writer: &'t str,
        head: &'t mut Head,
        deny_list: &'t mut Option<SignedDenyList>,
    ) -> Self {
        Self { connection, now, writer, head, deny_list }
    }

    /// Whose chain it writes to.
    pub(crate) fn writer(&self) -> &str {
        self.writer
    }

    /// The connection, for queries.
    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        self.connection
    }

    /// The time of this transaction.
    pub fn now(&self) -> UnixTime {
        self.now
    }

    /// Puts a signed deny list, numbered upwards, beside the state files once this is committed.
    pub(crate) fn publish_deny_list(&mut self, number: u64, octets: Vec<u8>) {
        *self.deny_list = Some(SignedDenyList { number, octets });
    }

    /// Appends an entry to the chain of this writer.
    ///
    /// # Errors
    /// As every query.
    pub async fn audit(&mut self, event: Event<'_>) -> Result<(), ServiceError> {
        let entry = self.head.next(self.writer, self.now, event);
        audit::insert(self.connection, &entry, self.head).await?;
        self.head.advance(&entry);
        Ok(())
    }
}

/// The statement that begins a writing transaction.
pub(crate) const fn begin(database: Database) -> &'static str {
    match database {
        // Takes the lock at once: one that was taken later could be refused.
        Database::Sqlite => "begin immediate",
        Database::Postgres => "begin",
    }
}

/// A change without its type.
trait Job: Send {
    fn apply<'a>(&'a mut self, tx: &'a mut WriteTransaction<'_>) -> BoxFuture<'a, Result<(), ServiceError>>;

    fn is_repeatable(&self) -> bool;

    /// Answers who waits: with `Err`, or with what `apply` left.
    fn answer(self: Box<Self>, outcome: Result<(), ServiceError>);
}

struct Waiting<C: Change> {
    change: C,
    output: Option<C::Output>,
    answer: oneshot::Sender<Result<C::Output, ServiceError>>,
}

impl<C: Change> Job for Waiting<C>
where
    C::Output: Send,
{
    fn apply<'a>(&'a mut self, tx: &'a mut WriteTransaction<'_>) -> BoxFuture<'a, Result<(), ServiceError>> {
        Box::pin(async move {
            self.output = Some(self.change.apply(tx).await?);
            Ok(())
        })
    }

    fn is_repeatable(&self) -> bool {
        self.change.is_repeatable()
    }

    fn answer(self: Box<Self>, outcome: Result<(), ServiceError>) {
        let Self { output, answer, .. } = *self;
        let output =
            outcome.and_then(|()| output.ok_or_else(|| ServiceError::internal("a change without output")));
        // Who asked may have gone.
        let _ = answer.send(output);
    }
}

enum Message {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Message>);

/// What the task needs.
pub(super) struct Parts {
    pub(super) pool: Pool<Any>,
    pub(super) connections: Arc<AtomicU64>,
    pub(super) database: Database,
    /// The file of SQLite.
    pub(super) file: Option<PathBuf>,
    pub(super) name: String,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tolerance: Duration,
    pub(super) lead: Option<Duration>,
    pub(super) mark: Arc<AtomicU64>,
    pub(super) state: StateFile,
}

impl Writer {
    pub(super) fn start(parts: Parts) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let file = parts.file.as_ref().and_then(|path| std::fs::metadata(path).ok());
        let file = file.map(|file| (file.dev(), file.ino()));
        tokio::spawn(Task { parts, known: None, began: None, file, refused: None }.run(receiver));
        Self(sender)
    }

    pub(super) async fn write<C: Change>(&self, change: C) -> Result<C::Output, ServiceError> {
        let (answer, outcome) = oneshot::channel();
        let gone = |_| ServiceError::unavailable("the writer has ended");
        let job = Box::new(Waiting { change, output: None, answer });
        self.0.send(Message::Job(job)).await.map_err(|_| gone(()))?;
        outcome.await.map_err(|_| gone(()))?
    }

    pub(super) async fn close(&self) {
        let (answer, closed) = oneshot::channel();
        if self.0.send(Message::Close(answer)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

/// What the database says as a transaction begins.
struct Seen {
    mark: UnixTime,
    epoch: i64,
    deny_list: u64,
    /// The end of the own chain.
    head: Head,
    /// Which server of PostgreSQL answers: behind a proxy it may change without a new connection.
    server: String,
    /// Which table of this name it is: restoring makes it anew.
    table: i64,
    /// What the server's clock says.
    server_clock: Option<UnixTime>,
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
struct Known {
    head: Head,
    server: String,
    /// How many connections there had been.
    connections: u64,
}

/// Why this process writes no more, whatever the database says later.
#[derive(Clone, Debug)]
enum Ended {
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

struct Task {
    parts: Parts,
    /// `None` at first and after a failure: all state files are compared with the database, then.
    known: Option<Known>,
    /// Epoch and table as this process found them.
    began: Option<(i64, i64)>,
    /// Device and inode of the file of SQLite.
    file: Option<(u64, u64)>,
    refused: Option<Ended>,
}

impl Task {
    async fn run(mut self, mut receiver: mpsc::Receiver<Message>) {
        loop {
            let first = match tokio::time::timeout(OBSERVE, receiver.recv()).await {
                Ok(Some(first)) => first,
                Ok(None) => return,
                Err(_) => {
                    self.observe().await;
                    continue;
                }
            };
            let mut jobs = Vec::new();
            let mut next = Some(first);
            let mut closing = None;
            while let Some(message) = next {
                match message {
                    Message::Job(job) => jobs.push(job),
                    Message::Close(answer) => closing = Some(answer),
                }
                next = if jobs.len() < GROUP && closing.is_none() { receiver.try_recv().ok() } else { None };
            }
            self.group(jobs).await;
            if let Some(answer) = closing {
                self.parts.pool.close().await;
                // Frees the state file before anybody is told.
                drop(self);
                let _ = answer.send(());
                return;
            }
        }
    }

    /// Applies, commits, answers: in one transaction, unless a deadlock ends it before its last change.
    async fn group(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let mut in_vain = 0;
        while !jobs.is_empty() {
            match self.commit(&mut jobs, in_vain < DEADLOCKS).await {
                Ok(outcomes) => {
                    in_vain = if outcomes.is_empty() { in_vain + 1 } else { 0 };
                    let rest = jobs.split_off(outcomes.len());
                    for (job, outcome) in core::mem::replace(&mut jobs, rest).into_iter().zip(outcomes) {
                        job.answer(outcome);
                    }
                    if !jobs.is_empty() {
                        tokio::time::sleep(GIVE_WAY * (1 << in_vain)).await;
                    }
                }
                Err(error) => {
                    // Whether it was committed may be unknown: the chain is read again.
                    self.known = None;
                    tracing::error!(
                        cause = self.explained(&error),
                        changes = jobs.len(),
                        "nothing was written"
                    );
                    let cause = self.explained(&error);
                    for job in jobs.drain(..) {
                        job.answer(Err(ServiceError::unavailable(cause.as_str())));
                    }
                }
            }
        }
    }

    /// The outcomes of the jobs; of the first ones, if a deadlock ended the transaction and it `may_stop` there.
    async fn commit(
        &mut self,
        jobs: &mut [Box<dyn Job>],
        may_stop: bool,
    ) -> Result<Vec<Result<(), ServiceError>>, ServiceError> {
        let mut connection = self.parts.pool.acquire().await?;
        let outcomes = self.commit_on(&mut connection, jobs, may_stop).await;
        if outcomes.is_err() {
            // SQLite rolls back by itself when the disk is full, which sqlx's count of open transactions does not
            // know: the connection would be of no more use. What closing it says does not matter.
            let _ = connection.close().await;
        }
        outcomes
    }

    async fn commit_on(
        &mut self,
        connection: &mut AnyConnection,
        jobs: &mut [Box<dyn Job>],
        may_stop: bool,
    ) -> Result<Vec<Result<(), ServiceError>>, ServiceError> {
        let mut tx = connection.begin_with(begin(self.parts.database)).await?;
        let seen = self.look(&mut tx).await?;
        let parts = &mut self.parts;
        let mut head = seen.head.clone();
        let now = time(parts, &mut tx, (seen.mark, seen.server_clock)).await?;
        let mut outcomes = vec![];
        let mut deny_list = None;
        for job in jobs {
            let before = head.clone();
            let mut list = None;
            sqlx::query("savepoint change").execute(&mut *tx).await?;
            let mut change = WriteTransaction {
                connection: &mut tx,
                now,
                writer: &parts.name,
                head: &mut head,
                deny_list: &mut list,
            };
            let outcome = job.apply(&mut change).await;
            match outcome {
                Ok(()) => {
                    sqlx::query("release savepoint change").execute(&mut *tx).await?;
                    deny_list = list.or(deny_list);
                }
                Err(ref error) => {
                    head = before;
                    sqlx::query("rollback to savepoint change").execute(&mut *tx).await?;
                    if may_stop && error.is_deadlock() && job.is_repeatable() {
                        break;
                    }
                }
            }
            outcomes.push(outcome);
        }
        if deny_list.is_none() {
            deny_list = newer_list(parts, &mut tx, &seen).await?;
        }
        tx.commit().await?;
        parts.mark.fetch_max(now.as_seconds(), Ordering::Relaxed);
        parts.state.record(&head, now)?;
        if let Some(list) = deny_list {
            parts.state.record_deny_list(list.number, &list.octets)?;
        }
        self.known = Some(Known { head, server: seen.server, connections: self.connections() });
        Ok(outcomes)
    }

    /// Why something failed, with the file whose system or database said so.
    fn explained(&self, error: &ServiceError) -> String {
        let Some(cause) = error.cause() else { return format!("{error}") };
        match &self.parts.file {
            Some(path) if cause.is::<sqlx::Error>() => format!("{}: {cause}", path.display()),
            _ => format!("{cause}"),
        }
    }

    fn connections(&self) -> u64 {
        self.parts.connections.load(Ordering::Relaxed)
    }

    /// Compares the database with what is known of it, inside the transaction that is to write.
    async fn look(&mut self, tx: &mut Transaction<'_, Any>) -> Result<Seen, ServiceError> {
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
    async fn observe(&mut self) {
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
async fn newer_list(
    parts: &Parts,
    tx: &mut Transaction<'_, Any>,
    seen: &Seen,
) -> Result<Option<SignedDenyList>, ServiceError> {
    if parts.state.last().is_none_or(|last| seen.deny_list <= last.deny_list) {
        return Ok(None);
    }
    let (number, body) = super::lists::newest(tx).await?;
    Ok(Some(SignedDenyList { number, octets: body.into_bytes() }))
}

/// The time of the transaction, and the mark moved up to it.
async fn time(
    parts: &Parts,
    tx: &mut Transaction<'_, Any>,
    (mark, server): (UnixTime, Option<UnixTime>),
) -> Result<UnixTime, ServiceError> {
    let clock = parts.clock.now();
    check_clock(clock, (mark, parts.tolerance), server.zip(parts.lead)).map_err(ServiceError::unavailable)?;
    if clock > mark {
        // On PostgreSQL the row is locked by whoever moves it: once a second, not with every group.
        sqlx::query("update clock set mark = $1 where one = 1 and mark < $1")
            .bind(seconds(clock))
            .execute(&mut **tx)
            .await?;
    }
    Ok(clock.max(mark))
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
