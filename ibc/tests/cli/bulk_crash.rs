//! A batch that is killed three times and started again ends complete: every identity once, every
//! credential valid.
//!
//! `SOAK_IDS` sets the number of identities.

use crate::place::Place;
use std::collections::HashSet;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

const IDENTITIES: u32 = 3000;

#[test]
fn killed_three_times_it_ends_with_every_identity_once() {
    let count = match std::env::var("SOAK_IDS") {
        Ok(count) => count.parse().expect("SOAK_IDS is a number"),
        Err(_) => IDENTITIES,
    };
    let place = Place::with_kms();
    let list: Vec<_> = (0..count).map(|number| format!("//sp.example.com/CSE{number:07}")).collect();
    place.write("list", list.join("\n"));
    let common = ["kms", "issue", "--kms", "kms.ibc", "--passphrase-file", "pass", "--from", "list"];
    let arguments = [&common[..], &["--fqdn", "mef.example.com", "--out", "batch.jsonl"]].concat();

    let length = || fs::metadata(place.path("batch.jsonl")).map_or(0, |metadata| metadata.len());
    // A credential has about 450 octets.
    let whole = u64::from(count) * 450;
    let mut torn = 0;
    for round in 0..3u64 {
        let mut child =
            place.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // A long run is killed at an octet that the clock chooses, a short one soon after its first group.
        let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let jitter = u64::from(clock.subsec_nanos());
        let reach = if count < 20_000 { round.min(1) } else { whole / 16 + jitter % (whole / 8) };
        let target = length() + reach;
        let started = Instant::now();
        while (length() < target || !place.path("batch.jsonl").exists())
            && started.elapsed() < Duration::from_secs(600)
        {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::hint::spin_loop();
        }
        std::thread::sleep(Duration::from_micros(jitter % 50_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let content = fs::read(place.path("batch.jsonl")).unwrap();
        let lines = content.iter().filter(|octet| **octet == b'\n').count();
        println!("kill {}: {lines} whole lines, torn: {}", round + 1, !content.ends_with(b"\n"));
        torn += u32::from(!content.ends_with(b"\n"));
    }
    println!("torn lines: {torn}");

    let last = place.ibc(&[&arguments[..], &["--json"]].concat()).done().json();
    assert_eq!(last["in_file"], u64::from(count));
    let batch = place.read("batch.jsonl");
    let (mut entities, mut pvts) = (HashSet::new(), HashSet::new());
    for line in batch.lines() {
        let credential: serde_json::Value = serde_json::from_str(line).unwrap();
        let id_2 = credential["id2"].as_str().unwrap();
        assert!(entities.insert(id_2.split('@').nth(1).unwrap().to_owned()), "twice: {id_2}");
        assert!(pvts.insert(credential["pvt"].as_str().unwrap().to_owned()), "PVT twice: {id_2}");
    }
    assert_eq!(entities.len(), count as usize);
    let validated =
        place.ibc(&["credential", "validate", "--batch", "batch.jsonl", "--kpak", "kpak.json", "--json"]);
    assert_eq!(validated.done().json()["credentials"], u64::from(count));
}
