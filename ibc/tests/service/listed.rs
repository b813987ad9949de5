//! What administrators look through, and other values that a stakeholder gives a key.

use crate::service::{MEF, PROVIDER, Place, call, fqdn, psk, time};
use crate::setting::{DEVICE, GATEWAY, PANEL, Setting, key, refused, rule};
use eccsi_sakke::onem2m::{
    EntityId, EntityKind, EntityName, ExpiringIdentity, KpsaId, RelativeKeyId, SecurityUsage,
};
use ibc::Function;
use ibc::service::admin::{ClientChange, Filter, KeyChange, NewPsa, Policy, PolicyKey, State, Whom};
use ibc::service::audit::{Search, search as search_log};
use ibc::service::error::Kind;
use ibc::wire::EnrolRequest;
use zeroize::Zeroizing;

fn all() -> Filter {
    Filter::default()
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

/// All pages of two, joined; the text of each is where the next one begins.
async fn paged(list: impl AsyncFn(Filter) -> Vec<String>) -> Vec<String> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = list(Filter { after, limit: 2, ..all() }).await;
        assert!(page.len() <= 2, "{page:?}");
        after = page.last().cloned();
        if after.is_none() {
            return pages;
        }
        pages.extend(page);
    }
}

fn named(name: &str) -> Filter {
    Filter { name: Some(name.into()), ..all() }
}

fn under(stakeholder: &str) -> Filter {
    Filter { stakeholder: Some(fqdn(stakeholder)), ..all() }
}

fn at(function: Function) -> Filter {
    Filter { function: Some(function), ..all() }
}

async fn clients_and_stakeholders_have_theirs(place: &Place) {
    let Setting { admin, .. } = Setting::new(place).await;
    let label = ClientChange::Label("Of the Line 3".into());
    admin.change_client("stranger", None, label).await.unwrap();
    let second = fqdn("sp2.example.com");
    admin.change_client("gateway", None, ClientChange::Admit(Function::Maf, second)).await.unwrap();
    let clients = async |filter: Filter| -> Vec<String> {
        admin.clients(&filter).await.unwrap().into_iter().map(|client| client.id).collect()
    };
    let everything = ["device", "gateway", "maf", "stranger"];
    assert_eq!(clients(all()).await, everything);
    assert_eq!(paged(clients).await, everything);
    for (filter, expected) in [
        (named("ATE"), &["gateway"][..]),
        (named("line 3"), &["stranger"]),
        (named("%"), &[]),
        (entity(PANEL), &["gateway"]),
        (entity("//sp.example.com/CSE77"), &[]),
        (at(Function::Maf), &["device", "gateway"]),
        (under(PROVIDER), &["device", "gateway", "maf"]),
        (under("sp2.example.com"), &["gateway"]),
        // One admission has both.
        (Filter { function: Some(Function::Mef), ..under("sp2.example.com") }, &[]),
        (Filter { function: Some(Function::Maf), ..named("d") }, &["device"]),
    ] {
        assert_eq!(clients(filter.clone()).await, expected, "{filter:?}");
    }
    // What is listed is what is shown.
    let one = admin.clients(&named("gateway")).await.unwrap().remove(0);
    assert_eq!((one.identities.len(), one.admissions.len(), one.credentials.len()), (2, 3, 2));
    let stakeholders = async |filter: Filter| -> Vec<String> {
        admin.stakeholders(&filter).await.unwrap().into_iter().map(|one| one.fqdn).collect()
    };
    admin.add_stakeholder(&fqdn("op.example.net")).await.unwrap();
    assert_eq!(stakeholders(named("SP")).await, [PROVIDER, "sp2.example.com"]);
    assert_eq!(paged(stakeholders).await, ["op.example.net", PROVIDER, "sp2.example.com"]);
    assert_eq!(admin.stakeholder(&fqdn(PROVIDER)).await.unwrap().version, 1);
    refused(admin.stakeholder(&fqdn("sp3.example.com")).await, Kind::NotFound, "none");
}

async fn policy_and_kpsa_have_theirs(place: &Place) {
    let Setting { admin, .. } = Setting::new(place).await;
    let suid = |number| SecurityUsage::from_u8(number).unwrap();
    let mut keys = vec![rule(Function::Mef, None).key, rule(Function::Maf, None).key];
    for (stakeholder, client, usage) in [
        (PROVIDER, None, Some(22)),
        (PROVIDER, Some("device"), None),
        (PROVIDER, Some("device"), Some(22)),
        (PROVIDER, Some("gateway"), Some(23)),
        ("sp2.example.com", None, None),
    ] {
        let (stakeholder, client) = (fqdn(stakeholder), client.map(String::from));
        let key = PolicyKey { function: Function::Mef, stakeholder, client, usage: usage.map(suid) };
        admin.set_policy(&Policy { key: key.clone(), ..rule(Function::Mef, None) }).await.unwrap();
        keys.push(key);
    }
    let policies = async |filter: Filter| -> Vec<String> {
        admin.policies(&filter).await.unwrap().into_iter().map(|row| row.key.to_string()).collect()
    };
    let everything = policies(all()).await;
    for key in &keys {
        let text = key.to_string();
        assert!(everything.contains(&text), "{text}");
        assert_eq!(&text.parse::<PolicyKey>().unwrap(), key);
        assert_eq!(&admin.policy(key).await.unwrap().key, key);
    }
    assert_eq!((everything.len(), paged(policies).await), (keys.len(), everything));
    for (filter, expected) in [
        (at(Function::Maf), &["maf:sp.example.com::"][..]),
        (under("sp2.example.com"), &["mef:sp2.example.com::"]),
        (of("device"), &["mef:sp.example.com:device:", "mef:sp.example.com:device:22"]),
        (
            Filter { usage: Some(suid(22)), ..all() },
            &["mef:sp.example.com::22", "mef:sp.example.com:device:22"],
        ),
    ] {
        assert_eq!(policies(filter.clone()).await, expected, "{filter:?}");
    }
    for after in ["", "mef", "mef:sp.example.com:device", "kms:sp.example.com::", "mef:sp.example.com::99"] {
        let filter = Filter { after: Some(after.into()), ..all() };
        refused(admin.policies(&filter).await, Kind::BadRequest, after);
    }
    let missing = PolicyKey { usage: Some(suid(21)), ..keys[0].clone() };
    refused(admin.policy(&missing).await, Kind::NotFound, "none");

    for (id, a, b) in [
        ("Gw-1@sp.example.com", GATEWAY, DEVICE),
        ("gw-2@sp.example.com", GATEWAY, PANEL),
        ("x-3@sp2.example.com", DEVICE, PANEL),
    ] {
        let entity = |text: &str| {
            let ae = EntityId::parse(EntityKind::Ae, text);
            ae.or_else(|_| EntityId::parse(EntityKind::Cse, text)).unwrap()
        };
        let (id, key) = (KpsaId::parse(id).unwrap(), Zeroizing::new(vec![9; 16]));
        let new = NewPsa { id, entities: [entity(a), entity(b)], not_after: time("20280101T000000"), key };
        admin.add_psa(new).await.unwrap();
    }
    let psas = async |filter: Filter| -> Vec<String> {
        admin.psas(&filter).await.unwrap().into_iter().map(|psa| psa.id).collect()
    };
    let pages = paged(psas).await;
    assert_eq!((pages.len(), &pages), (3, &psas(all()).await));
    for (filter, expected) in [
        (named("GW"), &["Gw-1@sp.example.com", "gw-2@sp.example.com"][..]),
        (entity(PANEL), &["gw-2@sp.example.com", "x-3@sp2.example.com"]),
        (under(PROVIDER), &["Gw-1@sp.example.com", "gw-2@sp.example.com"]),
        (under("sp2.example.com"), &["x-3@sp2.example.com"]),
        // Not a part of a name.
        (under("p.example.com"), &[]),
    ] {
        let mut found = psas(filter.clone()).await;
        found.sort();
        assert_eq!(found, expected, "{filter:?}");
    }
    let id = |text| KpsaId::parse(text).unwrap();
    assert_eq!(admin.psa(&id("gw-2@sp.example.com")).await.unwrap().entities, [GATEWAY, PANEL]);
    refused(admin.psa(&id("gw-3@sp.example.com")).await, Kind::NotFound, "none");
}

crate::on_each_store!(
    clients_and_stakeholders_have_theirs,
    policy_and_kpsa_have_theirs,
    credentials_have_their_filters_and_pages,
    registrations_and_keys_have_theirs,
    a_stakeholder_gives_a_key_other_values,
);
