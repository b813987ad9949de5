//! Enrolment keys, fetching by KeID, KmIDs, keys of handshakes.

use crate::service::{FakeExporter, MAF, MEF, PROVIDER, Place, call, fqdn, psk, session, time};
use crate::setting::{
    DEVICE, FAR, GATEWAY, Setting, at_maf, at_mef, by_ke_id, days, exporting, key, key_of_client, refused,
    registration, rule,
};
use eccsi_sakke::onem2m::{CredentialId, EntityId, EntityKind, KeId, KmId, KpsaId, SecurityUsage};
use ibc::Function;
use ibc::derive::{EnrolmentTarget, kuse};
use ibc::service::admin::{ClientChange, NewPsa};
use ibc::service::error::Kind;
use ibc::service::maf::Fetched;
use ibc::service::mef::{BOOTSTRAP, NOT_AVAILABLE};
use ibc::service::rule::KNOWN;
use ibc::service::session::{Exporter, Handshake};
use ibc::wire::{FetchedCredentials, KeyUpdateRequest, KeyValue, RegistrationUpdateRequest, RetrievedKey};
use std::sync::atomic::Ordering;
use zeroize::Zeroizing;

crate::on_each_store!(
    an_enrolment_key_is_named_by_the_exporter,
    a_target_fetches_the_key_of_its_usage,
    what_no_stakeholder_allows_is_not_available,
    fetching_refuses_sessions_like_every_procedure,
    a_maf_fetches_km_and_assigns_a_km_id,
    keys_wait_until_a_client_by_ke_id_has_registered,
    a_maf_retrieves_a_key_that_was_registered_for_it,
    a_new_km_gets_a_new_km_id,
    a_fetched_key_of_another_client_is_assigned_no_km_id,
    km_ids_are_never_given_again,
    a_maf_asks_only_for_what_may_be_there,
    handshakes_have_one_answer_for_all_that_is_refused,
    enrolment_keys_are_nowhere_in_clear,
);

const MAF_KEY: SecurityUsage = SecurityUsage::RspfMaf;

/// Ke of the session that exports `number`.
fn ke(number: u64) -> [u8; 32] {
    let mut octets = [0; 48];
    FakeExporter(number).export(BOOTSTRAP, &mut octets).unwrap();
    octets[16..].try_into().unwrap()
}

async fn enrolled(setting: &Setting, number: u64) -> KeId {
    let session = exporting("10-device@mef.example.com", number);
    setting.mef.keep_enrolment_key(&call(&session, DEVICE)).await.unwrap()
}

fn available(answer: &FetchedCredentials) -> bool {
    if !answer.status {
        assert!(answer.credential.is_none() && answer.enrolee_id.is_none() && answer.lifetime.is_none());
        assert_eq!(answer.error_string.as_deref(), Some(NOT_AVAILABLE));
    }
    answer.status
}

async fn an_enrolment_key_is_named_by_the_exporter(place: &Place) {
    let setting = Setting::new(place).await;
    let ke_id = enrolled(&setting, 5).await;
    let mut octets = [0; 48];
    FakeExporter(5).export(BOOTSTRAP, &mut octets).unwrap();
    assert_eq!(ke_id.to_string(), format!("{}@{MEF}", base16ct::upper::encode_string(&octets[..16])));
    assert_eq!(KeId::parse(ke_id.as_str()).unwrap(), ke_id);
    assert_eq!(enrolled(&setting, 5).await, ke_id, "again in the same session");
    assert_eq!(place.number("select count(*) from enrolment_key").await, 1);
    let other = call(&exporting("10-gateway@mef.example.com", 5), GATEWAY);
    place.refuses(Kind::Conflict, "another client's", setting.mef.keep_enrolment_key(&other)).await;
    let maf = call(&at_mef("maf"), MAF);
    place.refuses(Kind::NoPrivilege, "a MAF", setting.mef.keep_enrolment_key(&maf)).await;
    let without = call(&psk("10-device@mef.example.com"), DEVICE);
    place.refuses(Kind::ContentsUnacceptable, "no exporter", setting.mef.keep_enrolment_key(&without)).await;
    let gba =
        call(&session(Handshake::Gba, "10-device@mef.example.com", Some(Box::new(FakeExporter(5)))), DEVICE);
    place.refuses(Kind::SecurityAssociationRequired, "GBA", setting.mef.keep_enrolment_key(&gba)).await;
}

async fn a_target_fetches_the_key_of_its_usage(place: &Place) {
    let setting = Setting::new(place).await;
    let ke_id = enrolled(&setting, 6).await;
    let maf = at_mef("maf");
    let answer = setting.mef.fetch_credentials(&call(&maf, MAF), &ke_id, MAF_KEY).await.unwrap();
    assert!(available(&answer));
    let expected = kuse(&ke(6), MAF_KEY, &EnrolmentTarget::maf(&fqdn(MAF)));
    assert_eq!(&**answer.credential.as_ref().unwrap().expose(), &expected[..]);
    assert_eq!(answer.enrolee_id.as_deref(), Some(DEVICE));
    assert_eq!(answer.lifetime, Some(100 * 86_400));
    let entry = place.last("credential fetched").await;
    assert_eq!((entry["target"].as_str(), entry["enrolee"].as_str()), (Some(MAF), Some(DEVICE)));
    // A CSE is a target of the other usages.
    let gateway = at_mef("gateway");
    let saef = SecurityUsage::RspfSaef;
    let answer = setting.mef.fetch_credentials(&call(&gateway, GATEWAY), &ke_id, saef).await.unwrap();
    let cse = EntityId::parse(EntityKind::Cse, GATEWAY).unwrap();
    let expected = kuse(&ke(6), saef, &EnrolmentTarget::entity(&cse).unwrap());
    assert_eq!(&**answer.credential.as_ref().unwrap().expose(), &expected[..]);
    // What is left, and not longer than policy.
    let mut policy = rule(Function::Mef, Some(21));
    policy.max_lifetime = Some(days(1));
    setting.admin.set_policy(&policy).await.unwrap();
    let answer = setting.mef.fetch_credentials(&call(&maf, MAF), &ke_id, MAF_KEY).await.unwrap();
    assert_eq!(answer.lifetime, Some(86_400));
    place.clock.advance(99 * 86_400 + 86_000);
    let answer = setting.mef.fetch_credentials(&call(&maf, MAF), &ke_id, MAF_KEY).await.unwrap();
    assert_eq!(answer.lifetime, Some(400));
    place.clock.advance(400);
    let answer = setting.mef.fetch_credentials(&call(&maf, MAF), &ke_id, MAF_KEY).await.unwrap();
    assert!(!available(&answer), "Ke has ended");
}

async fn what_no_stakeholder_allows_is_not_available(place: &Place) {
    let setting = Setting::new(place).await;
    let ke_id = enrolled(&setting, 7).await;
    let (maf, gateway, device) = (at_mef("maf"), at_mef("gateway"), at_mef("device"));
    let unknown = KeId::new([9; 16], fqdn(MEF)).unwrap();
    let elsewhere = KeId::new(*ke_id.relative(), fqdn("mef2.example.com")).unwrap();
    for (why, session, origin, ke_id, usage) in [
        ("an unknown KeID", &maf, MAF, &unknown, MAF_KEY),
        ("another MEF's", &maf, MAF, &elsewhere, MAF_KEY),
        ("SAEF for a MAF", &maf, MAF, &ke_id, SecurityUsage::RspfSaef),
        ("SUID 21 for a CSE", &gateway, GATEWAY, &ke_id, MAF_KEY),
        ("a SUID of another kind", &gateway, GATEWAY, &ke_id, SecurityUsage::MafSaef),
        ("the Enrolee itself", &device, DEVICE, &ke_id, SecurityUsage::RspfSaef),
    ] {
        let rows = place.rows().await;
        let answer = setting.mef.fetch_credentials(&call(session, origin), ke_id, usage).await.unwrap();
        assert!(!available(&answer), "{why}");
        assert_eq!(place.rows().await, rows);
        assert_eq!(place.last("refused").await["kind"], "not_found");
    }
    let fetch = async |usage| {
        let outcome = match usage {
            MAF_KEY => setting.mef.fetch_credentials(&call(&maf, MAF), &ke_id, usage).await,
            _ => setting.mef.fetch_credentials(&call(&gateway, GATEWAY), &ke_id, usage).await,
        };
        available(&outcome.unwrap())
    };
    assert!(fetch(MAF_KEY).await && fetch(SecurityUsage::RspfSaef).await);
    let mut policy = rule(Function::Mef, Some(22));
    policy.allow = false;
    setting.admin.set_policy(&policy).await.unwrap();
    assert!(fetch(MAF_KEY).await && !fetch(SecurityUsage::RspfSaef).await);
    let mut policy = rule(Function::Mef, Some(21));
    policy.targets = vec![KNOWN.into()];
    setting.admin.set_policy(&policy).await.unwrap();
    assert!(fetch(MAF_KEY).await, "the stakeholder knows the MAF");
    setting.change("maf", ClientChange::Dismiss(Function::Mef, fqdn(PROVIDER))).await;
    assert!(!fetch(MAF_KEY).await);
    setting.change("maf", ClientChange::Admit(Function::Mef, fqdn(PROVIDER))).await;
    assert!(fetch(MAF_KEY).await);
    setting.change("device", ClientChange::Enable(false)).await;
    assert!(!fetch(MAF_KEY).await, "a disabled Enrolee");
    setting.change("device", ClientChange::Enable(true)).await;
    setting.change("device", ClientChange::Dismiss(Function::Mef, fqdn(PROVIDER))).await;
    assert!(!fetch(MAF_KEY).await, "an Enrolee without a stakeholder");
}

async fn fetching_refuses_sessions_like_every_procedure(place: &Place) {
    let setting = Setting::new(place).await;
    let ke_id = enrolled(&setting, 8).await;
    for (kind, session, origin) in [
        (
            Kind::SecurityAssociationRequired,
            session(Handshake::ServerOnly, "10-maf@mef.example.com", None),
            MAF,
        ),
        (Kind::NoPrivilege, psk("10-nobody@mef.example.com"), MAF),
        (Kind::OriginatorNotAuthenticated, at_mef("maf"), "maf2.example.com"),
        (Kind::OriginatorNotAuthenticated, at_mef("gateway"), MAF),
        (Kind::NoPrivilege, by_ke_id(&ke_id), DEVICE),
    ] {
        let c = call(&session, origin);
        place.refuses(kind, origin, setting.mef.fetch_credentials(&c, &ke_id, MAF_KEY)).await;
    }
}

async fn a_maf_fetches_km_and_assigns_a_km_id(place: &Place) {
    let setting = Setting::new(place).await;
    let ke_id = enrolled(&setting, 9).await;
    let identity = ke_id.to_string();
    let km = setting.maf.psk(&identity).await.unwrap().unwrap();
    assert_eq!(km.expose(), &kuse(&ke(9), MAF_KEY, &EnrolmentTarget::maf(&fqdn(MAF)))[..]);
    assert_eq!(place.last("key fetched").await["client"], "device");
    // The second time it is at hand.
    setting.maf.psk(&identity.to_ascii_lowercase()).await.unwrap().unwrap();
    assert_eq!(setting.fetcher.asked.load(Ordering::SeqCst), 1);
    let registry = setting.maf.registry();
    let first = by_ke_id(&ke_id);
    let answer = registry.register_client(&call(&first, DEVICE), &registration(Function::Maf)).await.unwrap();
    let km_id = answer.assigned_symm_key_id.unwrap();
    assert_eq!(KmId::parse(&km_id).unwrap().fqdn().as_str(), MAF);
    assert_eq!(answer.expiration_time, "20260909T000000", "not longer than Km");
    for identity in [km_id.clone(), km_id.to_ascii_uppercase()] {
        assert_eq!(setting.maf.psk(&identity).await.unwrap().unwrap().expose(), km.expose());
    }
    // From now on the client authenticates by it.
    let credential = format!("11-{km_id}");
    assert!(CredentialId::parse(&credential).is_ok());
    let later = exporting(&credential, 4_711);
    let registered = registry.register_key(&call(&later, DEVICE), &key(Function::Maf, &[])).await.unwrap();
    setting.register(Function::Maf, &at_maf("gateway"), GATEWAY).await;
    registry.retrieve_key(&call(&at_maf("gateway"), GATEWAY), &registered.relative_key_id).await.unwrap();
    // The MEF does not take a KeID in place of its KpmID.
    assert!(setting.mef.psk(&identity).await.unwrap().is_none());
}

async fn keys_wait_until_a_client_by_ke_id_has_registered(place: &Place) {
    let setting = Setting::new(place).await;
    let registry = setting.maf.registry();
    setting.register(Function::Maf, &at_maf("gateway"), GATEWAY).await;
    let mut given = key(Function::Maf, &[5; 32]);
    given.target_ids = Some(vec![DEVICE.into()]);
    let waiting = registry.register_key(&call(&at_maf("gateway"), GATEWAY), &given).await.unwrap();
    let ke_id = enrolled(&setting, 15).await;
    setting.maf.psk(ke_id.as_str()).await.unwrap().unwrap();
    let by_ke_id = || call(&by_ke_id(&ke_id), DEVICE);
    let refuse_all = async |own: &str| {
        let update = KeyUpdateRequest {
            fqdn: MAF.into(),
            expiration_time: None,
            labels: Some(vec![]),
            target_ids: None,
        };
        let (register, why) = (key(Function::Maf, &[6; 32]), "no registration");
        let c = by_ke_id();
        place.refuses(Kind::NoPrivilege, why, registry.register_key(&c, &register)).await;
        place.refuses(Kind::NoPrivilege, why, registry.retrieve_key(&c, &waiting.relative_key_id)).await;
        place.refuses(Kind::NoPrivilege, why, registry.update_key(&c, own, &update)).await;
        place.refuses(Kind::NoPrivilege, why, registry.deregister_key(&c, MAF, own)).await;
    };
    refuse_all(&waiting.relative_key_id).await;
    let at = registry.register_client(&by_ke_id(), &registration(Function::Maf)).await.unwrap();
    registry.retrieve_key(&by_ke_id(), &waiting.relative_key_id).await.expect("registered");
    let own = registry.register_key(&by_ke_id(), &key(Function::Maf, &[6; 32])).await.expect("registered");
    registry.deregister_key(&by_ke_id(), MAF, &own.relative_key_id).await.expect("registered");
    registry.deregister_client(&by_ke_id(), MAF, &at.id).await.unwrap();
    refuse_all(&own.relative_key_id).await;
    // A session by KmID, which an administrator may have given, needs none to retrieve.
    registry.retrieve_key(&call(&at_maf("device"), DEVICE), &waiting.relative_key_id).await.unwrap();
}

async fn a_maf_retrieves_a_key_that_was_registered_for_it(place: &Place) {
    let setting = Setting::new(place).await;
    let device = at_mef("device");
    setting.register(Function::Mef, &device, DEVICE).await;
    let mut request = key(Function::Mef, &[5; 32]);
    (request.suid, request.target_ids) = (21, Some(vec![MAF.into()]));
    let registry = setting.mef.registry();
    let registered = registry.register_key(&call(&device, DEVICE), &request).await.unwrap();
    let identity = format!("{}@{MEF}", registered.relative_key_id);
    let km = setting.maf.psk(&identity).await.unwrap().expect("what was registered");
    assert_eq!(km.expose(), &[5; 32]);
    let entry = place.last("key fetched").await;
    assert_eq!((entry["client"].as_str(), entry["entity"].as_str()), (Some("device"), Some(DEVICE)));
    // It is Km from then on, as if it had been fetched.
    let session = by_ke_id(&KeId::parse(&identity).unwrap());
    let maf = setting.maf.registry();
    let answer = maf.register_client(&call(&session, DEVICE), &registration(Function::Maf)).await.unwrap();
    let km_id = answer.assigned_symm_key_id.expect("a KmID");
    assert_eq!(setting.maf.psk(&km_id).await.unwrap().unwrap().expose(), &[5; 32]);
    // A key for another use is none of the MAF's, nor one that has ended.
    let mut request = key(Function::Mef, &[6; 32]);
    request.target_ids = Some(vec![GATEWAY.into()]);
    let other = registry.register_key(&call(&device, DEVICE), &request).await.unwrap();
    assert!(setting.maf.psk(&format!("{}@{MEF}", other.relative_key_id)).await.unwrap().is_none());
    let answer = RetrievedKey {
        expiration_time: "20260601T000010".into(),
        admin_fqdn: PROVIDER.into(),
        suid: 21,
        source: DEVICE.into(),
        key_value: KeyValue::new(Zeroizing::new(vec![5; 32])),
        labels: None,
    };
    let at = |text| Fetched::registered(&answer, time(text));
    assert_eq!(at("20260601T000000").expect("ten seconds").lifetime.as_secs(), 10);
    assert!(at("20260601T000010").is_none(), "it has ended");
    let saef = RetrievedKey { suid: 22, key_value: KeyValue::new(Zeroizing::new(vec![5; 32])), ..answer };
    assert!(Fetched::registered(&saef, time("20260601T000000")).is_none(), "another use");
}

async fn a_new_km_gets_a_new_km_id(place: &Place) {
    let setting = Setting::new(place).await;
    let (one, two) = (enrolled(&setting, 10).await, enrolled(&setting, 11).await);
    setting.maf.psk(one.as_str()).await.unwrap().unwrap();
    let registry = setting.maf.registry();
    let answer =
        registry.register_client(&call(&by_ke_id(&one), DEVICE), &registration(Function::Maf)).await.unwrap();
    let first = answer.assigned_symm_key_id.unwrap();
    let request =
        RegistrationUpdateRequest { fqdn: MAF.into(), expiration_time: Some(FAR.into()), labels: None };
    let update = async |ke_id: &KeId| {
        registry.update_client(&call(&by_ke_id(ke_id), DEVICE), &answer.id, &request).await.unwrap()
    };
    assert_eq!(update(&one).await.assigned_symm_key_id, None, "the same Km keeps its KmID");
    setting.maf.psk(two.as_str()).await.unwrap().unwrap();
    let second = update(&two).await.assigned_symm_key_id.unwrap();
    assert_ne!(first, second);
    assert_eq!(update(&two).await.assigned_symm_key_id, None);
    assert!(setting.maf.psk(&second).await.unwrap().is_some());
    assert_eq!(place.number("select count(*) from assigned_name where fn = 2").await, 4 + 2);
}

/// A Km is of one client, also one that a MEF gave.
async fn a_fetched_key_of_another_client_is_assigned_no_km_id(place: &Place) {
    let setting = Setting::new(place).await;
    let ke_id = enrolled(&setting, 14).await;
    let km = kuse(&ke(14), MAF_KEY, &EnrolmentTarget::maf(&fqdn(MAF)));
    let id = CredentialId::parse("11-other@maf.example.com").unwrap();
    let new = ibc::service::admin::NewCredential {
        function: Function::Maf,
        id: id.clone(),
        not_after: time("20280101T000000"),
        key: Some(Zeroizing::new(km.to_vec())),
    };
    setting.change("gateway", ClientChange::AddCredential(new)).await;
    setting.maf.psk(ke_id.as_str()).await.unwrap().unwrap();
    let (registry, session) = (setting.maf.registry(), by_ke_id(&ke_id));
    let register =
        || async { registry.register_client(&call(&session, DEVICE), &registration(Function::Maf)).await };
    place.refuses(Kind::NoPrivilege, "the gateway has this key", register()).await;
    setting.change("gateway", ClientChange::RemoveCredential(Function::Maf, id)).await;
    assert!(register().await.unwrap().assigned_symm_key_id.is_some());
}

async fn km_ids_are_never_given_again(place: &Place) {
    let setting = Setting::new(place).await;
    let id = |text: &str| CredentialId::parse(text).unwrap();
    let new = |text: &str| ibc::service::admin::NewCredential {
        function: Function::Maf,
        id: id(text),
        not_after: time("20280101T000000"),
        key: Some(Zeroizing::new(key_of_client("gateway").to_vec())),
    };
    let add = async |text: &str| {
        setting.admin.change_client("gateway", None, ClientChange::AddCredential(new(text))).await
    };
    refused(add("11-DEVICE@maf.example.com").await, Kind::Conflict, "in another case");
    add("11-Name@maf.example.com").await.unwrap();
    let remove = ClientChange::RemoveCredential(Function::Maf, id("11-name@maf.example.com"));
    setting.admin.change_client("gateway", None, remove).await.unwrap();
    refused(add("11-nAME@maf.example.com").await, Kind::Conflict, "given before");
}

async fn a_maf_asks_only_for_what_may_be_there(place: &Place) {
    let setting = Setting::new(place).await;
    let ke_id = enrolled(&setting, 12).await;
    let asked = || setting.fetcher.asked.load(Ordering::SeqCst);
    let elsewhere = KeId::new(*ke_id.relative(), fqdn("mef2.example.com")).unwrap();
    for identity in [elsewhere.to_string(), "x@mef.example.com".into(), String::new(), "A".repeat(600)] {
        assert!(setting.maf.psk(&identity).await.unwrap().is_none(), "{identity}");
    }
    assert_eq!(asked(), 0);
    // What was refused is not asked for again at once.
    let unknown = KeId::new([1; 16], fqdn(MEF)).unwrap().to_string();
    for _ in 0..3 {
        assert!(setting.maf.psk(&unknown).await.unwrap().is_none());
    }
    assert_eq!(asked(), 1);
    place.clock.advance(10);
    assert!(setting.maf.psk(&unknown).await.unwrap().is_none());
    assert_eq!(asked(), 2);
    // Many handshakes, one question.
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (maf, identity) = (setting.maf.clone(), ke_id.to_string());
            tokio::spawn(async move { maf.psk(&identity).await.unwrap().is_some() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(asked(), 3);
    // A key for somebody who is no client here is not kept.
    let unbound = enrolled(&setting, 13).await.to_string();
    let ae = crate::setting::entity(EntityKind::Ae, DEVICE);
    setting.change("device", ClientChange::Unbind(ae)).await;
    assert!(setting.maf.psk(&unbound).await.unwrap().is_none());
    assert_eq!(place.number("select count(*) from fetched_key").await, 1);
}

async fn handshakes_have_one_answer_for_all_that_is_refused(place: &Place) {
    let setting = Setting::new(place).await;
    let (kpm, km) = ("device@mef.example.com", "device@maf.example.com");
    assert_eq!(setting.mef.psk(kpm).await.unwrap().unwrap().expose(), &key_of_client("device"));
    assert_eq!(setting.maf.psk(km).await.unwrap().unwrap().expose(), &key_of_client("device"));
    for identity in ["nobody@mef.example.com", "Device@mef.example.com", km, "device", "", "a@b@c"] {
        assert!(setting.mef.psk(identity).await.unwrap().is_none(), "{identity}");
    }
    for identity in ["nobody@maf.example.com", kpm, "device", ""] {
        assert!(setting.maf.psk(identity).await.unwrap().is_none(), "{identity}");
    }
    let id = CredentialId::parse("10-device@mef.example.com").unwrap();
    for enabled in [false, true] {
        let change = ClientChange::EnableCredential(Function::Mef, id.clone(), enabled);
        setting.change("device", change).await;
        assert_eq!(setting.mef.psk(kpm).await.unwrap().is_some(), enabled);
    }
    for enabled in [false, true] {
        setting.change("device", ClientChange::Enable(enabled)).await;
        assert_eq!(setting.mef.psk(kpm).await.unwrap().is_some(), enabled);
    }
    let psa = KpsaId::parse("gw-17.psa@sp.example.com").unwrap();
    let cse = |text| EntityId::parse(EntityKind::Cse, text).unwrap();
    let new = NewPsa {
        id: psa.clone(),
        entities: [cse("//sp.example.com/A"), cse("//sp.example.com/B")],
        not_after: time("20270101T000000"),
        key: Zeroizing::new(vec![3; 32]),
    };
    setting.admin.add_psa(new).await.unwrap();
    let core = &setting.admin.core;
    assert_eq!(core.psa_key(&psa).await.unwrap().unwrap().expose(), &[3; 32]);
    place.clock.set(time("20270101T000000"));
    assert!(core.psa_key(&psa).await.unwrap().is_none(), "ended");
    place.clock.set(time("20280101T000000"));
    assert!(setting.mef.psk(kpm).await.unwrap().is_none(), "ended");
}

async fn enrolment_keys_are_nowhere_in_clear(place: &Place) {
    let setting = Setting::new(place).await;
    let ke_id = enrolled(&setting, 14).await;
    let km = setting.maf.psk(ke_id.as_str()).await.unwrap().unwrap();
    let registry = setting.maf.registry();
    registry.register_client(&call(&by_ke_id(&ke_id), DEVICE), &registration(Function::Maf)).await.unwrap();
    assert!(!place.holds(&ke(14)).await);
    assert!(!place.holds(km.expose()).await);
    assert!(!format!("{:?}", place.audit().await).contains(&base16ct::lower::encode_string(km.expose())));
}
