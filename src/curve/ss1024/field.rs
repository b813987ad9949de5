//! What the curve code adds to a field: its constants, digits of q and of scalars.

#[cfg(target_arch = "x86_64")]
use crate::backend::adx::fp1024 as adx;
use crate::backend::fp1024::{Arithmetic, Field, FieldOctets, PointOctets, ScalarOctets, Words};
use crate::backend::ifma::{fp1024 as ifma, fp1024x8 as ifma_x8, vector::Vector};
use crate::backend::portable::{fp1024 as portable, fp1024_order as portable_order};
#[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
use crate::backend::rustcrypto::{fp1024 as rustcrypto, fp1024_order as rustcrypto_order};
use alloc::vec::Vec;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A field, as single elements or in lanes, with the curve E: y² = x³ − 3x over it, of
/// p + 1 = 4q points.
///
/// Everything in this module is generic over it: the tests run the same code on primes of two
/// digits, where every input can be tried, and on a field that counts its operations.
pub(crate) trait Parameters: Arithmetic {
    /// q, words of 64 bits, least significant first.
    const Q: &'static [u64];
    /// q in radix 8 with digits from −3 to 4, most significant first: the way of the Miller loop
    /// that keeps its lines.
    const OCTAL: &'static [i8];
    /// The non-adjacent form of q, most significant digit first: the way of the other loop.
    const NAF: &'static [i8];
    /// Digits ±1 into which scalars are recoded: a multiple of 54, more than the bits of q.
    const DIGITS: usize;
    /// g = <P, P>.
    const G: Self::Raw;
    /// s, the square root of −3 for which 2s³ is a square.
    const S: Self::Raw;
    /// A square root of 2s³.
    const T: Self::Raw;
    /// T/S.
    const T_OVER_S: Self::Raw;
    /// λ = u + i·v, the slope of the tangent in a point of order four over F_p² whose double is (i·s, 0):
    /// λ² = 2√6 + 3s·i with one of the roots.
    const LAMBDA: [Self::Raw; 2];

    /// Recodes k, an integer below q, into [`DIGITS`](Self::DIGITS) digits ±1.
    fn recode(k: &ScalarOctets) -> SignedDigits;

    /// The element 3.
    fn three(proof: Self::Proof) -> Self {
        let one = Self::one(proof);
        one.double().add(&one)
    }

    /// 3a
    fn triple(&self) -> Self {
        self.double().add(self)
    }
}

/// A scalar as digits ±1: bit i tells the sign of digit i, 1 for plus. Wiped when dropped.
#[derive(ZeroizeOnDrop)]
pub(crate) struct SignedDigits([u64; 17]);

impl SignedDigits {
    /// Takes the integer (k + 2ⁿ − 1)/2 modulo q, big-endian, for a scalar k and n digits.
    pub(super) fn new(octets: &ScalarOctets) -> Self {
        let mut words = [0; 17];
        for (word, octets) in words.iter_mut().zip(octets.rchunks_exact(8)) {
            *word = octets.iter().fold(0, |word, octet| word << 8 | u64::from(*octet));
        }
        Self(words)
    }

    /// 1 if digit i is +1, 0 if it is −1.
    pub(super) fn sign(&self, i: usize) -> u64 {
        self.0[i / 64] >> (i % 64) & 1
    }
}

/// Replaces each element by its inverse: Montgomery's trick, `3M` each and one inversion. A zero
/// stays zero and does not disturb the others.
pub(crate) fn invert_all<F: Field>(elements: &mut [F]) {
    let Some(proof) = elements.first().map(F::proof) else { return };
    let (zero, one) = (F::zero(proof), F::one(proof));
    let mut product = one;
    let mut before = Zeroizing::new(Vec::with_capacity(elements.len()));
    for element in elements.iter() {
        before.push(product);
        product = product.mul(&F::conditional_select(element, &one, element.ct_eq(&zero)));
    }
    let mut inverse = product.invert();
    for (element, before) in elements.iter_mut().zip(before.iter()).rev() {
        let is_zero = element.ct_eq(&zero);
        let factor = F::conditional_select(element, &one, is_zero);
        let [next, inverted] = F::mul_pairs([&inverse, &inverse], [&factor, before]);
        *element = F::conditional_select(&inverted, &zero, is_zero);
        inverse = next;
    }
}

/// The number of digits in [`octal`] of q.
pub(super) const fn octal_length(q: &[u64]) -> usize {
    let mut length = 0;
    let mut i = 0;
    let mut carry = 0;
    while i <= 64 * q.len() / 3 + 1 {
        let digit = octal_digit(q, i, &mut carry);
        i += 1;
        if digit != 0 {
            length = i;
        }
    }
    length
}

/// q in radix 8 with digits from −3 to 4, most significant first.
pub(super) const fn octal<const N: usize>(q: &[u64]) -> [i8; N] {
    let mut digits = [0; N];
    let mut carry = 0;
    let mut i = 0;
    while i < N {
        digits[N - 1 - i] = octal_digit(q, i, &mut carry);
        i += 1;
    }
    digits
}

const fn octal_digit(q: &[u64], i: usize, carry: &mut i8) -> i8 {
    let digit = bit(q, 3 * i) + 2 * bit(q, 3 * i + 1) + 4 * bit(q, 3 * i + 2) + *carry;
    *carry = (digit > 4) as i8;
    digit - 8 * *carry
}

/// The number of digits in the non-adjacent form of q: bits of 3q beyond the lowest.
pub(super) const fn naf_length(q: &[u64]) -> usize {
    let mut length = 0;
    let mut i = 1;
    while i <= 64 * q.len() + 1 {
        if bit(q, i) != triple_bit(q, i) {
            length = i;
        }
        i += 1;
    }
    length
}

/// The non-adjacent form of q, most significant digit first: digit i is bit i + 1 of 3q minus
/// bit i + 1 of q (Reitwiesner 1960).
pub(super) const fn naf<const N: usize>(q: &[u64]) -> [i8; N] {
    let mut digits = [0; N];
    let mut i = 0;
    while i < N {
        digits[N - 1 - i] = triple_bit(q, i + 1) - bit(q, i + 1);
        i += 1;
    }
    digits
}

const fn bit(q: &[u64], i: usize) -> i8 {
    if i / 64 < q.len() { (q[i / 64] >> (i % 64) & 1) as i8 } else { 0 }
}

/// Bit i of 3q.
const fn triple_bit(q: &[u64], i: usize) -> i8 {
    let mut carry = 0u128;
    let mut word = 0u64;
    let mut j = 0;
    while j <= i / 64 {
        let sum = carry + if j < q.len() { 3 * q[j] as u128 } else { 0 };
        word = sum as u64;
        carry = sum >> 64;
        j += 1;
    }
    (word >> (i % 64) & 1) as i8
}

/// 256 hexadecimal digits as words.
const fn words(digits: &str) -> Words {
    let digits = digits.as_bytes();
    assert!(digits.len() == 256);
    let mut words = [0; 16];
    let mut i = 0;
    while i < 256 {
        let digit = match digits[i] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => panic!("hexadecimal digits"),
        };
        let word = &mut words[15 - i / 16];
        *word = *word << 4 | digit as u64;
        i += 1;
    }
    words
}

/// Words as octets, big-endian.
const fn octets(words: &Words) -> FieldOctets {
    let mut octets = [0; 128];
    let mut i = 0;
    while i < 128 {
        octets[127 - i] = (words[i / 8] >> (8 * (i % 8))) as u8;
        i += 1;
    }
    octets
}

/// P: x ‖ y.
pub(super) const GENERATOR: PointOctets = {
    let (x, y) = (octets(&P_X), octets(&P_Y));
    let mut point = [0; 256];
    let mut i = 0;
    while i < 128 {
        point[i] = x[i];
        point[128 + i] = y[i];
        i += 1;
    }
    point
};

/// g = <P, P>.
pub(super) const PAIRING_GENERATOR: FieldOctets = octets(&G);

/// The generator of RFC 6509.
const P_X: Words = words(
    "53fc09ee332c29ad0a7990053ed9b52a2b1a2fd60aec69c698b2f204b6ff7cbfb5edb6c0f6ce2308ab10db9030b09e1043d5f22cdb9dfa55718bd9e7406ce8909760af765dd5bccb337c86548b72f2e1a702c3397a60de74a7c1514dba66910dd5cfb4cc80728d87ee9163a5b63f73ec80ec46c4967e0979880dc8abeae63895",
);
const P_Y: Words = words(
    "0a8249063f6009f1f9f1f0533634a135d3e82016029906963d778d821e141178f5ea69f4654ec2b9e7f7f5e5f0de55f66b598ccf9a140b2e416cff0ca9e032b970dae117ad547c6ccad696b5b7652fe0ac6f1e80164aa989492d979fc5a4d5f213515ad7e9cb99a980bdad5ad5bb4636adb9b5706a67dcde75573fd71bef16d7",
);
/// g = <P, P>.
const G: Words = words(
    "66fc2a432b6ea392148f15867d623068c6a87bd1fb94c41e27fabe658e015a87371e94744c96feda449ae9563f8bc446cbfda85d5d00ef577072da8f541721beee0faed1828eab90b99dfb0138c7843355df0460b4a9fd74b4f1a32bcafa1ffad682c033a7942bcce3720f20b9b7b0403c8cae87b7a0042acde0fab36461ea46",
);
/// √−3
const S: Words = words(
    "2ab8b4c0cebf79166b352bf4351a3f8872a7fe62294530f38ab8b315e326221147f96a70f71b9175d4cc0cf6a006e6dc2dbc29ef4528780ec61a1bcf5ffc84280c3e47334dd5c19649686dadfbdcadbe7350b93e9024fc510eb314d447d867956310dcfa834cea2a394fe4ed1623e0713373b61f1c09cd10bb681b84c1f826ba",
);
/// √2s³
const T: Words = words(
    "8c108284ecad95f76be5c8a8d8b08222084c5204e71657482725cdd6493e0d321e4d1f71e8b2fddf1cac9e277889223f9f22978747207482841ebf6ec1d414d0bcb94d96eba2340a5682e44b4dcb21ab01ce27abe021a307c5ce73216dedbc1f3d215d7cbeca210b9d2b1f271b165814504ef5d05d4902766e939464d3013e46",
);
const T_OVER_S: Words = words(
    "4d47c996bb6f5aa035884cd8893f30f1d95485f9fb02716a93b22662993722b29e66e7433e8d305b97c86595ab781d9caa0d345722031c7c815eed4c2bd726d9eaa3ce5f83999edda7adaaf624e6ac396a571f8cf70afb77bcad867a9217b8a5e80c2a781fbb004df2605d93b3daf3b3cc0a49fb08b2640294f2211d908255ed",
);
/// λ = u + i·v with λ² = ±2√6 + 3s·i.
const LAMBDA_RE: Words = words(
    "1ca5d7873c3d00509666625caca97ecd380414a660c8aad0c468a9f36521d6670993dda9923dbb254680746b6b9396b6076b9a11dad93d95e24efaa9c3a9313acb65785667010e31a8922c838acdac9917361f2f7dbd22419cf8b28f636b91d9de31fa535e951bcc858b22f33540d796498ba430c187eead52936d21e6557a5b",
);
const LAMBDA_IM: Words = words(
    "2f8d1a0112a9e4e999d76263a4e7b5bb3013724140e9662666801302b58721154c0fe63b1231239a443e56d41a99e85e3618e536faec3006d1bf3ffeb6e64ebc2c631dd147d09fc500eaee53b5b3c40f3522b5ebbcbd0cc94e29034826b8bf2ad956b1e3d847030584f8679ca069b2666b2ff0e4e2407bd77ee7f23b87d08fa3",
);

/// Digits ±1 of scalars.
const DIGITS: usize = 1026;

macro_rules! parameters {
    ($type:ty, $raw:path, $order:path $(, $($generics:tt)*)?) => {
        impl$(<$($generics)*>)? Parameters for $type {
            const Q: &'static [u64] = &portable_order::Q;
            const OCTAL: &'static [i8] = &octal::<{ octal_length(&portable_order::Q) }>(&portable_order::Q);
            const NAF: &'static [i8] = &naf::<{ naf_length(&portable_order::Q) }>(&portable_order::Q);
            const DIGITS: usize = DIGITS;
            const G: Self::Raw = {
                use $raw as kernel;
                kernel::raw(&G)
            };
            const S: Self::Raw = {
                use $raw as kernel;
                kernel::raw(&S)
            };
            const T: Self::Raw = {
                use $raw as kernel;
                kernel::raw(&T)
            };
            const T_OVER_S: Self::Raw = {
                use $raw as kernel;
                kernel::raw(&T_OVER_S)
            };
            const LAMBDA: [Self::Raw; 2] = {
                use $raw as kernel;
                [kernel::raw(&LAMBDA_RE), kernel::raw(&LAMBDA_IM)]
            };

            fn recode(k: &ScalarOctets) -> SignedDigits {
                use $order as order;
                SignedDigits::new(&Zeroizing::new(order::halve_plus_ones::<DIGITS>(k)))
            }
        }
    };
}

#[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
parameters!(rustcrypto::Fp, rustcrypto, rustcrypto_order);
parameters!(portable::Fe, portable, portable_order);
#[cfg(target_arch = "x86_64")]
parameters!(adx::Fe, adx, portable_order);
parameters!(ifma::Fe<L>, ifma, portable_order, L: Vector);
parameters!(ifma_x8::Fe8<L>, ifma_x8, portable_order, L: Vector);
