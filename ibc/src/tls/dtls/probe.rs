//! The filter in front of OpenSSL, for fuzzing.

pub use super::filter::{End, Overhead, RecordFilter, Stage};
