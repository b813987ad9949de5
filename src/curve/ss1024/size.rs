//! What tables take in memory, for measurements.

/// A table.
pub(crate) trait Size {
    /// The octets that it takes.
    fn size(&self) -> usize;
}
