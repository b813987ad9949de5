//! Denying what was issued, before it expires.

use super::client::find;
use super::{Admin, refused, written};
use crate::service::deny_list::{self, Denial};
use crate::service::error::{Kind, ServiceError};
use crate::service::store::administration as rows;
use crate::service::store::{WriteTransaction, identities};
use eccsi_sakke::onem2m::{ExpiringIdentity, UnixTime};
use std::sync::Arc;

/// What is denied.
#[derive(Clone, Debug)]
pub enum Whom {
    /// One credential.
    Identity {
        /// Its ID_2.
        id_2: ExpiringIdentity,
        /// Also if the store does not know it: one that a loss of the database took, or one spelt wrongly.
        even_unknown: bool,
    },
    /// All live credentials of a client.
    Client(String),
}

/// What a denial came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Denied by this, in order.
    pub denied: Vec<String>,
    /// The deny list that has them.
    pub deny_list: u64,
    /// The client whose they are, if the store knows it, and whether it may get others.
    pub client: Option<(String, bool)>,
    /// What this client still has that is valid.
    pub still_live: Vec<String>,
}

impl Admin {
    /// Denies a credential, or all of a client, and publishes the list. With `disable_client` the client is refused
    /// everything as well: if not, whoever has its key can get another credential at once.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for an ID_2 that was never issued here, unless that is said to be meant, and for a client that
    /// is not there; [`Kind::ContentsUnacceptable`] for an ID_2 that has expired; [`Kind::Conflict`] if this is no MEF.
    pub async fn deny(&self, whom: Whom, reason: &str, disable_client: bool) -> Result<Denied, ServiceError> {
        let procedure = "admin deny";
        let (keys, operator, reason) =
            (Arc::clone(&self.core.keys), self.operator.clone(), reason.to_owned());
        let (fqdn, disabling) = (self.mef.clone(), self.event("admin client disable"));
        self.act(procedure, move |tx| {
            Box::pin(async move {
                let fqdn = fqdn.ok_or_else(|| refused(Kind::Conflict, "this is no MEF: it denies nobody"))?;
                let now = tx.now();
                let (client, wanted) = select(tx, whom, now).await?;
                let mut denied = Vec::new();
                for (id_2, end) in wanted {
                    let operator = Some(operator.as_str());
                    let denial = Denial { id_2: &id_2, end, since: now, reason: &reason, operator };
                    if deny_list::deny(tx, denial).await? {
                        denied.push(id_2);
                    }
                }
                let mut known = None;
                if let Some(client) = client
                    && let Some(mut row) = rows::client(tx.connection(), &client).await?
                {
                    if disable_client && row.enabled {
                        row.enabled = false;
                        written(rows::update_client(tx.connection(), &row).await?)?;
                        tx.audit(disabling.with("client", client.as_str())).await?;
                    }
                    known = Some((client, row.enabled));
                } else if disable_client {
                    return Err(refused(
                        Kind::NotFound,
                        "the store knows no client of this ID_2: nothing was denied",
                    ));
                }
                let mut still_live = Vec::new();
                if let Some((client, _)) = &known {
                    let live = rows::live_of_client(tx.connection(), client, now).await?;
                    still_live.extend(live.into_iter().map(|(id_2, _)| id_2));
                }
                let deny_list = deny_list::publish(tx, &fqdn, &keys).await?;
                Ok(Denied { denied, deny_list, client: known, still_live })
            })
        })
        .await
    }
}

/// The client, and what is to be denied with its end.
async fn select(
    tx: &mut WriteTransaction<'_>,
    whom: Whom,
    now: UnixTime,
) -> Result<(Option<String>, Vec<(String, UnixTime)>), ServiceError> {
    match whom {
        Whom::Client(client) => {
            find(tx.connection(), &client).await?;
            let live = rows::live_of_client(tx.connection(), &client, now).await?;
            Ok((Some(client), live))
        }
        Whom::Identity { id_2, even_unknown } => {
            if !id_2.is_live(now) {
                return Err(refused(
                    Kind::ContentsUnacceptable,
                    "this ID_2 has expired: nobody accepts it any more",
                ));
            }
            let row = identities::issued(tx.connection(), id_2.as_str()).await?;
            if row.is_none() && !even_unknown {
                return Err(refused(
                    Kind::NotFound,
                    "this ID_2 was never issued here: compare it (ibc mef list); --force denies it all the same",
                ));
            }
            let end = id_2.expiration().to_unix();
            Ok((row.map(|row| row.client), Vec::from([(id_2.as_str().to_owned(), end)])))
        }
    }
}
