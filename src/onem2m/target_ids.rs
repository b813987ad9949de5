//! targetIDs: who may retrieve a registered key.

use alloc::vec::Vec;
use core::fmt;

use super::{EntityName, Fqdn, IdentifierError, SecurityUsage, TargetRule};

/// The targets of a registered key, as its security usage asks (TS-0003 clauses 8.3.5.2.7 and
/// 8.8.2.7).
///
/// | SUID | targets |
/// |---|---|
/// | 22, 23, 32, 33 | exactly one absolute AE-ID or CSE-ID |
/// | 24, 25, 34, 35 | 1 to [`MAX`](Self::MAX) of them |
/// | 21 | exactly one MAF, by its FQDN |
///
/// No target stands twice. The order is kept. The rule depends on the usage, which is not part of
/// the value, so the only way in is with it: serde writes an array of strings and does not read one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[doc(alias = "targetIDs")]
pub struct TargetIds(Targets);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Targets {
    Entities(Vec<EntityName>),
    Maf(Fqdn),
}

impl TargetIds {
    /// Largest number of targets: a group larger than this shares a key with too many to keep it.
    pub const MAX: usize = 256;

    /// Reads the texts of a target list for a key of this usage.
    ///
    /// # Errors
    /// [`IdentifierError::UsageWithoutTargets`], [`IdentifierError::ExactlyOneTarget`],
    /// [`IdentifierError::TargetCount`], [`IdentifierError::DuplicateTarget`],
    /// [`IdentifierError::NotAbsolute`], and the errors of [`EntityName`] or [`Fqdn`].
    pub fn parse<T: AsRef<str>>(usage: SecurityUsage, texts: &[T]) -> Result<Self, IdentifierError> {
        match usage.target_rule().ok_or(IdentifierError::UsageWithoutTargets)? {
            TargetRule::OneMaf => match texts {
                [maf] => Self::maf(usage, Fqdn::parse(maf.as_ref())?),
                _ => Err(IdentifierError::ExactlyOneTarget),
            },
            rule @ (TargetRule::One | TargetRule::OneOrMore) => {
                // Counted before anything is read or kept.
                check_count(rule, texts.len())?;
                let names: Result<_, _> = texts.iter().map(|text| EntityName::parse(text.as_ref())).collect();
                Self::new(usage, names?)
            }
        }
    }

    /// The target list of entities, for any usage but 21.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); [`IdentifierError::TargetIsMaf`] for SUID 21.
    pub fn new(usage: SecurityUsage, entities: Vec<EntityName>) -> Result<Self, IdentifierError> {
        match usage.target_rule().ok_or(IdentifierError::UsageWithoutTargets)? {
            TargetRule::OneMaf => return Err(IdentifierError::TargetIsMaf),
            rule @ (TargetRule::One | TargetRule::OneOrMore) => check_count(rule, entities.len())?,
        }
        if !entities.iter().all(EntityName::is_absolute) {
            return Err(IdentifierError::NotAbsolute);
        }
        let mut sorted: Vec<&str> = entities.iter().map(EntityName::as_str).collect();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(IdentifierError::DuplicateTarget);
        }
        Ok(Self(Targets::Entities(entities)))
    }

    /// The target list of a key towards a MAF, SUID 21.
    ///
    /// # Errors
    /// [`IdentifierError::UsageWithoutTargets`] or [`IdentifierError::EntityStart`] for another usage,
    /// [`IdentifierError::FqdnSingleLabel`] if `fqdn` is a laboratory name.
    pub fn maf(usage: SecurityUsage, fqdn: Fqdn) -> Result<Self, IdentifierError> {
        match usage.target_rule() {
            Some(TargetRule::OneMaf) => Ok(Self(Targets::Maf(fqdn.embeddable()?))),
            Some(TargetRule::One | TargetRule::OneOrMore) => Err(IdentifierError::EntityStart),
            None => Err(IdentifierError::UsageWithoutTargets),
        }
    }

    /// The entities; empty if the target is a MAF.
    pub fn entities(&self) -> &[EntityName] {
        match &self.0 {
            Targets::Entities(entities) => entities,
            Targets::Maf(_) => &[],
        }
    }

    /// The MAF, if that is the target.
    pub fn maf_fqdn(&self) -> Option<&Fqdn> {
        match &self.0 {
            Targets::Entities(_) => None,
            Targets::Maf(fqdn) => Some(fqdn),
        }
    }

    /// Whether `entity` is a target, when its SP-relative form belongs to `provider`.
    pub fn contains(&self, entity: &EntityName, provider: &Fqdn) -> bool {
        self.entities().iter().any(|target| target.same_entity(entity, provider))
    }

    /// The canonical texts, in order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.entities().iter().map(EntityName::as_str).chain(self.maf_fqdn().map(Fqdn::as_str))
    }
}

fn check_count(rule: TargetRule, count: usize) -> Result<(), IdentifierError> {
    match rule {
        TargetRule::One | TargetRule::OneMaf if count != 1 => Err(IdentifierError::ExactlyOneTarget),
        TargetRule::OneOrMore if !(1..=TargetIds::MAX).contains(&count) => {
            Err(IdentifierError::TargetCount { max: TargetIds::MAX })
        }
        TargetRule::One | TargetRule::OneMaf | TargetRule::OneOrMore => Ok(()),
    }
}

/// The texts with a space between them, as XML writes m2m:listOfM2MID (TS-0004 clause 6.3.3).
impl fmt::Display for TargetIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, text) in self.texts().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(text)?;
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for TargetIds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.texts())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::{String, ToString};

    const CSE: &str = "//sp.example.com/CSE1";
    const AE: &str = "//SP.example.com./CSE1/C1";
    const MAF: &str = "maf.example.com";

    #[test]
    fn each_usage_has_its_number_of_targets() {
        use IdentifierError::{ExactlyOneTarget, TargetCount, UsageWithoutTargets};
        let many = Err(TargetCount { max: TargetIds::MAX });
        for usage in SecurityUsage::ALL {
            let count = |texts: &[&str]| TargetIds::parse(usage, texts).map(|ids| ids.texts().count());
            let (none, one, two, maf) = match usage.to_u8() {
                22 | 23 | 32 | 33 => {
                    (Err(ExactlyOneTarget), Ok(1), Err(ExactlyOneTarget), Err(IdentifierError::EntityStart))
                }
                24 | 25 | 34 | 35 => (many, Ok(1), Ok(2), Err(IdentifierError::EntityStart)),
                21 => (Err(ExactlyOneTarget), Err(IdentifierError::FqdnLabel), Err(ExactlyOneTarget), Ok(1)),
                _ => (
                    Err(UsageWithoutTargets),
                    Err(UsageWithoutTargets),
                    Err(UsageWithoutTargets),
                    Err(UsageWithoutTargets),
                ),
            };
            assert_eq!(count(&[]), none, "{usage}");
            assert_eq!(count(&[CSE]), one, "{usage}");
            assert_eq!(count(&[CSE, AE]), two, "{usage}");
            assert_eq!(count(&[MAF]), maf, "{usage}");
        }
    }

    #[test]
    fn the_bound_is_inclusive() {
        let texts: Vec<String> =
            (0..=TargetIds::MAX).map(|index| format!("//sp.example.com/CSE{index}")).collect();
        let usage = SecurityUsage::MafEsDataEncryption;
        assert!(TargetIds::parse(usage, &texts[1..]).is_ok());
        assert_eq!(
            TargetIds::parse(usage, &texts),
            Err(IdentifierError::TargetCount { max: TargetIds::MAX })
        );
    }

    #[test]
    fn refuses_relative_and_repeated_targets() {
        let usage = SecurityUsage::RspfEsDataSignature;
        let parse = |texts: &[&str]| TargetIds::parse(usage, texts);
        assert_eq!(parse(&["/CSE1"]), Err(IdentifierError::NotAbsolute));
        assert_eq!(parse(&["C190XX7T"]), Err(IdentifierError::BareStem));
        assert_eq!(parse(&[CSE, AE, "//SP.example.com/CSE1"]), Err(IdentifierError::DuplicateTarget));
        let ids = parse(&[AE, CSE]).unwrap();
        assert_eq!(ids.to_string(), "//sp.example.com/CSE1/C1 //sp.example.com/CSE1");
        let provider = Fqdn::parse("sp.example.com").unwrap();
        assert!(ids.contains(&EntityName::parse("/CSE1").unwrap(), &provider));
        assert!(!ids.contains(&EntityName::parse("/CSE2").unwrap(), &provider));
        assert!(!ids.contains(&EntityName::parse("/CSE1").unwrap(), &Fqdn::parse(MAF).unwrap()));
    }
}
