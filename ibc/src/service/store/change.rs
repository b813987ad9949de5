//! What is written as one piece, and the transaction it is written in.

use super::audit;
use super::{Database, ServiceError};
use crate::service::audit::chain::{Event, Head};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::AnyConnection;

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

    /// Whether its time is one at which this database wrote, before which no clock may stand any more. Not so for what
    /// leaves nothing.
    fn leaves_a_mark(&self) -> bool {
        true
    }
}

/// A transaction for one [`Change`].
pub struct WriteTransaction<'t> {
    pub(super) connection: &'t mut AnyConnection,
    pub(super) now: UnixTime,
    pub(super) writer: &'t str,
    pub(super) head: &'t mut Head,
    pub(super) deny_list: &'t mut Option<SignedDenyList>,
}

impl fmt::Debug for WriteTransaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
