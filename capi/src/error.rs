//! The codes of the header, each with its text, and what they stand for in the library.

use core::ffi::{CStr, c_char};
use eccsi_sakke::error::{BatchError, DecodeError, Error, Problem};
use eccsi_sakke::onem2m::IdentifierError;
use eccsi_sakke::saef::SaefError;
use mikey_sakke::error::{BuildError, Refusal};
use mikey_sakke::sdp::SdpError;
use mikey_sakke::user::UserError;

/// What a function says: ES_OK, or why it refused. `es_error_text` puts it into words. Later versions may add codes, and
/// never change one.
///
/// Towards a peer all refusals of a key, a signature, Encapsulated Data or an association have to look alike.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum es_error {
    /// Done.
    ES_OK = 0,
    /// A pointer is NULL where something has to be, or is not aligned.
    ES_BAD_POINTER = 1,
    /// A handle is of another type than the function takes, or was freed.
    ES_BAD_HANDLE = 2,
    /// A length is not the one that is required.
    ES_LENGTH = 3,
    /// A text, or octets whose number is not fixed, do not fit; their length was written.
    ES_BUFFER_TOO_SMALL = 4,
    /// A text is not UTF-8.
    ES_NOT_UTF8 = 5,
    /// A number is none of those that the function knows.
    ES_VALUE = 6,
    /// The random generator failed; nothing was computed.
    ES_RANDOM = 7,
    /// A bug of the library; please report it. What the function should have made was not made. No input is known that
    /// gives it.
    ES_INTERNAL = 8,
    /// The first octet of a point is not 04 (uncompressed).
    ES_POINT_FORM = 20,
    /// More octets than the value may have.
    ES_TOO_LONG = 21,
    /// An identifier of SAKKE begins with zeros: the key would be that of the identifier without them.
    ES_LEADING_ZERO = 22,
    /// A coordinate is not below the field prime.
    ES_NOT_REDUCED = 23,
    /// A point is not on the curve.
    ES_NOT_ON_CURVE = 24,
    /// A point is not of the order it should have.
    ES_WRONG_ORDER = 25,
    /// An integer lies outside its range.
    ES_OUT_OF_RANGE = 26,
    /// A delivered key does not belong to this identity and KMS public key.
    ES_INVALID_KEY = 40,
    /// The signature does not verify. Which step failed is not told.
    ES_INVALID_SIGNATURE = 41,
    /// The Encapsulated Data were not made for this key, or were changed. Which step failed is not told.
    ES_DECAPSULATION_FAILED = 42,
    /// No key exists for this identity under this master key.
    ES_UNUSABLE_IDENTITY = 43,
    /// The SSV leads to a value that RFC 6508 excludes; take another. No input is known that gives it.
    ES_UNUSABLE_SSV = 44,
    /// A text, or a part of it, is empty.
    ES_EMPTY = 60,
    /// A text is longer than its bound.
    ES_TEXT_TOO_LONG = 61,
    /// A valid spelling, where only the canonical one is allowed.
    ES_NOT_CANONICAL = 62,
    /// A label of an FQDN breaks the host-name rule of RFC 1123.
    ES_FQDN_LABEL = 63,
    /// A domain name outside ASCII.
    ES_FQDN_NOT_ASCII = 64,
    /// An FQDN of one label.
    ES_FQDN_SINGLE_LABEL = 65,
    /// The last label of an FQDN is all digits.
    ES_FQDN_NUMERIC = 66,
    /// Not a CSE-ID or AE-ID.
    ES_ENTITY = 67,
    /// SP-relative where the absolute form is needed.
    ES_NOT_ABSOLUTE = 68,
    /// Not an even number of hexadecimal digits.
    ES_HEX_BINARY = 69,
    /// Not a time YYYYMMDDThhmmss of the years 1970 to 9999.
    ES_TIME = 70,
    /// An ID_2 without its three parts.
    ES_ID_2_PARTS = 71,
    /// Not a relative part of the allowed characters, one '@' and an FQDN.
    ES_QUALIFIED_PARTS = 72,
    /// Not a Credential-ID.
    ES_CREDENTIAL_ID = 73,
    /// Another fault of an identifier, for later versions. No input is known that gives it.
    ES_IDENTIFIER = 79,
    /// Not a PSK identity of the IBC-based association.
    ES_PSK_IDENTITY = 80,
    /// No KPAK is pinned for the domain of the identity.
    ES_UNKNOWN_DOMAIN = 81,
    /// The KPAK is not pinned for the domain.
    ES_UNKNOWN_KPAK = 82,
    /// Another KPAK is pinned for the domain; adding one is a rollover.
    ES_OTHER_KPAK_PINNED = 83,
    /// Another KPAK of the domain has the same tag.
    ES_DUPLICATE_TAG = 84,
    /// No key belongs to the peer's identity, PVT and KPAK. No input is known that gives it.
    ES_PEER_KEY = 85,
    /// The identity names a service provider that its domain does not serve.
    ES_FOREIGN_PROVIDER = 86,
    /// The domain is pinned already, with another service provider.
    ES_OTHER_PROVIDER = 87,
    /// One's own credential has expired.
    ES_OWN_CREDENTIAL_EXPIRED = 88,
    /// The peer's credential has expired.
    ES_PEER_CREDENTIAL_EXPIRED = 89,
    /// The peer claims this entity's own identity.
    ES_OWN_IDENTITY = 90,
    /// The peer is not the one expected, or not admitted.
    ES_NOT_ADMITTED = 91,
    /// Another reason against an association, for later versions. No input is known that gives it.
    ES_ASSOCIATION = 99,
    /// The octets are no I_MESSAGE of MIKEY-SAKKE.
    ES_MIKEY_MALFORMED = 100,
    /// The message asks for a PRF, signature, certificate, parameter set or kind of timestamp that is not supported.
    ES_MIKEY_UNSUPPORTED = 101,
    /// The ends, or a message and its receiver, do not have one ID scheme.
    ES_MIKEY_ID_SCHEME = 102,
    /// The message has no SAKKE-to-self extension.
    ES_MIKEY_NOT_TO_SELF = 103,
    /// An identity in the message is not that of the initiator, the receiver or their KMS.
    ES_MIKEY_IDENTITY = 104,
    /// The key period is not accepted at this time, or no period has it.
    ES_MIKEY_KEY_PERIOD = 105,
    /// The receiver has no key for the period of the message.
    ES_MIKEY_NO_KEY = 106,
    /// The message is too old.
    ES_MIKEY_STALE = 107,
    /// The message is from the future.
    ES_MIKEY_FUTURE = 108,
    /// The message was there before.
    ES_MIKEY_REPLAYED = 109,
    /// There is no room to remember the message, for anyone or for this initiator.
    ES_MIKEY_REPLAY_FULL = 110,
    /// A security policy of the message is not supported, or is not there.
    ES_MIKEY_POLICY = 111,
    /// The signing key is not that of the sender in the period of the message.
    ES_MIKEY_SIGNING_KEY = 112,
    /// Hidden identities are UIDs, and this user has none.
    ES_MIKEY_NO_UID = 113,
    /// Not a tel URI in global notation.
    ES_MIKEY_TEL = 114,
    /// A line of SDP is none, or what stands behind a=key-mgmt:mikey is not a message in base64.
    ES_MIKEY_SDP = 115,
    /// There is no further message in the session description.
    ES_MIKEY_NO_MESSAGE = 116,
    /// Another reason not to make or accept a message, for later versions. No input is known that gives it.
    ES_MIKEY_REFUSED = 119,
}

/// The text of a code, in English, for a log: static, ends in NUL. For a number that is no code "unknown error".
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_error_text(error: i32) -> *const c_char {
    text(error).as_ptr()
}

fn text(error: i32) -> &'static CStr {
    match error {
        0 => c"done",
        1 => c"pointer is NULL or not aligned",
        2 => c"handle of another type, or freed",
        3 => c"wrong number of octets",
        4 => c"buffer too small, or too small for a text and its NUL",
        5 => c"text is not UTF-8",
        6 => c"number is none of those that are known",
        7 => c"random generator failed",
        8 => c"internal error: a bug of the library",
        20 => c"first octet of a point is not that of the form required",
        21 => c"more octets than the value may have",
        22 => c"leading zero octets: the key would be that of the name without them",
        23 => c"coordinate not below the field prime",
        24 => c"point not on the curve",
        25 => c"point of the wrong order",
        26 => c"integer out of range",
        40 => c"key does not belong to this identity and KMS public key",
        41 => c"signature does not verify",
        42 => c"encapsulated data not for this key, or changed",
        43 => c"no key exists for this identity under this master key",
        44 => c"SSV leads to an excluded value, take another",
        60 => c"text or a part of it is empty",
        61 => c"text longer than its bound",
        62 => c"not in canonical form: FQDN in lower case without final dot, hexadecimal in upper case",
        63 => c"a label of an FQDN is 1 to 63 letters, digits and inner hyphens",
        64 => c"an international domain name has to be in A-label form (xn--...)",
        65 => c"an FQDN has at least two labels",
        66 => c"the last label of an FQDN is not all digits; an IP address is no FQDN",
        67 => c"a CSE-ID is /cse, an AE-ID /S... or /cse/C..., each alone or behind //provider",
        68 => c"the absolute form //provider/... is needed",
        69 => c"hexBinary is an even number of hexadecimal digits and nothing else",
        70 => c"a time is YYYYMMDDThhmmss in UTC, of the years 1970 to 9999, without zone or fraction",
        71 => c"ID_2 is FQDN, hexBinary of the identifier and expiration time, joined by '@'",
        72 => c"the form is a relative part of letters, digits, '.', '_', '-', one '@' and an FQDN",
        73 => {
            c"a Credential-ID is a known type of two digits, '-' and letters, digits, '.', '_', '-' and '@'"
        }
        79 => c"not the identifier it should be",
        80 => c"a PSK identity is an ID_2, '@' and 48 characters of base64url",
        81 => c"no KPAK is pinned for the domain of this identity",
        82 => c"this KPAK is not pinned for the domain",
        83 => c"another KPAK is pinned for the domain; add this one by a rollover",
        84 => c"another KPAK of the domain has the same tag",
        85 => c"no key belongs to the peer's identity, PVT and KPAK",
        86 => c"identity names a service provider that its domain does not serve",
        87 => c"domain is pinned already with another service provider",
        88 => c"own credential has expired; provision it again",
        89 => c"credential of the peer has expired",
        90 => c"peer claims the own identity",
        91 => c"peer is not the one expected, or not admitted",
        99 => c"association refused",
        100 => c"octets are no I_MESSAGE",
        101 => c"PRF, signature, certificate, parameter set or timestamp not supported",
        102 => c"users of different ID schemes",
        103 => c"no SAKKE-to-self extension",
        104 => c"not the expected identity in a message",
        105 => c"key period not accepted at this time",
        106 => c"no key for the period of the message",
        107 => c"message too old",
        108 => c"message from the future",
        109 => c"message was there before",
        110 => c"no room to remember the message",
        111 => c"security policy not supported or not there",
        112 => c"signing key not that of the sender in this period",
        113 => c"only users with a UID can be hidden",
        114 => c"not a tel URI in global notation, such as tel:+447700900123",
        115 => c"not a line of SDP, or not a message in base64",
        116 => c"no further message in the session description",
        119 => c"message refused",
        _ => c"unknown error",
    }
}

impl From<Problem> for es_error {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Length { .. } => Self::ES_LENGTH,
            Problem::PointForm { .. } => Self::ES_POINT_FORM,
            Problem::TooLong { .. } => Self::ES_TOO_LONG,
            Problem::LeadingZero => Self::ES_LEADING_ZERO,
            Problem::NotReduced => Self::ES_NOT_REDUCED,
            Problem::NotOnCurve => Self::ES_NOT_ON_CURVE,
            Problem::WrongOrder => Self::ES_WRONG_ORDER,
            Problem::OutOfRange => Self::ES_OUT_OF_RANGE,
            // Nothing here reads hexadecimal; what a later version adds is a value that is not allowed.
            _ => Self::ES_OUT_OF_RANGE,
        }
    }
}

impl From<DecodeError> for es_error {
    fn from(error: DecodeError) -> Self {
        error.problem.into()
    }
}

impl From<Error> for es_error {
    fn from(error: Error) -> Self {
        match error {
            Error::Decode(error) => error.into(),
            Error::InvalidKey => Self::ES_INVALID_KEY,
            Error::InvalidSignature => Self::ES_INVALID_SIGNATURE,
            Error::DecapsulationFailed => Self::ES_DECAPSULATION_FAILED,
            Error::UnusableIdentity => Self::ES_UNUSABLE_IDENTITY,
            Error::UnusableNonce => Self::ES_UNUSABLE_SSV,
            Error::Rng => Self::ES_RANDOM,
            _ => Self::ES_INTERNAL,
        }
    }
}

/// Without the place, which a batch reports beside it.
impl From<BatchError> for es_error {
    fn from(error: BatchError) -> Self {
        error.error.into()
    }
}

impl From<IdentifierError> for es_error {
    fn from(error: IdentifierError) -> Self {
        use IdentifierError as I;
        match error {
            I::Empty => Self::ES_EMPTY,
            I::TooLong { .. } => Self::ES_TEXT_TOO_LONG,
            I::NotCanonical => Self::ES_NOT_CANONICAL,
            I::FqdnLabel => Self::ES_FQDN_LABEL,
            I::FqdnNotAscii => Self::ES_FQDN_NOT_ASCII,
            I::FqdnSingleLabel => Self::ES_FQDN_SINGLE_LABEL,
            I::FqdnNumeric => Self::ES_FQDN_NUMERIC,
            I::EntityStart
            | I::EntityWithoutPath
            | I::EntitySegment
            | I::EntityTooManySegments
            | I::NotCseId
            | I::NotAeId
            | I::Stem
            | I::BareStem
            | I::StemWithoutRegistrar => Self::ES_ENTITY,
            I::NotAbsolute => Self::ES_NOT_ABSOLUTE,
            I::HexBinary => Self::ES_HEX_BINARY,
            I::TimeForm | I::TimeRange | I::TimeFraction => Self::ES_TIME,
            I::ExpiringIdentityParts => Self::ES_ID_2_PARTS,
            I::QualifiedParts | I::RelativePart | I::RelativeKeyId => Self::ES_QUALIFIED_PARTS,
            I::CredentialForm | I::CredentialType => Self::ES_CREDENTIAL_ID,
            _ => Self::ES_IDENTIFIER,
        }
    }
}

impl From<SaefError> for es_error {
    fn from(error: SaefError) -> Self {
        use SaefError as S;
        match error {
            S::Identifier(error) => error.into(),
            S::Decode(error) => error.into(),
            S::InvalidKey => Self::ES_INVALID_KEY,
            S::PskIdentityForm => Self::ES_PSK_IDENTITY,
            S::UnknownDomain => Self::ES_UNKNOWN_DOMAIN,
            S::UnknownKpak => Self::ES_UNKNOWN_KPAK,
            S::OtherKpakPinned => Self::ES_OTHER_KPAK_PINNED,
            S::DuplicateTag => Self::ES_DUPLICATE_TAG,
            S::PeerKey => Self::ES_PEER_KEY,
            S::ForeignProvider => Self::ES_FOREIGN_PROVIDER,
            S::OtherProvider => Self::ES_OTHER_PROVIDER,
            S::OwnCredentialExpired => Self::ES_OWN_CREDENTIAL_EXPIRED,
            S::PeerCredentialExpired => Self::ES_PEER_CREDENTIAL_EXPIRED,
            S::OwnIdentity => Self::ES_OWN_IDENTITY,
            S::Denied | S::NotAdmitted => Self::ES_NOT_ADMITTED,
            _ => Self::ES_ASSOCIATION,
        }
    }
}

impl From<Refusal> for es_error {
    fn from(refusal: Refusal) -> Self {
        use Refusal as R;
        match refusal {
            R::Malformed(_) => Self::ES_MIKEY_MALFORMED,
            R::Prf(_)
            | R::SignatureType(_)
            | R::Certificate
            | R::SakkeParameters(_)
            | R::TimestampType(_) => Self::ES_MIKEY_UNSUPPORTED,
            R::IdScheme(_) => Self::ES_MIKEY_ID_SCHEME,
            R::NotToSelf => Self::ES_MIKEY_NOT_TO_SELF,
            R::NotAdmitted => Self::ES_NOT_ADMITTED,
            R::Identity(_) => Self::ES_MIKEY_IDENTITY,
            R::KeyPeriod => Self::ES_MIKEY_KEY_PERIOD,
            R::Signature => Self::ES_INVALID_SIGNATURE,
            R::NoKey => Self::ES_MIKEY_NO_KEY,
            R::Stale => Self::ES_MIKEY_STALE,
            R::Future => Self::ES_MIKEY_FUTURE,
            R::Replayed => Self::ES_MIKEY_REPLAYED,
            R::ReplayCacheFull => Self::ES_MIKEY_REPLAY_FULL,
            R::Decapsulation => Self::ES_DECAPSULATION_FAILED,
            R::PolicyProtocol(_) | R::PolicyParameter(_) | R::PolicyNumber(_) => Self::ES_MIKEY_POLICY,
            _ => Self::ES_MIKEY_REFUSED,
        }
    }
}

impl From<BuildError> for es_error {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::TooLong { .. } => Self::ES_TOO_LONG,
            BuildError::Invalid(_) => Self::ES_MIKEY_MALFORMED,
            BuildError::SigningKey => Self::ES_MIKEY_SIGNING_KEY,
            BuildError::Time => Self::ES_MIKEY_KEY_PERIOD,
            BuildError::IdScheme => Self::ES_MIKEY_ID_SCHEME,
            BuildError::NoUid => Self::ES_MIKEY_NO_UID,
            BuildError::Crypto(error) => error.into(),
            _ => Self::ES_MIKEY_REFUSED,
        }
    }
}

impl From<SdpError> for es_error {
    fn from(_: SdpError) -> Self {
        Self::ES_MIKEY_SDP
    }
}

impl From<UserError> for es_error {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NotTel => Self::ES_MIKEY_TEL,
            UserError::Empty => Self::ES_EMPTY,
            UserError::TooLong => Self::ES_TEXT_TOO_LONG,
            UserError::Period => Self::ES_OUT_OF_RANGE,
            _ => Self::ES_MIKEY_REFUSED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What no call gives, since nobody finds the hash that leads to it. `ES_IDENTIFIER`, `ES_ASSOCIATION` and
    /// `ES_MIKEY_REFUSED` stand for reasons that the libraries do not have yet.
    #[test]
    fn reasons_that_nobody_can_cause_have_codes_too() {
        assert_eq!(es_error::from(Error::UnusableNonce), es_error::ES_UNUSABLE_SSV);
        assert_eq!(es_error::from(SaefError::PeerKey), es_error::ES_PEER_KEY);
    }
}
