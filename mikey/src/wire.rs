//! Octets in, octets out; integers are big-endian.

use crate::error::{BuildError, ParseError, Problem};
use alloc::vec::Vec;

/// Reads fields one behind the other, and knows where it is.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0 }
    }

    /// The offset of the next field.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.at == self.octets.len()
    }

    /// An error at the next field.
    pub(crate) const fn error(&self, problem: Problem) -> ParseError {
        ParseError { at: self.at, problem }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], ParseError> {
        let taken = self.octets.get(self.at..).and_then(|rest| rest.get(..length));
        let taken = taken.ok_or(self.error(Problem::Truncated))?;
        self.at += length;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], ParseError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, ParseError> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, ParseError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, ParseError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Octets behind their length in two octets.
    pub(crate) fn long(&mut self) -> Result<&'a [u8], ParseError> {
        let length = self.u16()?;
        self.take(length.into())
    }

    /// Octets behind their length in one octet.
    pub(crate) fn short(&mut self) -> Result<&'a [u8], ParseError> {
        let length = self.u8()?;
        self.take(length.into())
    }
}

/// Appends `octets` behind their length in two octets.
pub(crate) fn put_long(out: &mut Vec<u8>, octets: &[u8]) -> Result<(), BuildError> {
    let too_long = BuildError::TooLong { max: u16::MAX.into(), got: octets.len() };
    out.extend_from_slice(&u16::try_from(octets.len()).map_err(|_| too_long)?.to_be_bytes());
    out.extend_from_slice(octets);
    Ok(())
}

/// Appends `octets` behind their length in one octet.
pub(crate) fn put_short(out: &mut Vec<u8>, octets: &[u8]) -> Result<(), BuildError> {
    out.push(count(octets.len(), u8::MAX)?);
    out.extend_from_slice(octets);
    Ok(())
}

/// A number of entries that has to fit a field.
pub(crate) fn count(entries: usize, max: u8) -> Result<u8, BuildError> {
    let fits = u8::try_from(entries).ok().filter(|entries| *entries <= max);
    fits.ok_or(BuildError::TooLong { max: max.into(), got: entries })
}
