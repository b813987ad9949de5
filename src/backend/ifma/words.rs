//! Sixteen 32-bit words at a time: for SHA-256 of sixteen messages.

/// Sixteen words. Whoever holds a value, or a proof, may use all of it.
pub(crate) trait Words: Copy {
    /// The proof that the CPU has the instructions.
    type Proof: Copy;

    fn splat(proof: Self::Proof, x: u32) -> Self;

    fn load(proof: Self::Proof, words: &[u32; 16]) -> Self;

    fn store(self) -> [u32; 16];

    /// Modulo 2³².
    fn add(self, other: Self) -> Self;

    fn xor(self, other: Self) -> Self;

    fn and(self, other: Self) -> Self;

    fn rotate_right<const N: i32>(self) -> Self;

    fn shift_right<const N: u32>(self) -> Self;
}

/// The words in plain integers.
#[cfg(feature = "__backends")]
#[derive(Clone, Copy)]
pub(crate) struct Model([u32; 16]);

#[cfg(feature = "__backends")]
impl Model {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(u32, u32) -> u32) -> Self {
        Self(core::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

#[cfg(feature = "__backends")]
impl Words for Model {
    type Proof = ();

    #[inline(never)]
    fn splat((): (), x: u32) -> Self {
        Self([x; 16])
    }

    #[inline(never)]
    fn load((): (), words: &[u32; 16]) -> Self {
        Self(*words)
    }

    #[inline(never)]
    fn store(self) -> [u32; 16] {
        self.0
    }

    #[inline(never)]
    fn add(self, other: Self) -> Self {
        self.zip(other, u32::wrapping_add)
    }

    #[inline(never)]
    fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }

    #[inline(never)]
    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    #[inline(never)]
    fn rotate_right<const N: i32>(self) -> Self {
        Self(self.0.map(|a| a.rotate_right(N as u32)))
    }

    #[inline(never)]
    fn shift_right<const N: u32>(self) -> Self {
        Self(self.0.map(|a| a >> N))
    }
}
