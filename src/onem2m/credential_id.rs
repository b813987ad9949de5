//! Credential-ID: one name space for the credentials an entity can authenticate with.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use super::qualified_name::{is_relative, split};
use super::relative_key_id::octets_of;
use super::text_form::text_form;
use super::{CredentialType, ExpiringIdentity, IdentifierError, KeyIdentifier, KmId, KpmId, KpsaId};

/// A Credential-ID of TS-0003 clause 10.4: two digits of type, `-`, value.
///
/// The value is one or more letters, digits, `.`, `_`, `-` and `@`. For the types 10, 11, 12 and 35 it is
/// an identifier with a grammar of its own, which is checked and brought to canonical form; for the
/// others the characters are all that is checked. In type 12, 32 hexadecimal digits in front of
/// the `@` are read as a Key Identifier, hence written in upper case; anything else is a KpsaID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "Credential-ID")]
pub struct CredentialId {
    kind: CredentialType,
    value: String,
}

impl CredentialId {
    /// Composes the Credential-ID of a value.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn new(kind: CredentialType, value: &str) -> Result<Self, IdentifierError> {
        if value.is_empty() {
            return Err(IdentifierError::Empty);
        }
        if !value.bytes().all(|octet| is_relative(octet) || octet == b'@') {
            return Err(IdentifierError::CredentialForm);
        }
        let value = match kind {
            CredentialType::Kpm => KpmId::parse(value)?.to_string(),
            CredentialType::Km => KmId::parse(value)?.to_string(),
            CredentialType::Saef if octets_of(split(value)?.0).is_some() => {
                KeyIdentifier::parse(value)?.to_string()
            }
            CredentialType::Saef => KpsaId::parse(value)?.to_string(),
            CredentialType::ExpiringIdentity => ExpiringIdentity::parse(value)?.to_string(),
            _ => value.to_string(),
        };
        Ok(Self { kind, value })
    }

    /// Reads a Credential-ID.
    ///
    /// # Errors
    /// [`IdentifierError::CredentialForm`], [`IdentifierError::CredentialType`],
    /// [`IdentifierError::Empty`], and the errors of the value.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let (digits, value) = text.split_once('-').ok_or(IdentifierError::CredentialForm)?;
        let &[tens @ b'0'..=b'9', units @ b'0'..=b'9'] = digits.as_bytes() else {
            return Err(IdentifierError::CredentialForm);
        };
        let kind = CredentialType::from_u8((tens - b'0') * 10 + (units - b'0'))?;
        Self::new(kind, value)
    }

    /// What kind of credential it names.
    pub fn kind(&self) -> CredentialType {
        self.kind
    }

    /// The part behind the first `-`.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl From<&KpmId> for CredentialId {
    fn from(id: &KpmId) -> Self {
        Self { kind: CredentialType::Kpm, value: id.to_string() }
    }
}

impl From<&KmId> for CredentialId {
    fn from(id: &KmId) -> Self {
        Self { kind: CredentialType::Km, value: id.to_string() }
    }
}

impl From<&KpsaId> for CredentialId {
    fn from(id: &KpsaId) -> Self {
        // A relative part that looks like a RelativeKeyID is written like one; see the type.
        let value = match octets_of(id.relative()) {
            Some(_) => format!("{}@{}", id.relative().to_ascii_uppercase(), id.fqdn()),
            None => id.to_string(),
        };
        Self { kind: CredentialType::Saef, value }
    }
}

/// Refuses a foreign Key Identifier that type 12 could not be read back from.
impl TryFrom<&KeyIdentifier> for CredentialId {
    type Error = IdentifierError;

    fn try_from(id: &KeyIdentifier) -> Result<Self, Self::Error> {
        Self::new(CredentialType::Saef, id.as_str())
    }
}

impl From<&ExpiringIdentity> for CredentialId {
    fn from(id: &ExpiringIdentity) -> Self {
        Self { kind: CredentialType::ExpiringIdentity, value: id.to_string() }
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.kind, self.value)
    }
}

text_form!(CredentialId, "a Credential-ID: type-value");

#[cfg(test)]
mod tests {
    use super::*;

    /// The types of TS-0003 table 12.3.2.1-1, and 35.
    #[test]
    fn the_table_has_these_types_and_no_others() {
        let table = (10..=16).chain(30..=35).chain(41..=45).chain(51..=55);
        let listed: alloc::vec::Vec<u8> = table.collect();
        assert_eq!(CredentialType::ALL.map(CredentialType::to_u8).as_slice(), listed);
        for number in 0..=255u8 {
            let kind = CredentialType::from_u8(number);
            assert_eq!(kind.is_ok(), listed.contains(&number));
            let text = format!("{number:02}-a@mef.example.com");
            let checked_further = number == 35;
            assert_eq!(CredentialId::parse(&text).is_ok(), kind.is_ok() && !checked_further, "{text}");
        }
    }

    #[test]
    fn what_is_made_of_typed_identifiers_reads_back() {
        let relative = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
        let like_a_key = KpsaId::parse(&format!("{relative}@sp.example.com")).unwrap();
        let key = KeyIdentifier::parse(&format!("{relative}@maf.example.com")).unwrap();
        for id in [
            CredentialId::from(&KpmId::parse("ThisKey@mymef.com").unwrap()),
            CredentialId::from(&KmId::parse("Client-01@maf.example.com").unwrap()),
            CredentialId::from(&KpsaId::parse("gw-17.psa@sp.example.com").unwrap()),
            CredentialId::from(&like_a_key),
            CredentialId::try_from(&key).unwrap(),
            CredentialId::from(
                &ExpiringIdentity::parse("mef.example.com@2F43534531@20270101T000000").unwrap(),
            ),
        ] {
            assert_eq!(CredentialId::parse(&id.to_string()), Ok(id));
        }
    }
}
