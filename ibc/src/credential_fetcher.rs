//! What a MAF needs of the network: keys by their KeID. Clients implement it, the service calls it.

use crate::wire::{FetchedCredentials, RetrievedKey};
use core::error::Error;
use core::pin::Pin;
use eccsi_sakke::onem2m::{KeId, SecurityUsage};

/// What a [`CredentialFetcher`] gives.
pub type Fetching<'a, T = FetchedCredentials> =
    Pin<Box<dyn Future<Output = Result<T, Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// Asks MEFs for keys: TS-0003 clause 8.3.2.1.
pub trait CredentialFetcher: Send + Sync {
    /// Retrieves `/fetchCredentials/<KeID>/<SUID>` at the MEF of the KeID. Dropped at the deadline.
    ///
    /// # Errors
    /// Whatever kept it from an answer, for the log.
    fn fetch<'a>(&'a self, ke_id: &'a KeId, usage: SecurityUsage) -> Fetching<'a>;

    /// Retrieves the registered key that has the name of the KeID at its MEF (clause 8.3.5.2.8); `None` if the MEF gives none.
    /// Dropped at the deadline.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    fn retrieve<'a>(&'a self, ke_id: &'a KeId) -> Fetching<'a, Option<RetrievedKey>>;
}
