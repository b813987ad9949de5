//! `ibc admin`: who may do what.

mod client;
mod policy;
mod psa;
mod stakeholder;

use super::Outcome;
use super::failure::Failure;
use super::site::Site;
use crate::files::private_file;
use crate::service::Function;
use clap::{Args, Subcommand};
use eccsi_sakke::onem2m::Fqdn;
use std::path::Path;
use zeroize::Zeroizing;

/// Octets of a file with a key: 64, or their digits and some blanks.
const MAX_KEY: u64 = 256;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Who administrates clients: service providers and others, by adminFQDN
    #[command(subcommand)]
    Stakeholder(stakeholder::Command),
    /// Nodes and MAFs that authenticate here, their identities and credentials
    #[command(subcommand)]
    Client(client::Command),
    /// Which keys clients may register, for whom, and for how long
    #[command(subcommand)]
    Policy(policy::Command),
    /// Keys that two entities have in common from here (Kpsa)
    #[command(subcommand)]
    Psa(psa::Command),
}

impl Command {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Stakeholder(command) => command.run(),
            Self::Client(command) => command.run(),
            Self::Policy(command) => command.run(),
            Self::Psa(command) => command.run(),
        }
    }
}

/// What is changed, as it was seen.
#[derive(Debug, Args)]
pub(super) struct Seen {
    /// Change it only if it still has this version, which list and show print
    #[arg(long, value_name = "NUMBER")]
    version: Option<u64>,
    #[command(flatten)]
    site: Site,
}

/// `mef` or `maf`.
fn function(text: &str) -> Result<Function, &'static str> {
    match text {
        "mef" => Ok(Function::Mef),
        "maf" => Ok(Function::Maf),
        _ => Err("a function is mef or maf"),
    }
}

/// `mef:FQDN` or `maf:FQDN`.
fn admission(text: &str) -> Result<(Function, Fqdn), String> {
    let form = || String::from("as in mef:sp.example.com: a function, and the stakeholder");
    let (of, fqdn) = text.split_once(':').ok_or_else(form)?;
    Ok((function(of)?, Fqdn::parse(fqdn).map_err(|error| format!("{error}"))?))
}

/// A key from a file of mode 0600, or standard input: octets, or with `hex` their digits.
fn key(path: &Path, hex: bool) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let octets = private_file::read_or_stdin(path, MAX_KEY)?;
    if !hex {
        return Ok(octets);
    }
    let digits = octets.trim_ascii();
    let mut key = Zeroizing::new(std::vec![0; digits.len() / 2]);
    match base16ct::mixed::decode(digits, &mut key) {
        Ok(decoded) if decoded.len() * 2 == digits.len() => Ok(key),
        _ => Err(Failure::usage(format!("{}: not hexadecimal digits, two for each octet", path.display()))),
    }
}

/// Lines for people, one for each thing there is.
fn listing(lines: Vec<String>, nothing: &str) -> String {
    if lines.is_empty() { nothing.into() } else { lines.join("\n") }
}

fn state(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}
