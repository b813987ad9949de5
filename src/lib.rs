#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(any(feature = "cli", test))]
extern crate std;

pub mod error;
pub mod identity;
pub mod onem2m;
mod secret;

#[cfg(feature = "eccsi")]
mod backend;
#[cfg(feature = "eccsi")]
mod curve;

#[cfg(feature = "eccsi")]
pub mod eccsi;
#[cfg(feature = "eccsi")]
pub mod saef;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod files;

pub use error::{DecodeError, Error};
#[cfg(feature = "getrandom")]
pub use getrandom::SysRng;
pub use identity::Identity;
#[cfg(feature = "__ctgrind")]
#[doc(hidden)]
pub use secret::ctgrind as __ctgrind;
