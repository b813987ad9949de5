//! Exceptions, and which error of the library is which.

use eccsi_sakke::Error as CoreError;
use eccsi_sakke::error::{BatchError, DecodeError as CoreDecodeError};
use eccsi_sakke::onem2m::IdentifierError as CoreIdentifierError;
use eccsi_sakke::saef::SaefError;
use mikey_sakke::error::{BuildError, Refusal};
use mikey_sakke::sdp::SdpError;
use mikey_sakke::user::UserError;
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;

create_exception!(eccsi_sakke, Error, PyException, "What the library refuses.");
create_exception!(eccsi_sakke, DecodeError, Error, "Octets are no encoding of the value they should be.");
create_exception!(
    eccsi_sakke,
    InvalidKey,
    Error,
    "A delivered key does not belong to this identity and KMS."
);
create_exception!(eccsi_sakke, InvalidSignature, Error, "The signature does not verify.");
create_exception!(
    eccsi_sakke,
    DecapsulationFailed,
    Error,
    "The Encapsulated Data were not made for this key, or were changed."
);
create_exception!(
    eccsi_sakke,
    UnusableIdentity,
    Error,
    "No key exists for this identity under this master key."
);
create_exception!(eccsi_sakke, RandomError, Error, "The random generator of the system failed.");
create_exception!(eccsi_sakke, IdentifierError, Error, "A text is not the identifier it should be.");
create_exception!(
    eccsi_sakke,
    AssociationError,
    Error,
    "Why a credential is not installed or no key is derived: for one's own log, never for the peer."
);
create_exception!(
    eccsi_sakke,
    MessageError,
    Error,
    "Why a message of MIKEY-SAKKE is not made or not accepted, besides signature and key."
);

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("Error", py.get_type::<Error>())?;
    module.add("DecodeError", py.get_type::<DecodeError>())?;
    module.add("InvalidKey", py.get_type::<InvalidKey>())?;
    module.add("InvalidSignature", py.get_type::<InvalidSignature>())?;
    module.add("DecapsulationFailed", py.get_type::<DecapsulationFailed>())?;
    module.add("UnusableIdentity", py.get_type::<UnusableIdentity>())?;
    module.add("RandomError", py.get_type::<RandomError>())?;
    module.add("IdentifierError", py.get_type::<IdentifierError>())?;
    module.add("AssociationError", py.get_type::<AssociationError>())?;
    module.add("MessageError", py.get_type::<MessageError>())
}

/// The exception of an error.
pub(crate) trait Raise {
    fn raise(self) -> PyErr;
}

impl Raise for CoreError {
    fn raise(self) -> PyErr {
        let text = self.to_string();
        match self {
            Self::Decode(_) => DecodeError::new_err(text),
            Self::InvalidKey => InvalidKey::new_err(text),
            Self::InvalidSignature => InvalidSignature::new_err(text),
            Self::DecapsulationFailed => DecapsulationFailed::new_err(text),
            Self::UnusableIdentity => UnusableIdentity::new_err(text),
            Self::Rng => RandomError::new_err(text),
            _ => Error::new_err(text),
        }
    }
}

impl Raise for CoreDecodeError {
    fn raise(self) -> PyErr {
        CoreError::from(self).raise()
    }
}

/// The place of the item goes into the attribute `index`.
impl Raise for BatchError {
    fn raise(self) -> PyErr {
        let raised = self.error.raise();
        Python::attach(|py| {
            raised.value(py).setattr("index", self.index).map_or_else(|error| error, |()| raised)
        })
    }
}

impl Raise for CoreIdentifierError {
    fn raise(self) -> PyErr {
        IdentifierError::new_err(self.to_string())
    }
}

impl Raise for SaefError {
    fn raise(self) -> PyErr {
        match self {
            Self::Identifier(error) => error.raise(),
            Self::Decode(error) => error.raise(),
            Self::InvalidKey => CoreError::InvalidKey.raise(),
            other => AssociationError::new_err(other.to_string()),
        }
    }
}

impl Raise for Refusal {
    fn raise(self) -> PyErr {
        match self {
            Self::Signature => CoreError::InvalidSignature.raise(),
            Self::Decapsulation => CoreError::DecapsulationFailed.raise(),
            other => MessageError::new_err(other.to_string()),
        }
    }
}

impl Raise for BuildError {
    fn raise(self) -> PyErr {
        match self {
            Self::Crypto(error) => error.raise(),
            other => MessageError::new_err(other.to_string()),
        }
    }
}

impl Raise for SdpError {
    fn raise(self) -> PyErr {
        MessageError::new_err(self.to_string())
    }
}

impl Raise for UserError {
    fn raise(self) -> PyErr {
        IdentifierError::new_err(self.to_string())
    }
}

/// A secret that was wiped already.
pub(crate) fn closed() -> PyErr {
    PyValueError::new_err("the key was closed, and its memory wiped")
}

/// A secret that another thread works with.
pub(crate) fn busy() -> PyErr {
    PyValueError::new_err("another thread works with the key")
}
