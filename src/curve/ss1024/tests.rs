//! The curve code on fields of two or three digits, where every input is tried; and on the real
//! field, where operations are counted.

mod constants;
mod counts;
mod eight;
mod exhaustive;
mod lanes;
mod tiny;
