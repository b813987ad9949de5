//! Layouts of RFC 3830, RFC 6043 and RFC 6509, octet by octet: read, and written as they were.

use crate::model::{self, ALICE, Authority, BOB, NOW, Piece, SAKKE, idr, number, uid};
use mikey_sakke::IMessage;
use mikey_sakke::error::{BuildError, ParseError, Problem};
use mikey_sakke::payload::{
    CsIdMap, Extension, ExtensionType, GenericSession, Header, IdRole, IdType, Payload, PayloadType,
    PrfFunction, Sakke, Sign, SignatureType, SrtpSession, Timestamp,
};

/// Reads the message, and checks that its parts give it again.
fn both_ways(octets: &[u8]) -> IMessage {
    let message = IMessage::parse(octets).unwrap();
    assert_eq!(message.as_bytes(), octets);
    let again = IMessage::from_parts(message.header(), message.payloads(), message.sign()).unwrap();
    assert_eq!(again, message);
    let (kind, length) = (message.sign().signature_type, message.sign().signature.len());
    let signed = IMessage::signed_part(message.header(), message.payloads(), kind, length).unwrap();
    assert_eq!(signed, message.signed_bytes());
    message
}

fn changed(change: impl FnOnce(&mut model::Draft)) -> Vec<u8> {
    let kms = Authority::new(0x15);
    let mut draft = model::draft(&kms, NOW);
    change(&mut draft);
    let length = usize::from(u16::from_be_bytes(draft.sign) & 0xfff);
    draft.with_signature(&vec![0xee; length])
}

#[test]
fn generic_id_map() {
    let message = both_ways(&changed(|_| {}));
    let session = GenericSession {
        cs_id: 4,
        protocol: GenericSession::SRTP,
        s: false,
        policies: vec![0],
        session_data: vec![0xaa, 0xbb, 0xcc, 0xdd],
        spi: vec![0x55, 0x66],
    };
    let header = message.header();
    assert_eq!((header.v, header.prf, header.csb_id), (false, PrfFunction::HMAC_SHA_256, 0x1122_3344));
    assert_eq!(header.map, CsIdMap::Generic(vec![session]));

    // With ROC and SEQ; another protocol, whose data mean nothing here; none at all.
    let octets = changed(|draft| {
        draft.header.truncate(5);
        draft.header.extend([3, 2]);
        draft.header.extend([1, 0, 0x82, 7, 0, 0, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0]);
        draft.header.extend([2, 9, 0x80, 0, 3, 1, 2, 3, 1, 0xff]);
        draft.header.extend([0, 0, 0, 0, 0, 0]);
    });
    let CsIdMap::Generic(sessions) = both_ways(&octets).header().map.clone() else { panic!("GENERIC-ID") };
    assert_eq!(sessions.len(), 3);
    assert_eq!((sessions[0].s, &sessions[0].policies[..]), (true, &[7, 0][..]));
    assert_eq!(sessions[0].session_data, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!((sessions[1].protocol, sessions[1].session_data.len()), (9, 3));
    assert!(sessions[2].spi.is_empty());
}

#[test]
fn srtp_id_and_empty_maps() {
    let octets = changed(|draft| {
        draft.header = vec![0x80, 0, 0, 0, 1, 2, 0];
        draft.header.extend([0, 1, 2, 3, 4, 5, 6, 7, 8]);
        draft.header.extend([0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    });
    let header = both_ways(&octets).header().clone();
    assert!(header.v);
    assert_eq!(header.prf, PrfFunction::MIKEY_1);
    let sessions = vec![
        SrtpSession { policy: 0, ssrc: 0x0102_0304, roc: 0x0506_0708 },
        SrtpSession { policy: 0, ssrc: u32::MAX, roc: 0 },
    ];
    assert_eq!(header.map, CsIdMap::Srtp(sessions));
    let octets = changed(|draft| draft.header = vec![1, 0, 0, 0, 1, 0, 1]);
    assert_eq!(both_ways(&octets).header().map, CsIdMap::Empty);
}

#[test]
fn timestamps() {
    for (body, expected) in [
        (vec![0, 1, 2, 3, 4, 5, 6, 7, 8], Timestamp::NtpUtc(0x0102_0304_0506_0708)),
        (vec![1, 1, 2, 3, 4, 5, 6, 7, 8], Timestamp::Ntp(0x0102_0304_0506_0708)),
        (vec![2, 1, 2, 3, 4], Timestamp::Counter(0x0102_0304)),
        (vec![3, 1, 2, 3, 4], Timestamp::NtpUtc32(0x0102_0304)),
    ] {
        let message = both_ways(&changed(|draft| draft.pieces[0].1 = body.clone()));
        assert_eq!(*message.timestamp(), expected);
        assert_eq!(expected.ts_type(), body[0]);
    }
}

#[test]
fn what_is_not_known_is_kept() {
    let foreign = [
        // ID: type, length, data.
        Piece(6, vec![2, 0, 3, b'a', b'b', b'c']),
        Piece(6, vec![200, 0, 0]),
        // PKE: C and length.
        Piece(2, vec![0x40, 2, 1, 2]),
        // ERR: number, reserved.
        Piece(12, vec![13, 0, 0]),
        // TR: role, type, value. RANDR: role, length, value.
        Piece(13, vec![1, 2, 0, 0, 0, 7]),
        Piece(15, vec![2, 3, 9, 9, 9]),
        idr(3, b"kms"),
        idr(3, b"kms"),
        idr(77, b""),
        // Extensions of a vendor, twice, and of a type that nobody knows.
        Piece(21, vec![0, 0, 1, 5]),
        Piece(21, vec![0, 0, 1, 5]),
        Piece(21, vec![250, 0, 0]),
    ];
    for place in [2, SAKKE, SAKKE + 1] {
        let octets = changed(|draft| draft.pieces.splice(place..place, foreign.clone()).for_each(drop));
        let message = both_ways(&octets);
        assert_eq!(message.payloads().len(), 9 + foreign.len());
        assert_eq!(message.payloads()[place + 2].payload_type(), PayloadType::PKE);
        assert!(matches!(&message.payloads()[place], Payload::Id(id) if id.id_type == IdType::BYTE_STRING));
        assert!(message.identity(IdRole(77)).unwrap().data.is_empty());
        assert!(message.extension(ExtensionType(250)).unwrap().data.is_empty());
    }
    for cut in [Piece(2, vec![0, 9]), Piece(12, vec![1]), Piece(13, vec![1, 9]), Piece(15, vec![1])] {
        let octets = changed(|draft| draft.pieces.push(cut.clone()));
        assert!(IMessage::parse(&octets).is_err());
    }
}

#[test]
fn signatures_and_certificates_of_rsa() {
    for (kind, sign) in [(SignatureType::RSA_PKCS1, 0x0100_u16), (SignatureType::RSA_PSS, 0x1100)] {
        let octets = changed(|draft| {
            draft.sign = sign.to_be_bytes();
            draft.pieces.insert(6, Piece(7, vec![1, 0, 2, 0x30, 0]));
        });
        let message = both_ways(&octets);
        assert_eq!((message.sign().signature_type, message.sign().signature.len()), (kind, 256));
        assert!(message.has_certificate());
    }
}

#[test]
fn sakke_to_self_is_a_whole_payload() {
    let sakke =
        Sakke { parameters: 1, id_scheme: mikey_sakke::payload::IdScheme::MCX_UID, data: vec![4; 273] };
    let extension = Extension::to_self(&sakke).unwrap();
    assert_eq!(extension.extension_type, ExtensionType(6));
    assert_eq!(extension.data[..5], [0, 1, 2, 1, 17]);
    assert_eq!(extension.sakke_to_self(), Ok(Some(sakke.clone())));
    let with = |change: fn(&mut Vec<u8>)| {
        let mut extension = extension.clone();
        change(&mut extension.data);
        extension.sakke_to_self().map_err(|error| error.problem)
    };
    assert_eq!(with(|data| data[0] = 4), Err(Problem::Nested));
    assert_eq!(with(|data| data.push(0)), Err(Problem::Trailing));
    assert_eq!(with(|data| data.truncate(277)), Err(Problem::Truncated));
    assert_eq!(with(Vec::clear), Err(Problem::Truncated));
    assert_eq!(with(|data| data[3] = 0), Err(Problem::Length(PayloadType::SAKKE)));
    let other = Extension { extension_type: ExtensionType::KEY_PARAMETERS, data: vec![0] };
    assert_eq!(other.sakke_to_self(), Ok(None));
}

/// What cannot be written is refused before it is.
#[test]
fn parts_that_do_not_fit() {
    let message = both_ways(&changed(|_| {}));
    let (header, payloads, sign) = (message.header(), message.payloads(), message.sign());
    let too_long = |max, got| Err(BuildError::TooLong { max, got });
    let with_payload = |payload| {
        let payloads: Vec<_> = payloads.iter().cloned().chain([payload]).collect();
        IMessage::from_parts(header, &payloads, sign).map(drop)
    };
    let data = vec![0; 65_536];
    let extension = Extension { extension_type: ExtensionType::VENDOR, data };
    assert_eq!(with_payload(Payload::Extension(extension)), too_long(65_535, 65_536));
    assert_eq!(with_payload(Payload::Rand(vec![0; 256])), too_long(255, 256));
    let with_header = |change: fn(&mut Header)| {
        let mut header = header.clone();
        change(&mut header);
        IMessage::from_parts(&header, payloads, sign).map(drop)
    };
    assert_eq!(with_header(|header| header.prf = PrfFunction(128)), too_long(127, 128));
    let sessions = |header: &mut Header| {
        header.map = CsIdMap::Srtp(vec![SrtpSession { policy: 0, ssrc: 0, roc: 0 }; 256]);
    };
    assert_eq!(with_header(sessions), too_long(255, 256));
    let with_sign = |kind, length| {
        let sign = Sign { signature_type: SignatureType(kind), signature: vec![0; length] };
        IMessage::from_parts(header, payloads, &sign).map(drop)
    };
    assert_eq!(with_sign(0, 4_096), too_long(4_095, 4_096));
    assert_eq!(with_sign(16, 0), too_long(15, 16));
    let problem = |result| match result {
        Err(BuildError::Invalid(ParseError { problem, .. })) => problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(problem(with_sign(2, 128)), Problem::Length(PayloadType::SIGN));
    assert_eq!(problem(with_header(|header| header.map = CsIdMap::Srtp(vec![]))), Problem::Sessions(0));
    assert_eq!(problem(with_payload(payloads[0].clone())), Problem::Duplicate(PayloadType::T));
    let big = Extension { extension_type: ExtensionType::VENDOR, data: vec![0; 65_535] };
    assert_eq!(problem(with_payload(Payload::Extension(big))), Problem::TooLong);
}

/// The independent writer and this crate say the same of names.
#[test]
fn uids_are_those_of_the_model() {
    let period = mikey_sakke::user::KeyPeriod::new(model::PERIOD, 0).unwrap();
    for uri in [ALICE, BOB] {
        let user = mikey_sakke::User::mcx(uri, model::KMS, period).unwrap();
        let time = eccsi_sakke::onem2m::UnixTime::from_seconds(NOW);
        assert_eq!(user.identifier(time).unwrap().as_bytes(), uid(uri, number(NOW)));
    }
}
