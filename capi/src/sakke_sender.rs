//! Who sends with SAKKE: Z, and receivers to whom it writes often.

use crate::batch::place;
use crate::edge::{Outcome, check_out, free, get, guard, list, octets, put, put_octets, write};
use crate::error::es_error;
use crate::handles::{ES_SAKKE_DATA_BYTES, ES_SSV_BYTES, es_sakke_id, es_sakke_public, es_sakke_recipient};
use crate::random::{Random, es_random};
use eccsi_sakke::sakke::{EncapsulatedData, KmsPublicKey, SharedSecretValue};

fn shared_secret(data: *const u8, length: usize) -> Outcome<SharedSecretValue> {
    Ok(SharedSecretValue::from_bytes(octets(data, length)?.try_into().map_err(|_| es_error::ES_LENGTH)?))
}

/// Writes Encapsulated Data and SSV, once both have their place.
fn put_both(
    (data, data_length): (*mut u8, usize),
    (ssv, ssv_length): (*mut u8, usize),
    make: impl FnOnce() -> Outcome<(EncapsulatedData, SharedSecretValue)>,
) -> Outcome {
    check_out(data, data_length, ES_SAKKE_DATA_BYTES)?;
    check_out(ssv, ssv_length, ES_SSV_BYTES)?;
    let (made, secret) = make()?;
    put_octets(data, data_length, &made.to_bytes())?;
    put_octets(ssv, ssv_length, &*secret.expose())
}

/// Decodes Z, ES_SAKKE_PUBLIC_BYTES octets, and checks that it is a point of order q.
///
/// @return ES_LENGTH, ES_POINT_FORM, ES_NOT_REDUCED, ES_NOT_ON_CURVE, ES_WRONG_ORDER.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_public_from_bytes(
    data: *const u8,
    length: usize,
    public_key: *mut *mut es_sakke_public,
) -> es_error {
    guard(|| put(public_key, || Ok(KmsPublicKey::from_slice(octets(data, length)?)?)))
}

/// Writes Z, ES_SAKKE_PUBLIC_BYTES octets.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_public_to_bytes(
    public_key: *const es_sakke_public,
    out: *mut u8,
    length: usize,
) -> es_error {
    guard(|| put_octets(out, length, &get(public_key)?.to_bytes()))
}

/// Gives the same key with tables, 0.3 MB: an encapsulation to a new receiver then costs about a quarter. The handle
/// that was given stays as it is.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_public_prepared(
    public_key: *const es_sakke_public,
    prepared: *mut *mut es_sakke_public,
) -> es_error {
    guard(|| put(prepared, || Ok(get(public_key)?.clone().prepared())))
}

/// Gives the same key with tables for validating, 0.8 to 1.2 MB: es_sakke_issued_validate then costs about a third. The
/// handle that was given stays as it is.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_public_prepared_to_validate(
    public_key: *const es_sakke_public,
    prepared: *mut *mut es_sakke_public,
) -> es_error {
    guard(|| put(prepared, || Ok(get(public_key)?.clone().prepared_to_validate())))
}

/// Makes a random SSV and encapsulates it to `id` (RFC 6508 6.2.1).
///
/// @param random NULL for the system's generator.
/// @param data ES_SAKKE_DATA_BYTES octets, to send.
/// @param ssv ES_SSV_BYTES octets, secret. The caller wipes them.
/// @return ES_RANDOM, ES_UNUSABLE_IDENTITY.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_public_encapsulate(
    public_key: *const es_sakke_public,
    id: *const es_sakke_id,
    random: *const es_random,
    data: *mut u8,
    data_length: usize,
    ssv: *mut u8,
    ssv_length: usize,
) -> es_error {
    guard(|| {
        put_both((data, data_length), (ssv, ssv_length), || {
            Ok(get(public_key)?.encapsulate(get(id)?, &mut Random::new(random)?)?)
        })
    })
}

/// Encapsulates a given SSV, which has to be as unpredictable as a key. RFC 6508 6.2.1 from step 2.
///
/// @return ES_LENGTH, ES_UNUSABLE_IDENTITY, ES_UNUSABLE_SSV.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_public_encapsulate_ssv(
    public_key: *const es_sakke_public,
    id: *const es_sakke_id,
    ssv: *const u8,
    ssv_length: usize,
    data: *mut u8,
    data_length: usize,
) -> es_error {
    guard(|| {
        check_out(data, data_length, ES_SAKKE_DATA_BYTES)?;
        let made = get(public_key)?.encapsulate_ssv(get(id)?, &shared_secret(ssv, ssv_length)?)?;
        put_octets(data, data_length, &made.to_bytes())
    })
}

/// Encapsulates one SSV to each of `count` receivers (RFC 6508 6.2.3): a little faster than one by one.
///
/// @param data room for `count` Encapsulated Data, one behind the other.
/// @param data_length `count` times ES_SAKKE_DATA_BYTES.
/// @param refused where not NULL, the place of the first receiver that was refused is written there, from 0 on, if the
/// return is ES_UNUSABLE_IDENTITY or ES_UNUSABLE_SSV.
/// @return as es_sakke_public_encapsulate_ssv; then there is no result.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_public_encapsulate_many(
    public_key: *const es_sakke_public,
    ids: *const *const es_sakke_id,
    count: usize,
    ssv: *const u8,
    ssv_length: usize,
    data: *mut u8,
    data_length: usize,
    refused: *mut usize,
) -> es_error {
    guard(|| {
        let public_key = get(public_key)?;
        let mut identifiers = Vec::with_capacity(count.min(1 << 16));
        for id in list(ids, count)? {
            identifiers.push(get(*id)?.clone());
        }
        let ssv = shared_secret(ssv, ssv_length)?;
        if count > 0 {
            let expected = count.checked_mul(ES_SAKKE_DATA_BYTES).ok_or(es_error::ES_LENGTH)?;
            check_out(data, data_length, expected)?;
        }
        let made = public_key.encapsulate_many(&identifiers, &ssv).map_err(|error| place(refused, error))?;
        let all: Vec<u8> = made.iter().flat_map(EncapsulatedData::to_bytes).collect();
        write(data, all.len(), &all)
    })
}

/// Makes a receiver of an identifier, for a sender that writes to it often.
///
/// @return ES_UNUSABLE_IDENTITY.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_public_recipient(
    public_key: *const es_sakke_public,
    id: *const es_sakke_id,
    recipient: *mut *mut es_sakke_recipient,
) -> es_error {
    guard(|| put(recipient, || Ok(get(public_key)?.recipient(get(id)?)?)))
}

/// Frees Z; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_public_free(public_key: *mut es_sakke_public) {
    free(public_key);
}

/// Gives the same receiver with tables, 0.1 MB: an encapsulation then costs about a quarter. The handle that was given
/// stays as it is.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_recipient_prepared(
    recipient: *const es_sakke_recipient,
    prepared: *mut *mut es_sakke_recipient,
) -> es_error {
    guard(|| put(prepared, || Ok(get(recipient)?.clone().prepared())))
}

/// Makes a random SSV and encapsulates it: as es_sakke_public_encapsulate.
///
/// @return ES_RANDOM.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_recipient_encapsulate(
    recipient: *const es_sakke_recipient,
    random: *const es_random,
    data: *mut u8,
    data_length: usize,
    ssv: *mut u8,
    ssv_length: usize,
) -> es_error {
    guard(|| {
        put_both((data, data_length), (ssv, ssv_length), || {
            Ok(get(recipient)?.encapsulate(&mut Random::new(random)?)?)
        })
    })
}

/// Encapsulates a given SSV: as es_sakke_public_encapsulate_ssv.
///
/// @return ES_LENGTH, ES_UNUSABLE_SSV.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_recipient_encapsulate_ssv(
    recipient: *const es_sakke_recipient,
    ssv: *const u8,
    ssv_length: usize,
    data: *mut u8,
    data_length: usize,
) -> es_error {
    guard(|| {
        check_out(data, data_length, ES_SAKKE_DATA_BYTES)?;
        let made = get(recipient)?.encapsulate_ssv(&shared_secret(ssv, ssv_length)?)?;
        put_octets(data, data_length, &made.to_bytes())
    })
}

/// Frees a receiver; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_recipient_free(recipient: *mut es_sakke_recipient) {
    free(recipient);
}
