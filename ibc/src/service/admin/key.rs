//! Registered keys: a stakeholder may give them other values than their source did (clauses 8.3.5.2.7 and 8.8.2.7,
//! steps 6 and 7).

use super::{Admin, refused, written};
use crate::Function;
use crate::service::error::{Kind, ServiceError};
use crate::service::registry::labels as labels_of;
use crate::service::store::keys;
use eccsi_sakke::onem2m::{RelativeKeyId, SecurityUsage, TargetIds};

/// Other values of a registered key; `None` for those that stay.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    /// Who may retrieve it.
    pub targets: Option<Vec<String>>,
    /// Its labels.
    pub labels: Option<Vec<String>>,
    /// Its use. A key that was delivered stays what it was where it is.
    pub usage: Option<SecurityUsage>,
}

impl Admin {
    /// Replaces the targets of a registered key.
    ///
    /// # Errors
    /// As [`change_key`](Self::change_key).
    pub async fn change_targets(
        &self,
        function: Function,
        key: &RelativeKeyId,
        targets: &[String],
    ) -> Result<(), ServiceError> {
        let change = KeyChange { targets: Some(targets.to_vec()), ..KeyChange::default() };
        self.change_key(function, key, change).await
    }

    /// Gives a registered key other values. Policy is the stakeholder's own and not asked; what the use allows
    /// holds, and the source is no target.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for a key that is unknown or expired; [`Kind::ContentsUnacceptable`] for targets that its use
    /// does not have, and labels that are too many or too long.
    pub async fn change_key(
        &self,
        function: Function,
        key: &RelativeKeyId,
        change: KeyChange,
    ) -> Result<(), ServiceError> {
        let procedure = "admin key set";
        let (event, key) = (self.event(procedure), key.clone());
        self.act(procedure, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let row = keys::live(tx.connection(), function, &key, now).await?;
                let mut row = row.ok_or_else(|| refused(Kind::NotFound, "there is no such key"))?;
                let usage = change.usage.unwrap_or(row.usage);
                let is_there = match function {
                    Function::Mef => usage.is_registered_at_mef(),
                    Function::Maf => usage.is_registered_at_maf(),
                };
                if !is_there {
                    return Err(refused(
                        Kind::ContentsUnacceptable,
                        "keys of this use are not registered there",
                    ));
                }
                let targets = change.targets.as_ref().unwrap_or(&row.targets);
                let unfit =
                    |_| refused(Kind::ContentsUnacceptable, "the use of this key does not have such targets");
                let targets = TargetIds::parse(usage, targets).map_err(unfit)?;
                if targets.texts().any(|target| target == row.source) {
                    return Err(refused(Kind::ContentsUnacceptable, "the source is no target"));
                }
                (row.targets, row.usage) = (targets.texts().map(Into::into).collect(), usage);
                if let Some(labels) = change.labels {
                    row.labels = labels_of(&labels)?;
                }
                written(keys::update(tx.connection(), &row).await?)?;
                let event = event.with("function", function.as_str()).with("key", row.id.as_str());
                let event = event.with("targets", row.targets).with("suid", usage.to_u8());
                tx.audit(event.with("labels", row.labels)).await
            })
        })
        .await
    }
}
