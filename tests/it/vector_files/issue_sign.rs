//! `eccsi_issue_sign.json`.

use super::verify::{RFC_ID, RFC_MESSAGE};
use super::{file, notes};
use crate::model::eccsi::{self, Signed, UserKey};
use crate::model::p256::{Q, number, to_octets};
use crate::model::{Stream, hex};
use crate::vectors::{IssueSignCase, Octets, Outcome, VectorFile};
use num_bigint::BigUint;

const NOTES: &[(&str, &str)] = &[
    ("GivenNonces", "v and j are inputs."),
    (
        "HedgedIssue",
        "v is what HMAC_DRBG gives for KSAK, KPAK, the identity and the fresh octets in issueFresh.",
    ),
    (
        "HedgedSign",
        "j is what HMAC_DRBG gives for SSK, KPAK, HS, the message and the fresh octets in signFresh.",
    ),
    ("EdgeKey", "KSAK, v or j is 1 or q-1, or points coincide. Never use such values."),
    ("EmptyInput", "Message or identity of no octets."),
    (
        "LongInput",
        "Message or identity about 65535 octets long, where the length prefix of a hedged nonce turns into a hash.",
    ),
    (
        "StuckGenerator",
        "The fresh octets are all equal, as from a generator that failed: the nonces still differ from case to case.",
    ),
];

pub(crate) fn generate() -> VectorFile<IssueSignCase> {
    let mut stream = Stream::new("eccsi_issue_sign.json 1");
    let mut list = Vec::new();
    given(&mut stream, &mut list);
    hedged(&mut stream, &mut list);
    file(
        "ECCSI issuing and signing, RFC 6507 sections 5.1.1 and 5.2.1, P-256 with SHA-256",
        "IssueSignCase",
        notes(NOTES),
        list,
    )
}

fn given(stream: &mut Stream, list: &mut Vec<IssueSignCase>) {
    let mut add = |flags: &[&str],
                   comment: &str,
                   ksak: &BigUint,
                   id: &[u8],
                   v: &BigUint,
                   message: &[u8],
                   j: &BigUint| {
        let key = eccsi::issue(ksak, id, v).expect("usable v");
        let signed = eccsi::sign(&key, message, j).expect("usable j");
        list.push(case(flags, comment, ksak, &key, None, message, &signed, None));
    };
    let given = &["GivenNonces"];
    add(
        given,
        "RFC 6507 Appendix A",
        &number("12345"),
        RFC_ID,
        &number("23456"),
        RFC_MESSAGE,
        &number("34567"),
    );
    for n in 0..10 {
        let [ksak, v, j] = [(); 3].map(|()| stream.scalar());
        let (id, message) = (stream.octets(1 + n * 11), stream.octets(1 + n * 17));
        add(given, &format!("random {n}"), &ksak, &id, &v, &message, &j);
    }
    for length in [0, 1, 206, 65_534, 65_535, 65_536, 70_000] {
        let [ksak, v, j] = [(); 3].map(|()| stream.scalar());
        let flags: &[&str] = match length {
            0 => &["GivenNonces", "EmptyInput"],
            1 | 206 => given,
            _ => &["GivenNonces", "LongInput"],
        };
        let octets = vec![0x69; length];
        add(flags, &format!("identity of {length} octets"), &ksak, &octets, &v, b"message", &j);
        add(flags, &format!("message of {length} octets"), &ksak, b"identity", &v, &octets, &j);
    }
    let (one, last) = (BigUint::from(1u32), &*Q - 1u32);
    let [ksak, v, j] = [(); 3].map(|()| stream.scalar());
    for (comment, ksak, v, j) in [
        ("KSAK = 1", &one, &v, &j),
        ("KSAK = q-1", &last, &v, &j),
        ("v = 1", &ksak, &one, &j),
        ("v = q-1", &ksak, &last, &j),
        ("j = 1", &ksak, &v, &one),
        ("j = q-1", &ksak, &v, &last),
        ("KSAK = v = j = 1", &one, &one, &one),
        ("KSAK = v = j = q-1", &last, &last, &last),
        ("v = KSAK", &ksak, &ksak, &j),
        ("v = -KSAK", &ksak, &(&*Q - &ksak), &j),
        ("j = KSAK", &ksak, &v, &ksak),
        ("j = v", &ksak, &v, &v),
    ] {
        add(&["GivenNonces", "EdgeKey"], comment, ksak, b"edge", v, b"edge", j);
    }
}

fn hedged(stream: &mut Stream, list: &mut Vec<IssueSignCase>) {
    let mut add =
        |flags: &[&str], comment: &str, ksak: &BigUint, id: &[u8], message: &[u8], fresh: [&[u8; 32]; 2]| {
            let key = eccsi::issue_hedged(ksak, id, fresh[0]);
            let signed = eccsi::sign_hedged(&key, message, fresh[1]);
            let flags = [&["HedgedIssue", "HedgedSign"], flags].concat();
            list.push(case(&flags, comment, ksak, &key, Some(fresh[0]), message, &signed, Some(fresh[1])));
        };
    for n in 0..10 {
        let (ksak, fresh) = (stream.scalar(), [stream.block(), stream.block()]);
        let (id, message) = (stream.octets(1 + n * 23), stream.octets(1 + n * 29));
        add(&[], &format!("hedged, random {n}"), &ksak, &id, &message, [&fresh[0], &fresh[1]]);
    }
    for length in [0, 1, 206, 65_534, 65_535, 65_536, 70_000] {
        let flags: &[&str] = match length {
            0 => &["EmptyInput"],
            1 | 206 => &[],
            _ => &["LongInput"],
        };
        let (ksak, fresh) = (stream.scalar(), [stream.block(), stream.block()]);
        let octets = vec![0x69; length];
        add(
            flags,
            &format!("hedged, identity of {length} octets"),
            &ksak,
            &octets,
            b"message",
            [&fresh[0], &fresh[1]],
        );
        add(
            flags,
            &format!("hedged, message of {length} octets"),
            &ksak,
            b"identity",
            &octets,
            [&fresh[0], &fresh[1]],
        );
    }
    let ksak = stream.scalar();
    for octet in [0x00, 0xff] {
        for (id, message) in [("one", "one"), ("one", "two"), ("two", "one"), ("two", "two")] {
            let comment = format!("hedged, fresh octets all {octet:02x}, identity {id}, message {message}");
            add(
                &["StuckGenerator"],
                &comment,
                &ksak,
                id.as_bytes(),
                message.as_bytes(),
                [&[octet; 32], &[octet; 32]],
            );
        }
    }
    let (one, last, fresh) = (BigUint::from(1u32), &*Q - 1u32, stream.block());
    add(&["EdgeKey"], "hedged, KSAK = 1", &one, b"edge", b"edge", [&fresh, &fresh]);
    add(&["EdgeKey"], "hedged, KSAK = q-1", &last, b"edge", b"edge", [&fresh, &fresh]);
}

#[expect(clippy::too_many_arguments, reason = "a row of a table")]
fn case(
    flags: &[&str],
    comment: &str,
    ksak: &BigUint,
    key: &UserKey,
    issue_fresh: Option<&[u8; 32]>,
    message: &[u8],
    signed: &Signed,
    sign_fresh: Option<&[u8; 32]>,
) -> IssueSignCase {
    assert!(eccsi::validate(&key.kpak, &key.id, &key.pvt, &key.ssk), "{comment}");
    assert!(eccsi::verify(&key.kpak, &key.id, message, &signed.signature), "{comment}");
    IssueSignCase {
        tc_id: 0,
        comment: comment.to_owned(),
        flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
        ksak: hex(to_octets(ksak)),
        kpak: hex(key.kpak),
        id: Octets::new(&key.id),
        issue_fresh: issue_fresh.map(hex),
        v: hex(to_octets(&key.v)),
        pvt: hex(key.pvt),
        hs: hex(key.hs),
        ssk: hex(to_octets(&key.ssk)),
        msg: Octets::new(message),
        sign_fresh: sign_fresh.map(hex),
        j: hex(to_octets(&signed.j)),
        r: hex(signed.r),
        he: hex(signed.he),
        s: hex(to_octets(&signed.s)),
        sig: hex(&signed.signature),
        result: Outcome::Valid,
    }
}
