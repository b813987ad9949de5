//! Whom an end accepts: the peer that was named, with a credential that is not denied.

use super::arguments::Associate;
use crate::association::{Admission, Framework};
use crate::cli::failure::Failure;
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity};
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "service")]
use crate::cli::deny_list::Standing;
#[cfg(feature = "service")]
use crate::cli::options;

pub(super) struct Accepts {
    peer: EntityName,
    #[cfg(feature = "service")]
    denied: Option<Standing>,
    /// Why the deny list did not serve the last time that it was asked.
    failure: Mutex<Option<Failure>>,
}

impl Accepts {
    pub(super) fn of(this: &Associate) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self {
            peer: this.peer.clone(),
            #[cfg(feature = "service")]
            denied: Standing::new(&this.denied, options::now()?)?,
            failure: Mutex::new(None),
        }))
    }

    /// Refuses a deny list that nothing would ever ask: whoever gave it counts on it.
    pub(super) fn needs_credential(&self, has_credential: bool) -> Result<(), Failure> {
        #[cfg(feature = "service")]
        if self.denied.is_some() && !has_credential {
            return Err(Failure::usage(
                "--deny-list is a list of IBC credentials, and none is used here: give --store FOLDER with one, and --by ibc at \
                 the end that connects",
            ));
        }
        #[cfg(not(feature = "service"))]
        let _ = has_credential; // there is no list
        Ok(())
    }

    /// Why the deny list did not serve, if that is why a peer was refused.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Admission for Accepts {
    fn admits(&self, peer: &EntityName, _: Framework) -> bool {
        *peer == self.peer
    }

    /// A list that cannot be asked denies everybody.
    #[cfg(feature = "service")]
    fn is_denied(&self, id_2: &ExpiringIdentity) -> bool {
        let Some(denied) = &self.denied else { return false };
        let outcome = options::now().and_then(|now| denied.is_denied(id_2, now));
        outcome.unwrap_or_else(|failure| {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            true
        })
    }

    #[cfg(not(feature = "service"))]
    fn is_denied(&self, _: &ExpiringIdentity) -> bool {
        false
    }
}
