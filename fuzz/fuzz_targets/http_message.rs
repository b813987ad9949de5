//! What a stranger sends in place of HTTP: it means the same however it is cut into pieces, and nothing of it
//! gets into the head of an answer but a request identifier and a release.

#![no_main]

use ibc::__probe::http::exchanges;
use libfuzzer_sys::fuzz_target;

const SERVER: &str = "mef.example.com";

fuzz_target!(|octets: &[u8]| {
    let whole = exchanges(octets, usize::MAX, SERVER);
    for piece in [1, 13] {
        assert_eq!(exchanges(octets, piece, SERVER), whole);
    }
    // A request line with its Host has more octets than that.
    assert!(whole.0.len() <= octets.len() / 16);
    assert!(whole.0.iter().map(|exchange| exchange.content.len()).sum::<usize>() <= octets.len());
    for exchange in &whole.0 {
        let head = &exchange.head;
        let lines = head.strip_suffix("\r\n\r\n").expect("an end").split("\r\n");
        let mut names = Vec::new();
        for (number, line) in lines.enumerate() {
            assert!(line.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic()), "{head}");
            if number == 0 {
                assert!(line.starts_with("HTTP/1.1 4") || line.starts_with("HTTP/1.1 5"), "{head}");
            } else {
                names.push(line.split_once(": ").expect("a field").0);
            }
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] != two[1]), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", exchange.body.len())), "{head}");
    }
});
