//! The curves: decoded scalars and points, and the operations on them.

pub(crate) mod p256;
