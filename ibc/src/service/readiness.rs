//! Whether the next enrolment and the next key registration would succeed.

use super::Core;
use super::error::ServiceError;
use super::mef::Mef;
use std::string::{String, ToString};
use std::sync::Arc;

/// What a process that serves looks at when it is asked whether it can.
#[derive(Clone)]
pub struct Readiness {
    core: Core,
    mef: Option<Mef>,
}

crate::redacted::redacted_debug!(Readiness);

impl Readiness {
    /// Of a service; with the MEF, if it is one.
    pub fn new(core: Core, mef: Option<Mef>) -> Self {
        Self { core, mef }
    }

    /// Does what a request does, as far as nothing comes of it: something is written to the database, past the same
    /// writer, and to the folders of the state files and data keys; and there is a KPAK that issues.
    ///
    /// Takes as long as the disk does, and without end if the database hangs.
    ///
    /// # Errors
    /// A sentence for the operator: what is wrong, and where.
    pub async fn check(&self) -> Result<(), String> {
        let failed =
            |error: ServiceError| error.cause().map_or_else(|| error.to_string(), |cause| cause.to_string());
        self.core.store.check_room().await.map_err(failed)?;
        self.core.store.write(super::store::Probe).await.map_err(failed)?;
        let keys = Arc::clone(&self.core.keys);
        let room = tokio::task::spawn_blocking(move || keys.check_room()).await;
        room.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        match self.mef.as_ref().map(|mef| (mef, mef.can_issue())) {
            Some((mef, Err(error))) => Err(format!("{}: {error}", mef.fqdn())),
            _ => Ok(()),
        }
    }
}
