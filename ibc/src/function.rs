//! Which function of the system serves, or is asked.

use core::fmt;

/// A function of the system, with its clients, credentials and policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// The M2M Enrolment Function.
    Mef,
    /// The M2M Authentication Function.
    Maf,
}

impl Function {
    /// The name in the audit log and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mef => "mef",
            Self::Maf => "maf",
        }
    }

    /// The path of its base resource.
    #[cfg(feature = "client")]
    pub(crate) const fn base(self) -> &'static str {
        match self {
            Self::Mef => "/mef",
            Self::Maf => "/maf",
        }
    }

    /// The number in the database.
    #[cfg(feature = "service")]
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Mef => 1,
            Self::Maf => 2,
        }
    }

    /// The function with this number in the database.
    #[cfg(feature = "service")]
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        [Self::Mef, Self::Maf].into_iter().find(|function| function.number() == number)
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
