//! Security policies of SRTP.

use mikey_sakke::Refusal;
use mikey_sakke::payload::{SecurityPolicy, SrtpPolicy};

fn policy(parameters: &[(u8, &[u8])]) -> SecurityPolicy {
    let parameters = parameters.iter().map(|(kind, value)| (*kind, value.to_vec())).collect();
    SecurityPolicy { number: 3, protocol: SecurityPolicy::SRTP, parameters }
}

#[test]
fn what_is_not_said_has_a_default() {
    assert_eq!(SrtpPolicy::read(&policy(&[])), Ok(SrtpPolicy::RFC_3830));
    assert_eq!(SrtpPolicy::read(&policy(&[(0, &[6])])), Ok(SrtpPolicy::MCX));
    let group = policy(&[(2, &[4]), (0, &[6])]);
    assert_eq!(SrtpPolicy::read(&group), Ok(SrtpPolicy::MCX_GROUP), "in any order");
    let on = policy(&[(7, &[1]), (8, &[1]), (9, &[0]), (10, &[1]), (12, &[0]), (19, &[0])]);
    assert_eq!(SrtpPolicy::read(&on), Ok(SrtpPolicy::RFC_3830));
}

#[test]
fn values_are_those_of_their_parameters() {
    let all = policy(&[
        (0, &[2]),
        (1, &[32]),
        (2, &[3]),
        (3, &[32]),
        (4, &[13]),
        (5, &[0]),
        (6, &[24]),
        (11, &[4]),
        (18, &[9]),
        (20, &[8]),
    ]);
    let read = SrtpPolicy::read(&all).unwrap();
    assert_eq!((read.encryption, read.encryption_key), (2, 32));
    assert_eq!((read.authentication, read.authentication_key), (3, 32));
    assert_eq!((read.salt, read.prf, read.key_derivation_rate), (13, 0, 24));
    assert_eq!((read.tag, read.roc_rate, read.aead_tag), (4, 9, 8));
    assert_eq!(SrtpPolicy::read(&policy(&[(6, &[])])), Err(Refusal::PolicyParameter(6)));
}

#[test]
fn profiles_are_what_they_read_as() {
    for profile in [SrtpPolicy::RFC_3830, SrtpPolicy::MCX, SrtpPolicy::MCX_GROUP] {
        let payload = profile.to_payload(5);
        assert_eq!(payload.number, 5);
        assert_eq!(SrtpPolicy::read(&payload), Ok(profile));
    }
    // TS 33.180: AES-GCM, 16 octets, salt of 12, PRF AES-CM, rate 0, tag of 16.
    let mcx = SrtpPolicy::MCX.to_payload(0).parameters;
    for (kind, value) in [(0, 6), (1, 16), (4, 12), (5, 0), (6, 0), (20, 16)] {
        assert!(mcx.contains(&(kind, vec![value])), "{kind}");
    }
    assert!(SrtpPolicy::MCX_GROUP.to_payload(0).parameters.contains(&(2, vec![4])));
}
