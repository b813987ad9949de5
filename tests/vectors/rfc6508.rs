//! RFC 6508 Appendix A and RFC 6509 Appendix A: every value, each its own assertion.
#![cfg(all(feature = "sakke", feature = "hazmat"))]

use eccsi_sakke::Identity;
use eccsi_sakke::error::{Error, Part, Problem};
use eccsi_sakke::sakke::{
    EncapsulatedData, IssuedKey, KmsPublicKey, KmsSecretKey, ReceiverSecretKey, SharedSecretValue, hazmat,
};
use serde_json::Value;
use subtle::ConstantTimeEq;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../vectors/rfc6508_sakke.json")).expect("valid JSON")
}

fn parameters() -> Value {
    serde_json::from_str(include_str!("../../vectors/rfc6509_params.json")).expect("valid JSON")
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..][..2], 16).expect("hex")).collect()
}

/// The octets of a value, in an array of its size, with zeros before them where it is shorter.
fn octets<const N: usize>(value: &Value) -> [u8; N] {
    let digits = hex(value.as_str().expect("a string"));
    let mut octets = [0; N];
    octets[N - digits.len()..].copy_from_slice(&digits);
    octets
}

fn kms() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&octets(&vectors()["z"])).expect("z in range")
}

fn b() -> Vec<u8> {
    hex(vectors()["b"].as_str().expect("a string"))
}

fn ssv() -> SharedSecretValue {
    SharedSecretValue::from_bytes(&octets(&vectors()["SSV"]))
}

fn receiver() -> ReceiverSecretKey {
    let (kms, b) = (kms(), b());
    let id = Identity::new(&b);
    kms.issue(id).expect("usable").validate(&kms.public_key(), id).expect("valid")
}

#[test]
fn public_key_is_z_times_p() {
    assert_eq!(kms().public_key().to_bytes(), octets(&vectors()["Z"]));
    assert_eq!(kms().expose()[..], octets::<128>(&vectors()["z"]));
}

#[test]
fn public_key_decodes_to_itself() {
    let z = octets(&vectors()["Z"]);
    assert_eq!(KmsPublicKey::from_bytes(&z).expect("order q").to_bytes(), z);
}

#[test]
fn receiver_secret_key() {
    let b = b();
    let key = kms().issue(Identity::new(&b)).expect("usable");
    assert_eq!(key.expose()[..], octets::<257>(&vectors()["Kb"]));
    assert_eq!(receiver().expose()[..], octets::<257>(&vectors()["Kb"]));
}

#[test]
fn delivered_receiver_secret_key_validates() {
    let b = b();
    let key = IssuedKey::from_bytes(&octets(&vectors()["Kb"])).expect("a point");
    let z = KmsPublicKey::from_bytes(&octets(&vectors()["Z"])).expect("order q");
    key.validate(&z, Identity::new(&b)).expect("valid");
}

#[test]
fn hash_to_integer_range() {
    let expected = &vectors()["hash_to_integer_range"];
    let steps = hazmat::hash_to_integer_range_q(&hex(expected["M"].as_str().expect("a string")));
    assert_eq!(steps.a, octets(&expected["A"]));
    for i in 0..4 {
        assert_eq!(steps.h[i], octets(&expected[format!("h{}", i + 1)]), "h{}", i + 1);
        assert_eq!(steps.v[i], octets(&expected[format!("v{}", i + 1)]), "v{}", i + 1);
    }
    assert_eq!(steps.v.concat(), octets::<128>(&expected["v_prime"]));
    assert_eq!(steps.r, octets(&expected["v_mod_q"]));
}

#[test]
fn encapsulation_step_by_step() {
    let (expected, b) = (vectors(), b());
    let steps = hazmat::encapsulation_steps(&kms().public_key(), Identity::new(&b), &ssv()).expect("usable");
    assert_eq!(steps.r, octets(&expected["r"]));
    assert_eq!(steps.point, octets(&expected["Rb"]));
    assert_eq!(steps.g_r, octets(&expected["g_r"]));
    assert_eq!(steps.mask, octets(&expected["mask"]));
    assert_eq!(steps.h, octets(&expected["H"]));
}

#[test]
fn encapsulation_by_every_way() {
    let (kms, b) = (kms(), b());
    let (z, id, ssv) = (kms.public_key(), Identity::new(&b), ssv());
    let expected: [u8; 273] = octets(&vectors()["encapsulated"]);
    let prepared = z.clone().prepared();
    let recipient = z.recipient(id).expect("usable");
    assert_eq!(z.encapsulate_ssv(id, &ssv).expect("usable").to_bytes(), expected);
    assert_eq!(prepared.encapsulate_ssv(id, &ssv).expect("usable").to_bytes(), expected);
    assert_eq!(recipient.encapsulate_ssv(&ssv).expect("usable").to_bytes(), expected);
    assert_eq!(recipient.prepared().encapsulate_ssv(&ssv).expect("usable").to_bytes(), expected);
}

#[test]
fn decapsulation_step_by_step() {
    let expected = vectors();
    let data = EncapsulatedData::from_bytes(&octets(&expected["encapsulated"])).expect("decodes");
    let key = receiver();
    let w = hazmat::pairing_of(&key, &data);
    assert_eq!(w, octets(&expected["w"]));
    assert_eq!(hazmat::mask(&w), octets(&expected["mask"]));
    assert_eq!(hazmat::pairing_of(&key.prepared(), &data), w, "with a line table");
}

#[test]
fn decapsulation_with_and_without_tables() {
    let data = EncapsulatedData::from_bytes(&octets(&vectors()["encapsulated"])).expect("decodes");
    let key = receiver();
    assert!(bool::from(key.decapsulate(&data).expect("right").ct_eq(&ssv())));
    assert!(bool::from(key.prepared().decapsulate(&data).expect("right").ct_eq(&ssv())));
}

#[test]
fn pairing_of_the_generator_is_g_of_rfc_6509() {
    let expected = parameters();
    let p = octets(&expected["P"]);
    assert_eq!(hazmat::pairing(&p, &p).expect("order q"), octets(&expected["g"]));
}

#[test]
fn pairing_is_symmetric() {
    let expected = vectors();
    let (k, r) = (octets(&expected["Kb"]), octets(&expected["Rb"]));
    assert_eq!(hazmat::pairing(&k, &r).expect("order q"), octets(&expected["w"]));
    assert_eq!(hazmat::pairing(&r, &k).expect("order q"), octets(&expected["w"]));
}

#[test]
fn many_receivers_get_what_each_would_get() {
    let z = kms().public_key();
    let names = ["alice@example.com", "bob@example.com", "carol@example.com"];
    let ids: Vec<_> = names.iter().map(|name| Identity::new(name.as_bytes())).collect();
    let one_by_one: Vec<_> = ids.iter().map(|id| z.encapsulate_ssv(*id, &ssv()).expect("usable")).collect();
    assert_eq!(z.encapsulate_many(&ids, &ssv()).expect("usable"), one_by_one);
    assert_eq!(z.prepared().encapsulate_many(&ids, &ssv()).expect("usable"), one_by_one);
}

#[test]
fn many_keys_are_what_each_would_be() {
    let kms = kms();
    let names = ["alice@example.com", "bob@example.com", "carol@example.com"];
    let ids: Vec<_> = names.iter().map(|name| Identity::new(name.as_bytes())).collect();
    let many = kms.issue_many(&ids).expect("usable");
    assert_eq!(many.len(), 3);
    for (id, key) in ids.iter().zip(many) {
        assert_eq!(key.expose(), kms.issue(*id).expect("usable").expose());
        key.validate(&kms.public_key(), *id).expect("valid");
    }
}

#[test]
fn leading_zeros_are_hashed_but_do_not_change_the_key() {
    let (kms, b) = (kms(), b());
    let padded = [&[0, 0], b.as_slice()].concat();
    let (id, padded) = (Identity::new(&b), Identity::new(&padded));
    assert_eq!(kms.issue(id).expect("usable").expose(), kms.issue(padded).expect("usable").expose());
    let data = kms.public_key().encapsulate_ssv(padded, &ssv()).expect("usable");
    assert_eq!(receiver().decapsulate(&data).err(), Some(Error::DecapsulationFailed));
}

#[test]
fn refuses_identities_outside_the_range() {
    let kms = kms();
    let z = kms.public_key();
    let q = octets::<128>(&parameters()["q"]);
    let below = {
        let mut below = q;
        below[127] -= 1;
        below
    };
    let out_of_range = |octets: &[u8]| {
        let expected = |error| matches!(error, Error::Decode(e) if e.part == Part::Identity && e.problem == Problem::OutOfRange);
        let id = Identity::new(octets);
        let issued = kms.issue(id).is_err_and(expected);
        let sent = z.encapsulate_ssv(id, &ssv()).is_err_and(expected);
        let known = z.recipient(id).is_err_and(expected);
        assert!(issued == sent && sent == known);
        issued
    };
    assert!(out_of_range(b""));
    assert!(out_of_range(&[0]));
    assert!(out_of_range(&[0; 300]));
    assert!(out_of_range(&[1]));
    assert!(!out_of_range(&[2]));
    assert!(!out_of_range(&below));
    assert!(out_of_range(&q));
    assert!(out_of_range(&[0xff; 128]));
    assert!(out_of_range(&[1; 129]));
    assert!(!out_of_range(&[[0; 100].as_slice(), &below].concat()));
}

/// q − z, as an identity: a + z ≡ 0.
fn minus_z() -> [u8; 128] {
    let (q, z) = (octets::<128>(&parameters()["q"]), octets::<128>(&vectors()["z"]));
    let mut difference = [0; 128];
    let mut borrow = 0;
    for i in (0..128).rev() {
        let d = i16::from(q[i]) - i16::from(z[i]) - borrow;
        borrow = i16::from(d < 0);
        difference[i] = (d + 256 * borrow) as u8;
    }
    difference
}

#[test]
fn refuses_the_identity_minus_z() {
    let (kms, id) = (kms(), minus_z());
    let (z, id) = (kms.public_key(), Identity::new(&id));
    assert_eq!(kms.issue(id).err(), Some(Error::UnusableIdentity));
    assert_eq!(z.recipient(id).err(), Some(Error::UnusableIdentity));
    assert_eq!(z.encapsulate_ssv(id, &ssv()).err(), Some(Error::UnusableIdentity));
    assert_eq!(z.prepared().encapsulate_ssv(id, &ssv()).err(), Some(Error::UnusableIdentity));
}

#[test]
fn refuses_master_secrets_outside_the_range() {
    let q = octets::<128>(&parameters()["q"]);
    let mut z = [0; 128];
    for (last, right) in [(0, false), (1, false), (2, true)] {
        z[127] = last;
        assert_eq!(KmsSecretKey::from_bytes(&z).is_ok(), right, "{last}");
    }
    assert!(KmsSecretKey::from_bytes(&q).is_err());
    let mut below = q;
    below[127] -= 1;
    // z = q − 1: Z = −P
    let minus_p = KmsSecretKey::from_bytes(&below).expect("in range").public_key().to_bytes();
    assert_eq!(minus_p[..129], octets::<257>(&parameters()["P"])[..129]);
}

#[test]
fn prepared_objects_have_the_sizes_that_are_documented() {
    let sizes = hazmat::table_sizes();
    // Combs of 288 entries, three elements each; the octets of an element depend on the backend.
    let comb = sizes[0].1;
    let element = comb / (3 * 288);
    assert!([128, 136, 192].contains(&element), "{element}");
    let (g, receiver) = (288 * element, sizes[4].1);
    let lines = receiver - comb;
    match element {
        // In lanes, which carry their bounds with them in debug builds.
        192 if cfg!(debug_assertions) => assert!(lines >= 578_944),
        192 => assert_eq!(lines, 578_944),
        _ => assert_eq!(lines, 3429 * element),
    }
    assert!(receiver <= 1 << 20, "{receiver}");
    let documented = [
        ("KmsSecretKey", 3 * 288 * element),
        ("KmsPublicKey, prepared", 2 * comb + g),
        ("Recipient, prepared", comb + g),
        ("KmsPublicKey, prepared to validate", 2 * lines),
        ("ReceiverSecretKey, prepared", comb + lines),
    ];
    assert_eq!(sizes, documented);
}

#[test]
fn identifier_of_an_onem2m_credential_is_its_hash() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(eccsi_sakke::sakke::identifier_of(b"abc")[..], hex(expected));
}

#[test]
#[cfg(feature = "getrandom")]
fn random_keys_work_end_to_end() {
    use eccsi_sakke::SysRng;
    let kms = KmsSecretKey::generate(&mut SysRng).expect("random octets");
    let id = Identity::new(b"someone");
    let z = kms.public_key();
    let key = kms.issue(id).expect("usable").validate(&z, id).expect("valid").prepared();
    let recipient = z.recipient(id).expect("usable").prepared();
    for _ in 0..4 {
        let (data, sent) = recipient.encapsulate(&mut SysRng).expect("random octets");
        assert!(bool::from(key.decapsulate(&data).expect("right").ct_eq(&sent)));
    }
    let (data, sent) = z.encapsulate(id, &mut SysRng).expect("random octets");
    assert!(bool::from(key.decapsulate(&data).expect("right").ct_eq(&sent)));
}
