//! `eccsi_verify.json`.
//!
//! Not in it, because nobody found them: HS or HE of q or more (one in 2³²), r of q or more or r
//! small enough for r + p (one in 2³² points), HE + r·SSK = 0 mod q, Y = identity.

use super::{file, notes};
use crate::model::eccsi::{self, UserKey};
use crate::model::p256::{
    G, P, Point, Q, from_octets, inverse, mul_g, number, right_side, square_root, to_octets,
};
use crate::model::{Stream, concat, hex, sha256};
use crate::vectors::{Octets, Outcome, Stage, VectorFile, VerifyCase};
use num_bigint::BigUint;

const NOTES: &[(&str, &str)] = &[
    ("Valid", "An honest signature."),
    (
        "EdgeKey",
        "KSAK, v or j is 1 or q-1, or points coincide (KPAK = G, PVT = G, PVT = KPAK, J = KPAK, ...). Such keys are unsafe but verify.",
    ),
    ("HashPadding", "Lengths around the block boundaries of SHA-256."),
    ("LongInput", "Message or identity longer than 65535 octets."),
    ("EmptyInput", "Message or identity of no octets, which is a value like any other."),
    ("LeadingZero", "r, s, HS, HE or a coordinate begins with a zero octet; it has to stay 32 octets long."),
    ("Malleable", "s replaced by q - s. RFC 6507 section 6 allows it: signatures are no unique identifiers."),
    ("ZeroR", "r = 0. Refused by Jx != 0 (section 5.2.2 step 6), by strict readers earlier."),
    ("ZeroS", "s = 0, so that J is the identity, which has no x-coordinate."),
    (
        "ZeroRAndS",
        "r = s = 0: J is the identity, and a verifier that keeps the identity as x = 0 and forgets Jx != 0 accepts it for every message, identity and PVT (CVE-2026-5466).",
    ),
    (
        "JIdentity",
        "s is a multiple of q, so that J = [s](...) is the identity. The other way to it, HE + r*SSK = 0 mod q, means inverting the hash and cannot be constructed.",
    ),
    (
        "RGreaterEqualP",
        "r >= p. An encoding r+p of an honest r needs r < 2^256 - p, found once in 2^32 points, and is not in this file: these cases are refused by section 5.2.2 to the letter, too.",
    ),
    ("SGreaterEqualQ", "s >= q. Refused by strict readers; RFC 6507 itself does not ask for it."),
    (
        "SecondEncoding",
        "s + q for an honest s below 2^256 - q, which takes 2^31 attempts to produce. Section 5.2.2 to the letter accepts it; a strict reader must not, since it is a second encoding of one signature.",
    ),
    (
        "ROrSInRange",
        "r or s is at the inner border of its range, so that reading succeeds and the arithmetic has to refuse.",
    ),
    (
        "RMultipleOfQ",
        "r = q is below p and makes [r]Y the identity, so that J does not depend on the signer.",
    ),
    ("WrongMessage", "Signature of another message."),
    ("WrongIdentity", "Signature under another identity."),
    ("WrongKms", "Signature under another KMS public key."),
    ("SwappedRS", "r and s exchanged."),
    ("ModifiedS", "s changed by arithmetic."),
    ("WrongFormula", "Made with a formula that differs from section 5.2.1 or 5.1.1 in one place."),
    ("Forged", "Made without KSAK, or for another PVT, by an attacker who knows all public values."),
    ("PvtOffCurve", "PVT satisfies no curve equation."),
    ("PvtCompressed", "PVT has the form octet 02 or 03. Only 04 is allowed."),
    ("PvtHybrid", "PVT has the form octet 06 or 07. Only 04 is allowed."),
    ("PvtForm", "PVT has another form octet."),
    ("PvtInfinity", "PVT stands for the identity, in some encoding or other."),
    ("PvtNotReduced", "A coordinate of PVT is p or more."),
    ("PvtNegated", "PVT replaced by -PVT."),
    ("PvtOfOtherKey", "PVT replaced by that of another key."),
    ("PvtIsGenerator", "PVT replaced by G."),
    ("PvtIsKpak", "PVT replaced by KPAK or -KPAK."),
    ("BitFlip", "One bit of an honest signature, message or identity inverted."),
    ("Length", "The signature has not 129 octets."),
];

pub(crate) fn generate() -> VectorFile<VerifyCase> {
    let mut cases = Cases::new();
    cases.valid();
    cases.zero_and_range();
    cases.inputs();
    cases.formulas();
    cases.pvt();
    cases.bit_flips();
    cases.lengths();
    file(
        "ECCSI verification, RFC 6507 section 5.2.2, P-256 with SHA-256",
        "VerifyCase",
        notes(NOTES),
        cases.list,
    )
}

pub(crate) const RFC_ID: &[u8] = b"2011-02\0tel:+447700900123\0";
pub(crate) const RFC_MESSAGE: &[u8] = b"message\0";

/// A signer, a message and its signature.
struct Sample {
    key: UserKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

struct Cases {
    list: Vec<VerifyCase>,
    stream: Stream,
    rfc: Sample,
    other: Sample,
}

fn sample(ksak: &BigUint, id: &[u8], v: &BigUint, message: &[u8], j: &BigUint) -> Sample {
    let key = eccsi::issue(ksak, id, v).expect("usable v");
    let signature = eccsi::sign(&key, message, j).expect("usable j").signature;
    Sample { key, message: message.to_vec(), signature }
}

impl Sample {
    fn r(&self) -> BigUint {
        from_octets(&self.signature[..32])
    }

    fn s(&self) -> BigUint {
        from_octets(&self.signature[32..64])
    }
}

fn join(r: &BigUint, s: &BigUint, pvt: &[u8]) -> Vec<u8> {
    concat(&[&to_octets(r), &to_octets(s), pvt])
}

fn all_ones() -> BigUint {
    (BigUint::from(1u32) << 256) - 1u32
}

impl Cases {
    fn new() -> Self {
        let mut stream = Stream::new("eccsi_verify.json 1");
        let rfc = sample(&number("12345"), RFC_ID, &number("23456"), RFC_MESSAGE, &number("34567"));
        let [ksak, v, j] = [(); 3].map(|()| stream.scalar());
        let other = sample(&ksak, b"alice@example.com", &v, b"Hello, Bob.", &j);
        Self { list: Vec::new(), stream, rfc, other }
    }

    /// Adds a case and checks the expectation against the model.
    fn add(
        &mut self,
        flags: &[&str],
        comment: impl Into<String>,
        (kpak, id, message): (&[u8], &[u8], &[u8]),
        signature: &[u8],
        expected: Result<(), Stage>,
    ) {
        let comment = comment.into();
        // eccsi::verify is these two together
        let literally = eccsi::verify_literally(kpak, id, message, signature);
        let computed = match (eccsi::well_formed(signature), literally) {
            (false, _) => Err(Stage::Decode),
            (true, false) => Err(Stage::Verify),
            (true, true) => Ok(()),
        };
        assert_eq!(computed, expected, "{comment}");
        assert_eq!(literally, expected.is_ok() || flags.contains(&"SecondEncoding"), "{comment}");
        if flags.contains(&"ZeroRAndS") {
            assert!(eccsi::verify_with_the_known_defect(kpak, id, message, signature), "{comment}");
        }
        self.list.push(VerifyCase {
            tc_id: 0,
            comment,
            flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
            kpak: hex(kpak),
            id: Octets::new(id),
            msg: Octets::new(message),
            sig: hex(signature),
            result: if expected.is_ok() { Outcome::Valid } else { Outcome::Invalid },
            stage: expected.err(),
        });
    }

    fn add_sample(&mut self, flags: &[&str], comment: impl Into<String>, sample: &Sample) {
        let inputs = (&sample.key.kpak[..], &sample.key.id[..], &sample.message[..]);
        self.add(flags, comment, inputs, &sample.signature, Ok(()));
    }

    /// Refused: `signature` in place of the honest one for the inputs of the RFC sample.
    fn refuse(&mut self, flags: &[&str], comment: impl Into<String>, signature: &[u8], stage: Stage) {
        let (kpak, id, message) = (self.rfc.key.kpak, self.rfc.key.id.clone(), self.rfc.message.clone());
        self.add(flags, comment, (&kpak, &id, &message), signature, Err(stage));
    }

    fn random_sample(&mut self, id: &[u8], message: &[u8]) -> Sample {
        let [ksak, v, j] = [(); 3].map(|()| self.stream.scalar());
        sample(&ksak, id, &v, message, &j)
    }

    fn valid(&mut self) {
        let rfc = sample(&number("12345"), RFC_ID, &number("23456"), RFC_MESSAGE, &number("34567"));
        self.add_sample(&["Valid"], "RFC 6507 Appendix A", &rfc);
        for n in 0..16 {
            let (id, message) = (self.stream.octets(n * 7), self.stream.octets(n * 13));
            let random = self.random_sample(&id, &message);
            let flags: &[&str] = if n == 0 { &["Valid", "EmptyInput"] } else { &["Valid"] };
            self.add_sample(
                flags,
                format!("random keys, identity of {} and message of {} octets", n * 7, n * 13),
                &random,
            );
        }
        let empty_message = self.random_sample(b"id", b"");
        self.add_sample(&["Valid", "EmptyInput"], "empty message", &empty_message);
        let empty_id = self.random_sample(b"", b"message");
        self.add_sample(&["Valid", "EmptyInput"], "empty identity", &empty_id);
        for length in [54, 55, 56, 63, 64, 65, 119, 120, 127, 128] {
            let message = self.stream.octets(length);
            let padded = self.random_sample(b"padding", &message);
            self.add_sample(&["Valid", "HashPadding"], format!("message of {length} octets"), &padded);
            let id = self.stream.octets(length);
            let padded = self.random_sample(&id, b"padding");
            self.add_sample(&["Valid", "HashPadding"], format!("identity of {length} octets"), &padded);
        }
        for length in [206, 1_000, 65_534, 65_535, 65_536, 70_000] {
            let flags: &[&str] = if length > 65_535 { &["Valid", "LongInput"] } else { &["Valid"] };
            let long = self.random_sample(b"long", &vec![0xa5; length]);
            self.add_sample(flags, format!("message of {length} equal octets"), &long);
            let long = self.random_sample(&vec![0x5a; length], b"long");
            self.add_sample(flags, format!("identity of {length} equal octets"), &long);
        }
        self.edge_keys();
        self.leading_zeros();
        for n in 0..6 {
            let honest = self.random_sample(b"malleable", &[n]);
            let (r, s) = (honest.r(), &*Q - honest.s());
            let mirrored = Sample { signature: join(&r, &s, &honest.key.pvt), ..honest };
            self.add_sample(&["Malleable"], format!("q - s, random keys {n}"), &mirrored);
        }
        let mirrored = join(&self.rfc.r(), &(&*Q - self.rfc.s()), &self.rfc.key.pvt);
        let mirrored = Sample { signature: mirrored, ..rfc };
        self.add_sample(&["Malleable"], "q - s of RFC 6507 Appendix A", &mirrored);
    }

    fn edge_keys(&mut self) {
        let (one, last) = (BigUint::from(1u32), &*Q - 1u32);
        let two = BigUint::from(2u32);
        let [ksak, v, j] = [(); 3].map(|()| self.stream.scalar());
        for (comment, ksak, v, j) in [
            ("KSAK = 1: KPAK = G", &one, &v, &j),
            ("KSAK = q-1: KPAK = -G", &last, &v, &j),
            ("v = 1: PVT = G", &ksak, &one, &j),
            ("v = q-1: PVT = -G", &ksak, &last, &j),
            ("j = 1: J = G", &ksak, &v, &one),
            ("j = q-1: J = -G", &ksak, &v, &last),
            ("KSAK = v = j = 1", &one, &one, &one),
            ("KSAK = v = j = q-1", &last, &last, &last),
            ("KSAK = v = j = 2", &two, &two, &two),
            ("KSAK = 1, v = q-1, j = 1", &one, &last, &one),
            ("v = KSAK: PVT = KPAK", &ksak, &ksak, &j),
            ("v = -KSAK: PVT = -KPAK", &ksak, &(&*Q - &ksak), &j),
            ("j = KSAK: J = KPAK", &ksak, &v, &ksak),
            ("j = v: J = PVT", &ksak, &v, &v),
            ("KSAK = v = j: one point", &ksak, &ksak, &ksak),
        ] {
            let edge = sample(ksak, b"edge", v, b"edge", j);
            self.add_sample(&["Valid", "EdgeKey"], comment, &edge);
        }
        let ssk = eccsi::issue(&ksak, b"edge", &v).expect("usable v").ssk;
        let edge = sample(&ksak, b"edge", &v, b"edge", &ssk);
        self.add_sample(&["Valid", "EdgeKey"], "j = SSK: J = Y", &edge);
        let edge = sample(&ksak, b"edge", &v, b"edge", &(&*Q - ssk));
        self.add_sample(&["Valid", "EdgeKey"], "j = -SSK: J = -Y", &edge);
    }

    fn leading_zeros(&mut self) {
        let [ksak, v, j] = [(); 3].map(|()| self.stream.scalar());
        let short_x = smallest_multiple(|octets| octets[1] == 0);
        let short_y = smallest_multiple(|octets| octets[33] == 0);
        for (comment, ksak, v, j) in [
            ("r with a leading zero octet", &ksak, &v, &short_x),
            ("x of PVT with a leading zero octet", &ksak, &short_x, &j),
            ("y of PVT with a leading zero octet", &ksak, &short_y, &j),
            ("x of KPAK with a leading zero octet", &short_x, &v, &j),
            ("y of KPAK with a leading zero octet", &short_y, &v, &j),
        ] {
            let short = sample(ksak, b"short", v, b"short", j);
            self.add_sample(&["Valid", "LeadingZero"], comment, &short);
        }
        let texts = || (0u32..).map(|n| n.to_string());
        let key = eccsi::issue(&ksak, b"short", &v).expect("usable v");
        let r = to_octets(mul_g(&j).x());
        let message =
            texts().find(|text| eccsi::he(&key.hs, &r, text.as_bytes())[..2] == [0, 0]).expect("endless");
        let short = sample(&ksak, b"short", &v, message.as_bytes(), &j);
        self.add_sample(&["Valid", "LeadingZero"], "HE with two leading zero octets", &short);
        let id = texts()
            .find(|text| eccsi::hs(&key.kpak, text.as_bytes(), &key.pvt)[..2] == [0, 0])
            .expect("endless");
        let short = sample(&ksak, id.as_bytes(), &v, b"short", &j);
        self.add_sample(&["Valid", "LeadingZero"], "HS with two leading zero octets", &short);
        // s = j / (HE + r SSK), computed here without the points
        let r_ssk = from_octets(&r) * &key.ssk;
        let s = |text: &str| {
            inverse(&((from_octets(&eccsi::he(&key.hs, &r, text.as_bytes())) + &r_ssk) % &*Q), &Q) * &j % &*Q
        };
        let message = texts().find(|text| s(text).bits() <= 248).expect("endless");
        let short = sample(&ksak, b"short", &v, message.as_bytes(), &j);
        self.add_sample(&["Valid", "LeadingZero"], "s with a leading zero octet", &short);
    }

    fn zero_and_range(&mut self) {
        let (zero, one, last) = (BigUint::ZERO, BigUint::from(1u32), &*Q - 1u32);
        let (r, s, pvt) = (self.rfc.r(), self.rfc.s(), self.rfc.key.pvt);
        let kpak_point = Point::decode(&self.rfc.key.kpak).expect("KPAK");
        let random = mul_g(&self.stream.scalar()).encode();
        let pvts = [
            ("own PVT", pvt),
            ("PVT = G", G.encode()),
            ("PVT = -G", G.negate().encode()),
            ("PVT = KPAK", kpak_point.encode()),
            ("PVT = -KPAK", kpak_point.negate().encode()),
            ("PVT of another key", self.other.key.pvt),
            ("random PVT", random),
        ];
        for (name, pvt) in &pvts {
            self.refuse(
                &["ZeroRAndS", "JIdentity"],
                format!("r = s = 0, {name}"),
                &join(&zero, &zero, pvt),
                Stage::Decode,
            );
            self.refuse(&["ZeroR"], format!("r = 0, s = 1, {name}"), &join(&zero, &one, pvt), Stage::Decode);
        }
        let (kpak, id, message) = (self.rfc.key.kpak, self.rfc.key.id.clone(), self.rfc.message.clone());
        let other_kpak = self.other.key.kpak;
        for (name, kpak, id, message) in [
            ("another identity", &kpak, &b"victim@example.com"[..], &message[..]),
            ("empty identity", &kpak, b"", &message),
            ("another message", &kpak, &id, b"pay 1000"),
            ("empty message", &kpak, &id, b""),
            ("empty identity and message", &kpak, b"", b""),
            ("another KMS", &other_kpak, &id, &message),
        ] {
            for (pvt_name, pvt) in &pvts[..2] {
                let comment = format!("r = s = 0, {name}, {pvt_name}");
                self.add(
                    &["ZeroRAndS", "JIdentity"],
                    comment,
                    (kpak, id, message),
                    &join(&zero, &zero, pvt),
                    Err(Stage::Decode),
                );
            }
        }
        self.refuse(&["ZeroR"], "r = 0, honest s", &join(&zero, &s, &pvt), Stage::Decode);
        self.refuse(&["ZeroR"], "r = 0, s = q-1", &join(&zero, &last, &pvt), Stage::Decode);
        self.refuse(&["ZeroS", "JIdentity"], "s = 0, honest r", &join(&r, &zero, &pvt), Stage::Decode);
        self.refuse(&["ZeroS", "JIdentity"], "s = 0, r = 1", &join(&one, &zero, &pvt), Stage::Decode);
        self.refuse(
            &["ZeroS", "JIdentity"],
            "s = 0, r = p-1",
            &join(&(&*P - 1u32), &zero, &pvt),
            Stage::Decode,
        );
        self.refuse(
            &["ZeroS", "JIdentity", "RMultipleOfQ"],
            "s = 0, r = q",
            &join(&Q, &zero, &pvt),
            Stage::Decode,
        );
        self.refuse(
            &["ZeroS", "JIdentity", "RGreaterEqualP"],
            "s = 0, r = p",
            &join(&P, &zero, &pvt),
            Stage::Decode,
        );

        for (name, value) in [
            ("p", P.clone()),
            ("p+1", &*P + 1u32),
            ("p+2", &*P + 2u32),
            ("p+5, x of a point modulo p", &*P + 5u32),
            ("p + (r mod 2^200)", &*P + &r % (BigUint::from(1u32) << 200)),
            ("2^256-2", all_ones() - 1u32),
            ("2^256-1", all_ones()),
        ] {
            self.refuse(&["RGreaterEqualP"], format!("r = {name}"), &join(&value, &s, &pvt), Stage::Decode);
            self.refuse(
                &["RGreaterEqualP"],
                format!("r = {name}, s = 1"),
                &join(&value, &one, &pvt),
                Stage::Decode,
            );
        }
        for (name, value) in [
            ("q+1", &*Q + 1u32),
            ("q+2", &*Q + 2u32),
            ("q + (s mod 2^200)", &*Q + &s % (BigUint::from(1u32) << 200)),
            ("p", P.clone()),
            ("2^256-2", all_ones() - 1u32),
            ("2^256-1", all_ones()),
        ] {
            self.refuse(&["SGreaterEqualQ"], format!("s = {name}"), &join(&r, &value, &pvt), Stage::Decode);
        }
        self.refuse(&["SGreaterEqualQ", "JIdentity"], "s = q", &join(&r, &Q, &pvt), Stage::Decode);
        self.refuse(
            &["SGreaterEqualQ", "JIdentity", "ZeroR"],
            "r = 0, s = q",
            &join(&zero, &Q, &pvt),
            Stage::Decode,
        );
        self.refuse(
            &["RGreaterEqualP", "SGreaterEqualQ"],
            "r = p, s = q",
            &join(&P, &Q, &pvt),
            Stage::Decode,
        );
        self.refuse(
            &["RGreaterEqualP", "SGreaterEqualQ"],
            "r = s = 2^256-1",
            &join(&all_ones(), &all_ones(), &pvt),
            Stage::Decode,
        );
        self.second_encoding();

        for (name, r, s) in [
            ("r = 1", &one, &s),
            ("r = p-1", &(&*P - 1u32), &s),
            ("r = q-1", &last, &s),
            ("r = q+1", &(&*Q + 1u32), &s),
            ("s = 1", &r, &one),
            ("s = q-1", &r, &last),
            ("r = s = 1", &one, &one),
            ("r = p-1, s = q-1", &(&*P - 1u32), &last),
        ] {
            self.refuse(&["ROrSInRange"], name, &join(r, s, &pvt), Stage::Verify);
        }
        self.refuse(&["RMultipleOfQ"], "r = q, honest s", &join(&Q, &s, &pvt), Stage::Verify);
        let he = from_octets(&eccsi::he(&self.rfc.key.hs, &to_octets(&Q), &self.rfc.message));
        let to_generator = inverse(&(he % &*Q), &Q);
        self.refuse(
            &["RMultipleOfQ"],
            "r = q, s = 1/HE: J = G",
            &join(&Q, &to_generator, &pvt),
            Stage::Verify,
        );
    }

    /// A message for which s came out below 2^256 − q, found by a search over 2³¹ messages.
    fn second_encoding(&mut self) {
        let message = b"00000000dc0e2705";
        let small = sample(&number("12345"), RFC_ID, &number("23456"), message, &number("34567"));
        self.add_sample(&["Valid", "LeadingZero"], "s with four leading zero octets", &small);
        let inputs = (small.key.kpak, small.key.id.clone());
        let again = join(&small.r(), &(small.s() + &*Q), &small.key.pvt);
        let flags = ["SGreaterEqualQ", "SecondEncoding"];
        self.add(
            &flags,
            "s + q for an honest s",
            (&inputs.0, &inputs.1, message),
            &again,
            Err(Stage::Decode),
        );
        let mirrored = join(&small.r(), &(&*Q - small.s()), &small.key.pvt);
        let inputs = (&inputs.0[..], &inputs.1[..], &message[..]);
        self.add(&["Malleable"], "q - s for an s with four leading zero octets", inputs, &mirrored, Ok(()));
    }

    fn inputs(&mut self) {
        let signature = self.rfc.signature.clone();
        let (kpak, id, message) = (self.rfc.key.kpak, self.rfc.key.id.clone(), self.rfc.message.clone());
        let doubled = message.repeat(2);
        let with_hash = concat(&[&self.rfc.key.hs, &message]);
        for (name, wrong) in [
            ("final NUL dropped", &b"message"[..]),
            ("NUL appended", b"message\0\0"),
            ("first octet dropped", b"essage\0"),
            ("empty", b""),
            ("upper case", b"MESSAGE\0"),
            ("space in place of NUL", b"message "),
            ("in UTF-16", b"\0m\0e\0s\0s\0a\0g\0e\0\0"),
            ("twice", &doubled),
            ("preceded by HS", &with_hash),
            ("the identity", RFC_ID),
        ] {
            let comment = format!("message: {name}");
            self.add(&["WrongMessage"], comment, (&kpak, &id, wrong), &signature, Err(Stage::Verify));
        }
        let with_pvt = concat(&[&id, &self.rfc.key.pvt]);
        let with_kpak = concat(&[&kpak, &id]);
        for (name, wrong) in [
            ("final NUL dropped", &b"2011-02\0tel:+447700900123"[..]),
            ("inner NUL dropped", b"2011-02tel:+447700900123\0"),
            ("both NULs dropped", b"2011-02tel:+447700900123"),
            ("NUL appended", b"2011-02\0tel:+447700900123\0\0"),
            ("NUL in front", b"\x002011-02\0tel:+447700900123\0"),
            ("truncated at the inner NUL", b"2011-02"),
            ("without its first octet", b"011-02\0tel:+447700900123\0"),
            ("next month", b"2011-03\0tel:+447700900123\0"),
            ("another number", b"2011-02\0tel:+447700900124\0"),
            ("upper case", b"2011-02\0TEL:+447700900123\0"),
            ("empty", b""),
            ("one NUL", b"\0"),
            ("followed by PVT", &with_pvt),
            ("preceded by KPAK", &with_kpak),
            ("the message", RFC_MESSAGE),
        ] {
            let comment = format!("identity: {name}");
            self.add(&["WrongIdentity"], comment, (&kpak, wrong, &message), &signature, Err(Stage::Verify));
        }
        let empty = self.random_sample(b"", b"message");
        let (kpak_of_empty, signature_of_empty) = (empty.key.kpak, empty.signature);
        for (name, wrong) in [("one NUL", &b"\0"[..]), ("a space", b" ")] {
            let comment = format!("identity: {name} in place of the empty one");
            let inputs = (&kpak_of_empty[..], wrong, &b"message"[..]);
            self.add(
                &["WrongIdentity", "EmptyInput"],
                comment,
                inputs,
                &signature_of_empty,
                Err(Stage::Verify),
            );
        }
        let swapped = (&kpak[..], &message[..], &id[..]);
        self.add(
            &["WrongIdentity", "WrongMessage"],
            "identity and message exchanged",
            swapped,
            &signature,
            Err(Stage::Verify),
        );

        let point = Point::decode(&kpak).expect("KPAK");
        for (name, wrong) in [
            ("of another KMS", self.other.key.kpak),
            ("negated", point.negate().encode()),
            ("doubled", point.add(&point).encode()),
            ("G", G.encode()),
            ("-G", G.negate().encode()),
            ("PVT", self.rfc.key.pvt),
            (
                "Y",
                point
                    .add(&Point::decode(&self.rfc.key.pvt).expect("PVT").mul(&from_octets(&self.rfc.key.hs)))
                    .encode(),
            ),
        ] {
            let comment = format!("KPAK: {name}");
            self.add(&["WrongKms"], comment, (&wrong, &id, &message), &signature, Err(Stage::Verify));
        }
    }

    fn formulas(&mut self) {
        let (r, s, pvt) = (self.rfc.r(), self.rfc.s(), self.rfc.key.pvt);
        let (ksak, ssk, j, v) = (number("12345"), self.rfc.key.ssk.clone(), number("34567"), number("23456"));
        let (hs, message, kpak) = (self.rfc.key.hs, self.rfc.message.clone(), self.rfc.key.kpak);
        let hs_number = from_octets(&hs);
        self.refuse(&["SwappedRS"], "r and s exchanged", &join(&s, &r, &pvt), Stage::Verify);
        let other = &self.other;
        let (swapped, inputs) = (
            join(&other.s(), &other.r(), &other.key.pvt),
            (other.key.kpak, other.key.id.clone(), other.message.clone()),
        );
        self.add(
            &["SwappedRS"],
            "r and s exchanged, other key",
            (&inputs.0, &inputs.1, &inputs.2),
            &swapped,
            Err(Stage::Verify),
        );
        for (name, value) in [
            ("s + 1", &s + 1u32),
            ("s - 1", &s - 1u32),
            ("2 s", &s * 2u32 % &*Q),
            ("s / 2", &s * inverse(&2u32.into(), &Q) % &*Q),
            ("1 / s", inverse(&s, &Q)),
            ("-1 / s", &*Q - inverse(&s, &Q)),
            ("p - s", &*P - &s),
            ("octets reversed", from_octets(&to_octets(&s).into_iter().rev().collect::<Vec<_>>())),
        ] {
            self.refuse(
                &["ModifiedS"],
                format!("s replaced: {name}"),
                &join(&r, &value, &pvt),
                Stage::Verify,
            );
        }

        let r_octets = to_octets(&r);
        let he = |input: &[&[u8]]| from_octets(&sha256(&concat(input)));
        let right = he(&[&hs, &r_octets, &message]);
        let with = |he: &BigUint, ssk: &BigUint| inverse(&((he + &r * ssk) % &*Q), &Q) * &j % &*Q;
        assert_eq!(with(&right, &ssk), s);
        let g = G.encode();
        let hs_by = |input: &[&[u8]]| (&ksak + he(input) * &v) % &*Q;
        let wrong: Vec<(&str, BigUint)> = vec![
            ("HE without HS", with(&he(&[&r_octets, &message]), &ssk)),
            ("HE without r", with(&he(&[&hs, &message]), &ssk)),
            ("HE of the message alone", with(&he(&[&message]), &ssk)),
            ("HE with the message in front", with(&he(&[&message, &hs, &r_octets]), &ssk)),
            ("HE with r before HS", with(&he(&[&r_octets, &hs, &message]), &ssk)),
            ("HE with the identity in place of HS", with(&he(&[RFC_ID, &r_octets, &message]), &ssk)),
            ("HE of a hashed message", with(&he(&[&hs, &r_octets, &sha256(&message)]), &ssk)),
            ("HE = 0", with(&BigUint::ZERO, &ssk)),
            ("ECDSA: the nonce inverted", inverse(&j, &Q) * (&right + &r * &ssk) % &*Q),
            ("r SSK subtracted", with(&right, &(&*Q - &ssk))),
            ("SSK without the factor r", inverse(&((&right + &ssk) % &*Q), &Q) * &j % &*Q),
            ("HE times r", inverse(&((&right * &r + &ssk) % &*Q), &Q) * &j % &*Q),
            ("HS without G", with(&right, &hs_by(&[&kpak, RFC_ID, &pvt]))),
            ("HS without KPAK", with(&right, &hs_by(&[&g, RFC_ID, &pvt]))),
            ("HS without PVT", with(&right, &hs_by(&[&g, &kpak, RFC_ID]))),
            ("HS with KPAK before G", with(&right, &hs_by(&[&kpak, &g, RFC_ID, &pvt]))),
            ("HS with PVT before the identity", with(&right, &hs_by(&[&g, &kpak, &pvt, RFC_ID]))),
            (
                "HS of points without form octets",
                with(&right, &hs_by(&[&g[1..], &kpak[1..], RFC_ID, &pvt[1..]])),
            ),
            (
                "HS of x-coordinates only",
                with(&right, &hs_by(&[&g[1..33], &kpak[1..33], RFC_ID, &pvt[1..33]])),
            ),
            ("SSK = KSAK - HS v", with(&right, &((&ksak + &*Q - &hs_number * &v % &*Q) % &*Q))),
            ("SSK = HS KSAK + v", with(&right, &((&hs_number * &ksak + &v) % &*Q))),
        ];
        for (name, s) in wrong {
            self.refuse(&["WrongFormula"], format!("formula: {name}"), &join(&r, &s, &pvt), Stage::Verify);
        }
        for (name, ssk) in [
            ("SSK = HS v, without KSAK", &hs_number * &v % &*Q),
            ("SSK = KSAK", ksak.clone()),
            ("SSK = v", v.clone()),
            ("SSK = 1", BigUint::from(1u32)),
            ("SSK = 0: s = j / HE", BigUint::ZERO),
            ("SSK + 1", &ssk + 1u32),
            ("q - SSK", &*Q - &ssk),
        ] {
            self.refuse(
                &["Forged"],
                format!("signed with {name}"),
                &join(&r, &with(&right, &ssk), &pvt),
                Stage::Verify,
            );
        }
        // PVT = -KPAK / HS would cancel KPAK out, but HS depends on PVT: the HS of another PVT is no use.
        let cancelling = Point::decode(&kpak).expect("KPAK").negate().mul(&inverse(&(&hs_number % &*Q), &Q));
        let shifted = cancelling.add(&mul_g(&v));
        for (name, pvt) in [("-KPAK/HS", cancelling.encode()), ("-KPAK/HS + [v]G", shifted.encode())] {
            self.refuse(
                &["Forged"],
                format!("PVT = {name} for an HS of before"),
                &join(&r, &with(&right, &(&hs_number * &v % &*Q)), &pvt),
                Stage::Verify,
            );
        }
    }

    fn pvt(&mut self) {
        let honest = self.rfc.signature.clone();
        let point = Point::decode(&self.rfc.key.pvt).expect("PVT");
        let pvt = self.rfc.key.pvt;
        let odd = pvt[64] & 1;
        let with = |pvt: &[u8]| concat(&[&honest[..64], pvt]);
        let (x, y) = (from_octets(&pvt[1..33]), from_octets(&pvt[33..]));
        let plain = |x: &BigUint, y: &BigUint| concat(&[&[4], &to_octets(x), &to_octets(y)]);
        let root_of_two = square_root(&2u32.into()).expect("p is 7 mod 8");
        for (name, bad) in [
            ("y + 1", plain(&x, &(&y + 1u32))),
            ("x + 1", plain(&(&x + 1u32), &y)),
            ("x and y exchanged", plain(&y, &x)),
            ("x = 0", plain(&BigUint::ZERO, &y)),
            ("y = 0", plain(&x, &BigUint::ZERO)),
            ("x = y = 1", plain(&1u32.into(), &1u32.into())),
            ("x = 2, y = sqrt(2): on the curve with B = 0", plain(&2u32.into(), &root_of_two)),
            ("x = y = p-1", plain(&(&*P - 1u32), &(&*P - 1u32))),
            ("x of G, y of PVT", plain(G.x(), &y)),
            ("x = 1, the x of no point", plain(&1u32.into(), &2u32.into())),
        ] {
            self.refuse(&["PvtOffCurve"], format!("PVT: {name}"), &with(&bad), Stage::Decode);
        }
        let tagged = |form: u8| with(&concat(&[&[form], &pvt[1..]]));
        self.refuse(
            &["PvtCompressed"],
            "form octet of the compressed form, right parity, y kept",
            &tagged(2 + odd),
            Stage::Decode,
        );
        self.refuse(
            &["PvtCompressed"],
            "form octet of the compressed form, wrong parity, y kept",
            &tagged(3 - odd),
            Stage::Decode,
        );
        self.refuse(
            &["PvtCompressed", "Length"],
            "compressed PVT, 97 octets in all",
            &with(&point.compress()),
            Stage::Decode,
        );
        let padded = concat(&[&point.compress(), &[0; 32]]);
        self.refuse(&["PvtCompressed"], "compressed PVT filled up with zeros", &with(&padded), Stage::Decode);
        self.refuse(&["PvtHybrid"], "hybrid form, right parity", &tagged(6 + odd), Stage::Decode);
        self.refuse(&["PvtHybrid"], "hybrid form, wrong parity", &tagged(7 - odd), Stage::Decode);
        for form in [0, 1, 5, 8, 0x40, 0x84, 0xff] {
            self.refuse(&["PvtForm"], format!("form octet {form:02x}"), &tagged(form), Stage::Decode);
        }
        self.refuse(&["PvtInfinity"], "PVT: 65 zero octets", &with(&[0; 65]), Stage::Decode);
        self.refuse(
            &["PvtInfinity"],
            "PVT: 04 and zeros",
            &with(&plain(&BigUint::ZERO, &BigUint::ZERO)),
            Stage::Decode,
        );
        self.refuse(
            &["PvtInfinity", "PvtNotReduced"],
            "PVT: x = y = p",
            &with(&plain(&P, &P)),
            Stage::Decode,
        );
        self.refuse(
            &["PvtInfinity", "Length"],
            "PVT: one zero octet, 65 octets in all",
            &with(&[0]),
            Stage::Decode,
        );
        for (name, bad) in unreduced_points() {
            self.refuse(&["PvtNotReduced"], format!("PVT: {name}"), &with(&bad), Stage::Decode);
        }
        for (name, x, y) in [
            ("x = p", P.clone(), y.clone()),
            ("y = p", x.clone(), P.clone()),
            ("x = 2^256-1", all_ones(), y.clone()),
            ("y = 2^256-1", x.clone(), all_ones()),
            ("x = y = 2^256-1", all_ones(), all_ones()),
        ] {
            self.refuse(&["PvtNotReduced"], format!("PVT: {name}"), &with(&plain(&x, &y)), Stage::Decode);
        }
        // reduced, and on the curve: the same points that the unreduced ones above stand for
        for (name, x, y) in small_coordinate_points() {
            self.refuse(
                &["PvtOfOtherKey"],
                format!("PVT: the point with {name}"),
                &with(&plain(&x, &y)),
                Stage::Verify,
            );
        }
        let kpak = Point::decode(&self.rfc.key.kpak).expect("KPAK");
        let sibling = eccsi::issue(&number("12345"), RFC_ID, &number("23457")).expect("usable v");
        for (flag, name, other) in [
            ("PvtNegated", "negated", point.negate()),
            ("PvtOfOtherKey", "doubled", point.add(&point)),
            (
                "PvtOfOtherKey",
                "of another KMS and identity",
                Point::decode(&self.other.key.pvt).expect("PVT"),
            ),
            (
                "PvtOfOtherKey",
                "of another key for the same identity",
                Point::decode(&sibling.pvt).expect("PVT"),
            ),
            ("PvtIsGenerator", "G", G.clone()),
            ("PvtIsGenerator", "-G", G.negate()),
            ("PvtIsKpak", "KPAK", kpak.clone()),
            ("PvtIsKpak", "-KPAK", kpak.negate()),
        ] {
            self.refuse(&[flag], format!("PVT: {name}"), &with(&other.encode()), Stage::Verify);
        }
    }

    fn bit_flips(&mut self) {
        let honest = self.rfc.signature.clone();
        let regions = [
            ("r", 0..32),
            ("s", 32..64),
            ("form octet of PVT", 64..65),
            ("x of PVT", 65..97),
            ("y of PVT", 97..129),
        ];
        for (region, range) in regions {
            let bits = range.len() * 8;
            let step = if bits == 8 { 1 } else { 31 };
            for bit in (0..bits).step_by(step).chain((bits > 8).then_some(bits - 1)) {
                let mut flipped = honest.clone();
                flipped[range.start + bit / 8] ^= 0x80 >> (bit % 8);
                let stage = if eccsi::well_formed(&flipped) { Stage::Verify } else { Stage::Decode };
                assert_eq!(stage == Stage::Decode, range.start >= 64, "{region}, bit {bit}");
                self.refuse(&["BitFlip"], format!("bit {bit} of {region}"), &flipped, stage);
            }
        }
        let (kpak, id, message) = (self.rfc.key.kpak, self.rfc.key.id.clone(), self.rfc.message.clone());
        for bit in (0..message.len() * 8).step_by(9) {
            let mut flipped = message.clone();
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            self.add(
                &["BitFlip", "WrongMessage"],
                format!("bit {bit} of the message"),
                (&kpak, &id, &flipped),
                &honest,
                Err(Stage::Verify),
            );
        }
        for bit in (0..id.len() * 8).step_by(25) {
            let mut flipped = id.clone();
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            self.add(
                &["BitFlip", "WrongIdentity"],
                format!("bit {bit} of the identity"),
                (&kpak, &flipped, &message),
                &honest,
                Err(Stage::Verify),
            );
        }
    }

    fn lengths(&mut self) {
        let honest = self.rfc.signature.clone();
        for length in [0, 1, 32, 63, 64, 65, 96, 97, 127, 128] {
            self.refuse(&["Length"], format!("the first {length} octets"), &honest[..length], Stage::Decode);
        }
        let octets: [(&str, Vec<u8>); 6] = [
            ("a zero octet appended", concat(&[&honest, &[0]])),
            ("a zero octet in front", concat(&[&[0], &honest])),
            ("PVT appended again", concat(&[&honest, &self.rfc.key.pvt])),
            ("twice the signature", honest.repeat(2)),
            ("hexadecimal text", hex(&honest).into_bytes()),
            ("without the first octet", honest[1..].to_vec()),
        ];
        for (name, signature) in octets {
            self.refuse(&["Length"], name, &signature, Stage::Decode);
        }
    }
}

/// The smallest k for which the encoding of \[k\]G looks as wanted.
fn smallest_multiple(wanted: impl Fn(&[u8; 65]) -> bool) -> BigUint {
    let (mut k, mut point) = (1u32, G.clone());
    while !wanted(&point.encode()) {
        (k, point) = (k + 1, point.add(&G));
    }
    k.into()
}

/// Points with a coordinate so small that 32 octets also hold it plus p. For y = 5 and y = 6, x is a
/// root of x³ − 3x + B − y², computed once.
pub(crate) fn small_coordinate_points() -> Vec<(&'static str, BigUint, BigUint)> {
    let root = |x: u32| number_root(&x.into());
    vec![
        ("x = 0", 0u32.into(), root(0)),
        ("x = 5", 5u32.into(), root(5)),
        ("x = 6", 6u32.into(), root(6)),
        ("y = 5", number("d7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7"), 5u32.into()),
        ("y = 6", number("9b21c2de1da31d68731dbdaf97d7ab3f979131e28e3dc5b2077d5a7187914a78"), 6u32.into()),
    ]
}

/// The same points in 65 octets with p added to the small coordinate.
pub(crate) fn unreduced_points() -> Vec<(String, Vec<u8>)> {
    small_coordinate_points()
        .into_iter()
        .map(|(name, x, y)| {
            Point::affine(x.clone(), y.clone());
            let (x, y) = if name.starts_with('x') { (x + &*P, y) } else { (x, y + &*P) };
            (format!("{name} plus p"), concat(&[&[4], &to_octets(&x), &to_octets(&y)]))
        })
        .collect()
}

fn number_root(x: &BigUint) -> BigUint {
    square_root(&right_side(x)).expect("on the curve")
}
