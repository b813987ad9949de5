//! The compression function of SHA-256 (FIPS 180-4 §6.2.2) for sixteen messages at a time.
//!
//! Only where the chosen backend has lanes of 32-bit words: elsewhere the crate `sha2` is as fast.

use super::choice::{Backend, selected};
use super::ifma::vector::{Job, Vector};
use super::ifma::words::Words;

/// Word i of sixteen states, or of sixteen blocks of a message.
pub(crate) type State = [[u32; 16]; 8];
pub(crate) type Block = [[u32; 16]; 16];

/// The state before the first block (FIPS 180-4 §5.3.3).
pub(crate) const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// FIPS 180-4 §4.2.2.
#[rustfmt::skip]
const K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// What compresses sixteen blocks at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sixteen {
    #[cfg(target_arch = "x86_64")]
    Ifma(super::ifma::Ifma),
    #[cfg(feature = "__backends")]
    Model(super::ifma::IfmaModel),
}

impl Sixteen {
    /// That of the chosen backend, if it has one.
    #[inline]
    pub(crate) fn selected() -> Option<Self> {
        match selected() {
            #[cfg(target_arch = "x86_64")]
            Backend::Ifma(kernel) => Some(Self::Ifma(kernel)),
            #[cfg(feature = "__backends")]
            Backend::IfmaModel(kernel) => Some(Self::Model(kernel)),
            _ => None,
        }
    }

    /// Takes one more block of each message into its state. Constant time.
    #[cfg_attr(
        not(any(target_arch = "x86_64", feature = "__backends")),
        expect(unused_variables, reason = "there is no such value")
    )]
    pub(crate) fn compress(self, state: &mut State, block: &Block) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(kernel) => run(kernel, state, block),
            #[cfg(feature = "__backends")]
            Self::Model(kernel) => run(kernel, state, block),
        }
    }
}

fn run<K: super::p256::Kernel>(kernel: K, state: &mut State, block: &Block) {
    if let Some(proof) = kernel.vectors() {
        K::Vector::run(proof, Compress::<K::Vector> { proof, state, block });
    }
}

struct Compress<'a, L: Vector> {
    proof: L::Proof,
    state: &'a mut State,
    block: &'a Block,
}

/// Three words, each turned or shifted, in one sum modulo 2.
macro_rules! sigma {
    ($x:ident; $turn:ident $a:literal, $turn_2:ident $b:literal, $turn_3:ident $c:literal) => {
        $x.$turn::<$a>().xor($x.$turn_2::<$b>()).xor($x.$turn_3::<$c>())
    };
}

impl<L: Vector> Job for Compress<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { proof, state, block } = self;
        let load = |words: &[u32; 16]| L::Words::load(proof, words);
        let mut w = [load(&block[0]); 16];
        for (w, words) in w.iter_mut().zip(block) {
            *w = L::Words::load(proof, words);
        }
        let mut s = [w[0]; 8];
        for (s, words) in s.iter_mut().zip(state.iter()) {
            *s = L::Words::load(proof, words);
        }
        let before = s;
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = s;
        // Each round writes d and h; the letters of the next one stand one place further.
        macro_rules! round {
            ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $k:expr, $i:literal) => {
                let sum_1 = sigma!($e; rotate_right 6, rotate_right 11, rotate_right 25);
                let choice = $g.xor($e.and($f.xor($g)));
                let t_1 = $h.add(w[$i].add(L::Words::splat(proof, $k[$i]))).add(choice).add(sum_1);
                let sum_0 = sigma!($a; rotate_right 2, rotate_right 13, rotate_right 22);
                let majority = $a.and($b).xor($c.and($a.xor($b)));
                $d = $d.add(t_1);
                $h = t_1.add(sum_0.add(majority));
            };
        }
        macro_rules! extend {
            ($($i:literal)*) => { $(
                let (x, y) = (w[($i + 1) % 16], w[($i + 14) % 16]);
                let s_0 = sigma!(x; rotate_right 7, rotate_right 18, shift_right 3);
                let s_1 = sigma!(y; rotate_right 17, rotate_right 19, shift_right 10);
                w[$i] = w[$i].add(s_0).add(w[($i + 9) % 16]).add(s_1);
            )* };
        }
        for (sixteen, k) in K.as_chunks::<16>().0.iter().enumerate() {
            if sixteen > 0 {
                extend!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            }
            round!(a b c d e f g h, k, 0);
            round!(h a b c d e f g, k, 1);
            round!(g h a b c d e f, k, 2);
            round!(f g h a b c d e, k, 3);
            round!(e f g h a b c d, k, 4);
            round!(d e f g h a b c, k, 5);
            round!(c d e f g h a b, k, 6);
            round!(b c d e f g h a, k, 7);
            round!(a b c d e f g h, k, 8);
            round!(h a b c d e f g, k, 9);
            round!(g h a b c d e f, k, 10);
            round!(f g h a b c d e, k, 11);
            round!(e f g h a b c d, k, 12);
            round!(d e f g h a b c, k, 13);
            round!(c d e f g h a b, k, 14);
            round!(b c d e f g h a, k, 15);
        }
        let s = [a, b, c, d, e, f, g, h];
        for ((words, s), before) in state.iter_mut().zip(s).zip(before) {
            *words = s.add(before).store();
        }
    }
}
