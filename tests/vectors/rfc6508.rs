//! RFC 6508 Appendix A and RFC 6509 Appendix A: every value, each its own assertion.
#![cfg(all(feature = "sakke", feature = "hazmat"))]

use eccsi_sakke::error::{DecodeError, Error, Part, Problem};
use eccsi_sakke::sakke::{
    EncapsulatedData, Identifier, IssuedKey, KmsPublicKey, KmsSecretKey, ReceiverSecretKey,
    SharedSecretValue, hazmat,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
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

fn b() -> Identifier {
    identifier(&hex(vectors()["b"].as_str().expect("a string")))
}

/// An identifier of raw octets, whatever stands in front.
fn identifier(octets: &[u8]) -> Identifier {
    Identifier::from_raw(octets).expect("in range").allow_leading_zeros()
}

fn ssv() -> SharedSecretValue {
    SharedSecretValue::from_bytes(&octets(&vectors()["SSV"]))
}

fn receiver() -> ReceiverSecretKey {
    let (kms, b) = (kms(), b());
    kms.issue(&b).expect("usable").validate(&kms.public_key(), &b).expect("valid")
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
    let key = kms().issue(&b()).expect("usable");
    assert_eq!(key.expose()[..], octets::<257>(&vectors()["Kb"]));
    assert_eq!(receiver().expose()[..], octets::<257>(&vectors()["Kb"]));
}

#[test]
fn delivered_receiver_secret_key_validates() {
    let key = IssuedKey::from_bytes(&octets(&vectors()["Kb"])).expect("a point");
    let z = KmsPublicKey::from_bytes(&octets(&vectors()["Z"])).expect("order q");
    key.validate(&z, &b()).expect("valid");
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
    let steps = hazmat::encapsulation_steps(&kms().public_key(), &b, &ssv()).expect("usable");
    assert_eq!(steps.r, octets(&expected["r"]));
    assert_eq!(steps.point, octets(&expected["Rb"]));
    assert_eq!(steps.g_r, octets(&expected["g_r"]));
    assert_eq!(steps.mask, octets(&expected["mask"]));
    assert_eq!(steps.h, octets(&expected["H"]));
}

#[test]
fn encapsulation_by_every_way() {
    let (kms, b) = (kms(), b());
    let (z, id, ssv) = (kms.public_key(), &b, ssv());
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
    let ids: Vec<_> = names.iter().map(|name| identifier(name.as_bytes())).collect();
    let one_by_one: Vec<_> = ids.iter().map(|id| z.encapsulate_ssv(id, &ssv()).expect("usable")).collect();
    assert_eq!(z.encapsulate_many(&ids, &ssv()).expect("usable"), one_by_one);
    assert_eq!(z.prepared().encapsulate_many(&ids, &ssv()).expect("usable"), one_by_one);
}

#[test]
fn many_keys_are_what_each_would_be() {
    let kms = kms();
    let names = ["alice@example.com", "bob@example.com", "carol@example.com"];
    let ids: Vec<_> = names.iter().map(|name| identifier(name.as_bytes())).collect();
    let many = kms.issue_many(&ids).expect("usable");
    assert_eq!(many.len(), 3);
    for (id, key) in ids.iter().zip(many) {
        assert_eq!(key.expose(), kms.issue(id).expect("usable").expose());
        key.validate(&kms.public_key(), id).expect("valid");
    }
}

#[test]
fn leading_zeros_are_hashed_but_do_not_change_the_key() {
    let (kms, b) = (kms(), b());
    let padded = &identifier(&[&[0, 0], b.as_bytes()].concat());
    assert_eq!(kms.issue(&b).expect("usable").expose(), kms.issue(padded).expect("usable").expose());
    let data = kms.public_key().encapsulate_ssv(padded, &ssv()).expect("usable");
    assert_eq!(receiver().decapsulate(&data).err(), Some(Error::DecapsulationFailed));
}

/// Whoever obtained that key could read what is sent to the identifier without zeros.
#[test]
fn no_key_is_issued_for_leading_zeros_unless_they_are_allowed() {
    let kms = kms();
    let refused = Error::Decode(DecodeError { part: Part::Identity, problem: Problem::LeadingZero });
    let padded = Identifier::from_raw(b"\0ab").expect("in range");
    assert_eq!(kms.issue(&padded).err(), Some(refused));
    let ids = [identifier(b"ab"), padded.clone()];
    assert_eq!(kms.issue_many(&ids).err().map(Error::from), Some(refused));
    let key = kms.issue(&padded.clone().allow_leading_zeros()).expect("allowed");
    // Whoever has the key, or sends, decides nothing.
    let key = key.validate(&kms.public_key(), &padded).expect("valid");
    let data = kms.public_key().encapsulate_ssv(&padded, &ssv()).expect("usable");
    assert!(bool::from(key.decapsulate(&data).expect("right").ct_eq(&ssv())));
    // Of a fixed length, zeros are part of the form.
    let uid = std::array::from_fn(|i| i as u8);
    assert!(kms.issue(&Identifier::from_uid(&uid).expect("in range")).is_ok());
    assert_eq!(kms.issue(&Identifier::from_raw(&uid).expect("in range")).err(), Some(refused));
}

#[test]
fn identifiers_compare_as_integers_and_keep_their_octets() {
    let raw = |octets: &[u8]| Identifier::from_raw(octets).expect("in range");
    let (short, padded) = (raw(b"ab"), raw(b"\0ab"));
    assert_eq!(short, padded);
    assert_eq!(std::collections::HashSet::from([short.clone(), padded.clone()]).len(), 1);
    assert_eq!((short.as_bytes(), padded.as_bytes()), (&b"ab"[..], &b"\0ab"[..]));
    let mut ids = [raw(b"\x01\0"), raw(b"\0\xff"), raw(b"\0\0\x02"), raw(b"\xfe")];
    ids.sort();
    assert_eq!(ids, [raw(&[2]), raw(&[0xfe]), raw(&[0xff]), raw(&[1, 0])]);
    assert_eq!(format!("{padded:?}"), r#"Identifier("\x00ab")"#);
    let uid = [0x5a; 32];
    assert_eq!(Identifier::from_uid(&uid), Ok(raw(&uid)));
    assert!(Identifier::from_uid(&[0; 32]).is_err());
}

#[test]
fn refuses_identifiers_outside_the_range() {
    let q = octets::<128>(&parameters()["q"]);
    let below = {
        let mut below = q;
        below[127] -= 1;
        below
    };
    let problem = |octets: &[u8]| Identifier::from_raw(octets).err().map(|error| (error.part, error.problem));
    let out_of_range = Some((Part::Identity, Problem::OutOfRange));
    let too_long = |got| Some((Part::Identity, Problem::TooLong { max: 128, got }));
    for octets in [&b""[..], &[0], &[0; 300], &[1], &[0, 0, 1], &q, &[0xff; 128]] {
        assert_eq!(problem(octets), out_of_range, "{octets:x?}");
    }
    for octets in [&[2][..], &below, &[[0; 100].as_slice(), &below].concat(), &[0xff; 127]] {
        assert_eq!(problem(octets), None, "{octets:x?}");
        let id = identifier(octets);
        assert!(kms().issue(&id).is_ok());
        assert!(kms().public_key().encapsulate_ssv(&id, &ssv()).is_ok());
    }
    assert_eq!(problem(&[1; 129]), too_long(129));
    assert_eq!(problem(&[[0; 5].as_slice(), &[1; 206]].concat()), too_long(206));
    let hint = Identifier::from_raw(&[1; 206]).expect_err("too long").to_string();
    assert!(hint.contains("128") && hint.contains("206") && hint.contains("sakke_identifier"), "{hint}");
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
    let (kms, id) = (kms(), &identifier(&minus_z()));
    let z = kms.public_key();
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
    let abc = Identifier::hash_of(eccsi_sakke::Identity::new(b"abc"));
    assert_eq!(abc.as_bytes(), hex(expected));
    let id_2 = "mef.example.com@2F435345@20270101T000000";
    let typed = eccsi_sakke::onem2m::ExpiringIdentity::parse(id_2).expect("an ID_2");
    assert_eq!(typed.sakke_identifier().as_bytes(), Sha256::digest(id_2).as_slice());
    assert_ne!(typed.sakke_identifier(), identifier(id_2.as_bytes()));
}

#[test]
#[cfg(feature = "getrandom")]
fn random_keys_work_end_to_end() {
    use eccsi_sakke::SysRng;
    let kms = KmsSecretKey::generate(&mut SysRng).expect("random octets");
    let id = &identifier(b"someone");
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
