//! What secret types do not have.

use crate::{has_not, secret};

secret!(ibc::tls::Psk, ibc::tls::ExportedKey);
#[cfg(feature = "service")]
secret!(ibc::service::kms::SecretOctets);
#[cfg(feature = "service")]
has_not!(ibc::service::kms::KeyDirectory: Copy, Clone, PartialEq, Default, std::fmt::Display);
