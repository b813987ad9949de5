//! The IBC-based security association of oneM2M.

use crate::eccsi::{IssuedKey, KmsPublicKey};
use crate::errors::Raise;
use crate::held::{Held, secret_class};
use crate::onem2m::ExpiringIdentity;
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity as Id2, Fqdn, UnixTime};
use eccsi_sakke::saef::{self, Association, ExpectedPeer, PeerPolicy, PskIdentity, Role};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, PoisonError, RwLock};

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("DEFAULT_SKEW", Association::DEFAULT_SKEW.as_secs())?;
    module.add_class::<TrustedDomains>()?;
    module.add_class::<Credential>()?;
    module.add_class::<SharedKey>()
}

/// The KPAKs that an entity trusts, by domain: the root of trust of its associations.
#[pyclass(frozen, module = "eccsi_sakke.saef")]
pub(crate) struct TrustedDomains(RwLock<saef::TrustedDomains>);

impl TrustedDomains {
    fn snapshot(&self) -> saef::TrustedDomains {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn fqdn(text: &str) -> PyResult<Fqdn> {
    Fqdn::parse(text).map_err(Raise::raise)
}

#[pymethods]
impl TrustedDomains {
    /// Trusts nobody yet.
    #[new]
    fn new() -> Self {
        Self(RwLock::new(saef::TrustedDomains::new()))
    }

    /// Pins the KPAK of a domain; `domain` is the FQDN of its MEF, `provider` the service provider whose entities it names.
    fn pin(&self, domain: &str, provider: &str, kpak: &KmsPublicKey) -> PyResult<()> {
        let (domain, provider) = (fqdn(domain)?, fqdn(provider)?);
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .pin(domain, provider, kpak.0.clone())
            .map_err(Raise::raise)
    }

    /// Trusts a domain for the entities of a further service provider.
    fn serve(&self, domain: &str, provider: &str) -> PyResult<()> {
        let (domain, provider) = (fqdn(domain)?, fqdn(provider)?);
        self.0.write().unwrap_or_else(PoisonError::into_inner).serve(&domain, provider).map_err(Raise::raise)
    }

    /// Adds a further KPAK to a known domain: a rollover.
    fn roll_over(&self, domain: &str, kpak: &KmsPublicKey) -> PyResult<()> {
        let domain = fqdn(domain)?;
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .roll_over(&domain, kpak.0.clone())
            .map_err(Raise::raise)
    }

    /// Trusts a KPAK no longer.
    fn retire(&self, domain: &str, kpak: &KmsPublicKey) -> PyResult<()> {
        let (domain, tag) = (fqdn(domain)?, saef::KpakTag::of(&kpak.0));
        self.0.write().unwrap_or_else(PoisonError::into_inner).retire(&domain, tag).map_err(Raise::raise)
    }
}

/// One's own IBC credential, installed: ID_2, SSK, PVT and KPAK.
#[pyclass(frozen, module = "eccsi_sakke.saef")]
pub(crate) struct Credential(Held<saef::Credential>);

secret_class!(Credential);

#[pymethods]
impl Credential {
    /// Installs a delivered credential (TS-0003 8.3.7): checks expiry, KPAK and key. `now` in seconds since 1970 (UTC).
    #[staticmethod]
    fn install(
        py: Python<'_>,
        id_2: &ExpiringIdentity,
        issued: &IssuedKey,
        kpak: &KmsPublicKey,
        trusted: &TrustedDomains,
        now: u64,
    ) -> PyResult<Self> {
        let (issued, trusted, now) = (issued.0.get()?, trusted.snapshot(), UnixTime::from_seconds(now));
        let credential =
            py.detach(|| saef::Credential::install(id_2.0.clone(), &issued, &kpak.0, &trusted, now));
        Ok(Self(Held::new(credential.map_err(Raise::raise)?)))
    }

    /// What is sent to a peer as PSK identity or hint.
    fn psk_identity(&self) -> PyResult<String> {
        Ok(self.0.get()?.psk_identity().map_err(Raise::raise)?.to_string())
    }

    /// Checks a peer, and derives the key shared with it.
    ///
    /// `peer` is what came as its PSK identity or hint; `role` is one's own end, "client" or "server"; `expected` is the
    /// CSE-ID or AE-ID of the peer in absolute form, or a function that is given that of a peer and its ID_2, and says whether it
    /// may associate: it is asked once, after all cheaper checks, such as expiry. What it raises is raised here. Otherwise raises
    /// AssociationError, IdentifierError: for one's own log, never for the peer.
    #[pyo3(signature = (peer, *, role, expected, trusted, now, skew = 300))]
    #[allow(clippy::too_many_arguments, reason = "named ones, in Python")]
    fn derive(
        &self,
        py: Python<'_>,
        peer: &str,
        role: &str,
        expected: Expected<'_>,
        trusted: &TrustedDomains,
        now: u64,
        skew: u64,
    ) -> PyResult<SharedKey> {
        let role = match role {
            "client" => Role::Client,
            "server" => Role::Server,
            _ => return Err(PyValueError::new_err("role is \"client\" or \"server\"")),
        };
        let (own, trusted, peer) =
            (self.0.get()?, trusted.snapshot(), PskIdentity::parse(peer).map_err(Raise::raise)?);
        let (skew, now) = (Duration::from_secs(skew), UnixTime::from_seconds(now));
        let derive = |policy: &(dyn PeerPolicy + Sync)| {
            py.detach(|| Association { own: &own, role, trusted: &trusted, policy, skew }.derive(&peer, now))
        };
        let key = match expected {
            Expected::Entity(entity) => {
                let entity = EntityName::parse(&entity).map_err(Raise::raise)?;
                derive(&ExpectedPeer::new(entity).map_err(Raise::raise)?)
            }
            Expected::Admits(admits) => {
                let (admits, raised) = (admits.unbind(), Mutex::new(None));
                let key = derive(&|entity: &EntityName, id_2: &Id2| {
                    let answer = Python::attach(|py| {
                        admits.bind(py).call1((entity.as_str(), id_2.as_str()))?.is_truthy()
                    });
                    answer.unwrap_or_else(|error| {
                        *raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        false
                    })
                });
                // A function that raised admits nobody; what it raised says more than that.
                if let Some(error) = raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
                    return Err(error);
                }
                key
            }
        };
        Ok(SharedKey(Held::new(key.map_err(Raise::raise)?)))
    }
}

/// Whom one associates with.
#[derive(FromPyObject)]
pub(crate) enum Expected<'py> {
    Entity(String),
    Admits(Bound<'py, PyAny>),
}

/// What both ends derived: KibcID and Kibc, with what the session needs to know of the peer.
#[pyclass(frozen, module = "eccsi_sakke.saef")]
pub(crate) struct SharedKey(Held<saef::SharedKey>);

secret_class!(SharedKey);

#[pymethods]
impl SharedKey {
    /// KibcID, 16 octets: names the key.
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.get()?.id()))
    }

    /// Kibc itself, 32 octets: the pre-shared key of the handshake. Python cannot wipe them.
    fn expose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &*self.0.get()?.expose()))
    }

    /// CSE-ID or AE-ID of the peer in absolute form: authenticated once the handshake that uses the key has finished.
    fn peer(&self) -> PyResult<String> {
        Ok(self.0.get()?.peer().to_string())
    }

    /// The earlier end of the two credentials, in seconds since 1970 (UTC): sessions end there.
    fn expiration(&self) -> PyResult<u64> {
        Ok(self.0.get()?.expiration().to_unix().as_seconds())
    }
}
