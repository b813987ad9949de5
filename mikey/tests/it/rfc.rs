//! The keys and values of RFC 6507 and RFC 6508 Appendix A, whose user is one of RFC 6509, inside a message.

use crate::model::{self, Piece};
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::{eccsi, sakke};
use mikey_sakke::open::{Known, Receiver};
use mikey_sakke::replay::NoReplayCache;
use mikey_sakke::{IMessage, Refusal, User};
use serde_json::Value;

const URI: &str = "tel:+447700900123";
/// 2011-02-14.
const NOW: u64 = 1_297_641_600;

fn octets(file: &Value, name: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(file[name].as_str().unwrap()).unwrap()
}

fn files() -> (Value, Value) {
    let eccsi = serde_json::from_str(include_str!("../../../vectors/rfc6507_eccsi.json")).unwrap();
    let sakke = serde_json::from_str(include_str!("../../../vectors/rfc6508_sakke.json")).unwrap();
    (eccsi, sakke)
}

#[test]
fn identifier_is_that_of_the_appendices() {
    let (eccsi, sakke) = files();
    let identifier = User::tel(URI).unwrap().identifier(UnixTime::from_seconds(NOW)).unwrap();
    assert_eq!(identifier.identity().as_bytes(), octets(&eccsi, "ID"));
    assert_eq!(identifier.sakke().as_bytes(), octets(&sakke, "b"));
    assert_eq!(identifier.uid(), None);
}

#[test]
fn message_with_the_values_of_the_appendices_is_opened() {
    let (eccsi, sakke) = files();
    let now = UnixTime::from_seconds(NOW);
    // Initiator and responder are one user: the appendices have one.
    let user = User::tel(URI).unwrap();
    let id = user.identifier(now).unwrap();
    let kpak = eccsi::KmsPublicKey::from_slice(&octets(&eccsi, "KPAK")).unwrap();
    let issued = eccsi::IssuedKey::from_slices(&octets(&eccsi, "SSK"), &octets(&eccsi, "PVT")).unwrap();
    let signing = issued.validate(&kpak, id.identity()).unwrap();
    let z = sakke::KmsPublicKey::from_slice(&octets(&sakke, "Z")).unwrap();
    let rsk = sakke::IssuedKey::from_slice(&octets(&sakke, "Kb")).unwrap();
    let keys = [rsk.validate(&z, &id.sakke()).unwrap()];

    let data = octets(&sakke, "encapsulated");
    let mut draft = model::Draft {
        header: vec![0, 0, 0, 0, 9, 0, 1],
        version: 1,
        data_type: 26,
        pieces: vec![
            model::timestamp(NOW),
            Piece(11, [&[16], &[1; 16][..]].concat()),
            model::idr(1, URI.as_bytes()),
            model::idr(2, URI.as_bytes()),
            Piece(26, [&[1, 1, 1, 17], &data[..]].concat()),
        ],
        sign: [0x20, 0x81],
    };
    let known = [Known { user: &user, kpak: &kpak }];
    let receiver = Receiver::new(&user, &keys);
    let open = |octets: &[u8]| IMessage::open(octets, &receiver, &known[..], &mut NoReplayCache, now);
    let opened = open(&draft.signed_by(&signing)).unwrap();
    assert_eq!(opened.tgk.expose()[..], octets(&sakke, "SSV")[..]);

    // T shows another month, for which the same octets are not the identifier.
    draft.pieces[0] = model::timestamp(NOW + 17 * 86_400);
    let octets = draft.signed_by(&signing);
    assert_eq!(open(&octets).err(), Some(Refusal::KeyPeriod));
}
