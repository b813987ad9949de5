//! Where C's pointers become references, and values become handles: all unsafe code of this package.
//!
//! # What C promises
//! The functions here take pointers that a C program gave to an `es_` function, and rely on what the header asks of it:
//! a pointer that is not NULL points to as many values of its type as the length says, readable for inputs and
//! writable for outputs, during the call; a handle was made by this library; no other thread writes to what is read, or uses a
//! handle that is not const. NULL, lengths, and the type of a handle are checked here. They are no `unsafe fn`, since each
//! `es_` function would repeat the same promise; nothing else calls them, and no Rust program links this package.

use crate::error::es_error;
use core::ffi::{c_char, c_void};
use core::ptr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What an `es_` function does, up to its code.
pub(crate) type Outcome<T = ()> = Result<T, es_error>;

/// Runs the body of a function. A panic, which is a bug of the library, becomes a code.
pub(crate) fn guard(body: impl FnOnce() -> Outcome) -> es_error {
    // What a panic left half done is dropped: handles change only by a whole assignment.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => es_error::ES_OK,
        Ok(Err(error)) => error,
        Err(_) => es_error::ES_INTERNAL,
    }
}

/// A type of the header, of which C sees pointers only; they point to `Tagged<Value>`.
pub(crate) trait Handle {
    /// What the handle stands for. Threads share it.
    type Value: Send + Sync;
    /// Eight characters that stand in front of every value of the type, and of no other.
    const TAG: [u8; 8];
}

#[repr(C)]
struct Tagged<T> {
    tag: [u8; 8],
    value: T,
}

/// In place of the tag, once the handle was freed.
const FREED: [u8; 8] = [0; 8];

/// Gives the types of the header their values.
macro_rules! handle {
    ($handle:ty, $tag:literal, $value:ty) => {
        impl $crate::edge::Handle for $handle {
            type Value = $value;
            const TAG: [u8; 8] = *$tag;
        }
    };
}
pub(crate) use handle;

fn check<H: Handle>(handle: *const H) -> Outcome<*mut Tagged<H::Value>> {
    let tagged = handle.cast_mut().cast::<Tagged<H::Value>>();
    if tagged.is_null() {
        return Err(es_error::ES_BAD_POINTER);
    }
    if !tagged.is_aligned() {
        return Err(es_error::ES_BAD_HANDLE);
    }
    // SAFETY: a handle of any type begins with a tag, and this pointer is one. Of one that was freed the memory may
    // have gone; the header says that this is not relied upon. Volatile, so that the read is not moved or dropped.
    let tag = unsafe { ptr::read_volatile(ptr::addr_of!((*tagged).tag)) };
    if tag == H::TAG { Ok(tagged) } else { Err(es_error::ES_BAD_HANDLE) }
}

/// The value of a handle.
pub(crate) fn get<'a, H: Handle>(handle: *const H) -> Outcome<&'a H::Value> {
    let tagged = check(handle)?;
    // SAFETY: the tag says that it was made by `put` with a value of this type; it lives until `free`, and nobody
    // changes it while it is const.
    Ok(unsafe { &(*tagged).value })
}

/// The value of a handle, to change it.
pub(crate) fn get_mut<'a, H: Handle>(handle: *mut H) -> Outcome<&'a mut H::Value> {
    let tagged = check(handle)?;
    // SAFETY: as in `get`; C promises that no other thread uses a handle that is not const.
    Ok(unsafe { &mut (*tagged).value })
}

/// Drops and wipes the value of a handle. NULL is nothing; a handle of another type, or one that carries the mark of
/// a freed one, is left alone.
pub(crate) fn free<H: Handle>(handle: *mut H) {
    // Nothing can be reported, and nobody is told of a panic, which a drop does not raise.
    let _ = guard(|| {
        let tagged = check(handle)?;
        // SAFETY: made by `Box::into_raw` in `put`, and given back once: the tag is still there.
        let mut tagged = unsafe { Box::from_raw(tagged) };
        // SAFETY: a place of the box. Volatile: the compiler sees no reader.
        unsafe { ptr::write_volatile(&raw mut tagged.tag, FREED) };
        drop(tagged);
        Ok(())
    });
}

/// Writes a new handle of what `make` gives; NULL if it fails.
pub(crate) fn put<H: Handle>(slot: *mut *mut H, make: impl FnOnce() -> Outcome<H::Value>) -> Outcome {
    set(slot, ptr::null_mut())?;
    set(slot, new_handle(make()?))
}

/// Writes `count` new handles; NULL into all places if `make` fails.
pub(crate) fn put_many<H: Handle>(
    slots: *mut *mut H,
    count: usize,
    make: impl FnOnce() -> Outcome<Vec<H::Value>>,
) -> Outcome {
    put_each(slots, count, || Ok(make()?.into_iter().map(Some).collect()))
}

/// Writes a new handle for each value, NULL for each `None`; NULL into all places if `make` fails.
pub(crate) fn put_each<H: Handle>(
    slots: *mut *mut H,
    count: usize,
    make: impl FnOnce() -> Outcome<Vec<Option<H::Value>>>,
) -> Outcome {
    set_each(slots, count, ptr::null_mut())?;
    let handles: Vec<_> =
        make()?.into_iter().map(|value| value.map_or(ptr::null_mut(), new_handle)).collect();
    debug_assert_eq!(handles.len(), count, "one for each");
    write(slots, count, &handles)
}

fn new_handle<H: Handle>(value: H::Value) -> *mut H {
    Box::into_raw(Box::new(Tagged { tag: H::TAG, value })).cast()
}

/// Octets from C, any number.
pub(crate) fn octets<'a>(data: *const u8, length: usize) -> Outcome<&'a [u8]> {
    list(data, length)
}

/// Values from C. NULL is none.
pub(crate) fn list<'a, T>(data: *const T, count: usize) -> Outcome<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    check_array(data, count)?;
    // SAFETY: C promises as many values as it says, which do not change during the call; size and alignment
    // were checked.
    Ok(unsafe { core::slice::from_raw_parts(data, count) })
}

/// A structure from C; `None` for NULL.
pub(crate) fn optional<'a, T>(data: *const T) -> Outcome<Option<&'a T>> {
    if data.is_null() { Ok(None) } else { Ok(list(data, 1)?.first()) }
}

/// Text from C, with no NUL behind it.
pub(crate) fn text<'a>(data: *const c_char, length: usize) -> Outcome<&'a str> {
    core::str::from_utf8(octets(data.cast(), length)?).map_err(|_| es_error::ES_NOT_UTF8)
}

/// Writes `value` to an output that takes exactly its octets.
pub(crate) fn put_octets(out: *mut u8, length: usize, value: &[u8]) -> Outcome {
    check_out(out, length, value.len())?;
    write(out, length, value)
}

/// Is this an output of exactly `expected` octets? Asked before the work is done that fills it.
pub(crate) fn check_out(out: *mut u8, length: usize, expected: usize) -> Outcome {
    if out.is_null() {
        return Err(es_error::ES_BAD_POINTER);
    }
    if length == expected { Ok(()) } else { Err(es_error::ES_LENGTH) }
}

/// Writes `text` and a NUL into `capacity` characters, and its length without the NUL. Where the room is too small, the
/// length alone.
pub(crate) fn put_text(out: *mut c_char, capacity: usize, length: *mut usize, text: &str) -> Outcome {
    if out.is_null() && capacity > 0 {
        return Err(es_error::ES_BAD_POINTER);
    }
    set(length, text.len())?;
    if capacity <= text.len() {
        return Err(es_error::ES_BUFFER_TOO_SMALL);
    }
    let with_nul = [text.as_bytes(), &[0]].concat();
    write(out.cast(), with_nul.len(), &with_nul)
}

/// Writes `values` into room for `capacity` of them, and their number. Where the room is too small, the number alone.
pub(crate) fn put_some<T: Copy>(out: *mut T, capacity: usize, length: *mut usize, values: &[T]) -> Outcome {
    if out.is_null() && capacity > 0 {
        return Err(es_error::ES_BAD_POINTER);
    }
    set(length, values.len())?;
    if capacity < values.len() {
        return Err(es_error::ES_BUFFER_TOO_SMALL);
    }
    write(out, values.len(), values)
}

/// Writes one value.
pub(crate) fn set<T: Copy>(out: *mut T, value: T) -> Outcome {
    write(out, 1, &[value])
}

/// Is this a place for one value? Asked before anything is written.
pub(crate) fn check_place<T>(out: *mut T) -> Outcome {
    check_array(out, 1)
}

/// Writes one value to `count` places.
pub(crate) fn set_each<T: Copy>(out: *mut T, count: usize, value: T) -> Outcome {
    if count > 0 {
        check_array(out, count)?;
    }
    for place in 0..count {
        // SAFETY: as in `write`; C promises room for `count` values.
        unsafe { out.add(place).write(value) };
    }
    Ok(())
}

/// Writes as many values as there is room for.
pub(crate) fn write<T: Copy>(out: *mut T, count: usize, values: &[T]) -> Outcome {
    if count == 0 {
        return Ok(());
    }
    check_array(out, count)?;
    debug_assert_eq!(count, values.len(), "room for each");
    // SAFETY: C promises room for `count` values. No reference to it exists: all inputs that it may overlap with
    // were used before.
    unsafe { ptr::copy(values.as_ptr(), out, count.min(values.len())) };
    Ok(())
}

fn check_array<T>(data: *const T, count: usize) -> Outcome {
    if data.is_null() || !data.is_aligned() {
        return Err(es_error::ES_BAD_POINTER);
    }
    let fits = size_of::<T>().checked_mul(count).is_some_and(|octets| isize::try_from(octets).is_ok());
    if fits { Ok(()) } else { Err(es_error::ES_LENGTH) }
}

/// Calls the generator of a caller: it fills `out`.
pub(crate) fn fill(
    function: extern "C" fn(*mut c_void, *mut u8, usize) -> i32,
    context: *mut c_void,
    out: &mut [u8],
) -> bool {
    // Octets that it does not write are zeros, not what stood there.
    out.fill(0);
    function(context, out.as_mut_ptr(), out.len()) == 0
}

/// A callback of C that admits entities.
type AdmitFn = extern "C" fn(*mut c_void, *const c_char, usize, *const c_char, usize) -> i32;

/// That callback with its context.
pub(crate) struct Admit {
    function: AdmitFn,
    context: *mut c_void,
}

// SAFETY: a policy of the library has to be `Sync`, since servers share it. This one lives for one call of an `es_`
// function, whose thread alone asks it.
unsafe impl Sync for Admit {}

impl Admit {
    pub(crate) fn new(function: AdmitFn, context: *mut c_void) -> Self {
        Self { function, context }
    }

    pub(crate) fn ask(&self, entity: &str, id_2: &str) -> bool {
        let (entity_data, id_2_data) = (entity.as_ptr().cast(), id_2.as_ptr().cast());
        (self.function)(self.context, entity_data, entity.len(), id_2_data, id_2.len()) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Any {}

    handle!(Any, b"any.....", ());

    /// No call from C is known that panics. One that did would get a code, no handle, and the octets as they were.
    #[test]
    fn a_panic_becomes_a_code() {
        let mut slots = [ptr::NonNull::<Any>::dangling().as_ptr(); 2];
        let code = guard(|| put(&raw mut slots[0], || panic!("a bug")));
        assert_eq!((code, slots[0]), (es_error::ES_INTERNAL, ptr::null_mut()));
        slots.fill(ptr::NonNull::dangling().as_ptr());
        let code = guard(|| put_each(slots.as_mut_ptr(), 2, || panic!("a bug")));
        assert_eq!((code, slots), (es_error::ES_INTERNAL, [ptr::null_mut(); 2]));
        let mut octets = [9; 4];
        let bug = |_: &[u8]| -> [u8; 4] { panic!("a bug") };
        let code = guard(|| put_octets(octets.as_mut_ptr(), 4, &bug(&[])));
        assert_eq!((code, octets), (es_error::ES_INTERNAL, [9; 4]));
    }
}
