//! Tools for values that must not leak: a `Debug` that shows nothing, and the marks by which the
//! constant-time checker learns what is secret and where a value becomes public.

/// Gives a type a `Debug` that prints its name and no content.
macro_rules! redacted_debug {
    ($type:ident) => {
        impl core::fmt::Debug for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($type), "(..)"))
            }
        }
    };
}
pub(crate) use redacted_debug;

/// Declares that `value`, though computed from a secret, is public from here on.
///
/// Each call is a claim a reviewer can check: a public validation token, a part of a signature, or
/// the one bit that says whether an operation succeeded. Without the feature `__ctgrind` it does
/// nothing. With it, valgrind is told; the value goes through memory and back, so that no tainted
/// copy stays behind in a register.
#[cfg(not(feature = "__ctgrind"))]
#[inline(always)]
pub(crate) fn declassify<T: Declassifiable>(value: T) -> T {
    value
}

/// What can be declassified: outcomes, octets and affine points. Not so points in projective coordinates: these
/// tell of the steps that led to the point, and so of the scalar.
#[cfg(not(feature = "__ctgrind"))]
pub(crate) trait Declassifiable {}

#[cfg(not(feature = "__ctgrind"))]
mod declassifiable {
    impl super::Declassifiable for u8 {}
    impl super::Declassifiable for u64 {}
    impl super::Declassifiable for subtle::Choice {}
    impl<const N: usize> super::Declassifiable for [u8; N] {}
}

/// As above, for the checker.
#[cfg(feature = "__ctgrind")]
pub(crate) use ctgrind::declassify;

/// The side of the constant-time checker (`tests/constant_time.rs`); no promise.
#[cfg(feature = "__ctgrind")]
#[doc(hidden)]
pub mod ctgrind {
    use crate::backend::valgrind::{is_undefined, mark_defined, mark_undefined};
    use core::hint::black_box;
    use core::sync::atomic::{AtomicUsize, Ordering};

    static REVEALED: AtomicUsize = AtomicUsize::new(0);

    /// How many values that valgrind knew to depend on a secret were declassified so far: shows
    /// that the taint arrived where the code says that it does.
    pub fn revealed() -> usize {
        REVEALED.load(Ordering::Relaxed)
    }

    /// Marks `value` as secret.
    #[inline(never)]
    pub fn secret<T>(mut value: T) -> T {
        mark_undefined(&mut value).expect("runs under valgrind");
        black_box(value)
    }

    /// Does valgrind know of a secret in `value`?
    #[inline(never)]
    pub fn is_secret<T>(value: &T) -> bool {
        is_undefined(value)
    }

    #[inline(never)]
    pub(crate) fn declassify<T>(mut value: T) -> T {
        REVEALED.fetch_add(usize::from(is_secret(&value)), Ordering::Relaxed);
        // Outside valgrind nobody answers, which is what is wanted there.
        let _ = mark_defined(&mut value);
        black_box(value)
    }
}
