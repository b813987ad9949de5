//! Who has which key in which period. A key belongs to an identifier; the identifier is made of a name and a key period.

mod month;
mod period;

pub use month::Month;
pub use period::KeyPeriod;

use crate::kdf;
use crate::payload::IdScheme;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::{Identity, sakke};
use sha2::{Digest, Sha256};

/// A user: a name, and the rule by which it has another identifier in each key period.
///
/// Names are compared octet for octet. Whoever gets them from people normalises them first
/// ([`normalise_tel`] for telephone numbers).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    uri: String,
    kms_uri: Option<String>,
    rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Rule {
    /// RFC 6509 §3.2.
    TelMonthly,
    /// TS 33.180 Annex F.2.1.
    Uid(KeyPeriod),
}

/// Why a name or a period is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserError {
    /// Not `tel:+` and 1 to 15 digits.
    NotTel,
    /// A name without octets.
    Empty,
    /// A name of more than 65 535 octets.
    TooLong,
    /// A period of 0 seconds, or an offset that is not below it.
    Period,
    /// Not a month, `2011-02`.
    Month,
}

impl User {
    /// A user of ID scheme 1, with a tel URI in global notation: `tel:+447700900123`, without visual separators and
    /// parameters. RFC 6509 §3.2.
    ///
    /// # Errors
    /// [`UserError::NotTel`].
    pub fn tel(uri: &str) -> Result<Self, UserError> {
        let digits = uri.strip_prefix("tel:+").ok_or(UserError::NotTel)?;
        // E.164 has no more than 15.
        if !(1..=15).contains(&digits.len()) || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(UserError::NotTel);
        }
        Ok(Self { uri: uri.into(), kms_uri: None, rule: Rule::TelMonthly })
    }

    /// The same, of this KMS, whose URI then stands in messages.
    ///
    /// # Errors
    /// [`UserError::Empty`], [`UserError::TooLong`].
    pub fn of_kms(self, kms_uri: &str) -> Result<Self, UserError> {
        check_name(kms_uri)?;
        Ok(Self { kms_uri: Some(kms_uri.into()), ..self })
    }

    /// A user of ID scheme 2: an MC service ID and its KMS, both exactly as provisioned, and the key period of the KMS.
    /// TS 33.180 Annex F.2.1.
    ///
    /// # Errors
    /// [`UserError::Empty`], [`UserError::TooLong`].
    pub fn mcx(uri: &str, kms_uri: &str, period: KeyPeriod) -> Result<Self, UserError> {
        check_name(uri)?;
        check_name(kms_uri)?;
        Ok(Self { uri: uri.into(), kms_uri: Some(kms_uri.into()), rule: Rule::Uid(period) })
    }

    /// The name.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The KMS that issues this user's keys.
    pub fn kms_uri(&self) -> Option<&str> {
        self.kms_uri.as_deref()
    }

    /// How identifiers are made.
    pub fn id_scheme(&self) -> IdScheme {
        match self.rule {
            Rule::TelMonthly => IdScheme::TEL_MONTHLY,
            Rule::Uid(_) => IdScheme::MCX_UID,
        }
    }

    /// The identifier at a time; `None` where no period has it: before the first one, or from the year 10 000 on.
    pub fn identifier(&self, time: UnixTime) -> Option<UserIdentifier> {
        match &self.rule {
            Rule::TelMonthly => Some(self.in_month(Month::of(time)?)),
            Rule::Uid(period) => self.in_period(period.number_at(time)?),
        }
    }

    /// The UID in the key period of this number; `None` for a user without UID.
    pub fn in_period(&self, number: u64) -> Option<UserIdentifier> {
        let (Rule::Uid(period), Some(kms_uri)) = (&self.rule, &self.kms_uri) else { return None };
        let parameters: [&[u8]; 6] = [
            b"MIKEY-SAKKE-UID",
            self.uri.as_bytes(),
            kms_uri.as_bytes(),
            &kdf::integer(period.seconds()),
            &kdf::integer(period.offset()),
            &kdf::integer(number),
        ];
        let s = kdf::input(0, &parameters).expect("names have no more than 65 535 octets");
        Some(UserIdentifier { octets: Sha256::digest(s).to_vec(), is_uid: true })
    }

    fn in_month(&self, month: Month) -> UserIdentifier {
        UserIdentifier { octets: alloc::format!("{month}\0{}\0", self.uri).into_bytes(), is_uid: false }
    }

    /// Are keys of the period at `time` accepted at `now`? So they are while the period lasts, and for `overlap` before
    /// it begins and after it ends; RFC 6509 recommends two days.
    pub fn accepts_period(&self, time: UnixTime, now: UnixTime, overlap: Duration) -> bool {
        let earliest = now.checked_sub(overlap).unwrap_or(UnixTime::EPOCH);
        let Some(latest) = now.checked_add(overlap) else { return false };
        match &self.rule {
            Rule::TelMonthly => within(Month::of, earliest, time, latest),
            Rule::Uid(period) => within(|time| period.number_at(time), earliest, time, latest),
        }
    }
}

fn within<P: PartialOrd>(
    period: impl Fn(UnixTime) -> Option<P>,
    earliest: UnixTime,
    time: UnixTime,
    latest: UnixTime,
) -> bool {
    match (period(earliest), period(time), period(latest)) {
        (Some(earliest), Some(at), Some(latest)) => earliest <= at && at <= latest,
        _ => false,
    }
}

fn check_name(name: &str) -> Result<(), UserError> {
    match name.len() {
        0 => Err(UserError::Empty),
        length if length > usize::from(u16::MAX) => Err(UserError::TooLong),
        _ => Ok(()),
    }
}

/// The canonical form of a tel URI that a person wrote: the scheme in lower case, without the visual separators
/// `-`, `.`, `(`, `)` of RFC 3966. [`User::tel`] refuses what is wrong beyond that.
pub fn normalise_tel(uri: &str) -> String {
    let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
    let digits = rest.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')'));
    scheme.chars().map(|c| c.to_ascii_lowercase()).chain([':']).chain(digits).collect()
}

/// What the keys of a user in one key period belong to: the identity of ECCSI and the identifier of SAKKE.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserIdentifier {
    octets: Vec<u8>,
    is_uid: bool,
}

impl UserIdentifier {
    /// For ECCSI.
    pub fn identity(&self) -> Identity<'_> {
        Identity::new(&self.octets)
    }

    /// For SAKKE.
    pub fn sakke(&self) -> sakke::Identifier {
        let identifier = match <&[u8; 32]>::try_from(&self.octets[..]) {
            Ok(uid) if self.is_uid => sakke::Identifier::from_uid(uid),
            // A month and at most 15 digits: far below 127 octets, and the first one is a digit.
            _ => sakke::Identifier::from_raw(&self.octets),
        };
        identifier.expect("nobody finds a name whose hash is 0 or 1")
    }

    /// The octets: a month and a tel URI, each followed by NUL, or a UID of 32 octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    /// The UID, if it is one.
    pub fn uid(&self) -> Option<&[u8]> {
        self.is_uid.then_some(&self.octets)
    }
}

impl fmt::Debug for UserIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserIdentifier(\"{}\")", self.octets.escape_ascii())
    }
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotTel => "not a tel URI in global notation, such as tel:+447700900123",
            Self::Empty => "the name is empty",
            Self::TooLong => "the name has more than 65 535 octets",
            Self::Period => "a key period has 1 second or more, and an offset below its length",
            Self::Month => "not a month, such as 2011-02",
        })
    }
}

impl core::error::Error for UserError {}
