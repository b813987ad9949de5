//! A deployed message with its keys, `vectors/mikey_3gpp_sample.json`: parsed, verified, opened, and built again.

use eccsi_sakke::eccsi::{KmsPublicKey, Signature};
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::{Identity, sakke};
use mikey_sakke::keys::{Context, KeyKind, Purpose, Tgk};
use mikey_sakke::open::{Known, Receiver};
use mikey_sakke::payload::{
    CsIdMap, Extension, ExtensionType, Header, IdRole, IdScheme, IdType, Idr, Payload, PrfFunction, Sakke,
    SecurityPolicy, Sign, SignatureType, SrtpPolicy, Timestamp,
};
use mikey_sakke::user::KeyPeriod;
use mikey_sakke::{BoundedReplayCache, IMessage, Refusal, User};
use serde_json::Value;

fn file() -> Value {
    serde_json::from_str(include_str!("../../../vectors/mikey_3gpp_sample.json")).unwrap()
}

fn octets(value: &Value) -> Vec<u8> {
    base16ct::lower::decode_vec(value.as_str().expect("hexadecimal")).unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn uids() {
    let file = file();
    let uids = file["uid"].as_array().unwrap();
    for uid in uids {
        let period = KeyPeriod::new(number(&uid["key_period"]), number(&uid["key_period_offset"])).unwrap();
        let user = User::mcx(text(&uid["user_uri"]), text(&uid["kms_uri"]), period).unwrap();
        let identifier = user.in_period(number(&uid["key_period_no"])).unwrap();
        assert_eq!(identifier.uid().unwrap(), octets(&uid["uid"]));
        assert_eq!(identifier.sakke().as_bytes(), octets(&uid["uid"]));
    }
    assert_eq!(uids.len(), 3);
}

/// Alice and Bob of the file, and when the message was made.
fn parties(file: &Value) -> (User, User, UnixTime) {
    let kms = &file["kms"];
    let period = KeyPeriod::new(number(&kms["UserKeyPeriod"]), number(&kms["UserKeyOffset"])).unwrap();
    let user = |place: usize| {
        let user = &file["users"][place];
        let found = User::mcx(text(&user["user_uri"]), text(&kms["kms_uri"]), period).unwrap();
        let identifier = found.in_period(number(&kms["KeyPeriodNo"])).unwrap();
        assert_eq!(identifier.as_bytes(), octets(&user["uid"]));
        found
    };
    let now = UnixTime::from_seconds(0xec89_8da8 - 2_208_988_800);
    assert_eq!(period.number_at(now), Some(number(&kms["KeyPeriodNo"])));
    (user(0), user(1), now)
}

#[test]
fn message_is_parsed_verified_and_opened() {
    let file = file();
    let message = &file["messages"][0];
    let (alice, bob, now) = parties(&file);
    let kpak = KmsPublicKey::from_slice(&octets(&file["kms"]["KPAK"])).unwrap();
    let z = sakke::KmsPublicKey::from_slice(&octets(&file["kms"]["Z"])).unwrap();

    let parsed = IMessage::parse(&octets(&message["message"])).unwrap();
    assert_eq!(parsed.signed_bytes().len() as u64, number(&message["signed_octets"]));
    assert_eq!(parsed.sign().signature, octets(&message["signature"]));
    assert_eq!(parsed.sakke().data, octets(&message["sakke_data"]));
    assert_eq!(parsed.rand(), octets(&message["RAND"]));
    assert_eq!(parsed.header().csb_id.to_be_bytes(), octets(&message["csb_id"])[..]);
    assert_eq!(Purpose::of(parsed.header().csb_id), Some(Purpose::Pck));
    let signature = Signature::from_slice(&parsed.sign().signature).unwrap();
    let alice_uid = octets(&message["initiator_uid"]);
    assert!(kpak.verify(Identity::new(&alice_uid), parsed.signed_bytes(), &signature).is_ok());

    let id = bob.identifier(now).unwrap().sakke();
    let rsk = sakke::IssuedKey::from_slice(&octets(&file["users"][1]["RSK"])).unwrap();
    let keys = [rsk.validate(&z, &id).unwrap()];
    let receiver = Receiver::new(&bob, &keys);
    let known = [Known { user: &alice, kpak: &kpak }];
    let mut seen = BoundedReplayCache::new(16);
    let opened = IMessage::open(parsed.as_bytes(), &receiver, &known[..], &mut seen, now).unwrap();
    assert_eq!(opened.tgk.expose()[..], octets(&message["SSV"])[..]);
    assert_eq!(opened.time, now);
    // Parameters 18 and 19 are lengths of tags (RFC 4771 §4): ROC alone in SRTP, nothing in SRTCP.
    assert_eq!(opened.policies, [(0, SrtpPolicy::MCX_GROUP)]);
    let again = IMessage::open(parsed.as_bytes(), &receiver, &known[..], &mut seen, now);
    assert_eq!(again.err(), Some(Refusal::Replayed));

    // Nobody else opens it.
    let receiver = Receiver::new(&alice, &keys);
    let refused = IMessage::open(parsed.as_bytes(), &receiver, &known[..], &mut seen, now).err();
    assert_eq!(refused, Some(Refusal::Identity(IdRole::RESPONDER_UID)));
}

/// From the parts that the file lists, not from the parsed message.
#[test]
fn message_is_built_again_from_its_parts() {
    let file = file();
    let message = &file["messages"][0];
    let part = |name: &str| {
        let parts = message["payloads"].as_array().unwrap().iter();
        parts.filter_map(|part| part.get(name)).collect::<Vec<_>>()
    };
    let header = &part("HDR")[0];
    let header = Header {
        v: header["V"] == 1,
        prf: PrfFunction(number(&header["PRF"]) as u8),
        csb_id: u32::from_str_radix(text(&header["CSBID"]), 16).unwrap(),
        map: CsIdMap::Empty,
    };
    let time = u64::from_str_radix(text(&part("T")[0]["ts"]), 16).unwrap();
    let mut payloads =
        vec![Payload::Timestamp(Timestamp::NtpUtc(time)), Payload::Rand(octets(part("RAND")[0]))];
    payloads.extend(part("IDR").into_iter().map(|idr| {
        let (role, id_type) = (IdRole(number(&idr["role"]) as u8), IdType(number(&idr["idtype"]) as u8));
        Payload::Idr(Idr { role, id_type, data: octets(&idr["data"]) })
    }));
    let policy = octets(&part("SP")[0]["data"]);
    let parameters = policy.chunks(3).map(|parameter| (parameter[0], vec![parameter[2]])).collect();
    payloads.push(Payload::Policy(SecurityPolicy { number: 0, protocol: 0, parameters }));
    let sakke = &part("SAKKE")[0];
    payloads.push(Payload::Sakke(Sakke {
        parameters: number(&sakke["params"]) as u8,
        id_scheme: IdScheme(number(&sakke["idscheme"]) as u8),
        data: octets(&sakke["data"]),
    }));
    let extension = &part("EXT")[0];
    payloads.push(Payload::Extension(Extension {
        extension_type: ExtensionType(number(&extension["type"]) as u8),
        data: octets(&extension["data"]),
    }));
    let sign = Sign { signature_type: SignatureType::ECCSI, signature: octets(&message["signature"]) };
    let built = IMessage::from_parts(&header, &payloads, &sign).unwrap();
    assert_eq!(built.as_bytes(), octets(&message["message"]));
    assert_eq!(built.payloads(), payloads);
    assert_eq!(built.header(), &header);
}

#[test]
fn key_derivations() {
    let file = file();
    let cases = file["key_derivation"].as_array().unwrap();
    for case in cases {
        let tgk = Tgk::from_bytes(&octets(&case["TGK"]).try_into().unwrap());
        let rand = octets(&case["RAND"]);
        let context = Context {
            prf: PrfFunction::HMAC_SHA_256,
            cs_id: number(&case["cs_id"]) as u8,
            csb_id: u32::from_str_radix(text(&case["csb_id"]), 16).unwrap(),
            rand: &rand,
        };
        let kind = match text(&case["kind"]) {
            "encr" => KeyKind::Encryption,
            "salt" => KeyKind::Salt,
            other => panic!("{other}"),
        };
        let key = tgk.derive(kind, &context, number(&case["length"]) as usize).unwrap();
        assert_eq!(key.expose(), octets(&case["key"]));
    }
    assert_eq!(cases.len(), 3);
}
