//! Requests that were changed at random, read by this crate and by hyper.

use crate::against_hyper::check;
use std::path::Path;

/// Requests with every way of saying how long they are.
const REQUESTS: &[&str] = &[
    "GET /mef/x/cmd HTTP/1.1\r\nHost: mef.example.com\r\n\r\n",
    "POST /mef HTTP/1.1\r\nHost: mef.example.com:8443\r\nContent-Length: 5\r\n\r\nhello",
    "POST /mef HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "PUT /mef/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\n\r\n05 ; a = \"b\\\"\";c\r\nhello\r\n1\r\n!\r\n000\r\nA: b\r\nC:\r\n\r\n",
    "GET /a?b=%20 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nDELETE /b HTTP/1.0\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
    "GET https://mef.example.com:443/mef HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx\
     HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    "OPTIONS /x HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\nGET /y HTTP/1.1\r\nHost: h\r\n\r\n",
    "CONNECT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nxGET /y HTTP/1.1\r\nHost: h\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.1\nHost:h \n\nGET //x HTTP/1.1\r\nHost:\th\r\nA: \u{e4}\r\n\r\n",
];

/// What is put into them.
const PIECES: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    "\t",
    ":",
    ";",
    "=",
    "\"",
    "\\",
    ",",
    "/",
    "?",
    "#",
    "%",
    "%41",
    "0",
    "1",
    "5",
    "10",
    "ffffffffffffffff",
    "0x",
    "+",
    "-",
    "é",
    "\u{7f}",
    "Content-Length: 3\r\n",
    "content-length: 5\r\n",
    "Content-Length: 1, 1\r\n",
    "Content-Length: \r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive, close\r\n",
    "Expect: 100-continue\r\n",
    "Upgrade: x\r\n",
    " folded\r\n",
    "0\r\n\r\n",
    "1\r\nx\r\n",
    "HTTP/1.0",
    "HTTP/1.1",
    "HTTP/2.0",
    "HTTP/0.9",
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "https://",
    "http://",
    "*",
    "mef.example.com",
    "@",
    ":443",
    "[::1]",
];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end.max(1) as u64).expect("below a usize")
    }

    fn changed(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut octets = octets.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(octets.len() + 1);
            let end = (at + self.below(8)).min(octets.len());
            match self.below(6) {
                0 => drop(octets.drain(at..end)),
                1 if at < octets.len() => octets[at] ^= 1 << self.below(8),
                2 if at < octets.len() => octets[at] = self.below(256) as u8,
                3 => {
                    let again = octets[at..end].to_vec();
                    octets.splice(at..at, again);
                }
                4 => drop(octets.splice(at..end, PIECES[self.below(PIECES.len())].bytes())),
                _ => drop(octets.splice(at..at, PIECES[self.below(PIECES.len())].bytes())),
            }
        }
        octets
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/http_message");
    let kept = std::fs::read_dir(folder)
        .expect("seeds")
        .map(|file| std::fs::read(file.expect("a file").path()).expect("read"));
    REQUESTS.iter().map(|request| request.as_bytes().to_vec()).chain(kept).collect()
}

/// `SLOW_TESTS=1` takes a hundred times as many.
#[test]
fn what_is_taken_for_a_request_hyper_takes_for_the_same() {
    let corpus = corpus();
    assert!(corpus.iter().all(|octets| check(octets) > 0), "each begins with a request");
    let rounds = if std::env::var_os("SLOW_TESTS").is_some() { 3_000_000 } else { 30_000 };
    let mut random = Random(1);
    let mut understood = 0;
    for _ in 0..rounds {
        let one = &corpus[random.below(corpus.len())];
        let mut octets = random.changed(one);
        if random.below(3) == 0 {
            octets.extend_from_slice(&corpus[random.below(corpus.len())]);
        }
        understood += usize::from(check(&octets) > 0);
    }
    println!("{understood} of {rounds} begin with a request");
    assert!(
        understood > rounds / 10,
        "enough is understood for the comparison to mean something: {understood}"
    );
}

/// Lengths that say two things, and more that nobody needs than hyper takes.
#[test]
fn the_kinds_that_smuggle_are_refused_or_read_alike() {
    for text in [
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /<x> HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /x#y HTTP/1.1\r\nHost: h\r\n\r\n",
    ] {
        assert_eq!(check(text.as_bytes()), 0, "{text}");
    }
    let one_after = |connection: &str| {
        format!("GET / HTTP/1.0\r\nHost: h\r\n{connection}\r\nGET /2 HTTP/1.0\r\nHost: h\r\n\r\n")
    };
    assert_eq!(check(one_after("Connection: keep-alive\r\n").as_bytes()), 2);
    assert_eq!(check(one_after("Connection: keep-alive\r\nConnection: close\r\n").as_bytes()), 1);
    let chunks = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        "1;extension=of-some-length\r\nx\r\n".repeat(1000)
    );
    assert_eq!(check(chunks.as_bytes()), 0, "hyper takes 16 KiB of extensions");
}
