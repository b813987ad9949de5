//! Why a message is refused, and the number by which MIKEY tells the other side.

use crate::numbers::{IdRole, PayloadType};
use core::fmt;

/// What is wrong with the octets of a message, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The offset, in octets from the start, of the field that is wrong.
    pub at: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// The ways in which octets can be no I_MESSAGE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A field goes on behind the last octet.
    Truncated,
    /// Octets follow the SIGN payload.
    Trailing,
    /// More octets than a message may have.
    TooLong,
    /// Not version 1.
    Version(u8),
    /// Not data type 26, a MIKEY-SAKKE I_MESSAGE.
    DataType(u8),
    /// A payload that is not known, so that its length is not, either.
    UnknownPayload(PayloadType),
    /// The message ends without a SIGN payload.
    Unsigned,
    /// The CS ID map type is none of 0, 1, 2.
    MapType(u8),
    /// An empty map with sessions, or another map without.
    Sessions(u8),
    /// Two crypto sessions have one CS ID.
    DuplicateSession(u8),
    /// The session data do not have the length that SRTP gives them: 0, 4, or with the S bit 10.
    SessionData(u16),
    /// A TS type without a known length.
    TimestampType(u8),
    /// A length field is out of its range.
    Length(PayloadType),
    /// The parameters of a security policy do not fill it, or one of them stands there twice.
    PolicyParameters,
    /// Two security policies have one number.
    DuplicatePolicy(u8),
    /// A payload stands behind one that it has to precede.
    Order(PayloadType),
    /// A second payload of a kind, or identity in a role, of which there may be one.
    Duplicate(PayloadType),
    /// A payload that has to be there is not.
    Missing(PayloadType),
    /// The payload inside a SAKKE-to-self extension is followed by another.
    Nested,
}

/// A reason not to accept an I_MESSAGE, in the order in which the responder's steps come to it.
///
/// None depends on a secret, except that [`Decapsulation`](Self::Decapsulation) says the one bit that SAKKE says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// 1: The octets are no I_MESSAGE.
    Malformed(ParseError),
    /// 1: A PRF that is neither MIKEY-1 nor PRF-HMAC-SHA-256.
    Prf(u8),
    /// 1: Not an ECCSI signature.
    SignatureType(u8),
    /// 1: A CERT payload beside an ECCSI signature.
    Certificate,
    /// 1: Not parameter set 1 of SAKKE.
    SakkeParameters(u8),
    /// 1: Another ID scheme than the receiver's.
    IdScheme(u8),
    /// 1: A counter, which shows no key period.
    TimestampType(u8),
    /// 1: There is no SAKKE-to-self extension.
    NotToSelf,
    /// 2: The directory does not know this initiator, or does not admit it.
    NotAdmitted,
    /// 3: An identity in the message is not that of the initiator, the receiver or their KMS.
    Identity(IdRole),
    /// 3: The key period of the timestamp is not accepted at this time.
    KeyPeriod,
    /// 4: The signature does not verify. Which step failed is not told.
    Signature,
    /// 5: The receiver has no key for its identifier in the period of the message.
    NoKey,
    /// 5: The timestamp lies further back than messages are accepted.
    Stale,
    /// 5: The timestamp lies further ahead than clocks may differ.
    Future,
    /// 5: The message was there before.
    Replayed,
    /// 5: The replay cache has no room, for anyone or for this initiator.
    ReplayCacheFull,
    /// 6: SAKKE did not give a key. Which step failed is not told.
    Decapsulation,
    /// 7: A security policy is not for SRTP.
    PolicyProtocol(u8),
    /// 7: A security policy has a parameter, of this type, that is not known or has a value that is not supported.
    PolicyParameter(u8),
    /// 7: A crypto session names a policy that is not in the message.
    PolicyNumber(u8),
}

/// Error numbers of MIKEY (RFC 3830 §6.12, RFC 6043).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum ErrorNumber {
    /// Authentication failure.
    AuthFailure = 0,
    /// Invalid timestamp.
    InvalidTimestamp = 1,
    /// PRF function not supported.
    InvalidPrf = 2,
    /// ID not supported.
    InvalidId = 7,
    /// Certificate not supported.
    InvalidCertificate = 8,
    /// SP type not supported.
    InvalidPolicy = 9,
    /// SP parameters not supported.
    InvalidPolicyParameters = 10,
    /// Unspecified error.
    Unspecified = 12,
    /// Unsupported message type.
    UnsupportedMessage = 13,
}

impl Refusal {
    /// The number for an error message to the initiator. MIKEY-SAKKE has no answers; whoever sends one anyway learns here
    /// which. What concerns the receiver alone is "unspecified".
    pub fn error_number(&self) -> ErrorNumber {
        match self {
            Self::Malformed(_) | Self::SakkeParameters(_) => ErrorNumber::UnsupportedMessage,
            Self::Prf(_) => ErrorNumber::InvalidPrf,
            Self::Certificate => ErrorNumber::InvalidCertificate,
            Self::IdScheme(_) | Self::Identity(_) => ErrorNumber::InvalidId,
            Self::TimestampType(_) | Self::KeyPeriod | Self::Stale | Self::Future | Self::Replayed => {
                ErrorNumber::InvalidTimestamp
            }
            Self::NotAdmitted | Self::Signature | Self::Decapsulation => ErrorNumber::AuthFailure,
            Self::PolicyProtocol(_) | Self::PolicyNumber(_) => ErrorNumber::InvalidPolicy,
            Self::PolicyParameter(_) => ErrorNumber::InvalidPolicyParameters,
            Self::SignatureType(_) | Self::ReplayCacheFull | Self::NoKey | Self::NotToSelf => {
                ErrorNumber::Unspecified
            }
        }
    }
}

impl From<ParseError> for Refusal {
    fn from(error: ParseError) -> Self {
        Self::Malformed(error)
    }
}

/// Why no message was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// A field has more octets, or a list more entries, than its length field can say.
    TooLong {
        /// The most that there may be.
        max: usize,
        /// What there is.
        got: usize,
    },
    /// Put together the payloads are no I_MESSAGE.
    Invalid(ParseError),
    /// The signing key is not that of the initiator in the period of the message.
    SigningKey,
    /// No key period has the time of the message.
    Time,
    /// The users do not have one ID scheme.
    IdScheme,
    /// Hidden identities are UIDs, and this user has none.
    NoUid,
    /// The random generator failed, or SAKKE has no key for an identity.
    Crypto(eccsi_sakke::Error),
}

impl From<ParseError> for BuildError {
    fn from(error: ParseError) -> Self {
        Self::Invalid(error)
    }
}

impl From<eccsi_sakke::Error> for BuildError {
    fn from(error: eccsi_sakke::Error) -> Self {
        Self::Crypto(error)
    }
}

impl From<eccsi_sakke::BatchError> for BuildError {
    fn from(error: eccsi_sakke::BatchError) -> Self {
        Self::Crypto(error.error)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the message ends inside a field"),
            Self::TooLong => f.write_str("more than 65 535 octets"),
            Self::Trailing => f.write_str("octets follow the signature"),
            Self::Version(version) => write!(f, "version {version}, not 1"),
            Self::DataType(kind) => write!(f, "data type {kind}, not 26 (MIKEY-SAKKE)"),
            Self::UnknownPayload(payload) => write!(f, "payload {payload} is not known"),
            Self::Unsigned => f.write_str("no SIGN payload"),
            Self::MapType(kind) => write!(f, "CS ID map type {kind} is not known"),
            Self::Sessions(count) => write!(f, "{count} crypto sessions do not fit the map type"),
            Self::DuplicateSession(id) => write!(f, "CS ID {id} stands there twice"),
            Self::SessionData(length) => write!(f, "{length} octets are no session data of SRTP"),
            Self::TimestampType(kind) => write!(f, "TS type {kind} is not known"),
            Self::Length(payload) => write!(f, "length out of range in {payload}"),
            Self::PolicyParameters => f.write_str("parameters of a policy do not fit"),
            Self::DuplicatePolicy(number) => write!(f, "policy {number} stands there twice"),
            Self::Order(payload) => write!(f, "{payload} is out of order"),
            Self::Duplicate(payload) => write!(f, "{payload} stands there twice"),
            Self::Missing(payload) => write!(f, "{payload} is missing"),
            Self::Nested => f.write_str("more than one payload in SAKKE-to-self"),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (octet {})", self.problem, self.at)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::Prf(prf) => write!(f, "PRF {prf} is not supported"),
            Self::SignatureType(kind) => write!(f, "signature type {kind} is not ECCSI"),
            Self::Certificate => f.write_str("a certificate beside an ECCSI signature"),
            Self::SakkeParameters(set) => write!(f, "SAKKE parameter set {set} is not supported"),
            Self::IdScheme(scheme) => write!(f, "ID scheme {scheme} is not that of the receiver"),
            Self::TimestampType(kind) => write!(f, "TS type {kind} shows no key period"),
            Self::NotAdmitted => f.write_str("initiator not known or not admitted"),
            Self::Identity(role) => write!(f, "not the expected identity: {role}"),
            Self::KeyPeriod => f.write_str("key period not accepted at this time"),
            Self::Signature => f.write_str("signature does not verify"),
            Self::Stale => f.write_str("message too old"),
            Self::Future => f.write_str("message from the future"),
            Self::Replayed => f.write_str("message was there before"),
            Self::ReplayCacheFull => f.write_str("no room to remember the message"),
            Self::NoKey => f.write_str("no key for the period of the message"),
            Self::NotToSelf => f.write_str("no SAKKE-to-self extension"),
            Self::Decapsulation => f.write_str("SAKKE payload not for this key, or changed"),
            Self::PolicyProtocol(kind) => write!(f, "policy for protocol {kind}, not SRTP"),
            Self::PolicyParameter(kind) => write!(f, "policy parameter {kind} is not supported"),
            Self::PolicyNumber(number) => write!(f, "a session names policy {number}, which is not there"),
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { max, got } => write!(f, "at most {max} fit into a field, there are {got}"),
            Self::Invalid(error) => error.fmt(f),
            Self::SigningKey => f.write_str("signing key not that of the initiator in this period"),
            Self::Time => f.write_str("no key period has this time"),
            Self::IdScheme => f.write_str("users of different ID schemes"),
            Self::NoUid => f.write_str("only users with a UID can be hidden"),
            Self::Crypto(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ParseError {}
impl core::error::Error for Refusal {}
impl core::error::Error for BuildError {}
