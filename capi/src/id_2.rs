//! ID_2: the identity that an IBC credential of oneM2M is issued for.

use crate::edge::{free, get, guard, put, put_text, set, text};
use crate::error::es_error;
use crate::handles::{es_id_2, es_sakke_id};
use core::ffi::c_char;
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};

/// Composes the identity of an entity.
///
/// @param fqdn the FQDN of the MEF.
/// @param entity a CSE-ID or AE-ID, SP-relative or absolute.
/// @param expiration seconds since 1970-01-01T00:00:00 UTC, from when on the credential is no longer valid.
/// @return a code of an identifier.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_id_2_new(
    fqdn: *const c_char,
    fqdn_length: usize,
    entity: *const c_char,
    entity_length: usize,
    expiration: u64,
    id_2: *mut *mut es_id_2,
) -> es_error {
    guard(|| {
        put(id_2, || {
            let fqdn = Fqdn::parse(text(fqdn, fqdn_length)?)?;
            let entity = EntityName::parse(text(entity, entity_length)?)?;
            let expiration = ExpirationTime::from_unix(UnixTime::from_seconds(expiration))?;
            Ok(ExpiringIdentity::new(fqdn, entity, expiration)?)
        })
    })
}

/// Reads an identity in its one spelling. Says nothing about expiry: see es_id_2_is_live.
///
/// @return a code of an identifier.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_id_2_parse(data: *const c_char, length: usize, id_2: *mut *mut es_id_2) -> es_error {
    guard(|| put(id_2, || Ok(ExpiringIdentity::parse(text(data, length)?)?)))
}

/// Writes the text, with a NUL that does not belong to the identity.
///
/// @param out room for `capacity` characters; NULL with 0 to ask for the length.
/// @param length the length without NUL.
/// @return ES_BUFFER_TOO_SMALL, with the length.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_id_2_text(
    id_2: *const es_id_2,
    out: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| put_text(out, capacity, length, get(id_2)?.as_str()))
}

/// Writes the FQDN of the MEF, as es_id_2_text.
///
/// @return ES_BUFFER_TOO_SMALL, with the length.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_id_2_fqdn(
    id_2: *const es_id_2,
    out: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| put_text(out, capacity, length, get(id_2)?.fqdn().as_str()))
}

/// Writes the CSE-ID or AE-ID inside, as es_id_2_text.
///
/// @return ES_BUFFER_TOO_SMALL, with the length.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_id_2_entity(
    id_2: *const es_id_2,
    out: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| put_text(out, capacity, length, get(id_2)?.entity_id().as_str()))
}

/// Gives the instant from which the credential is no longer valid, in seconds since 1970-01-01T00:00:00 UTC.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_id_2_expiration(id_2: *const es_id_2, seconds: *mut u64) -> es_error {
    guard(|| set(seconds, get(id_2)?.expiration().to_unix().as_seconds()))
}

/// Is the credential valid at `now`?
///
/// @param now seconds since 1970-01-01T00:00:00 UTC.
/// @param skew seconds that a peer's credential is accepted longer, for clocks that differ; 0 for one's own.
/// @param live 1 or 0.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_id_2_is_live(id_2: *const es_id_2, now: u64, skew: u64, live: *mut i32) -> es_error {
    guard(|| {
        let (now, skew) = (UnixTime::from_seconds(now), Duration::from_secs(skew));
        set(live, get(id_2)?.is_live_with_skew(now, skew).into())
    })
}

/// Gives what SAKKE takes for it: SHA-256 of the text.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_id_2_sakke_id(id_2: *const es_id_2, id: *mut *mut es_sakke_id) -> es_error {
    guard(|| put(id, || Ok(get(id_2)?.sakke_identifier())))
}

/// Frees an ID_2; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_id_2_free(id_2: *mut es_id_2) {
    free(id_2);
}
