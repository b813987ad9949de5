//! Who asks: the client behind a session, as the store knows it now, and the identity it asks in.

pub use super::bound::Bound;

use super::Function;
use super::error::{Kind, ServiceError, no_privilege};
use super::session::{Authenticated, Call, Session};
use super::store::WriteTransaction;
use super::store::clients;
use eccsi_sakke::onem2m::{EntityId, EntityName, Fqdn, UnixTime};
use sqlx::AnyConnection;

/// The client that asks.
#[derive(Clone, Debug)]
pub struct Party {
    /// Its name in the store.
    pub client: String,
    /// The identity it asks in: X-M2M-Origin, expanded.
    pub identity: Bound,
    /// All that it may ask in.
    pub identities: Vec<Bound>,
    /// The end of what it authenticated with, and of the client itself.
    pub not_after: UnixTime,
    /// What it authenticated with, as text for the audit log.
    pub credential: String,
}

impl Party {
    /// Finds the client of a call, as it stands in the store now.
    ///
    /// # Errors
    /// [`Kind::SecurityAssociationRequired`]; [`Kind::NoPrivilege`] for a client or credential that is disabled,
    /// removed or expired; [`Kind::OriginatorNotAuthenticated`] unless `origin` is exactly one identity of it.
    pub(super) async fn find(
        tx: &mut WriteTransaction<'_>,
        function: Function,
        call: &Call,
    ) -> Result<Self, ServiceError> {
        let now = tx.now();
        Self::find_at(tx.connection(), now, function, call).await
    }

    /// The same where nothing is written.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub(super) async fn find_at(
        connection: &mut AnyConnection,
        now: UnixTime,
        function: Function,
        call: &Call,
    ) -> Result<Self, ServiceError> {
        let (client, credential, not_after) =
            Self::client(&mut *connection, now, function, &call.session).await?;
        let identities = clients::identities(connection, &client).await?;
        let identity = Self::identity(&identities, &call.origin)?;
        Ok(Self { client, identity, identities, not_after, credential })
    }

    /// The client behind a session, what it authenticated with, and the end of both.
    ///
    /// # Errors
    /// [`Kind::SecurityAssociationRequired`]; [`Kind::NoPrivilege`] as for [`find`](Self::find).
    pub(super) async fn client(
        connection: &mut AnyConnection,
        now: UnixTime,
        function: Function,
        session: &Session,
    ) -> Result<(String, String, UnixTime), ServiceError> {
        let authenticated = session.mutually_authenticated()?;
        let (client, credential, end) = match authenticated {
            // A KeID stands for a key that a MEF gave to a MAF.
            Authenticated::KeId(_) if function == Function::Mef => return Err(no_privilege()),
            Authenticated::Credential(id) => {
                let text = format!("{id}");
                let row =
                    clients::credential(&mut *connection, function, &text).await?.ok_or_else(no_privilege)?;
                (row.client, text, row.not_after)
            }
            Authenticated::Operator { operator, client } => {
                (client.clone(), format!("operator {operator}"), UnixTime::from_seconds(u64::MAX))
            }
            Authenticated::KeId(id) => {
                let text = format!("{id}");
                let row = clients::fetched(&mut *connection, &text).await?.ok_or_else(no_privilege)?;
                (row.client, text, row.not_after)
            }
        };
        let row = clients::client(connection, &client).await?.ok_or_else(no_privilege)?;
        let not_after = end.min(row.not_after);
        if !row.enabled || now >= not_after {
            return Err(no_privilege());
        }
        Ok((client, credential, not_after))
    }

    fn identity(identities: &[Bound], origin: &str) -> Result<Bound, ServiceError> {
        let mut named = identities.iter().filter(|identity| identity.is_named_by(origin));
        match (named.next(), named.next()) {
            (Some(one), None) => Ok(one.clone()),
            _ => Err(ServiceError::new(
                Kind::OriginatorNotAuthenticated,
                "the originator is no identity of this session",
            )),
        }
    }

    /// The entity it asks as.
    ///
    /// # Errors
    /// [`Kind::NoPrivilege`] for a MAF.
    pub fn entity(&self) -> Result<&EntityId, ServiceError> {
        match &self.identity {
            Bound::Entity(entity) => Ok(entity),
            Bound::Maf(_) => Err(no_privilege()),
        }
    }

    /// The identity of this party that `name` stands for.
    pub fn owns(&self, name: &EntityName, provider: &Fqdn) -> Option<&EntityId> {
        let absolute = name.to_absolute(provider).ok()?;
        self.identities.iter().find_map(|identity| match identity {
            Bound::Entity(entity) if entity.as_str() == absolute.as_str() => Some(entity),
            _ => None,
        })
    }
}
