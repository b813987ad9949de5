//! DTLS 1.2 over UDP (RFC 6347).

mod cookie;
mod datagrams;
mod listener;
mod stream;

pub(super) use cookie::cookies;
pub use listener::{DtlsIncoming, DtlsListener};
pub use stream::DtlsStream;
