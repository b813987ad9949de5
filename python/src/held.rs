//! A secret that Python holds: until it is closed, or nobody refers to it.

use crate::errors::{busy, closed};
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// A secret, wiped when it is closed and no call works with it any more.
pub(crate) struct Held<T>(Mutex<Option<Arc<T>>>);

impl<T> Held<T> {
    pub(crate) fn new(secret: T) -> Self {
        Self(Mutex::new(Some(Arc::new(secret))))
    }

    /// The secret, for one call.
    pub(crate) fn get(&self) -> PyResult<Arc<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)
    }

    /// The secret itself, which is then no longer here.
    pub(crate) fn take(&self) -> PyResult<T> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match Arc::try_unwrap(held.take().ok_or_else(closed)?) {
            Ok(secret) => Ok(secret),
            Err(shared) => {
                *held = Some(shared);
                Err(busy())
            }
        }
    }

    pub(crate) fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// What every class that holds a secret has: `close`, `with`, and a `repr` that shows nothing.
macro_rules! secret_class {
    ($class:ident) => {
        #[pyo3::pymethods]
        impl $class {
            /// Wipes the secret. Any later use raises ValueError; closing again does nothing.
            fn close(&self) {
                self.0.close();
            }

            fn __enter__(slf: pyo3::PyRef<'_, Self>) -> pyo3::PyResult<pyo3::PyRef<'_, Self>> {
                slf.0.get()?;
                Ok(slf)
            }

            #[pyo3(signature = (*_raised))]
            fn __exit__(&self, _raised: &pyo3::Bound<'_, pyo3::types::PyTuple>) {
                self.0.close();
            }

            fn __repr__(&self) -> &'static str {
                concat!("<", stringify!($class), ">")
            }
        }
    };
}
pub(crate) use secret_class;
