//! Kpsa: a key that two entities have in common from an administrator (TS-0003 clause 8.2.2.1, KpsaID clause 10.5).

use super::credential::check_key;
use super::{Admin, Filter, check_version, refused, stakeholder, written};
use crate::service::Core;
use crate::service::error::{Kind, ServiceError, bad_request};
use crate::service::kms::SecretOctets;
use crate::service::sealed::{self, Record};
use crate::service::store::administration::{self as rows, PsaRow};
use crate::service::store::{identities, listed};
use eccsi_sakke::onem2m::{EntityId, KpsaId, UnixTime};
use sqlx::AnyConnection;
use zeroize::Zeroizing;

/// A Kpsa to be issued.
pub struct NewPsa {
    /// KpsaID. No two differ in case only.
    pub id: KpsaId,
    /// The two entities, in absolute form.
    pub entities: [EntityId; 2],
    /// Its end.
    pub not_after: UnixTime,
    /// 16 to 64 octets.
    pub key: Zeroizing<Vec<u8>>,
}

crate::redacted::redacted_debug!(NewPsa);

/// A Kpsa as `show` gives it: without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Psa {
    /// KpsaID.
    pub id: String,
    /// The two entities.
    pub entities: [String; 2],
    /// A disabled one is refused.
    pub enabled: bool,
    /// Its end.
    pub not_after: UnixTime,
    /// Counts changes.
    pub version: u64,
}

fn open(row: PsaRow) -> Psa {
    Psa {
        id: row.id,
        entities: [row.a, row.b],
        enabled: row.enabled,
        not_after: row.not_after,
        version: row.version.unsigned_abs(),
    }
}

async fn find(connection: &mut AnyConnection, id: &str) -> Result<PsaRow, ServiceError> {
    let missing = || refused(Kind::NotFound, "there is no such Kpsa: see them with list");
    rows::psa(connection, id).await?.ok_or_else(missing)
}

impl Admin {
    /// Issues a Kpsa.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] unless there are two entities in absolute form; [`Kind::NotFound`] if the Issuer-FQDN of the KpsaID
    /// is no stakeholder (clause 10.5); [`Kind::ContentsUnacceptable`] for an end
    /// that has passed, or a key of another length; [`Kind::Conflict`] if the KpsaID was given before, in whatever
    /// case, or an entity's name is known as the other kind.
    pub async fn add_psa(&self, new: NewPsa) -> Result<(), ServiceError> {
        let procedure = "admin psa add";
        let id = format!("{}", new.id);
        let sealed = match self.check_psa(&new) {
            Ok(()) => sealed::seal(&self.core.keys, new.not_after, Record::Psa(&id), new.key.clone()).await,
            Err(error) => Err(error),
        };
        let columns = self.audited(procedure, sealed).await?;
        let event = self.event(procedure);
        self.act(procedure, move |tx| {
            Box::pin(async move {
                if new.not_after <= tx.now() {
                    return Err(refused(Kind::ContentsUnacceptable, "the end has passed"));
                }
                stakeholder::check(tx.connection(), new.id.fqdn().as_str()).await?;
                for entity in &new.entities {
                    identities::claim_kind(tx.connection(), entity).await?;
                }
                let [a, b] = new.entities.each_ref().map(|entity| String::from(entity.as_str()));
                let row = PsaRow { id, a, b, enabled: true, not_after: new.not_after, version: 1 };
                if !rows::assign_name(tx.connection(), rows::PSA_NAMES, &row.id).await?
                    || !rows::insert_psa(tx.connection(), &row, &columns).await?
                {
                    return Err(refused(
                        Kind::Conflict,
                        "this KpsaID was given before: choose another relative part",
                    ));
                }
                let event = event.with("psa", row.id).with("a", row.a).with("b", row.b);
                tx.audit(event.with("end", new.not_after.as_seconds())).await
            })
        })
        .await
    }

    fn check_psa(&self, new: &NewPsa) -> Result<(), ServiceError> {
        let [a, b] = &new.entities;
        if !a.is_absolute() || !b.is_absolute() {
            return Err(bad_request("the entities are given in absolute form: //PROVIDER/…"));
        }
        if a.as_str() == b.as_str() {
            return Err(bad_request("a Kpsa is for two entities, not twice the same"));
        }
        check_key(&new.key, self.lab)
    }

    /// A Kpsa, without its key.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; [`Kind::Unavailable`] if the store cannot be read.
    pub async fn psa(&self, id: &KpsaId) -> Result<Psa, ServiceError> {
        find(&mut *self.read().await?, &format!("{id}")).await.map(open)
    }

    /// Kpsa without their keys, in the order of their KpsaIDs.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] if the store cannot be read.
    pub async fn psas(&self, filter: &Filter) -> Result<Vec<Psa>, ServiceError> {
        let all = listed::psas(&mut *self.read().await?, &filter.wanted()).await?;
        Ok(all.into_iter().map(open).collect())
    }

    /// Disables a Kpsa, or enables it again.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; [`Kind::Conflict`] if `version` is not the present one.
    pub async fn enable_psa(
        &self,
        id: &KpsaId,
        enabled: bool,
        version: Option<u64>,
    ) -> Result<(), ServiceError> {
        let procedure = if enabled { "admin psa enable" } else { "admin psa disable" };
        let (event, id) = (self.event(procedure), format!("{id}"));
        self.act(procedure, move |tx| {
            Box::pin(async move {
                let row = find(tx.connection(), &id).await?;
                check_version(version, row.version)?;
                written(rows::enable_psa(tx.connection(), &id, enabled, row.version).await?)?;
                tx.audit(event.with("psa", id)).await
            })
        })
        .await
    }

    /// Removes a Kpsa with its key. Its name is not given again.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; [`Kind::Conflict`] if `version` is not the present one.
    pub async fn remove_psa(&self, id: &KpsaId, version: Option<u64>) -> Result<(), ServiceError> {
        let (event, id) = (self.event("admin psa remove"), format!("{id}"));
        self.act("admin psa remove", move |tx| {
            Box::pin(async move {
                let row = find(tx.connection(), &id).await?;
                check_version(version, row.version)?;
                written(rows::remove_psa(tx.connection(), &id, row.version).await?)?;
                tx.audit(event.with("psa", id)).await
            })
        })
        .await
    }
}

impl Core {
    /// A Kpsa, for whom it belongs to: none if it is unknown, disabled or has ended.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] if store or keys cannot be read.
    pub async fn psa_key(&self, id: &KpsaId) -> Result<Option<SecretOctets>, ServiceError> {
        let id = format!("{id}");
        let mut connection = self.store.reads().pool().acquire().await?;
        let columns = rows::psa_key(&mut connection, &id, self.store.reads().now()).await?;
        drop(connection);
        match columns {
            Some(columns) => sealed::open(&self.keys, columns, Record::Psa(&id)).await.map(Some),
            None => Ok(None),
        }
    }
}
