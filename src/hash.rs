//! SHA-256 and HMAC of sixteen messages at a time, where the backend has lanes for that.

use crate::backend::sha256::{Block, INITIAL, Sixteen, State};
use alloc::vec::Vec;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Octets of a block, of a hash value.
const BLOCK: usize = 64;
pub(crate) const BYTES: usize = 32;

/// Messages in the lanes.
pub(crate) const LANES: usize = 16;

/// Fewer messages, and longer ones, are hashed one by one: half-empty lanes cost what full ones do.
const FEW: usize = 4;
const LONG: usize = 4096;

/// The hash value of each message, which is the concatenation of its parts.
pub(crate) fn digest_many<const N: usize>(messages: &[[&[u8]; N]], out: &mut [[u8; BYTES]]) {
    let lanes = Sixteen::selected();
    for (messages, out) in messages.chunks(LANES).zip(out.chunks_mut(LANES)) {
        let longest = messages.iter().map(|parts| length(parts)).max().unwrap_or(0);
        match lanes {
            Some(lanes) if messages.len() >= FEW && longest <= LONG => {
                digest_lanes(lanes, messages, longest, out);
            }
            _ => {
                for (out, parts) in out.iter_mut().zip(messages) {
                    let mut hash = Sha256::new();
                    parts.iter().for_each(|part| hash.update(part));
                    *out = hash.finalize().into();
                }
            }
        }
    }
}

fn length(parts: &[&[u8]]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

fn digest_lanes<const N: usize>(
    lanes: Sixteen,
    messages: &[[&[u8]; N]],
    longest: usize,
    out: &mut [[u8; BYTES]],
) {
    let mut padded = Padded::new(longest, 0);
    for (lane, parts) in messages.iter().enumerate() {
        padded.put(lane, |put| parts.iter().for_each(|part| put(part)));
    }
    let mut state = INITIAL.map(|word| [word; LANES]);
    padded.compress(lanes, &mut state);
    for (lane, out) in out.iter_mut().enumerate() {
        *out = octets(&state, lane);
    }
}

/// The value of one lane.
pub(crate) fn octets(state: &State, lane: usize) -> [u8; BYTES] {
    let mut octets = [0; BYTES];
    for (out, words) in octets.chunks_exact_mut(4).zip(state) {
        out.copy_from_slice(&words[lane].to_be_bytes());
    }
    octets
}

/// Sixteen messages with the padding of FIPS 180-4 §5.1.1. Wiped when dropped.
struct Padded {
    blocks: Zeroizing<Vec<Block>>,
    /// How many blocks each lane has.
    counts: [usize; LANES],
    /// Blocks that were hashed before.
    before: usize,
}

impl Padded {
    /// Room for messages of at most `longest` octets, behind `before` blocks.
    fn new(longest: usize, before: usize) -> Self {
        let blocks = alloc::vec![[[0; LANES]; 16]; (longest + 9).div_ceil(BLOCK)];
        Self { blocks: Zeroizing::new(blocks), counts: [0; LANES], before }
    }

    /// Takes the message of a lane, which `write` gives piece by piece.
    fn put(&mut self, lane: usize, write: impl FnOnce(&mut dyn FnMut(&[u8]))) {
        let mut staged = Zeroizing::new([0; BLOCK]);
        let (mut number, mut filled) = (0, 0);
        write(&mut |mut octets| {
            while let Some(rest) = octets.get(..).filter(|rest| !rest.is_empty()) {
                let (now, later) = rest.split_at(rest.len().min(BLOCK - filled));
                staged[filled..filled + now.len()].copy_from_slice(now);
                (filled, octets) = (filled + now.len(), later);
                if filled == BLOCK {
                    self.set(number, lane, &staged);
                    (number, filled) = (number + 1, 0);
                }
            }
        });
        let bits = 8 * ((self.before + number) * BLOCK + filled) as u64;
        staged[filled..].fill(0);
        staged[filled] = 0x80;
        if filled >= BLOCK - 8 {
            self.set(number, lane, &staged);
            number += 1;
            staged.fill(0);
        }
        staged[BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
        self.set(number, lane, &staged);
        self.counts[lane] = number + 1;
    }

    fn set(&mut self, number: usize, lane: usize, octets: &[u8; BLOCK]) {
        let (words, _) = octets.as_chunks::<4>();
        for (lanes, octets) in self.blocks[number].iter_mut().zip(words) {
            lanes[lane] = u32::from_be_bytes(*octets);
        }
    }

    /// Hashes all blocks; a lane whose message has ended keeps its value.
    fn compress(&self, lanes: Sixteen, state: &mut State) {
        for (number, block) in self.blocks.iter().enumerate() {
            let mut before = *state;
            lanes.compress(state, block);
            for lane in (0..LANES).filter(|lane| number >= self.counts[*lane]) {
                for (words, before) in state.iter_mut().zip(&before) {
                    words[lane] = before[lane];
                }
            }
            before.zeroize();
        }
    }
}

/// HMAC-SHA-256 (FIPS 198-1) with sixteen keys of 32 octets, each having absorbed its key.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Hmac16 {
    #[zeroize(skip)]
    lanes: Sixteen,
    inner: State,
    outer: State,
}

impl Hmac16 {
    /// Where the backend has lanes.
    pub(crate) fn lanes() -> Option<Sixteen> {
        Sixteen::selected()
    }

    pub(crate) fn new(lanes: Sixteen, key: &State) -> Self {
        let mut block: Block = [[0; LANES]; 16];
        let mut absorb = |pad: u32| {
            block = [[pad; LANES]; 16];
            for (words, key) in block.iter_mut().zip(key) {
                for (word, key) in words.iter_mut().zip(key) {
                    *word ^= key;
                }
            }
            let mut state = INITIAL.map(|word| [word; LANES]);
            lanes.compress(&mut state, &block);
            state
        };
        let (inner, outer) = (absorb(0x3636_3636), absorb(0x5c5c_5c5c));
        block.zeroize();
        Self { lanes, inner, outer }
    }

    /// Of messages, each of at most `longest` octets behind the value of its lane; `write` gives
    /// that of a lane piece by piece.
    pub(crate) fn mac_behind(
        &self,
        value: &State,
        longest: usize,
        write: impl Fn(usize, &mut dyn FnMut(&[u8])),
    ) -> State {
        let mut padded = Padded::new(BYTES + longest, 1);
        for lane in 0..LANES {
            let value = Zeroizing::new(octets(value, lane));
            padded.put(lane, |put| {
                put(value.as_slice());
                write(lane, put);
            });
        }
        let mut state = self.inner;
        padded.compress(self.lanes, &mut state);
        self.finish(state)
    }

    /// Of the values themselves.
    pub(crate) fn mac(&self, value: &State) -> State {
        self.finish(self.one_more(&self.inner, value))
    }

    fn finish(&self, mut inner: State) -> State {
        let outer = self.one_more(&self.outer, &inner);
        inner.zeroize();
        outer
    }

    /// Hashes 32 octets behind one block.
    fn one_more(&self, state: &State, value: &State) -> State {
        let mut block: Block = [[0; LANES]; 16];
        block[..8].copy_from_slice(value);
        block[8] = [0x8000_0000; LANES];
        block[15] = [8 * (BLOCK + BYTES) as u32; LANES];
        let mut state = *state;
        self.lanes.compress(&mut state, &block);
        block.zeroize();
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On each backend that this CPU has; without the feature `__backends` on the one that is chosen.
    fn on_each(check: impl Fn()) {
        #[cfg(feature = "__backends")]
        for name in crate::backend::Name::ALL {
            let _ = crate::backend::with(*name, &check);
        }
        #[cfg(not(feature = "__backends"))]
        check();
    }

    #[test]
    fn digests_are_those_of_the_crate() {
        let octets: Vec<u8> = (0..5000u32).map(|i| ((i * i) >> 5) as u8).collect();
        on_each(|| {
            for count in [0, 1, 3, 4, 15, 16, 17, 40] {
                for base in [0, 1, 40, 55, 56, 63, 64, 119, 120, 250, 4090] {
                    let message = |i: usize| &octets[i..][..base + i * (i % 5)];
                    let messages: Vec<_> = (0..count).map(|i| [&octets[..i % 7], message(i)]).collect();
                    let mut out = std::vec![[0; 32]; count];
                    digest_many(&messages, &mut out);
                    for ([first, second], out) in messages.iter().zip(out) {
                        let expected = Sha256::new().chain_update(first).chain_update(second).finalize();
                        assert_eq!(out[..], expected[..], "{count} of {base}");
                    }
                }
            }
        });
    }
}
