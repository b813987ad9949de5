//! The Python package `eccsi_sakke`: what its `__init__.pyi` and those beside it describe.
//!
//! Each function converts what Python gives, and calls one method of the library with the GIL released.

mod eccsi;
mod errors;
mod held;
mod mikey;
mod octets;
mod onem2m;
mod policy;
mod saef;
mod sakke;

use pyo3::prelude::*;

/// Adds what a room has to its module.
type AddTo = fn(&Bound<'_, PyModule>) -> PyResult<()>;

#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    errors::add_to(module)?;
    let rooms: [(&str, AddTo); 5] = [
        ("eccsi", eccsi::add_to),
        ("sakke", sakke::add_to),
        ("onem2m", onem2m::add_to),
        ("saef", saef::add_to),
        ("mikey", mikey::add_to),
    ];
    for (name, add_to) in rooms {
        let room = PyModule::new(py, name)?;
        add_to(&room)?;
        module.add_submodule(&room)?;
    }
    Ok(())
}
