//! The rows beside ours: wolfSSL's ECCSI, and AWS-LC's ECDSA and ECDH on the same curve.

use super::{ID, MESSAGE, kms};
use aws_lc_rs::agreement::{self, EphemeralPrivateKey, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};
use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;
use eccsi_sakke::SysRng;
use eccsi_sakke_peers::wolfssl as ffi;
use std::hint::black_box;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

const WOLFSSL: &str = "wolfssl";

pub(super) fn issue(group: &mut Group<'_>) {
    let kms = kms();
    let rng = SystemRandom::new();
    let mut peer = ffi::Kms::new(&kms.expose(), &kms.public_key().to_bytes()).expect("key is read");
    group.bench_function(WOLFSSL, |b| b.iter(|| peer.issue(black_box(ID.as_bytes()))));
    group.bench_function("aws-lc-rs/p256-keygen", |b| {
        b.iter(|| EphemeralPrivateKey::generate(&agreement::ECDH_P256, &rng));
    });
}

pub(super) fn validate(group: &mut Group<'_>) {
    let issued = kms().issue(ID, &mut SysRng).expect("system generator");
    let kpak = kms().public_key().to_bytes();
    let (ssk, pvt) = (issued.expose(), issued.pvt().to_bytes());
    let mut peer = ffi::User::new(&kpak, &ssk, &pvt).expect("key is read");
    group.bench_function(WOLFSSL, |b| b.iter(|| peer.validate(black_box(ID.as_bytes()))));
    ecdh(group);
}

pub(super) fn sign(group: &mut Group<'_>) {
    let issued = kms().issue(ID, &mut SysRng).expect("system generator");
    let kpak = kms().public_key().to_bytes();
    let (ssk, pvt) = (issued.expose(), issued.pvt().to_bytes());
    let mut peer = ffi::User::new(&kpak, &ssk, &pvt).expect("key is read");
    peer.prepare_to_sign(ID.as_bytes()).expect("pair is set");
    group.bench_function(WOLFSSL, |b| b.iter(|| peer.sign(black_box(MESSAGE))));

    let rng = SystemRandom::new();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("key pair");
    group.bench_function("aws-lc-rs/ecdsa", |b| b.iter(|| key.sign(&rng, black_box(MESSAGE))));
}

pub(super) fn verify(group: &mut Group<'_>) {
    let kpak = kms().public_key();
    let key = super::key(&kpak);
    let signature = key.sign(MESSAGE, &mut SysRng).expect("system generator").to_bytes();
    let mut peer = ffi::Verifier::new(&kpak.to_bytes()).expect("key is read");
    group.bench_function(WOLFSSL, |b| {
        b.iter(|| peer.verify(black_box(ID.as_bytes()), black_box(MESSAGE), black_box(&signature)));
    });

    let rng = SystemRandom::new();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("key pair");
    let signature = key.sign(&rng, MESSAGE).expect("signature");
    let public =
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref()).expect("public key");
    group.bench_function("aws-lc-rs/ecdsa", |b| {
        b.iter(|| public.verify_sig(black_box(MESSAGE), black_box(signature.as_ref())));
    });
}

pub(super) fn agree(group: &mut Group<'_>) {
    ecdh(group);
}

fn ecdh(group: &mut Group<'_>) {
    let own = PrivateKey::generate(&agreement::ECDH_P256).expect("key");
    let peer = PrivateKey::generate(&agreement::ECDH_P256).and_then(|key| key.compute_public_key());
    let peer = UnparsedPublicKey::new(&agreement::ECDH_P256, peer.expect("key").as_ref().to_vec());
    group.bench_function("aws-lc-rs/ecdh", |b| {
        b.iter(|| agreement::agree(&own, black_box(&peer), (), |secret| Ok::<_, ()>(secret[0])));
    });
}
