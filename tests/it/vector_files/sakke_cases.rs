//! The cases of vectors/sakke_decapsulate.json. What each must lead to is computed by the model,
//! not written down beside it.

use crate::model::hex;
use crate::sakke_model::{self as model, Base, Kms, Point, Receiver, Walk};
use crate::sakke_model::{encode, octets, right_side, square_root, xor};
use crate::vectors::{Outcome, SakkeCase, SakkeKeys, SakkeStage as Stage, VectorFile};
use num_bigint::BigUint;
use sha2::{Digest, Sha256};

const NOTES: &[(&str, &str)] = &[
    ("Appendix", "The example of RFC 6508 Appendix A."),
    ("Valid", "Made as RFC 6508 says."),
    ("Length", "A wrong number of octets."),
    ("PointForm", "RFC 6508 section 4: a point begins with 04; no other form is allowed."),
    ("NotReduced", "A coordinate that is not below p, also where its residue would be right."),
    (
        "OffCurve",
        "Coordinates that do not satisfy y^2 = x^3 - 3x. The formulas of the pairing do not notice.",
    ),
    ("OrderTwo", "(0, 0), the one point of order two."),
    ("OrderFour", "A point of order four."),
    (
        "SmallOrderPart",
        "A right point plus a point of order 2 or 4. As RSK it satisfies the pairing equation in the argument order of RFC 6508; as R it leads to the same w.",
    ),
    ("RandomPoint", "A point of the curve that nobody derived from an SSV."),
    ("WrongPoint", "A known point of order q in a place where it does not belong."),
    ("Negated", "The right point with the other y."),
    ("BitR", "One bit of R changed."),
    ("BitH", "One bit of H changed."),
    ("ChangedH", "H exchanged for another value."),
    ("OtherIdentity", "Made for another identity, or given out as such."),
    ("OtherKms", "Made under another KMS."),
    (
        "ChosenExponent",
        "R and H belong together, but r is not the hash of SSV and identity. Without the comparison of TEST with R this would be accepted.",
    ),
    ("WrongHash", "A sender that computes a hash in another way than RFC 6508 section 5.1."),
    ("IdentityRange", "RFC 6508 section 2.2: an identity is an integer in [2, q-1]."),
];

/// A pseudo-random integer, the same in every run.
fn number(label: &str) -> BigUint {
    let blocks = (0u8..4).flat_map(|i| Sha256::digest([&[i], label.as_bytes()].concat()).to_vec());
    BigUint::from_bytes_be(&blocks.collect::<Vec<_>>()) % &*model::Q
}

fn ssv(label: &str) -> [u8; 16] {
    Sha256::digest(label)[..16].try_into().expect("16 octets")
}

struct Generator {
    kms: Kms,
    receiver: Receiver,
    cases: Vec<SakkeCase>,
}

/// Keys of a case, as octets, where they differ from the defaults.
#[derive(Clone, Default)]
struct Own {
    z: Option<Vec<u8>>,
    id: Option<Vec<u8>>,
    k: Option<Vec<u8>>,
}

impl Generator {
    fn push(
        &mut self,
        flag: &str,
        comment: &str,
        own: Own,
        data: Option<Vec<u8>>,
        stage: Stage,
        outcome: Result<Option<[u8; 16]>, &str>,
    ) {
        self.cases.push(SakkeCase {
            tc_id: 0,
            comment: comment.to_owned(),
            flags: vec![flag.to_owned()],
            kms_public_key: own.z.map(hex),
            identity: own.id.map(hex),
            receiver_secret_key: own.k.map(hex),
            encapsulated_data: data.map(hex),
            result: if outcome.is_ok() { Outcome::Valid } else { Outcome::Invalid },
            stage,
            error: outcome.err().map(str::to_owned),
            ssv: outcome.ok().flatten().map(hex),
        });
    }

    /// Octets of a point: what is wrong with them, if anything, where any order will do.
    fn fault(octets: &[u8], length: usize) -> Result<Point, &'static str> {
        if octets.len() != length {
            return Err("length");
        }
        if octets[0] != 4 {
            return Err("form");
        }
        let (x, y) = (BigUint::from_bytes_be(&octets[1..129]), BigUint::from_bytes_be(&octets[129..257]));
        if x >= *model::P || y >= *model::P {
            return Err("range");
        }
        if &y * &y % &*model::P != right_side(&x) {
            return Err("curve");
        }
        if y == BigUint::ZERO { Err("order") } else { Ok(Point::new(x, y)) }
    }

    /// Encapsulated Data for the default receiver.
    fn data(&mut self, flag: &str, comment: &str, octets: Vec<u8>) {
        let (stage, outcome) = match Self::fault(&octets, 273) {
            Err(error) => (Stage::Decode, Err(error)),
            Ok(r) => {
                let h = octets[257..].try_into().expect("16 octets");
                (Stage::Decapsulate, self.receiver.decapsulate(&r, &h).map(Some).ok_or("failed"))
            }
        };
        self.push(flag, comment, Own::default(), Some(octets), stage, outcome);
    }

    fn point_and_h(&mut self, flag: &str, comment: &str, r: &Point, h: &[u8; 16]) {
        self.data(flag, comment, [r.encode(), h.to_vec()].concat());
    }

    /// Is `point` of order q?
    fn has_order_q(point: &Point) -> bool {
        point.mul(&model::Q) == Point::INFINITY
    }

    /// A Receiver Secret Key for the default identity.
    fn key(&mut self, flag: &str, comment: &str, octets: Vec<u8>) {
        let (stage, outcome) = match Self::fault(&octets, 257) {
            Err(error) => (Stage::Decode, Err(error)),
            Ok(k) => (Stage::Validate, if k == self.receiver.key { Ok(None) } else { Err("key") }),
        };
        self.push(flag, comment, Own { k: Some(octets), ..Own::default() }, None, stage, outcome);
    }

    /// A KMS public key, to validate the default key under it.
    fn kms_key(&mut self, flag: &str, comment: &str, octets: Vec<u8>) {
        let (stage, outcome) = match Self::fault(&octets, 257) {
            Err(error) => (Stage::Decode, Err(error)),
            Ok(z) if !Self::has_order_q(&z) => (Stage::Decode, Err("order")),
            Ok(z) => (Stage::Validate, if z == self.kms.public { Ok(None) } else { Err("key") }),
        };
        self.push(flag, comment, Own { z: Some(octets), ..Own::default() }, None, stage, outcome);
    }
}

/// Wrong encodings of a point, with the flag and a comment.
fn encodings(point: &Point) -> Vec<(&'static str, String, Vec<u8>)> {
    let (x, y) = (point.x(), point.y());
    let p = &*model::P;
    let right = point.encode();
    let mut all = Vec::new();
    for form in [0, 1, 2, 3, 5, 6, 7, 0x40, 0x84, 0xff] {
        let mut octets = right.clone();
        octets[0] = form;
        all.push(("PointForm", format!("form octet {form:02x}"), octets));
    }
    let ones: BigUint = (BigUint::from(1u8) << 1024) - 1u8;
    for (comment, x, y) in [
        ("x = p", p.clone(), y.clone()),
        ("x = p, y = 0", p.clone(), BigUint::ZERO),
        ("y = p", x.clone(), p.clone()),
        ("x = y = p", p.clone(), p.clone()),
        ("x = 0, y = p", BigUint::ZERO, p.clone()),
        ("x all ones", ones.clone(), y.clone()),
        ("y all ones", x.clone(), ones),
    ] {
        all.push(("NotReduced", comment.to_owned(), encode(&x, &y)));
    }
    for (comment, x, y) in [
        ("x + 1", (x + 1u8) % p, y.clone()),
        ("y + 1", x.clone(), (y + 1u8) % p),
        ("x and y exchanged", y.clone(), x.clone()),
        ("x negated: the point lies on the twist", p - x, y.clone()),
        ("y = 0", x.clone(), BigUint::ZERO),
        ("x = 0", BigUint::ZERO, y.clone()),
        ("x = 0, y = 1", BigUint::ZERO, BigUint::from(1u8)),
        ("x = p - 1, y = 0", p - 1u8, BigUint::ZERO),
    ] {
        all.push(("OffCurve", comment.to_owned(), encode(&x, &y)));
    }
    all.push(("OrderTwo", "(0, 0)".to_owned(), encode(&BigUint::ZERO, &BigUint::ZERO)));
    all
}

fn flip(octets: &[u8], bit: usize) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets[bit / 8] ^= 0x80 >> (bit % 8);
    octets
}

pub(crate) fn generate() -> VectorFile<SakkeCase> {
    let z = BigUint::parse_bytes(b"aff429d35f84b110d094803b3595a6e2998bc99f", 16).expect("hexadecimal");
    let kms = Kms::new(z);
    let id = b"2011-02\0tel:+447700900123\0";
    let receiver = Receiver::new(&kms, id);
    let mut g = Generator { kms, receiver, cases: Vec::new() };
    honest(&mut g);
    encodings_of_data(&mut g);
    points(&mut g);
    bits(&mut g);
    hashes(&mut g);
    others(&mut g);
    receiver_keys(&mut g);
    kms_keys(&mut g);
    identities(&mut g);
    let mut file = super::file(
        "SAKKE decapsulation, RFC 6508 section 6.2.2, parameter set 1 of RFC 6509",
        "SakkeCase",
        super::notes(NOTES),
        g.cases,
    );
    file.defaults = Some(SakkeKeys {
        kms_public_key: hex(g.kms.public.encode()),
        identity: hex(&g.receiver.id),
        receiver_secret_key: hex(g.receiver.key.encode()),
    });
    file
}

/// Valid cases.
fn honest(g: &mut Generator) {
    let appendix = 0x1234_5678_9abc_def0_1234_5678_9abc_def0_u128.to_be_bytes();
    let (r, h) = g.receiver.encapsulate(&appendix);
    g.point_and_h("Appendix", "RFC 6508 Appendix A", &r, &h);
    for (comment, ssv) in
        [("SSV all zeros", [0; 16]), ("SSV all ones", [0xff; 16]), ("some SSV", ssv("valid"))]
    {
        let (r, h) = g.receiver.encapsulate(&ssv);
        g.point_and_h("Valid", comment, &r, &h);
    }
    let below_q = octets(&(&*model::Q - 1u8)).to_vec();
    for (comment, id) in [
        ("the smallest identity, 2", vec![2]),
        ("an identity with zeros before it, which are hashed", vec![0, 0, 7]),
        ("an identity of 127 octets", vec![0xee; 127]),
        ("the largest identity, q - 1", below_q),
        ("an identity of 32 octets, as SHA-256 gives", Sha256::digest(b"//sp.example/CSE").to_vec()),
    ] {
        let receiver = Receiver::new(&g.kms, &id);
        let ssv = ssv(comment);
        let (r, h) = receiver.encapsulate(&ssv);
        let opened = receiver.decapsulate(&r, &h);
        assert_eq!(opened, Some(ssv));
        let own = Own { id: Some(id), k: Some(receiver.key.encode()), z: None };
        let data = [r.encode(), h.to_vec()].concat();
        g.push("Valid", comment, own, Some(data), Stage::Decapsulate, Ok(opened));
    }
    for (comment, z) in [("master secret 2", BigUint::from(2u8)), ("master secret q - 1", &*model::Q - 1u8)] {
        let kms = Kms::new(z);
        let receiver = Receiver::new(&kms, &g.receiver.id);
        let ssv = ssv(comment);
        let (r, h) = receiver.encapsulate(&ssv);
        let opened = receiver.decapsulate(&r, &h);
        let own = Own { z: Some(kms.public.encode()), k: Some(receiver.key.encode()), id: None };
        let data = [r.encode(), h.to_vec()].concat();
        g.push("Valid", comment, own, Some(data), Stage::Decapsulate, Ok(opened));
    }
}

fn encodings_of_data(g: &mut Generator) {
    let (r, h) = g.receiver.encapsulate(&ssv("encodings"));
    let right = [r.encode(), h.to_vec()].concat();
    for length in [0, 1, 16, 129, 256, 257, 272] {
        g.data("Length", &format!("{length} octets"), right[..length].to_vec());
    }
    g.data("Length", "274 octets", [right.as_slice(), &[0]].concat());
    g.data("Length", "289 octets, as for an SSV of 256 bits", [right.as_slice(), &[0; 16]].concat());
    g.data("Length", "x only", [[2].as_slice(), &right[1..129], &h].concat());
    g.data("Length", "infinity as one octet", [[0].as_slice(), &h].concat());
    for (flag, comment, point) in encodings(&r) {
        g.data(flag, &format!("R: {comment}"), [point, h.to_vec()].concat());
    }
    // A point whose x or y leaves room for p above it.
    let room: BigUint = (BigUint::from(1u8) << 1024) - &*model::P;
    let mut small = Point::at_or_after(BigUint::from(5u8));
    if *small.y() >= room {
        small = small.negate();
    }
    let (x, y) = (small.x().clone(), small.y().clone());
    g.data(
        "NotReduced",
        "R: x + p of a point of the curve",
        [encode(&(&x + &*model::P), &y), h.to_vec()].concat(),
    );
    if y < room {
        let y = &y + &*model::P;
        g.data("NotReduced", "R: y + p of a point of the curve", [encode(&x, &y), h.to_vec()].concat());
    }
    // Other curves, on which discrete logarithms or subgroups are weaker.
    for (comment, a, b) in [
        ("y^2 = x^3 - 3x + 1", &*model::P - 3u8, BigUint::from(1u8)),
        ("y^2 = x^3 + x", BigUint::from(1u8), BigUint::ZERO),
        ("y^2 = x^3", BigUint::ZERO, BigUint::ZERO),
    ] {
        let mut x = number(comment);
        let y = loop {
            let value = (&x * &x * &x + &a * &x + &b) % &*model::P;
            match square_root(&value) {
                Some(y) => break y,
                None => x += 1u8,
            }
        };
        g.data("OffCurve", &format!("R on {comment}"), [encode(&x, &y), h.to_vec()].concat());
    }
}

fn points(g: &mut Generator) {
    let (r, h) = g.receiver.encapsulate(&ssv("points"));
    let [two, four, minus] = model::small_order();
    g.point_and_h("OrderFour", "R of order 4", &four, &h);
    g.point_and_h("OrderFour", "R of order 4, the other one", &minus, &h);
    let zero = xor(&[0; 16], &model::mask(&BigUint::ZERO));
    g.point_and_h("OrderFour", "R of order 4, H for the value it leads to", &four, &zero);
    for (comment, t) in [("2", &two), ("4", &four), ("4, the other one", &minus)] {
        g.point_and_h("SmallOrderPart", &format!("R plus the point of order {comment}"), &r.add(t), &h);
    }
    g.point_and_h("Negated", "-R", &r.negate(), &h);
    g.point_and_h("Negated", "-R plus the point of order 2", &r.negate().add(&two), &h);
    let random = Point::at_or_after(number("a point"));
    g.point_and_h("RandomPoint", "a point of the curve", &random, &h);
    g.point_and_h("RandomPoint", "twice that point", &random.add(&random), &h);
    let four_times = random.add(&random).add(&random.add(&random));
    assert!(Generator::has_order_q(&four_times));
    g.point_and_h("RandomPoint", "four times that point: order q", &four_times, &h);
    let value = Walk::new(&g.receiver.key).pairing(&four_times);
    let matching = xor(&ssv("random point"), &model::mask(&value));
    g.point_and_h(
        "RandomPoint",
        "the same, with an H that only the receiver could make",
        &four_times,
        &matching,
    );
    let (base, public, key) = (model::BASE.clone(), g.kms.public.clone(), g.receiver.key.clone());
    let bound = g.kms.bound(&g.receiver.id);
    for (comment, point) in [
        ("2R", r.add(&r)),
        ("R + P", r.add(&base)),
        ("P", base.clone()),
        ("Z", public),
        ("[b]P + Z", bound),
        ("K", key),
        ("[r]P", base.mul(&model::exponent(&ssv("points"), &g.receiver.id))),
    ] {
        g.point_and_h("WrongPoint", &format!("R = {comment}"), &point, &h);
    }
    let (other, _) = g.receiver.encapsulate(&ssv("another"));
    g.point_and_h("WrongPoint", "R of another SSV", &other, &h);
}

fn bits(g: &mut Generator) {
    let (r, h) = g.receiver.encapsulate(&ssv("bits"));
    let right = [r.encode(), h.to_vec()].concat();
    for region in 0..8 {
        // One bit in each eighth of x and of y, never at the same place in it.
        let bit = 8 + 128 * region + 17 * region % 128;
        g.data("BitR", &format!("bit {} of x", bit - 8), flip(&right, bit));
        g.data("BitR", &format!("bit {} of y", bit - 8), flip(&right, bit + 1024));
    }
    g.data("BitR", "the lowest bit of x", flip(&right, 8 + 1023));
    g.data("BitR", "the lowest bit of y", flip(&right, 8 + 2047));
    for octet in 0..16 {
        let bit = 8 * octet + octet % 8;
        g.data("BitH", &format!("bit {bit} of H"), flip(&right, 8 * 257 + bit));
    }
    for (comment, h) in [
        ("zeros", [0; 16]),
        ("ones", [0xff; 16]),
        ("SSV itself", ssv("bits")),
        ("the mask", xor(&h, &ssv("bits"))),
        ("H reversed", std::array::from_fn(|i| h[15 - i])),
        ("H of another SSV", g.receiver.encapsulate(&ssv("another")).1),
    ] {
        g.point_and_h("ChangedH", comment, &r, &h);
    }
}

fn hashes(g: &mut Generator) {
    let ssv = ssv("hashes");
    let id = g.receiver.id.clone();
    let r = model::exponent(&ssv, &id);
    for (comment, r) in [
        ("r + 1", (&r + 1u8) % &*model::Q),
        ("r of no SSV", number("some r")),
        ("r = 1", BigUint::from(1u8)),
        ("-r", &*model::Q - &r),
    ] {
        let (point, h) = g.receiver.send(&ssv, &r);
        g.point_and_h("ChosenExponent", comment, &point, &h);
    }
    let q = &*model::Q;
    let padded = octets(&BigUint::from_bytes_be(&id));
    for (comment, input) in [
        ("r from b and SSV in the other order", [id.as_slice(), &ssv].concat()),
        ("r from SSV alone", ssv.to_vec()),
        ("r with b padded to 128 octets", [ssv.as_slice(), &padded].concat()),
        ("r with b in hexadecimal", [ssv.as_slice(), hex(&id).as_bytes()].concat()),
    ] {
        let (point, h) = g.receiver.send(&ssv, &model::hash_to_integer_range(&input, q));
        g.point_and_h("WrongHash", comment, &point, &h);
    }
    let short = model::hash_to_integer_range(&[ssv.as_slice(), &id].concat(), &(BigUint::from(1u8) << 256));
    let (point, h) = g.receiver.send(&ssv, &short);
    g.point_and_h("WrongHash", "r of one hash block only", &point, &h);
    let (point, _) = g.receiver.send(&ssv, &r);
    let w = model::power(&model::G, &r);
    let whole = octets(&model::hash_to_integer_range(&octets(&w), &(BigUint::from(1u8) << 256)));
    let first: [u8; 16] = whole[96..112].try_into().expect("16 octets");
    g.point_and_h("WrongHash", "mask from the first half of v_1", &point, &xor(&ssv, &first));
    let once: [u8; 16] = Sha256::digest(octets(&w))[16..].try_into().expect("16 octets");
    g.point_and_h("WrongHash", "mask hashed once", &point, &xor(&ssv, &once));
    let trimmed = model::hash_to_integer_range(&(&w >> 8u8).to_bytes_be(), &(BigUint::from(1u8) << 128));
    let trimmed: [u8; 16] = octets(&trimmed)[112..].try_into().expect("16 octets");
    g.point_and_h("WrongHash", "mask of w without its last octet", &point, &xor(&ssv, &trimmed));
    let other = model::mask(&(&*model::P - &w));
    g.point_and_h("WrongHash", "mask of -w", &point, &xor(&ssv, &other));
}

/// Data made for somebody else, given to the default receiver.
fn others(g: &mut Generator) {
    let id = g.receiver.id.clone();
    let ssv = ssv("others");
    let mut longer = id.clone();
    longer.push(0);
    for (comment, id) in [
        ("for another identity", b"2011-02\0tel:+447700900124\0".to_vec()),
        ("for the identity of the next month", b"2011-03\0tel:+447700900123\0".to_vec()),
        ("for the identity with a NUL more", longer),
        ("for the identity without its last NUL", id[..id.len() - 1].to_vec()),
        ("for the identity with a zero before it: the same K, another hash", [&[0], id.as_slice()].concat()),
    ] {
        let bound = Base::new(&g.kms.bound(&id));
        let r = model::exponent(&ssv, &id);
        let h = xor(&ssv, &model::mask(&model::power(&model::G, &r)));
        g.point_and_h("OtherIdentity", comment, &bound.mul(&r), &h);
    }
    let other = Kms::new(number("another KMS"));
    let receiver = Receiver::new(&other, &id);
    let (r, h) = receiver.encapsulate(&ssv);
    g.point_and_h("OtherKms", "for the same identity under another KMS", &r, &h);
    let own = Own { z: Some(other.public.encode()), ..Own::default() };
    g.push("OtherKms", "the key of one KMS, Z of another", own, None, Stage::Validate, Err("key"));
    let own = Own { k: Some(receiver.key.encode()), ..Own::default() };
    g.push("OtherKms", "the key of another KMS", own, None, Stage::Validate, Err("key"));
    let own = Own { z: Some(other.public.encode()), k: Some(receiver.key.encode()), id: None };
    let data = [r.encode(), h.to_vec()].concat();
    g.push("OtherKms", "all of the other KMS", own, Some(data), Stage::Decapsulate, Ok(Some(ssv)));
    let own = Own { id: Some(b"2011-02\0tel:+447700900124\0".to_vec()), ..Own::default() };
    g.push("OtherIdentity", "the key of another identity", own, None, Stage::Validate, Err("key"));
}

fn receiver_keys(g: &mut Generator) {
    let k = g.receiver.key.clone();
    let right = k.encode();
    g.key("Valid", "RSK as issued", right.clone());
    for length in [0, 128, 256] {
        g.key("Length", &format!("RSK of {length} octets"), right[..length].to_vec());
    }
    g.key("Length", "RSK of 258 octets", [right.as_slice(), &[0]].concat());
    for (flag, comment, octets) in encodings(&k) {
        g.key(flag, &format!("RSK: {comment}"), octets);
    }
    let [two, four, minus] = model::small_order();
    for (comment, t) in [("2", &two), ("4", &four), ("4, the other one", &minus)] {
        // The equation of RFC 6508 §6.1.2, its loop walking [a]P + Z, holds for it.
        let sum = k.add(t);
        assert_eq!(model::pairing(&g.kms.bound(&g.receiver.id), &sum), *model::G);
        g.key("SmallOrderPart", &format!("RSK plus the point of order {comment}"), sum.encode());
    }
    g.key("OrderFour", "RSK of order 4", four.encode());
    g.key("Negated", "-RSK", k.negate().encode());
    g.key("Negated", "-RSK plus the point of order 2", k.negate().add(&two).encode());
    let random = Point::at_or_after(number("a key"));
    g.key("RandomPoint", "RSK: a point of the curve", random.encode());
    let public = g.kms.public.clone();
    for (comment, point) in [("2K", k.add(&k)), ("P", model::BASE.clone()), ("Z", public)] {
        g.key("WrongPoint", &format!("RSK = {comment}"), point.encode());
    }
}

fn kms_keys(g: &mut Generator) {
    let z = g.kms.public.clone();
    let right = z.encode();
    g.kms_key("Valid", "Z as published", right.clone());
    for length in [0, 256] {
        g.kms_key("Length", &format!("Z of {length} octets"), right[..length].to_vec());
    }
    for (flag, comment, octets) in encodings(&z) {
        g.kms_key(flag, &format!("Z: {comment}"), octets);
    }
    let [two, four, minus] = model::small_order();
    for (comment, t) in [("2", &two), ("4", &four), ("4, the other one", &minus)] {
        g.kms_key("SmallOrderPart", &format!("Z plus the point of order {comment}"), z.add(t).encode());
    }
    g.kms_key("OrderFour", "Z of order 4", four.encode());
    g.kms_key("Negated", "-Z", z.negate().encode());
    g.kms_key("WrongPoint", "Z = P", model::BASE.encode());
    // The first point of full order, and one of order 2q.
    let mut random = Point::at_or_after(number("a public key"));
    while random.mul(&(&*model::Q * 2u8)) == Point::INFINITY {
        random = Point::at_or_after(random.x() + 1u8);
    }
    g.kms_key("RandomPoint", "Z of order 4q", random.encode());
    g.kms_key("RandomPoint", "Z of order 2q", random.add(&random).encode());
}

fn identities(g: &mut Generator) {
    let q = octets(&model::Q).to_vec();
    for (comment, id) in [
        ("no octets", Vec::new()),
        ("0", vec![0]),
        ("1", vec![1]),
        ("1 with zeros before it", vec![0, 0, 1]),
        ("q", q.clone()),
        ("q + 2, whose residue would do", octets(&(&*model::Q + 2u8)).to_vec()),
        ("128 octets of ff", vec![0xff; 128]),
        ("129 octets", vec![1; 129]),
        ("206 octets", vec![b'a'; 206]),
    ] {
        let own = Own { id: Some(id), ..Own::default() };
        g.push("IdentityRange", &format!("identity: {comment}"), own, None, Stage::Validate, Err("identity"));
    }
    // −z: [b]P + Z is infinity, no key exists.
    let own = Own { id: Some(octets(&(&*model::Q - &g.kms.z)).to_vec()), ..Own::default() };
    g.push("IdentityRange", "identity: -z modulo q", own, None, Stage::Validate, Err("identity"));
}
