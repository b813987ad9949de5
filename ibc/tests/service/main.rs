//! The service without network: on each store, with a clock of the test's.

#![cfg(feature = "service")]

#[cfg(all(feature = "cli", feature = "server", feature = "store-postgres"))]
#[path = "../support/certificates.rs"]
mod certificates;
#[path = "../support/key_files.rs"]
mod key_files;
#[cfg(all(feature = "cli", feature = "server", feature = "store-postgres"))]
#[path = "../support/place.rs"]
mod place;
#[path = "../support/service.rs"]
#[macro_use]
mod service;
#[path = "../support/setting.rs"]
mod setting;

mod admin;
mod audit;
mod budgets;
mod config;
mod deep;
mod kms_keys;
mod listed;
mod own_keys;
mod plateau;
mod provisioning;
mod readiness;
mod registry;
#[cfg(feature = "store-postgres")]
mod replicas;
mod restore;
#[cfg(all(feature = "cli", feature = "server", feature = "store-postgres"))]
mod store_postgres;
