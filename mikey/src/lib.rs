//! MIKEY-SAKKE: an initiator sends a key to a responder in one message, of which both know no more than the other's
//! name and the public keys of a KMS. RFC 6509, on RFC 3830 (MIKEY) and RFC 6043, with the profile of 3GPP TS 33.180 for
//! mission-critical services.
//!
//! The cryptography is that of the crate [`eccsi_sakke`]; here are the messages, the names and what is derived.
//!
//! | module | what |
//! |---|---|
//! | `numbers` (private) | the numbers of registries, exported by [`payload`] |
//! | [`error`] | why a message is refused, and MIKEY's number for it |
//! | `wire`, `kdf` (private) | octets in, octets out; the input of 3GPP's key derivation |
//! | [`payload`] | the payloads, one type each |
//! | [`user`] | who has which key in which period: tel URI and month (RFC 6509 §3.2), UID (TS 33.180 Annex F.2.1) |
//! | [`keys`] | the TGK and what is derived from it, for SRTP (RFC 3830 §4.1) and for signalling (TS 33.180 Annex F.1) |
//! | `message` (private) | [`IMessage`]: octets and payloads, without keys |
//! | [`build`] | making one, or one for each member of a group |
//! | [`replay`] | which messages were seen |
//! | [`open`] | the responder's steps |
//! | [`sdp`] | `a=key-mgmt:mikey` |
//!
//! ```
//! use eccsi_sakke::{SysRng, eccsi, onem2m::UnixTime, sakke};
//! use mikey_sakke::build::{Draft, KeyId, Recipient, Sender};
//! use mikey_sakke::open::{Known, Receiver};
//! use mikey_sakke::{BoundedReplayCache, IMessage, User};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The KMS of both, and the keys that it issued for this month.
//! let (ksak, z) = (eccsi::KmsSecretKey::generate(&mut SysRng)?, sakke::KmsSecretKey::generate(&mut SysRng)?);
//! let (kpak, z_public) = (ksak.public_key(), z.public_key());
//! let now = UnixTime::from_seconds(1_800_000_000);
//! let (alice, bob) = (User::tel("tel:+447700900123")?, User::tel("tel:+447700900456")?);
//! let id = alice.identifier(now).ok_or("no period")?;
//! let signing = ksak.issue(id.identity(), &mut SysRng)?.validate(&kpak, id.identity())?;
//! let id = bob.identifier(now).ok_or("no period")?.sakke();
//! let receiving = z.issue(&id)?.validate(&z_public, &id)?;
//!
//! // Alice
//! let sender = Sender { user: &alice, key: &signing, z: &z_public };
//! let recipient = Recipient { user: &bob, z: &z_public };
//! let (message, sent) = IMessage::build(&Draft::new(now, KeyId::Same(7)), &sender, &recipient, &mut SysRng)?;
//!
//! // Bob
//! let receiver = Receiver::new(&bob, core::slice::from_ref(&receiving));
//! let known = [Known { user: &alice, kpak: &kpak }];
//! let mut seen = BoundedReplayCache::new(1_000);
//! let opened = IMessage::open(message.as_bytes(), &receiver, &known[..], &mut seen, now)?;
//! assert!(bool::from(opened.tgk.ct_eq(&sent)));
//! # Ok(())
//! # }
//! ```
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod build;
pub mod error;
mod kdf;
pub mod keys;
mod message;
mod numbers;
pub mod open;
pub mod payload;
pub mod replay;
pub mod sdp;
pub mod user;
mod wire;

/// The crate whose types stand in this one's API.
pub use eccsi_sakke;
pub use error::Refusal;
pub use message::IMessage;
pub use replay::BoundedReplayCache;
pub use user::User;
