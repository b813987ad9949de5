//! What MEF and MAF have in common: client registrations (TS-0003 clauses 8.3.5.2.3 to 8.3.5.2.6 and 8.8.2.3 to
//! 8.8.2.6) and symmetric keys (8.3.5.2.7 to 8.3.5.2.10 and 8.8.2.7 to 8.8.2.10).
//!
//! | procedure | MEF | MAF | here |
//! |---|---|---|---|
//! | Client Registration | 8.3.5.2.3 | 8.8.2.3 | [`Registry::register_client`] |
//! | Client Configuration Retrieval | 8.3.5.2.4 | 8.8.2.4 | [`Registry::configuration`] |
//! | Client Registration Update | 8.3.5.2.5 | 8.8.2.5 | [`Registry::update_client`] |
//! | Client De-Registration | 8.3.5.2.6 | 8.8.2.6 | [`Registry::deregister_client`] |
//! | Key Registration | 8.3.5.2.7 | 8.8.2.7 | [`Registry::register_key`] |
//! | Key Retrieval | 8.3.5.2.8 | 8.8.2.8 | [`Registry::retrieve_key`] |
//! | Key Registration Update | 8.3.5.2.9 | 8.8.2.9 | [`Registry::update_key`] |
//! | Key De-Registration | 8.3.5.2.10 | 8.8.2.10 | [`Registry::deregister_key`] |
//!
//! What differs: the SUIDs, the FQDN, commands (MEF), and the KmID that a MAF assigns. A registration past its end
//! behaves as if it were not there; no key outlives the registration it was made under. Who may do what is decided in
//! [`authorize`], from rows and without a database.

mod answer;
mod answered;
pub mod authorize;
pub(in crate::service) mod check;
mod configuration;
mod deregister;
mod km_id;
mod register_client;
mod register_key;
mod registration_id;
mod request;
mod retrieve_key;
mod sealed_key;
mod update_client;
mod update_key;

pub use register_key::CONNECTION;
pub(super) use request::labels;

use super::{Core, Function};
use eccsi_sakke::onem2m::Fqdn;

/// Registrations and keys of one function.
#[derive(Clone)]
pub struct Registry {
    pub(super) core: Core,
    pub(super) function: Function,
    pub(super) fqdn: Fqdn,
}

crate::redacted::redacted_debug!(Registry);

impl Registry {
    /// The registry of `function`, whose name is `fqdn`.
    pub fn new(core: Core, function: Function, fqdn: Fqdn) -> Self {
        Self { core, function, fqdn }
    }

    /// Which function it is of.
    pub fn function(&self) -> Function {
        self.function
    }

    /// The name of the function.
    pub fn fqdn(&self) -> &Fqdn {
        &self.fqdn
    }
}
