//! Searches memory, core files and other octets for secrets in every form in which they may stand there.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;

/// Writes a secret in one of its forms.
pub type Encode = fn(&[u8]) -> Vec<u8>;

/// The ways in which a secret may stand in memory.
pub const FORMS: [(&str, Encode); 7] = [
    ("octets", |octets| octets.to_vec()),
    ("octets reversed", |octets| octets.iter().rev().copied().collect()),
    ("limbs reversed", |octets| octets.rchunks(8).flatten().copied().collect()),
    ("hex", |octets| octets.iter().flat_map(|octet| format!("{octet:02x}").into_bytes()).collect()),
    ("HEX", |octets| octets.iter().flat_map(|octet| format!("{octet:02X}").into_bytes()).collect()),
    ("base64", |octets| base64::<Base64Unpadded>(octets)),
    ("base64url", |octets| base64::<Base64UrlUnpadded>(octets)),
];

fn base64<E: Encoding>(octets: &[u8]) -> Vec<u8> {
    let mut text = vec![0; E::encoded_len(octets)];
    let length = E::encode(octets, &mut text).unwrap().len();
    assert_eq!(length, text.len());
    text
}

/// Fragments of secrets: eight octets of each, in each form, wherever they begin.
#[derive(Default)]
pub struct Wanted {
    pub names: Vec<String>,
    /// Octets as they are, in windows of 8.
    octets: HashMap<[u8; 8], usize>,
    /// Text, in windows of 16 characters.
    text: HashMap<[u8; 16], usize>,
    /// One bit for the first 8 octets of each window.
    filter: Vec<u64>,
}

const FILTER_BITS: u32 = 24;

fn filter_place(window: &[u8]) -> usize {
    let window = u64::from_le_bytes(*window.first_chunk().unwrap());
    (window.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS)) as usize
}

impl Wanted {
    pub fn new() -> Self {
        Self { filter: vec![0; (1 << FILTER_BITS) / 64], ..Self::default() }
    }

    fn mark(&mut self, window: &[u8]) {
        let place = filter_place(window);
        self.filter[place / 64] |= 1 << (place % 64);
    }

    pub fn add(&mut self, name: impl Into<String>, secret: &[u8]) {
        assert!(secret.len() >= 16);
        let number = self.names.len();
        self.names.push(name.into());
        // Reversed limbs, in either order of their octets, are windows of these two.
        let reversed: Vec<u8> = secret.iter().rev().copied().collect();
        for octets in [secret, &reversed] {
            for window in octets.windows(8) {
                self.octets.insert(window.try_into().unwrap(), number);
                self.mark(window);
            }
        }
        let mut texts = vec![FORMS[3].1(secret), FORMS[4].1(secret)];
        // In base64 three octets share four characters: it matters how many octets came before.
        for before in 0..3 {
            let shifted = [&[0; 3][..before], secret].concat();
            for encode in [base64::<Base64Unpadded>, base64::<Base64UrlUnpadded>] {
                let text = encode(&shifted);
                let (first, last) = ((8 * before).div_ceil(6), 8 * shifted.len() / 6);
                texts.push(text[first..last].to_vec());
            }
        }
        for text in texts {
            for window in text.windows(16) {
                self.text.insert(window.try_into().unwrap(), number);
                self.mark(window);
            }
        }
    }

    /// The names of those found, and how often.
    pub fn search(&self, memory: &[u8], found: &mut BTreeMap<String, usize>) {
        for (at, window) in memory.windows(8).enumerate() {
            let place = filter_place(window);
            if self.filter[place / 64] & (1 << (place % 64)) == 0 {
                continue;
            }
            let octets = self.octets.get(window);
            let text = memory.get(at..at + 16).and_then(|window| self.text.get(window));
            for number in [octets, text].into_iter().flatten() {
                *found.entry(self.names[*number].clone()).or_default() += 1;
            }
        }
    }
}

/// Which mappings are read.
#[derive(Clone, Copy, PartialEq)]
pub enum Mappings {
    /// Those a core dump may hold.
    Dumped,
    All,
}

/// Searches the memory of a process. Gives what was found, and how many octets were read.
pub fn search_process(pid: u32, mappings: Mappings, wanted: &Wanted) -> (BTreeMap<String, usize>, usize) {
    let smaps = fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap();
    let mut memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let (mut found, mut read) = (BTreeMap::new(), 0);
    let mut range = None;
    for line in smaps.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        if let Some((start, end)) = words[0].split_once('-')
            && let (Ok(start), Ok(end)) = (u64::from_str_radix(start, 16), u64::from_str_radix(end, 16))
        {
            let special = words.get(5).is_some_and(|name| name.starts_with("[v"));
            range = (words[1].starts_with('r') && !special).then_some((start, end));
        } else if words[0] == "VmFlags:"
            && let Some((start, end)) = range.take()
            && (mappings == Mappings::All || !words.contains(&"dd"))
        {
            let mut octets = vec![0; (end - start) as usize];
            memory.seek(SeekFrom::Start(start)).unwrap();
            memory.read_exact(&mut octets).unwrap_or_else(|error| panic!("{line}: {error}"));
            wanted.search(&octets, &mut found);
            read += octets.len();
        }
    }
    assert!(read > 1_000_000, "only {read} octets were read");
    (found, read)
}

/// Searches the core file that gcore writes; `None` without gcore.
pub fn search_core_file(
    pid: u32,
    folder: &Path,
    wanted: &Wanted,
) -> Option<(BTreeMap<String, usize>, usize)> {
    let prefix = folder.join("core");
    let made = Command::new("gcore").arg("-o").arg(&prefix).arg(pid.to_string()).output().ok()?;
    let path = folder.join(format!("core.{pid}"));
    let core = fs::read(&path).unwrap_or_else(|error| panic!("{error}: {made:?}"));
    fs::remove_file(&path).unwrap();
    let mut found = BTreeMap::new();
    wanted.search(&core, &mut found);
    Some((found, core.len()))
}
