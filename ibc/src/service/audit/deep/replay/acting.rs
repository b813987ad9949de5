//! Who may act as whom: stakeholders, clients, what is bound to them, policy, Kpsa.

use super::{Told, flag, place, seconds, values};
use crate::Function;
use crate::service::audit::deep::expected::Expected;
use crate::service::store::decisions::{Place, Table};
use eccsi_sakke::onem2m::UnixTime;
use serde_json::Value;

/// `None` if nothing changes.
pub(super) fn take(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    if told.entry.event == "KmID assigned" {
        return km_id(expected, told);
    }
    match told.entry.event.strip_prefix("admin ")?.split_once(' ')? {
        ("stakeholder", change) => stakeholder(expected, told, change),
        ("client", change) => client(expected, told, change),
        ("credential", change) => credential(expected, told, change),
        ("policy", change) => policy(expected, told, change),
        ("psa", change) => psa(expected, told, change),
        _ => None,
    }
}

fn of_stakeholder(told: &Told<'_>) -> Option<Place> {
    place(Table::Stakeholder, [told.text("stakeholder")])
}

fn of_client(told: &Told<'_>) -> Option<Place> {
    place(Table::Client, [told.text("client")])
}

/// Enabled or not, in the first group of columns, or gone.
fn change_or_remove(expected: &mut Expected, told: &Told<'_>, at: &Place, change: &str) {
    match change {
        "enable" | "disable" => {
            expected.change(told.entry, at, (0, values([flag(change == "enable")])), None);
        }
        "remove" => expected.remove(told.entry, at),
        _ => {}
    }
}

fn stakeholder(expected: &mut Expected, told: &Told<'_>, change: &str) -> Option<()> {
    let at = of_stakeholder(told)?;
    if change == "add" {
        expected.put(told.entry, &at, u64::MAX, &[], &[values([flag(true)]), None, None]);
    } else {
        change_or_remove(expected, told, &at, change);
    }
    Some(())
}

fn client(expected: &mut Expected, told: &Told<'_>, change: &str) -> Option<()> {
    let (entry, at) = (told.entry, of_client(told)?);
    let (label, end) = (values([told.text("label")]), values([told.digits("end")]));
    match change {
        "add" => expected.put(entry, &at, u64::MAX, &[], &[values([flag(true)]), label, end]),
        "label" => expected.change(entry, &at, (1, label), None),
        "end" => expected.change(entry, &at, (2, end), None),
        "bind" | "unbind" => {
            let key = [told.text("client"), told.text("identity")];
            hang(expected, told, &place(Table::Binding, key)?, &at, change == "bind");
        }
        "admit" | "dismiss" => {
            let key = [told.text("client"), told.text("stakeholder"), told.function()];
            hang(expected, told, &place(Table::Admission, key)?, &at, change == "admit");
        }
        _ => change_or_remove(expected, told, &at, change),
    }
    Some(())
}

/// A row of a client that is there or not, and has no columns of its own.
fn hang(expected: &mut Expected, told: &Told<'_>, row: &Place, client: &Place, is_there: bool) {
    if is_there {
        expected.put(told.entry, row, u64::MAX, &[client], &[None, None, None]);
    } else {
        expected.remove(told.entry, row);
    }
}

fn credential(expected: &mut Expected, told: &Told<'_>, change: &str) -> Option<()> {
    let at = place(Table::Credential, [told.text("credential"), told.function()])?;
    if change == "add" {
        return bound(expected, told, &at);
    }
    change_or_remove(expected, told, &at, change);
    Some(())
}

/// A credential of a client is there, enabled.
fn bound(expected: &mut Expected, told: &Told<'_>, at: &Place) -> Option<()> {
    let end = UnixTime::from_seconds(told.number("end")?);
    let columns = [values([flag(true)]), values([told.text("client"), seconds(end)]), None];
    expected.put(told.entry, at, at.table.gone(end), &[&of_client(told)?], &columns);
    Some(())
}

/// Km that a MAF fetched is a credential from then on.
fn km_id(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    let id = told.text("km_id").map(|km_id| std::format!("11-{km_id}"));
    let function = Some(std::format!("{}", Function::Maf.number()));
    bound(expected, told, &place(Table::Credential, [id, function])?)
}

fn policy(expected: &mut Expected, told: &Told<'_>, change: &str) -> Option<()> {
    let key = [told.function(), told.text("stakeholder"), told.text("client"), told.digits("suid")];
    let at = place(Table::Policy, key)?;
    if !matches!(change, "add" | "replace") {
        change_or_remove(expected, told, &at, change);
        return Some(());
    }
    let (stakeholder, client) = (of_stakeholder(told)?, of_client(told)?);
    let is_of_all = client.key.iter().all(String::is_empty);
    let parents = if is_of_all { &[&stakeholder][..] } else { &[&stakeholder, &client][..] };
    let allow = told.detail.get("allow").and_then(Value::as_bool);
    let rule = [told.list("targets"), told.list("default_targets"), told.digits("max_lifetime")];
    let columns = [values([allow.and_then(flag)]), values(rule), None];
    expected.put(told.entry, &at, u64::MAX, parents, &columns);
    Some(())
}

fn psa(expected: &mut Expected, told: &Told<'_>, change: &str) -> Option<()> {
    let at = place(Table::Psa, [told.text("psa")])?;
    if change != "add" {
        change_or_remove(expected, told, &at, change);
        return Some(());
    }
    let end = UnixTime::from_seconds(told.number("end")?);
    let whose = values([told.text("a"), told.text("b"), seconds(end)]);
    expected.put(told.entry, &at, at.table.gone(end), &[], &[values([flag(true)]), whose, None]);
    Some(())
}
