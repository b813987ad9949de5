//! What holds on whichever backend the CPU gets, or compares them.

#[path = "../support/model/mod.rs"]
mod model;
#[path = "../support/not_run.rs"]
mod not_run;
#[cfg(feature = "eccsi")]
#[path = "../support/prepared.rs"]
mod prepared;
#[path = "../support/rng.rs"]
mod rng;
#[path = "../support/model/sakke.rs"]
mod sakke_model;
#[path = "../support/secret_type.rs"]
mod secret_type;
#[path = "../support/vectors.rs"]
mod vectors;

mod backends_agree;
mod batches;
mod dependencies;
mod documented_timing;
mod fp1024_agree;
mod fuzz_seeds;
mod identifiers;
mod interfaces;
mod layering;
mod model_itself;
mod requirements;
mod sakke_backends_agree;
mod secret_types;
mod vector_files;
mod verifying_key_cache;
