//! Registered keys: stakeholders may change who their targets are (clauses 8.3.5.2.7 and 8.8.2.7, step 7).

use super::{Admin, refused, written};
use crate::Function;
use crate::service::error::{Kind, ServiceError};
use crate::service::store::keys;
use eccsi_sakke::onem2m::{RelativeKeyId, SecurityUsage, TargetIds};

impl Admin {
    /// Replaces the targets of a registered key. Policy is the stakeholder's own and not asked; what the use allows
    /// holds, and the source is no target.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for a key that is unknown or expired; [`Kind::ContentsUnacceptable`] for targets that its use
    /// does not have.
    pub async fn change_targets(
        &self,
        function: Function,
        key: &RelativeKeyId,
        targets: &[String],
    ) -> Result<(), ServiceError> {
        let procedure = "admin key targets";
        let (event, key, targets) = (self.event(procedure), key.clone(), targets.to_vec());
        self.act(procedure, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let row = keys::live(tx.connection(), function, key.as_str(), now).await?;
                let mut row = row.ok_or_else(|| refused(Kind::NotFound, "there is no such key"))?;
                let usage = u8::try_from(row.suid).map_err(ServiceError::internal)?;
                let usage = SecurityUsage::from_u8(usage).map_err(ServiceError::internal)?;
                let unfit =
                    |_| refused(Kind::ContentsUnacceptable, "the use of this key does not have such targets");
                let targets = TargetIds::parse(usage, &targets).map_err(unfit)?;
                if targets.texts().any(|target| target == row.source) {
                    return Err(refused(Kind::ContentsUnacceptable, "the source is no target"));
                }
                let texts: Vec<&str> = targets.texts().collect();
                row.targets = serde_json::to_string(&texts).map_err(ServiceError::internal)?;
                written(keys::update(tx.connection(), &row).await?)?;
                let event = event.with("function", function.as_str()).with("key", row.rkid);
                tx.audit(event.with("targets", texts)).await
            })
        })
        .await
    }
}
