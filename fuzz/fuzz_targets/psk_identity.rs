//! PSK identities from a stranger: one text per value, and no panic on the way to a shared key.

#![no_main]

use eccsi_sakke::eccsi::{KmsSecretKey, hazmat};
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{Association, Credential, PeerPolicy, PskIdentity, Role, TrustedDomains};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use std::time::Duration;

struct Anyone;

impl PeerPolicy for Anyone {
    fn is_denied(&self, _: &ExpiringIdentity) -> bool {
        false
    }
    fn admits(&self, _: &EntityName, _: &ExpiringIdentity) -> bool {
        true
    }
}

static OWN: LazyLock<(Credential, TrustedDomains)> = LazyLock::new(|| {
    // KSAK, provider and identity of the seeds, so that inputs reach the arithmetic.
    let mut ksak = [0; 32];
    ksak[29..].copy_from_slice(&[0x01, 0x23, 0x45]);
    let kms = KmsSecretKey::from_bytes(&ksak).expect("in range");
    let id_2 =
        ExpiringIdentity::parse("mef.example.com@2F435345303930313132@20990101T000000").expect("valid");
    let fqdn = Fqdn::parse("mef.example.com").expect("valid");
    let mut trusted = TrustedDomains::new();
    trusted.pin(fqdn, Fqdn::parse("sp.example.com").expect("valid"), kms.public_key()).expect("first");
    let issued = hazmat::issue_with_nonce(&kms, id_2.identity(), &[8; 32]).expect("usable");
    let own =
        Credential::install(id_2, &issued, &kms.public_key(), &trusted, UnixTime::EPOCH).expect("valid");
    (own, trusted)
});

fuzz_target!(|text: &str| {
    let Ok(peer) = PskIdentity::parse(text) else { return };
    assert_eq!(peer.to_string(), text);
    let (own, trusted) = &*OWN;
    let association = Association { own, role: Role::Server, trusted, policy: &Anyone, skew: Duration::ZERO };
    if let Ok(key) = association.derive(&peer, UnixTime::EPOCH) {
        assert_eq!(
            key.peer(),
            &trusted.absolute(peer.id_2().fqdn(), peer.id_2().entity_id()).expect("known")
        );
    }
});
