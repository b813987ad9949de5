//! Live exchanges with wolfSSL and OpenSSL; `TEST_BACKEND` takes one backend for all of them.

#[path = "../../support/backend_from_env.rs"]
mod backend_from_env;
#[path = "../../support/model/mod.rs"]
mod model;
#[path = "../../support/rng.rs"]
mod rng;

mod crosscheck;
mod wolfssl;
mod wolfssl_sakke;
