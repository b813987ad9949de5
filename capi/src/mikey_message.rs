//! What a message of MIKEY-SAKKE says, keys that are derived from it, and messages in SDP.

use crate::edge::{check_place, free, get, guard, put_octets, put_some, put_text, set, text};
use crate::error::es_error;
use crate::handles::{ES_MIKEY_DERIVED_MAX, es_mikey_message, es_mikey_session};
use core::ffi::c_char;
use mikey_sakke::keys::{KeyKind, Protection};
use mikey_sakke::payload::{CsIdMap, SrtpSession};
use mikey_sakke::sdp;

/// What a derived key is for (RFC 3830 4.1.3).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum es_mikey_kind {
    /// TEK: the master key of SRTP.
    ES_MIKEY_TEK = 1,
    /// Authentication key.
    ES_MIKEY_AUTHENTICATION = 2,
    /// Encryption key.
    ES_MIKEY_ENCRYPTION = 3,
    /// Salt.
    ES_MIKEY_SALT = 4,
}

/// Against what signalling is protected.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum es_mikey_protection {
    /// Reading.
    ES_MIKEY_CONFIDENTIALITY = 1,
    /// Changing.
    ES_MIKEY_INTEGRITY = 2,
}

/// Writes the octets of a message: what travels.
///
/// @param out room for `capacity` octets; NULL with 0 to ask for the length.
/// @return ES_BUFFER_TOO_SMALL, with the length.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_octets(
    message: *const es_mikey_message,
    out: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| put_some(out, capacity, length, get(message)?.message.as_bytes()))
}

/// Writes RAND, as es_mikey_message_octets.
///
/// @return ES_BUFFER_TOO_SMALL, with the length.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_rand(
    message: *const es_mikey_message,
    out: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| put_some(out, capacity, length, get(message)?.message.rand()))
}

/// Gives CSB ID, which names the key.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_key_id(message: *const es_mikey_message, key_id: *mut u32) -> es_error {
    guard(|| set(key_id, get(message)?.message.header().csb_id))
}

/// Gives the GMK-ID of a message to a member of a group (TS 33.180 Annex F.1).
///
/// @param uri the MC service ID of the member.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_group_id(
    message: *const es_mikey_message,
    uri: *const c_char,
    uri_length: usize,
    group_id: *mut u32,
) -> es_error {
    guard(|| {
        let of = get(message)?;
        set(group_id, of.tgk.guk_id(of.message.header().csb_id, text(uri, uri_length)?)?)
    })
}

/// Gives T, in seconds since 1970-01-01T00:00:00 UTC.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_time(message: *const es_mikey_message, seconds: *mut u64) -> es_error {
    guard(|| set(seconds, get(message)?.time.as_seconds()))
}

/// Writes the TGK itself, ES_MIKEY_TGK_BYTES octets. The caller wipes them.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_tgk(
    message: *const es_mikey_message,
    out: *mut u8,
    length: usize,
) -> es_error {
    guard(|| put_octets(out, length, &*get(message)?.tgk.expose()))
}

/// Derives a key for a crypto session of the message, with its PRF, CSB ID and RAND (RFC 3830 4.1.3). The caller wipes it.
///
/// @param kind one of es_mikey_kind.
/// @param cs_id the session; in TS 33.180 it says the use, such as 4 for the media of a group.
/// @param length 1 to ES_MIKEY_DERIVED_MAX.
/// @return ES_VALUE for another kind, ES_LENGTH.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_derive(
    message: *const es_mikey_message,
    kind: i32,
    cs_id: u8,
    out: *mut u8,
    length: usize,
) -> es_error {
    guard(|| {
        let of = get(message)?;
        let kind = match kind {
            kind if kind == es_mikey_kind::ES_MIKEY_TEK as i32 => KeyKind::Tek,
            kind if kind == es_mikey_kind::ES_MIKEY_AUTHENTICATION as i32 => KeyKind::Authentication,
            kind if kind == es_mikey_kind::ES_MIKEY_ENCRYPTION as i32 => KeyKind::Encryption,
            kind if kind == es_mikey_kind::ES_MIKEY_SALT as i32 => KeyKind::Salt,
            _ => return Err(es_error::ES_VALUE),
        };
        if !(1..=ES_MIKEY_DERIVED_MAX).contains(&length) {
            return Err(es_error::ES_LENGTH);
        }
        put_octets(out, length, of.derive(kind, cs_id, length).expose())
    })
}

/// Writes the key by which signalling is protected under this one, a CSK or SPK, whose identifier is CSB ID (TS 33.180
/// Annex F.1). The caller wipes it.
///
/// @param protection one of es_mikey_protection.
/// @param uri the MC service ID of the client.
/// @param out ES_MIKEY_SIGNALLING_KEY_BYTES octets; an algorithm with shorter keys takes its part of them.
/// @return ES_VALUE for another protection, ES_TOO_LONG, ES_NOT_UTF8, ES_LENGTH.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_signalling_key(
    message: *const es_mikey_message,
    protection: i32,
    uri: *const c_char,
    uri_length: usize,
    out: *mut u8,
    length: usize,
) -> es_error {
    guard(|| {
        let of = get(message)?;
        let protection = match protection {
            of if of == es_mikey_protection::ES_MIKEY_CONFIDENTIALITY as i32 => Protection::Confidentiality,
            of if of == es_mikey_protection::ES_MIKEY_INTEGRITY as i32 => Protection::Integrity,
            _ => return Err(es_error::ES_VALUE),
        };
        let key = of.tgk.signalling_key(protection, text(uri, uri_length)?, of.message.header().csb_id)?;
        put_octets(out, length, key.expose())
    })
}

/// Writes the crypto sessions of SRTP; none where the map is empty or a GENERIC-ID map.
///
/// @param out room for `capacity` of them; NULL with 0 to ask for their number.
/// @return ES_BUFFER_TOO_SMALL, with the number.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_sessions(
    message: *const es_mikey_message,
    out: *mut es_mikey_session,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| {
        let sessions = match &get(message)?.message.header().map {
            CsIdMap::Srtp(sessions) => &sessions[..],
            _ => &[],
        };
        let session =
            |one: &SrtpSession| es_mikey_session { policy: one.policy, ssrc: one.ssrc, roc: one.roc };
        put_some(out, capacity, length, &sessions.iter().map(session).collect::<Vec<_>>())
    })
}

/// Writes the line of SDP that carries the message, `a=key-mgmt:mikey` and base64 (RFC 4567 3.1), without CR and LF.
///
/// @param out room for `capacity` characters with a NUL; NULL with 0 to ask for the length.
/// @return ES_BUFFER_TOO_SMALL, with the length.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_sdp(
    message: *const es_mikey_message,
    out: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| put_text(out, capacity, length, &get(message)?.message.to_sdp_attribute()))
}

/// Finds the next message in a session description, those of the session and of each medium, and writes its octets.
/// Attributes that are no `a=key-mgmt:mikey`, and lines of other types, are passed over.
///
/// @param from 0, or what `next` said for the message before.
/// @param out room for `capacity` octets; NULL with 0 to ask for the length.
/// @param next where the line after it begins; set with ES_OK alone.
/// @return ES_MIKEY_NO_MESSAGE if there is no further one, ES_MIKEY_SDP for a line that is wrong, ES_BUFFER_TOO_SMALL, with the
/// length; ES_NOT_UTF8; ES_VALUE if no character begins at `from`.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_sdp_next(
    description: *const c_char,
    description_length: usize,
    from: usize,
    out: *mut u8,
    capacity: usize,
    length: *mut usize,
    next: *mut usize,
) -> es_error {
    guard(|| {
        check_place(next)?;
        let description = text(description, description_length)?;
        let mut at = from;
        for line in description.get(from..).ok_or(es_error::ES_VALUE)?.split_inclusive('\n') {
            at += line.len();
            if let Some(found) = sdp::messages(line).next() {
                put_some(out, capacity, length, &found?)?;
                return set(next, at);
            }
        }
        Err(es_error::ES_MIKEY_NO_MESSAGE)
    })
}

/// Wipes and frees a message with its key; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_mikey_message_free(message: *mut es_mikey_message) {
    free(message);
}
