//! MEF Client Command, as both sides know it: TS-0003 clauses 8.3.4.7 and 8.3.9.
//!
//! | part | what |
//! |---|---|
//! | [`values`] | numbers of classes and codes: the only place to change them |
//! | [`client`] | the client's side, a state machine without a network |
//! | [`object`] | what a command on a management object asks of it |
//!
//! The MEF's side is the service's, `service::mef::command`.

pub mod client;
pub(crate) mod duration;
pub mod object;
pub mod values;
