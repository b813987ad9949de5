//! `ibc admin`: who may do what.

mod client;
mod configuration;
pub(super) mod listed;
mod policy;
mod psa;
mod stakeholder;

use super::Outcome;
use super::failure::Failure;
use super::site::Site;
use crate::Function;
use crate::files::key_file;
use crate::files::private_file::Existing;
use clap::{Args, Subcommand};
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::Fqdn;
use rand_core::TryRng;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Octets of a key that is made here.
const MADE: usize = 32;

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
    /// Objects with which the MEF configures devices (DEV_CFG)
    #[command(subcommand)]
    Configuration(configuration::Command),
    /// Registrations of clients at the MEF and the MAF
    #[command(subcommand)]
    Registration(listed::RegistrationCommand),
    /// Keys that clients have registered
    #[command(subcommand)]
    Key(listed::KeyCommand),
    /// MEF Client Commands: what was reported, and what registrations begin with
    #[command(subcommand, name = "command")]
    OfClients(listed::CommandCommand),
}

impl Command {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Stakeholder(command) => command.run(),
            Self::Client(command) => command.run(),
            Self::Policy(command) => command.run(),
            Self::Psa(command) => command.run(),
            Self::Configuration(command) => command.run(),
            Self::Registration(command) => command.run(),
            Self::Key(command) => command.run(),
            Self::OfClients(command) => command.run(),
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

/// Where a key comes from.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct KeySource {
    /// The key, 16 to 64 octets, in a file of mode 0600, or - for standard input: hexadecimal digits, or the octets
    #[arg(long, value_name = "FILE|-")]
    key_file: Option<PathBuf>,
    /// Make a key of 32 octets, and write it in hexadecimal into this new file of mode 0600
    #[arg(long, value_name = "FILE")]
    generate: Option<PathBuf>,
}

impl KeySource {
    /// The key, which [`Self::keep`] has to keep if it is new.
    fn key(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if let Some(path) = &self.key_file {
            return Ok(key_file::read_or_stdin(path)?);
        }
        let mut key = Zeroizing::new(std::vec![0; MADE]);
        SysRng.try_fill_bytes(&mut key).map_err(|_| Failure::from(eccsi_sakke::Error::Rng))?;
        Ok(key)
    }

    /// Writes a key that was made, before it is bound: bound, and in no file, it would be useless.
    fn keep(&self, key: &[u8]) -> Result<(), Failure> {
        match &self.generate {
            Some(path) => Ok(key_file::write(path, key, Existing::Keep)?),
            None => Ok(()),
        }
    }

    /// Removes the file of a key that was made if the key was not bound.
    fn settle<T, E>(&self, bound: Result<T, E>) -> Result<T, E> {
        if let (Err(_), Some(path)) = (&bound, &self.generate) {
            // It belongs to nothing; that the key was not bound is what matters.
            let _ = std::fs::remove_file(path);
        }
        bound
    }
}

/// Lines for people, one for each thing there is.
fn listing(lines: Vec<String>, nothing: &str) -> String {
    if lines.is_empty() { nothing.into() } else { lines.join("\n") }
}

fn state(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}
