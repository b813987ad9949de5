//! The key derivation of the IBC-based SAEF against the vectors of the model, from both ends.

#![cfg(all(feature = "eccsi", feature = "hazmat"))]

use crate::model::{hex, unhex};
use crate::vectors;
use crate::vectors::{SaefCase, SaefParty};
use eccsi_sakke::eccsi::{KmsSecretKey, hazmat};
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{
    Association, Credential, ExpectedPeer, KpakTag, PskIdentity, Role, SharedKey, TrustedDomains,
};

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
        Credential::install(own_id, issued, &own_kms.public_key(), &trusted, now()).expect("installed");
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
