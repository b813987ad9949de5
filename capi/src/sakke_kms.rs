//! The KMS of SAKKE: z, and what it issues.

use crate::batch::place;
use crate::edge::{free, get, guard, list, octets, put, put_many, put_octets};
use crate::error::es_error;
use crate::handles::{es_sakke_id, es_sakke_issued, es_sakke_public, es_sakke_secret};
use crate::random::{Random, es_random};
use eccsi_sakke::sakke::KmsSecretKey;

/// Makes a new z. Takes some milliseconds.
///
/// @param random NULL for the system's generator.
/// @return ES_RANDOM.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_secret_generate(
    random: *const es_random,
    secret: *mut *mut es_sakke_secret,
) -> es_error {
    guard(|| put(secret, || Ok(KmsSecretKey::generate(&mut Random::new(random)?)?)))
}

/// Takes z of ES_SAKKE_SECRET_BYTES octets, big-endian. Takes some milliseconds.
///
/// @return ES_LENGTH, ES_OUT_OF_RANGE.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_secret_from_bytes(
    data: *const u8,
    length: usize,
    secret: *mut *mut es_sakke_secret,
) -> es_error {
    guard(|| put(secret, || Ok(KmsSecretKey::from_slice(octets(data, length)?)?)))
}

/// Writes z itself, ES_SAKKE_SECRET_BYTES octets, big-endian: to seal it at rest. The caller wipes them.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_secret_expose(
    secret: *const es_sakke_secret,
    out: *mut u8,
    length: usize,
) -> es_error {
    guard(|| put_octets(out, length, &*get(secret)?.expose()))
}

/// Gives Z, the public key.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_secret_public_key(
    secret: *const es_sakke_secret,
    public_key: *mut *mut es_sakke_public,
) -> es_error {
    guard(|| put(public_key, || Ok(get(secret)?.public_key())))
}

/// Makes the Receiver Secret Key of an identifier (RFC 6508 6.1.1). An identifier has one key.
///
/// @return ES_LEADING_ZERO for zeros in front that nobody allowed, ES_UNUSABLE_IDENTITY.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_secret_issue(
    secret: *const es_sakke_secret,
    id: *const es_sakke_id,
    issued: *mut *mut es_sakke_issued,
) -> es_error {
    guard(|| put(issued, || Ok(get(secret)?.issue(get(id)?)?)))
}

/// Makes the key of each of `count` identifiers, in their order: faster than one by one.
///
/// @param refused where not NULL, the place of the first identifier that was refused is written there, from 0 on, if the
/// return is ES_LEADING_ZERO or ES_UNUSABLE_IDENTITY.
/// @param issued room for `count` handles. All are NULL if it fails.
/// @return as es_sakke_secret_issue.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_secret_issue_many(
    secret: *const es_sakke_secret,
    ids: *const *const es_sakke_id,
    count: usize,
    issued: *mut *mut es_sakke_issued,
    refused: *mut usize,
) -> es_error {
    guard(|| {
        put_many(issued, count, || {
            let mut identifiers = Vec::with_capacity(count);
            for id in list(ids, count)? {
                identifiers.push(get(*id)?.clone());
            }
            get(secret)?.issue_many(&identifiers).map_err(|error| place(refused, error))
        })
    })
}

/// Wipes and frees z; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_secret_free(secret: *mut es_sakke_secret) {
    free(secret);
}
