//! The key derivation of the IBC-based SAEF against the vectors of the model, from both ends.

#![cfg(all(feature = "eccsi", feature = "hazmat"))]

use crate::model::{hex, unhex};
use crate::vectors;
use crate::vectors::{SaefCase, SaefParty};
use eccsi_sakke::eccsi::{KmsSecretKey, hazmat};
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef;
use eccsi_sakke::saef::{
    Association, Credential, ExpectedPeer, KpakTag, PskIdentity, Role, SharedKey, TrustedDomains,
};
use sha2::{Digest, Sha256};

#[test]
fn both_ends_derive_the_key_of_each_vector() {
    let file = vectors::load::<SaefCase>("saef.json");
    let mut run = 0;
    for case in &file.tests {
        for (role, own, peer) in
            [(Role::Client, &case.client, &case.server), (Role::Server, &case.server, &case.client)]
        {
            let name = format!("{}: {}, {role:?}", case.tc_id, case.comment);
            let shared = derive(role, own, peer);
            assert_eq!(hex(shared.context()), case.info_sha256, "{name}: SHA-256(info)");
            assert_eq!(hex(shared.id()), case.kibc_id, "{name}: KibcID");
            assert_eq!(hex(*shared.expose()), case.kibc, "{name}: Kibc");
        }
        run += 1;
    }
    assert_eq!(run, file.number_of_tests);
}

fn kms(party: &SaefParty) -> KmsSecretKey {
    KmsSecretKey::from_bytes(&unhex(&party.ksak).try_into().expect("32 octets")).expect("KSAK")
}

fn id_2(party: &SaefParty) -> ExpiringIdentity {
    ExpiringIdentity::parse(&party.id_text).expect("canonical")
}

/// In the vectors the provider of `mef.X` is `sp.X`.
fn provider(fqdn: &Fqdn) -> Fqdn {
    Fqdn::parse(&fqdn.as_str().replacen("mef.", "sp.", 1)).expect("FQDN")
}

fn now() -> UnixTime {
    ExpirationTime::parse("20261201T000000").expect("time").to_unix()
}

fn derive(role: Role, own: &SaefParty, peer: &SaefParty) -> SharedKey {
    let mut trusted = TrustedDomains::new();
    for party in [own, peer] {
        let (fqdn, kpak) = (id_2(party).fqdn().clone(), kms(party).public_key());
        assert_eq!(KpakTag::of(&kpak).to_string(), party.tag);
        if trusted.pin(fqdn.clone(), provider(&fqdn), kpak.clone()).is_err() {
            trusted.roll_over(&fqdn, kpak).expect("another tag");
        }
    }
    let (own_kms, own_id) = (kms(own), id_2(own));
    let v = unhex(&own.v).try_into().expect("32 octets");
    let issued = hazmat::issue_with_nonce(&own_kms, own_id.identity(), &v).expect("usable v");
    let credential =
        Credential::install(own_id, &issued, &own_kms.public_key(), &trusted, now()).expect("installed");
    assert_eq!(credential.psk_identity().expect("fits").to_string(), own.psk_identity);

    let peer_id = id_2(peer);
    let expected: EntityName = trusted.absolute(peer_id.fqdn(), peer_id.entity_id()).expect("absolute");
    let policy = ExpectedPeer::new(expected).expect("absolute");
    let association = Association {
        own: &credential,
        role,
        trusted: &trusted,
        policy: &policy,
        skew: Association::DEFAULT_SKEW,
    };
    let peer = PskIdentity::parse(&peer.psk_identity).expect("PSK identity");
    association.derive(&peer, now()).expect("derived")
}

fn number(n: u32) -> [u8; 32] {
    let mut octets = [0; 32];
    octets[28..].copy_from_slice(&n.to_be_bytes());
    octets
}

/// The two values of the worked example that never leave: x of Z, and PRK.
#[test]
fn z_and_prk_of_the_worked_example_at_both_ends() {
    let kms = KmsSecretKey::from_bytes(&number(0x12345)).unwrap();
    let kpak = kms.public_key();
    let mut trusted = TrustedDomains::new();
    let fqdn = |text| Fqdn::parse(text).unwrap();
    trusted.pin(fqdn("mef.example.com"), fqdn("sp.example.com"), kpak.clone()).unwrap();
    let install = |id_2: &str, v: u32| {
        let id_2 = ExpiringIdentity::parse(id_2).unwrap();
        let issued = hazmat::issue_with_nonce(&kms, id_2.identity(), &number(v)).unwrap();
        Credential::install(id_2, &issued, &kpak, &trusted, UnixTime::EPOCH).unwrap()
    };
    let a = install(
        "mef.example.com@2F2F73702E6578616D706C652E636F6D2F4353453039303131322F4331393058583754@20270101T000000",
        0x23456,
    );
    let b = install(
        "mef.example.com@2F2F73702E6578616D706C652E636F6D2F435345303930313132@20270301T000000",
        0x34567,
    );
    for (role, own, peer) in [(Role::Client, &a, &b), (Role::Server, &b, &a)] {
        let policy = ExpectedPeer::new(peer.id_2().entity_id().clone()).unwrap();
        let skew = Association::DEFAULT_SKEW;
        let association = Association { own, role, trusted: &trusted, policy: &policy, skew };
        let identity = peer.psk_identity().unwrap();
        let examined = association.examine(&identity, UnixTime::EPOCH).unwrap();
        let z = saef::hazmat::z(&examined).unwrap();
        assert_eq!(hex(z), "4e9e0c08d53edfb8c7fbce74b43f249a1c99a8fb93d48b9f3434d7ca8d77abba");
        let prk = saef::hazmat::prk(&z);
        assert_eq!(hex(prk), "089d50401629f5c0e3e6463f1d2de80e797a66171318d4b99d5c2be8687f83bf");
        let context: [u8; 32] = Sha256::digest(saef::hazmat::info(&examined)).into();
        assert_eq!(context, examined.context());
    }
}
