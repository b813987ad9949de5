//! What there is: stakeholders, clients, policy, Kpsa; credentials that were issued, registrations, keys, standing commands.
//! Filters, and pages.

use super::Admin;
use crate::Function;
use crate::service::error::ServiceError;
use crate::service::store::listed::{self as rows, Wanted};
use eccsi_sakke::onem2m::{EntityName, Fqdn, SecurityUsage, UnixTime};

/// What a list is to have; `None` for all.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Of this client.
    pub client: Option<String>,
    /// With this in their name, in whatever case; of clients also in their label.
    pub name: Option<String>,
    /// Of this entity, absolute. Of keys: the source, or a target. Of clients: bound to them.
    pub entity: Option<EntityName>,
    /// Under this stakeholder. Of clients: admitted there. Of Kpsa: issued by it.
    pub stakeholder: Option<Fqdn>,
    /// At this function. Of clients: admitted there.
    pub function: Option<Function>,
    /// Keys, or rows of policy, of this use.
    pub usage: Option<SecurityUsage>,
    /// Credentials in this state.
    pub state: Option<State>,
    /// Issued or made at this time or later.
    pub since: Option<UnixTime>,
    /// Issued or made before this time.
    pub before: Option<UnixTime>,
    /// Behind the last one of the page before: its ID_2, identifier, RelativeKeyID or name; of policy, its
    /// [`PolicyKey`](super::PolicyKey) as text.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// Everything, in pages of a hundred.
impl Default for Filter {
    fn default() -> Self {
        Self {
            client: None,
            name: None,
            entity: None,
            stakeholder: None,
            function: None,
            usage: None,
            state: None,
            since: None,
            before: None,
            after: None,
            limit: 100,
        }
    }
}

/// The state of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Neither denied nor expired.
    Live,
    /// On the deny list, or was until it expired.
    Denied,
    /// Past its end.
    Expired,
}

impl Filter {
    pub(super) fn wanted(&self) -> Wanted {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Wanted {
            client: text(self.client.as_deref()),
            name: text(self.name.as_deref()).to_ascii_lowercase(),
            entity: text(self.entity.as_ref().map(EntityName::as_str)),
            stakeholder: text(self.stakeholder.as_ref().map(Fqdn::as_str)),
            function: self.function.map_or(0, Function::number),
            suid: self.usage.map_or(0, |usage| i64::from(usage.to_u8())),
            since: self.since.unwrap_or(UnixTime::EPOCH),
            before: self.before.unwrap_or(UnixTime::from_seconds(i64::MAX.unsigned_abs())),
            after: text(self.after.as_deref()),
            limit: i64::from(self.limit),
        }
    }
}

/// A credential of IBC that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedIdentity {
    /// Its ID_2.
    pub id_2: String,
    /// Its CSE or AE.
    pub entity: String,
    /// For which client.
    pub client: String,
    /// With what it authenticated, or the operator.
    pub requester: String,
    /// Tag of the KPAK.
    pub kpak_tag: String,
    /// When.
    pub issued: UnixTime,
    /// Its end.
    pub not_after: UnixTime,
    /// Since when it is denied, and why.
    pub denied: Option<(UnixTime, String)>,
}

/// A registration that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRegistration {
    /// MEFClientRegID or MAFClientRegID.
    pub id: String,
    /// Where.
    pub function: Option<Function>,
    /// Whose.
    pub client: String,
    /// Under whom.
    pub stakeholder: String,
    /// As which entity.
    pub entity: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// The KmID that it was assigned.
    pub km_id: Option<String>,
    /// When it was made.
    pub created: UnixTime,
    /// Its end.
    pub not_after: UnixTime,
    /// Keys registered under it.
    pub keys: u64,
    /// Commands that wait or are issued.
    pub commands: u64,
}

/// A registered key, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// RelativeKeyID.
    pub id: String,
    /// Where.
    pub function: Option<Function>,
    /// Under which registration.
    pub registration: String,
    /// Whose.
    pub client: String,
    /// Its source.
    pub source: String,
    /// Under whom.
    pub stakeholder: String,
    /// SUID.
    pub suid: u8,
    /// Who may retrieve it.
    pub targets: Vec<String>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Its end.
    pub not_after: UnixTime,
}

/// A command that registrations begin with.
#[derive(Clone, Debug, PartialEq)]
pub struct StandingCommand {
    /// Under which stakeholder.
    pub stakeholder: String,
    /// Of which client; `None` for all.
    pub client: Option<String>,
    /// Their order.
    pub number: u64,
    /// cmdClassID.
    pub class: u16,
    /// cmdArgs.
    pub arguments: serde_json::Value,
    /// targetID.
    pub target: Option<String>,
}

impl Admin {
    /// The credentials that were issued, in the order of their ID_2.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](crate::service::error::Kind::Unavailable) if the store cannot be read.
    pub async fn issued(&self, filter: &Filter) -> Result<Vec<IssuedIdentity>, ServiceError> {
        let state = match filter.state {
            None => 0,
            Some(State::Live) => 1,
            Some(State::Denied) => 2,
            Some(State::Expired) => 3,
        };
        let now = self.core.store.reads().now();
        let rows = rows::identities(&mut *self.read().await?, &filter.wanted(), (state, now)).await?;
        let open = |row: rows::IdentityRow| IssuedIdentity {
            id_2: row.id_2,
            entity: row.entity,
            client: row.client,
            requester: row.requester,
            kpak_tag: row.kpak_tag,
            issued: row.issued,
            not_after: row.not_after,
            denied: row.denied,
        };
        Ok(rows.into_iter().map(open).collect())
    }

    /// The registrations that live, in the order of their identifiers.
    ///
    /// # Errors
    /// As [`issued`](Self::issued).
    pub async fn registrations(&self, filter: &Filter) -> Result<Vec<ListedRegistration>, ServiceError> {
        let now = self.core.store.reads().now();
        let rows = rows::registrations(&mut *self.read().await?, &filter.wanted(), now).await?;
        let open = |row: rows::RegistrationRow| {
            Ok(ListedRegistration {
                id: row.id,
                function: Function::from_number(row.function),
                client: row.client,
                stakeholder: row.stakeholder,
                entity: row.entity,
                labels: row.labels,
                km_id: row.assigned,
                created: row.created,
                not_after: row.not_after,
                keys: row.keys.unsigned_abs(),
                commands: row.commands.unsigned_abs(),
            })
        };
        rows.into_iter().map(open).collect()
    }

    /// The keys that live, in the order of their RelativeKeyIDs.
    ///
    /// # Errors
    /// As [`issued`](Self::issued).
    pub async fn keys(&self, filter: &Filter) -> Result<Vec<ListedKey>, ServiceError> {
        let now = self.core.store.reads().now();
        let rows = rows::keys(&mut *self.read().await?, &filter.wanted(), now).await?;
        let open = |row: rows::KeyRow| {
            Ok(ListedKey {
                id: row.rkid,
                function: Function::from_number(row.function),
                registration: row.registration,
                client: row.client,
                source: row.source,
                stakeholder: row.stakeholder,
                suid: u8::try_from(row.suid).map_err(ServiceError::internal)?,
                targets: row.targets,
                labels: row.labels,
                not_after: row.not_after,
            })
        };
        rows.into_iter().map(open).collect()
    }

    /// What registrations at the MEF begin with: of all stakeholders, or of one.
    ///
    /// # Errors
    /// As [`issued`](Self::issued).
    pub async fn standing_commands(
        &self,
        stakeholder: Option<&Fqdn>,
    ) -> Result<Vec<StandingCommand>, ServiceError> {
        let stakeholder = stakeholder.map_or("", Fqdn::as_str);
        let rows = rows::standing(&mut *self.read().await?, stakeholder).await?;
        let open = |row: rows::StandingRow| {
            Ok(StandingCommand {
                stakeholder: row.stakeholder,
                client: row.client,
                number: row.number.unsigned_abs(),
                class: row.command.class,
                arguments: serde_json::to_value(&row.command.arguments).map_err(ServiceError::internal)?,
                target: row.command.target,
            })
        };
        rows.into_iter().map(open).collect()
    }
}
