//! HMAC-SHA-256 (RFC 2104) under keys of 32 octets, for the generator: of what it computes,
//! half is keys, and most of the rest a block long, so that the compressions are called directly.

use sha2::block_api::compress256;
use zeroize::{Zeroize, ZeroizeOnDrop};

type State = [u32; 8];

/// The octets of a block of SHA-256.
const BLOCK: usize = 64;

/// SHA-256 before the first block: FIPS 180-4 §5.3.3.
const INITIAL: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a, //
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A key, as the states of both hashes behind it. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct HmacKey {
    inner: State,
    outer: State,
}

impl HmacKey {
    /// The key of 32 octets 0, with which each generator begins.
    pub(super) const ZERO: Self = Self {
        inner: [
            0xf454_dead,
            0x9725_214f,
            0x90da_f2a0,
            0xdf12_28ea, //
            0x64e5_750f,
            0xa392_4181,
            0x824a_932b,
            0xf8e0_4e32,
        ],
        outer: [
            0xd385_480f,
            0x7abb_6477,
            0x37c9_c538,
            0x5dd8_2467, //
            0x8e04_3a72,
            0x7534_34b0,
            0xdeb8_2818,
            0x361d_45a6,
        ],
    };

    pub(super) fn new(key: &[u8; 32]) -> Self {
        let state = |pad: u8| {
            let mut block = [pad; BLOCK];
            for (block, key) in block.iter_mut().zip(key) {
                *block ^= key;
            }
            let mut state = INITIAL;
            compress256(&mut state, core::slice::from_ref(&block));
            block.zeroize();
            state
        };
        Self { inner: state(0x36), outer: state(0x5c) }
    }

    /// The MAC of 32 octets: two compressions.
    pub(super) fn mac(&self, message: &[u8; 32]) -> [u8; 32] {
        last(&self.outer, &last(&self.inner, message))
    }

    /// The MAC of what is fed in pieces.
    pub(super) fn begin(&self) -> Hmac<'_> {
        Hmac { key: self, inner: self.inner, block: [0; BLOCK], length: BLOCK }
    }
}

/// SHA-256 over a block, which led to `state`, and then 32 octets.
fn last(state: &State, octets: &[u8; 32]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    block[..32].copy_from_slice(octets);
    block[32] = 0x80;
    block[62..].copy_from_slice(&((BLOCK as u16 + 32) * 8).to_be_bytes());
    let mut state = *state;
    compress256(&mut state, core::slice::from_ref(&block));
    let out = to_octets(&state);
    block.zeroize();
    state.zeroize();
    out
}

fn to_octets(state: &State) -> [u8; 32] {
    let mut octets = [0; 32];
    for (octets, word) in octets.chunks_exact_mut(4).zip(state) {
        octets.copy_from_slice(&word.to_be_bytes());
    }
    octets
}

/// A MAC in the making. Wiped when dropped.
#[derive(ZeroizeOnDrop)]
pub(crate) struct Hmac<'a> {
    #[zeroize(skip)]
    key: &'a HmacKey,
    inner: State,
    /// What does not fill a block yet: the first `length mod 64` octets.
    block: [u8; BLOCK],
    /// Octets so far, those of the padded key among them.
    length: usize,
}

impl Hmac<'_> {
    pub(crate) fn update(&mut self, data: &[u8]) {
        let filled = self.length % BLOCK;
        self.length += data.len();
        let room = &mut self.block[filled..];
        if let Some((head, rest)) = data.split_at_checked(room.len()) {
            room.copy_from_slice(head);
            compress256(&mut self.inner, core::slice::from_ref(&self.block));
            let (blocks, rest) = rest.as_chunks::<BLOCK>();
            compress256(&mut self.inner, blocks);
            self.block[..rest.len()].copy_from_slice(rest);
        } else {
            room[..data.len()].copy_from_slice(data);
        }
    }

    pub(super) fn finish(mut self) -> [u8; 32] {
        let bits = self.length as u64 * 8;
        let filled = self.length % BLOCK;
        self.block[filled] = 0x80;
        self.block[filled + 1..].fill(0);
        if filled >= BLOCK - 8 {
            compress256(&mut self.inner, core::slice::from_ref(&self.block));
            self.block.fill(0);
        }
        self.block[BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
        compress256(&mut self.inner, core::slice::from_ref(&self.block));
        last(&self.key.outer, &to_octets(&self.inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::{KeyInit, Mac};

    /// By the crate `hmac`.
    fn expected(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).expect("any length");
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    #[test]
    fn zero_key_is_the_key_of_zeros() {
        let key = HmacKey::new(&[0; 32]);
        assert_eq!((key.inner, key.outer), (HmacKey::ZERO.inner, HmacKey::ZERO.outer));
    }

    #[test]
    fn macs_are_those_of_hmac_for_all_lengths_and_cuts() {
        let key: [u8; 32] = core::array::from_fn(|i| i as u8 * 7);
        let message: [u8; 300] = core::array::from_fn(|i| (i * i) as u8);
        let hmac = HmacKey::new(&key);
        for length in 0..=message.len() {
            let message = &message[..length];
            for cut in [0, 1, length / 3, length / 2, length.saturating_sub(65), length] {
                let mut mac = hmac.begin();
                let (a, b) = message.split_at(cut.min(length));
                mac.update(a);
                mac.update(b);
                assert_eq!(mac.finish(), expected(&key, message), "{length} {cut}");
            }
        }
        assert_eq!(hmac.mac(&key), expected(&key, &key));
    }
}
