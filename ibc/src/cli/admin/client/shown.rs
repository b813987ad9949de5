//! A client as it is shown.

use crate::cli::admin::state;
use crate::cli::site::time;
use crate::service::admin::Client;
use crate::service::party::Bound;
use eccsi_sakke::onem2m::EntityKind;
use serde_json::json;

fn names(client: &Client) -> Vec<(&'static str, String)> {
    client
        .identities
        .iter()
        .map(|identity| match identity {
            Bound::Entity(entity) if entity.kind() == EntityKind::Cse => ("cse", entity.as_str().into()),
            Bound::Entity(entity) => ("ae", entity.as_str().into()),
            Bound::Maf(fqdn) => ("maf", fqdn.as_str().into()),
        })
        .collect()
}

/// For `--json`.
pub(super) fn value(client: &Client) -> serde_json::Value {
    let identities: Vec<_> =
        names(client).into_iter().map(|(kind, name)| json!({"kind": kind, "name": name})).collect();
    let admissions: Vec<_> = client
        .admissions
        .iter()
        .map(|(function, stakeholder)| json!({"function": function.as_str(), "stakeholder": stakeholder}))
        .collect();
    let credentials: Vec<_> = client
        .credentials
        .iter()
        .map(|credential| {
            json!({"function": credential.function.as_str(), "id": credential.id, "enabled": credential.enabled,
                   "until": time(credential.not_after), "has_key": credential.has_key})
        })
        .collect();
    json!({"client": client.id, "label": client.label, "enabled": client.enabled, "until": time(client.not_after),
           "version": client.version, "identities": identities, "admissions": admissions, "credentials": credentials})
}

/// For people.
pub(super) fn text(client: &Client) -> String {
    let mut text = format!(
        "{}  {}  until {}  version {}",
        client.id,
        state(client.enabled),
        time(client.not_after),
        client.version
    );
    if !client.label.is_empty() {
        text.push_str(&format!("\n  label       {}", client.label));
    }
    for (kind, name) in names(client) {
        text.push_str(&format!("\n  {kind:<11} {name}"));
    }
    for (function, stakeholder) in &client.admissions {
        text.push_str(&format!("\n  admitted    {}:{stakeholder}", function.as_str()));
    }
    for credential in &client.credentials {
        text.push_str(&format!(
            "\n  credential  {} at the {}, {}, until {}",
            credential.id,
            credential.function.as_str(),
            state(credential.enabled),
            time(credential.not_after)
        ));
    }
    text
}
