//! Writing for its own sake: whether it would succeed now.

use super::change::{Change, WriteTransaction};
use super::{ServiceError, Store};
use crate::files::check_room;

/// A change that writes what is there already.
pub(crate) struct Probe;

impl Change for Probe {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        sqlx::query("update clock set mark = mark where one = 1").execute(tx.connection()).await?;
        Ok(())
    }

    /// Whoever asks whether it works sets no time for all other nodes.
    fn leaves_a_mark(&self) -> bool {
        false
    }
}

impl Store {
    /// Whether the folders that this process writes to have room: that of the state files, and that of SQLite's file. A
    /// write to SQLite may still succeed on a full disk, where its log has room from before.
    pub(crate) async fn check_room(&self) -> Result<(), ServiceError> {
        let folders = self.folders.clone();
        let check = move || folders.iter().try_for_each(|folder| check_room(folder));
        let checked = tokio::task::spawn_blocking(check).await.map_err(ServiceError::internal)?;
        checked.map_err(ServiceError::unavailable)
    }
}
