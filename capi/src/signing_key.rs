//! A user's key: delivered, validated, signing.

use crate::batch::{code, first, guard_each};
use crate::edge::{check_out, free, get, guard, list, octets, put, put_each, put_octets, write};
use crate::error::es_error;
use crate::handles::{
    ES_SIGNATURE_BYTES, es_delivered, es_issued_key, es_kpak, es_octets, es_signing_key, es_verifying_key,
};
use crate::random::{Random, es_random};
use eccsi_sakke::Identity;
use eccsi_sakke::eccsi::IssuedKey;

/// Puts a delivered pair together: SSK of ES_SSK_BYTES octets, big-endian, and PVT of ES_PVT_BYTES.
///
/// @return ES_LENGTH, ES_OUT_OF_RANGE, ES_POINT_FORM, ES_NOT_REDUCED, ES_NOT_ON_CURVE.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_issued_key_from_parts(
    ssk: *const u8,
    ssk_length: usize,
    pvt: *const u8,
    pvt_length: usize,
    issued: *mut *mut es_issued_key,
) -> es_error {
    guard(|| put(issued, || Ok(IssuedKey::from_slices(octets(ssk, ssk_length)?, octets(pvt, pvt_length)?)?)))
}

/// Writes SSK itself, ES_SSK_BYTES octets, big-endian: to deliver or to store it. The caller wipes them.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_issued_key_expose(
    issued: *const es_issued_key,
    out: *mut u8,
    length: usize,
) -> es_error {
    guard(|| put_octets(out, length, &*get(issued)?.expose()))
}

/// Writes PVT, ES_PVT_BYTES octets.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_issued_key_pvt(issued: *const es_issued_key, out: *mut u8, length: usize) -> es_error {
    guard(|| put_octets(out, length, &get(issued)?.pvt().to_bytes()))
}

/// Validates the pair against KPAK and the identity it was issued for (RFC 6507 5.1.2): the only way to a signing key. The pair
/// stays with the caller.
///
/// @return ES_INVALID_KEY.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_issued_key_validate(
    issued: *const es_issued_key,
    kpak: *const es_kpak,
    id: *const u8,
    id_length: usize,
    key: *mut *mut es_signing_key,
) -> es_error {
    guard(|| put(key, || Ok(get(issued)?.validate(get(kpak)?, Identity::new(octets(id, id_length)?))?)))
}

/// Validates `count` pairs against one KPAK: the outcomes are those of es_issued_key_validate, faster than one by one.
///
/// @param random NULL for the system's generator: 32 octets of it make the factors of a test of all keys at once.
/// @param keys room for `count` handles: NULL for each pair that is refused.
/// @param outcomes room for `count` codes; if the call fails as a whole, its code for each.
/// @return ES_OK if each is valid, ES_INVALID_KEY if one is not, ES_RANDOM.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_issued_key_validate_many(
    issued: *const es_delivered,
    count: usize,
    kpak: *const es_kpak,
    random: *const es_random,
    keys: *mut *mut es_signing_key,
    outcomes: *mut es_error,
) -> es_error {
    guard_each(outcomes, count, || {
        let mut all = Ok(());
        put_each(keys, count, || {
            let mut pairs = Vec::with_capacity(count);
            for delivered in list(issued, count)? {
                pairs.push((Identity::new(delivered.id.get()?), get(delivered.key)?));
            }
            let found = IssuedKey::validate_many(&pairs, get(kpak)?, &mut Random::new(random)?)?;
            let codes: Vec<_> =
                found.iter().map(|one| one.as_ref().map_err(|error| *error)).map(code).collect();
            write(outcomes, count, &codes)?;
            all = first(&codes);
            Ok(found.into_iter().map(Result::ok).collect())
        })?;
        Ok(all)
    })
}

/// Wipes and frees a delivered pair; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_issued_key_free(issued: *mut es_issued_key) {
    free(issued);
}

/// Signs a message of any length (RFC 6507 5.2.1): ES_SIGNATURE_BYTES octets.
///
/// @param random NULL for the system's generator.
/// @return ES_RANDOM.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_signing_key_sign(
    key: *const es_signing_key,
    message: *const u8,
    message_length: usize,
    random: *const es_random,
    signature: *mut u8,
    signature_length: usize,
) -> es_error {
    guard(|| {
        check_out(signature, signature_length, ES_SIGNATURE_BYTES)?;
        let (key, message) = (get(key)?, octets(message, message_length)?);
        let made = key.sign(message, &mut Random::new(random)?)?;
        put_octets(signature, signature_length, &made.to_bytes())
    })
}

/// Signs, and verifies the signature before it gives it: for devices whose computation an attacker may disturb.
///
/// @return as es_signing_key_sign; ES_INVALID_SIGNATURE if the machine computes wrongly.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_signing_key_sign_checked(
    key: *const es_signing_key,
    message: *const u8,
    message_length: usize,
    random: *const es_random,
    signature: *mut u8,
    signature_length: usize,
) -> es_error {
    guard(|| {
        check_out(signature, signature_length, ES_SIGNATURE_BYTES)?;
        let (key, message) = (get(key)?, octets(message, message_length)?);
        let made = key.sign_checked(message, &mut Random::new(random)?)?;
        put_octets(signature, signature_length, &made.to_bytes())
    })
}

/// Signs each of `count` messages: faster than one by one.
///
/// @param signatures room for `count` signatures, one behind the other.
/// @param signatures_length `count` times ES_SIGNATURE_BYTES.
/// @return ES_RANDOM; then nothing was signed.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_signing_key_sign_many(
    key: *const es_signing_key,
    messages: *const es_octets,
    count: usize,
    random: *const es_random,
    signatures: *mut u8,
    signatures_length: usize,
) -> es_error {
    guard(|| {
        let key = get(key)?;
        let messages = list(messages, count)?;
        if count > 0 {
            let expected = count.checked_mul(ES_SIGNATURE_BYTES).ok_or(es_error::ES_LENGTH)?;
            check_out(signatures, signatures_length, expected)?;
        }
        let messages = messages.iter().map(es_octets::get).collect::<Result<Vec<_>, _>>()?;
        let made = key.sign_many(&messages, &mut Random::new(random)?)?;
        let all: Vec<u8> = made.iter().flat_map(|signature| signature.to_bytes()).collect();
        write(signatures, all.len(), &all)
    })
}

/// Writes SSK itself, ES_SSK_BYTES octets, big-endian: to store it. The caller wipes them.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_signing_key_expose(key: *const es_signing_key, out: *mut u8, length: usize) -> es_error {
    guard(|| put_octets(out, length, &*get(key)?.expose()))
}

/// Writes PVT, ES_PVT_BYTES octets.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_signing_key_pvt(key: *const es_signing_key, out: *mut u8, length: usize) -> es_error {
    guard(|| put_octets(out, length, &get(key)?.pvt().to_bytes()))
}

/// Was the key issued for this identity?
///
/// @return ES_INVALID_KEY if it was not.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_signing_key_is_for(
    key: *const es_signing_key,
    id: *const u8,
    id_length: usize,
) -> es_error {
    guard(|| {
        let own = get(key)?.is_for(Identity::new(octets(id, id_length)?));
        if own { Ok(()) } else { Err(es_error::ES_INVALID_KEY) }
    })
}

/// Gives what verifies the signatures of this key.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_signing_key_verifying_key(
    key: *const es_signing_key,
    verifying: *mut *mut es_verifying_key,
) -> es_error {
    guard(|| put(verifying, || Ok(get(key)?.verifying_key().clone())))
}

/// Wipes and frees a signing key; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_signing_key_free(key: *mut es_signing_key) {
    free(key);
}
