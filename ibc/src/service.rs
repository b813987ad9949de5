//! KMS, MEF and MAF: what an operator runs, without any network.
//!
//! | part | what it is for |
//! |---|---|
//! | [`kms`] | master keys at rest and in memory; issuing |
//! | [`mef`], [`maf`] | the procedures of TS-0003 clauses 8.3 and 8.8 |
//! | [`registry`] | what both have: client and key registrations |
//! | [`admin`] | stakeholders, clients, policy |
//! | [`primitive`], [`dispatch`] | requests and responses as every binding carries them, and their way to a procedure |
//! | [`sweeper`] | removes what has expired, erases what ended early |
//! | [`session`], [`party`] | who is there, as a transport found out; who that is in the store |
//! | [`store`] | the database, its one writer, its state files and backups |
//! | [`audit`] | the chains of the audit log: checking, checkpoints, files of older entries |
//! | [`restore`] | accepting a loss, putting a copy in the place of the database |
//! | [`deny_list`] | the signed list of what is refused before it expires |
//! | [`error`] | refusals, and their oneM2M response status codes |
//! | [`limits`] | sizes and times that requests may ask for |
//! | [`budgets`] | how much and how often: one table |
//!
//! A request takes one way: a [`Call`](session::Call) and a body of [`wire`](crate::wire) go to a procedure, which
//! builds one [`Change`](store::Change); the store applies it with its audit entry and answers. The procedures know no
//! network, no SQL and no clock.

pub mod admin;
pub mod audit;
pub mod bench;
mod bound;
pub mod budgets;
pub mod deny_list;
mod device_configuration;
pub mod dispatch;
pub mod error;
pub mod kms;
pub mod limits;
pub mod maf;
pub mod mef;
mod own_keys;
pub mod party;
pub mod primitive;
mod procedure;
pub mod psk;
pub mod readiness;
mod registered;
pub mod registry;
pub mod restore;
pub mod rule;
mod sealed;
pub mod session;
pub mod setup;
pub mod store;
pub mod sweeper;

pub use procedure::Core;

use crate::Function;
