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

#[test]
fn attribute_has_one_spelling() {
    for (line, expected) in [
        ("", SdpError::NotKeyManagement),
        ("a=key-mgmt", SdpError::NotKeyManagement),
        (" a=key-mgmt:mikey AQ==", SdpError::NotKeyManagement),
        ("A=key-mgmt:mikey AQ==", SdpError::NotKeyManagement),
        ("a=key-mgmt:MIKEY AQ==", SdpError::OtherProtocol),
        ("a=key-mgmt: AQ==", SdpError::OtherProtocol),
        ("a=key-mgmt:mikey", SdpError::Base64),
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
