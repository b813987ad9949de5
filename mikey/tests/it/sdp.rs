//! `a=key-mgmt:mikey`.

use crate::model::{self, ALICE, Authority, NOW, number, uid};
use mikey_sakke::IMessage;
use mikey_sakke::sdp::{SdpError, messages, parse_attribute};

#[test]
fn attribute_is_read_as_it_is_written() {
    let kms = Authority::new(0x15);
    let octets = model::draft(&kms, NOW).signed_by(&kms.signing(&uid(ALICE, number(NOW))));
    let line = IMessage::parse(&octets).unwrap().to_sdp_attribute();
    assert!(line.starts_with("a=key-mgmt:mikey ARoF"), "{line}");
    assert_eq!(parse_attribute(&line).as_ref(), Ok(&octets));

    let description =
        format!("v=0\r\ns=-\r\n{line}\r\na=key-mgmt:other AA==\r\nm=audio 9 RTP/SAVP 0\r\n{line}\r\n");
    let found: Vec<_> = messages(&description).collect();
    assert_eq!(found, [Ok(octets.clone()), Ok(octets)]);
    assert_eq!(messages("v=0\r\na=key-mgmt:mikey %\r\n").collect::<Vec<_>>(), [Err(SdpError::Base64)]);
}

/// RFC 4567 §3.1: `key-mgmt-att-value = 0*1SP prtcl-id SP keymgmt-data`.
#[test]
fn one_space_may_precede_the_protocol() {
    for line in ["a=key-mgmt:mikey AQ==", "a=key-mgmt: mikey AQ=="] {
        assert_eq!(parse_attribute(line), Ok(vec![1]), "{line:?}");
        assert_eq!(messages(line).collect::<Vec<_>>(), [Ok(vec![1])], "{line:?}");
    }
    // Two are too many, and are not taken for another protocol.
    assert_eq!(messages("a=key-mgmt:  mikey AQ==").collect::<Vec<_>>(), [Err(SdpError::Form)]);
}

/// RFC 4566 §5: each line is a letter, `=` and a value; none goes on in the next one.
#[test]
fn lines_are_not_folded() {
    let read = |description: &str| messages(description).collect::<Vec<_>>();
    for (folded, expected) in [
        ("a=key-mgmt:mikey AQID\r\n BAUG\r\n", vec![Ok(vec![1, 2, 3]), Err(SdpError::Line)]),
        ("a=key-mgmt:mikey AQID\n\tBAUG\n", vec![Ok(vec![1, 2, 3]), Err(SdpError::Line)]),
        ("a=key-mgmt:mikey\r\n AQID\r\n", vec![Err(SdpError::Form), Err(SdpError::Line)]),
        ("a=key-mgmt:\r\n mikey AQID\r\n", vec![Err(SdpError::Form), Err(SdpError::Line)]),
        ("a\r\n=key-mgmt:mikey AQID\r\n", vec![Err(SdpError::Line), Err(SdpError::Line)]),
        ("v=0\r\n\r\na=key-mgmt:mikey AQID\r\n", vec![Err(SdpError::Line), Ok(vec![1, 2, 3])]),
        (" a=key-mgmt:mikey AQID\r\n", vec![Err(SdpError::Line)]),
        ("a =key-mgmt:mikey AQID\r\n", vec![Err(SdpError::Line)]),
        ("A=key-mgmt:mikey AQID\r\n", vec![Err(SdpError::Line)]),
        ("x=0\r\n", vec![Err(SdpError::Line)]),
        ("a=key-mgmt:mikey AQID\r\r\n", vec![Err(SdpError::Base64)]),
        ("v=0\ns= \nt=0 0\na=key-mgmt:mikey AQID", vec![Ok(vec![1, 2, 3])]),
        ("", vec![]),
    ] {
        assert_eq!(read(folded), expected, "{folded:?}");
    }
}

#[test]
fn attribute_has_no_other_spelling() {
    for (line, expected) in [
        ("", SdpError::NotKeyManagement),
        ("a=key-mgmt", SdpError::NotKeyManagement),
        (" a=key-mgmt:mikey AQ==", SdpError::NotKeyManagement),
        ("A=key-mgmt:mikey AQ==", SdpError::NotKeyManagement),
        ("a=key-mgmt:MIKEY AQ==", SdpError::OtherProtocol),
        ("a=key-mgmt:mikey2 AQ==", SdpError::OtherProtocol),
        ("a=key-mgmt: AQ==", SdpError::Form),
        ("a=key-mgmt:", SdpError::Form),
        ("a=key-mgmt:mikey", SdpError::Form),
        ("a=key-mgmt:mikey\tAQ==", SdpError::Form),
        ("a=key-mgmt:mi=key AQ==", SdpError::Form),
        ("a=key-mgmt :mikey AQ==", SdpError::NotKeyManagement),
        ("a= key-mgmt:mikey AQ==", SdpError::NotKeyManagement),
        ("a=key-mgmt:mikey ", SdpError::Base64),
        ("a=key-mgmt:mikey  AQ==", SdpError::Base64),
        ("a=key-mgmt:mikey AQ", SdpError::Base64),
        ("a=key-mgmt:mikey AR==", SdpError::Base64),
        ("a=key-mgmt:mikey AQ== ", SdpError::Base64),
        ("a=key-mgmt:mikey AQ==\r", SdpError::Base64),
        ("a=key-mgmt:mikey A_==", SdpError::Base64),
    ] {
        assert_eq!(parse_attribute(line), Err(expected), "{line:?}");
    }
    assert_eq!(parse_attribute("a=key-mgmt:mikey AQ=="), Ok(vec![1]));
    let long = format!("a=key-mgmt:mikey {}", "A".repeat(87_384));
    assert_eq!(parse_attribute(&long), Err(SdpError::TooLong));
    assert_eq!(parse_attribute(&long[..long.len() - 4]).map(|octets| octets.len()), Ok(IMessage::MAX_BYTES));
}
