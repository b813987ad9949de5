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
//! Sums of refusals are taken here as well, so that each is written once.
//!
//! Time inside a transaction is `max(clock, mark)`, where the mark is the latest time at which this database
//! wrote: a clock that was set back by more than the tolerance stops all writing.

mod look;

use super::change::{BoxFuture, Change, WriteTransaction, begin};
use super::refusals::Refusals;
use super::state_file::StateFile;
use super::{Database, ServiceError};
use crate::clock::Clock;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use eccsi_sakke::onem2m::UnixTime;
use look::{Ended, Known, move_mark, newer_list, time};
use sqlx::{Any, AnyConnection, Connection, Pool};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Changes that may wait. A sender beyond them waits itself.
const QUEUE: usize = 1024;

/// Changes in one transaction: enough that the commit no longer counts.
const GROUP: usize = 256;

/// After this many deadlocked transactions in a row, the change that met the next one is refused.
const DEADLOCKS: u32 = 5;

/// Pause after a deadlock, in which the other node can commit; doubles on each retry.
const GIVE_WAY: Duration = Duration::from_millis(50);

/// How often an idle writer reads what others wrote.
const OBSERVE: Duration = Duration::from_secs(5);

/// A change without its type.
trait Job: Send {
    fn apply<'a>(&'a mut self, tx: &'a mut WriteTransaction<'_>) -> BoxFuture<'a, Result<(), ServiceError>>;

    fn is_repeatable(&self) -> bool;

    fn leaves_a_mark(&self) -> bool;

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

    fn leaves_a_mark(&self) -> bool {
        self.change.leaves_a_mark()
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
    /// Whose sums the task takes.
    pub(super) refusals: Arc<Refusals>,
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
            if self.parts.refusals.are_due(|| self.now()) {
                self.sum_refusals().await;
            }
            let first = match tokio::time::timeout(OBSERVE, receiver.recv()).await {
                Ok(Some(first)) => first,
                Ok(None) => {
                    self.sum_refusals().await;
                    return;
                }
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
                self.sum_refusals().await;
                self.parts.pool.close().await;
                // Frees the state file before anybody is told.
                drop(self);
                let _ = answer.send(());
                return;
            }
        }
    }

    /// Writes the sums of refusals that have no entry of their own. Those that fail are tried again later.
    async fn sum_refusals(&mut self) {
        loop {
            let last = self.known.as_ref().map_or(0, |known| known.head.number);
            let Some(change) = self.parts.refusals.take(last, self.now()) else { return };
            let (sums, was_tried) = (change.sums.clone(), change.again.is_some());
            let (answer, mut outcome) = oneshot::channel();
            self.group(vec![Box::new(Waiting { change, output: None, answer })]).await;
            match outcome.try_recv() {
                Ok(Ok(())) => self.parts.refusals.written(),
                Ok(Err(error)) => {
                    tracing::error!(error = %error, cause = ?error.cause(), ?sums, "refusals are not in the log");
                    return;
                }
                Err(_) => return, // every change is answered
            }
            if !was_tried {
                return;
            }
        }
    }

    /// As [`ReadStore::now`](super::ReadStore::now).
    fn now(&self) -> UnixTime {
        let parts = &self.parts;
        parts.clock.now().max(UnixTime::from_seconds(parts.mark.load(Ordering::Relaxed)))
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
                    let cause = self.explained(&error);
                    tracing::error!(cause, changes = jobs.len(), "nothing was written");
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
        let now = time(parts, (seen.mark, seen.server_clock))?;
        let mark = if jobs.iter().any(|job| job.leaves_a_mark()) { now } else { seen.mark };
        if mark > seen.mark {
            move_mark(&mut tx, mark).await?;
        }
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
        parts.mark.fetch_max(mark.as_seconds(), Ordering::Relaxed);
        parts.state.record(&head, mark)?;
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
}
