//! The resources of a function, and which procedure each operation on them is.
//!
//! ```text
//! /mef                                Create: client registration (ty 4), key registration (ty 5)
//! /mef/{MEFClientRegID}               Update, Delete
//! /mef/{MEFClientRegID}/cfg           Retrieve
//! /mef/{MEFClientRegID}/cmd           Retrieve, Update
//! /mef/{MEFClientRegID}/dm            Retrieve, Update: objects of the device
//! /mef/{RelativeKeyID}                Retrieve (by a target), Update, Delete (by the source)
//! /fetchCredentials/{KeID}/{SUID}     Retrieve
//! /ibc/enrol, /ibc/reenrol            Create: the IBC base URI is /ibc
//! /ibc/kpak, /ibc/denylist            Retrieve
//! /maf …                              as /mef, with ty 3 and without cmd and dm
//! ```
//!
//! A RelativeKeyID is 32 hexadecimal digits, a registration's identifier 32 of base32: of those, one in 2^45 could be
//! taken for the former.

use super::error::{Kind, ServiceError, bad_request, not_found};
use super::maf::Maf;
use super::mef::Mef;
use super::party::Party;
use super::primitive::{Format, Operation, Request, Response};
use super::registry::Registry;
use super::session::{Authenticated, Call, Handshake, Session};
use super::store::clients;
use super::{Core, Function, limits};
use crate::wire::root::ResourceType;
use crate::wire::rooted;
use core::convert::Infallible;
use eccsi_sakke::onem2m::{ExpiringIdentity, FetchCredentialsPath, Fqdn, RelativeKeyId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::Instrument;
use tracing::field::Empty;

/// Releases of oneM2M whose primitives are understood; in what is used here they agree.
pub const RELEASE_VERSIONS: [&str; 4] = ["2a", "3", "4", "5"];

/// Where IBC credentials are provisioned and KPAKs published: the IBC base URI.
pub const IBC_BASE: &str = "/ibc";

/// A function, as its clients see it.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// A MEF, with what its KMS publishes.
    Mef(Mef),
    /// A MAF.
    Maf(Maf),
}

/// A resource that there may be.
#[derive(Debug, PartialEq, Eq)]
enum Resource<'a> {
    Base,
    Registration(&'a str),
    Configuration(&'a str),
    Command(&'a str),
    Device(&'a str),
    Key(&'a str),
    Credentials(Box<FetchCredentialsPath>),
    Enrol,
    Reenrol,
    Kpaks,
    DenyList,
}

impl Resource<'_> {
    /// Whether it stands below the IBC base URI, whose requests are no primitives of oneM2M: they need neither From nor
    /// Request Identifier.
    const fn is_below_ibc_base(&self) -> bool {
        matches!(self, Self::Enrol | Self::Reenrol | Self::Kpaks | Self::DenyList)
    }
}

fn resource(function: Function, path: &str) -> Option<Resource<'_>> {
    let base = match function {
        Function::Mef => "/mef",
        Function::Maf => "/maf",
    };
    if let Some(rest) = path.strip_prefix(base) {
        let mut names = rest.strip_suffix('/').unwrap_or(rest).split('/');
        let names = (names.next()?, names.next(), names.next(), names.next());
        return match names {
            (_, Some(""), ..) => None,
            ("", None, None, None) => Some(Resource::Base),
            ("", Some(name), None, None) if RelativeKeyId::parse_octets(name).is_ok() => {
                Some(Resource::Key(name))
            }
            ("", Some(name), None, None) => Some(Resource::Registration(name)),
            ("", Some(name), Some("cfg"), None) => Some(Resource::Configuration(name)),
            ("", Some(name), Some("cmd"), None) if function == Function::Mef => Some(Resource::Command(name)),
            ("", Some(name), Some("dm"), None) if function == Function::Mef => Some(Resource::Device(name)),
            _ => None,
        };
    }
    if function != Function::Mef {
        return None;
    }
    match path {
        "/ibc/enrol" => Some(Resource::Enrol),
        "/ibc/reenrol" => Some(Resource::Reenrol),
        "/ibc/kpak" => Some(Resource::Kpaks),
        "/ibc/denylist" => Some(Resource::DenyList),
        _ => FetchCredentialsPath::parse(path).ok().map(|path| Resource::Credentials(Box::new(path))),
    }
}

impl Endpoint {
    /// Its name.
    pub fn fqdn(&self) -> &Fqdn {
        match self {
            Self::Mef(mef) => mef.fqdn(),
            Self::Maf(maf) => maf.fqdn(),
        }
    }

    /// Which function it is.
    pub const fn function(&self) -> Function {
        match self {
            Self::Mef(_) => Function::Mef,
            Self::Maf(_) => Function::Maf,
        }
    }

    pub(crate) fn core(&self) -> &Core {
        match self {
            Self::Mef(mef) => &mef.core,
            Self::Maf(maf) => &maf.core,
        }
    }

    fn registry(&self) -> Registry {
        match self {
            Self::Mef(mef) => mef.registry(),
            Self::Maf(maf) => maf.registry(),
        }
    }

    const fn registration_type(&self) -> ResourceType {
        match self {
            Self::Mef(_) => ResourceType::MefClientReg,
            Self::Maf(_) => ResourceType::MafClientReg,
        }
    }

    /// Whether this path stands below the IBC base URI.
    pub fn is_below_ibc_base(&self, path: &str) -> bool {
        resource(self.function(), path).is_some_and(|resource| resource.is_below_ibc_base())
    }

    /// Performs a request. A refusal has its audit entry, as those of the procedures have.
    ///
    /// Lines of the log that are written meanwhile name client and procedure.
    pub async fn perform(&self, session: &Arc<Session>, request: &Request) -> Response {
        let call = call(session, request);
        // Of the highest level, so that it stands at errors where nothing else is logged.
        let span =
            tracing::error_span!("request", client = %session, id = call.request_id, procedure = Empty);
        self.perform_in_span(call, request).instrument(span).await
    }

    async fn perform_in_span(&self, call: Call, request: &Request) -> Response {
        let outcome = match self.audited(&call, self.admit(&call, request)).await {
            Ok(resource) => self.procedure(&resource, call, request).await,
            Err(error) => Err(error),
        };
        outcome.unwrap_or_else(|error| {
            if let Some(cause) = error.cause() {
                tracing::error!(kind = error.kind().as_str(), cause, "a request failed");
            }
            Response::refusal(&error)
        })
    }

    /// Refuses one that its own binding cannot read, with its audit entry.
    pub async fn refuse(&self, session: &Arc<Session>, request: &Request, error: ServiceError) -> Response {
        let Err(error) = self.audited::<Infallible>(&call(session, request), Err(error)).await;
        Response::refusal(&error)
    }

    /// Passes on an outcome that no procedure has audited. A refusal is audited first.
    async fn audited<T>(&self, call: &Call, outcome: Result<T, ServiceError>) -> Result<T, ServiceError> {
        self.core().audited("request", call, outcome).await
    }

    /// Checks what does not depend on the procedure; the cheap things, before anything is read or written.
    fn admit<'a>(&self, call: &Call, request: &'a Request) -> Result<Resource<'a>, ServiceError> {
        let resource = resource(self.function(), &request.to).ok_or_else(not_found)?;
        if resource.is_below_ibc_base() {
            return Ok(resource);
        }
        call.check()?;
        if request.from.as_deref().is_none_or(str::is_empty) {
            return Err(bad_request("the originator is missing"));
        }
        if call.origin.len() > limits::IDENTIFIER_BYTES {
            return Err(bad_request("the originator is too long"));
        }
        match request.release_version.as_deref() {
            None => Err(bad_request("the release version indicator is missing")),
            Some(release) if RELEASE_VERSIONS.contains(&release) => Ok(resource),
            Some(_) => Err(ServiceError::new(
                Kind::ReleaseVersionNotSupported,
                "the releases 2a, 3, 4 and 5 are understood",
            )),
        }
    }

    async fn procedure(
        &self,
        resource: &Resource<'_>,
        call: Call,
        request: &Request,
    ) -> Result<Response, ServiceError> {
        use Operation::{Create, Delete, Retrieve, Update};
        match (resource, request.operation, self) {
            (Resource::Base, Create, _) => self.create(&call, request).await,
            (Resource::Registration(id), Update, _) => {
                let root = self.registration_type().root();
                let body = self.body(&call, root, request).await?;
                let answer = self.registry().update_client(&call, id, &body).await?;
                rooted(Update, root, &answer)
            }
            (Resource::Registration(id), Delete, _) => {
                self.registry().deregister_client(&call, self.fqdn().as_str(), id).await?;
                Ok(bare(Delete))
            }
            (Resource::Configuration(id), Retrieve, _) => {
                let answer = self.registry().configuration(&call, self.fqdn().as_str(), id).await?;
                rooted(Retrieve, self.registration_type().root(), &answer)
            }
            (Resource::Key(id), Retrieve, _) => rooted(
                Retrieve,
                ResourceType::SymmKeyReg.root(),
                &self.registry().retrieve_key(&call, id).await?,
            ),
            (Resource::Key(id), Update, _) => {
                let root = ResourceType::SymmKeyReg.root();
                let body = self.body(&call, root, request).await?;
                rooted(Update, root, &self.registry().update_key(&call, id, &body).await?)
            }
            (Resource::Key(id), Delete, _) => {
                self.registry().deregister_key(&call, self.fqdn().as_str(), id).await?;
                Ok(bare(Delete))
            }
            (Resource::Command(id), Retrieve, Self::Mef(mef)) => {
                rooted(Retrieve, ResourceType::MefClientCmd.root(), &mef.retrieve_command(&call, id).await?)
            }
            (Resource::Command(id), Update, Self::Mef(mef)) => {
                let root = ResourceType::MefClientCmd.root();
                let report = self.body(&call, root, request).await?;
                rooted(Update, root, &mef.report_command(&call, id, &report).await?)
            }
            (Resource::Device(id), Retrieve, Self::Mef(mef)) => {
                bare_body(Retrieve, &mef.device_objects(&call, id).await?)
            }
            (Resource::Device(id), Update, Self::Mef(mef)) => {
                let report = self.bare_body(&call, request).await?;
                mef.report_device_objects(&call, id, &report).await?;
                Ok(bare(Update))
            }
            (Resource::Credentials(path), Retrieve, Self::Mef(mef)) => {
                bare_body(Retrieve, &mef.fetch_credentials(&call, path.ke_id(), path.usage()).await?)
            }
            (Resource::Enrol | Resource::Reenrol, Create, Self::Mef(mef)) => {
                self.provision(mef, resource, call, request).await
            }
            (Resource::Kpaks, Retrieve, Self::Mef(mef)) => {
                self.admit_reader(&call).await?;
                bare_body(Retrieve, &mef.kpaks())
            }
            (Resource::DenyList, Retrieve, Self::Mef(mef)) => {
                self.admit_reader(&call).await?;
                let content = Some(mef.deny_list().await?.into_bytes().into());
                Ok(Response { content, format: Format::Text, ..bare(Retrieve) })
            }
            _ => {
                let text = "the resource does not have this operation";
                self.audited(&call, Err(ServiceError::new(Kind::OperationNotAllowed, text))).await
            }
        }
    }

    /// What is published is for clients, and for who has a certificate that an anchor vouches for and that no administrator
    /// has bound to a client.
    async fn admit_reader(&self, call: &Call) -> Result<(), ServiceError> {
        let (reads, function, session) = (self.core().store.reads(), self.function(), &call.session);
        let admitted = async {
            let mut connection = reads.pool().acquire().await?;
            if let (Handshake::Certificate, Authenticated::Credential(id)) =
                (session.handshake(), session.mutually_authenticated()?)
                && !clients::is_bound(&mut connection, function, &format!("{id}")).await?
            {
                return Ok(());
            }
            Party::client(&mut connection, reads.now(), function, session).await.map(drop)
        };
        self.audited(call, admitted.await).await
    }

    /// Create below a base: a client registration or a key registration.
    async fn create(&self, call: &Call, request: &Request) -> Result<Response, ServiceError> {
        let resource_type = request.resource_type.and_then(ResourceType::from_number);
        let own = self.registration_type();
        match resource_type {
            Some(created) if created == own => {
                let body = self.body(call, own.root(), request).await?;
                let answer = self.registry().register_client(call, &body).await?;
                if let Self::Mef(mef) = self {
                    keep_enrolment_key(mef, call).await;
                }
                let location = self.location(&answer.id);
                Ok(Response { location, ..rooted(Operation::Create, own.root(), &answer)? })
            }
            Some(key @ ResourceType::SymmKeyReg) => {
                let body = self.body(call, key.root(), request).await?;
                let answer = self.registry().register_key(call, &body).await?;
                let location = self.location(&answer.id);
                Ok(Response { location, ..rooted(Operation::Create, key.root(), &answer)? })
            }
            _ => {
                let text = "the resource type is not one that is created here";
                self.audited(call, Err(bad_request(text))).await
            }
        }
    }

    fn location(&self, id: &str) -> Option<String> {
        Some(format!("/{}/{id}", self.function().as_str()))
    }

    /// Initial provisioning and re-provisioning. Without an originator the entity asks in its own name.
    async fn provision(
        &self,
        mef: &Mef,
        resource: &Resource<'_>,
        mut call: Call,
        request: &Request,
    ) -> Result<Response, ServiceError> {
        if request.request_id.is_none() {
            call.request_id = next_request_id();
        }
        let is_named = request.from.is_some();
        let answer = if *resource == Resource::Enrol {
            let body: crate::wire::EnrolRequest = self.bare_body(&call, request).await?;
            if !is_named {
                call.origin = body.id.clone();
            }
            mef.enrol(&call, &body).await
        } else {
            let body: crate::wire::ReenrolRequest = self.bare_body(&call, request).await?;
            if !is_named {
                call.origin = ExpiringIdentity::parse(&body.id1)
                    .map_or_else(|_| String::new(), |id_1| id_1.entity_id().as_str().into());
            }
            mef.reenrol(&call, &body).await
        };
        match answer {
            Ok(answer) => bare_body(Operation::Create, &answer),
            // It named no originator, so that what it asked for is not its own.
            Err(error) if !is_named && error.kind() == Kind::OriginatorNotAuthenticated => {
                Err(super::error::no_privilege())
            }
            Err(error) => Err(error),
        }
    }

    async fn body<T: DeserializeOwned>(
        &self,
        call: &Call,
        root: &str,
        request: &Request,
    ) -> Result<T, ServiceError> {
        self.audited(call, rooted::read(root, &request.content).map_err(bad_request)).await
    }

    async fn bare_body<T: DeserializeOwned>(
        &self,
        call: &Call,
        request: &Request,
    ) -> Result<T, ServiceError> {
        self.audited(call, rooted::read_bare(&request.content).map_err(bad_request)).await
    }
}

fn call(session: &Arc<Session>, request: &Request) -> Call {
    Call {
        session: Arc::clone(session),
        origin: request.from.clone().unwrap_or_default(),
        request_id: request.request_id.clone().unwrap_or_default(),
    }
}

/// Keeps Ke of a session in which a client registered, so that targets can be given keys by its KeID. A registration
/// does not fail for it: whatever is refused here shows when a target asks.
async fn keep_enrolment_key(mef: &Mef, call: &Call) {
    if call.session.exports()
        && let Err(error) = mef.keep_enrolment_key(call).await
    {
        tracing::warn!(%error, "the enrolment key of a session is not kept");
    }
}

/// The name of a request that has none, for the logs.
fn next_request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("ibc-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

const fn bare(operation: Operation) -> Response {
    Response {
        status: Response::success(operation),
        content: None,
        format: Format::Json,
        location: None,
        refusal: None,
        text: None,
        reached: None,
    }
}

fn rooted<T: Serialize>(operation: Operation, root: &str, content: &T) -> Result<Response, ServiceError> {
    let content = rooted::write(root, content).map_err(ServiceError::internal)?;
    Ok(Response { content: Some(content), ..bare(operation) })
}

fn bare_body<T: Serialize>(operation: Operation, content: &T) -> Result<Response, ServiceError> {
    let content = rooted::write_bare(content).map_err(ServiceError::internal)?;
    Ok(Response { content: Some(content), ..bare(operation) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_resources() {
        let id = "k4c2q7abcdefghijklmnopqrstuvwxyz";
        let key = "A1B2C3D4E5F60718293A4B5C6D7E8F90";
        for (path, resource) in [
            ("", Resource::Base),
            ("/", Resource::Base),
            (&*format!("/{id}"), Resource::Registration(id)),
            (&*format!("/{id}/cfg"), Resource::Configuration(id)),
            (&*format!("/{key}"), Resource::Key(key)),
        ] {
            for (function, base) in [(Function::Mef, "/mef"), (Function::Maf, "/maf")] {
                assert_eq!(super::resource(function, &format!("{base}{path}")), Some(resource_of(&resource)));
            }
        }
        let command = format!("/mef/{id}/cmd");
        assert_eq!(super::resource(Function::Mef, &command), Some(Resource::Command(id)));
        for path in
            ["", "/", "/x", "/mefx", "/mef//", "/mef/a/b", "/mef/a/cfg/b", "/maf", "/ibc", "/ibc/enrol/"]
        {
            assert_eq!(super::resource(Function::Mef, path), None, "{path}");
        }
        let device = format!("/mef/{id}/dm");
        assert_eq!(super::resource(Function::Mef, &device), Some(Resource::Device(id)));
        for path in ["/maf/x/cmd", "/maf/x/dm", "/ibc/enrol", "/mef"] {
            assert_eq!(super::resource(Function::Maf, path), None, "{path}");
        }
    }

    fn resource_of<'a>(resource: &Resource<'a>) -> Resource<'a> {
        match resource {
            Resource::Registration(id) => Resource::Registration(id),
            Resource::Configuration(id) => Resource::Configuration(id),
            Resource::Key(id) => Resource::Key(id),
            _ => Resource::Base,
        }
    }
}
