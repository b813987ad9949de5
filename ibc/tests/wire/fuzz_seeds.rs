//! The seeds of fuzz targets are what their names say, so that a run starts behind the parsers.

use std::path::Path;

/// A seed that is kept as it was written.
fn kept(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(name)).expect("a seed")
}

#[cfg(feature = "__backends")]
#[test]
fn seeds_of_messages_are_requests() {
    for (name, expected, end) in [
        ("registration", vec!["not found"], "ended"),
        ("chunked", vec!["not found"], "ended"),
        ("pipelined", vec!["not found", "not found", "no resource here takes a query"], "closed"),
        (
            "refused",
            vec!["a header field that comes once came again", "the methods are POST, GET, PUT and DELETE"],
            "ended",
        ),
    ] {
        let octets = kept(&format!("http_message/{name}"));
        let (exchanges, why) = ibc::__probe::http::exchanges(&octets, 7, "mef.example.com");
        assert_eq!((exchanges.len(), why.as_str()), (expected.len(), end), "{name}: {exchanges:?}");
        for (exchange, text) in exchanges.iter().zip(expected) {
            assert!(exchange.request.ends_with(text), "{name}: {exchange:?}");
        }
        assert_eq!(exchanges[0].content.is_empty(), name == "pipelined", "{name}");
    }
}

#[test]
fn seeds_of_bodies_are_read() {
    use ibc::wire::*;
    fn read<T: serde::de::DeserializeOwned>(name: &str, root: &str) {
        rooted::read::<T>(root, &kept(&format!("wire_bodies/{name}"))).expect(name);
    }
    fn bare<T: serde::de::DeserializeOwned>(name: &str) {
        rooted::read_bare::<T>(&kept(&format!("wire_bodies/{name}"))).expect(name);
    }
    read::<RegistrationRequest>("registration_request", "sec:mecr");
    read::<Registration>("registration", "sec:macr");
    read::<ClientConfiguration>("configuration", "sec:mecr");
    read::<KeyRegistrationRequest>("key_registration_request", "sec:skr");
    read::<KeyRegistration>("key_registration", "sec:skr");
    read::<Command>("command", "sec:mecc");
    read::<CommandReport>("command_report", "sec:mecc");
    bare::<EnrolRequest>("enrol");
    bare::<IssuedCredential>("issued");
    bare::<DenyList>("deny_list");
    bare::<FetchedCredentials>("fetched");
}
