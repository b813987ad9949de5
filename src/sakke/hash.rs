//! RFC 6508 §5.1: HashToIntegerRange, with SHA-256.

use crate::curve::ss1024::Scalar;
use crate::identity::sakke_identifier::Identifier;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

/// Output of the hash.
pub(super) type Block = [u8; 32];

/// The pairs (h_i, v_i) of RFC 6508 §5.1 for i = 1, 2, …
pub(super) struct Blocks {
    /// A = hash(s)
    pub(super) a: Block,
    h: Block,
}

impl Blocks {
    /// Hashes s, given in pieces.
    pub(super) fn new(s: &[&[u8]]) -> Self {
        // 1) A = hash(s), 2) h_0 = zero
        Self { a: hash(s), h: [0; 32] }
    }

    /// The next pair.
    pub(super) fn next(&mut self) -> (Block, Zeroizing<Block>) {
        // 4) h_i = hash(h_{i-1}), v_i = hash(h_i ‖ A)
        self.h = hash(&[&self.h]);
        (self.h, Zeroizing::new(hash(&[&self.h, &self.a])))
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.a.zeroize();
    }
}

fn hash(pieces: &[&[u8]]) -> Block {
    let mut hash = Sha256::new();
    for piece in pieces {
        hash.update(piece);
    }
    hash.finalize().into()
}

/// r = HashToIntegerRange(SSV ‖ b, q): `SSV` and the identity's own octets, unpadded.
pub(super) fn exponent(ssv: &[u8; 16], b: &Identifier) -> Scalar {
    let mut blocks = Blocks::new(&[ssv, b.as_bytes()]);
    // 3) l = ceil(1022 / 256) = 4
    let mut v = Zeroizing::new([0; 128]);
    for part in v.chunks_exact_mut(32) {
        part.copy_from_slice(blocks.next().1.as_slice());
    }
    // 5) v mod q. 1024 bits modulo 1022 leave a small bias, which the RFC accepts.
    Scalar::reduce(&v)
}

/// HashToIntegerRange(w, 2¹²⁸) for an element of PF_p: the last 16 octets of the one v_1.
pub(super) fn mask(w: &[u8; 128]) -> Zeroizing<[u8; 16]> {
    let (_, v) = Blocks::new(&[w]).next();
    let mut mask = Zeroizing::new([0; 16]);
    mask.copy_from_slice(&v[16..]);
    mask
}
