//! The IBC-based security association of oneM2M: from a peer's PSK identity to the shared key.

use crate::edge::{Admit, Outcome};
use crate::edge::{free, get, get_mut, guard, octets, put, put_octets, put_text, set, text};
use crate::error::es_error;
use crate::handles::{es_credential, es_id_2, es_issued_key, es_kpak, es_shared_key, es_side, es_trusted};
use core::ffi::{c_char, c_void};
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{
    Association, Credential, ExpectedPeer, KpakTag, PeerPolicy, PskIdentity, Role, SharedKey, TrustedDomains,
};

/// Which end of the (D)TLS connection one is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum es_role {
    /// The end that sends ClientHello.
    ES_CLIENT = 1,
    /// The end that answers it.
    ES_SERVER = 2,
}

/// Whether an entity may associate. `entity` is its CSE-ID or AE-ID in absolute form, `id_2` the text of its identity; neither
/// ends in NUL, and both are gone when it returns. 0 refuses, anything else admits. Called on the calling thread, once at most and
/// during the call only; `context` is not used after it. It must not leave by longjmp or an exception. It may call this library,
/// but neither free nor change a handle or memory that the call was given; the library holds no lock meanwhile.
pub type es_admit_fn = Option<
    extern "C" fn(
        context: *mut c_void,
        entity: *const c_char,
        entity_length: usize,
        id_2: *const c_char,
        id_2_length: usize,
    ) -> i32,
>;

/// Trusts nobody yet.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_trusted_new(trusted: *mut *mut es_trusted) -> es_error {
    guard(|| put(trusted, || Ok(TrustedDomains::new())))
}

/// Pins the KPAK of a domain. Pinning the same again changes nothing.
///
/// @param fqdn the FQDN of the MEF.
/// @param provider the service provider whose entities the domain may name, and which completes its SP-relative ones.
/// @return ES_OTHER_KPAK_PINNED, ES_OTHER_PROVIDER, a code of an identifier.
///
/// Threads: no other may use `trusted` meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn es_trusted_pin(
    trusted: *mut es_trusted,
    fqdn: *const c_char,
    fqdn_length: usize,
    provider: *const c_char,
    provider_length: usize,
    kpak: *const es_kpak,
) -> es_error {
    guard(|| {
        let (fqdn, provider) =
            (Fqdn::parse(text(fqdn, fqdn_length)?)?, Fqdn::parse(text(provider, provider_length)?)?);
        let kpak = get(kpak)?.clone();
        Ok(get_mut(trusted)?.pin(fqdn, provider, kpak)?)
    })
}

/// Trusts a domain for the entities of a further service provider.
///
/// @return ES_UNKNOWN_DOMAIN, a code of an identifier.
///
/// Threads: no other may use `trusted` meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn es_trusted_serve(
    trusted: *mut es_trusted,
    fqdn: *const c_char,
    fqdn_length: usize,
    provider: *const c_char,
    provider_length: usize,
) -> es_error {
    guard(|| {
        let (fqdn, provider) =
            (Fqdn::parse(text(fqdn, fqdn_length)?)?, Fqdn::parse(text(provider, provider_length)?)?);
        Ok(get_mut(trusted)?.serve(&fqdn, provider)?)
    })
}

/// Adds a further KPAK to a known domain: a rollover. The older ones stay until they are retired.
///
/// @return ES_UNKNOWN_DOMAIN, ES_DUPLICATE_TAG, a code of an identifier.
///
/// Threads: no other may use `trusted` meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn es_trusted_roll_over(
    trusted: *mut es_trusted,
    fqdn: *const c_char,
    fqdn_length: usize,
    kpak: *const es_kpak,
) -> es_error {
    guard(|| {
        let (fqdn, kpak) = (Fqdn::parse(text(fqdn, fqdn_length)?)?, get(kpak)?.clone());
        Ok(get_mut(trusted)?.roll_over(&fqdn, kpak)?)
    })
}

/// Trusts a KPAK no longer.
///
/// @param tag ES_KPAK_TAG_BYTES octets, of es_kpak_tag.
/// @return ES_LENGTH, ES_UNKNOWN_DOMAIN, ES_UNKNOWN_KPAK, a code of an identifier.
///
/// Threads: no other may use `trusted` meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn es_trusted_retire(
    trusted: *mut es_trusted,
    fqdn: *const c_char,
    fqdn_length: usize,
    tag: *const u8,
    tag_length: usize,
) -> es_error {
    guard(|| {
        let fqdn = Fqdn::parse(text(fqdn, fqdn_length)?)?;
        let tag: [u8; 3] = octets(tag, tag_length)?.try_into().map_err(|_| es_error::ES_LENGTH)?;
        Ok(get_mut(trusted)?.retire(&fqdn, KpakTag::from_bytes(tag))?)
    })
}

/// Frees it; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_trusted_free(trusted: *mut es_trusted) {
    free(trusted);
}

/// Writes the tag of a KPAK, ES_KPAK_TAG_BYTES octets: it selects among those of a domain, and secures nothing.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_kpak_tag(kpak: *const es_kpak, out: *mut u8, length: usize) -> es_error {
    guard(|| put_octets(out, length, &KpakTag::of(get(kpak)?).to_bytes()))
}

/// Installs a delivered credential (TS-0003 8.3.7): checks expiry, KPAK and key.
///
/// @param kpak the one delivered with it; it has to be pinned for the domain already.
/// @param now seconds since 1970-01-01T00:00:00 UTC.
/// @return ES_OWN_CREDENTIAL_EXPIRED, ES_UNKNOWN_DOMAIN, ES_UNKNOWN_KPAK, ES_INVALID_KEY.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_credential_install(
    id_2: *const es_id_2,
    issued: *const es_issued_key,
    kpak: *const es_kpak,
    trusted: *const es_trusted,
    now: u64,
    credential: *mut *mut es_credential,
) -> es_error {
    guard(|| {
        put(credential, || {
            let (id_2, now) = (get(id_2)?.clone(), UnixTime::from_seconds(now));
            Ok(Credential::install(id_2, get(issued)?, get(kpak)?, get(trusted)?, now)?)
        })
    })
}

/// Writes what is sent to a peer as PSK identity or hint, with a NUL: at most ES_PSK_IDENTITY_MAX characters before it.
///
/// @param out room for `capacity` characters; NULL with 0 to ask for the length.
/// @return ES_BUFFER_TOO_SMALL, with the length; ES_TEXT_TOO_LONG.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_credential_psk_identity(
    credential: *const es_credential,
    out: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| put_text(out, capacity, length, &get(credential)?.psk_identity()?.to_string()))
}

/// Wipes and frees a credential; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_credential_free(credential: *mut es_credential) {
    free(credential);
}

fn derive(side: &es_side, policy: &(dyn PeerPolicy + Sync), peer: &str) -> Outcome<SharedKey> {
    let role = match side.role {
        role if role == es_role::ES_CLIENT as i32 => Role::Client,
        role if role == es_role::ES_SERVER as i32 => Role::Server,
        _ => return Err(es_error::ES_VALUE),
    };
    let (own, trusted) = (get(side.credential)?, get(side.trusted)?);
    let association = Association { own, role, trusted, policy, skew: Duration::from_secs(side.skew) };
    Ok(association.derive(&PskIdentity::parse(peer)?, UnixTime::from_seconds(side.now))?)
}

/// Checks a peer, and derives the key shared with it: for who knows whom it calls.
///
/// @param expected the CSE-ID or AE-ID that is expected, in absolute form.
/// @param peer what came as PSK identity or hint.
/// @return ES_VALUE for another role; a code of an identifier or association, for one's own log: the peer must not see
/// which.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_saef_derive(
    side: *const es_side,
    expected: *const c_char,
    expected_length: usize,
    peer: *const c_char,
    peer_length: usize,
    key: *mut *mut es_shared_key,
) -> es_error {
    guard(|| {
        put(key, || {
            let side = crate::edge::optional(side)?.ok_or(es_error::ES_BAD_POINTER)?;
            let policy = ExpectedPeer::new(EntityName::parse(text(expected, expected_length)?)?)?;
            derive(side, &policy, text(peer, peer_length)?)
        })
    })
}

/// The same for who is called by many: `admit` says whether an entity may associate.
///
/// @param admit asked once all cheaper checks have passed. Not NULL.
/// @param context handed to `admit`.
/// @return as es_saef_derive.
///
/// Threads: any number may use the handles at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_saef_derive_admitted(
    side: *const es_side,
    admit: es_admit_fn,
    context: *mut c_void,
    peer: *const c_char,
    peer_length: usize,
    key: *mut *mut es_shared_key,
) -> es_error {
    guard(|| {
        put(key, || {
            let side = crate::edge::optional(side)?.ok_or(es_error::ES_BAD_POINTER)?;
            let admit = Admit::new(admit.ok_or(es_error::ES_BAD_POINTER)?, context);
            let policy =
                |entity: &EntityName, id_2: &ExpiringIdentity| admit.ask(entity.as_str(), id_2.as_str());
            derive(side, &policy, text(peer, peer_length)?)
        })
    })
}

/// Writes KibcID, ES_SHARED_KEY_ID_BYTES octets: it names the key.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_shared_key_id(key: *const es_shared_key, out: *mut u8, length: usize) -> es_error {
    guard(|| put_octets(out, length, &get(key)?.id()))
}

/// Writes Kibc itself, ES_SHARED_KEY_BYTES octets: the pre-shared key of the handshake. The caller wipes them.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_shared_key_expose(key: *const es_shared_key, out: *mut u8, length: usize) -> es_error {
    guard(|| put_octets(out, length, &*get(key)?.expose()))
}

/// Writes the CSE-ID or AE-ID of the peer in absolute form, with a NUL. Authenticated once the handshake that uses the
/// key has finished, not before.
///
/// @param out room for `capacity` characters; NULL with 0 to ask for the length.
/// @return ES_BUFFER_TOO_SMALL, with the length.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_shared_key_peer(
    key: *const es_shared_key,
    out: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| put_text(out, capacity, length, get(key)?.peer().as_str()))
}

/// Gives the earlier end of the two credentials, in seconds since 1970-01-01T00:00:00 UTC: sessions and tickets end there.
///
/// Threads: any number may use the handle at once.
#[unsafe(no_mangle)]
pub extern "C" fn es_shared_key_expiration(key: *const es_shared_key, seconds: *mut u64) -> es_error {
    guard(|| set(seconds, get(key)?.expiration().to_unix().as_seconds()))
}

/// Wipes and frees a shared key; NULL is nothing.
///
/// Threads: no other may use the handle.
#[unsafe(no_mangle)]
pub extern "C" fn es_shared_key_free(key: *mut es_shared_key) {
    free(key);
}
