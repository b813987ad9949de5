//! Which registrations and keys there are, and for whom.

use super::{Told, place, seconds, values};
use crate::service::audit::deep::expected::Expected;
use crate::service::store::decisions::{Place, Table};
use eccsi_sakke::onem2m::UnixTime;
use serde_json::Value;

/// `None` if nothing changes.
pub(super) fn take(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    match told.entry.event.as_str() {
        "client registered" => registered(expected, told),
        "client updated" => updated(expected, told),
        "client deregistered" => deregistered(expected, told),
        "key registered" => key_registered(expected, told),
        "key updated" => key_updated(expected, told),
        "admin key set" => key_set(expected, told),
        "key deregistered" => of_key(told).map(|at| expected.remove(told.entry, &at)),
        _ => None,
    }
}

fn of_registration(told: &Told<'_>) -> Option<Place> {
    place(Table::Registration, [told.text("registration")])
}

fn of_key(told: &Told<'_>) -> Option<Place> {
    place(Table::Key, [told.text("key")])
}

fn of_client(told: &Told<'_>) -> Option<Place> {
    place(Table::Client, [told.text("client")])
}

/// The keys of a list in the entry.
fn keys(told: &Told<'_>, name: &str) -> Vec<Place> {
    let names = told.detail.get(name).and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.map(|name| Place { table: Table::Key, key: Vec::from([name.into()]) }).collect()
}

fn end(expected: &mut Expected, told: &Told<'_>, at: &Place, end: UnixTime) {
    expected.change(told.entry, at, (2, values([seconds(end)])), Some(at.table.gone(end)));
}

fn registered(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    let (at, until) = (of_registration(told)?, told.until()?);
    let whose = values([
        told.function(),
        told.text("client"),
        told.text("stakeholder"),
        told.text("entity"),
        Some(told.at()),
    ]);
    let columns = [whose, values([told.text("assigned")]), values([seconds(until)])];
    expected.put(told.entry, &at, at.table.gone(until), &[&of_client(told)?], &columns);
    Some(())
}

fn updated(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    let (at, until) = (of_registration(told)?, told.until()?);
    expected.change(told.entry, &at, (1, values([told.text("assigned")])), None);
    end(expected, told, &at, until);
    for key in keys(told, "keys_cut") {
        end(expected, told, &key, until);
    }
    Some(())
}

fn deregistered(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    expected.remove(told.entry, &of_registration(told)?);
    for key in keys(told, "keys") {
        expected.remove(told.entry, &key);
    }
    Some(())
}

fn use_of(told: &Told<'_>) -> Option<Vec<String>> {
    values([told.list("targets"), told.digits("suid")])
}

fn key_registered(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    let (at, until) = (of_key(told)?, told.until()?);
    let whose = values([
        told.function(),
        told.text("registration"),
        told.text("client"),
        told.text("source"),
        told.text("stakeholder"),
    ]);
    let columns = [whose, use_of(told), values([seconds(until)])];
    expected.put(told.entry, &at, at.table.gone(until), &[&of_client(told)?], &columns);
    Some(())
}

fn key_updated(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    let (at, until) = (of_key(told)?, told.until()?);
    expected.change(told.entry, &at, (1, use_of(told)), None);
    end(expected, told, &at, until);
    Some(())
}

fn key_set(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    expected.change(told.entry, &of_key(told)?, (1, use_of(told)), None);
    Some(())
}
