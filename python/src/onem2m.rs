//! Identifiers of oneM2M.

use crate::errors::Raise;
use crate::sakke::Identifier;
use core::time::Duration;
use eccsi_sakke::onem2m::{
    CredentialId, EntityId, EntityKind, EntityName, ExpirationTime, ExpiringIdentity as Id2, Fqdn,
    IdentifierError, KeId, KeyIdentifier, KmId, KpmId, KpsaId, UnixTime,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ExpiringIdentity>()?;
    module.add_function(wrap_pyfunction!(canonical, module)?)
}

type Read = fn(&str) -> Result<String, IdentifierError>;

fn text(parsed: Result<impl ToString, IdentifierError>) -> Result<String, IdentifierError> {
    parsed.map(|value| value.to_string())
}

const KINDS: [(&str, Read); 12] = [
    ("fqdn", |value| text(Fqdn::parse(value))),
    ("entity-name", |value| text(EntityName::parse(value))),
    ("cse-id", |value| text(EntityId::parse(EntityKind::Cse, value))),
    ("ae-id", |value| text(EntityId::parse(EntityKind::Ae, value))),
    ("expiration-time", |value| text(ExpirationTime::parse(value))),
    ("id-2", |value| text(Id2::parse(value))),
    ("ke-id", |value| text(KeId::parse(value))),
    ("key-identifier", |value| text(KeyIdentifier::parse(value))),
    ("kpsa-id", |value| text(KpsaId::parse(value))),
    ("km-id", |value| text(KmId::parse(value))),
    ("kpm-id", |value| text(KpmId::parse(value))),
    ("credential-id", |value| text(CredentialId::parse(value))),
];

/// Reads a text as an identifier of this kind, and gives its canonical form. Kinds: fqdn, entity-name, cse-id, ae-id,
/// expiration-time, id-2, ke-id, key-identifier, kpsa-id, km-id, kpm-id, credential-id. Raises IdentifierError.
#[pyfunction]
fn canonical(kind: &str, value: &str) -> PyResult<String> {
    let (_, read) = KINDS
        .iter()
        .find(|(name, _)| *name == kind)
        .ok_or_else(|| PyValueError::new_err("no such kind of identifier"))?;
    read(value).map_err(Raise::raise)
}

/// ID_2 (TS-0003 8.3.7): FQDN of the MEF, CSE-ID or AE-ID, and expirationTime in seconds since 1970 (UTC).
///
/// `bytes()` of it is the identity of ECCSI.
#[pyclass(frozen, eq, hash, module = "eccsi_sakke.onem2m")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct ExpiringIdentity(pub(crate) Id2);

#[pymethods]
impl ExpiringIdentity {
    /// Composes the identity of an entity.
    #[new]
    fn new(fqdn: &str, entity: &str, expiration: u64) -> PyResult<Self> {
        let compose = || {
            let expiration = ExpirationTime::from_unix(UnixTime::from_seconds(expiration))?;
            Id2::new(Fqdn::parse(fqdn)?, EntityName::parse(entity)?, expiration)
        };
        compose().map(Self).map_err(Raise::raise)
    }

    /// Reads an identity in its one spelling.
    #[staticmethod]
    fn parse(text: &str) -> PyResult<Self> {
        Id2::parse(text).map(Self).map_err(Raise::raise)
    }

    /// The FQDN of the MEF.
    #[getter]
    fn fqdn(&self) -> &str {
        self.0.fqdn().as_str()
    }

    /// The CSE-ID or AE-ID.
    #[getter]
    fn entity(&self) -> &str {
        self.0.entity_id().as_str()
    }

    /// Seconds since 1970 (UTC), from when on the credential is no longer valid.
    #[getter]
    fn expiration(&self) -> u64 {
        self.0.expiration().to_unix().as_seconds()
    }

    /// Is the credential valid at `now`? A peer's is accepted `skew` seconds longer.
    #[pyo3(signature = (now, skew = 0))]
    fn is_live(&self, now: u64, skew: u64) -> bool {
        self.0.is_live_with_skew(UnixTime::from_seconds(now), Duration::from_secs(skew))
    }

    /// What SAKKE takes for it: SHA-256 of the text.
    fn sakke_identifier(&self) -> Identifier {
        Identifier(self.0.sakke_identifier())
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.as_bytes())
    }

    fn __str__(&self) -> &str {
        self.0.as_str()
    }

    fn __repr__(&self) -> String {
        format!("ExpiringIdentity.parse('{}')", self.0)
    }
}
