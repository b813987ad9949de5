//! The key of the IBC-based security association establishment framework ("oneM2M-IBC-SAEF-v1")
//! over big integers: Z = \[SSK_A\]Y_B, then HKDF-SHA-256.

use super::eccsi::{UserKey, verifying_point};
use super::hmac_drbg::{hkdf_expand, hkdf_extract};
use super::p256::{Point, to_octets};
use super::{concat, sha256};

pub const LABEL: &str = "oneM2M-IBC-SAEF-v1";

/// What a peer is known by: KPAK, identity, PVT.
#[derive(Clone, Copy)]
pub struct Party<'a> {
    pub kpak: &'a [u8; 65],
    pub id: &'a [u8],
    pub pvt: &'a [u8; 65],
}

impl<'a> From<&'a UserKey> for Party<'a> {
    fn from(key: &'a UserKey) -> Self {
        Self { kpak: &key.kpak, id: &key.id, pvt: &key.pvt }
    }
}

impl Party<'_> {
    /// Y = KPAK + \[HS\]PVT.
    pub fn verifying_point(&self) -> Point {
        let (kpak, pvt) = (Point::decode(self.kpak).expect("KPAK"), Point::decode(self.pvt).expect("PVT"));
        verifying_point(&kpak, self.id, &pvt)
    }

    /// The PSK identity in full: ID, '@', and tag and compressed PVT in base64url.
    pub fn psk_identity(&self) -> String {
        let pvt = Point::decode(self.pvt).expect("PVT").compress();
        let blob = concat(&[&sha256(self.kpak)[..3], &pvt]);
        format!("{}@{}", std::str::from_utf8(self.id).expect("ASCII"), base64url(&blob))
    }
}

/// What both sides arrive at.
pub struct Association {
    pub z: [u8; 65],
    pub prk: [u8; 32],
    pub info: Vec<u8>,
    pub key_id: [u8; 16],
    pub key: [u8; 32],
}

/// The association that the holder of `own` computes with the peer. `own_is_client` says which
/// (D)TLS role the holder has.
pub fn derive(own: &UserKey, peer: Party<'_>, own_is_client: bool) -> Association {
    let z = peer.verifying_point().mul(&own.ssk);
    let own_party = Party::from(own);
    let (client, server) = if own_is_client { (own_party, peer) } else { (peer, own_party) };
    let mut info = prefixed(LABEL.as_bytes());
    for party in [client, server] {
        for field in [&party.kpak[..], party.id, &party.pvt[..]] {
            info.extend(prefixed(field));
        }
    }
    let prk = hkdf_extract(LABEL.as_bytes(), &to_octets(z.x()));
    let okm = hkdf_expand(&prk, &info, 48);
    Association {
        z: z.encode(),
        prk,
        key_id: okm[..16].try_into().expect("16 octets"),
        key: okm[16..].try_into().expect("32 octets"),
        info,
    }
}

/// A two-octet length, then the octets, of which there are fewer than 65536.
fn prefixed(octets: &[u8]) -> Vec<u8> {
    concat(&[&u16::try_from(octets.len()).expect("short field").to_be_bytes(), octets])
}

/// Base 64 with the URL alphabet, without padding (RFC 4648 §5).
pub fn base64url(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in octets.chunks(3) {
        let mut bits = 0u32;
        for place in 0..3 {
            bits = bits << 8 | u32::from(group.get(place).copied().unwrap_or(0));
        }
        for place in 0..=group.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * place)) as usize & 63]));
        }
    }
    text
}
