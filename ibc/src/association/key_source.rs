//! How a responder retrieves a key that a MAF or a MEF keeps: what it asks, what comes back, why nothing does.

use eccsi_sakke::onem2m::{CredentialId, EntityName, ExpirationTime, KeyIdentifier, SecurityUsage};
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
