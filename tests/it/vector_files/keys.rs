//! `eccsi_keys.json`.

use super::verify::{RFC_ID, small_coordinate_points, unreduced_points};
use super::{file, notes};
use crate::model::eccsi::{self, UserKey};
use crate::model::p256::{G, P, Point, PointFault, Q, from_octets, mul_g, number, to_octets};
use crate::model::{Stream, concat, hex};
use crate::vectors::{KeyCase, Kind, Octets, Outcome, Stage, VectorFile};
use num_bigint::BigUint;

const NOTES: &[(&str, &str)] = &[
    (
        "Valid",
        "Accepted; the file then says what comes out (KPAK of a KSAK, point of a compressed PVT, HS of an issued key).",
    ),
    ("Length", "Wrong number of octets."),
    ("PointForm", "The form octet is not 04, or not 02 or 03 for a compressed point."),
    ("NotReduced", "A coordinate is p or more."),
    ("NotOnCurve", "The coordinates satisfy no curve equation, or no point has this x."),
    ("OutOfRange", "A scalar that is not in 1..q-1. It must not be reduced."),
    ("Infinity", "The identity in some encoding or other; it is no key."),
    ("SmallCoordinate", "A coordinate so small that it has a second encoding in 32 octets, with p added."),
    ("WrongSsk", "Validation (RFC 6507 section 5.1.2) with an SSK that is not the issued one."),
    ("WrongIdentity", "Validation under another identity."),
    ("WrongKms", "Validation under another KPAK."),
    ("WrongPvt", "Validation with another PVT."),
    ("WrongFormula", "SSK made with a formula that differs from RFC 6507 section 5.1.1 in one place."),
    ("EdgeKey", "KSAK or v is 1 or q-1, or two points coincide."),
];

pub(crate) fn generate() -> VectorFile<KeyCase> {
    let mut cases = Cases::new();
    for kind in [Kind::Kpak, Kind::Pvt] {
        cases.points(kind);
    }
    cases.compressed();
    for kind in [Kind::Ksak, Kind::Ssk] {
        cases.scalars(kind);
    }
    cases.issued();
    file("ECCSI keys, RFC 6507 sections 4 and 5.1, P-256 with SHA-256", "KeyCase", notes(NOTES), cases.list)
}

struct Cases {
    list: Vec<KeyCase>,
    stream: Stream,
    key: UserKey,
}

/// The flag that says what is wrong with a point.
fn flag(fault: PointFault) -> &'static str {
    match fault {
        PointFault::Length => "Length",
        PointFault::Form => "PointForm",
        PointFault::NotReduced => "NotReduced",
        PointFault::NotOnCurve => "NotOnCurve",
    }
}

impl Cases {
    fn new() -> Self {
        let key = eccsi::issue(&number("12345"), RFC_ID, &number("23456")).expect("usable v");
        Self { list: Vec::new(), stream: Stream::new("eccsi_keys.json 1"), key }
    }

    fn add(&mut self, kind: Kind, flags: &[&str], comment: String, stage: Option<Stage>) -> &mut KeyCase {
        self.list.push(KeyCase {
            tc_id: 0,
            comment,
            flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
            kind,
            ksak: None,
            kpak: None,
            id: None,
            ssk: None,
            pvt: None,
            point: None,
            hs: None,
            result: if stage.is_none() { Outcome::Valid } else { Outcome::Invalid },
            stage,
        });
        self.list.last_mut().expect("just added")
    }

    fn point(&mut self, kind: Kind, name: &str, octets: &[u8], extra: &[&str]) {
        let decoded =
            if kind == Kind::PvtCompressed { Point::decompress(octets) } else { Point::decode(octets) };
        let mut flags = vec![decoded.as_ref().err().map_or("Valid", |fault| flag(*fault))];
        flags.extend(extra);
        let (label, stage) = (label(kind), decoded.as_ref().err().map(|_| Stage::Decode));
        let case = self.add(kind, &flags, format!("{label}: {name}"), stage);
        *(if kind == Kind::Kpak { &mut case.kpak } else { &mut case.pvt }) = Some(hex(octets));
        if kind == Kind::PvtCompressed {
            case.point = decoded.ok().map(|point| hex(point.encode()));
        }
    }

    fn points(&mut self, kind: Kind) {
        let own = if kind == Kind::Kpak { self.key.kpak } else { self.key.pvt };
        let odd = own[64] & 1;
        let random = mul_g(&self.stream.scalar()).encode();
        let plain = |x: &BigUint, y: &BigUint| concat(&[&[4], &to_octets(x), &to_octets(y)]);
        let tagged = |form: u8| concat(&[&[form], &own[1..]]);
        let (x, y) = (from_octets(&own[1..33]), from_octets(&own[33..]));
        self.point(kind, "of RFC 6507 Appendix A", &own, &[]);
        self.point(kind, "random", &random, &[]);
        self.point(kind, "G", &G.encode(), &["EdgeKey"]);
        self.point(kind, "-G", &G.negate().encode(), &["EdgeKey"]);
        for (name, x, y) in small_coordinate_points() {
            self.point(kind, &format!("point with {name}"), &plain(&x, &y), &["SmallCoordinate"]);
            self.point(
                kind,
                &format!("the negative of the point with {name}"),
                &plain(&x, &(&*P - y)),
                &["SmallCoordinate"],
            );
        }
        for (name, octets) in unreduced_points() {
            self.point(kind, &name, &octets, &["SmallCoordinate"]);
        }
        self.point(kind, "x = p", &plain(&P, &y), &[]);
        self.point(kind, "y = p", &plain(&x, &P), &[]);
        self.point(kind, "x and y all ones", &concat(&[&[4], &[0xff; 64]]), &[]);
        self.point(kind, "y + 1", &plain(&x, &(&y + 1u32)), &[]);
        self.point(kind, "x and y exchanged", &plain(&y, &x), &[]);
        self.point(kind, "x = 1, the x of no point", &plain(&1u32.into(), &2u32.into()), &[]);
        self.point(kind, "x = y = p-1", &plain(&(&*P - 1u32), &(&*P - 1u32)), &[]);
        for form in [0, 1, 2 + odd, 3 - odd, 5, 6 + odd, 7 - odd, 0x84, 0xff] {
            self.point(kind, &format!("form octet {form:02x}"), &tagged(form), &[]);
        }
        self.point(kind, "65 zero octets", &[0; 65], &["Infinity"]);
        self.point(kind, "04 and zeros", &concat(&[&[4], &[0; 64]]), &["Infinity"]);
        self.point(kind, "one zero octet", &[0], &["Infinity"]);
        self.point(kind, "nothing", &[], &[]);
        self.point(kind, "form octet missing", &own[1..], &[]);
        self.point(kind, "last octet missing", &own[..64], &[]);
        self.point(kind, "an octet too many", &concat(&[&own, &[0]]), &[]);
        self.point(kind, "compressed", &Point::decode(&own).expect("point").compress(), &[]);
    }

    fn compressed(&mut self) {
        let kind = Kind::PvtCompressed;
        let own = Point::decode(&self.key.pvt).expect("PVT");
        let random = mul_g(&self.stream.scalar());
        for (name, point) in [("of RFC 6507 Appendix A", &own), ("random", &random), ("G", &*G)] {
            self.point(kind, name, &point.compress(), &[]);
            self.point(kind, &format!("{name}, negated"), &point.negate().compress(), &[]);
        }
        for (name, x, y) in small_coordinate_points() {
            self.point(
                kind,
                &format!("point with {name}"),
                &Point::affine(x, y).compress(),
                &["SmallCoordinate"],
            );
        }
        let tagged = |form: u8, x: &BigUint| concat(&[&[form], &to_octets(x)]);
        for x in [0u32, 5, 6] {
            self.point(kind, &format!("x = {x} plus p"), &tagged(2, &(&*P + x)), &["SmallCoordinate"]);
        }
        for x in [1u32, 2, 3, 4, 7] {
            for form in [2, 3] {
                self.point(
                    kind,
                    &format!("{form:02x} and x = {x}, the x of no point"),
                    &tagged(form, &x.into()),
                    &[],
                );
            }
        }
        self.point(kind, "x = p-1", &tagged(2, &(&*P - 1u32)), &[]);
        self.point(kind, "x = 2^256-1", &concat(&[&[3], &[0xff; 32]]), &[]);
        for form in [0, 1, 4, 5, 6, 7, 0x82, 0xff] {
            self.point(
                kind,
                &format!("form octet {form:02x}"),
                &concat(&[&[form], &own.compress()[1..]]),
                &[],
            );
        }
        self.point(kind, "33 zero octets", &[0; 33], &["Infinity"]);
        self.point(kind, "one zero octet", &[0], &["Infinity"]);
        self.point(kind, "nothing", &[], &[]);
        self.point(kind, "32 octets", &own.compress()[..32], &[]);
        self.point(kind, "34 octets", &concat(&[&own.compress(), &[0]]), &[]);
        self.point(kind, "uncompressed", &own.encode(), &[]);
    }

    fn scalars(&mut self, kind: Kind) {
        let ones = (BigUint::from(1u32) << 256) - 1u32;
        for (name, value) in [
            ("0", BigUint::ZERO),
            ("1", 1u32.into()),
            ("2", 2u32.into()),
            ("2^255", BigUint::from(1u32) << 255),
            ("q-2", &*Q - 2u32),
            ("q-1", &*Q - 1u32),
            ("q", Q.clone()),
            ("q+1", &*Q + 1u32),
            ("p-1", &*P - 1u32),
            ("p", P.clone()),
            ("2^256-1", ones),
            ("random", self.stream.scalar()),
        ] {
            let in_range = value != BigUint::ZERO && value < *Q;
            self.scalar(kind, name, &to_octets(&value), if in_range { "Valid" } else { "OutOfRange" });
        }
        let one = to_octets(&1u32.into());
        for (name, octets) in [
            ("nothing", vec![]),
            ("1 in one octet", vec![1]),
            ("31 octets", one[1..].to_vec()),
            ("33 octets, a zero in front", concat(&[&[0], &one])),
            ("33 octets, a zero behind", concat(&[&one, &[0]])),
            ("64 octets", concat(&[&one, &one])),
        ] {
            self.scalar(kind, name, &octets, "Length");
        }
    }

    fn scalar(&mut self, kind: Kind, name: &str, octets: &[u8], flag: &str) {
        let pvt = hex(self.key.pvt);
        let stage = (flag != "Valid").then_some(Stage::Decode);
        let case = self.add(kind, &[flag], format!("{}: {name}", label(kind)), stage);
        if kind == Kind::Ksak {
            case.ksak = Some(hex(octets));
            case.kpak = stage.is_none().then(|| hex(eccsi::public_key(&from_octets(octets)).encode()));
        } else {
            (case.ssk, case.pvt) = (Some(hex(octets)), Some(pvt));
        }
    }

    fn validate(
        &mut self,
        flags: &[&str],
        name: &str,
        (kpak, id, pvt): (&[u8; 65], &[u8], &[u8; 65]),
        ssk: &BigUint,
    ) {
        let valid = eccsi::validate(kpak, id, pvt, ssk);
        assert_eq!(valid, flags.contains(&"Valid"), "{name}");
        let case =
            self.add(Kind::Issued, flags, format!("issued key: {name}"), (!valid).then_some(Stage::Verify));
        case.kpak = Some(hex(kpak));
        case.id = Some(Octets::new(id));
        case.pvt = Some(hex(pvt));
        case.ssk = Some(hex(to_octets(ssk)));
        case.hs = valid.then(|| hex(eccsi::hs(kpak, id, pvt)));
    }

    fn issued(&mut self) {
        let key = self.key.clone();
        let own = (&key.kpak, &key.id[..], &key.pvt);
        self.validate(&["Valid"], "of RFC 6507 Appendix A", own, &key.ssk);
        for length in [0, 1, 26, 206, 65_535, 65_536] {
            let (ksak, v) = (self.stream.scalar(), self.stream.scalar());
            let random = eccsi::issue(&ksak, &vec![0x41; length], &v).expect("usable v");
            let inputs = (&random.kpak, &random.id[..], &random.pvt);
            self.validate(&["Valid"], &format!("random, identity of {length} octets"), inputs, &random.ssk);
        }
        let (one, last) = (BigUint::from(1u32), &*Q - 1u32);
        let ksak = self.stream.scalar();
        for (name, ksak, v) in [
            ("KSAK = 1", &one, &ksak),
            ("KSAK = q-1", &last, &ksak),
            ("v = 1", &ksak, &one),
            ("v = q-1", &ksak, &last),
            ("v = KSAK", &ksak, &ksak),
            ("v = -KSAK", &ksak, &(&*Q - &ksak)),
            ("KSAK = v = 1", &one, &one),
            ("KSAK = 1, v = q-1", &one, &last),
        ] {
            let edge = eccsi::issue(ksak, b"edge", v).expect("usable v");
            self.validate(&["Valid", "EdgeKey"], name, (&edge.kpak, &edge.id, &edge.pvt), &edge.ssk);
        }

        let (ksak, v, hs) = (number("12345"), number("23456"), from_octets(&key.hs));
        for (name, ssk) in [
            ("SSK + 1", &key.ssk + 1u32),
            ("SSK - 1", &key.ssk - 1u32),
            ("q - SSK", &*Q - &key.ssk),
            ("2 SSK", &key.ssk * 2u32 % &*Q),
            ("1", 1u32.into()),
            ("q-1", &*Q - 1u32),
            ("KSAK", ksak.clone()),
            ("v", v.clone()),
            ("HS", &hs % &*Q),
            ("octets reversed", from_octets(&to_octets(&key.ssk).into_iter().rev().collect::<Vec<_>>())),
            ("lowest bit inverted", &key.ssk ^ BigUint::from(1u32)),
            ("highest bit inverted", &key.ssk ^ (BigUint::from(1u32) << 255)),
        ] {
            self.validate(&["WrongSsk"], &format!("SSK replaced by {name}"), own, &ssk);
        }
        for (name, ssk) in [
            ("HS v, without KSAK", &hs * &v % &*Q),
            ("KSAK - HS v", (&ksak + &*Q - &hs * &v % &*Q) % &*Q),
            ("HS KSAK + v", (&hs * &ksak + &v) % &*Q),
            ("KSAK + v", &ksak + &v),
            ("HS (KSAK + v)", (&ksak + &v) * &hs % &*Q),
        ] {
            self.validate(&["WrongFormula"], &format!("SSK = {name}"), own, &ssk);
        }
        for (name, id) in [
            ("final NUL dropped", &b"2011-02\0tel:+447700900123"[..]),
            ("inner NUL dropped", b"2011-02tel:+447700900123\0"),
            ("NUL appended", b"2011-02\0tel:+447700900123\0\0"),
            ("next month", b"2011-03\0tel:+447700900123\0"),
            ("upper case", b"2011-02\0TEL:+447700900123\0"),
            ("empty", b""),
        ] {
            self.validate(
                &["WrongIdentity"],
                &format!("identity {name}"),
                (&key.kpak, id, &key.pvt),
                &key.ssk,
            );
        }
        let (kpak, pvt) = (Point::decode(&key.kpak).expect("KPAK"), Point::decode(&key.pvt).expect("PVT"));
        let random = mul_g(&self.stream.scalar());
        for (name, wrong) in [
            ("negated", kpak.negate()),
            ("doubled", kpak.add(&kpak)),
            ("random", random.clone()),
            ("G", G.clone()),
            ("PVT", pvt.clone()),
            ("Y", kpak.add(&pvt.mul(&hs))),
        ] {
            self.validate(
                &["WrongKms"],
                &format!("KPAK {name}"),
                (&wrong.encode(), &key.id, &key.pvt),
                &key.ssk,
            );
        }
        let sibling = eccsi::issue(&ksak, &key.id, &(&v + 1u32)).expect("usable v");
        for (name, wrong) in [
            ("negated", pvt.negate()),
            ("doubled", pvt.add(&pvt)),
            ("random", random),
            ("G", G.clone()),
            ("KPAK", kpak.clone()),
            ("of another key for the same identity", Point::decode(&sibling.pvt).expect("PVT")),
        ] {
            self.validate(
                &["WrongPvt"],
                &format!("PVT {name}"),
                (&key.kpak, &key.id, &wrong.encode()),
                &key.ssk,
            );
        }
        self.validate(
            &["Valid"],
            "the other key for the same identity",
            (&key.kpak, &key.id, &sibling.pvt),
            &sibling.ssk,
        );
        self.validate(&["WrongSsk"], "SSK of the other key for the same identity", own, &sibling.ssk);
        let exchanged = (&key.pvt, &key.id[..], &key.kpak);
        self.validate(&["WrongKms", "WrongPvt"], "KPAK and PVT exchanged", exchanged, &key.ssk);
    }
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::Kpak => "KPAK",
        Kind::Pvt => "PVT",
        Kind::PvtCompressed => "compressed PVT",
        Kind::Ksak => "KSAK",
        Kind::Ssk => "SSK",
        Kind::Issued => "issued key",
    }
}
