//! Entities, their credentials, and a clock that stands.

use super::fqdn;
use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::KmsSecretKey;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, UnixTime};
use eccsi_sakke::saef::{Credential, TrustedDomains};
use ibc::association::{Admission, Framework};
use ibc::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub const CSE: &str = "//sp.example.com/CSE090112";
pub const AE: &str = "//sp.example.com/CSE090112/C190XX7T";
pub const OTHER: &str = "//sp.example.com/CSE2";
/// What the CSE answers to.
pub const NAME: &str = "cse.example.com";
pub const MEF: &str = "mef.example.com";
pub const PROVIDER: &str = "sp.example.com";

pub fn entity(text: &str) -> EntityName {
    EntityName::parse(text).expect("an identifier")
}

pub fn at(time: &str) -> UnixTime {
    ExpirationTime::parse(time).expect("a time").to_unix()
}

/// A clock that stands until it is set.
#[derive(Clone)]
pub struct Hand(Arc<AtomicU64>);

impl Hand {
    pub fn at(time: &str) -> Self {
        Self(Arc::new(AtomicU64::new(at(time).as_seconds())))
    }

    pub fn set(&self, time: &str) {
        self.0.store(at(time).as_seconds(), Ordering::SeqCst);
    }

    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        let seconds = Arc::clone(&self.0);
        Arc::new(move || UnixTime::from_seconds(seconds.load(Ordering::SeqCst)))
    }
}

/// Admits whom it lists; denies what it lists.
#[derive(Default)]
pub struct Lists {
    pub admitted: Vec<EntityName>,
    pub denied: Vec<String>,
}

impl Lists {
    pub fn admitting(entities: &[&str]) -> Arc<Self> {
        Arc::new(Self { admitted: entities.iter().map(|text| entity(text)).collect(), denied: Vec::new() })
    }
}

impl Admission for Lists {
    fn admits(&self, peer: &EntityName, _: Framework) -> bool {
        self.admitted.contains(peer)
    }

    fn is_denied(&self, id_2: &ExpiringIdentity) -> bool {
        self.denied.iter().any(|denied| denied == id_2.as_str())
    }
}

/// A KMS with its domain.
pub struct Kms {
    key: KmsSecretKey,
    pub fqdn: &'static str,
}

impl Kms {
    pub fn of(fqdn: &'static str) -> Self {
        Self { key: KmsSecretKey::generate(&mut SysRng).expect("random"), fqdn }
    }

    pub fn trusted(&self) -> TrustedDomains {
        let mut trusted = TrustedDomains::new();
        trusted.pin(fqdn(self.fqdn), fqdn(PROVIDER), self.key.public_key()).expect("the first");
        trusted
    }

    pub fn credential(&self, name: &str, end: &str) -> Arc<Credential> {
        let end = ExpirationTime::parse(end).expect("a time");
        let id_2 = ExpiringIdentity::new(fqdn(self.fqdn), entity(name), end).expect("an identity");
        let issued = self.key.issue(id_2.identity(), &mut SysRng).expect("issued");
        let kpak = self.key.public_key();
        Arc::new(Credential::install(id_2, &issued, &kpak, &self.trusted(), UnixTime::EPOCH).expect("valid"))
    }

    pub fn public_key(&self) -> eccsi_sakke::eccsi::KmsPublicKey {
        self.key.public_key()
    }
}
