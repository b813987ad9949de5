//! Device configuration by command (DEV_CFG): TS-0003 clauses 8.3.4.6 and 8.3.8.
//!
//! | protocol | what is done |
//! |---|---|
//! | this project's | the objects below the registration are fetched and put into the store; what became of each is reported |
//! | another | a program of the device is run with the number and the URI; its exit status decides |

use super::connection::Operation;
use super::node::{Node, parse};
use super::{Client, ClientError, UNSENDABLE};
use crate::command::values::{device_management, status};
use crate::files::FormatError;
use crate::wire::{DeviceObject, DeviceObjects, DeviceReport, DeviceResult, rooted};
use core::time::Duration;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::string::ToString;

/// How long another program may configure the device.
const PATIENCE: Duration = Duration::from_secs(600);

/// How often is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The exit status by which a program says that the fault is the server's.
const SERVER: i32 = 2;

impl Client {
    /// The objects that the MEF has for this device, below a registration.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn device_objects(&mut self, registration: &str) -> Result<DeviceObjects, ClientError> {
        self.at_mef()?;
        let path = self.path(registration, "/dm")?;
        let answer = self.connection().await?.ask(Operation::Retrieve, &path, &[]).await?;
        rooted::read_bare(&answer).map_err(ClientError::Answer)
    }

    /// Says what became of them.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn report_device_objects(
        &mut self,
        registration: &str,
        report: &DeviceReport,
    ) -> Result<(), ClientError> {
        self.at_mef()?;
        let path = self.path(registration, "/dm")?;
        let body = rooted::write_bare(report).map_err(|_| UNSENDABLE)?;
        self.connection().await?.ask(Operation::Update, &path, &body).await.map(drop)
    }
}

/// Executes DEV_CFG, and gives the status to be reported.
pub(super) async fn execute(
    client: &mut Client,
    node: Option<Node<'_>>,
    (protocol, uri): (u16, &str),
    program: Option<&Path>,
) -> u16 {
    if protocol != device_management::OWN {
        return match program {
            Some(program) => run(program, protocol, uri).await,
            None => status::UNACCEPTABLE_ARGUMENTS,
        };
    }
    let (Some(node), Some(registration)) = (node, registration(uri)) else {
        return status::UNACCEPTABLE_ARGUMENTS;
    };
    let results = match client.device_objects(registration).await {
        Ok(list) => apply(&node, list),
        Err(error) => {
            tracing::warn!(%error, "objects of the device cannot be fetched");
            return status::DEV_CFG_SERVER;
        }
    };
    let all = results.iter().all(|one| one.status == status::OK);
    match client.report_device_objects(registration, &DeviceReport { results }).await {
        Ok(()) if all => status::OK,
        Ok(()) => status::DEV_CFG_CLIENT,
        Err(error) => {
            tracing::warn!(%error, "what became of the objects cannot be reported");
            status::DEV_CFG_SERVER
        }
    }
}

/// MEFClientRegID in the URI of the objects below a registration, whose host is the MEF.
fn registration(uri: &str) -> Option<&str> {
    let rest = uri.strip_prefix("https://")?;
    let (_, path) = rest.split_once('/')?;
    path.strip_prefix("mef/")?.strip_suffix("/dm").filter(|id| !id.contains('/'))
}

/// Puts the objects into the store: first what is deleted, then by path, parents before what is below them. One that
/// cannot be applied keeps no other from being applied.
fn apply(node: &Node<'_>, list: DeviceObjects) -> Vec<DeviceResult> {
    let mut objects = list.objects;
    objects
        .sort_by(|one, other| (one.object.is_some(), &one.path).cmp(&(other.object.is_some(), &other.path)));
    let apply = |DeviceObject { path, version, object }| {
        let outcome = match object {
            None => node.deleted(&path).map(drop).map_err(ClientError::from),
            Some(object) => read(&path, object).and_then(|objects| node.added(objects)),
        };
        let status = outcome.map_or_else(
            |error| {
                tracing::warn!(path, %error, "an object of the device cannot be applied");
                status::DEV_CFG_CLIENT
            },
            |()| status::OK,
        );
        DeviceResult { path, version, status }
    };
    objects.into_iter().map(apply).collect()
}

/// An object as a file with objects has it.
fn read(path: &str, object: serde_json::Value) -> Result<Vec<(String, super::node::Object)>, ClientError> {
    const REFUSED: ClientError = ClientError::Answer("an object that a device cannot have");
    let serde_json::Value::Object(mut members) = object else { return Err(REFUSED) };
    members.insert("path".into(), path.into());
    let list = serde_json::json!({"objects": [members]}).to_string();
    parse(list.as_bytes()).map_err(|error: FormatError| {
        tracing::warn!(path, %error, "an object is not understood");
        REFUSED
    })
}

/// A program that does not outlive what waits for it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, or is to end; who started it has its answer either way.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Has a program configure the device: 0 is success, 2 a fault of the server, anything else one of the device.
async fn run(program: &Path, protocol: u16, uri: &str) -> u16 {
    let mut command = Command::new(program);
    command.arg(protocol.to_string()).arg(uri).stdin(Stdio::null()).stdout(Stdio::null());
    let mut running = match command.spawn() {
        Ok(child) => Running(child),
        Err(error) => {
            tracing::warn!(%error, "the program for device management cannot be run");
            return status::DEV_CFG_CLIENT;
        }
    };
    let ended = async {
        loop {
            match running.0.try_wait() {
                Ok(None) => tokio::time::sleep(LOOK).await,
                Ok(Some(ended)) => break ended.code(),
                Err(_) => break None,
            }
        }
    };
    match tokio::time::timeout(PATIENCE, ended).await {
        Ok(Some(0)) => status::OK,
        Ok(Some(SERVER)) => status::DEV_CFG_SERVER,
        Ok(_) | Err(_) => status::DEV_CFG_CLIENT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_objects_are_those_below_a_registration() {
        for (uri, expected) in [
            ("https://mef.example.com/mef/k4c2/dm", Some("k4c2")),
            ("https://mef.example.com:8443/mef/k4c2/dm", Some("k4c2")),
            ("https://mef.example.com/mef/k4c2/x/dm", None),
            ("https://mef.example.com/maf/k4c2/dm", None),
            ("https://mef.example.com/mef/k4c2/cmd", None),
            ("coaps://mef.example.com/mef/k4c2/dm", None),
            ("https://mef.example.com", None),
        ] {
            assert_eq!(registration(uri), expected, "{uri}");
        }
    }
}
