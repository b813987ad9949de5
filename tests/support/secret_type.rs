//! Checks at compile time of what a secret type must not have.

/// Fails to compile if the type has the trait: then two blanket implementations fit the call.
#[macro_export]
macro_rules! has_not {
    ($type:ty: $($trait:path),+ $(,)?) => {
        $(const _: fn() = || {
            trait Ambiguous<A> {
                fn name() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Other;
            impl<T: ?Sized + $trait> Ambiguous<Other> for T {}
            let _ = <$type as Ambiguous<_>>::name;
        };)+
    };
}

/// Types that hold a secret: wiped when dropped, `Debug` without content, nothing that would copy or show it.
#[macro_export]
macro_rules! secret {
    ($($type:ty),+ $(,)?) => {
        $(
            $crate::has_not!($type: Copy, Clone, PartialEq, std::hash::Hash, Default, std::fmt::Display, AsRef<[u8]>);
            $crate::has_not!($type: serde::Serialize, serde::Deserialize<'static>);
            const _: fn() = || {
                fn wiped_and_redacted<T: zeroize::ZeroizeOnDrop>() {}
                wiped_and_redacted::<$type>();
            };
        )+
    };
}
