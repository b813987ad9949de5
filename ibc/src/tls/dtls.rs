//! DTLS 1.2 over UDP (RFC 6347).

mod cookie;
mod datagrams;
mod filter;
mod listener;
#[cfg(feature = "__backends")]
pub mod probe;
mod stream;

pub(super) use cookie::cookies;
#[cfg(feature = "client")]
pub(crate) use datagrams::AsyncArrivals;
pub(crate) use datagrams::DatagramArrivals;
pub use listener::{DtlsIncoming, DtlsListener};
pub use stream::DtlsStream;
