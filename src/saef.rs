//! The IBC-based Security Association Establishment Framework of oneM2M (TS-0003): two entities
//! derive a key from their own SSK, the peer's identity and PVT, and KPAK. No third party is asked.
//!
//! The key goes into (D)TLS as a pre-shared key. The change request that brought IBC to TS-0003
//! says which values enter; the formula, the key derivation and the identity text are this
//! project's, under the label `oneM2M-IBC-SAEF-v1`, so that another version cannot be confused
//! with it.
//!
//! ```text
//! Y_B  = KPAK_B + [HS_B]PVT_B                    = [SSK_B]G
//! Z    = [SSK_A]Y_B = [SSK_B]Y_A
//! PRK  = HKDF-Extract(salt = label, IKM = x-coordinate of Z)
//! info = lp(label) ‖ lp(KPAK_C) ‖ lp(ID_C) ‖ lp(PVT_C) ‖ lp(KPAK_S) ‖ lp(ID_S) ‖ lp(PVT_S)
//! KibcID (16) ‖ Kibc (32) = HKDF-Expand(PRK, info, 48)
//! ```
//!
//! C is the (D)TLS client and S the server, lp(x) is x behind its length in two octets, points take
//! 65 octets. The order of the roles keeps a message from being reflected to its sender; all six
//! values in `info` keep identities from being confused; both KPAKs are there because the two
//! entities may belong to different KMSs.
//!
//! | value | here | octets |
//! |---|---|---|
//! | own ID_2, SSK, PVT, KPAK | [`Credential`] | |
//! | pinned KPAKs of the domains | [`TrustedDomains`] | |
//! | first octets of SHA-256(KPAK) | [`KpakTag`] | 3 |
//! | ID_2, tag and PVT of the peer | [`PskIdentity`] | ≤ 255 |
//! | KibcID, Kibc | [`SharedKey`] | 16, 32 |
//!
//! What it gives, and what not: both sides know that the other holds the SSK of its identity.
//! There is no forward secrecy unless the (D)TLS suite adds it (ECDHE_PSK): whoever later obtains
//! either SSK can compute Kibc. Whoever holds SSK_A can also pose as anyone *towards A*. The KMS
//! can become anybody.

mod association;
mod credential;
mod error;
#[cfg(feature = "hazmat")]
pub mod hazmat;
mod peer_policy;
mod psk_identity;
mod trusted_domains;

pub use association::{Association, ExaminedPeer, Role, SharedKey};
pub use credential::Credential;
pub use error::SaefError;
pub use peer_policy::{ExpectedPeer, PeerLists, PeerPolicy};
pub use psk_identity::PskIdentity;
pub use trusted_domains::{KpakTag, TrustedDomain, TrustedDomains};
