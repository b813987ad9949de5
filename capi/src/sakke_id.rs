//! Identifiers of SAKKE.

use crate::edge::{free, guard, octets, put};
use crate::error::es_error;
use crate::handles::es_sakke_id;
use eccsi_sakke::Identity;
use eccsi_sakke::sakke::Identifier;

/// Takes octets as they are, such as month and tel URI of RFC 6509 3.2: 127 always fit, 128 if the integer is below q.
///
/// Octets with zeros in front may be sent to and received as; es_sakke_secret_issue refuses a key for them.
///
/// @return ES_TOO_LONG, ES_OUT_OF_RANGE.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_id_from_raw(
    data: *const u8,
    length: usize,
    id: *mut *mut es_sakke_id,
) -> es_error {
    guard(|| put(id, || Ok(Identifier::from_raw(octets(data, length)?)?)))
}

/// As es_sakke_id_from_raw, for octets whose zeros in front are meant: where no other identifier can have the same
/// integer.
///
/// @return ES_TOO_LONG, ES_OUT_OF_RANGE.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_id_from_raw_with_zeros(
    data: *const u8,
    length: usize,
    id: *mut *mut es_sakke_id,
) -> es_error {
    guard(|| put(id, || Ok(Identifier::from_raw(octets(data, length)?)?.allow_leading_zeros())))
}

/// Takes SHA-256 of an identity's octets, of which there may be any number.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_id_hash_of(data: *const u8, length: usize, id: *mut *mut es_sakke_id) -> es_error {
    guard(|| put(id, || Ok(Identifier::hash_of(Identity::new(octets(data, length)?)))))
}

/// Takes a UID of 3GPP TS 33.180, ES_UID_BYTES octets.
///
/// @return ES_LENGTH, ES_OUT_OF_RANGE.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_id_from_uid(uid: *const u8, length: usize, id: *mut *mut es_sakke_id) -> es_error {
    guard(|| {
        put(id, || {
            let uid = octets(uid, length)?.try_into().map_err(|_| es_error::ES_LENGTH)?;
            Ok(Identifier::from_uid(uid)?)
        })
    })
}

/// Frees an identifier; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_id_free(id: *mut es_sakke_id) {
    free(id);
}
