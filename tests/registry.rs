//! Registrations, keys, commands and fetching of MEF and MAF at the service core, on each store: S14 to S42, S54 to S59
//! where the core has a part, S67 to S102, M1 to M20, A1 to A14 (docs/requirements.md).

#![cfg(feature = "service")]

#[path = "registry/clients.rs"]
mod clients;
#[path = "registry/commands.rs"]
mod commands;
#[path = "registry/fetch.rs"]
mod fetch;
#[path = "registry/keys.rs"]
mod keys;
mod service;
#[path = "registry/setting.rs"]
mod setting;
#[path = "registry/sweeping.rs"]
mod sweeping;
