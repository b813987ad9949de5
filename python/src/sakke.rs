//! SAKKE: RFC 6508.

use crate::errors::{DecodeError, Raise};
use crate::held::{Held, secret_class};
use crate::octets::SecretOctets;
use eccsi_sakke::sakke;
use eccsi_sakke::{Error, Identity, SysRng};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Identifier>()?;
    module.add_class::<KmsSecretKey>()?;
    module.add_class::<KmsPublicKey>()?;
    module.add_class::<IssuedKey>()?;
    module.add_class::<ReceiverSecretKey>()?;
    module.add_class::<Recipient>()
}

/// An Identifier (RFC 6508 2.2): octets that stand for an integer in [2, q - 1]. Equal when the integers are.
#[pyclass(frozen, eq, hash, module = "eccsi_sakke.sakke")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Identifier(pub(crate) sakke::Identifier);

#[pymethods]
impl Identifier {
    /// Takes octets as they are. Those with zeros in front get no key, unless they are said to be meant.
    #[staticmethod]
    #[pyo3(signature = (data, *, allow_leading_zeros = false))]
    fn from_raw(data: &[u8], allow_leading_zeros: bool) -> PyResult<Self> {
        let id = sakke::Identifier::from_raw(data).map_err(Raise::raise)?;
        Ok(Self(if allow_leading_zeros { id.allow_leading_zeros() } else { id }))
    }

    /// SHA-256 of an identity's octets, of which there may be any number.
    #[staticmethod]
    fn hash_of(id: &[u8]) -> Self {
        Self(sakke::Identifier::hash_of(Identity::new(id)))
    }

    /// A UID of 3GPP TS 33.180, 32 octets.
    #[staticmethod]
    fn from_uid(uid: &[u8]) -> PyResult<Self> {
        let uid = uid
            .try_into()
            .map_err(|_| DecodeError::new_err(format!("UID: 32 octets expected, {} given", uid.len())))?;
        sakke::Identifier::from_uid(uid).map(Self).map_err(Raise::raise)
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.as_bytes())
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// z, the KMS Master Secret (RFC 6508 2.2): whoever has it opens everything.
#[pyclass(frozen, module = "eccsi_sakke.sakke")]
pub(crate) struct KmsSecretKey(Held<sakke::KmsSecretKey>);

secret_class!(KmsSecretKey);

#[pymethods]
impl KmsSecretKey {
    /// Makes a new z. Takes some milliseconds.
    #[staticmethod]
    fn generate(py: Python<'_>) -> PyResult<Self> {
        let key = py.detach(|| sakke::KmsSecretKey::generate(&mut SysRng)).map_err(Raise::raise)?;
        Ok(Self(Held::new(key)))
    }

    /// Takes z of 128 octets, big-endian.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, data: SecretOctets<'_>) -> PyResult<Self> {
        let key = data.with(|data| py.detach(|| sakke::KmsSecretKey::from_slice(data)));
        Ok(Self(Held::new(key.map_err(Raise::raise)?)))
    }

    /// z itself, 128 octets: to seal it at rest. Python cannot wipe them.
    fn expose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &*self.0.get()?.expose()))
    }

    /// Z.
    fn public_key(&self) -> PyResult<KmsPublicKey> {
        Ok(KmsPublicKey(self.0.get()?.public_key()))
    }

    /// Makes the Receiver Secret Key of an identifier (RFC 6508 6.1.1).
    fn issue(&self, py: Python<'_>, id: &Identifier) -> PyResult<IssuedKey> {
        let kms = self.0.get()?;
        Ok(IssuedKey(Held::new(py.detach(|| kms.issue(&id.0)).map_err(Raise::raise)?)))
    }

    /// Makes the key of each identifier, in their order. What is raised says in `index` which one was refused.
    fn issue_many(&self, py: Python<'_>, ids: Vec<PyRef<'_, Identifier>>) -> PyResult<Vec<IssuedKey>> {
        let kms = self.0.get()?;
        let ids: Vec<_> = ids.iter().map(|id| id.0.clone()).collect();
        let keys = py.detach(|| kms.issue_many(&ids)).map_err(Raise::raise)?;
        Ok(keys.into_iter().map(|key| IssuedKey(Held::new(key))).collect())
    }
}

/// Z, the KMS Public Key (RFC 6508 2.2): the root of trust of a community.
#[pyclass(frozen, eq, hash, module = "eccsi_sakke.sakke")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct KmsPublicKey(pub(crate) sakke::KmsPublicKey);

/// Encapsulated Data and SSV.
type Sent<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>);

fn sent<'py>(
    py: Python<'py>,
    made: Result<(sakke::EncapsulatedData, sakke::SharedSecretValue), Error>,
) -> PyResult<Sent<'py>> {
    let (data, ssv) = made.map_err(Raise::raise)?;
    Ok((PyBytes::new(py, &data.to_bytes()), PyBytes::new(py, &*ssv.expose())))
}

#[pymethods]
impl KmsPublicKey {
    /// Decodes 04, x, y, 257 octets, and checks that Z is a point of order q.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        py.detach(|| sakke::KmsPublicKey::from_slice(data)).map(Self).map_err(Raise::raise)
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.to_bytes())
    }

    /// The same key with tables, 0.3 MB: an encapsulation to a new receiver then costs about a quarter.
    fn prepared(&self, py: Python<'_>) -> Self {
        Self(py.detach(|| self.0.clone().prepared()))
    }

    /// The same key with tables for validating, 0.8 to 1.2 MB: a validation then costs about a third.
    fn prepared_to_validate(&self, py: Python<'_>) -> Self {
        Self(py.detach(|| self.0.clone().prepared_to_validate()))
    }

    /// Makes a random SSV and encapsulates it (RFC 6508 6.2.1): data of 273 octets to send, and SSV of 16, secret.
    fn encapsulate<'py>(&self, py: Python<'py>, id: &Identifier) -> PyResult<Sent<'py>> {
        sent(py, py.detach(|| self.0.encapsulate(&id.0, &mut SysRng)))
    }

    /// Encapsulates a given SSV of 16 octets, which has to be as unpredictable as a key.
    fn encapsulate_ssv<'py>(
        &self,
        py: Python<'py>,
        id: &Identifier,
        ssv: SecretOctets<'_>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let ssv = ssv.with(sakke::SharedSecretValue::from_slice).map_err(Raise::raise)?;
        let data = py.detach(|| self.0.encapsulate_ssv(&id.0, &ssv)).map_err(Raise::raise)?;
        Ok(PyBytes::new(py, &data.to_bytes()))
    }

    /// Encapsulates one SSV to each receiver (RFC 6508 6.2.3). What is raised says in `index` which one was refused.
    fn encapsulate_many<'py>(
        &self,
        py: Python<'py>,
        ids: Vec<PyRef<'py, Identifier>>,
        ssv: SecretOctets<'_>,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0.clone()).collect();
        let ssv = ssv.with(sakke::SharedSecretValue::from_slice).map_err(Raise::raise)?;
        let data = py.detach(|| self.0.encapsulate_many(&ids, &ssv)).map_err(Raise::raise)?;
        Ok(data.iter().map(|data| PyBytes::new(py, &data.to_bytes())).collect())
    }

    /// The receiver of an identifier, for a sender that writes to it often.
    fn recipient(&self, py: Python<'_>, id: &Identifier) -> PyResult<Recipient> {
        py.detach(|| self.0.recipient(&id.0)).map(Recipient).map_err(Raise::raise)
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// A receiver to whom a sender writes often.
#[pyclass(frozen, module = "eccsi_sakke.sakke")]
pub(crate) struct Recipient(sakke::Recipient);

#[pymethods]
impl Recipient {
    /// The same with tables, 0.1 MB: an encapsulation then costs about a quarter.
    fn prepared(&self, py: Python<'_>) -> Self {
        Self(py.detach(|| self.0.clone().prepared()))
    }

    /// As KmsPublicKey.encapsulate.
    fn encapsulate<'py>(&self, py: Python<'py>) -> PyResult<Sent<'py>> {
        sent(py, py.detach(|| self.0.encapsulate(&mut SysRng)))
    }

    /// As KmsPublicKey.encapsulate_ssv.
    fn encapsulate_ssv<'py>(&self, py: Python<'py>, ssv: SecretOctets<'_>) -> PyResult<Bound<'py, PyBytes>> {
        let ssv = ssv.with(sakke::SharedSecretValue::from_slice).map_err(Raise::raise)?;
        let data = py.detach(|| self.0.encapsulate_ssv(&ssv)).map_err(Raise::raise)?;
        Ok(PyBytes::new(py, &data.to_bytes()))
    }
}

/// A Receiver Secret Key as the KMS delivers it (RFC 6508 6.1.1), not yet validated.
#[pyclass(frozen, module = "eccsi_sakke.sakke")]
pub(crate) struct IssuedKey(Held<sakke::IssuedKey>);

secret_class!(IssuedKey);

#[pymethods]
impl IssuedKey {
    /// Decodes 04, x, y, 257 octets.
    #[staticmethod]
    fn from_bytes(data: SecretOctets<'_>) -> PyResult<Self> {
        Ok(Self(Held::new(data.with(sakke::IssuedKey::from_slice).map_err(Raise::raise)?)))
    }

    /// The key itself, 257 octets: to deliver or to store it. Python cannot wipe them.
    fn expose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &*self.0.get()?.expose()))
    }

    /// Validates the key (RFC 6508 6.1.2): the only way to one that decapsulates. Raises InvalidKey.
    fn validate(
        &self,
        py: Python<'_>,
        public_key: &KmsPublicKey,
        id: &Identifier,
    ) -> PyResult<ReceiverSecretKey> {
        let issued = self.0.get()?;
        let key = py.detach(|| issued.validate(&public_key.0, &id.0)).map_err(Raise::raise)?;
        Ok(ReceiverSecretKey(Held::new(key)))
    }
}

/// A validated Receiver Secret Key of one identifier under one KMS.
#[pyclass(frozen, module = "eccsi_sakke.sakke")]
pub(crate) struct ReceiverSecretKey(pub(crate) Held<sakke::ReceiverSecretKey>);

secret_class!(ReceiverSecretKey);

#[pymethods]
impl ReceiverSecretKey {
    /// Builds the key's tables, 0.5 to 0.7 MB and as secret as the key, and gives a key with them; this one is closed.
    /// Raises ValueError while another thread works with it.
    fn prepared(&self, py: Python<'_>) -> PyResult<Self> {
        let key = self.0.take()?;
        Ok(Self(Held::new(py.detach(|| key.prepared()))))
    }

    /// The key itself, 257 octets: to store it. Python cannot wipe them.
    fn expose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &*self.0.get()?.expose()))
    }

    /// Decapsulates SSV, 16 octets (RFC 6508 6.2.2). Raises DecapsulationFailed, whatever the reason.
    fn decapsulate<'py>(&self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let key = self.0.get()?;
        let data = decode(data).map_err(Raise::raise)?;
        let ssv = py.detach(|| key.decapsulate(&data)).map_err(Raise::raise)?;
        Ok(PyBytes::new(py, &*ssv.expose()))
    }

    /// Decapsulates each: SSV, or None for what is refused.
    fn decapsulate_many<'py>(
        &self,
        py: Python<'py>,
        data: Vec<Bound<'py, PyBytes>>,
    ) -> PyResult<Vec<Option<Bound<'py, PyBytes>>>> {
        let key = self.0.get()?;
        let decoded: Vec<_> = data.iter().map(|data| decode(data.as_bytes())).collect();
        let right: Vec<_> = decoded.iter().flatten().cloned().collect();
        let mut opened = py.detach(|| key.decapsulate_many(&right)).into_iter();
        let mut next = || opened.next().and_then(Result::ok).map(|ssv| PyBytes::new(py, &*ssv.expose()));
        Ok(decoded.iter().map(|one| if one.is_ok() { next() } else { None }).collect())
    }
}

/// Data that are none were not made for this key: whoever sent them learns no more than that.
fn decode(data: &[u8]) -> Result<sakke::EncapsulatedData, Error> {
    sakke::EncapsulatedData::from_slice(data).map_err(|_| Error::DecapsulationFailed)
}
