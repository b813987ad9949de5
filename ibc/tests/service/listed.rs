//! What administrators look through, and other values that a stakeholder gives a key.

use crate::service::{MEF, PROVIDER, Place, call, fqdn, psk, time};
use crate::setting::{DEVICE, GATEWAY, PANEL, Setting, key, refused};
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, RelativeKeyId, SecurityUsage};
use ibc::Function;
use ibc::service::admin::{Filter, KeyChange, State, Whom};
use ibc::service::audit::{Search, search as search_log};
use ibc::service::error::Kind;
use ibc::wire::EnrolRequest;

fn all() -> Filter {
    Filter {
        client: None,
        entity: None,
        stakeholder: None,
        function: None,
        usage: None,
        state: None,
        since: None,
        before: None,
        after: None,
        limit: 100,
    }
}

fn of(client: &str) -> Filter {
    Filter { client: Some(client.into()), ..all() }
}

fn entity(text: &str) -> Filter {
    Filter { entity: Some(EntityName::parse(text).unwrap()), ..all() }
}

async fn credentials_have_their_filters_and_pages(place: &Place) {
    let setting = Setting::new(place).await;
    let enrol = async |client: &str, id: &str, end: &str| {
        let request = EnrolRequest { id: id.into(), expiration_time: Some(end.into()) };
        let session = psk(&format!("10-{client}@{MEF}"));
        setting.mef.enrol(&call(&session, id), &request).await.unwrap().id2
    };
    let old = enrol("device", DEVICE, "20260602T000000").await;
    place.clock.advance(3_600);
    let later = place.clock_now();
    let live = enrol("device", DEVICE, "20260801T000000").await;
    let denied = enrol("gateway", GATEWAY, "20260701T000000").await;
    let panel = enrol("gateway", PANEL, "20260701T000000").await;
    let id_2 = ExpiringIdentity::parse(&denied).unwrap();
    let whom = Whom::Identity { id_2, even_unknown: false };
    setting.admin.deny(whom, "lost", false).await.unwrap();
    let ids = async |filter: Filter| -> Vec<String> {
        setting.admin.issued(&filter).await.unwrap().into_iter().map(|one| one.id_2).collect()
    };
    let sorted = |list: &[&String]| {
        let mut list: Vec<String> = list.iter().map(|id| (*id).clone()).collect();
        list.sort();
        list
    };
    let everything = sorted(&[&old, &live, &denied, &panel]);
    let mut found = ids(all()).await;
    found.sort();
    assert_eq!(found, everything);
    place.clock.set(time("20260610T000000"));
    for (filter, expected) in [
        (of("device"), vec![&old, &live]),
        (of("nobody"), vec![]),
        (entity(PANEL), vec![&panel]),
        (Filter { state: Some(State::Live), ..all() }, vec![&live, &panel]),
        (Filter { state: Some(State::Denied), ..all() }, vec![&denied]),
        (Filter { state: Some(State::Expired), ..all() }, vec![&old]),
        (Filter { since: Some(later), ..of("device") }, vec![&live]),
        (Filter { before: Some(later), ..all() }, vec![&old]),
    ] {
        let mut found = ids(filter.clone()).await;
        found.sort();
        assert_eq!(found, sorted(&expected), "{filter:?}");
    }
    // Page after page gives each once.
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = ids(Filter { after: after.clone(), limit: 3, ..all() }).await;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        pages.extend(page);
    }
    assert_eq!(pages, ids(all()).await);
    // The audit log has its own.
    let audit = async |search: Search| {
        let entries = search_log(setting.admin.core.store.reads(), &search, 100).await.unwrap();
        entries.into_iter().map(|entry| entry.event).collect::<Vec<_>>()
    };
    let event = |name: &str| Search { event: Some(name.into()), ..Search::default() };
    assert_eq!(audit(event("issued")).await, ["issued"; 4]);
    assert_eq!(audit(Search { about: Some("gateway".into()), ..event("issued") }).await.len(), 2);
    assert_eq!(audit(Search { about: Some("gate".into()), ..event("issued") }).await.len(), 0);
    assert_eq!(audit(Search { since: Some(later), ..event("issued") }).await.len(), 3);
    assert_eq!(audit(Search { before: Some(later), ..event("issued") }).await.len(), 1);
    assert_eq!(audit(Search { node: Some("b".into()), ..Search::default() }).await.len(), 0);
    assert_eq!(
        audit(Search { about: Some(denied.clone()), ..Search::default() }).await,
        ["reserved", "issued", "denied"]
    );
    let row = &setting.admin.issued(&Filter { state: Some(State::Denied), ..all() }).await.unwrap()[0];
    assert_eq!((row.client.as_str(), row.entity.as_str()), ("gateway", GATEWAY));
    assert_eq!(row.denied.as_ref().unwrap().1, "lost");
}

async fn registrations_and_keys_have_theirs(place: &Place) {
    let setting = Setting::new(place).await;
    let (at_mef, _) = setting.registered(Function::Mef).await;
    let (at_maf, _) = setting.registered(Function::Maf).await;
    for (function, session) in [(Function::Mef, &at_mef), (Function::Maf, &at_maf)] {
        let registry = setting.registry(function);
        registry.register_key(&call(session, DEVICE), &key(function, &[9; 32])).await.unwrap();
    }
    let registrations = async |filter: Filter| setting.admin.registrations(&filter).await.unwrap();
    assert_eq!(registrations(all()).await.len(), 4);
    let device = registrations(Filter { function: Some(Function::Mef), ..of("device") }).await;
    let [one] = &device[..] else { panic!("{device:?}") };
    assert_eq!((one.entity.as_str(), one.stakeholder.as_str(), one.keys), (DEVICE, PROVIDER, 1));
    assert_eq!(one.labels, ["line-3"]);
    assert_eq!(registrations(entity(GATEWAY)).await.len(), 2);
    let other = Filter { stakeholder: Some(fqdn("sp2.example.com")), ..all() };
    assert!(registrations(other).await.is_empty());
    let first = registrations(Filter { limit: 1, ..all() }).await;
    let rest = registrations(Filter { after: Some(first[0].id.clone()), ..all() }).await;
    assert_eq!(rest.len(), 3);

    let keys = async |filter: Filter| setting.admin.keys(&filter).await.unwrap();
    assert_eq!(keys(all()).await.len(), 2);
    assert_eq!(keys(entity(GATEWAY)).await.len(), 2, "as a target");
    assert_eq!(keys(entity("//sp.example.com/CSE")).await.len(), 0, "a part of a name is none");
    let usage = SecurityUsage::from_u8(32).unwrap();
    let [at_maf] = &keys(Filter { usage: Some(usage), ..of("device") }).await[..] else { panic!("one") };
    assert_eq!((at_maf.function, at_maf.suid, at_maf.source.as_str()), (Some(Function::Maf), 32, DEVICE));
    place.clock.set(time("20270601T000000"));
    assert!(keys(all()).await.is_empty() && registrations(all()).await.is_empty(), "what has expired");
}

async fn a_stakeholder_gives_a_key_other_values(place: &Place) {
    let setting = Setting::new(place).await;
    let (device, gateway) = setting.registered(Function::Mef).await;
    let registry = setting.registry(Function::Mef);
    let mut request = key(Function::Mef, &[9; 32]);
    request.suid = 24; // ESData: several targets
    let registered = registry.register_key(&call(&device, DEVICE), &request).await.unwrap();
    let id = RelativeKeyId::parse(&registered.relative_key_id).unwrap();
    let change = |change: KeyChange| setting.admin.change_key(Function::Mef, &id, change);
    let texts = |list: &[&str]| Some(list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    change(KeyChange { targets: texts(&[GATEWAY, PANEL]), labels: texts(&["new"]), usage: None })
        .await
        .unwrap();
    let [row] = &setting.admin.keys(&all()).await.unwrap()[..] else { panic!("one") };
    assert_eq!(
        (row.targets.as_slice(), row.labels.as_slice()),
        (&[GATEWAY.into(), PANEL.into()][..], &["new".into()][..])
    );
    registry.retrieve_key(&call(&gateway, PANEL), id.as_str()).await.unwrap();
    let suid = |number| Some(SecurityUsage::from_u8(number).unwrap());
    refused(
        change(KeyChange { usage: suid(22), ..KeyChange::default() }).await,
        Kind::ContentsUnacceptable,
        "SAEF with two",
    );
    refused(
        change(KeyChange { usage: suid(33), ..KeyChange::default() }).await,
        Kind::ContentsUnacceptable,
        "a use of MAFs",
    );
    refused(
        change(KeyChange { targets: texts(&[DEVICE]), ..KeyChange::default() }).await,
        Kind::ContentsUnacceptable,
        "the source",
    );
    change(KeyChange { targets: texts(&[GATEWAY]), usage: suid(22), labels: None }).await.unwrap();
    let retrieved = registry.retrieve_key(&call(&gateway, GATEWAY), id.as_str()).await.unwrap();
    assert_eq!(retrieved.suid, 22);
    assert_eq!(place.last("admin key set").await["suid"], 22);
}

crate::on_each_store!(
    credentials_have_their_filters_and_pages,
    registrations_and_keys_have_theirs,
    a_stakeholder_gives_a_key_other_values,
);
