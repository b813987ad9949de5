//! ID_2: the identity an IBC credential is issued for.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

use super::text_form::text_form;
use super::{EntityName, ExpirationTime, Fqdn, IdentifierError, UnixTime, hex_binary};
use crate::identity::Identity;

/// ID_1 and ID_2 of TS-0003 clause 8.3.7: FQDN of the MEF, CSE-ID or AE-ID, and expirationTime.
///
/// `mef.example.com@2F435345303930313132@20270101T000000`, that is FQDN, `@`, hexBinary of the
/// identifier's octets, `@`, time; the brackets in the standard's formula are notation. Its ASCII
/// octets, without terminator, are the identity that ECCSI hashes (RFC 6507, "ID"); so only the
/// canonical spelling exists, for the inner identifier too, and anything else is refused.
///
/// The identifier is SP-relative or absolute; a bare AE-ID stem is refused. Whether `/S98821` was
/// meant as CSE-ID or AE-ID is not in the text.
///
/// Length: FQDN + 2 · identifier + 17 octets. It has no bound of its own; what has to travel as a PSK
/// identity is tested with [`fits_psk_identity`](Self::fits_psk_identity).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "ID_1")]
#[doc(alias = "ID_2")]
pub struct ExpiringIdentity {
    text: String,
    fqdn: Fqdn,
    entity_id: EntityName,
    expiration: ExpirationTime,
}

impl ExpiringIdentity {
    /// Largest PSK identity that common (D)TLS libraries take, in octets.
    pub const PSK_IDENTITY_MAX: usize = 255;

    /// What the PSK identity adds to an ID_2: `@` and 48 characters for KPAK tag and compressed PVT.
    pub const PSK_IDENTITY_SUFFIX: usize = 49;

    /// Composes the identity of `entity_id`, issued by the MEF `fqdn`, valid until `expiration`.
    ///
    /// # Errors
    /// [`IdentifierError::FqdnSingleLabel`] if `fqdn` is a laboratory name.
    pub fn new(
        fqdn: Fqdn,
        entity_id: impl Into<EntityName>,
        expiration: ExpirationTime,
    ) -> Result<Self, IdentifierError> {
        let (fqdn, entity_id) = (fqdn.embeddable()?, entity_id.into());
        let text = format!("{fqdn}@{}@{expiration}", hex_binary::encode(entity_id.as_str().as_bytes()));
        Ok(Self { text, fqdn, entity_id, expiration })
    }

    /// Reads an identity in its one spelling. Says nothing about expiry: ask [`is_live`](Self::is_live).
    ///
    /// # Errors
    /// [`IdentifierError::ExpiringIdentityParts`] unless there are exactly three parts,
    /// [`IdentifierError::NotCanonical`] for another spelling of a valid one, and the errors of the
    /// parts.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let mut parts = text.split('@');
        let (Some(fqdn), Some(digits), Some(time), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IdentifierError::ExpiringIdentityParts);
        };
        let fqdn = Fqdn::parse_canonical(fqdn)?;
        let octets = hex_binary::decode_canonical(digits)?;
        let name = core::str::from_utf8(&octets).map_err(|_| IdentifierError::EntitySegment)?;
        let entity_id = EntityName::parse_canonical(name)?;
        let expiration = ExpirationTime::parse(time)?;
        Ok(Self { text: text.into(), fqdn, entity_id, expiration })
    }

    /// The FQDN of the MEF whose KMS issues the credential.
    pub fn fqdn(&self) -> &Fqdn {
        &self.fqdn
    }

    /// The CSE-ID or AE-ID inside.
    pub fn entity_id(&self) -> &EntityName {
        &self.entity_id
    }

    /// The instant from which the credential is no longer valid.
    pub fn expiration(&self) -> ExpirationTime {
        self.expiration
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The octets that are hashed: the ASCII of the text.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The same octets, as the identity of the signature scheme. SAKKE takes
    /// its hash: `sakke_identifier`.
    pub fn identity(&self) -> Identity<'_> {
        Identity::new(self.as_bytes())
    }

    /// What SAKKE takes for it: SHA-256 of the same octets, always, since those themselves may be too long
    /// for an integer below q.
    #[cfg(feature = "sakke")]
    pub fn sakke_identifier(&self) -> crate::identity::sakke_identifier::Identifier {
        crate::identity::sakke_identifier::Identifier::hash_of(self.identity())
    }

    /// Whether one's own credential is valid: `now` is before the expiration.
    pub fn is_live(&self, now: UnixTime) -> bool {
        now < self.expiration.to_unix()
    }

    /// Whether a peer's credential is valid: `now` is before the expiration plus the whole seconds of
    /// `skew`, which allows for clocks that differ.
    pub fn is_live_with_skew(&self, now: UnixTime, skew: Duration) -> bool {
        // A skew beyond the end of time lets everything live.
        self.expiration.to_unix().checked_add(skew).is_none_or(|end| now < end)
    }

    /// Octets of the PSK identity that is made of this ID_2.
    pub fn psk_identity_len(&self) -> usize {
        self.text.len() + Self::PSK_IDENTITY_SUFFIX
    }

    /// Whether that PSK identity has at most [`PSK_IDENTITY_MAX`](Self::PSK_IDENTITY_MAX) octets, which
    /// is to say FQDN + 2 · identifier at most 189.
    pub fn fits_psk_identity(&self) -> bool {
        self.psk_identity_len() <= Self::PSK_IDENTITY_MAX
    }
}

impl AsRef<str> for ExpiringIdentity {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl AsRef<[u8]> for ExpiringIdentity {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Display for ExpiringIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

text_form!(ExpiringIdentity, "an ID_2: FQDN@hexBinary@time");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_credential_ends_at_the_expiration_and_a_peers_after_the_skew() {
        let id_2 = ExpiringIdentity::parse("mef.example.com@2F435345303930313132@20270101T000000").unwrap();
        let end = id_2.expiration().to_unix().as_seconds();
        let skew = Duration::from_secs(300);
        for (now, own, peer) in [
            (0, true, true),
            (end - 1, true, true),
            (end, false, true),
            (end + 299, false, true),
            (end + 300, false, false),
            (u64::MAX, false, false),
        ] {
            let now = UnixTime::from_seconds(now);
            assert_eq!(id_2.is_live(now), own, "{now:?}");
            assert_eq!(id_2.is_live_with_skew(now, Duration::ZERO), own, "{now:?}");
            assert_eq!(id_2.is_live_with_skew(now, skew), peer, "{now:?}");
            assert!(id_2.is_live_with_skew(now, Duration::MAX));
        }
    }

    #[test]
    fn composing_gives_what_parsing_reads() {
        let id_2 = ExpiringIdentity::parse(
            "mef.example.com@2F2F73702E6578616D706C652E636F6D2F533938383231@20270101T000000",
        )
        .unwrap();
        assert_eq!(id_2.entity_id().as_str(), "//sp.example.com/S98821");
        let again = ExpiringIdentity::new(id_2.fqdn().clone(), id_2.entity_id().clone(), id_2.expiration());
        assert_eq!(again.as_ref(), Ok(&id_2));
        assert_eq!(id_2.identity().as_bytes(), id_2.as_str().as_bytes());
        let lab = ExpiringIdentity::new(
            Fqdn::parse_lab("mef").unwrap(),
            id_2.entity_id().clone(),
            id_2.expiration(),
        );
        assert_eq!(lab, Err(IdentifierError::FqdnSingleLabel));
    }
}
