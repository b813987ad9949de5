//! The tables that decide against the log: what somebody changed in the database alone shows.

use crate::service::{MEF, PROVIDER, Place, call, fqdn, time};
use crate::setting::{
    DEVICE, FAR, GATEWAY, PANEL, STRANGER, Setting, at_mef, by_ke_id, entity, key, name, registration, rule,
    sessions,
};
use eccsi_sakke::onem2m::{CredentialId, EntityId, EntityKind, ExpiringIdentity, KpsaId, RelativeKeyId};
use ibc::Function;
use ibc::service::admin::{ClientChange, Filter, KeyChange, NewCredential, NewPsa, PolicyKey, Whom};
use ibc::service::audit::deep::{Compared, ROW, State, compare};
use ibc::service::audit::{Verification, move_segments, verify};
use ibc::service::restore::Acceptance;
use ibc::service::restore::replace::{self, Source};
use ibc::service::store::ReadStore;
use ibc::service::store::backup::backup;
use ibc::service::store::state_file::known_heads;
use ibc::service::sweeper::Sweeper;
use ibc::wire::{EnrolRequest, KeyRegistrationRequest, ReenrolRequest, RegistrationUpdateRequest};
use std::time::Duration;
use zeroize::Zeroizing;

crate::on_each_store!(
    an_honest_busy_service_has_no_finding,
    a_restored_service_has_no_finding,
    a_row_that_was_changed_shows,
    a_row_that_was_removed_shows,
    a_row_that_was_added_shows,
    checkpoints_that_entries_name_have_to_be_there,
    a_missing_state_file_shows_and_with_it_a_chain_that_was_cut,
    the_published_deny_list_is_the_newest,
    rows_that_two_nodes_wrote_in_one_second_are_counted,
);

async fn look(place: &Place) -> (Verification, Compared) {
    let (folder, key) = (place.folder.join("state"), place.keys.subkey("state files"));
    let known = known_heads(&folder, &key).unwrap();
    let reads = ReadStore::open(&place.url, place.clock.clone()).await.unwrap();
    let (signer, segments) = (place.keys.service_key().public_key(), place.folder.join("segments"));
    let mut verified = verify(&reads, signer, &segments, &known, |_, _| {}).await.unwrap();
    verified.expect_state_files(&["a".into(), "a.cli".into()], &known);
    let state = State::read(&folder, &key).unwrap();
    let compared = compare(&reads, signer, &segments, &state, &mut verified, |_| {}).await.unwrap();
    (verified, compared)
}

async fn findings(place: &Place) -> Vec<String> {
    look(place).await.0.findings.into_iter().map(|finding| finding.text).collect()
}

#[track_caller]
fn finds(findings: &[String], words: &[&str]) {
    let found = findings.iter().any(|finding| words.iter().all(|word| finding.contains(word)));
    assert!(found, "no finding with {words:?} in {findings:#?}");
}

async fn execute(place: &Place, statement: &str) {
    let query = sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()));
    let done = query.execute(&place.raw().await).await.unwrap();
    assert!(done.rows_affected() > 0, "{statement}");
}

/// What is found while the database has this change; it is taken back afterwards.
async fn found_with(place: &Place, statement: &str) -> Vec<String> {
    let words: Vec<_> = statement.split(' ').collect();
    let table = if words[0] == "update" { words[1] } else { words[2] };
    let pool = place.raw().await;
    let run = async |text: String| sqlx::query(sqlx::AssertSqlSafe(text)).execute(&pool).await.unwrap();
    run(format!("create table saved as select * from {table}")).await;
    execute(place, statement).await;
    let found = findings(place).await;
    run(format!("delete from {table}")).await;
    run(format!("insert into {table} select * from saved")).await;
    run("drop table saved".into()).await;
    found
}

async fn enrol(setting: &Setting, client: &str, id: &str, end: Option<&str>) -> String {
    let request = EnrolRequest { id: id.into(), expiration_time: end.map(Into::into) };
    setting.mef.enrol(&call(&at_mef(client), id), &request).await.unwrap().id2
}

fn update(function: Function, end: &str) -> RegistrationUpdateRequest {
    RegistrationUpdateRequest { fqdn: name(function), expiration_time: Some(end.into()), labels: None }
}

fn psa(name: &str) -> NewPsa {
    let cse = |text| EntityId::parse(EntityKind::Cse, text).unwrap();
    NewPsa {
        id: KpsaId::parse(&format!("{name}@{PROVIDER}")).unwrap(),
        entities: [cse("//sp.example.com/CSE7"), cse("//sp.example.com/CSE8")],
        not_after: time("20280101T000000"),
        key: Zeroizing::new(vec![3; 32]),
    }
}

/// Everything that an administrator does.
async fn administrate(setting: &Setting) {
    let admin = &setting.admin;
    let whole = rule(Function::Mef, None).key;
    let mut policies = admin.policies(&Filter::default()).await.unwrap().into_iter();
    let policy = policies.find(|policy| policy.key == whole).unwrap();
    let targets = vec![GATEWAY.to_owned(), PANEL.to_owned()];
    let rule_of = |client: Option<&str>, usage| {
        let mut policy = rule(Function::Mef, usage);
        policy.key.client = client.map(Into::into);
        policy
    };
    for policy in [
        ibc::service::admin::Policy { max_lifetime: Some(Duration::from_secs(8_000_000)), ..policy },
        ibc::service::admin::Policy { targets, ..rule_of(Some("device"), Some(22)) },
        rule_of(Some("stranger"), Some(22)),
        rule_of(None, Some(23)),
    ] {
        admin.set_policy(&policy).await.unwrap();
    }
    let of_stranger: PolicyKey = rule_of(Some("stranger"), Some(22)).key;
    admin.enable_policy(&of_stranger, false, None).await.unwrap();
    admin.remove_policy(&rule_of(None, Some(23)).key, None).await.unwrap();
    for name in ["one", "two", "gone"] {
        admin.add_psa(psa(name)).await.unwrap();
    }
    admin.enable_psa(&psa("two").id, false, None).await.unwrap();
    admin.remove_psa(&psa("gone").id, None).await.unwrap();
    let new = |id: &str, end: &str| NewCredential {
        function: Function::Mef,
        id: CredentialId::parse(&format!("10-{id}@{MEF}")).unwrap(),
        not_after: time(end),
        key: Some(Zeroizing::new(vec![id.len() as u8; 32])),
    };
    let id = |id: &str| new(id, FAR).id;
    let panel = entity(EntityKind::Ae, "//sp.example.com/CSE1/C9");
    for change in [
        ClientChange::AddCredential(new("spare", FAR)),
        ClientChange::EnableCredential(Function::Mef, id("spare"), false),
        ClientChange::AddCredential(new("removed", FAR)),
        ClientChange::RemoveCredential(Function::Mef, id("removed")),
        ClientChange::AddCredential(new("short-lived", "20260602T000000")),
        ClientChange::Bind(panel.clone()),
        ClientChange::Unbind(panel),
        ClientChange::Label("at the gate".into()),
        ClientChange::End(time("20271231T000000")),
        ClientChange::Enable(false),
        ClientChange::Enable(true),
        ClientChange::Dismiss(Function::Maf, fqdn(PROVIDER)),
        ClientChange::Admit(Function::Maf, fqdn(PROVIDER)),
    ] {
        setting.change("device", change).await;
    }
    setting.change("stranger", ClientChange::Enable(false)).await;
    admin.enable_stakeholder(&fqdn("sp2.example.com"), false, None).await.unwrap();
    admin.add_stakeholder(&fqdn("sp3.example.com")).await.unwrap();
    let mut of_three = rule(Function::Maf, Some(32));
    of_three.key.stakeholder = fqdn("sp3.example.com");
    admin.set_policy(&of_three).await.unwrap();
    admin.remove_stakeholder(&fqdn("sp3.example.com"), None).await.unwrap();
    // A client with all that a client has, gone again, and another one of its name.
    let bound = [entity(EntityKind::Cse, "//sp.example.com/CSE5")];
    setting.client("leaving", &bound).await;
    setting.change("leaving", ClientChange::Admit(Function::Mef, fqdn(PROVIDER))).await;
    admin.set_policy(&rule_of(Some("leaving"), Some(22))).await.unwrap();
    enrol(setting, "leaving", "//sp.example.com/CSE5", None).await;
    let session = at_mef("leaving");
    setting.register(Function::Mef, &session, "//sp.example.com/CSE5").await;
    let own = call(&session, "//sp.example.com/CSE5");
    setting.mef.registry().register_key(&own, &key(Function::Mef, &[8; 32])).await.unwrap();
    admin.remove_client("leaving", None).await.unwrap();
    admin.add_client("leaving", "again", time("20280101T000000")).await.unwrap();
}

/// Enrolments, renewals, registrations and keys; some end, some are cut. Gives what stays.
async fn serve(setting: &Setting) -> (String, String) {
    let first = enrol(setting, "device", DEVICE, None).await;
    let request = ReenrolRequest { id1: first, expiration_time: None };
    let renewed = setting.mef.reenrol(&call(&at_mef("device"), DEVICE), &request).await.unwrap().id2;
    for end in ["20260602T000000", "20260801T000000", "20260802T000000", "20260803T000000"] {
        enrol(setting, "gateway", GATEWAY, Some(end)).await; // the last ones supersede the first
    }
    let id_2 = ExpiringIdentity::parse(&enrol(setting, "gateway", PANEL, None).await).unwrap();
    setting.admin.deny(Whom::Identity { id_2, even_unknown: false }, "lost", false).await.unwrap();
    for function in [Function::Mef, Function::Maf] {
        let (device, gateway) = sessions(function);
        let registry = setting.registry(function);
        let id = setting.register(function, &device, DEVICE).await.id;
        let of_gateway = setting.register(function, &gateway, GATEWAY).await.id;
        let for_device =
            KeyRegistrationRequest { target_ids: Some(vec![DEVICE.into()]), ..key(function, &[4; 32]) };
        registry.register_key(&call(&gateway, GATEWAY), &for_device).await.unwrap();
        registry.deregister_client(&call(&gateway, GATEWAY), &name(function), &of_gateway).await.unwrap();
        let own = || call(&device, DEVICE);
        let mut kept = Vec::new();
        for octet in 5..9 {
            let registered = registry.register_key(&own(), &key(function, &[octet; 32])).await.unwrap();
            kept.push(registered.relative_key_id);
        }
        registry.update_client(&own(), &id, &update(function, "20260610T120000")).await.unwrap();
        registry.update_client(&own(), &id, &update(function, FAR)).await.unwrap();
        let later = registry.register_key(&own(), &key(function, &[9; 32])).await.unwrap().relative_key_id;
        let later = RelativeKeyId::parse(&later).unwrap();
        let change = KeyChange { targets: Some(vec![STRANGER.into()]), ..KeyChange::default() };
        setting.admin.change_key(function, &later, change).await.unwrap();
        registry.deregister_key(&own(), &name(function), &kept[0]).await.unwrap();
    }
    let ke_id = setting.mef.keep_enrolment_key(&call(&at_mef("gateway"), PANEL)).await.unwrap();
    setting.maf.psk(ke_id.as_ref()).await.unwrap().unwrap();
    let (panel, maf) = (by_ke_id(&ke_id), setting.maf.registry());
    let registered = maf.register_client(&call(&panel, PANEL), &registration(Function::Maf)).await.unwrap();
    assert!(registered.assigned_symm_key_id.is_some());
    let list = setting.admin.issued(&Filter::default()).await.unwrap();
    let denied = list.into_iter().find(|one| one.denied.is_some()).unwrap().id_2;
    (renewed, denied)
}

/// A service with a past: two days of it, tidied, with the older part of its log in files.
async fn busy(place: &Place) -> (Setting, String, String) {
    let setting = Setting::new(place).await;
    administrate(&setting).await;
    let (renewed, denied) = serve(&setting).await;
    place.clock.advance(2 * 86_400);
    let sweeper = Sweeper::new(setting.admin.core.clone(), Some(fqdn(MEF)), Duration::ZERO);
    let swept = sweeper.sweep().await.unwrap();
    assert!(swept.identities > 0 && swept.credentials > 0, "{swept:?}");
    setting.admin.checkpoint().await.unwrap();
    let own = [String::from("a")];
    let (store, folder) = (&setting.admin.core.store, place.folder.join("segments"));
    let moved = move_segments(store, &place.keys, &folder, (&own, place.clock_now()), |_| {}).await.unwrap();
    assert_eq!(moved.files, 1);
    setting.admin.checkpoint().await.unwrap();
    (setting, renewed, denied)
}

async fn an_honest_busy_service_has_no_finding(place: &Place) {
    let (setting, ..) = busy(place).await;
    let (verified, compared) = look(place).await;
    assert_eq!(verified.findings, []);
    assert_eq!(compared.uncertain, 0);
    // Every row of these tables that has not expired is one that the log tells of.
    let rows = place.rows().await;
    let tables = [
        "stakeholder",
        "client",
        "client_identity",
        "client_stakeholder",
        "credential",
        "policy",
        "psa",
        "ibc_identity",
        "denied",
        "registration",
        "registered_key",
    ];
    let there: i64 = tables.iter().map(|table| rows[table]).sum();
    assert_eq!(i64::try_from(compared.rows).unwrap(), there, "{rows:?}");
    const { assert!(ROW <= 96, "docs/operating.md names the memory of so many octets a row") };
    // Registrations and keys end, in their time, with nothing in the log but how many.
    place.clock.advance(400 * 86_400);
    assert_eq!(findings(place).await, Vec::<String>::new());
    let sweeper = Sweeper::new(setting.admin.core.clone(), Some(fqdn(MEF)), Duration::ZERO);
    assert!(sweeper.sweep().await.unwrap().registrations > 0);
    assert_eq!(findings(place).await, Vec::<String>::new());
}

async fn a_restored_service_has_no_finding(place: &Place) {
    let (setting, ..) = busy(place).await;
    let copy = place.folder.join("copy");
    backup(&place.url, &copy, place.keys.service_key(), place.clock_now()).await.unwrap();
    place.clock.advance(60);
    let lost = enrol(&setting, "gateway", GATEWAY, Some("20260901T000000")).await;
    setting.mef.deny(ExpiringIdentity::parse(&lost).unwrap(), "stolen").await.unwrap();
    setting.change("gateway", ClientChange::Label("lost".into())).await;
    setting.mef.store().clone().close().await;
    let (options, mef, own) = (place.options("a.cli"), fqdn(MEF), [String::from("a")]);
    let acceptance =
        Acceptance { options: &options, own: &own, keys: &place.keys, mef: Some(&mef), operator: "alice" };
    let source = Source { file: &copy, keep: None, unsigned: false };
    let replaced = replace::check(&acceptance, source).await.unwrap().put(true).await.unwrap();
    let accepted = replace::accept_loss(&acceptance, replaced).await.unwrap().unwrap();
    assert_eq!(accepted.denied, 2, "the one, and what it superseded");
    assert_eq!(findings(place).await, Vec::<String>::new());
    place.clock.advance(60);
    let setting = Setting::open(place).await;
    enrol(&setting, "gateway", GATEWAY, Some("20260901T000000")).await;
    assert_eq!(findings(place).await, Vec::<String>::new());
}

async fn a_row_that_was_changed_shows(place: &Place) {
    let (_setting, renewed, _) = busy(place).await;
    let id_2 = |set: &str| format!("update ibc_identity set {set} where id2 = '{renewed}'");
    let changes: [(&str, &[&str]); 24] = [
        (
            "update stakeholder set enabled = 1 where fqdn = 'sp2.example.com'",
            &["stakeholder sp2.example.com"],
        ),
        (
            "update client set enabled = 1 where id = 'stranger'",
            &["the client stranger is not what entry", "of a"],
        ),
        ("update client set not_after = not_after + 1 where id = 'device'", &["client device is not"]),
        ("update client set label = 'x' where id = 'leaving'", &["client leaving is not"]),
        (
            "update client_identity set client = 'stranger' where name = '//sp.example.com/CSE2'",
            &["identity of a client stranger //sp.example.com/CSE2", "no entry"],
        ),
        (
            "update client_stakeholder set client = 'stranger' where client = 'maf'",
            &["admission stranger sp.example.com 1", "no entry"],
        ),
        (
            "update credential set enabled = 1 where id like '10-spare%'",
            &["credential 10-spare@mef.example.com 1"],
        ),
        ("update credential set client = 'leaving' where id like '10-maf%'", &["credential 10-maf@mef"]),
        (
            "update credential set not_after = not_after + 9 where id like '11-maf%'",
            &["credential 11-maf@maf"],
        ),
        (
            "update policy set allow = 1 where client = 'stranger'",
            &["row of policy 1 sp.example.com stranger 22"],
        ),
        ("update policy set targets = '[]' where client = 'device'", &["policy 1 sp.example.com device 22"]),
        (
            "update policy set max_lifetime = 0 where client = '' and fn = 1",
            &["policy 1 sp.example.com '' 0"],
        ),
        ("update psa set enabled = 1 where id like 'two%'", &["Kpsa two@sp.example.com"]),
        ("update psa set a = b where id like 'one%'", &["Kpsa one@sp.example.com"]),
        (&id_2("client = 'stranger'"), &["ID_2", &renewed, "is not what entry"]),
        (&id_2("state = 0"), &["ID_2", &renewed]),
        (&id_2("name = '//sp.example.com/CSE1/C2'"), &["ID_2", &renewed]),
        (&id_2("replaces = ''"), &["ID_2", &renewed]),
        (&id_2("issued_at = issued_at - 1"), &["ID_2", &renewed]),
        ("update denied set reason = 'superseded' where reason = 'lost'", &["denial"]),
        (
            "update denied set not_after = 1 where reason = 'client removed'",
            &["the denial of which entry", "ends earlier"],
        ),
        ("update registration set entity = 'x' where fn = 1 and client = 'device'", &["the registration "]),
        ("update registered_key set targets = '[]' where fn = 1", &["the registered key "]),
        ("update registered_key set not_after = not_after + 1 where fn = 2", &["the registered key "]),
    ];
    for (statement, words) in changes {
        finds(&found_with(place, statement).await, words);
    }
    assert_eq!(findings(place).await, Vec::<String>::new());
}

async fn a_row_that_was_removed_shows(place: &Place) {
    let (_setting, renewed, denied) = busy(place).await;
    for (statement, words) in [
        (format!("delete from denied where id2 = '{denied}'"), "denial"),
        (format!("delete from ibc_identity where id2 = '{renewed}'"), "ID_2"),
        ("delete from stakeholder where fqdn = 'sp2.example.com'".into(), "stakeholder"),
        ("delete from client_identity where client = 'maf'".into(), "identity of a client"),
        ("delete from client_stakeholder where client = 'maf'".into(), "admission"),
        ("delete from credential where id like '10-maf%'".into(), "credential"),
        ("delete from policy where client = 'stranger'".into(), "row of policy"),
        ("delete from psa where id like 'two%'".into(), "Kpsa"),
        ("delete from registered_key where fn = 2".into(), "registered key"),
        ("delete from registration where fn = 2".into(), "registration"),
        ("delete from client where id = 'leaving'".into(), "client"),
    ] {
        let named = format!("the {words} of which entry");
        finds(&found_with(place, &statement).await, &[&named, "of a tells is not in its table"]);
    }
    assert_eq!(findings(place).await, Vec::<String>::new());
}

async fn a_row_that_was_added_shows(place: &Place) {
    let (_setting, renewed, _) = busy(place).await;
    let other = renewed.replace("4331@", "4332@");
    assert_ne!(other, renewed);
    let id_2 = format!(
        "insert into ibc_identity select '{other}', kpak_tag, name, not_after, state, pvt, client, requester, replaces, \
         reserved_at, issued_at, confirmed from ibc_identity where id2 = '{renewed}'"
    );
    let denial = format!("insert into denied values ('{renewed}', 1, 4000000000, 'x', 0)");
    for (statement, words) in [
        ("insert into stakeholder values ('evil.example.com', 1, 1)", "stakeholder evil.example.com"),
        ("insert into client values ('mallory', '', 1, 4000000000, 1)", "client mallory"),
        (
            "insert into client_identity values ('stranger', '//sp.example.com/CSE66', 1)",
            "stranger //sp.example.com/CSE66",
        ),
        (
            "insert into client_stakeholder values ('stranger', 'sp.example.com', 1, '')",
            "admission stranger sp.example.com 1",
        ),
        (
            "insert into policy values (1, 'sp.example.com', 'gateway', 22, 1, '[]', '[]', 0, 1)",
            "policy 1 sp.example.com gateway 22",
        ),
        // Also with an empty key, which sorts before all others.
        ("insert into client_identity values ('', '', 1)", "identity of a client '' ''"),
        (
            "insert into credential select '10-x', fn, client, 1, not_after, day, generation, sealed, 1, '' from credential where id like '10-maf%'",
            "credential 10-x 1",
        ),
        (
            "insert into registration select 'r', fn, client, stakeholder, 'e', not_after, labels, assigned, config, created, 1 from registration where client = 'device' and fn = 1",
            "registration r",
        ),
        (id_2.as_str(), other.as_str()),
        (denial.as_str(), "denial"),
    ] {
        let found = found_with(place, statement).await;
        finds(&found, &[words, "stands in its table, and no entry of the log tells of it"]);
    }
    assert_eq!(findings(place).await, Vec::<String>::new());
}

async fn checkpoints_that_entries_name_have_to_be_there(place: &Place) {
    let (setting, ..) = busy(place).await;
    execute(place, "delete from checkpoint where number = 1").await;
    let found = findings(place).await;
    finds(&found, &["checkpoint 1 of a is gone, which entry", "of a says was signed"]);
    assert_eq!(found.len(), 1, "{found:?}");
    execute(place, "delete from checkpoint").await;
    finds(&findings(place).await, &["checkpoint 2 of a is gone"]);
    // The numbers go on where the table has them: one that is signed again takes no other's place unseen.
    setting.admin.checkpoint().await.unwrap();
    finds(&findings(place).await, &["checkpoint 2 of a is gone"]);
}

async fn a_missing_state_file_shows_and_with_it_a_chain_that_was_cut(place: &Place) {
    let (setting, ..) = busy(place).await;
    let last = place.number("select max(seq) from audit where writer = 'a'").await;
    setting.change("gateway", ClientChange::Enable(false)).await;
    std::fs::remove_file(place.folder.join("state/a.state")).unwrap();
    execute(place, &format!("delete from audit where seq > {last}")).await;
    let found = findings(place).await;
    finds(&found, &["the state file of a is missing"]);
    // And what the end of the chain said, the tables still say.
    finds(&found, &["client gateway is not what entry"]);
}

async fn the_published_deny_list_is_the_newest(place: &Place) {
    let (setting, renewed, _) = busy(place).await;
    let old: (i64, String, i64) = sqlx::query_as("select number, body, next_update from deny_list")
        .fetch_one(&place.raw().await)
        .await
        .unwrap();
    setting.mef.deny(ExpiringIdentity::parse(&renewed).unwrap(), "stolen").await.unwrap();
    let beside = place.folder.join("state/denylist.json");
    let good = std::fs::read(&beside).unwrap();
    assert_eq!(findings(place).await, Vec::<String>::new());
    let new: (i64, String, i64) = sqlx::query_as("select number, body, next_update from deny_list")
        .fetch_one(&place.raw().await)
        .await
        .unwrap();
    let put = async |number: i64, body: &str, next: i64| {
        let text = "update deny_list set number = $1, body = $2, next_update = $3";
        let query = sqlx::query(text).bind(number).bind(body.to_owned()).bind(next);
        query.execute(&place.raw().await).await.unwrap();
    };
    put(new.0, &old.1, new.2).await;
    finds(&findings(place).await, &["the published deny list is number", "tells of number"]);
    put(new.0, &new.1.replace(&renewed, &renewed.replace("4331@", "4332@")), new.2).await;
    finds(&findings(place).await, &["the published deny list", "not signed by this service"]);
    put(new.0, "", new.2).await;
    finds(&findings(place).await, &["the published deny list", "signature"]);
    put(new.0, &new.1, new.2 + 86_400).await;
    finds(&findings(place).await, &["the time of the next deny list"]);
    put(new.0, &new.1, new.2).await;
    std::fs::write(&beside, &old.1).unwrap();
    finds(&findings(place).await, &["denylist.json beside the state files is number"]);
    std::fs::write(&beside, b"{}\n00\n").unwrap();
    finds(&findings(place).await, &["denylist.json beside the state files: "]);
    std::fs::remove_file(&beside).unwrap();
    finds(&findings(place).await, &["denylist.json is missing"]);
    std::fs::write(&beside, good).unwrap();
    assert_eq!(findings(place).await, Vec::<String>::new());
    // Denied since, and kept from the next list by a column.
    place.clock.advance(40 * 86_400);
    for _ in 0..3 {
        enrol(&setting, "device", DEVICE, None).await;
    }
    execute(place, "update denied set listed = 1 where listed = 0").await;
    finds(&findings(place).await, &["the denial of ", "is marked as published"]);
}

async fn rows_that_two_nodes_wrote_in_one_second_are_counted(place: &Place) {
    let (setting, ..) = busy(place).await;
    let other = Setting::open_as(place, "b").await;
    setting.change("gateway", ClientChange::Enable(false)).await;
    other.change("gateway", ClientChange::Enable(true)).await;
    let (verified, compared) = look(place).await;
    assert_eq!((verified.findings, compared.uncertain), (vec![], 1));
    place.clock.advance(1);
    other.change("maf", ClientChange::Enable(false)).await;
    place.clock.advance(1);
    setting.change("maf", ClientChange::Enable(true)).await;
    let (verified, compared) = look(place).await;
    assert_eq!((verified.findings, compared.uncertain), (vec![], 1));
}
