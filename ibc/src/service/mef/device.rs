//! Device configuration within the Enrolment Exchange, the MEF's side: TS-0003 clauses 8.3.4.6 and 8.3.8, by the protocol
//! of this project.
//!
//! A registration shows the objects of its client under its stakeholder, with their versions; the device says of each
//! version what came of it. An object that is to be deleted stands there without its value until the device has done so.

use super::Mef;
use crate::command::values::status;
use crate::service::audit::chain::Event;
use crate::service::error::{ServiceError, bad_request};
use crate::service::limits::DEVICE_OBJECTS;
use crate::service::registry::Registry;
use crate::service::registry::check::hold;
use crate::service::session::Call;
use crate::service::store::{Change, WriteTransaction, device_objects};
use crate::wire::{DeviceObject, DeviceObjects, DeviceReport, DeviceResult};

impl Mef {
    /// Gives the objects that the device is to have, each with its version.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::service::error::Kind::NotFound), always the same, for a registration that is unknown,
    /// expired or another client's; and those of every procedure.
    pub async fn device_objects(
        &self,
        call: &Call,
        registration: &str,
    ) -> Result<DeviceObjects, ServiceError> {
        let change =
            Show { registry: self.registry(), call: call.clone(), registration: registration.into() };
        self.core.perform("retrieve device objects", call, Ok(change)).await
    }

    /// Takes what became of them. A version that is not the present one is passed over: the device is told of that one
    /// by the next command.
    ///
    /// # Errors
    /// [`Kind::BadRequest`](crate::service::error::Kind::BadRequest) for more results than there can be objects (64), and
    /// for a status other than OK (20) and those of DEV_CFG (201, 202); otherwise as [`device_objects`](Self::device_objects).
    pub async fn report_device_objects(
        &self,
        call: &Call,
        registration: &str,
        report: &DeviceReport,
    ) -> Result<(), ServiceError> {
        let change = check(report).map(|results| Take {
            registry: self.registry(),
            call: call.clone(),
            registration: registration.into(),
            results,
        });
        self.core.perform("report device objects", call, change).await
    }
}

fn check(report: &DeviceReport) -> Result<Vec<DeviceResult>, ServiceError> {
    if report.results.len() > DEVICE_OBJECTS {
        return Err(bad_request("more results than a device has objects"));
    }
    let is_known = |one: &DeviceResult| {
        matches!(one.status, status::OK | status::DEV_CFG_SERVER..=status::DEV_CFG_CLIENT)
    };
    if report.results.iter().all(is_known) {
        Ok(report.results.clone())
    } else {
        Err(bad_request("no status of device configuration"))
    }
}

struct Show {
    registry: Registry,
    call: Call,
    registration: String,
}

impl Change for Show {
    type Output = DeviceObjects;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<DeviceObjects, ServiceError> {
        let (_, row) = self.registry.own_registration(tx, &self.call, &self.registration).await?;
        let all = device_objects::all(tx.connection(), (&row.client, &row.stakeholder)).await?;
        let event = Event::new("device objects retrieved")
            .with("registration", row.id.as_str())
            .with("client", row.client.as_str())
            .with("objects", all.len());
        tx.audit(event).await?;
        let given = |one: device_objects::ObjectRow| DeviceObject {
            path: one.path,
            version: one.version,
            object: one.object,
        };
        Ok(DeviceObjects { objects: all.into_iter().map(given).collect() })
    }
}

struct Take {
    registry: Registry,
    call: Call,
    registration: String,
    results: Vec<DeviceResult>,
}

impl Change for Take {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        let (_, row) = self.registry.own_registration(tx, &self.call, &self.registration).await?;
        hold(tx, &row).await?;
        let owner = (row.client.as_str(), row.stakeholder.as_str());
        let (mut noted, mut failed) = (0usize, Vec::new());
        for result in &self.results {
            let DeviceResult { path, version, status } = result;
            let outcome = (*status, *status == status::OK);
            if device_objects::report(tx.connection(), owner, (path, *version), outcome).await? {
                noted += 1;
                if *status != status::OK {
                    failed.push(path.as_str());
                }
            }
        }
        let event = Event::new("device objects reported")
            .with("registration", row.id.as_str())
            .with("client", row.client.as_str())
            .with("objects", noted)
            .with("failed", failed.join(" "));
        tx.audit(event).await
    }
}
