//! Session descriptions and tel URIs from a stranger: no panic, one spelling for each message.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mikey_sakke::user::normalise_tel;
use mikey_sakke::{IMessage, User, sdp};

fuzz_target!(|text: &str| {
    for octets in sdp::messages(text).flatten() {
        if let Ok(message) = IMessage::parse(&octets) {
            assert!(text.contains(&message.to_sdp_attribute()));
        }
    }
    let normal = normalise_tel(text);
    assert_eq!(normalise_tel(&normal), normal);
    if let Ok(user) = User::tel(text) {
        assert_eq!(normal, user.uri());
    }
});
