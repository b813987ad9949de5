//! The files of a key directory, opened as their format is documented, by other code than the library's: to
//! check that text, and to know what a search of memory must not find.
#![allow(dead_code, reason = "each test uses its part")]

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use hkdf::Hkdf;
use serde_json::Value;
use sha2::Sha256;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "{text}");
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// First line, its JSON, and the octets of the second.
pub(crate) fn parts(path: &Path) -> (String, Value, Vec<u8>) {
    let text = fs::read_to_string(path).unwrap();
    let (header, sealed) = text.strip_suffix('\n').unwrap().split_once('\n').unwrap();
    (header.into(), serde_json::from_str(header).unwrap(), from_hex(sealed))
}

fn open(path: &Path, key: &[u8]) -> Vec<u8> {
    let (header, json, sealed) = parts(path);
    assert_eq!(json["format"], "ibc-keys");
    assert_eq!(json["version"], 1);
    assert_eq!(json["name"], path.file_name().unwrap().to_str().unwrap());
    assert_eq!(json["cipher"]["name"], "AES-256-GCM-SIV");
    let nonce: [u8; 12] = from_hex(json["cipher"]["nonce"].as_str().unwrap()).try_into().unwrap();
    let payload = Payload { msg: &sealed, aad: header.as_bytes() };
    Aes256GcmSiv::new_from_slice(key).unwrap().decrypt(&Nonce::from(nonce), payload).unwrap()
}

fn hkdf(salt: Option<&[u8]>, secret: &[u8], info: &str) -> Vec<u8> {
    let mut key = vec![0; 32];
    let hkdf = match salt {
        Some(_) => Hkdf::<Sha256>::new(salt, secret),
        None => Hkdf::<Sha256>::from_prk(secret).unwrap(),
    };
    hkdf.expand(info.as_bytes(), &mut key).unwrap();
    key
}

/// The secrets of a directory whose root key is sealed under a key file.
pub(crate) struct Secrets {
    pub(crate) root: Vec<u8>,
    /// Scalar ‖ secret for refusals.
    pub(crate) service: Vec<u8>,
    /// KSAK and z by file name.
    pub(crate) kms: Vec<(String, Vec<u8>, Vec<u8>)>,
    pub(crate) data: Vec<(String, Vec<u8>)>,
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub(crate) fn open_all(directory: &Path, key_file: &Path) -> Secrets {
    let root_file = directory.join("root.json");
    let (_, json, _) = parts(&root_file);
    assert_eq!(json["kind"], "root");
    let salt = from_hex(json["about"]["key-file"]["salt"].as_str().unwrap());
    let key = hkdf(Some(&salt), &fs::read(key_file).unwrap(), "ibc key directory v1 key file");
    let root = open(&root_file, &key);
    let of_kind = |path: PathBuf, kind: &str| {
        assert_eq!(parts(&path).1["kind"], kind);
        open(&path, &hkdf(None, &root, &format!("ibc key directory v1 {kind}")))
    };
    let service = of_kind(directory.join("service.json"), "service");
    let kms = names(directory).into_iter().filter(|name| name.starts_with("kms-")).map(|name| {
        let secret = of_kind(directory.join(&name), "kms");
        assert_eq!(secret.len(), 160);
        (name, secret[..32].to_vec(), secret[32..].to_vec())
    });
    let kms = kms.collect();
    let data = directory.join("data");
    let data =
        names(&data).into_iter().map(|name| (name.clone(), of_kind(data.join(&name), "data"))).collect();
    Secrets { root, service, kms, data }
}
