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
/// the one bit that says whether an operation succeeded. Without the feature `__ctgrind` it
/// compiles to nothing.
#[inline(always)]
pub(crate) fn declassify<T>(value: &T) {
    #[cfg(feature = "__ctgrind")]
    {
        use crabgrind::memcheck::{MemState, mark_memory};
        // Outside valgrind the request is refused, which is what is wanted there.
        let _ = mark_memory(core::ptr::from_ref(value).cast(), size_of::<T>(), MemState::Defined);
    }
    #[cfg(not(feature = "__ctgrind"))]
    let _ = value;
}
