//! Which function of the system a client talks to.

use core::fmt;

/// The function that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// M2M Enrolment Function.
    Mef,
    /// M2M Authentication Function.
    Maf,
}

impl Function {
    /// The path of its base resource.
    pub(super) const fn base(self) -> &'static str {
        match self {
            Self::Mef => "/mef",
            Self::Maf => "/maf",
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mef => "MEF",
            Self::Maf => "MAF",
        })
    }
}
