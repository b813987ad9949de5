//! KPAK, and verifying under it.

use crate::batch::{guard_each, report, signature};
use crate::edge::{free, get, guard, list, octets, put, put_octets};
use crate::error::es_error;
use crate::handles::{es_kpak, es_signed};
use eccsi_sakke::Identity;
use eccsi_sakke::eccsi::KmsPublicKey;

/// Decodes KPAK, ES_KPAK_BYTES octets, and checks the point.
///
/// @return ES_LENGTH, ES_POINT_FORM, ES_NOT_REDUCED, ES_NOT_ON_CURVE.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_kpak_from_bytes(data: *const u8, length: usize, kpak: *mut *mut es_kpak) -> es_error {
    guard(|| put(kpak, || Ok(KmsPublicKey::from_slice(octets(data, length)?)?)))
}

/// Writes KPAK, ES_KPAK_BYTES octets.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_kpak_to_bytes(kpak: *const es_kpak, out: *mut u8, length: usize) -> es_error {
    guard(|| put_octets(out, length, &get(kpak)?.to_bytes()))
}

/// Gives the same key with a table of its multiples, for those who verify often under it. The handle that was given
/// stays as it is.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_kpak_prepared(kpak: *const es_kpak, prepared: *mut *mut es_kpak) -> es_error {
    guard(|| put(prepared, || Ok(get(kpak)?.clone().prepared())))
}

/// Verifies that a signature is one of `message` by `id` (RFC 6507 5.2.2). For many messages of one signer make an
/// es_verifying_key.
///
/// @return ES_INVALID_SIGNATURE, whatever the reason, a wrong length included.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_kpak_verify(
    kpak: *const es_kpak,
    id: *const u8,
    id_length: usize,
    message: *const u8,
    message_length: usize,
    signature: *const u8,
    signature_length: usize,
) -> es_error {
    guard(|| {
        let kpak = get(kpak)?;
        let (id, message) = (Identity::new(octets(id, id_length)?), octets(message, message_length)?);
        let signature = crate::batch::signature(octets(signature, signature_length)?)?;
        Ok(kpak.verify(id, message, &signature)?)
    })
}

/// Verifies `count` signatures under one KPAK: the outcomes are those of es_kpak_verify, faster than one by one.
///
/// @param outcomes room for `count` codes: ES_OK or ES_INVALID_SIGNATURE for each; if the call fails as a whole, its code for
/// each.
/// @return ES_OK if each verifies, ES_INVALID_SIGNATURE if one does not.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_kpak_verify_many(
    kpak: *const es_kpak,
    signatures: *const es_signed,
    count: usize,
    outcomes: *mut es_error,
) -> es_error {
    guard_each(outcomes, count, || {
        let kpak = get(kpak)?;
        let signed = list(signatures, count)?;
        let mut found = Vec::with_capacity(count);
        for one in signed {
            found.push(signature(one.signature.get()?));
        }
        let mut jobs = Vec::with_capacity(count);
        for (one, signature) in signed.iter().zip(&found) {
            if let Ok(signature) = signature {
                jobs.push((Identity::new(one.id.get()?), one.message.get()?, signature));
            }
        }
        report(outcomes, &found, kpak.verify_many(&jobs))
    })
}

/// Frees a KPAK; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_kpak_free(kpak: *mut es_kpak) {
    free(kpak);
}
