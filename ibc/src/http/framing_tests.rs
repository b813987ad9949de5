//! Messages whole, in pieces, and not in order.

use super::{Framed, FramingError, RequestHead};
use tokio::io::{AsyncWriteExt, DuplexStream};
use zeroize::Zeroizing;

type Body = Zeroizing<Vec<u8>>;

/// Reads one request that arrives in pieces of `piece` octets, and closes.
fn read_in_pieces(text: &[u8], piece: usize) -> Result<(RequestHead, Body), FramingError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (mut far, near) = tokio::io::duplex(64);
        let pieces: Vec<_> = text.chunks(piece).map(<[u8]>::to_vec).collect();
        let sending = async move {
            for piece in pieces {
                if far.write_all(&piece).await.is_err() {
                    break;
                }
            }
        };
        let reading = async {
            let mut framed: Framed<DuplexStream> = Framed::new(near);
            let head = framed.read_request().await?;
            let body = framed.read_request_body(&head, 1000).await?;
            Ok((head, body))
        };
        let (_, outcome) = tokio::join!(sending, reading);
        outcome
    })
}

fn read(text: &str) -> Result<(RequestHead, Body), FramingError> {
    read_in_pieces(text.as_bytes(), 7)
}

#[test]
fn a_request_is_read_in_whatever_pieces_it_comes() {
    let text =
        b"POST /mef HTTP/1.1\r\nHost: mef.example.com\r\nX-M2M-RI: 1\r\nContent-Length: 5\r\n\r\nhello";
    for piece in 1..=text.len() {
        let (head, body) = read_in_pieces(text, piece).expect("a request");
        assert_eq!((head.method.as_str(), head.target.as_str()), ("POST", "/mef"));
        assert_eq!(head.headers.one("x-m2m-ri"), Ok(Some("1")));
        assert!(head.keep_alive && head.has_body());
        assert_eq!(body.as_slice(), b"hello");
    }
}

#[test]
fn what_nobody_needs_of_a_chunked_body_is_bounded() {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let extensions =
        |count: usize| format!("{head}{}0\r\n\r\n", "1;x=aaaaaaaaaaaaaaaaaaaa\r\nb\r\n".repeat(count));
    assert_eq!(read(&extensions(900)).expect("8 octets each").1.len(), 900);
    assert!(matches!(read(&extensions(1001)), Err(FramingError::BodyTooLarge | FramingError::HeadTooLarge)));
    let long = |octets: usize| format!("{head}1;x={}\r\nb\r\n0\r\n\r\n", "a".repeat(octets));
    read(&long(8000)).expect("within");
    assert!(matches!(read(&long(8300)), Err(FramingError::HeadTooLarge)));
    let zeros = |count: usize| format!("{head}{}1\r\nb\r\n0\r\n\r\n", "0".repeat(count));
    read(&zeros(8000)).expect("within");
    assert!(matches!(read(&zeros(8300)), Err(FramingError::HeadTooLarge)));
    let trailer =
        |octets: usize| format!("{head}0\r\nA: {}\r\nB: {}\r\n\r\n", "a".repeat(octets), "b".repeat(octets));
    read(&trailer(4000)).expect("within");
    assert!(matches!(read(&trailer(4200)), Err(FramingError::HeadTooLarge)));
}

#[test]
fn to_close_has_precedence() {
    for (text, keeps) in [
        ("HTTP/1.1\r\n\r\n", true),
        ("HTTP/1.1\r\nConnection: keep-alive, Close\r\n\r\n", false),
        ("HTTP/1.0\r\n\r\n", false),
        ("HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
        ("HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false),
    ] {
        assert_eq!(read(&format!("GET / {text}")).expect("a request").0.keep_alive, keeps, "{text}");
    }
}

#[test]
fn chunks_are_joined() {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for end in ["0\r\n\r\n", "0;last=yes\r\nTrailer: x\r\n\r\n"] {
        let (_, body) = read(&format!("{head}3\r\nabc\r\n2;x=y\r\nde\r\n{end}")).expect("chunks");
        assert_eq!(body.as_slice(), b"abcde");
    }
    for good in [
        "03 ; a = b;c\t=\t\"d \\\" \u{e4}\";e\r\nabc\r\n0\r\nA: b\r\nC:\r\n\r\n",
        "3\r\nabc\r\n000;\ta\r\nA: \u{e4}\tb\r\n\r\n",
    ] {
        assert_eq!(read(&format!("{head}{good}")).expect(good).1.as_slice(), b"abc");
    }
    for wrong in [
        "3\r\nabcd\r\n0\r\n\r\n",
        "x\r\n",
        "fffffffffffffffff\r\n",
        // Lines end in CR LF.
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabc\r\n0\n\r\n",
        "3\r\nabc\r\n0\r\n\n",
        "3\r\nabc\r\n0\r\nA: b\n\r\n",
        // A size is there, and begins its line.
        "\r\nabc\r\n0\r\n\r\n",
        ";a\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        // Extensions are names and values.
        "3;a\0\r\nabc\r\n0\r\n\r\n",
        "3;\r\nabc\r\n0\r\n\r\n",
        "3 a\r\nabc\r\n0\r\n\r\n",
        "3;a=\r\nabc\r\n0\r\n\r\n",
        "3;a=\"b\r\nabc\r\n0\r\n\r\n",
        "3;a=\"\u{1}\"\r\nabc\r\n0\r\n\r\n",
        "3;a\rb\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        // Trailers are fields.
        "0\r\nx\r\n\r\n",
        "0\r\n: x\r\n\r\n",
        "0\r\nA : x\r\n\r\n",
        "0\r\nA: x\r\n y\r\n\r\n",
        "0\r\nA: \0\r\n\r\n",
        "0\r\nA: b\rc\r\n\r\n",
    ] {
        assert!(matches!(read(&format!("{head}{wrong}")), Err(FramingError::Malformed)), "{wrong:?}");
    }
    let outcome = read(&format!("{head}3e9\r\n{}", "a".repeat(1001)));
    assert!(matches!(outcome, Err(FramingError::BodyTooLarge)));
    assert!(matches!(read(&format!("{head}3\r\nab")), Err(FramingError::Truncated)));
}

#[test]
fn http_1_0_knows_no_transfer_coding() {
    let rest = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert!(read(&format!("POST / HTTP/1.1\r\n{rest}")).is_ok());
    assert!(matches!(read(&format!("POST / HTTP/1.0\r\n{rest}")), Err(FramingError::Malformed)));
}

#[test]
fn a_length_that_is_unclear_is_refused() {
    for fields in [
        "Content-Length: 3\r\nContent-Length: 3\r\n",
        "Content-Length: 3, 3\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: \r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
    ] {
        let outcome = read(&format!("POST / HTTP/1.1\r\n{fields}\r\nabc"));
        assert!(matches!(outcome, Err(FramingError::Malformed)), "{fields:?}");
    }
}

#[test]
fn what_is_no_request_is_refused() {
    for text in [
        "\x16\x03\x01\x00",
        "GET /\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET / HTTP/1.1\r\nA : b\r\n\r\n",
        "GET / HTTP/1.1\r\nA: \u{1}\r\n\r\n",
    ] {
        assert!(matches!(read(text), Err(FramingError::Malformed)), "{text:?}");
    }
    assert!(matches!(read("GET / HTTP/1.1\r\nHost"), Err(FramingError::Truncated)));
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(17_000));
    assert!(matches!(read(&long), Err(FramingError::HeadTooLarge)));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(65));
    assert!(matches!(read(&many), Err(FramingError::HeadTooLarge)));
    let body = format!("POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n{}", "a".repeat(1001));
    assert!(matches!(read(&body), Err(FramingError::BodyTooLarge)));
}

#[test]
fn what_follows_a_message_is_the_next_one_and_what_was_read_is_wiped() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (mut far, near) = tokio::io::duplex(4096);
        let first = "PUT /a HTTP/1.1\r\nContent-Length: 6\r\n\r\nSECRET";
        far.write_all(format!("{first}GET /b HTTP/1.0\r\n\r\n").as_bytes()).await.expect("sent");
        drop(far);
        let mut framed = Framed::new(near);
        let head = framed.read_request().await.expect("the first");
        assert_eq!(framed.read_request_body(&head, 10).await.expect("its body").as_slice(), b"SECRET");
        assert!(!framed.buffer_has(b"SECRET"));
        let head = framed.read_request().await.expect("the second");
        assert_eq!((head.target.as_str(), head.keep_alive), ("/b", false));
        assert!(!framed.wait().await.expect("the end"));
    });
}

#[cfg(feature = "client")]
#[test]
fn responses_end_where_they_say() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for (text, keep_alive) in [
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", true),
        ("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\n\r\nhi", false),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", false),
    ] {
        runtime.block_on(async {
            let (mut far, near) = tokio::io::duplex(4096);
            far.write_all(text.as_bytes()).await.expect("sent");
            drop(far);
            let mut framed = Framed::new(near);
            let head = framed.read_response().await.expect("a head");
            assert_eq!((head.status, head.keep_alive), (200, keep_alive), "{text:?}");
            let body = framed.read_response_body(&head, 100).await.expect("a body");
            assert_eq!(body.as_slice(), b"hi", "{text:?}");
        });
    }
}

#[test]
fn a_message_is_sent_at_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (far, near) = tokio::io::duplex(4096);
        Framed::new(near).write("HTTP/1.1 200 OK\r\n\r\n", b"hi").await.expect("sent");
        let mut octets = vec![];
        tokio::io::AsyncReadExt::read_to_end(&mut { far }, &mut octets).await.expect("received");
        assert_eq!(octets, b"HTTP/1.1 200 OK\r\n\r\nhi");
    });
}
