//! No secret reaches a branch or an address: the secret API under valgrind's memcheck.
//!
//! Secrets are marked as undefined memory, so that memcheck reports each jump, each load and each
//! store that depends on one. The library declassifies what becomes public, at few marked places.
//! Started without arguments, this program runs itself under valgrind once for each case below, on
//! each backend (valgrind hides ADX in CPUID, but executes it); a case passes if memcheck reports
//! nothing *and* the secret provably arrived at the end. The cases that leak on purpose must be
//! reported: a checker that cannot fail shows nothing.
//!
//! Before that it runs the stored vectors on each backend, not under valgrind: this is the one test program that is
//! compiled as the release profile is, with the registers of `ifma`, too.
//!
//! `cargo test --profile ctgrind --features __ctgrind,hazmat --test constant_time`

#[path = "support/not_run.rs"]
mod not_run;
#[path = "support/release_vectors.rs"]
mod release_vectors;

use eccsi_sakke::__backends::fp1024::{self, Op, Step};
use eccsi_sakke::__backends::{Name, force, probe, with};
use eccsi_sakke::__ctgrind::{is_secret, revealed, secret};
use eccsi_sakke::eccsi::{IssuedKey, KmsSecretKey, PublicValidationToken, Signature, SigningKey, hazmat};
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{Association, Credential, ExpectedPeer, KpakTag, PskIdentity, Role, TrustedDomains};
use eccsi_sakke::{Identity, SysRng, sakke};
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use subtle::ConstantTimeEq;

/// Exit status that valgrind gives for a report.
const REPORTED: i32 = 99;

const ID: Identity<'static> = Identity::new(b"2011-02\0tel:+447700900123\0");
/// The same octets, for SAKKE.
static SAKKE_ID: LazyLock<sakke::Identifier> = LazyLock::new(|| identifier(ID.as_bytes()));

fn identifier(octets: &[u8]) -> sakke::Identifier {
    sakke::Identifier::from_raw(octets).expect("in range")
}

const ID_2: &str = "mef.example.com@2F435345303930313132@20990101T000000";

/// In place of a case: the vectors.
const VECTORS: &str = "vectors";

struct Case {
    name: &'static str,
    /// For a case that leaks: the function that valgrind's report must name.
    leaks_in: Option<&'static str>,
    run: fn(),
}

const fn clean(name: &'static str, run: fn()) -> Case {
    Case { name, leaks_in: None, run }
}

const fn leaking(name: &'static str, leaks_in: &'static str, run: fn()) -> Case {
    Case { name, leaks_in: Some(leaks_in), run }
}

const CASES: &[Case] = &[
    leaking("control_branch", "constant_time.rs", || {
        let octets = secret([0x5a; 32]);
        if black_box(octets[7]) & 1 == 1 {
            println!("odd");
        }
    }),
    leaking("control_index", "constant_time.rs", || {
        let octets = secret([0x5a_u8; 32]);
        let table = black_box([1_u8; 256]);
        black_box(table[usize::from(octets[7])]);
    }),
    leaking("control_early_exit_comparison", "bcmp", || {
        let octets = secret([0x5a; 32]);
        black_box(octets == black_box([0x5a; 32]));
    }),
    leaking("control_vartime_multiplication", "vartime", || {
        // Verification is for public values: with a secret s its sum must be reported.
        let key = key();
        let signature = hazmat::sign_with_nonce(&key, b"message", &octets(3)).expect("j in range");
        let mut octets = signature.to_bytes();
        octets[32..64].copy_from_slice(&secret(*signature.s()));
        let signature = Signature::from_bytes(&octets).expect("in range, by a public outcome");
        let _ = black_box(key.verifying_key().verify(b"message", &signature));
    }),
    clean("ksak_from_bytes", || {
        let kms = secret_ksak();
        assert!(is_secret(&*kms.expose()));
        assert!(revealed() >= 2, "range and KPAK were computed from the secret");
        assert!(!is_secret(&kms.public_key().to_bytes()));
    }),
    clean("issue_with_secret_v", || {
        let kms = secret_ksak();
        let before = revealed();
        let issued = hazmat::issue_with_nonce(&kms, ID, &secret(octets(7))).expect("v in range");
        assert!(is_secret(&*issued.expose()));
        assert!(!is_secret(&issued.pvt().to_bytes()));
        assert!(revealed() >= before + 3, "range of v, PVT and SSK = 0");
    }),
    clean("issue_hedged", || {
        let kms = secret_ksak();
        let before = revealed();
        let issued = kms.issue(ID, &mut SysRng).expect("system generator");
        assert!(is_secret(&*issued.expose()));
        assert!(revealed() >= before + 3, "v depends on KSAK");
    }),
    clean("issue_many", || {
        let kms = secret_ksak();
        // Few, and enough for every kind of lanes.
        for count in [3, 18] {
            let ids = [ID, Identity::new(b""), Identity::new(b"bob")].repeat(count / 3);
            let before = revealed();
            for issued in kms.issue_many(&ids, &mut SysRng).expect("system generator") {
                assert!(is_secret(&*issued.expose()));
                assert!(!is_secret(&issued.pvt().to_bytes()));
            }
            assert!(revealed() >= before + 3 * count, "v depends on KSAK");
        }
    }),
    clean("sign_many", || {
        let key = secret_key();
        for count in [2, 17] {
            let messages = [&b"message"[..], b""].repeat(count);
            let before = revealed();
            for (message, signature) in messages[..count]
                .iter()
                .zip(key.sign_many(&messages[..count], &mut SysRng).expect("system generator"))
            {
                assert!(!is_secret(&signature.to_bytes()));
                key.verifying_key().verify(message, &signature).expect("valid");
            }
            assert!(revealed() >= before + 4 * count, "range of j, r, HE + r·SSK = 0, s");
        }
    }),
    clean("validate_many", || {
        let (kms, ssk, pvt) = issued();
        let keys: Vec<_> =
            (0..17).map(|_| IssuedKey::from_parts(&secret(ssk), &pvt).expect("SSK in range")).collect();
        // All good, then with one that is not.
        for bad in [17, 5] {
            let identity = |i: usize| if i == bad { Identity::new(b"eve") } else { ID };
            let requests: Vec<_> = keys.iter().enumerate().map(|(i, key)| (identity(i), key)).collect();
            let before = revealed();
            let valid = IssuedKey::validate_many(&requests, &kms.public_key(), &mut SysRng);
            for (i, valid) in valid.expect("system generator").into_iter().enumerate() {
                assert_eq!(valid.is_err(), i == bad);
                assert!(valid.is_err() || is_secret(&*valid.expect("valid").expose()));
            }
            assert!(revealed() > before + 17, "Y of each, and the sum");
        }
    }),
    clean("validate", || {
        let (kms, ssk, pvt) = issued();
        let issued = IssuedKey::from_parts(&secret(ssk), &pvt).expect("SSK in range");
        let before = revealed();
        let key = issued.validate(&kms.public_key(), ID).expect("valid");
        assert!(is_secret(&*key.expose()));
        assert!(revealed() > before, "Y, or the outcome");
    }),
    clean("validate_refuses", || {
        let (kms, ssk, pvt) = issued();
        let issued = IssuedKey::from_parts(&secret(ssk), &pvt).expect("SSK in range");
        let before = revealed();
        assert!(issued.validate(&kms.public_key(), Identity::new(b"eve")).is_err());
        assert!(revealed() > before, "[SSK]G, or the outcome");
    }),
    clean("validate_with_table", || {
        let (kms, ssk, pvt) = issued();
        let issued = IssuedKey::from_parts(&secret(ssk), &pvt).expect("SSK in range");
        let key = issued.validate(&kms.public_key().prepared(), ID).expect("valid");
        assert!(is_secret(&*key.expose()));
    }),
    clean("sign_with_secret_j", || {
        let key = secret_key();
        let before = revealed();
        let signature = hazmat::sign_with_nonce(&key, b"message", &secret(octets(9))).expect("j in range");
        assert!(!is_secret(&signature.to_bytes()));
        assert!(revealed() >= before + 4, "range of j, r, HE + r·SSK = 0, s");
        key.verifying_key().verify(b"message", &signature).expect("valid");
    }),
    clean("sign_hedged", || {
        let key = secret_key();
        let before = revealed();
        let signature = key.sign_checked(b"message", &mut SysRng).expect("valid");
        assert!(!is_secret(&signature.to_bytes()));
        assert!(revealed() >= before + 4, "j depends on SSK");
    }),
    clean("multiplications", || {
        // What the IBC-based association computes with SSK, with and without a table of KPAK.
        let (p, q) = (probe::mul_generator(&octets(4)), probe::mul_generator(&octets(5)));
        for with_table in [false, true] {
            let z = probe::mul_sum(&secret(octets(6)), &p, with_table, &octets(8), &q).expect("a point");
            assert!(is_secret(&z));
        }
        assert!(is_secret(&probe::mul(&secret(octets(6)), &p)));
        assert!(is_secret(&probe::order(&secret(octets(6)), &secret(octets(8)))));
    }),
    clean("saef_shared_key", || {
        let (kms, ssk, pvt, trusted) = domain();
        let issued = IssuedKey::from_parts(&secret(ssk), &pvt).expect("SSK in range");
        let id_2 = ExpiringIdentity::parse(ID_2).expect("valid");
        let own = Credential::install(id_2, &issued, &kms.public_key(), &trusted, UnixTime::EPOCH);
        let own = own.expect("valid");
        let policy = EntityName::parse("//mef.example.com/CSE2").and_then(ExpectedPeer::new).expect("valid");
        let skew = Association::DEFAULT_SKEW;
        let association =
            Association { own: &own, role: Role::Client, trusted: &trusted, policy: &policy, skew };
        let peer_id = ExpiringIdentity::parse("mef.example.com@2F43534532@20990101T000000").expect("valid");
        let peer = hazmat::issue_with_nonce(&kms, peer_id.identity(), &octets(5)).expect("v in range");
        let peer = PskIdentity::new(peer_id, KpakTag::of(&kms.public_key()), peer.pvt()).expect("short");
        let key = association.derive(&peer, UnixTime::EPOCH).expect("admitted");
        assert!(is_secret(&*key.expose()), "Kibc depends on SSK");
        assert!(is_secret(&key.id()), "so does KibcID");
        assert!(!is_secret(&key.context()));
    }),
    clean("refuses_out_of_range", || {
        assert!(KmsSecretKey::from_bytes(&secret([0xff; 32])).is_err());
        assert!(KmsSecretKey::from_bytes(&secret([0; 32])).is_err());
        assert!(revealed() >= 2);
    }),
    clean("kernel_of_1024_bits", || {
        let mut registers = secret([[0x17; 128]; 8]);
        let steps = every_step(&[
            Op::Choose(secret(1)),
            Op::LookUp(secret(2)),
            Op::SelectSigned(secret(3), secret(1)),
            Op::Invert,
        ]);
        let before = revealed();
        let _ = black_box(fp1024::run(&mut registers, &steps));
        assert!(is_secret(&registers));
        assert!(revealed() >= before + 8, "which registers are equal");
    }),
    clean("kernel_of_1024_bits_in_lanes", || {
        let mut registers = secret([[[0x17; 128]; 8]; 8]);
        // A look-up in lanes takes one lane, which is public.
        let mut steps = vec![step(Op::Choose(secret(0x35)))];
        for step_after in every_step(&[]) {
            // Operands within the bounds of lanes.
            steps.extend([0, 1, 2, 3, 4, 5, 6, 7].map(|i| Step {
                op: Op::Reduce,
                from: [i; 12],
                to: [i; 4],
            }));
            steps.push(step_after);
        }
        if fp1024::run_in_lanes(&mut registers, &steps) {
            assert!(is_secret(&registers));
        }
    }),
    clean("order_of_1024_bits", || {
        let (a, b) = (secret([0x17; 128]), secret([0x23; 128]));
        assert!(is_secret(&fp1024::order(&a, &b)));
        let before = revealed();
        assert!(is_secret(&fp1024::order_reduce(&a)));
        assert!(revealed() > before, "whether it lies in the range of keys");
    }),
    clean("sakke_z_from_bytes", || {
        let kms = secret_z();
        assert!(is_secret(&*kms.expose()));
        assert!(revealed() >= 2, "range and Z were computed from the secret");
        assert!(!is_secret(&kms.public_key().to_bytes()));
        assert!(sakke::KmsSecretKey::from_bytes(&secret([0xff; 128])).is_err());
    }),
    clean("sakke_issue", || {
        let kms = secret_z();
        let before = revealed();
        let issued = kms.issue_many(&[SAKKE_ID.clone(), identifier(b"bob")]).expect("usable");
        assert!(issued.iter().all(|key| is_secret(&*key.expose())));
        assert!(revealed() >= before + 2, "a + z = 0, for each");
    }),
    clean("sakke_issue_one", || {
        let kms = secret_z();
        let before = revealed();
        assert!(is_secret(&*kms.issue(&SAKKE_ID).expect("usable").expose()));
        assert_eq!(revealed(), before + 1, "a + z = 0");
    }),
    clean("sakke_decapsulate_one", || {
        // What comes before has cases of its own, and takes less time there.
        let made = with(Name::Portable, || {
            let (z, _) = rsk();
            (secret_rsk(), z.encapsulate_ssv(&SAKKE_ID, &ssv()).expect("usable"))
        });
        let (key, data) = made.expect("every CPU has it");
        let before = revealed();
        assert!(is_secret(&*key.decapsulate(&data).expect("right").expose()));
        assert_eq!(revealed(), before + 1, "outcome and nothing else");
    }),
    clean("sakke_validate", || {
        let (z, k) = rsk();
        let issued = sakke::IssuedKey::from_bytes(&secret(k)).expect("a point");
        let before = revealed();
        let key = issued.validate(&z, &SAKKE_ID).expect("valid");
        assert!(is_secret(&*key.expose()));
        assert!(revealed() > before, "outcome");
    }),
    clean("sakke_validate_with_lines", || {
        let (z, k) = rsk();
        let z = z.prepared().prepared_to_validate();
        for (id, right) in [(&*SAKKE_ID, true), (&identifier(b"eve"), false)] {
            let issued = sakke::IssuedKey::from_bytes(&secret(k)).expect("a point");
            let before = revealed();
            let key = issued.validate(&z, id);
            assert_eq!(revealed(), before + 2, "end of the steps, outcome, and nothing else");
            assert_eq!(key.is_ok(), right);
            assert!(key.is_err() || key.is_ok_and(|key| is_secret(&*key.expose())));
        }
    }),
    clean("sakke_validate_many", || {
        let (z, k) = rsk();
        let keys: Vec<_> =
            (0..5).map(|_| sakke::IssuedKey::from_bytes(&secret(k)).expect("a point")).collect();
        let before = revealed();
        let requests: Vec<_> = keys.iter().map(|key| (&*SAKKE_ID, key)).collect();
        let valid = sakke::IssuedKey::validate_many(&requests, &z, &mut SysRng).expect("system generator");
        assert!(valid.iter().flatten().all(|key| is_secret(&*key.expose())));
        assert_eq!(valid.iter().flatten().count(), 5);
        assert_eq!(revealed(), before + 5 * 3 + 1, "exponent, end of the steps and order of each, outcome");
    }),
    clean("sakke_validate_refuses", || {
        let (z, k) = rsk();
        let issued = sakke::IssuedKey::from_bytes(&secret(k)).expect("a point");
        assert!(issued.validate(&z, &identifier(b"eve")).is_err());
        assert!(revealed() >= 4, "form, range, curve, outcome");
    }),
    clean("sakke_issue_batch", || {
        // Enough of them to fill lanes.
        let kms = secret_z();
        let names = names();
        let ids = names.each_ref().map(|name| identifier(name));
        let before = revealed();
        let issued = kms.issue_many(&ids).expect("usable");
        assert!(issued.iter().all(|key| is_secret(&*key.expose())));
        assert_eq!(revealed(), before + ids.len(), "a + z = 0, for each");
    }),
    clean("sakke_encapsulate_batch", || {
        let (z, _) = rsk();
        let z = z.prepared();
        let names = names();
        let ids = names.each_ref().map(|name| identifier(name));
        let data = z.encapsulate_many(&ids, &secret_ssv()).expect("usable");
        assert!(data.iter().all(|data| !is_secret(&data.to_bytes())));
        let again = z.encapsulate_many(&ids[..1], &secret_ssv()).expect("usable");
        assert!(again[0] == data[0], "alone as in lanes");
    }),
    clean("sakke_decapsulate_batch", || {
        let (z, _) = rsk();
        let mut data = vec![z.encapsulate_ssv(&SAKKE_ID, &ssv()).expect("usable"); 7];
        data.push(z.encapsulate_ssv(&identifier(b"bob"), &ssv()).expect("usable"));
        let key = secret_rsk().prepared();
        let before = revealed();
        let outcomes = key.decapsulate_many(&data);
        assert!(outcomes[..7].iter().flatten().all(|ssv| is_secret(&*ssv.expose())));
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 7);
        assert_eq!(revealed(), before + 8, "outcomes and nothing else");
    }),
    clean("sakke_encapsulate", || {
        let (z, _) = rsk();
        let before = revealed();
        let data = z.encapsulate_ssv(&SAKKE_ID, &secret_ssv()).expect("usable");
        assert!(!is_secret(&data.to_bytes()));
        assert!(revealed() >= before + 4, "r = 0, R is infinity, R, H");
    }),
    clean("sakke_encapsulate_with_tables", || {
        let (z, _) = rsk();
        let z = z.prepared();
        let recipient = z.recipient(&SAKKE_ID).expect("usable").prepared();
        let before = revealed();
        let data = z.encapsulate_ssv(&SAKKE_ID, &secret_ssv()).expect("usable");
        assert!(!is_secret(&data.to_bytes()));
        assert!(data == recipient.encapsulate_ssv(&secret_ssv()).expect("usable"));
        assert!(revealed() >= before + 8, "r = 0, R is infinity, R, H; twice");
    }),
    clean("sakke_decapsulate", || {
        let (z, _) = rsk();
        let data = z.encapsulate_ssv(&SAKKE_ID, &ssv()).expect("usable");
        let key = secret_rsk();
        let before = revealed();
        assert!(is_secret(&*key.decapsulate(&data).expect("right").expose()));
        assert_eq!(revealed(), before + 1, "outcome and nothing else");
    }),
    clean("sakke_decapsulate_with_tables", || {
        let (z, _) = rsk();
        let data = z.encapsulate_ssv(&SAKKE_ID, &ssv()).expect("usable");
        let key = secret_rsk().prepared();
        let before = revealed();
        assert!(is_secret(&*key.decapsulate(&data).expect("right").expose()));
        assert_eq!(revealed(), before + 1, "outcome and nothing else");
    }),
    clean("sakke_decapsulate_refuses", || {
        let (z, _) = rsk();
        let data = z.encapsulate_ssv(&identifier(b"bob"), &ssv()).expect("usable");
        let key = secret_rsk();
        let before = revealed();
        assert!(key.decapsulate(&data).is_err());
        assert!(key.prepared().decapsulate(&data).is_err());
        assert_eq!(revealed(), before + 2, "outcomes and nothing else");
    }),
    clean("sakke_decapsulate_refuses_points_of_other_orders", || {
        let key = secret_rsk();
        let prepared = secret_rsk().prepared();
        for (flag, octets) in odd_points() {
            let data = sakke::EncapsulatedData::from_slice(&octets).expect("a point");
            let before = revealed();
            assert!(key.decapsulate(&data).is_err(), "{flag}");
            assert!(prepared.decapsulate(&data).is_err(), "{flag}");
            assert_eq!(revealed(), before + 2, "{flag}: outcomes and nothing else");
        }
    }),
    clean("sakke_compare_ssv", || {
        let equal = secret_ssv().ct_eq(&ssv());
        assert!(is_secret(&equal.unwrap_u8()));
    }),
];

fn step(op: Op) -> Step {
    Step { op, from: [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3], to: [0, 3, 6, 1] }
}

/// Each operation of the kernels of the 1024-bit field, and these.
fn every_step(more: &[Op]) -> Vec<Step> {
    let ops = [
        Op::Add,
        Op::Sub,
        Op::Neg,
        Op::Double,
        Op::Mul,
        Op::Square,
        Op::MulPairs(2),
        Op::MulPairs(3),
        Op::MulPairs(4),
        Op::Squares,
        Op::Sum(2),
        Op::Sum(6),
        Op::ComplexMul,
        Op::ComplexSquares(2),
        Op::ComplexMulUnit,
        Op::Reduce,
    ];
    ops.iter().chain(more).map(|op| step(*op)).collect()
}

fn octets(last: u8) -> [u8; 32] {
    let mut octets = [0x11; 32];
    octets[31] = last;
    octets
}

fn names() -> [[u8; 2]; 6] {
    core::array::from_fn(|i| [b'b', i as u8])
}

fn secret_z() -> sakke::KmsSecretKey {
    sakke::KmsSecretKey::from_bytes(&secret([0x11; 128])).expect("in range")
}

fn rsk() -> (sakke::KmsPublicKey, [u8; 257]) {
    let kms = sakke::KmsSecretKey::from_bytes(&[0x11; 128]).expect("in range");
    (kms.public_key(), *kms.issue(&SAKKE_ID).expect("usable").expose())
}

fn secret_rsk() -> sakke::ReceiverSecretKey {
    let (z, k) = rsk();
    let issued = sakke::IssuedKey::from_bytes(&secret(k)).expect("a point");
    issued.validate(&z, &SAKKE_ID).expect("valid")
}

/// Encapsulated Data whose R has order 4, or a part of order 2 or 4.
fn odd_points() -> Vec<(String, Vec<u8>)> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../vectors/sakke_decapsulate.json")).expect("valid JSON");
    let octets = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..][..2], 16).expect("hex")).collect()
    };
    let cases = file["tests"].as_array().expect("tests").iter().filter_map(|case| {
        let flag = case["flags"][0].as_str().filter(|flag| ["OrderFour", "SmallOrderPart"].contains(flag))?;
        Some((flag.to_owned(), octets(case["encapsulatedData"].as_str()?)))
    });
    let cases: Vec<_> = cases.collect();
    assert_eq!(cases.len(), 6);
    cases
}

fn ssv() -> sakke::SharedSecretValue {
    sakke::SharedSecretValue::from_bytes(&[0x77; 16])
}

fn secret_ssv() -> sakke::SharedSecretValue {
    sakke::SharedSecretValue::from_bytes(&secret([0x77; 16]))
}

fn secret_ksak() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&secret(octets(1))).expect("in range")
}

fn domain() -> (KmsSecretKey, [u8; 32], PublicValidationToken, TrustedDomains) {
    let kms = KmsSecretKey::from_bytes(&octets(1)).expect("in range");
    let id_2 = Identity::new(ID_2.as_bytes());
    let issued = hazmat::issue_with_nonce(&kms, id_2, &octets(2)).expect("v in range");
    let fqdn = Fqdn::parse("mef.example.com").expect("valid");
    let mut trusted = TrustedDomains::new();
    trusted.pin(fqdn.clone(), fqdn, kms.public_key()).expect("first");
    let (ssk, pvt) = (*issued.expose(), *issued.pvt());
    (kms, ssk, pvt, trusted)
}

fn issued() -> (KmsSecretKey, [u8; 32], PublicValidationToken) {
    let kms = KmsSecretKey::from_bytes(&octets(1)).expect("in range");
    let issued = hazmat::issue_with_nonce(&kms, ID, &octets(2)).expect("v in range");
    let ssk = *issued.expose();
    (kms, ssk, *issued.pvt())
}

fn key() -> SigningKey {
    let (kms, ssk, pvt) = issued();
    let issued = IssuedKey::from_parts(&ssk, &pvt).expect("SSK in range");
    issued.validate(&kms.public_key(), ID).expect("valid")
}

fn secret_key() -> SigningKey {
    let (kms, ssk, pvt) = issued();
    let issued = IssuedKey::from_parts(&secret(ssk), &pvt).expect("SSK in range");
    issued.validate(&kms.public_key(), ID).expect("valid")
}

fn passes(case: &Case, backend: Name) -> bool {
    let output = Command::new("valgrind")
        .args(["--quiet", "--exit-on-first-error=yes", &format!("--error-exitcode={REPORTED}")])
        .arg(concat!("--suppressions=", env!("CARGO_MANIFEST_DIR"), "/tests/constant_time.supp"))
        .arg(std::env::current_exe().expect("path of this program"))
        .args([case.name, backend.as_str()])
        .output()
        .expect("valgrind starts: install the package of that name");
    let report = String::from_utf8_lossy(&output.stderr);
    let (passed, outcome) = match (case.leaks_in, output.status.code()) {
        (None, Some(0)) => (true, "ok"),
        (None, _) => (false, "FAILED"),
        (Some(place), Some(REPORTED)) if report.contains(place) => (true, "ok (leak reported)"),
        (Some(_), Some(REPORTED)) => (false, "FAILED (another leak reported)"),
        (Some(_), _) => (false, "FAILED (leak not reported)"),
    };
    println!("test {}/{} ... {outcome}", case.name, backend.as_str());
    if !passed {
        println!("{report}");
    }
    passed
}

/// The stored vectors, in a process of its own, without valgrind.
fn passes_vectors(backend: Name) -> bool {
    let status = Command::new(std::env::current_exe().expect("path of this program"))
        .args([VECTORS, backend.as_str()])
        .status()
        .expect("this program starts");
    println!("test {VECTORS}/{} ... {}", backend.as_str(), if status.success() { "ok" } else { "FAILED" });
    status.success()
}

/// Whole operations of SAKKE that run in any case on the model of the lanes, and there alone: one issue, and one
/// decapsulation.
const SHORT: [&str; 2] = ["sakke_issue_one", "sakke_decapsulate_one"];

/// Others take minutes each on the model of the lanes under valgrind: with `SLOW_TESTS=1` only, as
/// tests/soak has it. The kernels they are made of have cases of their own.
fn is_due(case: &Case, backend: Name) -> bool {
    let slow = backend == Name::IfmaModel && case.name.starts_with("sakke_") && !SHORT.contains(&case.name);
    if SHORT.contains(&case.name) && backend != Name::IfmaModel {
        return false;
    }
    if slow && std::env::var_os("SLOW_TESTS").is_none() {
        println!("left to SLOW_TESTS=1: {} on {}", case.name, backend.as_str());
        return false;
    }
    true
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let backend = |name: &str| Name::ALL.iter().copied().find(|backend| backend.as_str() == name);
    if let [case, name] = arguments.as_slice() {
        assert!(force(backend(name).expect("a backend")), "the CPU has it");
        if case == VECTORS {
            assert!(release_vectors::run() > 600);
            return ExitCode::SUCCESS;
        }
        let case = CASES.iter().find(|known| known.name == case).expect("a case");
        // Lazy tables are built from public values, before anything is marked.
        black_box(key().sign(b"warm", &mut SysRng).expect("system generator"));
        (case.run)();
        return ExitCode::SUCCESS;
    }
    let mut jobs: Vec<Box<dyn Fn() -> bool + Sync>> = Vec::new();
    for backend in Name::ALL {
        if !force(*backend) {
            not_run::not_run(backend.as_str());
            continue;
        }
        jobs.push(Box::new(|| passes_vectors(*backend)));
        if *backend == Name::Ifma {
            println!("not under valgrind: ifma (it knows no AVX-512; ifma-model has its algorithms)");
            continue;
        }
        for case in CASES.iter().filter(|case| is_due(case, *backend)) {
            // What takes longest comes first.
            let at = if SHORT.contains(&case.name) { 0 } else { jobs.len() };
            jobs.insert(at, Box::new(|| passes(case, *backend)));
        }
    }
    let (next, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Relaxed)) {
                    passed.fetch_add(usize::from(job()), Relaxed);
                }
            });
        }
    });
    let passed = passed.into_inner();
    let failed = jobs.len() - passed;
    println!(
        "\ntest result: {}. {passed} passed; {failed} failed",
        if failed == 0 { "ok" } else { "FAILED" }
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
