//! HTTP/1.1 as both ends here speak it, and the names of its oneM2M binding (TS-0009).
//!
//! Own framing, on the parser `httparse`: bodies here hold keys, and what a general library has read or written stays in
//! its buffers until the connection ends. These buffers are wiped as soon as a message is through.

mod binding;
mod framing;
#[cfg(test)]
mod framing_tests;
mod headers;

pub(crate) use binding::{JSON, header, is_json, resource_type};
#[cfg(feature = "client")]
pub(crate) use framing::ResponseHead;
pub(crate) use framing::{Framed, FramingError, RequestHead};
pub(crate) use headers::{Headers, Repeated};

#[cfg(feature = "server")]
pub(crate) use binding::{accepts_json, status};
