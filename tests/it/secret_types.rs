//! What secret types do not have, and that their `Debug` shows nothing.

#![cfg(all(feature = "eccsi", feature = "hazmat"))]

use crate::{has_not, secret};
use eccsi_sakke::eccsi::{IssuedKey, KmsSecretKey, SigningKey, hazmat};
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{Association, Credential, ExpectedPeer, Role, SharedKey, TrustedDomains};
#[cfg(feature = "sakke")]
use eccsi_sakke::sakke;
use std::fmt::Debug;
use std::hash::Hash;

secret!(KmsSecretKey, IssuedKey, SigningKey, SharedKey);
#[cfg(feature = "sakke")]
secret!(sakke::KmsSecretKey, sakke::IssuedKey, sakke::ReceiverSecretKey, sakke::SharedSecretValue);
// A credential wipes through the key in it.
has_not!(Credential: Copy, Clone, PartialEq, Hash, Default, std::fmt::Display, AsRef<[u8]>);
#[cfg(feature = "serde")]
has_not!(Credential: serde::Serialize, serde::Deserialize<'static>);

// A server associates on many threads.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Association<'static>>();
    shared::<SigningKey>();
    shared::<SharedKey>();
};

fn assert_redacted(value: &dyn Debug, secret: &[u8]) {
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        let hex: String = secret.iter().map(|octet| format!("{octet:02x}")).collect();
        assert!(!shown.to_lowercase().contains(&hex[..16]), "{shown}");
        assert!(!shown.contains(&format!("{}, {}", secret[0], secret[1])), "{shown}");
        assert!(shown.contains("(..)"), "{shown}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let kms = KmsSecretKey::from_bytes(&[0x5a; 32]).unwrap();
    assert_redacted(&kms, kms.expose().as_slice());

    let id = |text| ExpiringIdentity::parse(text).unwrap();
    let id_a = id("mef.example.com@2F435345303930313132@20990101T000000");
    let id_b = id("mef.example.com@2F43534532@20990101T000000");
    let issued = hazmat::issue_with_nonce(&kms, id_a.identity(), &[3; 32]).unwrap();
    assert_redacted(&issued, issued.expose().as_slice());

    let fqdn = Fqdn::parse("mef.example.com").unwrap();
    let mut trusted = TrustedDomains::new();
    trusted.pin(fqdn.clone(), fqdn, kms.public_key()).unwrap();
    let install = |id_2: ExpiringIdentity, issued| {
        Credential::install(id_2, &issued, &kms.public_key(), &trusted, UnixTime::EPOCH).unwrap()
    };
    let a = install(id_a, issued);
    let issued = hazmat::issue_with_nonce(&kms, id_b.identity(), &[4; 32]).unwrap();
    let b = install(id_b, issued).psk_identity().unwrap();
    assert_redacted(&a, a.signing_key().expose().as_slice());
    assert_redacted(a.signing_key(), a.signing_key().expose().as_slice());

    let policy = ExpectedPeer::new(EntityName::parse("//mef.example.com/CSE2").unwrap()).unwrap();
    let association = Association {
        own: &a,
        role: Role::Client,
        trusted: &trusted,
        policy: &policy,
        skew: Association::DEFAULT_SKEW,
    };
    let shared = association.derive(&b, UnixTime::EPOCH).unwrap();
    assert_redacted(&shared, shared.expose().as_slice());
    assert_redacted(&association, a.signing_key().expose().as_slice());
}

#[test]
#[cfg(feature = "sakke")]
fn debug_shows_no_secret_of_sakke() {
    let id = &sakke::Identifier::from_raw(b"id").unwrap();
    let kms = sakke::KmsSecretKey::from_bytes(&[0x15; 128]).unwrap();
    assert_redacted(&kms, kms.expose().as_slice());
    let issued = kms.issue(id).unwrap();
    let k = issued.expose();
    assert_redacted(&issued, &k[1..]);
    let key = issued.validate(&kms.public_key(), id).unwrap();
    assert_redacted(&key, &k[1..]);
    assert_redacted(&key.prepared(), &k[1..]);
    let ssv = sakke::SharedSecretValue::from_bytes(&[0x5a; 16]);
    assert_redacted(&ssv, ssv.expose().as_slice());
}
