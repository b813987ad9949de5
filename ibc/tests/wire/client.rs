//! The client of MEF and MAF against the server in this process.

use crate::http::Running;
use crate::service::{MAF, MEF, PROVIDER, Place, START, fqdn};
use crate::setting::{DEVICE, FAR, GATEWAY, STRANGER, Setting, days, key_of_client};
use eccsi_sakke::onem2m::{
    EntityId, EntityKind, EntityName, ExpirationTime, ExpiringIdentity, KeyIdentifier, RelativeKeyId,
    SecurityUsage, UnixTime,
};
use ibc::Function;
use ibc::association::{KeyOrigin, KeySource, RetrievalError};
use ibc::client::commands::{CommandLoop, Provisioner};
use ibc::client::install::NewKpak;
use ibc::client::renewal::Random;
use ibc::client::{
    Access, Client, ClientError, Connection, CredentialKeeper, DeviceStore, InstallError, Kept, KeyKeeper,
    KeyRequest, NetworkFetcher, NetworkKeySource, Patience,
};
use ibc::clock::{Clock, ManualClock};
use ibc::derive::{EnrolmentTarget, kuse};
use ibc::service::kms::Kms;
use ibc::service::maf::Maf;
use ibc::tls::{Psk, TlsError};
use ibc::wire::{CommandArguments, CommandDescription, ResponseStatusCode};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

const DAY: u64 = 86_400;

pub(crate) fn access_with(
    address: SocketAddr,
    function: Function,
    client: &str,
    key: &[u8],
    origin: &str,
) -> Access {
    let name = match function {
        Function::Mef => MEF,
        Function::Maf => MAF,
    };
    let psk = Psk::new(key.to_vec()).unwrap();
    Access::psk(function, fqdn(name), (&format!("{client}@{name}"), psk), origin)
        .unwrap()
        .at(address.to_string())
}

pub(crate) fn client(server: &Running, function: Function, name: &str, origin: &str) -> Client {
    Client::new(access_with(server.address, function, name, &key_of_client(name), origin))
}

pub(crate) fn end(text: &str) -> ExpirationTime {
    ExpirationTime::parse(text).unwrap()
}

pub(crate) fn name(text: &str) -> EntityName {
    EntityName::parse(text).unwrap()
}

pub(crate) fn clock(place: &Place) -> Arc<dyn Clock> {
    place.clock.clone()
}

pub(crate) fn no_chance() -> Random {
    Box::new(|| 0)
}

pub(crate) fn request(usage: SecurityUsage, target: &str) -> KeyRequest {
    KeyRequest {
        stakeholder: fqdn(PROVIDER),
        end: end(FAR),
        usage,
        targets: Some(vec![target.into()]),
        labels: None,
    }
}

#[track_caller]
fn code<T: std::fmt::Debug>(outcome: Result<T, ClientError>, expected: u16) {
    let error = outcome.expect_err("a refusal");
    assert_eq!(error.response_status_code().map(ResponseStatusCode::number), Some(expected), "{error}");
    assert!(error.to_string().contains(&expected.to_string()), "{error}");
}

async fn registrations_live_as_long_as_their_client_wants(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    for function in [Function::Mef, Function::Maf] {
        let mut device = client(&server, function, "device", DEVICE);
        let labels = Some(vec!["line-3".to_string()]);
        let registered = device.register(&fqdn(PROVIDER), end(FAR), labels.clone()).await.unwrap();
        assert_eq!((registered.client_id.as_str(), &registered.labels), (DEVICE, &labels));
        code(device.register(&fqdn(PROVIDER), end(FAR), None).await, 4117);
        code(device.configuration(&registered.id).await, 4004);
        let updated = device.update(&registered.id, Some(end("20261201T000000")), None).await.unwrap();
        assert_eq!(updated.expiration_time.as_deref(), Some("20261201T000000"));
        device.deregister(&registered.id).await.unwrap();
        code(device.deregister(&registered.id).await, 4004);
        code(
            client(&server, function, "device", GATEWAY).register(&fqdn(PROVIDER), end(FAR), None).await,
            4106,
        );
    }
    assert!(matches!(
        client(&server, Function::Maf, "device", DEVICE).kpaks().await,
        Err(ClientError::Configuration(_))
    ));
    server.stop().await;
}

async fn keys_are_registered_retrieved_updated_and_removed(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    for (function, usage) in
        [(Function::Mef, SecurityUsage::RspfSaef), (Function::Maf, SecurityUsage::MafSaef)]
    {
        let mut device = client(&server, function, "device", DEVICE);
        device.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
        let mut gateway = client(&server, function, "gateway", GATEWAY);
        gateway.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
        let request = request(usage, GATEWAY);
        let first = device.register_exported_key(&request).await.unwrap();
        let second = device.register_exported_key(&request).await.expect("in a session of its own");
        assert_ne!(first.identifier, second.identifier);
        for registered in [&first, &second] {
            let retrieved = gateway.retrieve_key(registered.identifier.relative()).await.unwrap();
            assert_eq!(retrieved.key_value.expose().as_slice(), registered.key.as_slice());
            assert_eq!((retrieved.source.as_str(), retrieved.suid), (DEVICE, usage.to_u8()));
        }
        code(device.retrieve_key(first.identifier.relative()).await, 4004);

        let (given, identifier) = device.register_key(&request, Zeroizing::new(vec![9; 32])).await.unwrap();
        assert_eq!(given.target_ids, [GATEWAY]);
        assert_eq!(
            gateway.retrieve_key(identifier.relative()).await.unwrap().key_value.expose()[..],
            [9; 32]
        );
        code(device.register_key(&request, Zeroizing::new(vec![9; 31])).await, 4102);
        let updated =
            device.update_key(identifier.relative(), Some(end("20260701T000000")), None, None).await.unwrap();
        assert_eq!(updated.expiration_time.as_deref(), Some("20260701T000000"));
        code(gateway.delete_key(identifier.relative()).await, 4004);
        device.delete_key(identifier.relative()).await.unwrap();
        code(gateway.retrieve_key(identifier.relative()).await, 4004);
    }
    server.stop().await;
}

async fn what_cannot_be_asked_is_said(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let wrong = access_with(server.address, Function::Mef, "device", &[8; 32], DEVICE);
    let error = Connection::open(&wrong).await.unwrap_err();
    assert!(matches!(error, ClientError::Tls(TlsError::Handshake(_))), "{error}");
    assert!(!error.is_temporary());

    let mut connection = Connection::open(&access_with(
        server.address,
        Function::Mef,
        "device",
        &key_of_client("device"),
        DEVICE,
    ))
    .await
    .unwrap();
    assert!(connection.is_usable().await);
    server.stop().await;
    let until = Instant::now() + Duration::from_secs(20);
    while connection.is_usable().await {
        assert!(Instant::now() < until, "the server has gone");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let short = Patience { connect: Duration::from_millis(50), answer: Duration::from_millis(50) };
    let silent =
        access_with(address, Function::Mef, "device", &key_of_client("device"), DEVICE).patience(short);
    let error = Connection::open(&silent).await.unwrap_err();
    assert!(matches!(error, ClientError::Tls(TlsError::TimedOut)), "{error}");
    drop(listener);
    let error = Connection::open(&silent).await.unwrap_err();
    assert!(matches!(error, ClientError::Connect { .. }) && error.is_temporary(), "{error}");
}

/// A keeper of the device's credential in a folder of the place.
pub(crate) fn keeper(place: &Place, server: &Running, folder: &str, new: NewKpak) -> CredentialKeeper {
    let store = DeviceStore::open(&place.folder.join(folder)).unwrap();
    let client = client(server, Function::Mef, "device", DEVICE);
    CredentialKeeper::new(client, store, name(DEVICE), (clock(place), no_chance()))
        .unwrap()
        .lifetime(Some(days(10)))
        .new_kpak(new)
}

fn installed(keeper: &CredentialKeeper) -> Option<ExpiringIdentity> {
    keeper.store().credential().unwrap().map(|file| file.validate().unwrap().0.id_2().unwrap().clone())
}

async fn credentials_are_renewed_from_half_of_their_life(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut keeper = keeper(place, &server, "device", NewKpak::First);
    let Kept::Renewed(first) = keeper.keep().await else { panic!("there was none") };
    assert_eq!(first.expiration().to_unix(), UnixTime::from_seconds(START.as_seconds() + 10 * DAY));
    assert_eq!(installed(&keeper).as_ref(), Some(&first));
    place.clock.advance(5 * DAY - 1);
    assert!(
        matches!(keeper.keep().await, Kept::Until(at) if at.as_seconds() == START.as_seconds() + 5 * DAY)
    );
    place.clock.advance(1);
    let Kept::Renewed(second) = keeper.keep().await else { panic!("half of its life is over") };
    assert_eq!(place.last("reserved").await["replaces"], first.as_str());
    assert_eq!(installed(&keeper).as_ref(), Some(&second));

    // Of a store that is opened again, the beginning of the credential's life is known.
    drop(keeper);
    let mut keeper = self::keeper(place, &server, "device", NewKpak::Refuse);
    let half = place.clock_now().as_seconds() + 5 * DAY;
    assert!(matches!(keeper.keep().await, Kept::Until(at) if at.as_seconds() == half));

    // What has expired is provisioned as for the first time.
    place.clock.advance(11 * DAY);
    let Kept::Renewed(third) = keeper.keep().await else { panic!("it has expired") };
    assert_eq!(place.last("reserved").await["replaces"], "");

    // One that is denied cannot be replaced, and the entity is not left without.
    setting.mef.deny(third.clone(), "test").await.unwrap();
    let fourth = keeper.renew().await.unwrap();
    assert_eq!(place.last("reserved").await["replaces"], "");

    server.stop().await;
    place.clock.advance(6 * DAY);
    let now = place.clock_now();
    let Kept::Failed(error, again) = keeper.keep().await else { panic!("nobody is there") };
    assert!(error.is_temporary(), "{error}");
    assert_eq!(again.as_seconds(), now.as_seconds() + 15);
    assert_eq!(installed(&keeper), Some(fourth), "it stays");
}

async fn another_kpak_is_installed_by_a_rule_only(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let install = |outcome: Result<ExpiringIdentity, ClientError>| match outcome {
        Err(ClientError::Install(error)) => error,
        outcome => panic!("{outcome:?}"),
    };
    let mut refusing = keeper(place, &server, "a", NewKpak::Refuse);
    assert!(matches!(install(refusing.renew().await), InstallError::NoKpak(_)));
    assert_eq!(installed(&refusing), None);
    drop(refusing);
    let mut first = keeper(place, &server, "a", NewKpak::First);
    let id_2 = first.renew().await.unwrap();
    let mef = fqdn(MEF);
    assert_eq!(first.store().pinned(&mef).unwrap().len(), 1);

    place.clock.advance(60); // of two that begin together, neither is the newer one
    let now = place.clock_now();
    place.keys.rotate(&mef, now, end("20290601T000000"), now, &mut eccsi_sakke::SysRng).unwrap();
    place.clock.advance(60);
    assert!(matches!(install(first.renew().await), InstallError::OtherKpak(_)));
    assert_eq!(installed(&first), Some(id_2.clone()), "the old one stays");
    let published = first.client().kpaks().await.unwrap();
    assert_eq!(published.kpak.len(), 2);
    drop(first);
    let now = place.clock_now();
    let kpaks = place.keys.public_keys(&mef, now).iter().map(|keys| keys.kpak.clone()).collect();
    let mut rollover = keeper(place, &server, "a", NewKpak::Accept(kpaks));
    let next = rollover.renew().await.unwrap();
    assert_ne!(next, id_2);
    assert_eq!(rollover.store().pinned(&mef).unwrap().len(), 2, "the old one is kept for peers");
    server.stop().await;
}

async fn a_store_has_one_owner_and_one_entity(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut keeper = keeper(place, &server, "device", NewKpak::First);
    keeper.renew().await.unwrap();
    let folder = place.folder.join("device");
    assert!(DeviceStore::open(&folder).is_err(), "another holds it");
    drop(keeper);
    let store = DeviceStore::open(&folder).unwrap();
    let gateway = client(&server, Function::Mef, "gateway", GATEWAY);
    let other = CredentialKeeper::new(gateway, store, name(GATEWAY), (clock(place), no_chance()));
    assert!(matches!(other, Err(ClientError::Configuration(_))));
    server.stop().await;
}

async fn key_registrations_are_renewed_in_the_last_fifth_of_their_life(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Maf, "device", DEVICE);
    device.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
    let request = request(SecurityUsage::MafSaef, GATEWAY);
    let mut keeper = KeyKeeper::new(device, request, days(10), (clock(place), no_chance()));
    let Kept::Renewed(first) = keeper.keep().await else { panic!("there was none") };
    place.clock.advance(8 * DAY - 1);
    assert!(
        matches!(keeper.keep().await, Kept::Until(at) if at.as_seconds() == START.as_seconds() + 8 * DAY)
    );
    place.clock.advance(1);
    let Kept::Renewed(second) = keeper.keep().await else { panic!("its last fifth has begun") };
    assert_ne!(first.identifier, second.identifier);
    let mut gateway = client(&server, Function::Maf, "gateway", GATEWAY);
    gateway.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
    for registered in [first, second] {
        gateway.retrieve_key(registered.identifier.relative()).await.expect("both are valid");
    }
    server.stop().await;
}

async fn a_clock_that_is_ahead_registers_no_key_after_another(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Maf, "device", DEVICE);
    device.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
    let ahead = Arc::new(ManualClock::new(START));
    ahead.advance(200 * DAY); // a MAF grants 100 days
    let request = request(SecurityUsage::MafSaef, GATEWAY);
    let mut keeper = KeyKeeper::new(device, request, days(10), (ahead.clone(), no_chance()));
    let mut waited = 0;
    for _ in 0..5 {
        let Kept::Failed(ClientError::Configuration(why), until) = keeper.keep().await else {
            panic!("what has ended here is of no use")
        };
        assert!(why.contains("set the clock"), "{why}");
        let wait = until.as_seconds() - ahead.now().as_seconds();
        assert!(wait >= 15 && wait > waited, "{wait} after {waited}");
        waited = wait;
        assert!(matches!(keeper.keep().await, Kept::Until(at) if at == until));
        ahead.set(until);
    }
    assert_eq!(place.number("select count(*) from registered_key").await, 5);
    server.stop().await;
}

async fn a_maf_fetches_over_the_network(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Mef, "device", DEVICE);
    device.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
    let (ke_id, ke) = device.enrolment_key().await.unwrap();
    let fetcher =
        NetworkFetcher::new([access_with(server.address, Function::Mef, "maf", &key_of_client("maf"), MAF)])
            .unwrap();
    let maf = Maf::new(place.core("maf").await, fqdn(MAF), &[fqdn(MEF)], Arc::new(fetcher));
    let key = maf.psk(ke_id.as_str()).await.unwrap().expect("a key");
    let expected = kuse(&ke, SecurityUsage::RspfMaf, &EnrolmentTarget::maf(&fqdn(MAF)));
    assert_eq!(key.expose(), expected.as_slice());
    let unknown = format!("{}@{MEF}", "0".repeat(32));
    assert!(maf.psk(&unknown).await.unwrap().is_none());
    let twice =
        [(); 2].map(|()| access_with(server.address, Function::Mef, "maf", &key_of_client("maf"), MAF));
    assert!(NetworkFetcher::new(twice).is_err());
    server.stop().await;
}

/// Everything over the network: Ke and KeID at the MEF, KmID at the MAF, and no key in between.
async fn a_client_by_ke_id_registers_before_it_gets_keys(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut gateway = client(&server, Function::Maf, "gateway", GATEWAY);
    gateway.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
    let waiting = request(SecurityUsage::MafSaef, DEVICE);
    let waiting = gateway.register_exported_key(&waiting).await.unwrap();

    let mut device = client(&server, Function::Mef, "device", DEVICE);
    device.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
    let (ke_id, ke) = device.enrolment_key().await.unwrap();
    let km = kuse(&ke, SecurityUsage::RspfMaf, &EnrolmentTarget::maf(&fqdn(MAF)));
    let at_maf = |identity: &str| {
        let psk = Psk::new(km.to_vec()).unwrap();
        let access = Access::psk(Function::Maf, fqdn(MAF), (identity, psk), DEVICE).unwrap();
        Client::new(access.at(server.address.to_string()))
    };
    let own = request(SecurityUsage::MafSaef, GATEWAY);
    let mut by_ke_id = at_maf(ke_id.as_str());
    code(by_ke_id.retrieve_key(waiting.identifier.relative()).await, 4103);
    code(by_ke_id.register_exported_key(&own).await, 4103);
    code(by_ke_id.delete_key(waiting.identifier.relative()).await, 4103);
    let registered = by_ke_id.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
    let mut by_km_id = at_maf(&registered.assigned_symm_key_id.expect("a KmID"));
    let key = by_km_id.retrieve_key(waiting.identifier.relative()).await.unwrap();
    assert_eq!(key.key_value.expose().as_slice(), waiting.key.as_slice());
    by_km_id.register_exported_key(&own).await.unwrap();
    server.stop().await;
}

async fn keys_for_handshakes_are_retrieved_by_their_identifier(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Maf, "device", DEVICE);
    device.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
    let mut gateway = client(&server, Function::Maf, "gateway", GATEWAY);
    gateway.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
    let registered = device.register_exported_key(&request(SecurityUsage::MafSaef, GATEWAY)).await.unwrap();
    let at_maf = || access_with(server.address, Function::Maf, "gateway", &key_of_client("gateway"), GATEWAY);
    let source = Arc::new(NetworkKeySource::new([at_maf()]).unwrap());
    let retrieve = async |source: &Arc<NetworkKeySource>, identifier: KeyIdentifier, patience: Duration| {
        let source = Arc::clone(source);
        let deadline = Instant::now() + patience;
        tokio::task::spawn_blocking(move || source.retrieve(&identifier, deadline)).await.unwrap()
    };
    let patience = Duration::from_secs(20);
    for _ in 0..2 {
        let key = retrieve(&source, registered.identifier.clone(), patience).await.unwrap();
        assert_eq!(key.key, registered.key);
        assert_eq!(key.usage, SecurityUsage::MafSaef);
        assert_eq!(key.origin, KeyOrigin::Entity(name(DEVICE)));
        assert_eq!(key.expiration, end(&registered.registration.expiration_time));
    }
    let unknown = RelativeKeyId::from_octets(&[3; 16]);
    for fqdn in [fqdn(MAF), fqdn("maf2.example.com")] {
        let identifier = KeyIdentifier::new(unknown.clone(), fqdn).unwrap();
        assert_eq!(retrieve(&source, identifier, patience).await.unwrap_err(), RetrievalError::Refused);
    }
    // A server that says nothing: the deadline of the handshake counts.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let access = at_maf().at(silent.local_addr().unwrap().to_string());
    let source = Arc::new(NetworkKeySource::new([access]).unwrap());
    let outcome = retrieve(&source, registered.identifier.clone(), Duration::from_millis(50)).await;
    assert_eq!(outcome.unwrap_err(), RetrievalError::TimedOut);
    server.stop().await;
}

pub(crate) fn provisioner(place: &Place) -> Provisioner {
    let store = DeviceStore::open(&place.folder.join("device")).unwrap();
    Provisioner {
        stores: vec![(name(DEVICE), store)],
        new: NewKpak::First,
        clock: clock(place),
        dm_client: None,
    }
}

fn ibc_prov(subject: &str) -> CommandDescription {
    CommandDescription {
        class: 4,
        arguments: CommandArguments::IbcProvisioning {
            uri: format!("https://{MEF}/ibc"),
            subject_type: 3,
            subject_id: subject.into(),
        },
        target: None,
    }
}

pub(crate) fn own() -> Vec<EntityId> {
    vec![EntityId::parse(EntityKind::Ae, DEVICE).unwrap()]
}

async fn commands_are_executed_until_there_are_no_more(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Mef, "device", DEVICE);
    let registration = device.register(&fqdn(PROVIDER), end(FAR), None).await.unwrap();
    for _ in 0..2 {
        setting.admin.queue_command(&registration.id, &ibc_prov(DEVICE)).await.unwrap();
    }
    let mut commands = CommandLoop::new(&device, &registration.id, own());
    let mut executor = provisioner(place);
    let turn = commands.turn(&mut device, &mut executor, &*clock(place)).await.unwrap();
    let later = UnixTime::from_seconds(place.clock_now().as_seconds() + 3_600);
    assert_eq!((turn.reported, turn.again), (2, Some(later)));
    let id_2 = executor.stores[0].1.installed().unwrap().expect("a credential").id_2;
    let reserved = place.last("reserved").await;
    assert_eq!(reserved["id2"], id_2.as_str());
    assert_ne!(reserved["replaces"], "", "the second command found the credential of the first");
    assert_eq!(place.last("command reported").await["status"], 20);

    setting.admin.queue_command(&registration.id, &ibc_prov(DEVICE)).await.unwrap();
    let turn = commands.turn(&mut device, &mut executor, &*clock(place)).await.unwrap();
    assert_eq!((turn.reported, turn.again), (0, Some(later)), "not before the timer");
    place.clock.advance(3_600);
    assert_eq!(commands.turn(&mut device, &mut executor, &*clock(place)).await.unwrap().reported, 1);

    // A provisioning that fails is reported too.
    place
        .keys
        .rotate(
            &fqdn(MEF),
            place.clock_now(),
            end("20290601T000000"),
            place.clock_now(),
            &mut eccsi_sakke::SysRng,
        )
        .unwrap();
    setting.admin.queue_command(&registration.id, &ibc_prov(DEVICE)).await.unwrap();
    place.clock.advance(3_600);
    let before = executor.stores[0].1.installed().unwrap();
    assert_eq!(commands.turn(&mut device, &mut executor, &*clock(place)).await.unwrap().reported, 1);
    assert_eq!(
        place.last("command reported").await["status"],
        111,
        "another KPAK is not installed on command"
    );
    assert_eq!(executor.stores[0].1.installed().unwrap(), before);
    server.stop().await;
}

async fn only_what_is_ones_own_is_provisioned_on_command(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Mef, "device", DEVICE);
    for uri in [
        "http://mef.example.com/ibc",
        "https://mef2.example.com/ibc",
        "coaps://mef.example.com/ibc",
        "https://mef.example.com/ibc?x=1",
    ] {
        assert!(device.use_ibc_base(uri).is_err(), "{uri}");
    }
    device.use_ibc_base("https://mef.example.com:8443/ibc/").unwrap();
    device.enrol(&name(DEVICE), None).await.unwrap();
    code(device.enrol(&name(STRANGER), None).await, 4103);
    assert!(device.deny_list().await.unwrap().is_empty());
    server.stop().await;
}

/// Whoever asks again after a lost answer has used up one more of the two that may be live.
async fn a_credential_whose_answer_was_lost_is_live(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Mef, "device", DEVICE);
    let first = device.enrol(&name(DEVICE), None).await.unwrap().id2;
    place.clock.advance(60);
    let mut leaving = client(&server, Function::Mef, "device", DEVICE);
    let asking = tokio::spawn(async move { leaving.enrol(&name(DEVICE), None).await.map(drop) });
    let issued = "ibc_requests_total{function=\"mef\",operation=\"create\",status=\"2001\"} 2";
    let until = tokio::time::Instant::now() + Duration::from_secs(30);
    while !server.metrics.text().contains(issued) {
        assert!(tokio::time::Instant::now() < until, "{}", server.metrics.text());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    asking.abort();
    place.clock.advance(60);
    device.enrol(&name(DEVICE), None).await.unwrap();
    let first = ExpiringIdentity::parse(&first).unwrap();
    code(device.reenrol(&first, None).await.map(drop), 4103);
    server.stop().await;
    setting.mef.shut_down().await;
}

crate::on_each_store!(
    a_credential_whose_answer_was_lost_is_live,
    registrations_live_as_long_as_their_client_wants,
    keys_are_registered_retrieved_updated_and_removed,
    what_cannot_be_asked_is_said,
    credentials_are_renewed_from_half_of_their_life,
    another_kpak_is_installed_by_a_rule_only,
    a_store_has_one_owner_and_one_entity,
    key_registrations_are_renewed_in_the_last_fifth_of_their_life,
    a_clock_that_is_ahead_registers_no_key_after_another,
    a_maf_fetches_over_the_network,
    a_client_by_ke_id_registers_before_it_gets_keys,
    keys_for_handshakes_are_retrieved_by_their_identifier,
    commands_are_executed_until_there_are_no_more,
    only_what_is_ones_own_is_provisioned_on_command,
);
