//! The client of a MEF and of a MAF: TS-0003 clauses 8.3 and 8.8, over HTTP/1.1 on TLS.
//!
//! | part | what |
//! |---|---|
//! | [`Access`] | where a function is, and how its client proves itself |
//! | [`Connection`] | one session: handshake, exporter, requests one after another |
//! | [`Client`] | the procedures, on a session that is opened when one is needed |
//! | [`install`] | a delivered credential is checked before it replaces the one in use |
//! | [`DeviceStore`] | what one entity keeps on disk: credential, KPAKs, registrations, keys, objects, how far its commands are |
//! | [`renewal`] | when to renew: from half of the life of a credential, in the last fifth of that of a key |
//! | [`CredentialKeeper`], [`KeyKeeper`] | renew in time, again and again |
//! | [`commands`] | MEF Client Command, with what executes them |
//! | [`node`] | configuration objects of a node, and the procedures that they lead to |
//! | [`NetworkKeySource`] | keys for handshakes, retrieved by their Key Identifier |
//! | [`NetworkFetcher`] | keys that a MAF fetches by KeID |
//!
//! | procedure | clause | at |
//! |---|---|---|
//! | client registration, configuration, update, de-registration | 8.3.5.2.3 to .6, 8.8.2.3 to .6 | [`Client::register`], [`Client::register_enrolled`], [`Client::configuration`], [`Client::update`], [`Client::deregister`] |
//! | key registration, retrieval, update, de-registration | 8.3.5.2.7 to .10, 8.8.2.7 to .10 | [`Client::register_key`], [`Client::register_exported_key`], [`Client::retrieve_key`], [`Client::update_key`], [`Client::delete_key`] |
//! | fetching by KeID | 8.3.2.1 | [`Client::fetch_credentials`] |
//! | IBC credential provisioning and re-provisioning | 8.3.7.2, 8.3.7.3 (IBC) | [`Client::enrol`], [`Client::reenrol`] |
//! | KPAKs, deny list | | [`Client::kpaks`], [`Client::deny_list`] |
//! | Ke and KeID | 10.3.1 | [`Client::enrolment_key`] |
//!
//! Keys travel in buffers that are wiped; none is in a message, an error or a log. The asynchronous parts need a
//! runtime of tokio with I/O and time.

mod access;
pub mod commands;
mod connection;
mod device;
mod error;
mod fetcher;
pub mod install;
mod keeper;
mod key_source;
mod keys;
pub mod node;
mod provisioning;
pub(crate) mod reach;
mod registration;
pub mod renewal;
mod store;

pub use access::{Access, Patience};
pub use connection::Connection;
pub use error::{ClientError, InstallError, Refusal};
pub use fetcher::NetworkFetcher;
pub use keeper::{CredentialKeeper, Kept, KeyKeeper};
pub use key_source::NetworkKeySource;
pub use keys::{ExportedRegistration, KeyRequest, own_key};
pub use registration::Enrolled;
pub use store::{DeviceStore, EnrolmentKey, Installed, MasterKey, StoredRegistration};

use crate::Function;
use crate::tls::Exporter;
use crate::wire::root::ResourceType;
use crate::wire::rooted;
use connection::Operation;
use eccsi_sakke::onem2m::KeId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// A client of one function, in the name of one entity.
///
/// Opens a session when it needs one, and keeps it until it ends. A request whose answer is lost is not repeated by
/// itself: whether that may be done, only the caller knows.
#[derive(Debug)]
pub struct Client {
    access: Access,
    connection: Option<Connection>,
    /// Of the newest session.
    psk_identity: Option<String>,
}

impl Client {
    /// Connects later.
    pub const fn new(access: Access) -> Self {
        Self { access, connection: None, psk_identity: None }
    }

    /// The PSK identity of the newest session: which of several keys the function took.
    pub fn psk_identity(&self) -> Option<&str> {
        self.psk_identity.as_deref()
    }

    /// Where it connects to.
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// The session, a new one if there is none any more.
    ///
    /// # Errors
    /// As [`Connection::open`].
    pub async fn connection(&mut self) -> Result<&mut Connection, ClientError> {
        let usable = match &mut self.connection {
            Some(connection) => connection.is_usable().await,
            None => false,
        };
        if !usable {
            self.connection = None;
            let connection = Connection::open(&self.access).await?;
            // The next session begins with the key that was taken.
            if let Some(to_front) = self.access.offers.get_mut(..=connection.offer) {
                to_front.rotate_right(1);
            }
            self.psk_identity = connection.session().psk_identity().map(Into::into);
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or(ClientError::Ended)
    }

    /// Ends the session; the next procedure opens another.
    pub fn disconnect(&mut self) {
        self.connection = None;
    }

    /// Ke and KeID of the session with a MEF: the first third of what is exported names the key.
    ///
    /// # Errors
    /// [`ClientError::Configuration`] at a MAF; [`ClientError::Tls`].
    pub async fn enrolment_key(&mut self) -> Result<(KeId, Zeroizing<[u8; 32]>), ClientError> {
        self.at_mef()?;
        let fqdn = self.access.fqdn.clone();
        let exported = self.connection().await?.export(Exporter::Bootstrap)?;
        let id = KeId::new(exported.id(), fqdn)
            .map_err(|_| ClientError::Configuration("a MEF of this name gives no KeID"))?;
        Ok((id, exported.expose()))
    }

    fn at_mef(&self) -> Result<(), ClientError> {
        match self.access.function {
            Function::Mef => Ok(()),
            Function::Maf => Err(ClientError::Configuration("a MAF does not have this procedure")),
        }
    }

    /// The path of a resource below the base.
    fn path(&self, name: &str, child: &str) -> Result<String, ClientError> {
        // What a function once gave as a name must not lead out of its base.
        let is_segment = !matches!(name, "" | "." | "..")
            && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._~@".contains(&octet));
        if is_segment {
            Ok(std::format!("{}/{name}{child}", self.access.function.base()))
        } else {
            Err(ClientError::Configuration("this is no name of a registration or key"))
        }
    }

    /// A request whose content has the root member of `root`; and so has that of its answer.
    async fn rooted<Q: Serialize, A: DeserializeOwned>(
        &mut self,
        operation: Operation,
        root: ResourceType,
        path: &str,
        content: &Q,
    ) -> Result<A, ClientError> {
        let body = rooted::write(root.root(), content).map_err(|_| UNSENDABLE)?;
        let answer = self.connection().await?.ask(operation, path, &body).await?;
        rooted::read(root.root(), &answer).map_err(ClientError::Answer)
    }

    async fn retrieve<A: DeserializeOwned>(
        &mut self,
        root: ResourceType,
        path: &str,
    ) -> Result<A, ClientError> {
        let answer = self.connection().await?.ask(Operation::Retrieve, path, &[]).await?;
        rooted::read(root.root(), &answer).map_err(ClientError::Answer)
    }

    /// A request below the IBC base URI.
    async fn bare<Q: Serialize, A: DeserializeOwned>(
        &mut self,
        path: &str,
        content: &Q,
    ) -> Result<A, ClientError> {
        let body = rooted::write_bare(content).map_err(|_| UNSENDABLE)?;
        let answer = self.connection().await?.ask(Operation::Create(None), path, &body).await?;
        rooted::read_bare(&answer).map_err(ClientError::Answer)
    }
}

const UNSENDABLE: ClientError = ClientError::Configuration("the request cannot be written");
