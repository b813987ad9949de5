//! Integers of four 64-bit limbs, least significant first: what both moduli share.
//!
//! Straight-line code; nothing branches on a value.

pub(crate) use super::word::{adc, barrier, is_zero_word, mac, sbb};

/// Four 64-bit limbs, least significant first.
pub(crate) type Limbs = [u64; 4];

/// a + b as (low, carry).
#[inline(always)]
pub(crate) const fn add(a: &Limbs, b: &Limbs) -> (Limbs, u64) {
    let (r0, c) = adc(a[0], b[0], 0);
    let (r1, c) = adc(a[1], b[1], c);
    let (r2, c) = adc(a[2], b[2], c);
    let (r3, c) = adc(a[3], b[3], c);
    ([r0, r1, r2, r3], c)
}

/// a − b as (low, borrow).
#[inline(always)]
pub(crate) const fn sub(a: &Limbs, b: &Limbs) -> (Limbs, u64) {
    let (r0, c) = sbb(a[0], b[0], 0);
    let (r1, c) = sbb(a[1], b[1], c);
    let (r2, c) = sbb(a[2], b[2], c);
    let (r3, c) = sbb(a[3], b[3], c);
    ([r0, r1, r2, r3], c)
}

/// `yes` where `mask` is all ones, `no` where it is 0.
///
/// Outside the reductions below, which stay in registers, masks come from a [`barrier`].
#[inline(always)]
pub(crate) const fn select(mask: u64, yes: &Limbs, no: &Limbs) -> Limbs {
    [
        no[0] ^ (mask & (yes[0] ^ no[0])),
        no[1] ^ (mask & (yes[1] ^ no[1])),
        no[2] ^ (mask & (yes[2] ^ no[2])),
        no[3] ^ (mask & (yes[3] ^ no[3])),
    ]
}

/// (a + 2²⁵⁶·carry) mod m, for a value below 2m.
#[inline(always)]
pub(crate) const fn reduce_once(a: &Limbs, carry: u64, m: &Limbs) -> Limbs {
    let (reduced, borrow) = sub(a, m);
    // The value was below m exactly if the subtraction borrows beyond the carry.
    let keep = 0u64.wrapping_sub(borrow & (carry ^ 1));
    select(keep, a, &reduced)
}

/// a + b mod m, for a, b below m.
#[inline(always)]
pub(crate) const fn add_mod(a: &Limbs, b: &Limbs, m: &Limbs) -> Limbs {
    let (sum, carry) = add(a, b);
    reduce_once(&sum, carry, m)
}

/// a − b mod m, for a, b below m.
#[inline(always)]
pub(crate) const fn sub_mod(a: &Limbs, b: &Limbs, m: &Limbs) -> Limbs {
    let (difference, borrow) = sub(a, b);
    let mask = 0u64.wrapping_sub(borrow);
    add(&difference, &[m[0] & mask, m[1] & mask, m[2] & mask, m[3] & mask]).0
}

/// a/2 mod m, for an odd m and a below m.
#[inline(always)]
pub(crate) const fn halve_mod(a: &Limbs, m: &Limbs) -> Limbs {
    let odd = 0u64.wrapping_sub(a[0] & 1);
    let ([r0, r1, r2, r3], carry) = add(a, &[m[0] & odd, m[1] & odd, m[2] & odd, m[3] & odd]);
    [r0 >> 1 | r1 << 63, r1 >> 1 | r2 << 63, r2 >> 1 | r3 << 63, r3 >> 1 | carry << 63]
}

/// a·b, eight limbs: 16 products.
#[inline(always)]
pub(crate) const fn wide_mul(a: &Limbs, b: &Limbs) -> [u64; 8] {
    let (t0, c) = mac(0, a[0], b[0], 0);
    let (t1, c) = mac(0, a[1], b[0], c);
    let (t2, c) = mac(0, a[2], b[0], c);
    let (t3, t4) = mac(0, a[3], b[0], c);
    let (t1, c) = mac(t1, a[0], b[1], 0);
    let (t2, c) = mac(t2, a[1], b[1], c);
    let (t3, c) = mac(t3, a[2], b[1], c);
    let (t4, t5) = mac(t4, a[3], b[1], c);
    let (t2, c) = mac(t2, a[0], b[2], 0);
    let (t3, c) = mac(t3, a[1], b[2], c);
    let (t4, c) = mac(t4, a[2], b[2], c);
    let (t5, t6) = mac(t5, a[3], b[2], c);
    let (t3, c) = mac(t3, a[0], b[3], 0);
    let (t4, c) = mac(t4, a[1], b[3], c);
    let (t5, c) = mac(t5, a[2], b[3], c);
    let (t6, t7) = mac(t6, a[3], b[3], c);
    [t0, t1, t2, t3, t4, t5, t6, t7]
}

/// a², eight limbs: 10 products.
#[inline(always)]
pub(crate) const fn wide_square(a: &Limbs) -> [u64; 8] {
    // the products of different limbs, once
    let (t1, c) = mac(0, a[0], a[1], 0);
    let (t2, c) = mac(0, a[0], a[2], c);
    let (t3, t4) = mac(0, a[0], a[3], c);
    let (t3, c) = mac(t3, a[1], a[2], 0);
    let (t4, t5) = mac(t4, a[1], a[3], c);
    let (t5, t6) = mac(t5, a[2], a[3], 0);
    // twice them
    let t7 = t6 >> 63;
    let t6 = (t6 << 1) | (t5 >> 63);
    let t5 = (t5 << 1) | (t4 >> 63);
    let t4 = (t4 << 1) | (t3 >> 63);
    let t3 = (t3 << 1) | (t2 >> 63);
    let t2 = (t2 << 1) | (t1 >> 63);
    let t1 = t1 << 1;
    // plus the squares
    let (t0, c) = mac(0, a[0], a[0], 0);
    let (t1, c) = adc(t1, 0, c);
    let (t2, c) = mac(t2, a[1], a[1], c);
    let (t3, c) = adc(t3, 0, c);
    let (t4, c) = mac(t4, a[2], a[2], c);
    let (t5, c) = adc(t5, 0, c);
    let (t6, c) = mac(t6, a[3], a[3], c);
    let (t7, _) = adc(t7, 0, c); // a² has eight limbs
    [t0, t1, t2, t3, t4, t5, t6, t7]
}

/// Big-endian octets as limbs.
#[inline(always)]
pub(crate) fn from_octets(octets: &[u8; 32]) -> Limbs {
    core::array::from_fn(|i| {
        u64::from_be_bytes(*octets[24 - 8 * i..].first_chunk().expect("eight octets are left"))
    })
}

/// Limbs as big-endian octets.
#[inline(always)]
pub(crate) fn to_octets(limbs: &Limbs) -> [u8; 32] {
    let mut octets = [0; 32];
    for (out, limb) in octets.rchunks_exact_mut(8).zip(limbs) {
        out.copy_from_slice(&limb.to_be_bytes());
    }
    octets
}

/// All ones for 0, else 0.
#[inline(always)]
pub(crate) const fn is_zero(a: &Limbs) -> u64 {
    is_zero_word(a[0] | a[1] | a[2] | a[3])
}
