//! The input encoding of the KDF of 3GPP TS 33.220: FC ‖ P0 ‖ L0 ‖ P1 ‖ L1 …

use crate::error::BuildError;
use alloc::vec::Vec;

/// S for these parameters: each is followed by its length in two octets.
pub(crate) fn input(fc: u8, parameters: &[&[u8]]) -> Result<Vec<u8>, BuildError> {
    let mut s = alloc::vec![fc];
    for parameter in parameters {
        let too_long = BuildError::TooLong { max: u16::MAX.into(), got: parameter.len() };
        let length = u16::try_from(parameter.len()).map_err(|_| too_long)?;
        s.extend_from_slice(parameter);
        s.extend(length.to_be_bytes());
    }
    Ok(s)
}

/// The shortest big-endian form; 0 is one octet.
pub(crate) fn integer(value: u64) -> Vec<u8> {
    let octets = value.to_be_bytes();
    let zeros = (value.leading_zeros() / 8).min(7);
    octets[zeros as usize..].to_vec()
}
