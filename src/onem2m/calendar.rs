//! The Gregorian calendar in days since 1970-01-01, for years from 1970 on.
//!
//! A year is counted from March, so that the leap day is its last one and the lengths of the other
//! months follow (153 m + 2) / 5 with March as month 0: five months have 153 days, twice over.

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: u64 = 719_468;

/// Days from 0000-03-01 to the first of March of `year`.
const fn days_to_march(year: u64) -> u64 {
    365 * year + year / 4 - year / 100 + year / 400
}

/// Days from the first of March to the first of `month`, where March is 0.
const fn days_to_month(month: u64) -> u64 {
    (153 * month + 2) / 5
}

/// Days of `month` (1 to 12) in `year`; 0 if there is no such month.
pub(super) const fn days_in_month(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// Days from 1970-01-01 to a date that exists; `year` is 1970 or later.
pub(super) const fn days_from_date(year: u64, month: u64, day: u64) -> u64 {
    // January and February end the year that began in the March before.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    days_to_march(year) + days_to_month(month) + (day - 1) - EPOCH
}

/// The date, as year, month and day, that lies `days` after 1970-01-01.
///
/// Exact for every day up to year 9999 and far beyond; `days` below 2^40 cannot overflow.
pub(super) const fn date_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + EPOCH;
    // 400 years have 146 097 days. The mean year gives the number or its neighbour.
    let mut year = days * 400 / 146_097;
    while days_to_march(year) > days {
        year -= 1;
    }
    while days_to_march(year + 1) <= days {
        year += 1;
    }
    let days = days - days_to_march(year);
    let month = (5 * days + 2) / 153;
    let day = days - days_to_month(month) + 1;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every day from 1970-01-01 to 9999-12-31, counted one by one.
    #[test]
    fn agrees_with_counting_days_one_by_one() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        let mut days = 0;
        while year < 10_000 {
            assert_eq!(days_from_date(year, month, day), days);
            assert_eq!(date_from_days(days), (year, month, day));
            let leap = match (year % 400, year % 100, year % 4) {
                (0, _, _) => true,
                (_, 0, _) => false,
                (_, _, remainder) => remainder == 0,
            };
            let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            let length = lengths[usize::try_from(month).unwrap() - 1];
            assert_eq!(days_in_month(year, month), length);
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
            days += 1;
        }
        assert_eq!(days, 2_932_897);
    }

    #[test]
    fn knows_the_leap_years_at_the_turn_of_centuries() {
        assert_eq!(days_in_month(1900, 2), 28);
        assert_eq!(days_in_month(2000, 2), 29);
        assert_eq!(days_in_month(2024, 2), 29);
        assert_eq!(days_in_month(2100, 2), 28);
        assert_eq!(days_in_month(2400, 2), 29);
        assert_eq!(days_in_month(2024, 0), 0);
        assert_eq!(days_in_month(2024, 13), 0);
    }
}
