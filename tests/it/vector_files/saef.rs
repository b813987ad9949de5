//! `saef.json`.

use super::{file, notes};
use crate::model::eccsi::{self, UserKey};
use crate::model::p256::{number, to_octets};
use crate::model::saef::{self, Party};
use crate::model::{Stream, hex, sha256};
use crate::vectors::{Outcome, SaefCase, SaefParty, VectorFile};
use num_bigint::BigUint;

const NOTES: &[(&str, &str)] = &[
    ("SampleKeys", "KSAK 0x12345, v 0x23456 and 0x34567, as in RFC 6507 Appendix A."),
    ("OneKms", "Both credentials were issued under one KPAK."),
    ("TwoKms", "The credentials were issued under two KPAKs: two domains, or a roll-over in one."),
    (
        "RolesSwapped",
        "The keys of the case before with the (D)TLS roles exchanged: Z is the same, the key is another.",
    ),
    ("Renewed", "One side has a new credential for the same inner identity."),
    (
        "SameInnerId",
        "The inner identities are SP-relative and equal; the domains and their providers differ.",
    ),
    ("ShortForm", "SP-relative inner identities."),
    ("LongIdentity", "An identity so long that the PSK identity has about 128 or 255 octets, common limits."),
];

/// A holder of a credential and the KSAK it comes from.
struct Holder {
    ksak: BigUint,
    key: UserKey,
}

fn holder(ksak: &BigUint, fqdn: &str, inner: &str, expiry: &str, v: &BigUint) -> Holder {
    let id = format!("{fqdn}@{}@{expiry}", hex(inner).to_uppercase());
    Holder { ksak: ksak.clone(), key: eccsi::issue(ksak, id.as_bytes(), v).expect("usable v") }
}

pub(crate) fn generate() -> VectorFile<SaefCase> {
    let mut list = Vec::new();
    let mut both_roles = |flags: &[&str], comment: &str, a: &Holder, b: &Holder| {
        list.push(case(flags, comment, a, b));
        let flags = [flags, &["RolesSwapped"]].concat();
        list.push(case(&flags, &format!("{comment}, roles swapped"), b, a));
    };
    let mut stream = Stream::new("saef.json 1");
    let sample = number("12345");
    let (ae, cse) = ("//sp.example.com/CSE090112/C190XX7T", "//sp.example.com/CSE090112");
    let a = holder(&sample, "mef.example.com", ae, "20270101T000000", &number("23456"));
    let b = holder(&sample, "mef.example.com", cse, "20270301T000000", &number("34567"));
    both_roles(&["OneKms", "SampleKeys"], "an AE and its CSE", &a, &b);

    let [first, second] = [(); 2].map(|()| stream.scalar());
    for n in 0..4 {
        let (v_c, v_s) = (stream.scalar(), stream.scalar());
        let a = holder(
            &first,
            "mef.example.com",
            &format!("//sp.example.com/CSE{n}/C{n}"),
            "20280229T235959",
            &v_c,
        );
        let b =
            holder(&first, "mef.example.com", &format!("//sp.example.com/CSE{n}"), "20991231T235959", &v_s);
        both_roles(&["OneKms"], &format!("one KMS, random keys {n}"), &a, &b);
    }
    for n in 0..3 {
        let (v_c, v_s) = (stream.scalar(), stream.scalar());
        let a =
            holder(&first, "mef.example.com", &format!("//sp.example.com/CSE{n}"), "20270601T120000", &v_c);
        let b =
            holder(&second, "mef.example.org", &format!("//sp.example.org/CSE{n}"), "20270701T120000", &v_s);
        both_roles(&["TwoKms"], &format!("two domains, random keys {n}"), &a, &b);
    }
    let [v_1, v_2, v_3] = [(); 3].map(|()| stream.scalar());
    let server = holder(&first, "mef.example.com", cse, "20270301T000000", &v_1);
    let renewed = holder(&first, "mef.example.com", ae, "20280101T000000", &v_2);
    both_roles(&["OneKms", "Renewed"], "renewed under the same KPAK", &renewed, &server);
    let renewed = holder(&second, "mef.example.com", ae, "20280101T000000", &v_3);
    both_roles(&["TwoKms", "Renewed"], "renewed under the next KPAK of the domain", &renewed, &server);
    let a = holder(&first, "mef.example.com", "/CSE090112/C190XX7T", "20270101T000000", &v_2);
    let b = holder(&first, "mef.example.com", "/CSE090112", "20270301T000000", &v_1);
    both_roles(&["OneKms", "ShortForm"], "SP-relative identities", &a, &b);
    let namesake = holder(&second, "mef.example.org", "/CSE090112", "20270301T000000", &v_3);
    both_roles(
        &["TwoKms", "ShortForm", "SameInnerId"],
        "one SP-relative identity in two domains",
        &b,
        &namesake,
    );
    for length in [22, 23, 24, 25, 86, 87] {
        let inner = format!("/{}", "c".repeat(length - 1));
        let long = holder(&first, "mef.example.com", &inner, "20270101T000000", &v_3);
        both_roles(&["OneKms", "LongIdentity"], &format!("inner identity of {length} octets"), &long, &b);
    }
    file(
        "IBC-based security association (oneM2M-IBC-SAEF-v1), HKDF-SHA-256 over RFC 6507 keys",
        "SaefCase",
        notes(NOTES),
        list,
    )
}

fn case(flags: &[&str], comment: &str, client: &Holder, server: &Holder) -> SaefCase {
    let here = saef::derive(&client.key, Party::from(&server.key), true);
    let there = saef::derive(&server.key, Party::from(&client.key), false);
    assert_eq!((here.z, here.key), (there.z, there.key), "{comment}: both sides agree");
    SaefCase {
        tc_id: 0,
        comment: comment.to_owned(),
        flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
        client: party(client),
        server: party(server),
        z: hex(here.z),
        prk: hex(here.prk),
        info_length: here.info.len(),
        info_sha256: hex(sha256(&here.info)),
        kibc_id: hex(here.key_id),
        kibc: hex(here.key),
        result: Outcome::Valid,
    }
}

fn party(holder: &Holder) -> SaefParty {
    let party = Party::from(&holder.key);
    SaefParty {
        ksak: hex(to_octets(&holder.ksak)),
        kpak: hex(party.kpak),
        tag: hex(&sha256(party.kpak)[..3]),
        id: hex(party.id),
        id_text: String::from_utf8(party.id.to_vec()).expect("ASCII"),
        v: hex(to_octets(&holder.key.v)),
        pvt: hex(party.pvt),
        hs: hex(holder.key.hs),
        ssk: hex(to_octets(&holder.key.ssk)),
        y: hex(party.verifying_point().encode()),
        psk_identity: party.psk_identity(),
    }
}
