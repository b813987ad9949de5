//! The tests of mikey-sakke, one program.

#[path = "../model/mod.rs"]
mod model;

mod documented;
mod flows;
mod fuzz_seeds;
mod identifiers;
mod keys;
mod layouts;
mod negative;
mod policies;
mod replay;
mod rfc;
mod sample;
mod sdp;
mod secret_types;
