//! Identifiers and attribute values of oneM2M security: text from outside in, checked types out.
//!
//! Every type here has one text per value. `parse` takes what TS-0001, TS-0003, TS-0004 and the
//! RFCs allow, brings it to the canonical form and refuses the rest; `Display` writes the canonical
//! form; `parse(&value.to_string())` gives `value` back. Hashes, key derivations, database keys and
//! comparisons all work on the octets of that one text, since two spellings of one name would
//! otherwise give two keys.
//!
//! | type | text | where |
//! |---|---|---|
//! | [`Fqdn`] | `mef.example.com` | RFC 1035, RFC 1123 |
//! | [`EntityId`], [`EntityName`] | `/CSE1`, `//sp.example.com/CSE1/C190XX7T` | TS-0001 clause 7.2 |
//! | [`AeIdStem`] | `C190XX7T` | TS-0001 clause 7.2 |
//! | [`hex_binary`] | `2F43534531` | XML Schema, TS-0003 clause 10 |
//! | [`ExpirationTime`] | `20270101T000000` | TS-0004 clause 6.3.3 |
//! | [`ExpiringIdentity`] (ID_2) | FQDN `@` hexBinary `@` time | TS-0003 clause 8.3.7 |
//! | [`KeId`] | 32 digits `@` FQDN of the MEF | TS-0003 clause 10.3.4 |
//! | [`KeyIdentifier`], [`RelativeKeyId`] | RelativeKeyID `@` FQDN | TS-0003 clause 10.3.5 |
//! | [`KpsaId`], [`KmId`], [`KpmId`] | name `@` FQDN | TS-0003 clauses 10.5, 10.6 |
//! | [`CredentialId`], [`CredentialType`] | `11-client-01@maf.example.com` | TS-0003 clause 10.4 |
//! | [`SecurityUsage`] (SUID) | `22` | TS-0004 clause 6.3.4.2.39 |
//! | [`TargetIds`] | absolute identifiers | TS-0003 clauses 8.3.5.2.7, 8.8.2.7 |
//! | [`FetchCredentialsPath`] | `/fetchCredentials/…/21` | TS-0003 clause 8.3.2.1 |
//!
//! Nothing here is secret, and nothing reads a clock: the time comes in as a [`UnixTime`].
//!
//! ```
//! use eccsi_sakke::onem2m::{EntityId, EntityKind, ExpirationTime, ExpiringIdentity, Fqdn};
//!
//! let id_2 = ExpiringIdentity::new(
//!     Fqdn::parse("MEF.example.com")?,
//!     EntityId::parse(EntityKind::Cse, "/CSE090112")?,
//!     ExpirationTime::parse("20270101T000000")?,
//! )?;
//! assert_eq!(id_2.as_str(), "mef.example.com@2F435345303930313132@20270101T000000");
//! # Ok::<(), eccsi_sakke::onem2m::IdentifierError>(())
//! ```

mod ae_id_stem;
mod calendar;
mod credential_id;
mod credential_type;
mod entity_id;
mod entity_kind;
mod entity_name;
mod error;
mod expiration_time;
mod expiring_identity;
mod fetch_credentials_path;
mod fqdn;
pub mod hex_binary;
mod ke_id;
mod key_identifier;
mod km_id;
mod kpm_id;
mod kpsa_id;
mod qualified_name;
mod relative_key_id;
mod security_usage;
#[cfg(feature = "std")]
mod system_time;
mod target_ids;
mod text_form;
mod unix_time;

pub use ae_id_stem::{AeIdStem, StemScope};
pub use credential_id::CredentialId;
pub use credential_type::CredentialType;
pub use entity_id::EntityId;
pub use entity_kind::EntityKind;
pub use entity_name::EntityName;
pub use error::IdentifierError;
pub use expiration_time::ExpirationTime;
pub use expiring_identity::ExpiringIdentity;
pub use fetch_credentials_path::FetchCredentialsPath;
pub use fqdn::Fqdn;
pub use ke_id::KeId;
pub use key_identifier::KeyIdentifier;
pub use km_id::KmId;
pub use kpm_id::KpmId;
pub use kpsa_id::KpsaId;
pub use relative_key_id::RelativeKeyId;
pub use security_usage::{KeySource, Purpose, SecurityUsage, TargetRule};
pub use target_ids::TargetIds;
pub use unix_time::UnixTime;
