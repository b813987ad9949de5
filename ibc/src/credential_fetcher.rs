//! What a MAF needs of the network: keys by their KeID. Clients implement it, the service calls it.

use crate::wire::FetchedCredentials;
use core::error::Error;
use core::pin::Pin;
use eccsi_sakke::onem2m::{KeId, SecurityUsage};

/// What [`CredentialFetcher::fetch`] gives.
pub type Fetching<'a> =
    Pin<Box<dyn Future<Output = Result<FetchedCredentials, Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// Asks MEFs for keys: TS-0003 clause 8.3.2.1.
pub trait CredentialFetcher: Send + Sync {
    /// Retrieves `/fetchCredentials/<KeID>/<SUID>` at the MEF of the KeID. Dropped at the deadline.
    ///
    /// # Errors
    /// Whatever kept it from an answer, for the log.
    fn fetch<'a>(&'a self, ke_id: &'a KeId, usage: SecurityUsage) -> Fetching<'a>;
}
