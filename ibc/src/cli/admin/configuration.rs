//! `ibc admin configuration`: objects with which the MEF configures a device.

use super::listing;
use crate::cli::failure::Failure;
use crate::cli::report::Report;
use crate::cli::site::{Opened, Site};
use crate::cli::{Outcome, options};
use crate::client::node;
use crate::files::{FileError, public_file};
use crate::service::admin::ConfiguredObject;
use clap::{Args, Subcommand};
use eccsi_sakke::onem2m::Fqdn;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Octets of a file with objects.
const MAX_OBJECTS: usize = 256 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set the objects of a file, each under its path; others stay (clause 8.3.8)
    ///
    /// The file is JSON, as that of `ibc device object add`. The device is told by DEV_CFG: its registrations under the
    /// stakeholder get the command, and if it has none, the next one begins with it.
    #[command(
        after_help = "Example:\n  ibc admin configuration set gateway-1 --stakeholder sp.example.com --file objects.json"
    )]
    Set(Set),
    /// Show the objects, their versions, and what the device made of them
    #[command(after_help = "Example:\n  ibc admin configuration show gateway-1 --stakeholder sp.example.com")]
    Show(Of),
    /// Have objects deleted at the device
    ///
    /// They are shown as being deleted until the device has done so. A deleted MEFClientRegCfg or MAFClientRegCfg ends the
    /// registration that it led to.
    #[command(
        after_help = "Example:\n  ibc admin configuration remove gateway-1 /saef --stakeholder sp.example.com --yes"
    )]
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(crate) struct Of {
    /// The client
    #[arg(value_name = "CLIENT")]
    client: String,
    /// The stakeholder that wants them
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    stakeholder: Fqdn,
    #[command(flatten)]
    site: Site,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    #[command(flatten)]
    of: Of,
    /// The objects as JSON, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    of: Of,
    /// Paths of the objects
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    #[command(flatten)]
    sure: options::Sure,
}

impl Command {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Self::Set(Set { of: Of { client, stakeholder, site }, file }) => {
                let objects = read(&file)?;
                site.run(async |opened| {
                    opened.admin.set_device_objects(&client, &stakeholder, &objects).await?;
                    shown(&opened, &client, &stakeholder).await
                })
            }
            Self::Show(Of { client, stakeholder, site }) => {
                site.run(async |opened| shown(&opened, &client, &stakeholder).await)
            }
            Self::Remove(Remove { of: Of { client, stakeholder, site }, paths, sure }) => {
                sure.ask(&format!("The device of {client} deletes {}", paths.join(", ")))?;
                site.run(async |opened| {
                    opened.admin.remove_device_objects(&client, &stakeholder, &paths).await?;
                    shown(&opened, &client, &stakeholder).await
                })
            }
        }
    }
}

/// The objects of a file with their paths, each such as a device takes it.
fn read(file: &Path) -> Result<Vec<(String, Value)>, Failure> {
    let octets = public_file::read_or_stdin(file, MAX_OBJECTS as u64)?;
    node::parse(&octets).map_err(|error| FileError::new(file, error))?;
    let list: Value = crate::json::from_slice(&octets)
        .map_err(|error| Failure::usage(format!("{}: not JSON: {error}", file.display())))?;
    let split = |object: &Map<String, Value>| {
        let mut object = object.clone();
        let path = object.remove("path");
        (path.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(), Value::Object(object))
    };
    let objects = list["objects"].as_array().into_iter().flatten().filter_map(Value::as_object);
    Ok(objects.map(split).collect())
}

async fn shown(opened: &Opened, client: &str, stakeholder: &Fqdn) -> Outcome {
    let all = opened.admin.device_objects(client, stakeholder).await?;
    let line = |one: &ConfiguredObject| {
        let kind = one.object.as_ref().and_then(Value::as_object).and_then(|object| object.keys().next());
        let kind = kind.map_or("to be deleted", String::as_str);
        let status = one.status.map_or_else(
            || String::from("not yet at the device"),
            |status| match status {
                20 => String::from("applied"),
                other => format!("not applied: {other}"),
            },
        );
        format!("{}  {kind}  version {}  {status}", one.path, one.version)
    };
    let value = |one: &ConfiguredObject| json!({"path": one.path, "version": one.version, "object": one.object, "status": one.status});
    let text = listing(all.iter().map(line).collect(), "no objects");
    let objects: Vec<_> = all.iter().map(value).collect();
    Ok(Report::new(text, &json!({"client": client, "stakeholder": stakeholder.as_str(), "objects": objects})))
}
