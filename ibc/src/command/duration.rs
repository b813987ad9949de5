//! xs:duration, for retryDuration.

use core::time::Duration;

/// Writes whole seconds.
#[cfg(any(feature = "client", feature = "service", test))]
pub(crate) fn text(duration: Duration) -> String {
    format!("PT{}S", duration.as_secs())
}

/// Reads a duration that is not negative. A year counts as 365 days and a month as 30, a fraction of a second as none.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.strip_prefix('P')?;
    let (days, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None if text.is_empty() => return None,
        None => (text, ""),
    };
    let days = sum(days, &[('Y', 365 * 86_400), ('M', 30 * 86_400), ('D', 86_400)])?;
    let time = sum(&whole_seconds(time)?, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    Some(Duration::from_secs(days.checked_add(time)?))
}

/// Drops the fraction of the seconds.
fn whole_seconds(text: &str) -> Option<String> {
    let Some((whole, fraction)) = text.split_once('.') else { return Some(text.into()) };
    let digits = fraction.strip_suffix('S')?;
    let is_fraction = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    is_fraction.then(|| format!("{whole}S"))
}

/// Numbers with units, each at most once and in this order.
fn sum(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut sum: u64 = 0;
    for (unit, seconds) in units {
        let Some((number, rest)) = text.split_once(*unit) else { continue };
        if number.is_empty() || !number.bytes().all(|octet| octet.is_ascii_digit()) {
            return None;
        }
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(*seconds)?)?;
        text = rest;
    }
    text.is_empty().then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations_and_nothing_else() {
        for (given, seconds) in [
            ("PT1H", Some(3_600)),
            ("PT12H", Some(43_200)),
            ("P1D", Some(86_400)),
            ("P1DT1H1M1S", Some(90_061)),
            ("P1Y1M", Some(395 * 86_400)),
            ("P2M", Some(60 * 86_400)),
            ("PT2M", Some(120)),
            ("PT1.5S", Some(1)),
            ("PT0S", Some(0)),
            ("P", None),
            ("PT", None),
            ("P1DT", None),
            ("P1H", None),
            ("PT1D", None),
            ("PT1S1M", None),
            ("-PT1S", None),
            ("PT1.S", None),
            ("PT1.5M", None),
            ("PTS", None),
            ("P18446744073709551615Y", None),
            ("", None),
        ] {
            assert_eq!(parse(given), seconds.map(Duration::from_secs), "{given}");
        }
        assert_eq!(parse(&text(Duration::from_secs(43_200))), Some(Duration::from_secs(43_200)));
    }
}
