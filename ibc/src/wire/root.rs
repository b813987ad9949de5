//! Resource types and root members of the interfaces Mmef and Mmaf.

/// The number space of the two interfaces; TS-0004's numbers are others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of TS-0032")]
pub enum ResourceType {
    MafBase = 1,
    MefBase = 2,
    MafClientReg = 3,
    MefClientReg = 4,
    SymmKeyReg = 5,
    MefClientCmd = 6,
}

impl ResourceType {
    /// The attribute `ty`.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The resource type with this number.
    pub const fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            1 => Self::MafBase,
            2 => Self::MefBase,
            3 => Self::MafClientReg,
            4 => Self::MefClientReg,
            5 => Self::SymmKeyReg,
            6 => Self::MefClientCmd,
            _ => return None,
        })
    }

    /// The root member in JSON.
    pub const fn root(self) -> &'static str {
        match self {
            Self::MafBase => "sec:mafb",
            Self::MefBase => "sec:mefb",
            Self::MafClientReg => "sec:macr",
            Self::MefClientReg => "sec:mecr",
            Self::SymmKeyReg => "sec:skr",
            Self::MefClientCmd => "sec:mecc",
        }
    }
}
