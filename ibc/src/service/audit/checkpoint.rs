//! Signed statements of where all chains end: whoever cuts the end off a chain, or writes a chain anew, contradicts
//! one of them.

use super::chain::Event;
use crate::service::error::ServiceError;
use crate::service::kms::{KeyDirectory, ServicePublicKey};
use crate::service::store::audit::{self, CheckpointRow};
use crate::service::store::{Change, WriteTransaction};
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the signature is for.
const LABEL: &str = "ibc audit checkpoint v1";

/// Checkpoints of one writer that are kept: with one every hour, half a year.
pub(super) const KEPT: u64 = 4096;

/// What is signed, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    writer: String,
    number: u64,
    at: u64,
    /// For each writer: the number of its last entry, and its hash.
    pub(super) heads: BTreeMap<String, (u64, String)>,
}

/// Signs where all chains end now.
#[derive(Debug)]
pub struct Checkpoint {
    /// With the key that signs.
    pub keys: Arc<KeyDirectory>,
}

impl Change for Checkpoint {
    /// Its number among those of this writer.
    type Output = u64;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<u64, ServiceError> {
        let (writer, at) = (String::from(tx.writer()), tx.now());
        let number = audit::last_checkpoint(tx.connection(), &writer).await? + 1;
        let heads = audit::heads(tx.connection()).await?;
        let statement = Statement {
            writer: writer.clone(),
            number,
            at: at.as_seconds(),
            heads: heads
                .into_iter()
                .map(|(writer, head)| (writer, (head.number, base16ct::lower::encode_string(&head.hash))))
                .collect(),
        };
        let heads = serde_json::to_string(&statement).map_err(ServiceError::internal)?;
        let signature = self
            .keys
            .service_key()
            .sign(LABEL, heads.as_bytes(), &mut SysRng)
            .map_err(ServiceError::unavailable)?
            .to_vec();
        let row = CheckpointRow { writer, number, at, heads, signature };
        audit::insert_checkpoint(tx.connection(), &row).await?;
        audit::forget_checkpoints(tx.connection(), &row.writer, number, KEPT).await?;
        tx.audit(Event::new("checkpoint").with("number", number).with("chains", statement.heads.len()))
            .await?;
        Ok(number)
    }
}

/// Checks the signature of a checkpoint and that it is the one its row says.
pub(super) fn open(row: &CheckpointRow, signer: &ServicePublicKey) -> Option<Statement> {
    let signature: [u8; 64] = row.signature.as_slice().try_into().ok()?;
    if !signer.verify(LABEL, row.heads.as_bytes(), &signature) {
        return None;
    }
    let statement: Statement = crate::json::from_str(&row.heads).ok()?;
    let is_its_own = statement.writer == row.writer
        && statement.number == row.number
        && UnixTime::from_seconds(statement.at) == row.at;
    is_its_own.then_some(statement)
}

/// Whether this service signed the checkpoint.
pub(crate) fn is_signed(row: &CheckpointRow, signer: &ServicePublicKey) -> bool {
    open(row, signer).is_some()
}
