//! Security associations between two entities, CSE or AE: the Security Association Establishment Frameworks
//! of TS-0003 on the wire.
//!
//! | framework | key | file |
//! |---|---|---|
//! | PSK-based SAEF | Kpsa, configured at both ends under its KpsaID | `psk.rs` |
//! | MAF-based SAEF, clause 8.2.2.3, and its like with a key from a MEF (SUID 22) | Kc, registered by one and fetched by the other | `maf.rs`, `key_source.rs`, `key_lookup.rs` |
//! | IBC-based SAEF | Kibc, derived by each from its own credential and the other's identity | `ibc.rs` |
//! | TLS 1.3 with ECCSI | none shared: signatures of the same credential | `eccsi_tls.rs` |
//!
//! The first three run over TLS 1.2 and DTLS 1.2 (feature `tls-openssl`). One entity is the
//! [`Responder`], which serves all frameworks it is given on one socket and tells them apart by the form of
//! the PSK identity; the other the [`Initiator`]. Both end up with a [`SecurityAssociation`]: the peer's
//! CSE-ID or AE-ID in absolute form, authenticated, the stream or the datagrams, and an end.
//!
//! Whatever the reason of a refusal (unknown key, expired, denied, not admitted, another KMS, one's own
//! identity), the peer sees the same: an alert for a wrong key over TLS, silence over DTLS. The reason goes
//! to [`Responder::on_refusal`], of TLS 1.3 to [`EccsiEntity::on_refusal`].
//!
//! Two entities that hold the same key could be led to talk to themselves. An own identity as peer is refused
//! in either role; and since the initiator names whom it wants (SNI), which enters the handshake's
//! transcript, its own responder, which has another name, does not answer.

#[cfg(feature = "client")]
mod asynchronous;
#[cfg(feature = "tls-openssl")]
mod bounded;
#[cfg(feature = "tls-rustls")]
mod eccsi_tls;
#[cfg(feature = "tls-openssl")]
mod error;
#[cfg(feature = "tls-openssl")]
mod established;
#[cfg(feature = "tls-openssl")]
mod ibc;
#[cfg(feature = "tls-openssl")]
mod initiator;
#[cfg(feature = "tls-openssl")]
mod key_lookup;
#[cfg(feature = "tls-openssl")]
mod key_source;
#[cfg(feature = "tls-openssl")]
mod maf;
mod peer;
#[cfg(feature = "tls-openssl")]
mod psk;
#[cfg(feature = "tls-openssl")]
mod responder;
#[cfg(feature = "tls-openssl")]
mod split;

#[cfg(feature = "client")]
pub use asynchronous::{AsyncAssociation, AsyncDatagramAssociation};
#[cfg(feature = "tls-rustls")]
pub use eccsi_tls::{EccsiEntity, EccsiRefusal};
#[cfg(feature = "tls-openssl")]
pub use error::AssociationError;
#[cfg(feature = "tls-openssl")]
pub use established::SecurityAssociation;
#[cfg(feature = "tls-openssl")]
pub use ibc::{IbcOffer, IbcParty};
#[cfg(feature = "tls-openssl")]
pub use initiator::{Initiator, Offer, Offered};
#[cfg(feature = "tls-openssl")]
pub use key_lookup::{KeyLookup, LookupLimits};
#[cfg(feature = "tls-openssl")]
pub use key_source::{KeyOrigin, KeySource, RegisteredKey, RetrievalError};
#[cfg(feature = "tls-openssl")]
pub use maf::RegisteredKeyOffer;
pub use peer::{Admission, Framework, Peer};
#[cfg(feature = "tls-openssl")]
pub use psk::{PsaKey, PsaKeys, PsaOffer};
#[cfg(feature = "tls-openssl")]
pub use responder::{DtlsResponder, PendingAssociation, Responder, TlsResponder};
#[cfg(feature = "tls-openssl")]
pub use split::{AssociationReader, AssociationWriter};
