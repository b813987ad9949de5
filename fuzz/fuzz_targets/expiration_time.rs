//! expirationTime: text and seconds convert into each other without loss.

#![no_main]

use eccsi_sakke::onem2m::ExpirationTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let requested = ExpirationTime::parse_request(text);
    if let Ok(time) = ExpirationTime::parse(text) {
        assert_eq!(time.to_string(), text);
        assert_eq!(requested, Ok(time));
    }
    let Ok(time) = requested else { return };
    assert_eq!(ExpirationTime::from_unix(time.to_unix()), Ok(time));
    assert_eq!(ExpirationTime::parse(&time.to_string()), Ok(time));
});
