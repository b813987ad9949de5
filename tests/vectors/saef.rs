//! The IBC-based SAEF: worked example in both roles, and each refusal.

#![cfg(all(feature = "eccsi", feature = "hazmat"))]

use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, KmsSecretKey, hazmat};
use eccsi_sakke::error::Problem;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, Fqdn, IdentifierError, UnixTime};
use eccsi_sakke::saef::{
    Association, Credential, ExpectedPeer, KpakTag, PeerLists, PeerPolicy, PskIdentity, Role, SaefError,
    SharedKey, TrustedDomain, TrustedDomains,
};
use std::time::Duration;

const MEF: &str = "mef.example.com";
const PROVIDER: &str = "sp.example.com";
const AE: &str = "//sp.example.com/CSE090112/C190XX7T";
const CSE: &str = "//sp.example.com/CSE090112";
const ID_A: &str =
    "mef.example.com@2F2F73702E6578616D706C652E636F6D2F4353453039303131322F4331393058583754@20270101T000000";
const ID_B: &str = "mef.example.com@2F2F73702E6578616D706C652E636F6D2F435345303930313132@20270301T000000";
const PSK_A: &str = "mef.example.com@2F2F73702E6578616D706C652E636F6D2F4353453039303131322F4331393058583754@20270101T000000@p0GgA3WKFCd5vonoKecZhMtA73WMxK13X8W5o-HI7VL2-jbZ";
const PSK_B: &str = "mef.example.com@2F2F73702E6578616D706C652E636F6D2F435345303930313132@20270301T000000@p0GgAyadTI_etmp05O-MDV3MWX3f5gKcKv_Ek2AIzSzBBF2B";

fn number(n: u32) -> [u8; 32] {
    let mut octets = [0; 32];
    octets[28..].copy_from_slice(&n.to_be_bytes());
    octets
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn fqdn(text: &str) -> Fqdn {
    Fqdn::parse(text).unwrap()
}

fn at(time: &str) -> UnixTime {
    ExpirationTime::parse(time).unwrap().to_unix()
}

fn now() -> UnixTime {
    at("20261201T000000")
}

fn kms(ksak: u32) -> KmsSecretKey {
    KmsSecretKey::from_bytes(&number(ksak)).unwrap()
}

fn trusting(kms: &KmsSecretKey) -> TrustedDomains {
    let mut trusted = TrustedDomains::new();
    trusted.pin(fqdn(MEF), fqdn(PROVIDER), kms.public_key()).unwrap();
    trusted
}

fn credential(kms: &KmsSecretKey, id_2: &str, v: u32) -> Credential {
    let id_2 = ExpiringIdentity::parse(id_2).unwrap();
    let issued = hazmat::issue_with_nonce(kms, id_2.identity(), &number(v)).unwrap();
    let mut trusted = TrustedDomains::new();
    trusted.pin(id_2.fqdn().clone(), fqdn(PROVIDER), kms.public_key()).unwrap();
    Credential::install(id_2, &issued, &kms.public_key(), &trusted, now()).unwrap()
}

fn derive(
    own: &Credential,
    peer: &str,
    role: Role,
    expected: &str,
    trusted: &TrustedDomains,
    now: UnixTime,
) -> Result<SharedKey, SaefError> {
    let policy = ExpectedPeer::new(EntityName::parse(expected).unwrap()).unwrap();
    Association { own, role, trusted, policy: &policy, skew: Association::DEFAULT_SKEW }
        .derive(&PskIdentity::parse(peer)?, now)
}

/// A as derived by `derive` with everything in order, but for what a test changes.
fn as_client(peer: &str) -> Result<SharedKey, SaefError> {
    let kms = kms(0x12345);
    derive(&credential(&kms, ID_A, 0x23456), peer, Role::Client, CSE, &trusting(&kms), now())
}

#[test]
fn worked_example_in_both_roles() {
    let kms = kms(0x12345);
    let trusted = trusting(&kms);
    let a = credential(&kms, ID_A, 0x23456);
    let b = credential(&kms, ID_B, 0x34567);
    assert_eq!(KpakTag::of(&kms.public_key()).to_string(), "a741a0");
    assert_eq!(a.psk_identity().unwrap().to_string(), PSK_A);
    assert_eq!(b.psk_identity().unwrap().to_string(), PSK_B);
    assert_eq!((PSK_A.len(), PSK_B.len()), (151, 133));

    for (role_a, context, id, key) in [
        (
            Role::Client,
            "068d9ae9c76db5706d74e93e368b81c426a20ae516e590e7ce4df36bf6c0b208",
            "fa5ae64fcb13480e27cd70b787f33618",
            "5ecf66b44ee8801e4c7483b39007613ec967d296e1d6d4293244a5b4909b7399",
        ),
        (
            Role::Server,
            "c9dd6233c3e06ab30a0d72c013f32968dcac5d179d37799dab1089edb7d3ec91",
            "78e27449d064c16679ad7cf25cf376f4",
            "03df4171b767031f692f6decbf883e463b7f8aa931591688eac1d163767c3715",
        ),
    ] {
        let role_b = if role_a == Role::Client { Role::Server } else { Role::Client };
        let at_a = derive(&a, PSK_B, role_a, CSE, &trusted, now()).unwrap();
        let at_b = derive(&b, PSK_A, role_b, AE, &trusted, now()).unwrap();
        for shared in [&at_a, &at_b] {
            assert_eq!(hex(&shared.context()), context);
            assert_eq!(hex(&shared.id()), id);
            assert_eq!(hex(&*shared.expose()), key);
            assert_eq!(shared.expiration().to_string(), "20270101T000000");
        }
        assert_eq!((at_a.peer().as_str(), at_b.peer().as_str()), (CSE, AE));
    }
}

#[test]
fn two_kms_agree_when_each_side_pins_both() {
    let (kms_a, kms_b) = (kms(0x12345), kms(0x54321));
    let id_b = ExpiringIdentity::parse(ID_B).unwrap();
    let other = "mef.example.org";
    let id_b = ExpiringIdentity::new(fqdn(other), id_b.entity_id().clone(), id_b.expiration()).unwrap();
    let a = credential(&kms_a, ID_A, 0x23456);
    let b = credential(&kms_b, id_b.as_str(), 0x34567);
    let mut trusted = trusting(&kms_a);
    trusted.pin(fqdn(other), fqdn(PROVIDER), kms_b.public_key()).unwrap();

    let (psk_a, psk_b) = (a.psk_identity().unwrap().to_string(), b.psk_identity().unwrap().to_string());
    let at_a = derive(&a, &psk_b, Role::Client, CSE, &trusted, now()).unwrap();
    let at_b = derive(&b, &psk_a, Role::Server, AE, &trusted, now()).unwrap();
    assert_eq!(at_a.expose(), at_b.expose());
    assert_eq!(at_a.id(), at_b.id());
    let alone = derive(&a, &psk_b, Role::Client, CSE, &trusting(&kms_a), now());
    assert_eq!(alone.unwrap_err(), SaefError::UnknownDomain);
}

/// Each KMS speaks for the service providers of its own domain, and for no others.
#[test]
fn a_trusted_domain_cannot_issue_for_the_entities_of_another() {
    let (home, partner) = (kms(0x12345), kms(0x54321));
    let partner_fqdn = fqdn("mef.partner.example");
    let mut trusted = trusting(&home);
    trusted.pin(partner_fqdn.clone(), fqdn("sp.partner.example"), partner.public_key()).unwrap();
    let expiration = ExpirationTime::parse("20270101T000000").unwrap();
    let posing =
        ExpiringIdentity::new(partner_fqdn.clone(), EntityName::parse(CSE).unwrap(), expiration).unwrap();
    let issued = hazmat::issue_with_nonce(&partner, posing.identity(), &number(5)).unwrap();
    let posing = PskIdentity::new(posing, KpakTag::of(&partner.public_key()), issued.pvt()).unwrap();
    let a = credential(&home, ID_A, 0x23456);
    let refused = derive(&a, &posing.to_string(), Role::Client, CSE, &trusted, now());
    assert_eq!(refused.unwrap_err(), SaefError::ForeignProvider);
    // Unless it is said that the domain serves that provider, too.
    trusted.serve(&partner_fqdn, fqdn(PROVIDER)).unwrap();
    let shared = derive(&a, &posing.to_string(), Role::Client, CSE, &trusted, now()).unwrap();
    assert_eq!(shared.peer_id_2(), posing.id_2());
    assert_eq!(trusted.serve(&fqdn("mef.nowhere.example"), fqdn(PROVIDER)), Err(SaefError::UnknownDomain));
}

#[test]
fn a_domain_keeps_its_provider_and_its_tags_apart_and_forgets_what_is_retired() {
    let kms_a = kms(0x12345);
    let mut trusted = trusting(&kms_a);
    assert_eq!(
        trusted.pin(fqdn(MEF), fqdn("sp.example.org"), kms_a.public_key()),
        Err(SaefError::OtherProvider)
    );
    // KSAK 2139 and 2982: two KPAKs with the tag 4cce07
    let (first, second) = (kms(2139).public_key(), kms(2982).public_key());
    assert_eq!(KpakTag::of(&first), KpakTag::of(&second));
    trusted.roll_over(&fqdn(MEF), first).unwrap();
    assert_eq!(trusted.roll_over(&fqdn(MEF), second), Err(SaefError::DuplicateTag));

    let tag = KpakTag::of(&kms_a.public_key());
    assert!(trusted.kpak(&fqdn(MEF), tag).is_ok());
    trusted.retire(&fqdn(MEF), tag).unwrap();
    assert_eq!(trusted.kpak(&fqdn(MEF), tag), Err(SaefError::UnknownKpak));
    assert_eq!(trusted.retire(&fqdn(MEF), tag), Err(SaefError::UnknownKpak));
}

#[test]
fn an_expected_peer_is_named_in_absolute_form() {
    let relative = EntityName::parse("/CSE090112").unwrap();
    assert_eq!(ExpectedPeer::new(relative).unwrap_err(), IdentifierError::NotAbsolute);
}

#[test]
fn rollover_keeps_credentials_of_the_older_kpak() {
    let (old, new) = (kms(0x12345), kms(0x54321));
    let mut trusted = trusting(&old);
    assert_eq!(
        trusted.pin(fqdn(MEF), fqdn(PROVIDER), new.public_key()),
        Err(SaefError::OtherKpakPinned),
        "a second KPAK is not pinned in passing"
    );
    trusted.roll_over(&fqdn(MEF), new.public_key()).unwrap();
    trusted.roll_over(&fqdn(MEF), new.public_key()).unwrap();
    assert_eq!(trusted.roll_over(&fqdn("mef.example.org"), new.public_key()), Err(SaefError::UnknownDomain));

    let a = credential(&new, ID_A, 0x23456);
    let b = credential(&old, ID_B, 0x34567);
    let (psk_a, psk_b) = (a.psk_identity().unwrap().to_string(), b.psk_identity().unwrap().to_string());
    let at_a = derive(&a, &psk_b, Role::Client, CSE, &trusted, now()).unwrap();
    let at_b = derive(&b, &psk_a, Role::Server, AE, &trusted, now()).unwrap();
    assert_eq!(at_a.expose(), at_b.expose());
}

#[test]
fn sp_relative_identities_are_completed_with_the_provider_of_the_domain() {
    let kms = kms(0x12345);
    let a = credential(&kms, "mef.example.com@2F4353453039303131322F4331393058583754@20270101T000000", 7);
    let psk_a = a.psk_identity().unwrap();
    assert_eq!(psk_a.to_string().len(), 119);
    let b = credential(&kms, ID_B, 0x34567);
    let shared = derive(&b, &psk_a.to_string(), Role::Server, AE, &trusting(&kms), now()).unwrap();
    assert_eq!(shared.peer().as_str(), AE);
    // The same entity in the other spelling is the own identity.
    let absolute = credential(&kms, ID_A, 8).psk_identity().unwrap().to_string();
    let refused = derive(&a, &absolute, Role::Client, AE, &trusting(&kms), now());
    assert_eq!(refused.unwrap_err(), SaefError::OwnIdentity);
}

#[test]
fn refuses_the_own_identity() {
    let kms = kms(0x12345);
    let a = credential(&kms, ID_A, 0x23456);
    let refused = derive(&a, PSK_A, Role::Client, AE, &trusting(&kms), now());
    assert_eq!(refused.unwrap_err(), SaefError::OwnIdentity);
    // A newer credential of the same entity, too.
    let newer = credential(&kms, &ID_A.replace("@20270101", "@20270601"), 9);
    let refused =
        derive(&a, &newer.psk_identity().unwrap().to_string(), Role::Client, AE, &trusting(&kms), now());
    assert_eq!(refused.unwrap_err(), SaefError::OwnIdentity);
}

#[test]
fn refuses_an_expired_peer_after_the_skew_and_an_expired_own_credential_at_once() {
    let kms = kms(0x12345);
    let trusted = trusting(&kms);
    let (a, b) = (credential(&kms, ID_A, 0x23456), credential(&kms, ID_B, 0x34567));
    let end = at("20270101T000000").as_seconds();
    let b_at =
        |seconds| derive(&b, PSK_A, Role::Server, AE, &trusted, UnixTime::from_seconds(seconds)).map(|_| ());
    assert_eq!(b_at(end + 299), Ok(()));
    assert_eq!(b_at(end + 300), Err(SaefError::PeerCredentialExpired));
    let a_at =
        |seconds| derive(&a, PSK_B, Role::Client, CSE, &trusted, UnixTime::from_seconds(seconds)).map(|_| ());
    assert_eq!(a_at(end - 1), Ok(()));
    assert_eq!(a_at(end), Err(SaefError::OwnCredentialExpired));
}

#[test]
fn refuses_whom_the_policy_does_not_admit_or_denies() {
    struct DenyAll;
    impl PeerPolicy for DenyAll {
        fn is_denied(&self, _: &ExpiringIdentity) -> bool {
            true
        }
        fn admits(&self, _: &EntityName, _: &ExpiringIdentity) -> bool {
            true
        }
    }
    let kms = kms(0x12345);
    let (a, trusted) = (credential(&kms, ID_A, 0x23456), trusting(&kms));
    let other = derive(&a, PSK_B, Role::Client, "//sp.example.com/CSE2", &trusted, now());
    assert_eq!(other.unwrap_err(), SaefError::NotAdmitted);
    let denied = Association {
        own: &a,
        role: Role::Client,
        trusted: &trusted,
        policy: &DenyAll,
        skew: Duration::ZERO,
    }
    .derive(&PskIdentity::parse(PSK_B).unwrap(), now());
    assert_eq!(denied.unwrap_err(), SaefError::Denied);
}

#[test]
fn refuses_malformed_psk_identities() {
    let (id_b, blob) = PSK_B.rsplit_once('@').unwrap();
    let with_blob = |blob: &str| as_client(&format!("{id_b}@{blob}")).map(|_| ());
    assert_eq!(with_blob(blob), Ok(()), "the unchanged one is accepted");

    // 35 and 37 octets, padding, the other base64 alphabet, not ASCII
    for blob in [&blob[..47], &format!("{blob}A"), &format!("{}=", &blob[..47]), &blob.replace('_', "/")] {
        assert_eq!(with_blob(blob), Err(SaefError::PskIdentityForm), "{blob}");
    }
    assert_eq!(as_client(id_b).map(|_| ()), Err(SaefError::PskIdentityForm), "no blob");
    assert_eq!(as_client("").map(|_| ()), Err(SaefError::PskIdentityForm));

    // another tag; a point form other than 02 and 03; an x that no point has; x not below p
    assert_eq!(with_blob(&blob.replacen("p0Gg", "p0Gh", 1)), Err(SaefError::UnknownKpak));
    let decoded = |blob: &str| match with_blob(blob) {
        Err(SaefError::Decode(error)) => error.problem,
        other => panic!("{blob}: {other:?}"),
    };
    assert_eq!(decoded(&blob.replacen("p0GgA", "p0GgB", 1)), Problem::PointForm { expected: 2, got: 7 });
    let x_without_point = format!("{}N", &blob[..47]);
    assert_eq!(decoded(&x_without_point), Problem::NotOnCurve);
    assert_eq!(decoded(&format!("p0GgAv{}", "_".repeat(42))), Problem::NotReduced);

    // spellings of ID_2 that are not canonical, each a different hash
    for (from, to) in
        [("2F2F73", "2f2F73"), ("mef.", "MEF."), ("T000000@", "T000000,5@"), (".com@2F", ".com.@2F")]
    {
        let changed = PSK_B.replacen(from, to, 1);
        assert_ne!(changed, PSK_B);
        assert!(matches!(as_client(&changed).map(|_| ()), Err(SaefError::Identifier(_))), "{changed}");
    }
}

#[test]
fn refuses_psk_identities_beyond_255_octets() {
    let kms = kms(0x12345);
    let id_2 = |segment: usize| {
        let entity = EntityName::parse(&format!("//sp.example.com/{}", "x".repeat(segment))).unwrap();
        ExpiringIdentity::new(fqdn(MEF), entity, ExpirationTime::parse("20270101T000000").unwrap()).unwrap()
    };
    // 15 + 2·(17 + 70) = 189, the most that fits
    let fits = credential(&kms, id_2(70).as_str(), 5);
    let text = fits.psk_identity().unwrap().to_string();
    assert_eq!(text.len(), 255);
    assert_eq!(PskIdentity::parse(&text).unwrap().to_string(), text);
    let too_long = credential(&kms, id_2(71).as_str(), 5);
    let error = SaefError::Identifier(IdentifierError::TooLong { max: 255, got: 257 });
    assert_eq!(too_long.psk_identity().unwrap_err(), error);
    let trusted = trusting(&kms);
    assert_eq!(derive(&too_long, PSK_B, Role::Client, CSE, &trusted, now()).unwrap_err(), error);
    let text = text.replacen("mef.", "mef1.", 1);
    assert_eq!(
        PskIdentity::parse(&text).unwrap_err(),
        SaefError::Identifier(IdentifierError::TooLong { max: 255, got: 256 })
    );
}

#[test]
fn another_kms_under_the_same_name_gives_another_key() {
    // An attacker's KMS issues for the identity of B. A pins only the true KPAK, by tag and by name.
    let (kms, rogue) = (kms(0x12345), kms(0x66666));
    let rogue_b = credential(&rogue, ID_B, 0x34567).psk_identity().unwrap();
    let a = credential(&kms, ID_A, 0x23456);
    let refused = derive(&a, &rogue_b.to_string(), Role::Client, CSE, &trusting(&kms), now());
    assert_eq!(refused.unwrap_err(), SaefError::UnknownKpak);
    // With the true tag in front of the rogue PVT, the keys differ.
    let forged =
        PskIdentity::new(rogue_b.id_2().clone(), KpakTag::of(&kms.public_key()), &rogue_b.pvt().unwrap())
            .unwrap();
    let at_a = derive(&a, &forged.to_string(), Role::Client, CSE, &trusting(&kms), now()).unwrap();
    let rogue_side = credential(&rogue, ID_B, 0x34567);
    let mut both = trusting(&kms);
    both.roll_over(&fqdn(MEF), rogue.public_key()).unwrap();
    let at_rogue = derive(&rogue_side, PSK_A, Role::Server, AE, &both, now()).unwrap();
    assert_ne!(at_a.expose(), at_rogue.expose());
}

#[test]
fn installs_only_what_the_pinned_kms_issued_for_the_identity_and_time() {
    let (kms, other) = (kms(0x12345), kms(0x54321));
    let id_2 = ExpiringIdentity::parse(ID_A).unwrap();
    let issued = hazmat::issue_with_nonce(&kms, id_2.identity(), &number(3)).unwrap();
    let (ssk, pvt) = (issued.expose(), *issued.pvt());
    let again = |ssk: &[u8; 32]| IssuedKey::from_parts(ssk, &pvt).unwrap();
    let install = |ssk: &[u8; 32], id_2: &ExpiringIdentity, kms: &KmsSecretKey, trusted, now| {
        Credential::install(id_2.clone(), &again(ssk), &kms.public_key(), trusted, now).map(|_| ())
    };
    let trusted = trusting(&kms);
    assert_eq!(install(&ssk, &id_2, &kms, &trusted, now()), Ok(()));
    assert_eq!(
        install(&ssk, &id_2, &kms, &trusted, id_2.expiration().to_unix()),
        Err(SaefError::OwnCredentialExpired)
    );
    let (nobody, trusting_other) = (TrustedDomains::new(), trusting(&other));
    assert_eq!(install(&ssk, &id_2, &kms, &nobody, now()), Err(SaefError::UnknownDomain));
    assert_eq!(install(&ssk, &id_2, &other, &trusted, now()), Err(SaefError::UnknownKpak));
    assert_eq!(install(&ssk, &id_2, &other, &trusting_other, now()), Err(SaefError::InvalidKey));
    let mut off_by_one = *ssk;
    off_by_one[31] ^= 1;
    assert_eq!(install(&off_by_one, &id_2, &kms, &trusted, now()), Err(SaefError::InvalidKey));
    let id_b = ExpiringIdentity::parse(ID_B).unwrap();
    assert_eq!(install(&ssk, &id_b, &kms, &trusted, now()), Err(SaefError::InvalidKey));
}

/// The order in a configuration does not matter, but for the first provider.
#[test]
fn a_configuration_is_trusted_as_a_whole() {
    let (one, two) = (kms(0x12345).public_key(), kms(0x54321).public_key());
    let domain = |fqdn_: &str, providers: &[&str], kpaks: &[&KmsPublicKey]| TrustedDomain {
        fqdn: fqdn(fqdn_),
        providers: providers.iter().map(|provider| fqdn(provider)).collect(),
        kpaks: kpaks.iter().map(|kpak| (*kpak).clone()).collect(),
    };
    let list = [
        domain(MEF, &[PROVIDER, "sp2.example.com"], &[&two, &one, &two]),
        domain("mef2.example.com", &["sp3.example.com"], &[&one]),
    ];
    for list in [list.to_vec(), list.iter().rev().cloned().collect()] {
        let trusted = TrustedDomains::from_list(list).unwrap();
        for kpak in [&one, &two] {
            assert_eq!(trusted.kpak(&fqdn(MEF), KpakTag::of(kpak)), Ok(kpak));
        }
        assert_eq!(trusted.kpaks(&fqdn(MEF)).count(), 2);
        let entity = |text| EntityName::parse(text).unwrap();
        assert_eq!(trusted.absolute(&fqdn(MEF), &entity("/CSE1")), Ok(entity("//sp.example.com/CSE1")));
        let second = entity("//sp2.example.com/CSE1");
        assert_eq!(trusted.absolute(&fqdn(MEF), &second).as_ref(), Ok(&second));
        let again = TrustedDomains::from_list(trusted.domains()).unwrap();
        assert_eq!(again.domains().collect::<Vec<_>>(), trusted.domains().collect::<Vec<_>>());
    }
    for (list, error) in [
        (vec![list[1].clone(), list[1].clone()], SaefError::DuplicateDomain),
        (vec![domain(MEF, &[], &[&one])], SaefError::IncompleteDomain),
        (vec![domain(MEF, &[PROVIDER], &[])], SaefError::IncompleteDomain),
    ] {
        assert_eq!(TrustedDomains::from_list(list).err(), Some(error));
    }
}

#[test]
fn closures_and_lists_say_who_may_be_a_peer() {
    let kms = kms(0x12345);
    let own = credential(&kms, ID_B, 0x34567);
    let peer = PskIdentity::parse(PSK_A).unwrap();
    let (trusted, skew) = (trusting(&kms), Association::DEFAULT_SKEW);
    let outcome = |policy: &(dyn PeerPolicy + Sync)| {
        let association = Association { own: &own, role: Role::Server, trusted: &trusted, policy, skew };
        association.derive(&peer, now()).err()
    };
    let ae = EntityName::parse(AE).unwrap();
    assert_eq!(
        outcome(&|entity: &EntityName, id_2: &ExpiringIdentity| *entity == ae && *id_2 == *peer.id_2()),
        None
    );
    assert_eq!(outcome(&|_: &EntityName, _: &ExpiringIdentity| false), Some(SaefError::NotAdmitted));

    let other = EntityName::parse("//sp.example.com/S1").unwrap();
    let mut lists = PeerLists::allowing([other.clone()]).unwrap();
    assert_eq!(outcome(&lists), Some(SaefError::NotAdmitted));
    lists.allow(ae.clone()).unwrap();
    assert_eq!(outcome(&lists), None);
    assert_eq!(outcome(&PeerLists::allowing_everybody()), None);
    assert_eq!(outcome(&PeerLists::allowing([]).unwrap()), Some(SaefError::NotAdmitted));
    lists.deny(ExpiringIdentity::parse(ID_B).unwrap());
    assert_eq!(outcome(&lists), None);
    let mut denied = lists.clone();
    denied.deny(peer.id_2().clone());
    assert_eq!(outcome(&denied), Some(SaefError::Denied));
    lists.deny_entity(ae).unwrap();
    assert_eq!(outcome(&lists), Some(SaefError::NotAdmitted), "denied, though allowed");
    let relative = EntityName::parse("/S1").unwrap();
    assert_eq!(lists.allow(relative.clone()), Err(IdentifierError::NotAbsolute));
    assert_eq!(lists.deny_entity(relative.clone()), Err(IdentifierError::NotAbsolute));
    assert!(PeerLists::allowing([relative]).is_err());
}

#[test]
fn a_validated_key_is_installed_for_its_own_identity_only() {
    let kms = kms(0x12345);
    let (id_a, id_b) = (ExpiringIdentity::parse(ID_A).unwrap(), ExpiringIdentity::parse(ID_B).unwrap());
    let issued = hazmat::issue_with_nonce(&kms, id_a.identity(), &number(3)).unwrap();
    let key = || issued.validate(&kms.public_key(), id_a.identity()).unwrap();
    let trusted = trusting(&kms);
    let install = |id_2: &ExpiringIdentity, trusted: &TrustedDomains, now: UnixTime| {
        Credential::from_signing_key(id_2.clone(), key(), trusted, now).map(|_| ())
    };
    assert_eq!(install(&id_a, &trusted, now()), Ok(()));
    assert_eq!(install(&id_b, &trusted, now()), Err(SaefError::InvalidKey));
    assert_eq!(install(&id_a, &trusted, id_a.expiration().to_unix()), Err(SaefError::OwnCredentialExpired));
    assert_eq!(install(&id_a, &TrustedDomains::new(), now()), Err(SaefError::UnknownDomain));
    let other = self::kms(0x54321);
    assert_eq!(install(&id_a, &trusting(&other), now()), Err(SaefError::UnknownKpak));
}
