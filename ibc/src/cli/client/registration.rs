//! `ibc registration`: the registration of a client with a MEF or a MAF.

use super::{Server, block_on, some};
use crate::cli::Outcome;
use crate::cli::failure::Failure;
use crate::cli::options;
use crate::cli::report::Report;
use clap::{Args, Subcommand};
use core::time::Duration;
use eccsi_sakke::onem2m::Fqdn;
use serde_json::json;

/// Register with a MEF or a MAF under a stakeholder, and end that
///
/// `ibc key register` and `ibc commands` register by themselves where that is needed.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Register under a stakeholder (clauses 8.3.5.2.3, 8.8.2.3)
    #[command(
        after_help = "Example:\n  ibc registration new --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --stakeholder sp.example.com"
    )]
    New(Box<New>),
    /// Print the configuration that the stakeholder wrote for it (clauses 8.3.5.2.4, 8.8.2.4)
    #[command(
        after_help = "Example:\n  ibc registration configuration --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --id 5f0c…"
    )]
    Configuration(Box<Which>),
    /// Change its end or its labels (clauses 8.3.5.2.5, 8.8.2.5)
    #[command(
        after_help = "Example:\n  ibc registration update --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --id 5f0c… --lifetime 30d"
    )]
    Update(Box<Update>),
    /// End it, and the keys that were registered under it (clauses 8.3.5.2.6, 8.8.2.6)
    #[command(
        after_help = "Example:\n  ibc registration delete --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --id 5f0c…"
    )]
    Delete(Box<Which>),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct New {
    #[command(flatten)]
    server: Server,
    /// The administrating stakeholder
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    stakeholder: Fqdn,
    /// Propose this life; the function decides
    #[arg(long, value_name = "DURATION", default_value = "365d", value_parser = options::duration)]
    lifetime: Duration,
    /// A label; may be given again
    #[arg(long, value_name = "TEXT")]
    label: Vec<String>,
}

/// Which registration.
#[derive(Debug, Args)]
pub(in crate::cli) struct Which {
    #[command(flatten)]
    server: Server,
    /// MEFClientRegID or mafClientRegID, as `new` prints it
    #[arg(long, value_name = "ID")]
    id: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Update {
    #[command(flatten)]
    which: Which,
    /// Propose an end so far from now
    #[arg(long, value_name = "DURATION", value_parser = options::duration)]
    lifetime: Option<Duration>,
    /// A label, in place of those that it has; may be given again
    #[arg(long, value_name = "TEXT")]
    label: Vec<String>,
}

impl New {
    fn run(self) -> Outcome {
        let end = options::after(options::now()?, self.lifetime)?;
        let mut client = self.server.client()?;
        block_on(async {
            let registered = client.register(&self.stakeholder, end, some(self.label)).await?;
            let mut text = format!(
                "registered as {}\n  until       {}\n  client      {}",
                registered.id, registered.expiration_time, registered.client_id
            );
            if let Some(identity) = &registered.assigned_symm_key_id {
                text.push_str(&format!("\n  identity    {identity}, in handshakes from now on"));
            }
            let waits = registered.children.is_some_and(|children| !children.is_empty());
            if waits {
                text.push_str("\n  a command waits: ibc commands");
            }
            let value = json!({
                "registration": registered.id, "until": registered.expiration_time, "client": registered.client_id,
                "identity": registered.assigned_symm_key_id, "command_waits": waits,
            });
            Ok(Report::new(text, &value))
        })
    }
}

impl Which {
    fn configuration(self) -> Outcome {
        let mut client = self.server.client()?;
        block_on(async {
            let configuration = client.configuration(&self.id).await?.configuration;
            Ok(Report::new(format!("{configuration:#}"), &json!({"configuration": configuration})))
        })
    }

    fn delete(self) -> Outcome {
        let mut client = self.server.client()?;
        block_on(async {
            client.deregister(&self.id).await?;
            Ok(Report::new(format!("removed {}", self.id), &json!({"removed": self.id})))
        })
    }
}

impl Update {
    fn run(self) -> Outcome {
        if self.lifetime.is_none() && self.label.is_empty() {
            return Err(Failure::usage("say what changes: --lifetime or --label"));
        }
        let now = options::now()?;
        let end = self.lifetime.map(|lifetime| options::after(now, lifetime)).transpose()?;
        let (mut client, id) = (self.which.server.client()?, self.which.id);
        block_on(async {
            let answer = client.update(&id, end, some(self.label)).await?;
            let mut text = format!("updated {id}");
            if let Some(end) = &answer.expiration_time {
                text.push_str(&format!("\n  until       {end}"));
            }
            if let Some(identity) = &answer.assigned_symm_key_id {
                text.push_str(&format!("\n  identity    {identity}, in handshakes from now on"));
            }
            let value = json!({
                "registration": id, "until": answer.expiration_time, "labels": answer.labels,
                "identity": answer.assigned_symm_key_id,
            });
            Ok(Report::new(text, &value))
        })
    }
}

impl Command {
    pub(in crate::cli) fn run(self) -> Outcome {
        match self {
            Self::New(command) => command.run(),
            Self::Configuration(which) => which.configuration(),
            Self::Update(command) => command.run(),
            Self::Delete(which) => which.delete(),
        }
    }
}
