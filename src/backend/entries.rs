//! Every kernel under a name: `tests/proofs` reads the machine code of these functions, and of what they call, and proves
//! what it promises.
//!
//! Nothing here runs. A table holds the functions, since tables of other names keep nothing alive in a
//! library that is linked. `tests/proofs` calls some of them to compare its reading of instructions with the CPU's, after
//! it has asked for the features.

use super::adx::{Adx, fp1024::Fe as AdxFe};
use super::fp1024::{Arithmetic, Field, Lanes};
use super::ifma::vector::{Job, Vector};
use super::ifma::zmm::{Avx512, Zmm};
use super::ifma::{fp1024, fp1024x8, p256x8};
use super::p256::{Kernel, Limbs, TablePoint};
use super::portable::fp1024::Fe as PortableFe;
use super::portable::safegcd::Packed;
use super::portable::{Portable, fp1024_order, limbs, p256_order, words};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

type Fe8 = p256x8::Fe8<Zmm>;
type IfmaFe = fp1024::Fe<Zmm>;
type LanesFe = fp1024x8::Fe8<Zmm>;

/// A function and what `tests/proofs` calls it.
#[repr(C)]
struct Entry {
    name: &'static str,
    code: *const (),
}

// SAFETY: the pointer is that of a function.
unsafe impl Sync for Entry {}

macro_rules! entry {
    ($name:expr, ($($argument:ident: $type:ty),*) $body:expr) => {{
        extern "sysv64" fn entry($($argument: $type),*) {
            $body
        }
        Entry { name: $name, code: entry as *const () }
    }};
}

/// What each backend has of [`Kernel`].
macro_rules! p256 {
    ($backend:literal, $kernel:ty) => {
        [
            entry!(concat!($backend, " p256 field_mul"), (out: &mut Limbs, a: &Limbs, b: &Limbs, k: &$kernel)
                *out = k.field_mul(a, b)),
            entry!(concat!($backend, " p256 field_square"), (out: &mut Limbs, a: &Limbs, k: &$kernel)
                *out = k.field_square(a)),
            entry!(concat!($backend, " p256 field_add"), (out: &mut Limbs, a: &Limbs, b: &Limbs, k: &$kernel)
                *out = k.field_add(a, b)),
            entry!(concat!($backend, " p256 field_sub"), (out: &mut Limbs, a: &Limbs, b: &Limbs, k: &$kernel)
                *out = k.field_sub(a, b)),
            entry!(concat!($backend, " p256 field_halve"), (out: &mut Limbs, a: &Limbs, k: &$kernel)
                *out = k.field_halve(a)),
            entry!(concat!($backend, " p256 order_mul"), (out: &mut Limbs, a: &Limbs, b: &Limbs, k: &$kernel)
                *out = k.order_mul(a, b)),
            entry!(concat!($backend, " p256 divsteps"), (out: &mut [i64; 3], count: u32, zeta: i64, f: i64, g: i64, k: &$kernel) {
                let Packed { zeta, f, g } = k.divsteps(count, Packed { zeta, f, g });
                *out = [zeta, f, g];
            }),
            entry!(concat!($backend, " p256 field_negate_if"), (out: &mut Limbs, mask: u64, a: &Limbs, k: &$kernel)
                *out = k.field_negate_if(mask, a)),
            entry!(concat!($backend, " p256 square_times"), (a: &mut Limbs, times: usize, k: &$kernel)
                k.square_times(a, times)),
            entry!(concat!($backend, " p256 double"), (point: &mut [Limbs; 3], times: usize, k: &$kernel)
                k.double(point, times)),
            entry!(concat!($backend, " p256 add_affine"), (point: &mut [Limbs; 3], entry: &TablePoint, k: &$kernel)
                k.add_affine(point, entry)),
            entry!(concat!($backend, " p256 add_to_sum"), (sum: &mut [Limbs; 4], entry: &TablePoint, k: &$kernel)
                k.add_to_sum(sum, entry)),
            entry!(concat!($backend, " p256 add_to_sum_and_look_up of 64"), (sum: &mut [Limbs; 4], entry: &TablePoint,
                row: &[TablePoint; 64], n: u64, found: &mut TablePoint, k: &$kernel)
                k.add_to_sum_and_look_up(sum, entry, row, n, found)),
            entry!(concat!($backend, " p256 add_to_sum_and_look_up of 32"), (sum: &mut [Limbs; 4], entry: &TablePoint,
                row: &[TablePoint; 32], n: u64, found: &mut TablePoint, k: &$kernel)
                k.add_to_sum_and_look_up(sum, entry, row, n, found)),
            entry!(concat!($backend, " p256 look_up"), (found: &mut TablePoint, row: &[TablePoint; 16], n: u64, k: &$kernel)
                k.look_up(row, n, found)),
        ]
    };
}

/// What each kind of elements has of [`Arithmetic`].
macro_rules! arithmetic {
    ($backend:literal, $fe:ty, $proof:ty, $raw:ty) => {
        [
            entry!(concat!($backend, " zero"), (out: &mut $fe, p: &$proof) *out = <$fe>::zero(*p)),
            entry!(concat!($backend, " one"), (out: &mut $fe, p: &$proof) *out = <$fe>::one(*p)),
            entry!(concat!($backend, " from_raw"), (out: &mut $fe, p: &$proof, raw: &$raw) *out = <$fe>::from_raw(*p, raw)),
            entry!(concat!($backend, " add"), (out: &mut $fe, a: &$fe, b: &$fe) *out = a.add(b)),
            entry!(concat!($backend, " sub"), (out: &mut $fe, a: &$fe, b: &$fe) *out = a.sub(b)),
            entry!(concat!($backend, " neg"), (out: &mut $fe, a: &$fe) *out = a.neg()),
            entry!(concat!($backend, " double"), (out: &mut $fe, a: &$fe) *out = a.double()),
            entry!(concat!($backend, " reduce"), (out: &mut $fe, a: &$fe) *out = a.reduce()),
            entry!(concat!($backend, " mul"), (out: &mut $fe, a: &$fe, b: &$fe) *out = a.mul(b)),
            entry!(concat!($backend, " square"), (out: &mut $fe, a: &$fe) *out = a.square()),
            entry!(concat!($backend, " squares of 2"), (out: &mut [$fe; 2], a: &[$fe; 2])
                *out = <$fe>::squares(a.each_ref())),
            entry!(concat!($backend, " mul_pairs of 4"), (out: &mut [$fe; 4], a: &[$fe; 4], b: &[$fe; 4])
                *out = <$fe>::mul_pairs(a.each_ref(), b.each_ref())),
            entry!(concat!($backend, " mul_pairs_into of 3"), (out: &mut [$fe; 3], a: &[$fe; 3], b: &[$fe; 3])
                <$fe>::mul_pairs_into(out, a.each_ref(), b.each_ref())),
            entry!(concat!($backend, " sum_of_products of 1"), (out: &mut $fe, a: &[$fe; 1], b: &[$fe; 1])
                *out = <$fe>::sum_of_products(a.each_ref(), b.each_ref())),
            entry!(concat!($backend, " sum_of_products of 2"), (out: &mut $fe, a: &[$fe; 2], b: &[$fe; 2])
                *out = <$fe>::sum_of_products(a.each_ref(), b.each_ref())),
            entry!(concat!($backend, " sum_of_products of 3"), (out: &mut $fe, a: &[$fe; 3], b: &[$fe; 3])
                *out = <$fe>::sum_of_products(a.each_ref(), b.each_ref())),
            entry!(concat!($backend, " sum_of_products of 4"), (out: &mut $fe, a: &[$fe; 4], b: &[$fe; 4])
                *out = <$fe>::sum_of_products(a.each_ref(), b.each_ref())),
            entry!(concat!($backend, " sum_of_products of 5"), (out: &mut $fe, a: &[$fe; 5], b: &[$fe; 5])
                *out = <$fe>::sum_of_products(a.each_ref(), b.each_ref())),
            entry!(concat!($backend, " sum_of_products of 6"), (out: &mut $fe, a: &[$fe; 6], b: &[$fe; 6])
                *out = <$fe>::sum_of_products(a.each_ref(), b.each_ref())),
            entry!(concat!($backend, " complex_mul"), (out: &mut [$fe; 2], a: &[$fe; 2], b: &[$fe; 2])
                *out = <$fe>::complex_mul(a.each_ref(), b.each_ref())),
            entry!(concat!($backend, " complex_square"), (out: &mut [$fe; 2], a: &[$fe; 2])
                *out = <$fe>::complex_square(a.each_ref())),
            entry!(concat!($backend, " complex_square_times"), (out: &mut [$fe; 2], a: &[$fe; 2], n: usize)
                *out = <$fe>::complex_square_times(a.each_ref(), n)),
            entry!(concat!($backend, " complex_step"), (f: &mut [$fe; 2], g: &[$fe; 2]) <$fe>::complex_step(f, g)),
            entry!(concat!($backend, " complex_steps"), (f: &mut [$fe; 2], f_2: &mut [$fe; 2], g: &[$fe; 2], g_2: &[$fe; 2])
                <$fe>::complex_steps([f, f_2], [g, g_2])),
            entry!(concat!($backend, " edwards_add"), (p: &mut [$fe; 4], entry: &[$fe; 3]) <$fe>::edwards_add(p, entry)),
            entry!(concat!($backend, " edwards_double"), (p: &mut [$fe; 4]) <$fe>::edwards_double(p)),
            entry!(concat!($backend, " complex_mul_unit"), (re: &mut $fe, im: &mut $fe, t: &$fe)
                <$fe>::complex_mul_unit([re, im], t)),
        ]
    };
}

/// What each single element has of [`Field`].
macro_rules! field {
    ($backend:literal, $fe:ty, $proof:ty) => {
        [
            entry!(concat!($backend, " to_octets"), (out: &mut [u8; 128], a: &$fe) *out = a.to_octets()),
            entry!(concat!($backend, " from_octets"), (out: &mut $fe, reduced: &mut Choice, octets: &[u8; 128], p: &$proof) {
                let element = <$fe>::from_octets(*p, octets);
                *reduced = element.is_some();
                *out = element.unwrap_or(<$fe>::zero(*p));
            }),
            entry!(concat!($backend, " conditional_select"), (out: &mut $fe, a: &$fe, b: &$fe, choice: u8)
                *out = <$fe>::conditional_select(a, b, Choice::from(choice & 1))),
            entry!(concat!($backend, " ct_eq"), (out: &mut Choice, a: &$fe, b: &$fe) *out = a.ct_eq(b)),
            entry!(concat!($backend, " look_up"), (out: &mut [$fe; 2], table: &[[$fe; 2]; 8], n: u64)
                *out = Field::look_up(table, n)),
            entry!(concat!($backend, " look_up_signed"), (out: &mut [$fe; 3], table: &[[$fe; 3]; 32], n: u64, negative: u8)
                Field::look_up_signed(out, table, n, Choice::from(negative & 1))),
        ]
    };
}

/// A job of vectors, run where the instructions are inlined; arguments are references.
macro_rules! vectors {
    ($name:literal, $output:ty, ($proof:ident; $($argument:ident: $type:ty),*) $body:expr) => {
        entry!($name, (out: &mut $output, $($argument: &$type,)* $proof: &Avx512) {
            struct This<'a> { $($argument: &'a $type,)* $proof: Avx512 }
            impl Job for This<'_> {
                type Output = $output;

                #[inline(always)]
                fn run(self) -> $output {
                    let Self { $($argument,)* $proof } = self;
                    $body
                }
            }
            *out = Zmm::run(*$proof, This { $($argument,)* $proof: *$proof });
        })
    };
}

#[unsafe(no_mangle)]
static PROOFS_PORTABLE_P256: [Entry; 15] = p256!("portable", Portable);
#[unsafe(no_mangle)]
static PROOFS_ADX_P256: [Entry; 15] = p256!("adx", Adx);
#[unsafe(no_mangle)]
static PROOFS_PORTABLE_FP1024: [Entry; 27] =
    arithmetic!("portable fp1024", PortableFe, Portable, <PortableFe as Arithmetic>::Raw);
#[unsafe(no_mangle)]
static PROOFS_ADX_FP1024: [Entry; 27] = arithmetic!("adx fp1024", AdxFe, Adx, <AdxFe as Arithmetic>::Raw);
#[unsafe(no_mangle)]
static PROOFS_IFMA_FP1024: [Entry; 27] =
    arithmetic!("ifma fp1024", IfmaFe, Avx512, <IfmaFe as Arithmetic>::Raw);
#[unsafe(no_mangle)]
static PROOFS_LANES_FP1024: [Entry; 27] =
    arithmetic!("lanes fp1024", LanesFe, Avx512, <LanesFe as Arithmetic>::Raw);
#[unsafe(no_mangle)]
static PROOFS_PORTABLE_FIELD: [Entry; 6] = field!("portable fp1024", PortableFe, Portable);
#[unsafe(no_mangle)]
static PROOFS_ADX_FIELD: [Entry; 6] = field!("adx fp1024", AdxFe, Adx);
#[unsafe(no_mangle)]
static PROOFS_IFMA_FIELD: [Entry; 6] = field!("ifma fp1024", IfmaFe, Avx512);

/// Eight elements of the field of P-256.
#[unsafe(no_mangle)]
static PROOFS_LANES_P256: [Entry; 19] = [
    entry!("lanes p256 mul", (out: &mut Fe8, a: &Fe8, b: &Fe8, p: &Avx512) *out = a.mul(*p, b)),
    entry!("lanes p256 square", (out: &mut Fe8, a: &Fe8, p: &Avx512) *out = a.square(*p)),
    vectors!("lanes p256 mul_inline", Fe8, (p; a: Fe8, b: Fe8) a.mul_inline(p, b)),
    vectors!("lanes p256 square_inline", Fe8, (p; a: Fe8) a.square_inline(p)),
    vectors!("lanes p256 reduce", Fe8, (p; a: Fe8) a.loose().reduce(p)),
    vectors!("lanes p256 add", Fe8, (p; a: Fe8, b: Fe8) a.loose().add(b).carry(p)),
    vectors!("lanes p256 twice", Fe8, (p; a: Fe8) a.loose().twice().carry(p)),
    vectors!("lanes p256 sub and add_p 2", Fe8, (p; a: Fe8, b: Fe8) a.loose().sub(b).add_p(p, 2).carry(p)),
    vectors!("lanes p256 sub and add_p 16", Fe8, (p; a: Fe8, b: Fe8) a.loose().sub(b).add_p(p, 16).carry(p)),
    vectors!("lanes p256 sub thrice, add_p 8 and reduce", Fe8, (p; a: Fe8, b: Fe8, c: Fe8)
        a.loose().sub(b).sub(c).sub(c).add_p(p, 8).reduce(p)),
    vectors!("lanes p256 from_montgomery", Fe8, (p; words: [Zmm; 4]) Fe8::from_montgomery(p, words)),
    vectors!("lanes p256 from_integers", Fe8, (p; words: [Zmm; 4]) Fe8::from_integers(p, words)),
    vectors!("lanes p256 select", Fe8, (p; yes: Fe8, no: Fe8, mask: Zmm) {
        let _ = p;
        Fe8::select(*mask, yes, no)
    }),
    vectors!("lanes p256 zero", Fe8, (p; a: Fe8) {
        let _ = a;
        Fe8::zero(p)
    }),
    vectors!("lanes p256 one", Fe8, (p; a: Fe8) {
        let _ = a;
        Fe8::one(p)
    }),
    vectors!("lanes p256 permute_xor 1", Fe8, (p; a: Fe8) {
        let _ = p;
        a.permute_xor(1)
    }),
    vectors!("lanes p256 permute_xor 2", Fe8, (p; a: Fe8) {
        let _ = p;
        a.permute_xor(2)
    }),
    vectors!("lanes p256 permute_xor 4", Fe8, (p; a: Fe8) {
        let _ = p;
        a.permute_xor(4)
    }),
    vectors!("lanes p256 select_bits", Fe8, (p; a: Fe8, b: Fe8, x: Zmm, y: Zmm) {
        let _ = p;
        Fe8::select_bits(x.equal(*y), b, a)
    }),
];

/// What leaves the lanes of P-256, and what a row of points is picked from.
#[unsafe(no_mangle)]
static PROOFS_LANES_P256_OUT: [Entry; 5] = [
    vectors!("lanes p256 to_integers", [Limbs; 8], (p; a: Fe8) a.to_integers(p)),
    vectors!("lanes p256 to_integer", Limbs, (p; a: Fe8) a.to_integer(p)),
    vectors!("lanes p256 to_montgomery", [Limbs; 8], (p; a: Fe8) a.to_montgomery(p)),
    vectors!("lanes p256 to_reduced_integers", [Limbs; 8], (p; a: Fe8) a.to_reduced_integers(p)),
    vectors!("lanes p256 look_up_point", [u64; 8], (p; row: [TablePoint; 16], n: u64) Zmm::look_up_point(p, row, *n).store()),
];

/// Between single elements of the 1024-bit field and lanes.
#[unsafe(no_mangle)]
static PROOFS_LANES_SINGLES: [Entry; 5] = [
    entry!("lanes fp1024 from_singles", (out: &mut LanesFe, a: &[IfmaFe; 8]) *out = LanesFe::from_singles(a.each_ref())),
    entry!("lanes fp1024 set_singles", (out: &mut LanesFe, a: &[IfmaFe; 8]) out.set_singles(a.each_ref())),
    entry!("lanes fp1024 to_singles", (out: &mut [IfmaFe; 8], a: &LanesFe) *out = a.to_singles()),
    entry!("lanes fp1024 broadcast", (out: &mut LanesFe, a: &LanesFe, lane: usize) *out = a.broadcast(lane)),
    entry!("lanes fp1024 select", (out: &mut LanesFe, a: &LanesFe, b: &LanesFe, bits: u8)
        *out = Lanes::select(bits, b, a)),
];

/// The integers modulo both orders, and octets.
#[unsafe(no_mangle)]
static PROOFS_ORDERS: [Entry; 11] = [
    entry!("portable p256 order reduce", (out: &mut Limbs, a: &Limbs) *out = p256_order::reduce(a)),
    entry!("portable p256 from_octets", (out: &mut Limbs, octets: &[u8; 32]) *out = limbs::from_octets(octets)),
    entry!("portable p256 to_octets", (out: &mut [u8; 32], a: &Limbs) *out = limbs::to_octets(a)),
    entry!("portable fp1024 order montgomery_mul", (out: &mut words::Words, a: &words::Words, b: &words::Words)
        *out = fp1024_order::montgomery_mul(a, b)),
    entry!("portable fp1024 order add", (out: &mut [u8; 128], a: &[u8; 128], b: &[u8; 128])
        *out = fp1024_order::add(a, b)),
    entry!("portable fp1024 order in_key_range", (out: &mut Choice, octets: &[u8; 128])
        *out = fp1024_order::in_key_range(octets)),
    entry!("portable fp1024 order reduce", (out: &mut [u8; 128], a: &[u8; 128]) *out = fp1024_order::reduce(a)),
    entry!("portable fp1024 order mul", (out: &mut [u8; 128], a: &[u8; 128], b: &[u8; 128])
        *out = fp1024_order::mul(a, b)),
    entry!("portable fp1024 order halve_plus_ones", (out: &mut [u8; 128], k: &[u8; 128])
        *out = fp1024_order::halve_plus_ones::<1026>(k)),
    entry!("portable fp1024 from_octets of words", (out: &mut words::Words, octets: &[u8; 128])
        *out = words::from_octets(octets)),
    entry!("portable fp1024 to_octets of words", (out: &mut [u8; 128], a: &words::Words) *out = words::to_octets(a)),
];
