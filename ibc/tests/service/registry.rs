//! Registrations, keys, commands and fetching of MEF and MAF at the service core, on each store: S14 to S42, S54 to S59
//! where the core has a part, S67 to S102, M1 to M28, A1 to A14 (docs/requirements.md).

#![cfg(feature = "service")]

mod clients;
mod commands;
mod device;
mod fetch;
mod keys;
mod sweeping;
