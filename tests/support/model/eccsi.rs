//! RFC 6507 over big integers.

use super::p256::{self, G, P, Point, Q, from_octets, mul_g, to_octets};
use super::{concat, hmac_drbg, sha256};
use num_bigint::BigUint;

/// KPAK = \[KSAK\]G, §4.2.
pub fn public_key(ksak: &BigUint) -> Point {
    mul_g(ksak)
}

/// HS = hash( G ‖ KPAK ‖ ID ‖ PVT ), §5.1.1.
pub fn hs(kpak: &[u8; 65], id: &[u8], pvt: &[u8; 65]) -> [u8; 32] {
    sha256(&concat(&[&G.encode(), kpak, id, pvt]))
}

/// HE = hash( HS ‖ r ‖ M ), §5.2.1.
pub fn he(hs: &[u8; 32], r: &[u8; 32], message: &[u8]) -> [u8; 32] {
    sha256(&concat(&[hs, r, message]))
}

/// A key pair as the KMS delivers it, with the HS it depends on.
#[derive(Clone, Debug)]
pub struct UserKey {
    pub kpak: [u8; 65],
    pub id: Vec<u8>,
    pub v: BigUint,
    pub pvt: [u8; 65],
    pub hs: [u8; 32],
    pub ssk: BigUint,
}

/// §5.1.1 with a given v; `None` where the KMS has to take another.
pub fn issue(ksak: &BigUint, id: &[u8], v: &BigUint) -> Option<UserKey> {
    issue_under(&public_key(ksak).encode(), ksak, id, v)
}

fn issue_under(kpak: &[u8; 65], ksak: &BigUint, id: &[u8], v: &BigUint) -> Option<UserKey> {
    let pvt = mul_g(v).encode();
    let hs = hs(kpak, id, &pvt);
    let hs_number = from_octets(&hs) % &*Q;
    let ssk = (ksak + &hs_number * v) % &*Q;
    let usable = ssk != BigUint::ZERO && hs_number != BigUint::ZERO;
    usable.then(|| UserKey { kpak: *kpak, id: id.to_vec(), v: v.clone(), pvt, hs, ssk })
}

/// §5.1.1 with the hedged v that 32 fresh octets give.
pub fn issue_hedged(ksak: &BigUint, id: &[u8], fresh: &[u8; 32]) -> UserKey {
    let kpak = public_key(ksak).encode();
    hmac_drbg::issue_nonces(ksak, &kpak, id, fresh)
        .find_map(|v| issue_under(&kpak, ksak, id, &v))
        .expect("endless candidates")
}

/// §5.1.2: KPAK = \[SSK\]G − \[HS\]PVT, with SSK in 1..q−1 and both points decoded strictly.
pub fn validate(kpak: &[u8], id: &[u8], pvt: &[u8], ssk: &BigUint) -> bool {
    let (Ok(kpak), Ok(pvt)) = (Point::decode(kpak), Point::decode(pvt)) else { return false };
    if *ssk == BigUint::ZERO || *ssk >= *Q {
        return false;
    }
    let hs = from_octets(&hs(&kpak.encode(), id, &pvt.encode()));
    mul_g(ssk).sub(&pvt.mul(&hs)) == kpak
}

/// Everything that signing computes.
#[derive(Clone, Debug)]
pub struct Signed {
    pub j: BigUint,
    pub j_point: Point,
    pub r: [u8; 32],
    pub he: [u8; 32],
    pub s: BigUint,
    pub signature: Vec<u8>,
}

/// §5.2.1 with a given j; `None` where the signer has to take another.
pub fn sign(key: &UserKey, message: &[u8], j: &BigUint) -> Option<Signed> {
    let j_point = mul_g(j);
    let r = to_octets(j_point.x());
    let he = he(&key.hs, &r, message);
    let d = (from_octets(&he) + from_octets(&r) * &key.ssk) % &*Q;
    if d == BigUint::ZERO || from_octets(&r) == BigUint::ZERO {
        return None;
    }
    // q has 256 bits: s' always fits, and s = s'.
    let s = p256::inverse(&d, &Q) * j % &*Q;
    let signature = concat(&[&r, &to_octets(&s), &key.pvt]);
    Some(Signed { j: j.clone(), j_point, r, he, s, signature })
}

/// §5.2.1 with the hedged j that 32 fresh octets give.
pub fn sign_hedged(key: &UserKey, message: &[u8], fresh: &[u8; 32]) -> Signed {
    hmac_drbg::sign_nonces(&key.ssk, &key.kpak, &key.hs, message, fresh)
        .find_map(|j| sign(key, message, &j))
        .expect("endless candidates")
}

/// Y = \[HS\]PVT + KPAK, §5.2.2 step 4.
pub fn verifying_point(kpak: &Point, id: &[u8], pvt: &Point) -> Point {
    pvt.mul(&from_octets(&hs(&kpak.encode(), id, &pvt.encode()))).add(kpak)
}

/// J = \[s\]( \[HE\]G + \[r\]Y ), §5.2.2 step 5; `None` when PVT, KPAK or the length is refused.
pub fn recover_j(kpak: &[u8], id: &[u8], message: &[u8], signature: &[u8]) -> Option<Point> {
    if signature.len() != 129 {
        return None;
    }
    let (kpak, pvt) = (Point::decode(kpak).ok()?, Point::decode(&signature[64..]).ok()?);
    let r: [u8; 32] = signature[..32].try_into().expect("32 octets");
    let s = from_octets(&signature[32..64]);
    let hs = hs(&kpak.encode(), id, &pvt.encode());
    let he = he(&hs, &r, message);
    let y = verifying_point(&kpak, id, &pvt);
    Some(mul_g(&from_octets(&he)).add(&y.mul(&from_octets(&r))).mul(&s))
}

/// §5.2.2 to the letter: no range check on r and s, acceptance iff Jx ≡ r and Jx ≢ 0 mod p.
pub fn verify_literally(kpak: &[u8], id: &[u8], message: &[u8], signature: &[u8]) -> bool {
    match recover_j(kpak, id, message, signature) {
        Some(j) if !j.is_identity() => {
            let r = from_octets(&signature[..32]) % &*P;
            *j.x() == r && r != BigUint::ZERO
        }
        _ => false,
    }
}

/// What a strict reader of signatures accepts before any arithmetic: 129 octets, 0 < r < p,
/// 0 < s < q, PVT a point.
pub fn well_formed(signature: &[u8]) -> bool {
    if signature.len() != 129 {
        return false;
    }
    let (r, s) = (from_octets(&signature[..32]), from_octets(&signature[32..64]));
    let in_range = r != BigUint::ZERO && r < *P && s != BigUint::ZERO && s < *Q;
    in_range && Point::decode(&signature[64..]).is_ok()
}

/// §5.2.2 after [`well_formed`].
pub fn verify(kpak: &[u8], id: &[u8], message: &[u8], signature: &[u8]) -> bool {
    well_formed(signature) && verify_literally(kpak, id, message, signature)
}

/// A verifier with the defect of CVE-2026-5466: no range checks, the identity kept as x = 0, and
/// Jx ≢ 0 forgotten. Only there to show that vectors of that kind would find it.
pub fn verify_with_the_known_defect(kpak: &[u8], id: &[u8], message: &[u8], signature: &[u8]) -> bool {
    recover_j(kpak, id, message, signature).is_some_and(|j| {
        let x = if j.is_identity() { BigUint::ZERO } else { j.x().clone() };
        x == from_octets(&signature[..32])
    })
}
