//! The deny list: identities whose credentials are refused before they expire (ibc-saef, "revocation").
//!
//! Published as two lines of text: a JSON object ([`DenyList`]), and the signature of its octets in
//! hexadecimal, by the key of the service ([`ServiceKey`](super::kms::ServiceKey)). Numbers count up; an entry stays as long as a
//! peer whose clock is late could accept its ID_2. [`budgets`](super::budgets) bound what superseded credentials add.

use super::audit::chain::Event;
use super::error::ServiceError;
use super::kms::{KeyDirectory, ServicePublicKey};
use super::limits::CLOCK_SKEW;
use super::store::identities;
use super::store::{Change, WriteTransaction, lists};
use crate::wire::{DeniedIdentity, DenyList};
use core::time::Duration;
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use std::sync::Arc;

/// What the signature is for.
const LABEL: &str = "ibc deny list v1";

/// When the next list is there at the latest.
pub const NEXT_UPDATE: Duration = Duration::from_secs(86_400);

/// Most octets of a list that is read: some hundred thousand entries.
pub const MAX_OCTETS: u64 = 32 * 1024 * 1024;

/// An identity to be denied.
pub(crate) struct Denial<'a> {
    pub(crate) id_2: &'a str,
    /// Its end.
    pub(crate) end: UnixTime,
    pub(crate) since: UnixTime,
    pub(crate) reason: &'a str,
    /// Who wants it, if somebody does.
    pub(crate) operator: Option<&'a str>,
}

/// Denies an identity, for the next list that is published, with an audit entry; false, and no entry, if it is denied
/// already.
pub(crate) async fn deny(tx: &mut WriteTransaction<'_>, denial: Denial<'_>) -> Result<bool, ServiceError> {
    let Denial { id_2, end, since, reason, operator } = denial;
    if !identities::deny(tx.connection(), id_2, end, since, reason).await? {
        return Ok(false);
    }
    let mut event = Event::new("denied").with("id2", id_2).with("reason", reason);
    if let Some(operator) = operator {
        event = event.with("operator", operator);
    }
    tx.audit(event).await?;
    Ok(true)
}

/// Denies an identity, and publishes a new list.
pub struct Deny {
    /// The MEF whose list it is.
    pub fqdn: Fqdn,
    /// The identity.
    pub id_2: ExpiringIdentity,
    /// Why, for the audit log.
    pub reason: String,
    /// With the key that signs.
    pub keys: Arc<KeyDirectory>,
}

crate::redacted::redacted_debug!(Deny);

impl Change for Deny {
    /// The number of the list that has it.
    type Output = u64;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<u64, ServiceError> {
        let (id_2, end, since) = (self.id_2.as_str(), self.id_2.expiration().to_unix(), tx.now());
        deny(tx, Denial { id_2, end, since, reason: &self.reason, operator: None }).await?;
        publish(tx, &self.fqdn, &self.keys).await
    }
}

/// A credential that ended at this time or before is accepted by no peer any more, by its own clock.
pub(crate) fn acceptable_after(now: UnixTime) -> UnixTime {
    now.checked_sub(CLOCK_SKEW).unwrap_or(UnixTime::EPOCH)
}

/// Publishes a new list, with all that is denied now.
pub struct Publish {
    /// The MEF.
    pub fqdn: Fqdn,
    /// With the key that signs.
    pub keys: Arc<KeyDirectory>,
}

crate::redacted::redacted_debug!(Publish);

impl Change for Publish {
    /// Its number.
    type Output = u64;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<u64, ServiceError> {
        publish(tx, &self.fqdn, &self.keys).await
    }
}

pub(crate) async fn publish(
    tx: &mut WriteTransaction<'_>,
    fqdn: &Fqdn,
    keys: &KeyDirectory,
) -> Result<u64, ServiceError> {
    let now = tx.now();
    let number = lists::next_number(tx.connection()).await?;
    let denied = identities::denied(tx.connection(), acceptable_after(now)).await?;
    let next = now.checked_add(NEXT_UPDATE).unwrap_or(now);
    let time = |time: UnixTime| ExpirationTime::from_unix(time).map(|time| format!("{time}"));
    let list = DenyList {
        fqdn: fqdn.as_str().into(),
        number,
        issued: time(now).map_err(ServiceError::internal)?,
        next_update: time(next).map_err(ServiceError::internal)?,
        denied: denied
            .into_iter()
            .map(|(id2, since)| {
                Ok(DeniedIdentity { id2, since: time(since).map_err(ServiceError::internal)? })
            })
            .collect::<Result<_, ServiceError>>()?,
    };
    let body = serde_json::to_string(&list).map_err(ServiceError::internal)?;
    let signature =
        keys.service_key().sign(LABEL, body.as_bytes(), &mut SysRng).map_err(ServiceError::unavailable)?;
    let signed = format!("{body}\n{}\n", base16ct::lower::encode_string(&signature));
    if signed.len() as u64 > MAX_OCTETS {
        return Err(ServiceError::unavailable("the deny list would be longer than peers read"));
    }
    lists::store(tx.connection(), number, &signed, next).await?;
    let event = Event::new("deny list").with("number", number).with("entries", list.denied.len());
    tx.audit(event).await?;
    tx.publish_deny_list(number, signed.into_bytes());
    Ok(number)
}

/// Reads a published list and checks its signature.
///
/// # Errors
/// A text that says what is wrong.
pub fn open(octets: &[u8], signer: &ServicePublicKey) -> Result<DenyList, &'static str> {
    let text = core::str::from_utf8(octets).map_err(|_| "the deny list is not text")?;
    let (body, signature) = text.split_once('\n').ok_or("the deny list has no signature")?;
    let mut octets = [0; 64];
    let digits = signature.strip_suffix('\n').unwrap_or(signature);
    if base16ct::lower::decode(digits, &mut octets).map(<[u8]>::len) != Ok(64) {
        return Err("the signature is not 64 octets in hexadecimal");
    }
    if !signer.verify(LABEL, body.as_bytes(), &octets) {
        return Err("the deny list was not signed by this service");
    }
    crate::json::from_str(body).map_err(|_| "the deny list has another form")
}
