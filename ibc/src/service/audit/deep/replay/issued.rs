//! Which ID_2 were reserved and issued, for whom, and which are denied.

use super::{Told, flag, place, seconds, values};
use crate::service::audit::deep::expected::Expected;
use crate::service::store::decisions::Table;
use crate::service::store::identities::DENIED_BEFORE;
use eccsi_sakke::onem2m::{ExpiringIdentity, UnixTime};

/// `None` if nothing changes.
pub(super) fn take(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    match told.entry.event.as_str() {
        "reserved" => reserved(expected, told),
        "issued" => issued(expected, told),
        "denied" => denied(expected, told),
        "deny list" => list(expected, told),
        _ => None,
    }
}

/// The end is in the name itself.
fn end(id_2: &str) -> Option<UnixTime> {
    Some(ExpiringIdentity::parse(id_2).ok()?.expiration().to_unix())
}

fn reserved(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    let id_2 = told.text("id2")?;
    let end = end(&id_2)?;
    let whose = values([
        told.text("entity"),
        told.text("kpak_tag"),
        told.text("client"),
        told.text("requester"),
        told.text("replaces"),
        Some(told.at()),
        seconds(end),
    ]);
    let state = values([flag(false), flag(false), Some(String::new())]);
    let at = place(Table::Identity, [Some(id_2)])?;
    expected.put(told.entry, &at, at.table.gone(end), &[], &[whose, state, None]);
    Some(())
}

fn issued(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    let at = place(Table::Identity, [told.text("id2")])?;
    let state = values([flag(true), Some(told.at()), told.text("pvt")]);
    expected.change(told.entry, &at, (1, state), None);
    Some(())
}

fn denied(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    let (id_2, reason) = (told.text("id2")?, told.text("reason"));
    let end = end(&id_2)?;
    // What was denied before a loss has the time of the list that knew it.
    let since = reason.as_ref().filter(|reason| *reason != DENIED_BEFORE).map(|_| Vec::from([told.at()]));
    let at = place(Table::Denied, [Some(id_2)])?;
    let columns = [values([reason, seconds(end)]), since, None];
    expected.put(told.entry, &at, at.table.gone(end), &[], &columns);
    Some(())
}

fn list(expected: &mut Expected, told: &Told<'_>) -> Option<()> {
    let (number, entries) = (told.number("number")?, told.number("entries")?);
    if expected.list.as_ref().is_none_or(|(newest, ..)| *newest < number) {
        let entry = std::format!("entry {} of {}", told.entry.number, told.entry.writer);
        expected.list = Some((number, entries, entry));
    }
    Some(())
}
