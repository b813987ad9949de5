//! How a responder retrieves a key that a MAF or a MEF keeps: what it asks, what comes back, why nothing does.

use eccsi_sakke::onem2m::{
    CredentialId, EntityName, ExpirationTime, ExpiringIdentity, KeyIdentifier, KmId, SecurityUsage,
};
use std::fmt;
use std::time::Instant;
use zeroize::Zeroizing;

/// Whom the MAF or MEF names as the source of a key (step 14 of clause 8.2.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// Its CSE-ID or AE-ID, absolute.
    Entity(EntityName),
    /// Only its credential, such as `11-<KmID>`: the responder looks the entity up.
    Credential(CredentialId),
}

impl KeyOrigin {
    /// What a MAF or MEF gives as source: a CSE-ID or AE-ID, absolute; a Credential-ID; or the KmID or ID_2 of which one is
    /// formed. `None` for anything else.
    pub fn parse(source: &str) -> Option<Self> {
        if let Some(entity) = EntityName::parse(source).ok().filter(EntityName::is_absolute) {
            return Some(Self::Entity(entity));
        }
        // The Credential-ID first: read as a KmID, its type would be a part of the name.
        if let Ok(credential) = CredentialId::parse(source) {
            return Some(Self::Credential(credential));
        }
        let credential = match KmId::parse(source) {
            Ok(km_id) => CredentialId::from(&km_id),
            Err(_) => CredentialId::from(&ExpiringIdentity::parse(source).ok()?),
        };
        Some(Self::Credential(credential))
    }
}

/// A registered key, as a key retrieval gave it, checked.
#[derive(Debug)]
pub struct RegisteredKey {
    /// Kc, 32 octets.
    pub key: Zeroizing<[u8; 32]>,
    /// What the key was registered for.
    pub usage: SecurityUsage,
    /// The end of its life.
    pub expiration: ExpirationTime,
    /// Who registered it.
    pub origin: KeyOrigin,
}

/// Why a key retrieval gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetrievalError {
    /// The MAF or MEF refuses: no such key, or not for this entity. Remembered for some seconds.
    Refused,
    /// The MAF or MEF could not be asked. Not remembered.
    Unavailable,
    /// The answer did not come in time. It is kept for the next handshake, should it come later.
    TimedOut,
    /// As many retrievals as allowed are under way.
    Busy,
}

impl fmt::Display for RetrievalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "key was not given out",
            Self::Unavailable => "key could not be asked for",
            Self::TimedOut => "key did not come in time",
            Self::Busy => "too many keys are being fetched",
        })
    }
}

impl std::error::Error for RetrievalError {}

/// A way to retrieve keys from a MAF or a MEF (clauses 8.8.2.8, 8.3.5.2.8), as the client this entity is there.
pub trait KeySource: Send + Sync + 'static {
    /// Retrieves the key of this identifier. Runs on a thread of its own; an answer after `deadline` is too late
    /// for the handshake that asked.
    ///
    /// # Errors
    /// [`RetrievalError::Refused`], [`RetrievalError::Unavailable`].
    fn retrieve(&self, key: &KeyIdentifier, deadline: Instant) -> Result<RegisteredKey, RetrievalError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_an_entity_or_the_credential_of_one() {
        let entity = KeyOrigin::parse("//sp.example.com/CSE1").expect("an entity");
        assert_eq!(entity, KeyOrigin::Entity(EntityName::parse("//sp.example.com/CSE1").unwrap()));
        let id_2 = "mef.example.com@2F2F73702E6578616D706C652E636F6D2F43534531@20270101T000000";
        for (credential, bare) in [
            ("11-client-01@maf.example.com", "client-01@maf.example.com"),
            // A name that begins as a Credential-ID is one.
            ("11-11-a@maf.example.com", "11-11-a@maf.example.com"),
            (&format!("35-{id_2}"), id_2),
        ] {
            let formed = KeyOrigin::Credential(CredentialId::parse(credential).unwrap());
            for text in [credential, bare] {
                assert_eq!(KeyOrigin::parse(text), Some(formed.clone()), "{text}");
            }
        }
        for text in ["", "/CSE1", "client-01", "@maf.example.com", "a@b@c"] {
            assert_eq!(KeyOrigin::parse(text), None, "{text}");
        }
    }
}
