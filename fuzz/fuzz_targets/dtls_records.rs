//! Datagrams of a stranger in a peer's name: what is left of them is whole records that OpenSSL takes or drops, in the
//! clear only before the handshake is done, and with numbers that only grow.

#![no_main]

use ibc::__probe::dtls::{End, Overhead, RecordFilter, Stage};
use libfuzzer_sys::fuzz_target;

const SUITES: [&str; 3] = ["ECDHE-PSK-CHACHA20-POLY1305", "DHE-PSK-AES128-GCM-SHA256", "PSK-AES128-CCM8"];

fuzz_target!(|octets: &[u8]| {
    let Some((&choice, mut rest)) = octets.split_first() else { return };
    let end = if choice & 1 == 0 { End::Client } else { End::Server };
    let suite = SUITES[usize::from(choice >> 1) % 3];
    let overhead = Overhead::of(suite).expect("offered over DTLS");
    let (least, most) = if suite.contains("GCM") { (24, 16_408) } else { (16, 16_400) };
    let mut filter = RecordFilter::new(end, u64::from(choice));
    let mut last = u64::from(choice);
    // Each datagram is preceded by the stage of the handshake (1) and its length (2).
    while let [step, high, low, following @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(following.len());
        let (datagram, following) = following.split_at(length);
        rest = following;
        let stage = match step % 3 {
            0 => Stage::Hello,
            1 => Stage::Chosen(overhead),
            _ => Stage::Established(overhead),
        };
        let mut left = datagram.to_vec();
        filter.retain(&mut left, stage);
        assert!(left.len() <= datagram.len());
        let mut records = &left[..];
        while !records.is_empty() {
            let (header, body) = records.split_at(13);
            let (body, following) = body.split_at(usize::from(u16::from_be_bytes([header[11], header[12]])));
            records = following;
            assert_eq!(header[1], 0xfe);
            if header[3..5] == [0, 0] {
                assert!(!matches!(stage, Stage::Established(_)));
                assert!(matches!(header[0], 20 | 22));
                assert!((1..=16_384).contains(&body.len()));
                let number = header[5..11].iter().fold(0, |number, octet| number << 8 | u64::from(*octet));
                assert!(number > last);
                last = number;
            } else {
                assert_eq!((&header[3..5], stage == Stage::Hello), (&[0, 1][..], false));
                assert!(matches!(header[0], 21..=23));
                assert!((least..=most).contains(&body.len()));
            }
        }
        if let Some(alert) = filter.take_alert() {
            assert_eq!((alert.len(), alert[0], alert[13]), (15, 21, 2));
            assert_eq!(end, End::Client);
            last += 1;
        }
    }
});
