//! The enrolment key Ke of a session, by which others may be given keys: TS-0003 clauses 8.3.2.1 and 10.3.1.
//!
//! Both ends export 48 octets under "EXPORTER-oneM2M-Bootstrap": RelativeKeID (16) and Ke (32). Ke ends with what the
//! client authenticated with, and no key that is derived from it lives longer (clause 10.7).

use super::Mef;
use crate::service::audit::chain::Event;
use crate::service::error::{Kind, ServiceError, unacceptable};
use crate::service::party::Party;
use crate::service::registry::authorize::latest_end;
use crate::service::sealed::{self, Record};
use crate::service::session::Call;
use crate::service::store::secrets::{self, SecretRow};
use crate::service::store::{Change, WriteTransaction};
use crate::service::{Function, limits};
use eccsi_sakke::onem2m::KeId;

/// What a session exports Ke under: TS-0003 clause 10.3.1.
pub const BOOTSTRAP: &str = "EXPORTER-oneM2M-Bootstrap";

impl Mef {
    /// Keeps Ke of this session for the identity of the call, and gives its KeID. The second time in a session it
    /// gives the same KeID again.
    ///
    /// # Errors
    /// [`Kind::ContentsUnacceptable`] for a session without an exporter, and beyond
    /// [`limits::ENROLMENT_KEYS`]; [`Kind::NoPrivilege`] for a MAF; and those of every procedure.
    pub async fn keep_enrolment_key(&self, call: &Call) -> Result<KeId, ServiceError> {
        let keep = Keep { mef: self.clone(), call: call.clone() };
        self.core.perform("keep enrolment key", call, Ok(keep)).await
    }
}

struct Keep {
    mef: Mef,
    call: Call,
}

impl Change for Keep {
    type Output = KeId;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<KeId, ServiceError> {
        let now = tx.now();
        let party = Party::find(tx, Function::Mef, &self.call).await?;
        let entity = party.entity()?.as_str();
        let exported = self.call.session.export(BOOTSTRAP)?;
        let ke_id = KeId::new(exported.id, self.mef.fqdn.clone()).map_err(ServiceError::internal)?;
        let text = format!("{ke_id}");
        if let Some(kept) = secrets::enrolment_key(tx.connection(), &text, now).await? {
            let is_own = kept.client == party.client && kept.entity == entity;
            return if is_own { Ok(ke_id) } else { Err(taken()) };
        }
        if secrets::enrolment_keys(tx.connection(), &party.client).await? >= limits::ENROLMENT_KEYS {
            return Err(unacceptable("too many enrolment keys"));
        }
        let not_after = latest_end(now, [limits::KEY_LIFETIME_MAX], party.not_after);
        let record = Record::EnrolmentKey(&text);
        let sealed = sealed::seal(&self.mef.core.keys, not_after, record, exported.key).await?;
        let row = SecretRow {
            client: party.client.clone(),
            entity: entity.into(),
            not_after,
            assigned: None,
            sealed,
        };
        if !secrets::insert_enrolment_key(tx.connection(), &text, &row).await? {
            return Err(taken());
        }
        let event = Event::new("enrolment key kept")
            .with("ke_id", text)
            .with("client", row.client)
            .with("entity", row.entity)
            .with("requester", party.credential);
        tx.audit(event).await?;
        Ok(ke_id)
    }
}

fn taken() -> ServiceError {
    ServiceError::new(Kind::Conflict, "this session has an enrolment key for another identity")
}
