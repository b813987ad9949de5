//! A point to be multiplied.

/// A point in octets `P`, with what is kept of it to make an operation faster.
#[derive(Debug)]
pub(crate) struct Base<'a, P, T> {
    /// The point.
    pub(crate) point: &'a P,
    /// The table that was built from it, if any.
    pub(crate) table: Option<&'a T>,
}

// Written out: a derived `Clone` would ask for `T: Clone`.
impl<P, T> Clone for Base<'_, P, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, T> Copy for Base<'_, P, T> {}
