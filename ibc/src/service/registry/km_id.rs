//! The KmID that a MAF assigns to a key it fetched from a MEF: TS-0003 clauses 8.8.2.3, 8.8.2.5 and 10.6.
//!
//! Relative parts are distinct without regard to case, and never given again: `assigned_name` keeps each.

use super::Registry;
use crate::service::audit::chain::Event;
use crate::service::error::{Kind, ServiceError, no_privilege};
use crate::service::sealed::{self, Record};
use crate::service::session::{Authenticated, Call};
use crate::service::store::administration::{self, Inserted};
use crate::service::store::{WriteTransaction, secrets};
use crate::service::{Function, limits};
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{CredentialId, KmId, hex_binary};
use rand_core::TryRng;
use zeroize::Zeroizing;

/// The KmID of the key that a session at a MAF was opened with, if that was a fetched one; assigned now if it has none.
pub(super) async fn assign(
    tx: &mut WriteTransaction<'_>,
    registry: &Registry,
    call: &Call,
) -> Result<Option<KmId>, ServiceError> {
    let (Function::Maf, Authenticated::KeId(ke_id)) =
        (registry.function, call.session.mutually_authenticated()?)
    else {
        return Ok(None);
    };
    let (ke_id, now) = (format!("{ke_id}"), tx.now());
    let fetched = secrets::fetched_key(tx.connection(), &ke_id, now).await?.ok_or_else(no_privilege)?;
    if fetched.assigned.is_some() {
        return Ok(fetched.assigned);
    }
    let km_id = new_km_id(tx, registry).await?;
    let credential = format!("{}", CredentialId::from(&km_id));
    let keys = &registry.core.keys;
    let km = sealed::open(keys, fetched.sealed.clone(), Record::FetchedKey(&ke_id)).await?;
    let record = Record::Credential(Function::Maf, &credential);
    let km = Zeroizing::new(km.expose().to_vec());
    let key = sealed::seal_key(keys, fetched.not_after, record, km).await?;
    let row = administration::NewCredential {
        id: &credential,
        function: Function::Maf,
        client: &fetched.client,
        not_after: fetched.not_after,
        key: &key,
    };
    match administration::insert_credential(tx.connection(), &row).await? {
        Inserted::Yes => {}
        Inserted::NameTaken => return Err(ServiceError::internal("a KmID that was new is in use")),
        Inserted::KeyTaken => {
            let client = &*fetched.client;
            tracing::error!(client, ke_id, "another client has the key that the MEF gave for this KeID");
            return Err(no_privilege());
        }
    }
    if !secrets::assign(tx.connection(), &ke_id, km_id.as_str()).await? {
        return Err(super::authorize::raced());
    }
    let event = Event::new("KmID assigned")
        .with("km_id", km_id.as_str())
        .with("ke_id", ke_id)
        .with("client", fetched.client.as_str())
        .with("end", fetched.not_after.as_seconds());
    tx.audit(event).await?;
    Ok(Some(km_id))
}

async fn new_km_id(tx: &mut WriteTransaction<'_>, registry: &Registry) -> Result<KmId, ServiceError> {
    for _ in 0..limits::DRAWS {
        let mut random = [0; 16];
        SysRng.try_fill_bytes(&mut random).map_err(ServiceError::unavailable)?;
        let km_id =
            KmId::new(&hex_binary::encode(&random), registry.fqdn.clone()).map_err(ServiceError::internal)?;
        if administration::assign_name(tx.connection(), Function::Maf.number(), km_id.relative()).await? {
            return Ok(km_id);
        }
    }
    Err(ServiceError::new(Kind::Internal, "internal error"))
}
