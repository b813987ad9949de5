//! Names, months and key periods.

use eccsi_sakke::onem2m::UnixTime;
use mikey_sakke::User;
use mikey_sakke::open::Receiver;
use mikey_sakke::payload::Timestamp;
use mikey_sakke::user::{KeyPeriod, Month, UserError, normalise_tel};

const DAY: u64 = 86_400;
/// 2011-02-01T00:00:00Z.
const FEBRUARY: u64 = 1_296_518_400;
/// 2011-03-01T00:00:00Z.
const MARCH: u64 = FEBRUARY + 28 * DAY;

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

#[test]
fn tel_uris_have_one_spelling() {
    for valid in ["tel:+1", "tel:+447700900123", "tel:+123456789012345"] {
        assert_eq!(User::tel(valid).unwrap().uri(), valid);
    }
    for invalid in [
        "",
        "tel:",
        "tel:+",
        "tel:447700900123",
        "TEL:+447700900123",
        "tel:+44-7700-900123",
        "tel:+44 7700900123",
        "tel:+4477009001234567",
        "tel:+447700900123;ext=1",
        "tel:+44770090012a",
        "tel:+44770090012\u{0663}",
        "sip:+447700900123",
        "tel:+447700900123\0",
        " tel:+447700900123",
    ] {
        assert_eq!(User::tel(invalid), Err(UserError::NotTel), "{invalid}");
    }
    assert_eq!(normalise_tel("TEL:+44-(7700).900-123"), "tel:+447700900123");
    assert!(User::tel(&normalise_tel("Tel:+44;phone-context=x")).is_err());
}

#[test]
fn months_are_those_of_utc() {
    let month = |seconds| Month::of(at(seconds)).map(|month| month.to_string());
    assert_eq!(month(0).as_deref(), Some("1970-01"));
    assert_eq!(month(FEBRUARY - 1).as_deref(), Some("2011-01"));
    assert_eq!(month(FEBRUARY).as_deref(), Some("2011-02"));
    assert_eq!(month(MARCH - 1).as_deref(), Some("2011-02"));
    assert_eq!(month(253_402_300_799).as_deref(), Some("9999-12"));
    assert_eq!(month(253_402_300_800), None);
    for invalid in ["2011-00", "2011-13", "2011-2", "11-02", "2011/02", "2011-02-01", "+011-02", "2011-+2"] {
        assert_eq!(Month::parse(invalid), Err(UserError::Month), "{invalid}");
    }
    assert_eq!(Month::parse("2011-02").unwrap().to_string(), "2011-02");
}

#[test]
fn old_months_end_on_the_third_and_new_ones_begin_two_days_before() {
    let user = User::tel("tel:+447700900123").unwrap();
    let accepts = |time, now| user.accepts_period(at(time), at(now), Receiver::OVERLAP);
    let (old, new) = (FEBRUARY + 10 * DAY, MARCH + 10 * DAY);
    for (now, accepts_old, accepts_new) in [
        (MARCH - 2 * DAY - 1, true, false),
        (MARCH - 2 * DAY, true, true),
        (MARCH - 1, true, true),
        (MARCH, true, true),
        (MARCH + 2 * DAY - 1, true, true),
        (MARCH + 2 * DAY, false, true),
    ] {
        assert_eq!((accepts(old, now), accepts(new, now)), (accepts_old, accepts_new), "{now}");
    }
}

#[test]
fn periods_have_a_number_and_a_start() {
    let period = KeyPeriod::new(2_592_000, 100).unwrap();
    for number in [900, 1_546, 1_547] {
        let start = period.start_of(number).unwrap();
        assert_eq!(period.number_at(start), Some(number));
        assert_eq!(period.number_at(at(start.as_seconds() - 1)), Some(number - 1));
    }
    assert_eq!(period.start_of(0), None, "before 1970");
    assert_eq!(period.start_of(u64::MAX), None);
    assert_eq!(period.number_at(at(u64::MAX)), None);
    for (seconds, offset) in [(0, 0), (1, 1), (5, 6)] {
        assert_eq!(KeyPeriod::new(seconds, offset), Err(UserError::Period));
    }
    let early = KeyPeriod::new(u64::MAX, u64::MAX - 1).unwrap();
    assert_eq!(early.number_at(at(0)), None);
}

#[test]
fn names_of_mcx_have_octets_and_an_end() {
    let period = KeyPeriod::new(1, 0).unwrap();
    let long = "x".repeat(65_536);
    assert_eq!(User::mcx("", "kms", period), Err(UserError::Empty));
    assert_eq!(User::mcx("a", "", period), Err(UserError::Empty));
    assert_eq!(User::mcx(&long, "kms", period), Err(UserError::TooLong));
    assert_eq!(User::mcx("a", &long, period), Err(UserError::TooLong));
    assert_eq!(User::tel("tel:+1").unwrap().of_kms(""), Err(UserError::Empty));
    let longest = User::mcx(&long[1..], &long[1..], period).unwrap();
    assert!(longest.in_period(u64::MAX).is_some());
    let (with, without) =
        (User::mcx("sip:a@b", "kms", period).unwrap(), User::mcx("a@b", "kms", period).unwrap());
    assert_ne!(with.in_period(1), without.in_period(1));
}

#[test]
fn timestamps_are_read_in_the_nearest_era_of_ntp() {
    // 2036-02-07T06:28:16Z, where the seconds of NTP start again.
    let turn = (1_u64 << 32) - 2_208_988_800;
    for time in [0, FEBRUARY, turn - 1, turn, turn + 1, turn + 1_000_000_000] {
        let timestamp = Timestamp::at(at(time)).unwrap();
        for now in [time.saturating_sub(1_000_000), time, time + 1_000_000] {
            assert_eq!(timestamp.near(at(now)), Some(at(time)), "{time} at {now}");
        }
    }
    assert_eq!(Timestamp::at(at(turn)), Some(Timestamp::NtpUtc(0)));
    assert_eq!(Timestamp::NtpUtc32(7).near(at(turn)), Some(at(turn + 7)));
    assert_eq!(Timestamp::Counter(7).near(at(turn)), None);
    let before_1970 = Timestamp::NtpUtc(2_208_988_799 << 32);
    assert_eq!(before_1970.near(at(0)), None);
    assert_eq!(before_1970.near(at(1 << 32)), Some(at((1 << 32) - 1)));
    assert_eq!(Timestamp::at(at(u64::MAX)), None);
}
