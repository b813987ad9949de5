//! Opening messages of MIKEY-SAKKE.

use crate::edge::{Outcome, free, get, get_mut, guard, list, octets, optional, put};
use crate::error::es_error;
use crate::handles::{es_kpak, es_mikey_initiator, es_mikey_message, es_mikey_receiver, es_mikey_replay};
use core::time::Duration;
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::sakke::ReceiverSecretKey;
use mikey_sakke::open::{Known, Opened, Receiver};
use mikey_sakke::{BoundedReplayCache, IMessage};

/// Makes an empty cache of messages that were seen. When its places are taken, further messages are refused until those that
/// are there are too old; no initiator gets more than a quarter of the places.
///
/// @param places for how many messages, each about 200 octets.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_replay_new(places: usize, replay: *mut *mut es_mikey_replay) -> es_error {
    guard(|| put(replay, || Ok(BoundedReplayCache::new(places))))
}

/// Frees a cache; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_replay_free(replay: *mut es_mikey_replay) {
    free(replay);
}

fn open(
    receiver: *const es_mikey_receiver,
    (data, length): (*const u8, usize),
    now: u64,
    message: *mut *mut es_mikey_message,
    open: impl FnOnce(&[u8], &Receiver<'_, &ReceiverSecretKey>, UnixTime) -> Outcome<Opened>,
) -> Outcome {
    put(message, || {
        let given = optional(receiver)?.ok_or(es_error::ES_BAD_POINTER)?;
        let (data, now) = (octets(data, length)?, UnixTime::from_seconds(now));
        let mut keys = Vec::new();
        for key in list(given.keys, given.key_count)? {
            keys.push(get(*key)?.key()?);
        }
        let receiver = Receiver {
            user: get(given.user)?,
            keys: &keys,
            past: Duration::from_secs(given.past),
            future: Duration::from_secs(given.future),
            overlap: Duration::from_secs(given.overlap),
        };
        open(data, &receiver, now)
    })
}

fn known<'a>(initiator: &es_mikey_initiator) -> Outcome<Known<'a>> {
    Ok(Known { user: get(initiator.user)?, kpak: get(initiator.kpak)? })
}

/// Opens a message as its responder (RFC 6509 2.1), from one of `count` initiators, whom it names. No secret is touched before
/// the signature was verified; what is refused is not remembered.
///
/// @param now seconds since 1970-01-01T00:00:00 UTC.
/// @return ES_NOT_ADMITTED, ES_INVALID_SIGNATURE, ES_DECAPSULATION_FAILED, a code of MIKEY.
///
/// Threads: no other may use `replay` meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_open(
    receiver: *const es_mikey_receiver,
    initiators: *const es_mikey_initiator,
    count: usize,
    replay: *mut es_mikey_replay,
    data: *const u8,
    length: usize,
    now: u64,
    message: *mut *mut es_mikey_message,
) -> es_error {
    guard(|| {
        open(receiver, (data, length), now, message, |data, receiver, now| {
            let initiators = list(initiators, count)?.iter().map(known).collect::<Outcome<Vec<_>>>()?;
            Ok(IMessage::open(data, receiver, &initiators[..], get_mut(replay)?, now)?)
        })
    })
}

/// The same, from the initiator whom the signalling names, whether or not the message does.
///
/// @param now seconds since 1970-01-01T00:00:00 UTC.
/// @return as es_mikey_open.
///
/// Threads: no other may use `replay` meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_open_from(
    receiver: *const es_mikey_receiver,
    initiator: *const es_mikey_initiator,
    replay: *mut es_mikey_replay,
    data: *const u8,
    length: usize,
    now: u64,
    message: *mut *mut es_mikey_message,
) -> es_error {
    guard(|| {
        open(receiver, (data, length), now, message, |data, receiver, now| {
            let initiator = known(optional(initiator)?.ok_or(es_error::ES_BAD_POINTER)?)?;
            Ok(IMessage::open(data, receiver, &initiator, get_mut(replay)?, now)?)
        })
    })
}

/// Opens one's own message by its SAKKE-to-self extension: as another device of the initiator.
///
/// @param initiator its name and keys.
/// @param kpak of its KMS.
/// @param now seconds since 1970-01-01T00:00:00 UTC.
/// @return ES_MIKEY_NOT_TO_SELF; as es_mikey_open.
///
/// Threads: no other may use `replay` meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_open_own(
    initiator: *const es_mikey_receiver,
    kpak: *const es_kpak,
    replay: *mut es_mikey_replay,
    data: *const u8,
    length: usize,
    now: u64,
    message: *mut *mut es_mikey_message,
) -> es_error {
    guard(|| {
        open(initiator, (data, length), now, message, |data, initiator, now| {
            Ok(IMessage::open_own(data, initiator, get(kpak)?, get_mut(replay)?, now)?)
        })
    })
}
