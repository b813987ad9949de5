//! The URL of a database, and the password that stands apart from it.

use crate::service::store::{PostgresUrl, StoreUrl};
use std::env;
use zeroize::Zeroizing;

/// The environment variable with the password of PostgreSQL, where no file has it.
pub const PASSWORD_VARIABLE: &str = "IBC_STORE_PASSWORD";

/// The database of a URL without a password, with the one that the environment has.
///
/// # Errors
/// A sentence for a text that is no URL of a store, or holds a password.
pub fn store_url(url: &str) -> Result<StoreUrl, &'static str> {
    check(url)?;
    let password = password_of_environment();
    protected(StoreUrl::parse(url)?, password.as_deref().map(Vec::as_slice))
}

/// That of [`PASSWORD_VARIABLE`].
pub(super) fn password_of_environment() -> Option<Zeroizing<Vec<u8>>> {
    env::var(PASSWORD_VARIABLE).ok().map(|text| Zeroizing::new(text.into_bytes()))
}

/// The URL with the password, where it is one of a server.
pub(super) fn protected(url: StoreUrl, password: Option<&[u8]>) -> Result<StoreUrl, &'static str> {
    match (postgres(&url)?, password) {
        (Some(server), Some(password)) => Ok(StoreUrl::Postgres(server.with_password(password))),
        _ => Ok(url),
    }
}

/// Refuses what is no URL of a store, or holds a password.
pub(super) fn check(url: &str) -> Result<(), &'static str> {
    match postgres(&StoreUrl::parse(url)?)? {
        Some(server) if server.has_password() => {
            Err("take the password out of the URL: it belongs into password_file, or into IBC_STORE_PASSWORD")
        }
        _ => Ok(()),
    }
}

/// What the driver makes of the URL of a server.
pub(super) fn postgres(url: &StoreUrl) -> Result<Option<PostgresUrl>, &'static str> {
    match url {
        StoreUrl::Postgres(url) => PostgresUrl::parse(url).map(Some),
        StoreUrl::Sqlite(_) => Ok(None),
    }
}
