#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(any(feature = "cli", test))]
extern crate std;

pub mod error;
pub mod identity;
pub mod onem2m;
mod secret;

pub use error::{DecodeError, Error};
pub use identity::Identity;
