//! Clients: nodes and MAFs that authenticate here.

use super::credential::{self, Credential, NewCredential};
use super::{Admin, Filter, check_version, refused, stakeholder, written};
use crate::Function;
use crate::service::audit::chain::Event;
use crate::service::deny_list::{self, Denial};
use crate::service::error::{Kind, ServiceError, bad_request};
use crate::service::limits::LABEL_BYTES;
use crate::service::party::Bound;
use crate::service::sealed::SealedKey;
use crate::service::store::administration::{self as rows, ClientRecord};
use crate::service::store::{WriteTransaction, clients, identities, listed};
use eccsi_sakke::onem2m::{CredentialId, Fqdn, UnixTime};
use sqlx::AnyConnection;
use std::sync::Arc;

/// Octets of a client's name.
const NAME: usize = 64;

/// A client, as `show` gives it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name in the store.
    pub id: String,
    /// For people.
    pub label: String,
    /// A disabled one is refused everything.
    pub enabled: bool,
    /// From then on as if disabled.
    pub not_after: UnixTime,
    /// Counts changes.
    pub version: u64,
    /// The names it may act in.
    pub identities: Vec<Bound>,
    /// Where, and under whom, it may register.
    pub admissions: Vec<(Function, String)>,
    /// What it authenticates with.
    pub credentials: Vec<Credential>,
}

/// One change of a client.
#[derive(Debug)]
pub enum ClientChange {
    /// Disables it, or enables it again.
    Enable(bool),
    /// Another label.
    Label(String),
    /// Another end.
    End(UnixTime),
    /// Binds a CSE, an AE or a MAF to it.
    Bind(Bound),
    /// Takes an identity from it.
    Unbind(Bound),
    /// Lets it register at a function under a stakeholder.
    Admit(Function, Fqdn),
    /// Takes that back.
    Dismiss(Function, Fqdn),
    /// Binds a credential.
    AddCredential(NewCredential),
    /// Disables a credential, or enables it again.
    EnableCredential(Function, CredentialId, bool),
    /// Removes a credential.
    RemoveCredential(Function, CredentialId),
}

impl ClientChange {
    const fn procedure(&self) -> &'static str {
        match self {
            Self::Enable(true) => "admin client enable",
            Self::Enable(false) => "admin client disable",
            Self::Label(_) => "admin client label",
            Self::End(_) => "admin client end",
            Self::Bind(_) => "admin client bind",
            Self::Unbind(_) => "admin client unbind",
            Self::Admit(..) => "admin client admit",
            Self::Dismiss(..) => "admin client dismiss",
            Self::AddCredential(_) => "admin credential add",
            Self::EnableCredential(_, _, true) => "admin credential enable",
            Self::EnableCredential(_, _, false) => "admin credential disable",
            Self::RemoveCredential(..) => "admin credential remove",
        }
    }
}

/// What removing a client came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Identities that were denied with it.
    pub denied: Vec<String>,
    /// The deny list that has them, if there were any.
    pub deny_list: Option<u64>,
}

/// A client's name: 1 to 64 letters, digits, `.`, `_` and `-`.
fn check_name(id: &str) -> Result<(), ServiceError> {
    let plain = id.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"._-".contains(&octet));
    if plain && (1..=NAME).contains(&id.len()) {
        Ok(())
    } else {
        Err(bad_request("the name of a client has 1 to 64 letters, digits, '.', '_' and '-'"))
    }
}

fn check_label(label: &str) -> Result<(), ServiceError> {
    if label.len() <= LABEL_BYTES && !label.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(bad_request("a label has at most 64 octets and no control characters"))
    }
}

pub(super) async fn find(connection: &mut AnyConnection, id: &str) -> Result<ClientRecord, ServiceError> {
    let found = rows::client(connection, id).await?;
    found.ok_or_else(|| refused(Kind::NotFound, "there is no such client: add it first"))
}

impl Admin {
    /// Adds a client that has nothing yet.
    ///
    /// # Errors
    /// As [`add_client_with`](Self::add_client_with).
    pub async fn add_client(&self, id: &str, label: &str, not_after: UnixTime) -> Result<(), ServiceError> {
        self.add_client_with(id, label, not_after, Vec::new()).await
    }

    /// Adds a client with all that it is to have, or does not add it.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] for a name or label of another form; [`Kind::ContentsUnacceptable`] for an end that
    /// has passed; [`Kind::Conflict`] if the name is taken; those of a change.
    pub async fn add_client_with(
        &self,
        id: &str,
        label: &str,
        not_after: UnixTime,
        changes: Vec<ClientChange>,
    ) -> Result<(), ServiceError> {
        let procedure = "admin client add";
        self.audited(procedure, check_name(id).and_then(|()| check_label(label))).await?;
        let changes = self.prepare(id, changes).await?;
        let (event, id, label) = (self.event(procedure), id.to_owned(), label.to_owned());
        self.act(procedure, move |tx| {
            Box::pin(async move {
                check_end(not_after, tx.now())?;
                if !rows::insert_client(tx.connection(), &id, &label, not_after).await? {
                    return Err(refused(Kind::Conflict, "this client is there already"));
                }
                let event = event.with("client", id.as_str()).with("label", label);
                tx.audit(event.with("end", not_after.as_seconds())).await?;
                apply_all(tx, &id, None, changes).await
            })
        })
        .await
    }

    /// Changes a client.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is no such client, or not what is to be taken from it; [`Kind::Conflict`] if
    /// `version` is not the present one, a name is bound to another client, or is known as the other kind of
    /// entity, or a Credential-ID is taken; [`Kind::BadRequest`], [`Kind::ContentsUnacceptable`] for what the new
    /// value may not be.
    pub async fn change_client(
        &self,
        id: &str,
        version: Option<u64>,
        change: ClientChange,
    ) -> Result<(), ServiceError> {
        self.change_client_by(id, version, Vec::from([change])).await
    }

    /// Makes all these changes, in this order, or none.
    ///
    /// # Errors
    /// As [`change_client`](Self::change_client).
    pub async fn change_client_by(
        &self,
        id: &str,
        version: Option<u64>,
        changes: Vec<ClientChange>,
    ) -> Result<(), ServiceError> {
        let procedure = changes.first().map_or("admin client set", ClientChange::procedure);
        let (id, changes) = (id.to_owned(), self.prepare(id, changes).await?);
        self.act(procedure, move |tx| Box::pin(async move { apply_all(tx, &id, version, changes).await }))
            .await
    }

    /// Checks what can be checked before, and seals keys.
    async fn prepare(&self, client: &str, changes: Vec<ClientChange>) -> Result<Vec<Prepared>, ServiceError> {
        let mut all = Vec::new();
        for change in changes {
            let procedure = change.procedure();
            let key = match &change {
                ClientChange::AddCredential(new) => self.seal_credential(new).await,
                ClientChange::Label(label) => check_label(label).map(|()| SealedKey::default()),
                _ => Ok(SealedKey::default()),
            };
            let key = self.audited(procedure, key).await?;
            all.push(Prepared { event: self.event(procedure).with("client", client), change, key });
        }
        Ok(all)
    }

    /// A client with all that hangs on it.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; [`Kind::Unavailable`] if the store cannot be read.
    pub async fn client(&self, id: &str) -> Result<Client, ServiceError> {
        let mut connection = self.read().await?;
        let row = find(&mut connection, id).await?;
        complete(&mut connection, row).await
    }

    /// Clients, in the order of their names.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] if the store cannot be read.
    pub async fn clients(&self, filter: &Filter) -> Result<Vec<Client>, ServiceError> {
        let mut connection = self.read().await?;
        let mut all = Vec::new();
        for row in listed::clients(&mut connection, &filter.wanted()).await? {
            all.push(complete(&mut connection, row).await?);
        }
        Ok(all)
    }

    /// Removes a client with its registrations, keys and policy, and denies what it was issued and still lives.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; [`Kind::Conflict`] if `version` is not the present one.
    pub async fn remove_client(&self, id: &str, version: Option<u64>) -> Result<Removed, ServiceError> {
        let (event, id) = (self.event("admin client remove").with("client", id), id.to_owned());
        let (keys, fqdn, operator) = (Arc::clone(&self.core.keys), self.mef.clone(), self.operator.clone());
        self.act("admin client remove", move |tx| {
            Box::pin(async move {
                let row = find(tx.connection(), &id).await?;
                check_version(version, row.version)?;
                let now = tx.now();
                let live = rows::live_of_client(tx.connection(), &id, now).await?;
                written(rows::remove_client(tx.connection(), &id, row.version).await?)?;
                tx.audit(event.with("denied", live.len())).await?;
                let mut denied = Vec::new();
                for (id_2, end) in live {
                    let operator = Some(operator.as_str());
                    let denial = Denial { id_2: &id_2, end, since: now, reason: "client removed", operator };
                    if deny_list::deny(tx, denial).await? {
                        denied.push(id_2);
                    }
                }
                let deny_list = match fqdn {
                    Some(fqdn) if !denied.is_empty() => Some(deny_list::publish(tx, &fqdn, &keys).await?),
                    _ => None,
                };
                Ok(Removed { denied, deny_list })
            })
        })
        .await
    }
}

fn check_end(not_after: UnixTime, now: UnixTime) -> Result<(), ServiceError> {
    if now < not_after { Ok(()) } else { Err(refused(Kind::ContentsUnacceptable, "the end has passed")) }
}

async fn complete(connection: &mut AnyConnection, row: ClientRecord) -> Result<Client, ServiceError> {
    let admissions = rows::admissions(connection, &row.id).await?;
    let credentials = rows::credentials(connection, &row.id).await?;
    Ok(Client {
        identities: clients::identities(connection, &row.id).await?,
        admissions,
        credentials: credentials.into_iter().map(Credential::open).collect(),
        id: row.id,
        label: row.label,
        enabled: row.enabled,
        not_after: row.not_after,
        version: row.version.unsigned_abs(),
    })
}

/// A change with its audit entry, and its key sealed.
struct Prepared {
    event: Event<'static>,
    change: ClientChange,
    key: SealedKey,
}

async fn apply_all(
    tx: &mut WriteTransaction<'_>,
    id: &str,
    version: Option<u64>,
    changes: Vec<Prepared>,
) -> Result<(), ServiceError> {
    let mut row = find(tx.connection(), id).await?;
    check_version(version, row.version)?;
    if changes.is_empty() {
        return Ok(());
    }
    let mut events = Vec::new();
    for Prepared { event, change, key } in changes {
        events.push(apply(tx, &mut row, &change, &key, event).await?);
    }
    written(rows::update_client(tx.connection(), &row).await?)?;
    for event in events {
        tx.audit(event).await?;
    }
    Ok(())
}

/// Writes what is not in the row of the client itself; the caller writes that.
async fn apply<'e>(
    tx: &mut WriteTransaction<'_>,
    row: &mut ClientRecord,
    change: &ClientChange,
    key: &SealedKey,
    event: Event<'e>,
) -> Result<Event<'e>, ServiceError> {
    let now = tx.now();
    let client = row.id.clone();
    let missing = || refused(Kind::NotFound, "this client has no such thing: see what it has with show");
    match change {
        ClientChange::Enable(enabled) => {
            row.enabled = *enabled;
            Ok(event)
        }
        ClientChange::Label(label) => {
            row.label.clone_from(label);
            Ok(event.with("label", label.as_str()))
        }
        ClientChange::End(end) => {
            check_end(*end, now)?;
            row.not_after = *end;
            Ok(event.with("end", end.as_seconds()))
        }
        ClientChange::Bind(identity) => {
            bind(tx, &client, identity).await?;
            Ok(event.with("identity", identity.as_str()))
        }
        ClientChange::Unbind(identity) => {
            if !rows::unbind_identity(tx.connection(), &client, identity.as_str()).await? {
                return Err(missing());
            }
            Ok(event.with("identity", identity.as_str()))
        }
        ClientChange::Admit(function, fqdn) => {
            stakeholder::check(tx.connection(), fqdn.as_str()).await?;
            if !rows::admit(tx.connection(), &client, fqdn.as_str(), *function).await? {
                return Err(refused(Kind::Conflict, "this client is admitted there already"));
            }
            Ok(event.with("function", function.as_str()).with("stakeholder", fqdn.as_str()))
        }
        ClientChange::Dismiss(function, fqdn) => {
            if !rows::dismiss(tx.connection(), &client, fqdn.as_str(), *function).await? {
                return Err(missing());
            }
            Ok(event.with("function", function.as_str()).with("stakeholder", fqdn.as_str()))
        }
        ClientChange::AddCredential(new) => {
            check_end(new.not_after, now)?;
            credential::insert(tx, &client, new, key).await?;
            let event = event.with("function", new.function.as_str()).with("credential", new.id.to_string());
            Ok(event.with("end", new.not_after.as_seconds()))
        }
        ClientChange::EnableCredential(function, id, enabled) => {
            let text = id.to_string();
            if !rows::enable_credential(tx.connection(), (&text, *function, &client), *enabled).await? {
                return Err(missing());
            }
            Ok(event.with("function", function.as_str()).with("credential", text))
        }
        ClientChange::RemoveCredential(function, id) => {
            let text = id.to_string();
            if !rows::remove_credential(tx.connection(), (&text, *function, &client)).await? {
                return Err(missing());
            }
            Ok(event.with("function", function.as_str()).with("credential", text))
        }
    }
}

/// An identity belongs to one client, and a name to one kind of entity.
async fn bind(tx: &mut WriteTransaction<'_>, client: &str, identity: &Bound) -> Result<(), ServiceError> {
    if let Bound::Entity(entity) = identity {
        if !entity.is_absolute() {
            return Err(bad_request("an identity is bound in absolute form: //PROVIDER/…"));
        }
        identities::claim_kind(tx.connection(), entity).await?;
    }
    if let Some(holder) = rows::holder(tx.connection(), identity.as_str()).await? {
        let text = if holder == client {
            "this identity is bound to the client already"
        } else {
            "this identity is bound to another client"
        };
        return Err(refused(Kind::Conflict, text));
    }
    written(rows::bind_identity(tx.connection(), client, identity).await?)
}
