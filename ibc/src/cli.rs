//! The command `ibc`: parse, call the library, print.
//!
//! Exit status: 0 done or valid; 1 refused, with one sentence on standard error that says what to do;
//! 2 used in a wrong way. With `--json` the result is one JSON object in one line on standard output,
//! and a refusal is `{"error":{"kind":"…","message":"…"}}`, there as well, so that a program reads one
//! stream and finds one object whatever happened; for errors of usage the kind is `usage`.
//!
//! Secrets come from files of mode 0600 or standard input, never from the command line, and are shown
//! only where `--show-secret` asks for it.

#[cfg(feature = "service")]
mod admin;
#[cfg(feature = "service")]
mod audit;
#[cfg(feature = "service")]
mod bench;
mod bulk;
#[cfg(feature = "client")]
mod client;
mod credential;
mod demo;
#[cfg(feature = "service")]
mod deny_list;
mod failure;
mod issue;
mod kms;
#[cfg(feature = "service")]
mod mef;
mod options;
mod report;
mod rsk;
mod saef;
mod sakke;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "service")]
mod service;
mod signature;
#[cfg(feature = "service")]
mod site;
#[cfg(feature = "service")]
mod upkeep;

use clap::{Parser, Subcommand};
use failure::Failure;
use report::Report;
use std::process::ExitCode;

/// Identity-based cryptography: ECCSI (RFC 6507), SAKKE (RFC 6508) and the IBC of oneM2M
///
/// A KMS holds two secret keys (KSAK and z) and publishes the public ones (KPAK and Z). It issues to each
/// identity a credential: a secret signing key (SSK), a public validation token (PVT) and a receiver
/// secret key (RSK). With it the identity signs, agrees on keys with others and receives keys from them,
/// without any certificate: knowing KPAK, Z and the name of the other one is enough. See it all at once
/// with `ibc demo`.
#[derive(Debug, Parser)]
#[command(name = "ibc", version, max_term_width = 100, after_long_help = EXAMPLES)]
struct Cli {
    /// Print one JSON object in place of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples, from an empty directory to a verified signature:
  ibc kms init --kms kms.ibc
  ibc kms export-public --kms kms.ibc --out kpak.json
  ibc kms issue --kms kms.ibc --fqdn mef.example.com --cse-id //sp.example.com/CSE1 --out cse.json
  ibc credential validate --credential cse.json --kpak kpak.json
  ibc sign --credential cse.json --in message.txt --out message.sig
  ibc verify --kpak kpak.json --id2 ID_2 --in message.txt --signature message.sig

Exit status:
  0  done, or valid
  1  refused; standard error says why and what to do
  2  used in a wrong way

With --json standard output holds one object in any case: the result, or
  {\"error\":{\"kind\":\"…\",\"message\":\"…\"}}";

#[derive(Debug, Subcommand)]
enum Command {
    /// The key management service: make its keys, issue credentials
    #[command(subcommand)]
    Kms(kms::Command),
    /// Look at a credential, and validate it
    #[command(subcommand)]
    Credential(credential::Command),
    /// Sign a message with a credential
    Sign(signature::Sign),
    /// Verify a signature, knowing KPAK and the identity of the signer
    Verify(signature::Verify),
    /// The IBC-based security association of oneM2M
    #[command(subcommand)]
    Saef(saef::Command),
    /// Send a key to an identity (SAKKE)
    #[command(subcommand)]
    Sakke(sakke::Command),
    #[cfg(feature = "client")]
    Enrol(Box<client::Enrol>),
    #[cfg(feature = "client")]
    Renew(Box<client::Renew>),
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Registration(client::RegistrationCommand),
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Key(client::KeyCommand),
    #[cfg(feature = "client")]
    Commands(Box<client::Commands>),
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Device(client::DeviceCommand),
    #[cfg(feature = "client")]
    Associate(Box<client::Associate>),
    /// Show the whole system at work, step by step
    Demo(demo::Demo),
    /// Set up a service: a MEF, a MAF, or both, on one configuration
    #[cfg(feature = "service")]
    #[command(subcommand)]
    Service(service::Command),
    /// The configuration of a service
    #[cfg(feature = "service")]
    #[command(subcommand)]
    Config(service::ConfigCommand),
    /// Stakeholders, clients, policy and Kpsa of a service
    #[cfg(feature = "service")]
    #[command(subcommand)]
    Admin(admin::Command),
    /// Issue and deny at the MEF, for a client of the store
    #[cfg(feature = "service")]
    #[command(subcommand)]
    Mef(mef::Command),
    /// The audit log of a service
    #[cfg(feature = "service")]
    #[command(subcommand)]
    Audit(audit::Command),
    #[cfg(feature = "server")]
    Serve(serve::Serve),
    #[cfg(feature = "service")]
    Backup(upkeep::Backup),
    #[cfg(feature = "service")]
    Restore(upkeep::Restore),
    #[cfg(feature = "service")]
    Tidy(upkeep::Tidy),
    #[cfg(feature = "service")]
    Bench(bench::Bench),
}

/// Runs the command that the arguments of the process name.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            if !error.use_stderr() {
                // A closed output is no reason to panic, and nothing else can be done about it.
                let _ = error.print();
                return ExitCode::SUCCESS;
            }
            let wants_json = std::env::args_os().any(|argument| argument == "--json");
            return Failure::usage(usage_text(&error)).print(wants_json);
        }
    };
    let outcome = match cli.command {
        Command::Kms(command) => command.run(cli.json),
        Command::Credential(command) => command.run(cli.json),
        Command::Sign(command) => command.run(cli.json),
        Command::Verify(command) => command.run(),
        Command::Saef(command) => command.run(),
        Command::Sakke(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Enrol(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Renew(command) => command.run(cli.json),
        #[cfg(feature = "client")]
        Command::Registration(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Key(command) => command.run(cli.json),
        #[cfg(feature = "client")]
        Command::Commands(command) => command.run(cli.json),
        #[cfg(feature = "client")]
        Command::Device(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Associate(command) => command.run(cli.json),
        Command::Demo(command) => command.run(),
        #[cfg(feature = "service")]
        Command::Service(command) => command.run(),
        #[cfg(feature = "service")]
        Command::Config(command) => command.run(),
        #[cfg(feature = "service")]
        Command::Admin(command) => command.run(),
        #[cfg(feature = "service")]
        Command::Mef(command) => command.run(),
        #[cfg(feature = "service")]
        Command::Audit(command) => command.run(cli.json),
        #[cfg(feature = "server")]
        Command::Serve(command) => command.run(),
        #[cfg(feature = "service")]
        Command::Backup(command) => command.run(),
        #[cfg(feature = "service")]
        Command::Restore(command) => command.run(),
        #[cfg(feature = "service")]
        Command::Tidy(command) => command.run(),
        #[cfg(feature = "service")]
        Command::Bench(command) => command.run(cli.json),
    };
    match outcome.and_then(|report| report.print(cli.json)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.print(cli.json),
    }
}

/// What clap says, without its first and last words, which [`Failure::print`] has itself.
fn usage_text(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let end = text.rfind("\n\nFor more information").unwrap_or(text.len());
    String::from(text[..end].trim_end())
}

/// What a command comes to.
type Outcome = Result<Report, Failure>;
