//! One signer's verifying key, for many messages.

use crate::batch::{guard_each, report, signature};
use crate::edge::{free, get, guard, list, octets, put, put_octets};
use crate::error::es_error;
use crate::handles::{es_kpak, es_signed_with, es_verifying_key};
use eccsi_sakke::Identity;
use eccsi_sakke::eccsi::{PublicValidationToken, VerifyingKey};

/// Computes the verifying key of a signer from KPAK, its identity and PVT, ES_PVT_BYTES octets.
///
/// @return ES_LENGTH, ES_POINT_FORM, ES_NOT_REDUCED, ES_NOT_ON_CURVE; ES_INVALID_KEY if no SSK belongs to such values.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_verifying_key_new(
    kpak: *const es_kpak,
    id: *const u8,
    id_length: usize,
    pvt: *const u8,
    pvt_length: usize,
    key: *mut *mut es_verifying_key,
) -> es_error {
    guard(|| {
        put(key, || {
            let (kpak, id) = (get(kpak)?, Identity::new(octets(id, id_length)?));
            let pvt = PublicValidationToken::from_slice(octets(pvt, pvt_length)?)?;
            Ok(VerifyingKey::new(kpak, id, &pvt)?)
        })
    })
}

/// Gives the same key with a table of its multiples, 88 KB: it pays from about the eighth message on. The handle that
/// was given stays as it is.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_verifying_key_prepared(
    key: *const es_verifying_key,
    prepared: *mut *mut es_verifying_key,
) -> es_error {
    guard(|| put(prepared, || Ok(get(key)?.clone().prepared())))
}

/// Verifies that a signature is one of `message`, made with this key (RFC 6507 5.2.2).
///
/// @return ES_INVALID_SIGNATURE, whatever the reason; also for a signature by another key of the same identity.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_verifying_key_verify(
    key: *const es_verifying_key,
    message: *const u8,
    message_length: usize,
    signature: *const u8,
    signature_length: usize,
) -> es_error {
    guard(|| {
        let (key, message) = (get(key)?, octets(message, message_length)?);
        let signature = crate::batch::signature(octets(signature, signature_length)?)?;
        Ok(key.verify(message, &signature)?)
    })
}

/// Verifies `count` signatures of known signers, of one community or many: faster than one by one.
///
/// @param outcomes room for `count` codes: ES_OK or ES_INVALID_SIGNATURE for each; if the call fails as a whole, its code for
/// each.
/// @return ES_OK if each verifies, ES_INVALID_SIGNATURE if one does not.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_verifying_key_verify_many(
    signatures: *const es_signed_with,
    count: usize,
    outcomes: *mut es_error,
) -> es_error {
    guard_each(outcomes, count, || {
        let signed = list(signatures, count)?;
        let mut found = Vec::with_capacity(count);
        for one in signed {
            found.push(signature(one.signature.get()?));
        }
        let mut jobs = Vec::with_capacity(count);
        for (one, signature) in signed.iter().zip(&found) {
            let (key, message) = (get(one.key)?, one.message.get()?);
            if let Ok(signature) = signature {
                jobs.push((key, message, signature));
            }
        }
        report(outcomes, &found, VerifyingKey::verify_many(&jobs))
    })
}

/// Writes HS, ES_HS_BYTES octets: the hash that binds the key to identity and KPAK.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_verifying_key_hs(key: *const es_verifying_key, out: *mut u8, length: usize) -> es_error {
    guard(|| put_octets(out, length, get(key)?.hs()))
}

/// Frees a verifying key; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_verifying_key_free(key: *mut es_verifying_key) {
    free(key);
}
