//! The KMS of the service: issuing with validation, from its key directory and on its own threads, and what
//! is sealed and signed there. No database: `ibc bench` has figures with one.
//!
//! `cargo bench -p ibc --bench kms`; with `rayon` or not, batches use all cores.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use ibc::service::kms::{ExpiryDay, KeyDirectory, Kms, Sealing, create_key_file};
use std::fs;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn end() -> ExpirationTime {
    ExpirationTime::from_unix(UnixTime::from_seconds(NOW.as_seconds() + 86_400)).expect("before 9999")
}

fn identities(number: usize) -> Vec<ExpiringIdentity> {
    let fqdn = Fqdn::parse("mef.example.com").expect("valid");
    let id_2 = |i| {
        let entity: EntityName = format!("//sp.example.com/S{i}").parse().expect("valid");
        ExpiringIdentity::new(fqdn.clone(), entity, end()).expect("valid")
    };
    (0..number).map(id_2).collect()
}

fn kms(c: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("ibc-bench-kms-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a temporary folder");
    let (path, key_file) = (folder.join("keys"), folder.join("key"));
    let sealing = Sealing::KeyFile(&key_file);
    create_key_file(&key_file, &mut SysRng).expect("a key file");
    KeyDirectory::create(&path, &sealing, NOW, &mut SysRng).expect("a directory");
    let keys = KeyDirectory::open(&path, &sealing).expect("opens");
    let fqdn = Fqdn::parse("mef.example.com").expect("valid");
    keys.rotate(&fqdn, NOW, end(), NOW, &mut SysRng).expect("a KPAK");

    let ids = identities(4096);
    for (with_rsk, name, sizes) in [(false, "kms-issue", [64, 4096]), (true, "kms-issue-rsk", [16, 256])] {
        let mut group = c.benchmark_group(name);
        group.bench_function("one", |b| b.iter(|| keys.issue(None, &ids[0], with_rsk, NOW).expect("issues")));
        for size in sizes {
            group.throughput(Throughput::Elements(size as u64));
            group.bench_function(BenchmarkId::new("many", size), |b| {
                b.iter(|| keys.issue_many(None, &ids[..size], with_rsk, NOW).expect("issues"));
            });
        }
        group.finish();
    }

    let (data, day) = (keys.data_keys(), ExpiryDay::of(end()));
    let sealed = data.seal(day, b"record", &[7; 32], &mut SysRng).expect("seals");
    let mut group = c.benchmark_group("kms-values");
    group.bench_function("seal", |b| {
        b.iter(|| data.seal(day, b"record", &[7; 32], &mut SysRng).expect("seals"))
    });
    group.bench_function("open", |b| {
        b.iter(|| data.open_value(day, sealed.generation, b"record", &sealed.octets).expect("opens"));
    });
    group.bench_function("sign", |b| {
        b.iter(|| keys.service_key().sign("bench", b"octets", &mut SysRng).expect("signs"));
    });
    group.finish();
    drop(keys);
    let _ = fs::remove_dir_all(&folder);
}

criterion_group!(benches, kms);
criterion_main!(benches);
