//! Decisions from what is known, without a database: who may have which key, for whom, until when.
//!
//! [KEY-CR] leaves authorisation open (NOTE 2 of clauses 8.3.5.2.7 and 8.8.2.7). Here a stakeholder writes rules for
//! (client or all, SUID or all); the one that names most holds, a client before a SUID. Without a rule a key is refused.

use crate::Function;
use crate::service::bound::Bound;
use crate::service::error::{Kind, ServiceError, unacceptable};
use crate::service::limits;
use crate::service::rule::Rule;
use core::time::Duration;
use eccsi_sakke::onem2m::{Purpose, SecurityUsage, UnixTime};

/// The rule that holds: the first, if it allows.
///
/// # Errors
/// [`Kind::ContentsUnacceptable`].
pub fn rule(rules: &[Rule]) -> Result<&Rule, ServiceError> {
    rules.first().filter(|rule| rule.allow).ok_or_else(|| unacceptable("this use is not allowed"))
}

/// The usage with this number, if keys of it are registered at `function`: 21 to 25 at a MEF, 32 to 35 at a MAF.
///
/// # Errors
/// [`Kind::ContentsUnacceptable`].
pub fn usage(function: Function, suid: u64) -> Result<SecurityUsage, ServiceError> {
    let usage = u8::try_from(suid).ok().and_then(|number| SecurityUsage::from_u8(number).ok());
    usage
        .filter(|usage| match function {
            Function::Mef => usage.is_registered_at_mef(),
            Function::Maf => usage.is_registered_at_maf(),
        })
        .ok_or_else(|| unacceptable("no key is registered here for this SUID"))
}

/// The latest end that may be granted: `bound`, or the end of the shortest of these lifetimes from now on.
pub fn latest_end(now: UnixTime, lifetimes: impl IntoIterator<Item = Duration>, bound: UnixTime) -> UnixTime {
    lifetimes.into_iter().filter_map(|lifetime| now.checked_add(lifetime)).fold(bound, Ord::min)
}

/// The end that is granted: what was proposed, cut to the latest end.
///
/// # Errors
/// [`Kind::ContentsUnacceptable`] if it has passed.
pub fn end(now: UnixTime, proposed: UnixTime, latest: UnixTime) -> Result<UnixTime, ServiceError> {
    let end = proposed.min(latest);
    if end > now { Ok(end) } else { Err(unacceptable("the expiration time has passed")) }
}

/// The end of a key: cut to the rule and to its registration.
///
/// # Errors
/// As [`end`].
pub(super) fn key_end(
    now: UnixTime,
    proposed: UnixTime,
    rule: &Rule,
    registration: UnixTime,
) -> Result<UnixTime, ServiceError> {
    let longest = rule.max_lifetime.into_iter().chain([limits::KEY_LIFETIME_MAX]);
    end(now, proposed, latest_end(now, longest, registration))
}

/// Checks a key that a client made: 32 octets for SAEF and MAF, 16 to 64 otherwise, not all zero.
///
/// # Errors
/// [`Kind::ContentsUnacceptable`].
///
/// # Timing
/// Depends on the length of the key and on whether it is zero throughout.
pub fn key_value(usage: SecurityUsage, key: &[u8]) -> Result<(), ServiceError> {
    let fits = match usage.purpose() {
        Purpose::Saef | Purpose::Maf | Purpose::Mef => key.len() == limits::SAEF_KEY_BYTES,
        Purpose::EsPrim | Purpose::EsDataEncryption | Purpose::EsDataSignature => {
            limits::KEY_BYTES.contains(&key.len())
        }
    };
    if !fits {
        return Err(unacceptable("the key has the wrong length for its use"));
    }
    if key.iter().fold(0, |all, octet| all | octet) == 0 {
        return Err(unacceptable("the key is zero"));
    }
    Ok(())
}

/// Checks targets against a rule: the source is not among them, and each is admitted.
///
/// # Errors
/// [`Kind::ContentsUnacceptable`].
pub fn targets<'a>(
    rule: &Rule,
    source: &str,
    targets: impl IntoIterator<Item = &'a str>,
    is_known: impl Fn(&str) -> bool,
) -> Result<(), ServiceError> {
    for target in targets {
        if target == source {
            return Err(unacceptable("the source is no target"));
        }
        if !rule.admits(target, is_known(target)) {
            return Err(unacceptable("a target is not allowed"));
        }
    }
    Ok(())
}

/// Whether a session with these identities may retrieve a key for these targets.
pub fn may_retrieve(targets: &[String], identities: &[Bound]) -> bool {
    identities.iter().any(|identity| targets.iter().any(|target| target == identity.as_str()))
}

/// How long a key that is derived for `target` may live: the longest that one of the stakeholders allows, each with its
/// rules and whether it knows the target; `None` if none allows it.
pub fn may_fetch<'a>(
    stakeholders: impl IntoIterator<Item = (&'a [Rule], bool)>,
    target: &str,
) -> Option<Duration> {
    stakeholders
        .into_iter()
        .filter_map(|(rules, is_known)| {
            rules.first().filter(|rule| rule.allow && rule.admits(target, is_known))
        })
        .map(|rule| rule.max_lifetime.unwrap_or(limits::KEY_LIFETIME_MAX))
        .max()
}

/// A registration or key that another request changed at the same time.
pub(crate) fn raced() -> ServiceError {
    ServiceError::new(Kind::Unavailable, "changed at the same time, repeat the request")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::rule::KNOWN;

    fn kind<T>(result: Result<T, ServiceError>) -> Option<Kind> {
        result.err().map(|error| error.kind())
    }

    #[test]
    fn keys_of_these_usages_are_registered_and_of_no_others() {
        for suid in (0..=300).chain([u64::MAX]) {
            assert_eq!(usage(Function::Mef, suid).is_ok(), (21..=25).contains(&suid), "{suid}");
            assert_eq!(usage(Function::Maf, suid).is_ok(), (32..=35).contains(&suid), "{suid}");
        }
        assert_eq!(kind(usage(Function::Maf, 31)), Some(Kind::ContentsUnacceptable));
    }

    #[test]
    fn the_first_rule_holds_and_no_rule_refuses() {
        let allow = Rule { allow: true, ..Rule::default() };
        let deny = Rule::default();
        assert!(rule(core::slice::from_ref(&allow)).is_ok());
        assert!(rule(&[allow.clone(), deny.clone()]).is_ok());
        assert_eq!(kind(rule(&[deny, allow])), Some(Kind::ContentsUnacceptable));
        assert_eq!(kind(rule(&[])), Some(Kind::ContentsUnacceptable));
    }

    #[test]
    fn an_end_is_cut_and_never_moved_later() {
        let at = UnixTime::from_seconds;
        for (now, proposed, lifetimes, bound, granted) in [
            (10, 20, vec![], 100, Some(20)),
            (10, 20, vec![5, 20], 100, Some(15)),
            (10, 20, vec![], 15, Some(15)),
            (10, 20, vec![20], 30, Some(20)),
            (10, 20, vec![u64::MAX], 30, Some(20)),
            (10, 10, vec![20], 30, None),
            (10, 9, vec![], 100, None),
            (10, 20, vec![0], 100, None),
            (10, 20, vec![], 10, None),
            (10, 11, vec![1], 11, Some(11)),
        ] {
            let latest = latest_end(at(now), lifetimes.into_iter().map(Duration::from_secs), at(bound));
            assert_eq!(end(at(now), at(proposed), latest).ok(), granted.map(at), "{now} {proposed} {bound}");
        }
    }

    #[test]
    fn keys_have_the_length_of_their_use() {
        for usage in SecurityUsage::ALL {
            let exact = matches!(usage.to_u8(), 21 | 22 | 32);
            if usage.target_rule().is_none() {
                continue;
            }
            for length in 0..=70 {
                let fits = if exact { length == 32 } else { (16..=64).contains(&length) };
                let mut key = vec![0; length];
                assert_eq!(
                    kind(key_value(usage, &key)),
                    Some(Kind::ContentsUnacceptable),
                    "{usage} zero {length}"
                );
                if let Some(last) = key.last_mut() {
                    *last = 1;
                }
                assert_eq!(key_value(usage, &key).is_ok(), fits, "{usage} {length}");
            }
        }
    }

    #[test]
    fn targets_are_held_against_the_rule() {
        let of = |targets: &[&str]| Rule {
            allow: true,
            targets: targets.iter().map(|target| (*target).into()).collect(),
            ..Rule::default()
        };
        let known = |target: &str| target == "//sp.example.com/B";
        let check = |rule: &Rule, list: &[&str]| {
            targets(rule, "//sp.example.com/A", list.iter().copied(), known).is_ok()
        };
        for (rule, list, allowed) in [
            (of(&[]), vec!["//x.example.com/Z"], true),
            (of(&[]), vec!["//sp.example.com/A"], false),
            (of(&[]), vec!["//x.example.com/Z", "//sp.example.com/A"], false),
            (of(&[KNOWN]), vec!["//sp.example.com/B"], true),
            (of(&[KNOWN]), vec!["//sp.example.com/B", "//x.example.com/Z"], false),
            (of(&["//x.example.com/Z"]), vec!["//x.example.com/Z"], true),
            (of(&["//x.example.com/Z"]), vec!["//sp.example.com/B"], false),
            (of(&["//x.example.com/Z", KNOWN]), vec!["//sp.example.com/B", "//x.example.com/Z"], true),
        ] {
            assert_eq!(check(&rule, &list), allowed, "{rule:?} {list:?}");
        }
    }

    #[test]
    fn a_target_by_any_identity_of_the_session_may_retrieve() {
        use eccsi_sakke::onem2m::{EntityId, EntityKind, Fqdn};
        let entity = |text| Bound::Entity(EntityId::parse(EntityKind::Cse, text).unwrap());
        let list = ["//sp.example.com/B".to_string(), "maf.example.com".to_string()];
        assert!(may_retrieve(&list, &[entity("//sp.example.com/B")]));
        assert!(may_retrieve(&list, &[entity("//sp.example.com/A"), entity("//sp.example.com/B")]));
        assert!(may_retrieve(&list, &[Bound::Maf(Fqdn::parse("maf.example.com").unwrap())]));
        assert!(!may_retrieve(&list, &[entity("//sp.example.com/b")]));
        assert!(!may_retrieve(&list, &[entity("//sp2.example.com/B")]));
        assert!(!may_retrieve(&list, &[]));
        assert!(!may_retrieve(&[], &[entity("//sp.example.com/B")]));
    }

    #[test]
    fn one_stakeholder_that_allows_is_enough_to_fetch() {
        let hour = Duration::from_secs(3_600);
        let rule = |allow, targets: &[&str], max_lifetime| {
            [Rule {
                allow,
                targets: targets.iter().map(|target| (*target).into()).collect(),
                default_targets: Vec::new(),
                max_lifetime,
            }]
        };
        let (denies, knows) = (rule(false, &[], None), rule(true, &[KNOWN], Some(hour)));
        let other = rule(true, &["maf2.example.com"], None);
        let fetch = |list: &[(&[Rule], bool)]| may_fetch(list.iter().copied(), "maf.example.com");
        assert_eq!(fetch(&[]), None);
        assert_eq!(fetch(&[(&denies, true)]), None);
        assert_eq!(fetch(&[(&knows, false)]), None);
        assert_eq!(fetch(&[(&other, true)]), None);
        assert_eq!(fetch(&[(&denies, true), (&knows, true), (&other, true)]), Some(hour));
        assert_eq!(fetch(&[(&rule(true, &[], None), false)]), Some(limits::KEY_LIFETIME_MAX));
    }
}
