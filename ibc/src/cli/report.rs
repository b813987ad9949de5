//! What a command prints.

use super::failure::{Failure, Kind};
use serde::Serialize;
use std::io::{self, Write};
use zeroize::Zeroizing;

/// The result of a command, for people and for programs. Wiped when dropped, since it may hold what
/// `--show-secret` asked for.
pub(super) struct Report {
    text: Zeroizing<Vec<u8>>,
    json: Zeroizing<String>,
    verdict: Result<(), Failure>,
}

impl Report {
    /// `text` without the last line end.
    pub(super) fn new(text: impl Into<String>, json: &impl Serialize) -> Self {
        let mut text = Zeroizing::new(text.into().into_bytes());
        text.push(b'\n');
        Self::raw(text, json)
    }

    /// Octets printed as they are.
    pub(super) fn raw(text: Zeroizing<Vec<u8>>, json: &impl Serialize) -> Self {
        let json = serde_json::to_string(json).expect("structs of strings and numbers always serialise");
        Self { text, json: Zeroizing::new(json), verdict: Ok(()) }
    }

    /// A command whose standard output is somebody else's, unless an object was asked for.
    #[cfg(feature = "client")]
    pub(super) fn silent(json: &impl Serialize) -> Self {
        Self::raw(Zeroizing::default(), json)
    }

    /// A command that gives its answer and then refuses, as a verification that fails.
    pub(super) fn refusing(self, kind: Kind, message: impl Into<String>) -> Self {
        Self { verdict: Err(Failure::refused(kind, message)), ..self }
    }

    pub(super) fn print(self, json: bool) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        if json {
            // A verdict stands in the object itself.
            writeln!(out, "{}", self.json.as_str())?;
        } else {
            out.write_all(&self.text)?;
        }
        out.flush()?;
        self.verdict.map_err(|failure| if json { Failure::Told } else { failure })
    }
}
