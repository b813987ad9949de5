//! The URL of a database, and the password that stands apart from it.

use crate::service::store::StoreUrl;
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
    Ok(protected(StoreUrl::parse(url)?, password.as_deref().map(Vec::as_slice)))
}

/// That of [`PASSWORD_VARIABLE`].
pub(super) fn password_of_environment() -> Option<Zeroizing<Vec<u8>>> {
    env::var(PASSWORD_VARIABLE).ok().map(|text| Zeroizing::new(text.into_bytes()))
}

/// The URL with the password, where it is one of a server.
pub(super) fn protected(url: StoreUrl, password: Option<&[u8]>) -> StoreUrl {
    match (url, password) {
        (StoreUrl::Postgres(url), Some(password)) => StoreUrl::Postgres(with_password(&url, password)),
        (url, _) => url,
    }
}

/// Refuses what is no URL of a store, or holds a password.
pub(super) fn check(url: &str) -> Result<(), &'static str> {
    match StoreUrl::parse(url)? {
        StoreUrl::Postgres(url) if has_password(&url) => {
            Err("take the password out of the URL: it belongs into password_file, or into IBC_STORE_PASSWORD")
        }
        _ => Ok(()),
    }
}

fn user_info(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(authority.rsplit_once('@')?.0)
}

fn has_password(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    user_info(url).is_some_and(|user| user.contains(':'))
        || query.split('&').any(|pair| pair.starts_with("password="))
}

/// Puts a password behind the user, percent-encoded.
fn with_password(url: &str, password: &[u8]) -> String {
    let Some(user) = user_info(url) else { return url.into() };
    let mut encoded = String::new();
    for octet in password {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(char::from(*octet)),
            _ => encoded.push_str(&format!("%{octet:02X}")),
        }
    }
    url.replacen(&format!("{user}@"), &format!("{user}:{encoded}@"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_put_into_a_url_and_found_in_one() {
        let url = "postgres://ibc@db.example.com:5432/mef?sslmode=require";
        assert_eq!(
            with_password(url, b"p@ss/"),
            "postgres://ibc:p%40ss%2F@db.example.com:5432/mef?sslmode=require"
        );
        assert!(!has_password(url) && has_password(&with_password(url, b"x")));
        assert!(has_password("postgres:///mef?password=x") && !has_password("postgres:///mef?host=/a:b"));
    }
}
