//! Who has no key learns from a handshake neither by what it is told nor by the time whether an identity is known.

use crate::http::{Client, Running};
use crate::service::{MAF, MEF, Place};
use crate::setting::{Setting, key_of_client};
use ibc::tls::TlsError;
use std::time::{Duration, Instant};

const WRONG: [u8; 32] = [0xA5; 32];

/// Medians of two things that are measured in turn.
fn medians(rounds: usize, mut measured: impl FnMut(bool) -> Duration) -> [Duration; 2] {
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..2 * rounds {
        // Neither is always behind the other.
        let first = (round / 2 + round) % 2 == 0;
        samples[usize::from(first)].push(measured(first));
    }
    samples.map(|mut samples| {
        samples.sort_unstable();
        samples[samples.len() / 2]
    })
}

async fn a_handshake_of_nobody_takes_as_long_as_one_of_somebody(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let is_slow = std::env::var_os("SLOW_TESTS").is_some();
    let rounds = if is_slow { 500 } else { 5 };
    for fqdn in [MEF, MAF] {
        let refused = |identity: &str| {
            let start = Instant::now();
            let refusal = Client::connect(server.address, fqdn, identity, &WRONG).err().expect("a wrong key");
            (start.elapsed(), refusal)
        };
        let known = format!("device@{fqdn}");
        drop(Client::connect(server.address, fqdn, &known, &key_of_client("device")).expect("the right key"));
        let alike = |error: &TlsError| format!("{error:?}");
        assert_eq!(alike(&refused(&known).1), alike(&refused(&format!("nobody@{fqdn}")).1));
        let mut number = 0;
        let [of_nobody, of_somebody] = medians(rounds, |is_known| {
            number += 1;
            let stranger = format!("n{number:05}@{fqdn}");
            refused(if is_known { &known } else { &stranger }).0
        });
        let between = of_nobody.abs_diff(of_somebody);
        println!("{fqdn}: {of_somebody:?} and {of_nobody:?}, {between:?} between");
        assert!(!is_slow || between < Duration::from_micros(50), "{fqdn}: {of_somebody:?}, {of_nobody:?}");
    }
    server.stop().await;
}

on_each_store!(a_handshake_of_nobody_takes_as_long_as_one_of_somebody);
