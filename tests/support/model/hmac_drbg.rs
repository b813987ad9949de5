//! HMAC (FIPS 198-1), HMAC_DRBG (SP 800-90A §10.1.2) and HKDF (RFC 5869) with SHA-256, written out,
//! and the hedged nonces of this crate on top of them.

use super::{concat, p256, sha256};
use num_bigint::BigUint;

pub fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&sha256(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = sha256(&concat(&[&block.map(|octet| octet ^ 0x36), text]));
    sha256(&concat(&[&block.map(|octet| octet ^ 0x5c), &inner]))
}

/// The working state of §10.1.2.1, without the reseed counter: nothing here comes near its limit.
pub struct HmacDrbg {
    key: [u8; 32],
    v: [u8; 32],
}

impl HmacDrbg {
    /// HMAC_DRBG_Instantiate, §10.1.2.3: `seed_material` is what entropy input, nonce and
    /// personalisation string are together.
    pub fn instantiate(seed_material: &[u8]) -> Self {
        let mut state = Self { key: [0; 32], v: [1; 32] };
        state.update(seed_material);
        state
    }

    /// HMAC_DRBG_Update, §10.1.2.2.
    fn update(&mut self, provided_data: &[u8]) {
        self.key = hmac(&self.key, &concat(&[&self.v, &[0], provided_data]));
        self.v = hmac(&self.key, &self.v);
        if !provided_data.is_empty() {
            self.key = hmac(&self.key, &concat(&[&self.v, &[1], provided_data]));
            self.v = hmac(&self.key, &self.v);
        }
    }

    /// HMAC_DRBG_Generate, §10.1.2.5, for 32 octets without additional input.
    pub fn generate(&mut self) -> [u8; 32] {
        self.v = hmac(&self.key, &self.v);
        let output = self.v;
        self.update(&[]);
        output
    }
}

/// A two-octet length and then the octets; from 65535 octets on FF FF and their SHA-256.
pub fn length_prefixed(octets: &[u8]) -> Vec<u8> {
    match u16::try_from(octets.len()) {
        Ok(length) if length < 0xffff => concat(&[&length.to_be_bytes(), octets]),
        _ => concat(&[&[0xff, 0xff], &sha256(octets)]),
    }
}

/// What the generator behind a hedged nonce is seeded with.
pub fn hedged_seed(
    label: &str,
    secret: &[u8],
    kpak: &[u8],
    context: &[u8],
    hash: &[u8],
    fresh: &[u8],
) -> Vec<u8> {
    concat(&[
        &length_prefixed(label.as_bytes()),
        &length_prefixed(secret),
        &length_prefixed(kpak),
        &length_prefixed(context),
        &length_prefixed(hash),
        fresh,
    ])
}

/// The candidates of that generator which lie in 1..q−1, in order.
pub fn candidates(seed_material: &[u8]) -> impl Iterator<Item = BigUint> + use<> {
    let mut generator = HmacDrbg::instantiate(seed_material);
    std::iter::repeat_with(move || p256::from_octets(&generator.generate()))
        .filter(|candidate| *candidate != BigUint::ZERO && *candidate < *p256::Q)
}

/// Candidates for v, §5.1.1: `fresh` are the 32 octets of the caller's generator.
pub fn issue_nonces(
    ksak: &BigUint,
    kpak: &[u8; 65],
    id: &[u8],
    fresh: &[u8; 32],
) -> impl Iterator<Item = BigUint> + use<> {
    candidates(&hedged_seed("eccsi-sakke issue v1", &p256::to_octets(ksak), kpak, id, &[], fresh))
}

/// Candidates for j, §5.2.1.
pub fn sign_nonces(
    ssk: &BigUint,
    kpak: &[u8; 65],
    hs: &[u8; 32],
    message: &[u8],
    fresh: &[u8; 32],
) -> impl Iterator<Item = BigUint> + use<> {
    let hash = sha256(message);
    candidates(&hedged_seed("eccsi-sakke sign v1", &p256::to_octets(ssk), kpak, hs, &hash, fresh))
}

/// HKDF-Extract.
pub fn hkdf_extract(salt: &[u8], input: &[u8]) -> [u8; 32] {
    hmac(salt, input)
}

/// HKDF-Expand.
pub fn hkdf_expand(prk: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let (mut okm, mut block) = (Vec::new(), Vec::new());
    for counter in 1.. {
        if okm.len() >= length {
            break;
        }
        block = hmac(prk, &concat(&[&block, info, &[counter]])).to_vec();
        okm.extend_from_slice(&block);
    }
    okm.truncate(length);
    okm
}
