//! ECCSI: RFC 6507.

use crate::errors::Raise;
use crate::held::{Held, secret_class};
use crate::octets::SecretOctets;
use eccsi_sakke::eccsi;
use eccsi_sakke::{Identity, SysRng};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<KmsSecretKey>()?;
    module.add_class::<KmsPublicKey>()?;
    module.add_class::<IssuedKey>()?;
    module.add_class::<SigningKey>()?;
    module.add_class::<VerifyingKey>()
}

/// KSAK, the KMS Secret Authentication Key (RFC 6507 4.2): whoever has it can become any identity.
#[pyclass(frozen, module = "eccsi_sakke.eccsi")]
pub(crate) struct KmsSecretKey(Held<eccsi::KmsSecretKey>);

secret_class!(KmsSecretKey);

#[pymethods]
impl KmsSecretKey {
    /// Makes a new KSAK.
    #[staticmethod]
    fn generate(py: Python<'_>) -> PyResult<Self> {
        let key = py.detach(|| eccsi::KmsSecretKey::generate(&mut SysRng)).map_err(Raise::raise)?;
        Ok(Self(Held::new(key)))
    }

    /// Takes a KSAK of 32 octets, big-endian.
    #[staticmethod]
    fn from_bytes(data: SecretOctets<'_>) -> PyResult<Self> {
        Ok(Self(Held::new(data.with(eccsi::KmsSecretKey::from_slice).map_err(Raise::raise)?)))
    }

    /// KSAK itself, 32 octets: to seal it at rest. Python cannot wipe them.
    fn expose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &*self.0.get()?.expose()))
    }

    /// KPAK.
    fn public_key(&self) -> PyResult<KmsPublicKey> {
        Ok(KmsPublicKey(self.0.get()?.public_key()))
    }

    /// Makes a fresh pair (SSK, PVT) for an identity (RFC 6507 5.1.1).
    fn issue(&self, py: Python<'_>, id: &[u8]) -> PyResult<IssuedKey> {
        let kms = self.0.get()?;
        let key = py.detach(|| kms.issue(Identity::new(id), &mut SysRng)).map_err(Raise::raise)?;
        Ok(IssuedKey(Held::new(key)))
    }

    /// Makes a pair for each identity, in their order: faster than one by one.
    fn issue_many(&self, py: Python<'_>, ids: Vec<Bound<'_, PyBytes>>) -> PyResult<Vec<IssuedKey>> {
        let kms = self.0.get()?;
        let ids: Vec<_> = ids.iter().map(|id| Identity::new(id.as_bytes())).collect();
        let keys = py.detach(|| kms.issue_many(&ids, &mut SysRng)).map_err(Raise::raise)?;
        Ok(keys.into_iter().map(|key| IssuedKey(Held::new(key))).collect())
    }
}

/// KPAK, the KMS Public Authentication Key (RFC 6507 4.2): the root of trust of a community.
#[pyclass(frozen, eq, hash, module = "eccsi_sakke.eccsi")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct KmsPublicKey(pub(crate) eccsi::KmsPublicKey);

#[pymethods]
impl KmsPublicKey {
    /// Decodes 04, x, y, 65 octets, and checks the point.
    #[staticmethod]
    fn from_bytes(data: &[u8]) -> PyResult<Self> {
        eccsi::KmsPublicKey::from_slice(data).map(Self).map_err(Raise::raise)
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.to_bytes())
    }

    /// The same key with a table of its multiples, for those who verify often under it.
    fn prepared(&self, py: Python<'_>) -> Self {
        Self(py.detach(|| self.0.clone().prepared()))
    }

    /// Verifies that a signature is one of `message` by `id` (RFC 6507 5.2.2). Raises InvalidSignature, whatever the reason.
    fn verify(&self, py: Python<'_>, id: &[u8], message: &[u8], signature: &[u8]) -> PyResult<()> {
        let signature = decode(signature).map_err(Raise::raise)?;
        py.detach(|| self.0.verify(Identity::new(id), message, &signature)).map_err(Raise::raise)
    }

    /// Verifies many (id, message, signature): for each, whether it verifies. Faster than one by one.
    fn verify_many(&self, py: Python<'_>, signatures: Vec<Signed<'_>>) -> Vec<bool> {
        let decoded: Vec<_> =
            signatures.iter().map(|(_, _, signature)| decode(signature.as_bytes())).collect();
        let jobs: Vec<_> = (signatures.iter().zip(&decoded))
            .filter_map(|((id, message, _), signature)| {
                Some((Identity::new(id.as_bytes()), message.as_bytes(), signature.as_ref().ok()?))
            })
            .collect();
        let mut found = py.detach(|| self.0.verify_many(&jobs)).into_iter();
        decoded.iter().map(|one| one.is_ok() && found.next().is_some_and(|found| found.is_ok())).collect()
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

type Signed<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>);

/// A signature that is none verifies for nothing: whoever sent it learns no more than that.
fn decode(octets: &[u8]) -> Result<eccsi::Signature, eccsi_sakke::Error> {
    eccsi::Signature::from_slice(octets).map_err(|_| eccsi_sakke::Error::InvalidSignature)
}

/// A pair (SSK, PVT) as the KMS delivers it (RFC 6507 5.1.1), not yet validated.
#[pyclass(frozen, module = "eccsi_sakke.eccsi")]
pub(crate) struct IssuedKey(pub(crate) Held<eccsi::IssuedKey>);

secret_class!(IssuedKey);

#[pymethods]
impl IssuedKey {
    /// Puts a delivered pair together: SSK of 32 octets, PVT of 65.
    #[staticmethod]
    fn from_parts(ssk: SecretOctets<'_>, pvt: &[u8]) -> PyResult<Self> {
        let key = ssk.with(|ssk| eccsi::IssuedKey::from_slices(ssk, pvt));
        Ok(Self(Held::new(key.map_err(Raise::raise)?)))
    }

    /// SSK itself, 32 octets: to deliver or to store it. Python cannot wipe them.
    fn expose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &*self.0.get()?.expose()))
    }

    /// PVT, 65 octets.
    fn pvt<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.get()?.pvt().to_bytes()))
    }

    /// Validates the pair (RFC 6507 5.1.2): the only way to a signing key. Raises InvalidKey.
    fn validate(&self, py: Python<'_>, kpak: &KmsPublicKey, id: &[u8]) -> PyResult<SigningKey> {
        let issued = self.0.get()?;
        let key = py.detach(|| issued.validate(&kpak.0, Identity::new(id))).map_err(Raise::raise)?;
        Ok(SigningKey(Held::new(key)))
    }
}

/// A validated key of one identity under one KMS.
#[pyclass(frozen, module = "eccsi_sakke.eccsi")]
pub(crate) struct SigningKey(pub(crate) Held<eccsi::SigningKey>);

secret_class!(SigningKey);

#[pymethods]
impl SigningKey {
    /// Signs a message of any length (RFC 6507 5.2.1): 129 octets, r (32), s (32), PVT (65).
    fn sign<'py>(&self, py: Python<'py>, message: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let key = self.0.get()?;
        let signature = py.detach(|| key.sign(message, &mut SysRng)).map_err(Raise::raise)?;
        Ok(PyBytes::new(py, &signature.to_bytes()))
    }

    /// Signs, and verifies the signature before it gives it: against computations that an attacker disturbs.
    fn sign_checked<'py>(&self, py: Python<'py>, message: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let key = self.0.get()?;
        let signature = py.detach(|| key.sign_checked(message, &mut SysRng)).map_err(Raise::raise)?;
        Ok(PyBytes::new(py, &signature.to_bytes()))
    }

    /// Signs each message: faster than one by one.
    fn sign_many<'py>(
        &self,
        py: Python<'py>,
        messages: Vec<Bound<'py, PyBytes>>,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let key = self.0.get()?;
        let messages: Vec<_> = messages.iter().map(|message| message.as_bytes()).collect();
        let signatures = py.detach(|| key.sign_many(&messages, &mut SysRng)).map_err(Raise::raise)?;
        Ok(signatures.iter().map(|signature| PyBytes::new(py, &signature.to_bytes())).collect())
    }

    /// SSK itself, 32 octets: to store it. Python cannot wipe them.
    fn expose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &*self.0.get()?.expose()))
    }

    /// PVT, 65 octets.
    fn pvt<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.get()?.pvt().to_bytes()))
    }

    /// Was the key issued for this identity?
    fn is_for(&self, id: &[u8]) -> PyResult<bool> {
        Ok(self.0.get()?.is_for(Identity::new(id)))
    }

    /// What verifies the signatures of this key.
    fn verifying_key(&self) -> PyResult<VerifyingKey> {
        Ok(VerifyingKey(self.0.get()?.verifying_key().clone()))
    }
}

/// What verifies the signatures of one signer's key, for many messages.
#[pyclass(frozen, eq, module = "eccsi_sakke.eccsi")]
#[derive(PartialEq)]
pub(crate) struct VerifyingKey(eccsi::VerifyingKey);

#[pymethods]
impl VerifyingKey {
    /// Computes it from KPAK, the identity, and PVT of 65 octets.
    #[new]
    fn new(py: Python<'_>, kpak: &KmsPublicKey, id: &[u8], pvt: &[u8]) -> PyResult<Self> {
        let pvt = eccsi::PublicValidationToken::from_slice(pvt).map_err(Raise::raise)?;
        py.detach(|| eccsi::VerifyingKey::new(&kpak.0, Identity::new(id), &pvt))
            .map(Self)
            .map_err(Raise::raise)
    }

    /// The same key with a table, 88 KB: it pays from about the eighth message on.
    fn prepared(&self, py: Python<'_>) -> Self {
        Self(py.detach(|| self.0.clone().prepared()))
    }

    /// HS, 32 octets: the hash that binds the key to identity and KPAK.
    fn hs<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.hs())
    }

    /// Verifies that a signature is one of `message`, made with this key. Raises InvalidSignature.
    fn verify(&self, py: Python<'_>, message: &[u8], signature: &[u8]) -> PyResult<()> {
        let signature = decode(signature).map_err(Raise::raise)?;
        py.detach(|| self.0.verify(message, &signature)).map_err(Raise::raise)
    }
}
