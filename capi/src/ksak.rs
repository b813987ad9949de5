//! The KMS of ECCSI: KSAK, and what it issues.

use crate::edge::{free, get, guard, list, octets, put, put_many, put_octets};
use crate::error::es_error;
use crate::handles::{es_issued_key, es_kpak, es_ksak, es_octets};
use crate::random::{Random, es_random};
use eccsi_sakke::Identity;
use eccsi_sakke::eccsi::KmsSecretKey;

/// Makes a new KSAK.
///
/// @param random NULL for the system's generator.
/// @return ES_RANDOM.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_ksak_generate(random: *const es_random, ksak: *mut *mut es_ksak) -> es_error {
    guard(|| put(ksak, || Ok(KmsSecretKey::generate(&mut Random::new(random)?)?)))
}

/// Takes a KSAK of ES_KSAK_BYTES octets, big-endian.
///
/// @return ES_LENGTH, ES_OUT_OF_RANGE.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_ksak_from_bytes(data: *const u8, length: usize, ksak: *mut *mut es_ksak) -> es_error {
    guard(|| put(ksak, || Ok(KmsSecretKey::from_slice(octets(data, length)?)?)))
}

/// Writes KSAK itself, ES_KSAK_BYTES octets, big-endian: to seal it at rest. The caller wipes them.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_ksak_expose(ksak: *const es_ksak, out: *mut u8, length: usize) -> es_error {
    guard(|| put_octets(out, length, &*get(ksak)?.expose()))
}

/// Gives KPAK, the public key.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_ksak_public_key(ksak: *const es_ksak, kpak: *mut *mut es_kpak) -> es_error {
    guard(|| put(kpak, || Ok(get(ksak)?.public_key())))
}

/// Makes a fresh pair (SSK, PVT) for an identity (RFC 6507 5.1.1). Each call makes another.
///
/// @param id any octets; they are compared and hashed as they are.
/// @param random NULL for the system's generator.
/// @return ES_RANDOM.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_ksak_issue(
    ksak: *const es_ksak,
    id: *const u8,
    id_length: usize,
    random: *const es_random,
    issued: *mut *mut es_issued_key,
) -> es_error {
    guard(|| {
        put(issued, || {
            let id = Identity::new(octets(id, id_length)?);
            Ok(get(ksak)?.issue(id, &mut Random::new(random)?)?)
        })
    })
}

/// Makes a pair for each of `count` identities, in their order: faster than one by one.
///
/// @param issued room for `count` handles. All are NULL if it fails: then nothing was issued.
/// @return ES_RANDOM.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_ksak_issue_many(
    ksak: *const es_ksak,
    ids: *const es_octets,
    count: usize,
    random: *const es_random,
    issued: *mut *mut es_issued_key,
) -> es_error {
    guard(|| {
        put_many(issued, count, || {
            let ids = list(ids, count)?.iter().map(|id| Ok(Identity::new(id.get()?)));
            let ids = ids.collect::<Result<Vec<_>, es_error>>()?;
            Ok(get(ksak)?.issue_many(&ids, &mut Random::new(random)?)?)
        })
    })
}

/// Wipes and frees a KSAK; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_ksak_free(ksak: *mut es_ksak) {
    free(ksak);
}
