//! What batches report.

use crate::edge::{Outcome, guard, set, set_each, write};
use crate::error::es_error;
use eccsi_sakke::BatchError;
use eccsi_sakke::eccsi::Signature;

/// More items than any memory holds: then there is no room for as many outcomes, either.
const TOO_MANY: usize = usize::MAX >> 10;

/// Runs the body of a batch that writes an outcome for each of `count` items, and gives the first that is none of ES_OK. Where
/// the batch fails as a whole, its code becomes the outcome of each item: what C has cleared would read as ES_OK for items
/// that nobody looked at.
pub(crate) fn guard_each(
    outcomes: *mut es_error,
    count: usize,
    body: impl FnOnce() -> Outcome<Outcome>,
) -> es_error {
    let mut whole = true;
    let code = guard(|| {
        let first = body()?;
        whole = false;
        first
    });
    if whole && count < TOO_MANY {
        // If the outcomes have no place that is the failure, which is returned.
        let _ = set_each(outcomes, count, code);
    }
    code
}

/// The code of the first item that was refused.
pub(crate) fn first(codes: &[es_error]) -> Outcome {
    codes.iter().find(|code| **code != es_error::ES_OK).map_or(Ok(()), |code| Err(*code))
}

/// A signature that is none verifies for nothing: whoever sent it learns no more than that.
pub(crate) fn signature(octets: &[u8]) -> Outcome<Signature> {
    Signature::from_slice(octets).map_err(|_| es_error::ES_INVALID_SIGNATURE)
}

/// Writes an outcome for each signature: that of its form, or the next of those that were verified.
pub(crate) fn report(
    outcomes: *mut es_error,
    decoded: &[Outcome<Signature>],
    verified: Vec<Result<(), eccsi_sakke::Error>>,
) -> Outcome<Outcome> {
    let mut verified = verified.into_iter();
    let mut next = || verified.next().map_or(es_error::ES_INTERNAL, code);
    let codes: Vec<_> =
        decoded.iter().map(|one| one.as_ref().map_or_else(|error| *error, |_| next())).collect();
    write(outcomes, codes.len(), &codes)?;
    Ok(first(&codes))
}

/// ES_OK or the code of the error.
pub(crate) fn code<T, E: Into<es_error>>(outcome: Result<T, E>) -> es_error {
    outcome.map_or_else(Into::into, |_| es_error::ES_OK)
}

/// Reports the place of an item that a batch refused, if the caller wants it.
pub(crate) fn place(refused: *mut usize, error: BatchError) -> es_error {
    if refused.is_null() {
        return error.into();
    }
    set(refused, error.index).map_or_else(|pointer| pointer, |()| error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_the_outcome_of_each_item() {
        let mut outcomes = [es_error::ES_OK; 2];
        let code = guard_each(outcomes.as_mut_ptr(), 2, || panic!("a bug"));
        assert_eq!((code, outcomes), (es_error::ES_INTERNAL, [es_error::ES_INTERNAL; 2]));
    }
}
