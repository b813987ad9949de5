//! Vectors and properties of both schemes; `TEST_BACKEND` takes one backend for all of them.

#[path = "../support/backend_from_env.rs"]
mod backend_from_env;
#[path = "../support/model/mod.rs"]
mod model;
#[cfg(feature = "eccsi")]
#[path = "../support/prepared.rs"]
mod prepared;
#[path = "../support/rng.rs"]
mod rng;
#[path = "../support/model/sakke.rs"]
mod sakke_model;
#[path = "../support/vectors.rs"]
mod vectors;

mod known_answers;
mod negative;
mod rfc6507;
mod rfc6508;
mod saef;
mod saef_vectors;
mod sakke_properties;
mod sakke_vectors;
