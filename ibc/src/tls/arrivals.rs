//! Waiting for what the peer sends, without the object of OpenSSL: for a thread that reads while another writes.

use std::io;
use std::time::Duration;

/// Waits for the peer.
pub(crate) trait Arrivals: Send {
    /// Waits until something may have come, at most for `patience`. What it was, only reading tells.
    ///
    /// # Errors
    /// Those of the socket.
    fn wait(&self, patience: Duration) -> io::Result<()>;
}
