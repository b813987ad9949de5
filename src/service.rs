//! KMS, MEF and MAF: what an operator runs, without any network.
//!
//! | part | what it is for |
//! |---|---|
//! | [`store`] | the database, its one writer, the audit log |
//! | [`session`] | who is there, as a transport found out |
//! | [`error`] | refusals, and their oneM2M response status codes |
//! | [`clock`] | time, which comes from outside |
pub mod clock;
pub mod error;
pub mod store;
