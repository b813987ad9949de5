//! A stakeholder, a device, a gateway, a MAF, and somebody who is none of them.

#![allow(dead_code, reason = "each test file uses its part")]

use crate::service::{FakeExporter, MAF, MEF, PROVIDER, Place, call, fqdn, session, time, unhurried};
use eccsi_sakke::onem2m::{CredentialId, EntityId, EntityKind, KeId, SecurityUsage};
use ibc::Function;
use ibc::credential_fetcher::{CredentialFetcher, Fetching};
use ibc::service::admin::{Admin, ClientChange, NewCredential, Policy, PolicyKey};
use ibc::service::error::{Kind, ServiceError};
use ibc::service::maf::Maf;
use ibc::service::mef::Mef;
use ibc::service::party::Bound;
use ibc::service::registry::Registry;
use ibc::service::session::{Authenticated, Call, Handshake, Session};
use ibc::wire::{KeyRegistrationRequest, KeyValue, Registration, RegistrationRequest, RetrievedKey};
use sqlx::Row;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use zeroize::Zeroizing;

/// The device, an AE.
pub(crate) const DEVICE: &str = "//sp.example.com/CSE1/C1";
/// The gateway, a CSE.
pub(crate) const GATEWAY: &str = "//sp.example.com/CSE2";
/// Its second identity.
pub(crate) const PANEL: &str = "//sp.example.com/CSE2/C7";
/// A CSE whose client the stakeholder has not admitted.
pub(crate) const STRANGER: &str = "//sp.example.com/CSE9";

pub(crate) const FAR: &str = "20270101T000000";

pub(crate) struct Setting {
    pub(crate) mef: Mef,
    pub(crate) maf: Maf,
    pub(crate) admin: Admin,
    pub(crate) fetcher: Arc<Fetcher>,
}

/// Asks the MEF in the same process, in the session of the MAF.
pub(crate) struct Fetcher {
    mef: Mef,
    session: Arc<Session>,
    pub(crate) asked: AtomicU64,
}

impl CredentialFetcher for Fetcher {
    fn fetch<'a>(&'a self, ke_id: &'a KeId, usage: SecurityUsage) -> Fetching<'a> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(
            async move { Ok(self.mef.fetch_credentials(&call(&self.session, MAF), ke_id, usage).await?) },
        )
    }

    fn retrieve<'a>(&'a self, ke_id: &'a KeId) -> Fetching<'a, Option<RetrievedKey>> {
        Box::pin(async move {
            let name = base16ct::upper::encode_string(ke_id.relative());
            match self.mef.registry().retrieve_key(&call(&self.session, MAF), &name).await {
                Ok(key) => Ok(Some(key)),
                Err(error) if error.kind() == Kind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }
}

pub(crate) fn at_mef(client: &str) -> Arc<Session> {
    exporting(&format!("10-{client}@{MEF}"), next())
}

pub(crate) fn at_maf(client: &str) -> Arc<Session> {
    exporting(&format!("11-{client}@{MAF}"), next())
}

/// A session at a MAF that was opened with a KeID.
pub(crate) fn by_ke_id(ke_id: &KeId) -> Arc<Session> {
    let authenticated = Some(Authenticated::KeId(ke_id.clone()));
    Arc::new(Session::new(Handshake::PreSharedKey, authenticated, Some(Box::new(FakeExporter(next())))))
}

/// A session that exports what belongs to `number`.
pub(crate) fn exporting(credential: &str, number: u64) -> Arc<Session> {
    session(Handshake::PreSharedKey, credential, Some(Box::new(FakeExporter(number))))
}

fn next() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1_000);
    NUMBER.fetch_add(1, Ordering::SeqCst)
}

pub(crate) fn entity(kind: EntityKind, text: &str) -> Bound {
    Bound::Entity(EntityId::parse(kind, text).unwrap())
}

pub(crate) fn rule(function: Function, usage: Option<u8>) -> Policy {
    Policy {
        key: PolicyKey {
            function,
            stakeholder: fqdn(PROVIDER),
            client: None,
            usage: usage.map(|usage| SecurityUsage::from_u8(usage).unwrap()),
        },
        allow: true,
        targets: Vec::new(),
        default_targets: Vec::new(),
        max_lifetime: None,
        version: 0,
    }
}

/// The key of a client, which it has at both functions and shares with nobody.
pub(crate) fn key_of_client(name: &str) -> [u8; 32] {
    let mut key = [7; 32];
    for (octet, letter) in key.iter_mut().zip(name.bytes()) {
        *octet ^= letter;
    }
    key
}

impl Setting {
    pub(crate) async fn new(place: &Place) -> Self {
        let this = Self::open(place).await;
        this.populate().await;
        this
    }

    /// What [`new`](Self::new) made before.
    pub(crate) async fn open(place: &Place) -> Self {
        Self::open_as(place, "a").await
    }

    /// The same at another node.
    pub(crate) async fn open_as(place: &Place, writer: &str) -> Self {
        let core = place.core(writer).await;
        let mef = Mef::new(core.clone(), fqdn(MEF), place.keys.clone(), unhurried());
        let fetcher =
            Arc::new(Fetcher { mef: mef.clone(), session: at_mef("maf"), asked: AtomicU64::new(0) });
        let maf = Maf::new(core.clone(), fqdn(MAF), &[fqdn(MEF)], fetcher.clone());
        let admin =
            Admin { core, operator: "test".into(), mef: Some(fqdn(MEF)), maf: Some(fqdn(MAF)), lab: false };
        Self { mef, maf, admin, fetcher }
    }

    async fn populate(&self) {
        self.admin.add_stakeholder(&fqdn(PROVIDER)).await.unwrap();
        self.admin.add_stakeholder(&fqdn("sp2.example.com")).await.unwrap();
        self.client("device", &[entity(EntityKind::Ae, DEVICE)]).await;
        self.client("gateway", &[entity(EntityKind::Cse, GATEWAY), entity(EntityKind::Ae, PANEL)]).await;
        self.client("stranger", &[entity(EntityKind::Cse, STRANGER)]).await;
        self.client("maf", &[Bound::Maf(fqdn(MAF))]).await;
        for (client, function) in [
            ("device", Function::Mef),
            ("device", Function::Maf),
            ("gateway", Function::Mef),
            ("gateway", Function::Maf),
            ("maf", Function::Mef),
        ] {
            self.change(client, ClientChange::Admit(function, fqdn(PROVIDER))).await;
        }
        for function in [Function::Mef, Function::Maf] {
            self.admin.set_policy(&rule(function, None)).await.unwrap();
        }
    }

    pub(crate) async fn client(&self, name: &str, identities: &[Bound]) {
        self.admin.add_client(name, "", time("20280101T000000")).await.unwrap();
        for identity in identities {
            self.change(name, ClientChange::Bind(identity.clone())).await;
        }
        for (function, id) in
            [(Function::Mef, format!("10-{name}@{MEF}")), (Function::Maf, format!("11-{name}@{MAF}"))]
        {
            let new = NewCredential {
                function,
                id: CredentialId::parse(&id).unwrap(),
                not_after: time("20280101T000000"),
                key: Some(Zeroizing::new(key_of_client(name).to_vec())),
            };
            self.change(name, ClientChange::AddCredential(new)).await;
        }
    }

    pub(crate) async fn change(&self, client: &str, change: ClientChange) {
        self.admin.change_client(client, None, change).await.unwrap();
    }

    pub(crate) fn registry(&self, function: Function) -> Registry {
        match function {
            Function::Mef => self.mef.registry(),
            Function::Maf => self.maf.registry(),
        }
    }

    /// Device and gateway, registered with a session each.
    pub(crate) async fn registered(&self, function: Function) -> (Arc<Session>, Arc<Session>) {
        let (device, gateway) = sessions(function);
        self.register(function, &device, DEVICE).await;
        self.register(function, &gateway, GATEWAY).await;
        (device, gateway)
    }

    pub(crate) async fn register(
        &self,
        function: Function,
        session: &Arc<Session>,
        origin: &str,
    ) -> Registration {
        self.registry(function)
            .register_client(&call(session, origin), &registration(function))
            .await
            .unwrap()
    }
}

pub(crate) fn sessions(function: Function) -> (Arc<Session>, Arc<Session>) {
    match function {
        Function::Mef => (at_mef("device"), at_mef("gateway")),
        Function::Maf => (at_maf("device"), at_maf("gateway")),
    }
}

pub(crate) fn name(function: Function) -> String {
    match function {
        Function::Mef => MEF.into(),
        Function::Maf => MAF.into(),
    }
}

pub(crate) fn registration(function: Function) -> RegistrationRequest {
    RegistrationRequest {
        fqdn: name(function),
        admin_fqdn: PROVIDER.into(),
        expiration_time: FAR.into(),
        labels: Some(vec!["line-3".into()]),
    }
}

/// A key of the function's SAEF for the gateway; given if `key` is not empty, else exported.
pub(crate) fn key(function: Function, key: &[u8]) -> KeyRegistrationRequest {
    KeyRegistrationRequest {
        fqdn: name(function),
        admin_fqdn: PROVIDER.into(),
        expiration_time: FAR.into(),
        suid: saef(function),
        labels: None,
        target_ids: Some(vec![GATEWAY.into()]),
        key_value: (!key.is_empty()).then(|| KeyValue::new(Zeroizing::new(key.to_vec()))),
    }
}

pub(crate) fn saef(function: Function) -> u64 {
    match function {
        Function::Mef => 22,
        Function::Maf => 32,
    }
}

/// Every refusal has this kind.
pub(crate) fn refused<T: std::fmt::Debug>(outcome: Result<T, ServiceError>, kind: Kind, why: &str) {
    match outcome {
        Err(error) => assert_eq!(error.kind(), kind, "{why}: {error:?}"),
        Ok(done) => panic!("{why} was not refused: {done:?}"),
    }
}

const TABLES: [&str; 19] = [
    "entity",
    "ibc_identity",
    "denied",
    "stakeholder",
    "client",
    "client_identity",
    "client_stakeholder",
    "credential",
    "assigned_name",
    "policy",
    "registration",
    "registered_key",
    "used_key_id",
    "command",
    "standing_command",
    "enrolment_key",
    "fetched_key",
    "early_end",
    "psa",
];

impl Place {
    /// The number of rows of each table but those of the audit log.
    pub(crate) async fn rows(&self) -> BTreeMap<&'static str, i64> {
        let pool = self.raw().await;
        let mut rows = BTreeMap::new();
        for table in TABLES {
            let query = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
            rows.insert(table, sqlx::query_scalar(query).fetch_one(&pool).await.unwrap());
        }
        rows
    }

    /// Does something that is to be refused, with this kind and an audit entry of it, and nothing else.
    pub(crate) async fn refuses<T: std::fmt::Debug>(
        &self,
        kind: Kind,
        why: &str,
        doing: impl Future<Output = Result<T, ServiceError>>,
    ) {
        let (rows, entries) = (self.rows().await, self.audit().await.len());
        refused(doing.await, kind, why);
        assert_eq!(self.rows().await, rows, "{why}");
        let audit = self.audit().await;
        let [(_, _, event, detail)] = &audit[entries..] else { panic!("{why}: {:?}", &audit[entries..]) };
        assert_eq!((event.as_str(), detail["kind"].as_str()), ("refused", Some(kind.as_str())), "{why}");
    }

    /// The last entry of this name.
    pub(crate) async fn last(&self, event: &str) -> serde_json::Value {
        let audit = self.audit().await;
        let found = audit.into_iter().rev().find(|(_, _, name, _)| name == event);
        found.unwrap_or_else(|| panic!("no entry {event}")).3
    }

    /// Everything in the database, as octets.
    pub(crate) async fn everything(&self) -> Vec<u8> {
        let pool = self.raw().await;
        if self.on == crate::service::On::Sqlite {
            let mut octets = std::fs::read(self.folder.join("service.db")).unwrap();
            octets.extend(std::fs::read(self.folder.join("service.db-wal")).unwrap_or_default());
            return octets;
        }
        let mut octets = Vec::new();
        for table in TABLES.into_iter().chain(["audit", "deny_list"]) {
            let query = sqlx::AssertSqlSafe(format!("select cast(t as text) as line from {table} t"));
            for row in sqlx::query(query).fetch_all(&pool).await.unwrap() {
                octets.extend(row.get::<String, _>("line").into_bytes());
            }
        }
        octets
    }

    /// Looks for a secret in the database: as it is, in hexadecimal and in base64.
    pub(crate) async fn holds(&self, secret: &[u8]) -> bool {
        let everything = self.everything().await;
        let base64 = serde_json::to_string(&KeyValue::new(Zeroizing::new(secret.to_vec()))).unwrap();
        [
            secret.to_vec(),
            base16ct::lower::encode_string(secret).into_bytes(),
            base16ct::upper::encode_string(secret).into_bytes(),
            base64.trim_matches(['"', '=']).as_bytes().to_vec(),
        ]
        .iter()
        .any(|form| everything.windows(form.len()).any(|window| window == form))
    }
}

pub(crate) fn days(number: u64) -> Duration {
    Duration::from_secs(86_400 * number)
}

pub(crate) fn request_id(call: &Call, id: &str) -> Call {
    Call { request_id: id.into(), ..call.clone() }
}
