//! What the operator of a KMS, a MEF or a MAF runs: no network, no terminal.
//!
//! | module | what |
//! |---|---|
//! | [`kms`] | master keys sealed at rest, and what is issued, sealed and signed with them |

pub mod kms;
