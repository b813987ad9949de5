//! Identifiers of oneM2M as text: checked, and in their canonical form.

use crate::edge::{guard, put_text, text};
use crate::error::es_error;
use core::ffi::c_char;
use eccsi_sakke::onem2m::{
    CredentialId, EntityId, EntityKind, EntityName, ExpirationTime, ExpiringIdentity, Fqdn, IdentifierError,
    KeId, KeyIdentifier, KmId, KpmId, KpsaId,
};
use eccsi_sakke::saef::{PskIdentity, SaefError};

/// What a text is read as, for es_identifier_canonical.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum es_identifier {
    /// mef.example.com
    ES_FQDN = 1,
    /// A CSE-ID or AE-ID, whichever it is (TS-0001 7.2).
    ES_ENTITY_NAME = 2,
    /// /CSE1, //sp.example.com/CSE1
    ES_CSE_ID = 3,
    /// /S..., /CSE1/C..., the same behind //sp.example.com
    ES_AE_ID = 4,
    /// YYYYMMDDThhmmss (TS-0004 6.3.3).
    ES_EXPIRATION_TIME = 5,
    /// FQDN, hexBinary and time, joined by '@' (TS-0003 8.3.7).
    ES_ID_2 = 6,
    /// 32 digits, '@', FQDN of the MEF (TS-0003 10.3.4).
    ES_KE_ID = 7,
    /// RelativeKeyID, '@', FQDN (TS-0003 10.3.5).
    ES_KEY_IDENTIFIER = 8,
    /// Name, '@', FQDN (TS-0003 10.5).
    ES_KPSA_ID = 9,
    /// Name, '@', FQDN of the MAF (TS-0003 10.6).
    ES_KM_ID = 10,
    /// Name, '@', FQDN of the MEF (TS-0003 10.5).
    ES_KPM_ID = 11,
    /// Type of two digits, '-', value (TS-0003 10.4).
    ES_CREDENTIAL = 12,
    /// ID_2, '@', base64url: what travels in a handshake of the IBC-based association.
    ES_PSK_IDENTITY_TEXT = 13,
}

/// Reads a text, and gives its canonical form.
type Read = fn(&str) -> Result<String, es_error>;

fn canonical(kind: i32, text: &str) -> Result<String, es_error> {
    const KINDS: [(es_identifier, Read); 13] = {
        use es_identifier as K;
        fn read<T: core::fmt::Display>(parsed: Result<T, IdentifierError>) -> Result<String, es_error> {
            Ok(parsed?.to_string())
        }
        [
            (K::ES_FQDN, |text| read(Fqdn::parse(text))),
            (K::ES_ENTITY_NAME, |text| read(EntityName::parse(text))),
            (K::ES_CSE_ID, |text| read(EntityId::parse(EntityKind::Cse, text))),
            (K::ES_AE_ID, |text| read(EntityId::parse(EntityKind::Ae, text))),
            (K::ES_EXPIRATION_TIME, |text| read(ExpirationTime::parse(text))),
            (K::ES_ID_2, |text| read(ExpiringIdentity::parse(text))),
            (K::ES_KE_ID, |text| read(KeId::parse(text))),
            (K::ES_KEY_IDENTIFIER, |text| read(KeyIdentifier::parse(text))),
            (K::ES_KPSA_ID, |text| read(KpsaId::parse(text))),
            (K::ES_KM_ID, |text| read(KmId::parse(text))),
            (K::ES_KPM_ID, |text| read(KpmId::parse(text))),
            (K::ES_CREDENTIAL, |text| read(CredentialId::parse(text))),
            (K::ES_PSK_IDENTITY_TEXT, |text| {
                Ok(PskIdentity::parse(text).map_err(|error: SaefError| es_error::from(error))?.to_string())
            }),
        ]
    };
    let (_, read) = KINDS.iter().find(|(known, _)| *known as i32 == kind).ok_or(es_error::ES_VALUE)?;
    read(text)
}

/// Reads a text as an identifier of this kind, and writes its canonical form with a NUL. Comparisons, hashes and keys of a
/// database work on that form only.
///
/// @param kind one of es_identifier.
/// @param out room for `capacity` characters; NULL with 0 to ask for the length.
/// @param length the length of the canonical form, without NUL.
/// @return ES_VALUE for another kind; ES_BUFFER_TOO_SMALL, with the length; a code that says what is wrong with the text.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_identifier_canonical(
    kind: i32,
    text: *const c_char,
    text_length: usize,
    out: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> es_error {
    guard(|| put_text(out, capacity, length, &canonical(kind, self::text(text, text_length)?)?))
}
