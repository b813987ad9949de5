//! Messages of MIKEY-SAKKE (RFC 6509): users, and building messages to them.

use crate::edge::{Outcome, free, get, guard, list, octets, optional, put, put_many, put_some, text};
use crate::error::es_error;
use crate::handles::{
    es_mikey_draft, es_mikey_message, es_mikey_policy, es_mikey_recipient, es_mikey_sender, es_mikey_session,
    es_mikey_user, es_sakke_id,
};
use crate::random::{Random, es_random};
use core::ffi::c_char;
use eccsi_sakke::onem2m::UnixTime;
use mikey_sakke::build::{Draft, KeyId, Naming, Recipient, Sender};
use mikey_sakke::keys::Tgk;
use mikey_sakke::open::Opened;
use mikey_sakke::payload::{CsIdMap, SrtpSession};
use mikey_sakke::user::{KeyPeriod, UserIdentifier};
use mikey_sakke::{IMessage, User};

/// How a message names initiator and responder. URIs of their KMS stand in it where the users have them.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum es_mikey_naming {
    /// By URI.
    ES_MIKEY_URIS = 1,
    /// By UID (TS 33.180 Annex E.7).
    ES_MIKEY_HIDDEN = 2,
    /// Not at all: the signalling around the message says it; es_mikey_open_from opens it.
    ES_MIKEY_BY_SIGNALLING = 3,
}

/// Makes a user with a tel URI, whose keys are those of a month (RFC 6509 3.2).
///
/// @param uri in global notation, without separators and parameters: tel:+447700900123.
/// @param kms_uri the URI of its KMS, which then stands in messages; no octets for none.
/// @return ES_MIKEY_TEL, ES_NOT_UTF8, ES_TEXT_TOO_LONG.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_user_tel(
    uri: *const c_char,
    uri_length: usize,
    kms_uri: *const c_char,
    kms_uri_length: usize,
    user: *mut *mut es_mikey_user,
) -> es_error {
    guard(|| {
        put(user, || {
            let tel = User::tel(text(uri, uri_length)?)?;
            let kms_uri = text(kms_uri, kms_uri_length)?;
            Ok(if kms_uri.is_empty() { tel } else { tel.of_kms(kms_uri)? })
        })
    })
}

/// Makes a user of mission-critical services, with a UID in each key period (TS 33.180 Annex F.2.1).
///
/// @param uri the MC service ID, exactly as provisioned.
/// @param kms_uri the URI of its KMS, exactly as provisioned.
/// @param period UserKeyPeriod of the KMS, in seconds.
/// @param offset UserKeyOffset of the KMS, in seconds.
/// @return ES_EMPTY, ES_NOT_UTF8, ES_TEXT_TOO_LONG; ES_OUT_OF_RANGE unless the offset is below the period.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_user_mcx(
    uri: *const c_char,
    uri_length: usize,
    kms_uri: *const c_char,
    kms_uri_length: usize,
    period: u64,
    offset: u64,
    user: *mut *mut es_mikey_user,
) -> es_error {
    guard(|| {
        put(user, || {
            let period = KeyPeriod::new(period, offset)?;
            Ok(User::mcx(text(uri, uri_length)?, text(kms_uri, kms_uri_length)?, period)?)
        })
    })
}

fn identifier(user: *const es_mikey_user, time: u64) -> Outcome<UserIdentifier> {
    get(user)?.identifier(UnixTime::from_seconds(time)).ok_or(es_error::ES_MIKEY_KEY_PERIOD)
}

/// Writes the identity of a user in the key period of a time: what the KMS issues its key of ECCSI for.
///
/// @param time seconds since 1970-01-01T00:00:00 UTC.
/// @param out room for `capacity` octets; NULL with 0 to ask for the length.
/// @return ES_BUFFER_TOO_SMALL, with the length; ES_MIKEY_KEY_PERIOD.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_user_identity(
    user: *const es_mikey_user,
    time: u64,
    out: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| put_some(out, capacity, length, identifier(user, time)?.as_bytes()))
}

/// Gives the same for SAKKE: what the KMS issues the user's Receiver Secret Key for.
///
/// @param time seconds since 1970-01-01T00:00:00 UTC.
/// @return ES_MIKEY_KEY_PERIOD.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_user_sakke_id(
    user: *const es_mikey_user,
    time: u64,
    id: *mut *mut es_sakke_id,
) -> es_error {
    guard(|| put(id, || Ok(identifier(user, time)?.sakke())))
}

/// Frees a user; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_user_free(user: *mut es_mikey_user) {
    free(user);
}

fn read_draft(draft: *const es_mikey_draft) -> Outcome<Draft> {
    let given = optional(draft)?.ok_or(es_error::ES_BAD_POINTER)?;
    let key_id = match given.group {
        0 => KeyId::Same(given.key_id),
        1 => KeyId::Group(given.key_id),
        _ => return Err(es_error::ES_VALUE),
    };
    let mut draft = Draft::new(UnixTime::from_seconds(given.time), key_id);
    draft.naming = match given.naming {
        naming if naming == es_mikey_naming::ES_MIKEY_URIS as i32 => Naming::Uris,
        naming if naming == es_mikey_naming::ES_MIKEY_HIDDEN as i32 => Naming::Hidden,
        naming if naming == es_mikey_naming::ES_MIKEY_BY_SIGNALLING as i32 => Naming::BySignalling,
        _ => return Err(es_error::ES_VALUE),
    };
    draft.to_self = match given.to_self {
        0 => false,
        1 => true,
        _ => return Err(es_error::ES_VALUE),
    };
    let rand = given.rand.get()?;
    if !rand.is_empty() {
        draft.rand = Some(rand.to_vec());
    }
    let sessions = list(given.sessions, given.session_count)?;
    if !sessions.is_empty() {
        let session =
            |one: &es_mikey_session| SrtpSession { policy: one.policy, ssrc: one.ssrc, roc: one.roc };
        draft.map = CsIdMap::Srtp(sessions.iter().map(session).collect());
    }
    let policies = list(given.policies, given.policy_count)?;
    draft.policies = policies.iter().copied().map(es_mikey_policy::to_payload).collect();
    Ok(draft)
}

/// Builds a message for each recipient: with the TGK that is given, or a random one.
fn build(
    draft: *const es_mikey_draft,
    sender: *const es_mikey_sender,
    recipients: &[es_mikey_recipient],
    tgk: Option<Tgk>,
    random: *const es_random,
) -> Outcome<Vec<Opened>> {
    let draft = read_draft(draft)?;
    let sender = optional(sender)?.ok_or(es_error::ES_BAD_POINTER)?;
    let sender = Sender { user: get(sender.user)?, key: get(sender.key)?, z: get(sender.z)? };
    let mut to = Vec::with_capacity(recipients.len());
    for one in recipients {
        to.push(Recipient { user: get(one.user)?, z: get(one.z)? });
    }
    let random = &mut Random::new(random)?;
    let tgk = tgk.map_or_else(|| Tgk::generate(random), Ok)?;
    let messages = IMessage::build_with(&draft, &sender, &to, &tgk, random)?;
    messages.into_iter().map(|message| Ok(Opened::sent(message, draft.time, &tgk)?)).collect()
}

/// Makes a random TGK and a message that carries it to a recipient (RFC 6509 2.1), with the PRF PRF-HMAC-SHA-256.
///
/// @param random NULL for the system's generator.
/// @return ES_MIKEY_SIGNING_KEY, ES_MIKEY_KEY_PERIOD, ES_MIKEY_ID_SCHEME, ES_MIKEY_NO_UID, ES_TOO_LONG, ES_RANDOM; ES_VALUE for
/// a number in the draft that is none of its own; ES_MIKEY_POLICY for a policy that no receiver takes, or a session without
/// its policy; ES_MIKEY_MALFORMED for two policies of one number.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_build(
    draft: *const es_mikey_draft,
    sender: *const es_mikey_sender,
    recipient: *const es_mikey_recipient,
    random: *const es_random,
    message: *mut *mut es_mikey_message,
) -> es_error {
    guard(|| {
        put(message, || {
            let mut made = build(draft, sender, list(recipient, 1)?, None, random)?;
            made.pop().ok_or(es_error::ES_INTERNAL)
        })
    })
}

/// Makes one random TGK and for each of `count` recipients a message that carries it, all with one RAND: for a group.
///
/// @param random NULL for the system's generator.
/// @param messages room for `count` handles: all NULL if one cannot be made.
/// @return as es_mikey_build.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_build_many(
    draft: *const es_mikey_draft,
    sender: *const es_mikey_sender,
    recipients: *const es_mikey_recipient,
    count: usize,
    random: *const es_random,
    messages: *mut *mut es_mikey_message,
) -> es_error {
    guard(|| put_many(messages, count, || build(draft, sender, list(recipients, count)?, None, random)))
}

/// The same with a TGK that there is already: for who joins a group later. The draft gives the RAND of the first messages.
///
/// @param tgk ES_MIKEY_TGK_BYTES octets, as unpredictable as a key.
/// @return ES_LENGTH; as es_mikey_build.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_build_tgk_many(
    draft: *const es_mikey_draft,
    sender: *const es_mikey_sender,
    recipients: *const es_mikey_recipient,
    count: usize,
    tgk: *const u8,
    tgk_length: usize,
    random: *const es_random,
    messages: *mut *mut es_mikey_message,
) -> es_error {
    guard(|| {
        put_many(messages, count, || {
            let tgk = octets(tgk, tgk_length)?.try_into().map_err(|_| es_error::ES_LENGTH)?;
            build(draft, sender, list(recipients, count)?, Some(Tgk::from_bytes(tgk)), random)
        })
    })
}
