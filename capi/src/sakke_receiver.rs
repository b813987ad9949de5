//! Who receives with SAKKE: its key, delivered and validated.

use crate::batch::{code, first, guard_each};
use crate::edge::{check_out, free, get, get_mut, guard, list, octets, put, put_each, put_octets, write};
use crate::error::es_error;
use crate::handles::{
    ES_SAKKE_DATA_BYTES, ES_SSV_BYTES, Received, es_sakke_delivered, es_sakke_id, es_sakke_issued,
    es_sakke_key, es_sakke_public,
};
use crate::random::{Random, es_random};
use eccsi_sakke::sakke::{EncapsulatedData, IssuedKey, ReceiverSecretKey};
use eccsi_sakke::zeroize::Zeroizing;

/// Decodes a Receiver Secret Key, ES_RSK_BYTES octets.
///
/// @return ES_LENGTH, ES_POINT_FORM, ES_NOT_REDUCED, ES_NOT_ON_CURVE.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_issued_from_bytes(
    data: *const u8,
    length: usize,
    issued: *mut *mut es_sakke_issued,
) -> es_error {
    guard(|| put(issued, || Ok(IssuedKey::from_slice(octets(data, length)?)?)))
}

/// Writes the key itself, ES_RSK_BYTES octets: to deliver or to store it. The caller wipes them.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_issued_expose(
    issued: *const es_sakke_issued,
    out: *mut u8,
    length: usize,
) -> es_error {
    guard(|| put_octets(out, length, &*get(issued)?.expose()))
}

/// Validates the key against Z and the identifier it was issued for (RFC 6508 6.1.2): the only way to a key that
/// decapsulates. The delivered key stays with the caller.
///
/// @return ES_INVALID_KEY, ES_UNUSABLE_IDENTITY.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_issued_validate(
    issued: *const es_sakke_issued,
    public_key: *const es_sakke_public,
    id: *const es_sakke_id,
    key: *mut *mut es_sakke_key,
) -> es_error {
    guard(|| put(key, || Ok(Received(Some(get(issued)?.validate(get(public_key)?, get(id)?)?)))))
}

/// Validates `count` keys against one Z: the outcomes are those of es_sakke_issued_validate, faster than one by one.
///
/// @param random NULL for the system's generator, of which it takes 32 octets.
/// @param keys room for `count` handles: NULL for each key that is refused.
/// @param outcomes room for `count` codes; if the call fails as a whole, its code for each.
/// @return ES_OK if each is valid, else the code of the first that is not; ES_RANDOM.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_issued_validate_many(
    issued: *const es_sakke_delivered,
    count: usize,
    public_key: *const es_sakke_public,
    random: *const es_random,
    keys: *mut *mut es_sakke_key,
    outcomes: *mut es_error,
) -> es_error {
    guard_each(outcomes, count, || {
        let mut all = Ok(());
        put_each(keys, count, || {
            let mut pairs = Vec::with_capacity(count);
            for delivered in list(issued, count)? {
                pairs.push((get(delivered.id)?, get(delivered.key)?));
            }
            let found = IssuedKey::validate_many(&pairs, get(public_key)?, &mut Random::new(random)?)?;
            let codes: Vec<_> =
                found.iter().map(|one| one.as_ref().map_err(|error| *error)).map(code).collect();
            write(outcomes, count, &codes)?;
            all = first(&codes);
            Ok(found.into_iter().map(|one| one.ok().map(|key| Received(Some(key)))).collect())
        })?;
        Ok(all)
    })
}

/// Wipes and frees a delivered key; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_issued_free(issued: *mut es_sakke_issued) {
    free(issued);
}

/// Builds the tables of a key, 0.5 to 0.7 MB and as secret as the key: each decapsulation then costs about a third.
///
/// Threads: no other may use the handle meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_key_prepare(key: *mut es_sakke_key) -> es_error {
    guard(|| {
        let received = get_mut(key)?;
        received.0 = received.0.take().map(ReceiverSecretKey::prepared);
        Ok(())
    })
}

/// Writes the key itself, ES_RSK_BYTES octets: to store it. The caller wipes them.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_key_expose(key: *const es_sakke_key, out: *mut u8, length: usize) -> es_error {
    guard(|| put_octets(out, length, &*get(key)?.key()?.expose()))
}

/// Data that are none were not made for this key: whoever sent them learns no more than that.
fn decode(data: &[u8]) -> Result<EncapsulatedData, es_error> {
    EncapsulatedData::from_slice(data).map_err(|_| es_error::ES_DECAPSULATION_FAILED)
}

/// Decapsulates SSV from Encapsulated Data (RFC 6508 6.2.2).
///
/// @param ssv ES_SSV_BYTES octets, secret. The caller wipes them.
/// @return ES_DECAPSULATION_FAILED, whatever the reason, a wrong length included.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_key_decapsulate(
    key: *const es_sakke_key,
    data: *const u8,
    data_length: usize,
    ssv: *mut u8,
    ssv_length: usize,
) -> es_error {
    guard(|| {
        check_out(ssv, ssv_length, ES_SSV_BYTES)?;
        let key = get(key)?.key()?;
        let secret = key.decapsulate(&decode(octets(data, data_length)?)?)?;
        put_octets(ssv, ssv_length, &*secret.expose())
    })
}

/// Decapsulates `count` Encapsulated Data: the outcomes are those of es_sakke_key_decapsulate, faster than one by one
/// on CPUs with lanes.
///
/// @param data one behind the other.
/// @param data_length `count` times ES_SAKKE_DATA_BYTES.
/// @param ssv room for `count` SSVs, one behind the other; zeros for those that are refused.
/// @param ssv_length `count` times ES_SSV_BYTES.
/// @param outcomes room for `count` codes; if the call fails as a whole, its code for each.
/// @return ES_OK if each is right, ES_DECAPSULATION_FAILED if one is not.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_key_decapsulate_many(
    key: *const es_sakke_key,
    data: *const u8,
    data_length: usize,
    count: usize,
    ssv: *mut u8,
    ssv_length: usize,
    outcomes: *mut es_error,
) -> es_error {
    guard_each(outcomes, count, || {
        let key = get(key)?.key()?;
        if count == 0 {
            return Ok(Ok(()));
        }
        let lengths = (count.checked_mul(ES_SAKKE_DATA_BYTES), count.checked_mul(ES_SSV_BYTES));
        let (Some(expected), Some(room)) = lengths else { return Err(es_error::ES_LENGTH) };
        check_out(ssv, ssv_length, room)?;
        if data_length != expected {
            return Err(es_error::ES_LENGTH);
        }
        let decoded: Vec<_> =
            octets(data, data_length)?.chunks_exact(ES_SAKKE_DATA_BYTES).map(decode).collect();
        let right: Vec<_> = decoded.iter().flatten().cloned().collect();
        let mut opened = key.decapsulate_many(&right).into_iter();
        let mut all = Zeroizing::new(vec![0; room]);
        let mut codes = Vec::with_capacity(count);
        for (one, out) in decoded.iter().zip(all.chunks_exact_mut(ES_SSV_BYTES)) {
            let outcome = match one {
                Ok(_) => opened.next().unwrap_or_else(|| unreachable!("one for each that decodes")),
                Err(error) => {
                    codes.push(*error);
                    continue;
                }
            };
            if let Ok(secret) = &outcome {
                out.copy_from_slice(&*secret.expose());
            }
            codes.push(code(outcome));
        }
        write(outcomes, count, &codes)?;
        put_octets(ssv, ssv_length, &all)?;
        Ok(first(&codes))
    })
}

/// Wipes and frees a key, its tables included; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_sakke_key_free(key: *mut es_sakke_key) {
    free(key);
}
