//! Python's requests, as scripts for open-source platforms use it.

use crate::service::{MEF, PROVIDER, Place, fqdn};
use crate::setting::{DEVICE, Setting};
use ibc::Function;
use ibc::wire::{CommandArguments, CommandDescription};
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

crate::on_each_store!(a_script_drives_every_procedure_of_a_certificate_session);

/// The script tells where it has registered and waits until the stakeholder has done its part.
async fn a_script_drives_every_procedure_of_a_certificate_session(place: &Place) {
    let setting = Setting::new(place).await;
    let server = super::with_certificates(place, &setting).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/peers/client.py");
    let mut child = Command::new(std::env::var_os("PEER_PYTHON").unwrap_or_else(|| "python3".into()))
        .arg(script)
        .arg(server.address.port().to_string())
        .arg(&place.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python is installed");
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for function in [Function::Mef, Function::Maf] {
        let mut path = String::new();
        output.read_line(&mut path).unwrap();
        if path.is_empty() {
            break; // it has failed, and says why below
        }
        setting.admin.configure("device", function, &fqdn(PROVIDER), &json!({"apn": "iot"})).await.unwrap();
        if function == Function::Mef {
            let id = path.trim().rsplit_once('/').expect("a path").1;
            let command = CommandDescription {
                class: 4,
                arguments: CommandArguments::IbcProvisioning {
                    uri: format!("https://{MEF}/ibc"),
                    subject_type: 3,
                    subject_id: DEVICE.into(),
                },
                target: None,
            };
            setting.admin.queue_command(id, &command).await.unwrap();
        }
        writeln!(input, "go on").unwrap();
    }
    let (mut rest, mut error) = (String::new(), String::new());
    output.read_to_string(&mut rest).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert!(child.wait().unwrap().success(), "{rest}{error}");
    assert_eq!(rest, "done\n");

    let audit = place.audit().await;
    for event in [
        "client registered",
        "configuration retrieved",
        "client updated",
        "key registered",
        "key retrieved",
        "key updated",
        "key deregistered",
        "client deregistered",
    ] {
        let times = audit.iter().filter(|(_, _, name, _)| name == event).count();
        assert!(times >= 2, "{event} at MEF and MAF: {times} in {:?}", place.events("a").await);
    }
    let rows = place.rows().await;
    assert_eq!((rows["registration"], rows["registered_key"]), (0, 0), "all is de-registered");
    server.stop().await;
}
