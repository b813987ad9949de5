//! Security policies of SRTP.

use mikey_sakke::Refusal;
use mikey_sakke::payload::{SecurityPolicy, SrtpPolicy};

/// Type and value.
type Parameter<'a> = (u8, &'a [u8]);

fn policy(parameters: &[Parameter<'_>]) -> SecurityPolicy {
    let parameters = parameters.iter().map(|(kind, value)| (*kind, value.to_vec())).collect();
    SecurityPolicy { number: 3, protocol: SecurityPolicy::SRTP, parameters }
}

#[test]
fn what_is_not_said_has_a_default() {
    assert_eq!(SrtpPolicy::read(&policy(&[])), Ok(SrtpPolicy::RFC_3830));
    assert_eq!(SrtpPolicy::read(&policy(&[(0, &[6])])), Ok(SrtpPolicy::MCX));
    let group = policy(&[(2, &[4]), (0, &[6])]);
    assert_eq!(SrtpPolicy::read(&group), Ok(SrtpPolicy::MCX_GROUP), "in any order");
    let on = policy(&[(7, &[1]), (8, &[1]), (9, &[0]), (10, &[1]), (12, &[0])]);
    assert_eq!(SrtpPolicy::read(&on), Ok(SrtpPolicy::RFC_3830));
    // The tag that belongs to the authentication.
    for (authentication, tag) in [(0, 0), (1, 10), (2, 14), (3, 14), (4, 4)] {
        let read = SrtpPolicy::read(&policy(&[(2, &[authentication])])).unwrap();
        assert_eq!((read.authentication, read.tag), (authentication, tag));
        let rtcp = if authentication == 0 { (0, 0) } else { (1, 10) };
        assert_eq!((read.rtcp_authentication, read.rtcp_tag), rtcp, "ROC is in SRTP alone");
    }
}

/// RFC 3830 §6.10.1, types 0 to 12; RFC 4771 §4, types 13 to 19; RFC 7714, type 20.
#[test]
fn values_are_those_of_their_parameters() {
    let parameters: &[Parameter<'_>] = &[
        (0, &[1]),
        (1, &[32]),
        (2, &[3]),
        (3, &[20]),
        (4, &[13]),
        (5, &[0]),
        (6, &[1, 0, 0]),
        (13, &[1, 2]),
        (17, &[20]),
        (18, &[9]),
        (19, &[4]),
    ];
    let read = SrtpPolicy::read(&policy(parameters)).unwrap();
    let expected = SrtpPolicy {
        encryption_key: 32,
        authentication: 3,
        salt: 13,
        key_derivation_rate: 65_536,
        tag: 9,
        rtcp_tag: 4,
        roc_rate: 258,
        ..SrtpPolicy::RFC_3830
    };
    assert_eq!(read, expected);
    // Types 2, 3 and 11 speak of both, those of RFC 4771 of one.
    let both = SrtpPolicy::read(&policy(&[(2, &[1]), (3, &[20]), (11, &[4])])).unwrap();
    assert_eq!((both.tag, both.rtcp_tag), (4, 4));
    let one = SrtpPolicy::read(&policy(&[(2, &[4]), (11, &[10]), (18, &[4])])).unwrap();
    assert_eq!((one.authentication, one.tag), (4, 4));
    assert_eq!((one.rtcp_authentication, one.rtcp_tag), (1, 10));
    let one = SrtpPolicy::read(&policy(&[(14, &[4]), (15, &[0]), (16, &[0]), (17, &[0])])).unwrap();
    assert_eq!((one.authentication, one.authentication_key, one.tag), (4, 0, 4));
    assert_eq!((one.rtcp_authentication, one.rtcp_authentication_key, one.rtcp_tag), (0, 0, 0));
}

#[test]
fn what_an_algorithm_has_not_is_refused() {
    const GCM: Parameter<'_> = (0, &[6]);
    let cases: &[(u8, &[Parameter<'_>])] = &[
        // Keys that the cipher does not have: none at all above all.
        (1, &[(1, &[0])]),
        (1, &[(0, &[2]), (1, &[32])]),
        (1, &[GCM, (1, &[0])]),
        (1, &[GCM, (1, &[24])]),
        (3, &[(3, &[0])]),
        (3, &[(2, &[2]), (3, &[16])]),
        (16, &[(16, &[0])]),
        (17, &[(17, &[0])]),
        // Tags that authenticate nothing.
        (11, &[(11, &[0])]),
        (11, &[(11, &[3])]),
        (18, &[(2, &[2]), (18, &[4])]),
        (18, &[(2, &[4]), (18, &[10])]),
        (19, &[(19, &[0])]),
        (20, &[GCM, (20, &[12])]),
        (20, &[(20, &[16])]),
        // Beside AES-GCM nothing authenticates.
        (2, &[GCM, (2, &[1])]),
        (14, &[GCM, (14, &[2])]),
        (15, &[GCM, (15, &[1])]),
        (4, &[GCM, (4, &[14])]),
        (13, &[(13, &[0, 1])]),
        (13, &[(2, &[2]), (13, &[0, 0])]),
        (13, &[(2, &[2]), (13, &[1])]),
        (15, &[(15, &[2])]),
        // Rates are 0 or powers of 2.
        (6, &[(6, &[])]),
        (6, &[(6, &[3])]),
        (6, &[(6, &[2, 0, 0, 0])]),
        (6, &[(6, &[0, 0, 0, 0, 1])]),
        (21, &[(21, &[])]),
    ];
    for (kind, parameters) in cases {
        let refused = SrtpPolicy::read(&policy(parameters));
        assert_eq!(refused, Err(Refusal::PolicyParameter(*kind)), "{parameters:?}");
    }
}

#[test]
fn profiles_are_what_they_read_as() {
    let rate = SrtpPolicy { key_derivation_rate: 1 << 24, ..SrtpPolicy::RFC_3830 };
    let null = SrtpPolicy { authentication: 0, tag: 0, ..SrtpPolicy::RFC_3830 };
    let rcc = SrtpPolicy { authentication: 2, tag: 14, roc_rate: 300, ..SrtpPolicy::RFC_3830 };
    let alone = SrtpPolicy { rtcp_authentication: 0, rtcp_authentication_key: 0, rtcp_tag: 0, ..rcc };
    let mcx = [SrtpPolicy::MCX, SrtpPolicy::MCX_GROUP];
    for profile in [SrtpPolicy::RFC_3830, rate, null, rcc, alone].into_iter().chain(mcx) {
        let payload = profile.to_payload(5);
        assert_eq!(payload.number, 5);
        assert_eq!(SrtpPolicy::read(&payload), Ok(profile));
    }
    // TS 33.180: AES-GCM, 16 octets, salt of 12, PRF AES-CM, rate 0, tag of 16.
    let mcx = SrtpPolicy::MCX.to_payload(0).parameters;
    for (kind, value) in [(0, 6), (1, 16), (4, 12), (5, 0), (6, 0), (20, 16)] {
        assert!(mcx.contains(&(kind, vec![value])), "{kind}");
    }
    // As in deployed messages: RCCm3, whose tag is ROC, in SRTP alone.
    let group = SrtpPolicy::MCX_GROUP.to_payload(0).parameters;
    for (kind, value) in [(2, 4), (18, 4), (19, 0)] {
        assert!(group.contains(&(kind, vec![value])), "{kind}");
    }
}
