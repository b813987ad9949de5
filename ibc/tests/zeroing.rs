//! What a key directory held is gone from freed memory.

#[path = "../../tests/support/heap.rs"]
mod heap;
#[path = "support/key_files.rs"]
mod key_files;

use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use heap::left_on_the_heap;
use ibc::service::kms::{ExpiryDay, KeyDirectory, Kms, Sealing, create_key_file};
use std::fs;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

#[test]
fn a_key_directory_leaves_neither_keys_nor_values_in_freed_memory() {
    let folder = std::env::temp_dir().join(format!("ibc-zeroing-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let (path, key_file) = (folder.join("keys"), folder.join("key"));
    create_key_file(&key_file, &mut SysRng).unwrap();
    KeyDirectory::create(&path, &Sealing::KeyFile(&key_file), NOW, &mut SysRng).unwrap();
    let open = || KeyDirectory::open(&path, &Sealing::KeyFile(&key_file)).unwrap();
    let keys = open();
    let fqdn = Fqdn::parse("mef.example.com").unwrap();
    let end = ExpirationTime::from_unix(UnixTime::from_seconds(NOW.as_seconds() + 86_400)).unwrap();
    let public = keys.rotate(&fqdn, NOW, end, NOW, &mut SysRng).unwrap();
    let day = ExpiryDay::of(end);

    let value: [u8; 40] = std::array::from_fn(|i| 0xa3_u8.wrapping_mul(i as u8 + 1));
    let left = left_on_the_heap(&value, || {
        let sealed = keys.data_keys().seal(day, b"", &value, &mut SysRng).unwrap();
        assert_eq!(keys.data_keys().open_value(day, 1, b"", &sealed.octets).unwrap().expose(), value);
        keys.open_state("x", &keys.seal_state("x", &value, &mut SysRng).unwrap()).unwrap();
    });
    assert_eq!(left, 0, "value");

    let secrets = key_files::open_all(&path, &key_file);
    let key_of_file = fs::read(&key_file).unwrap();
    let (_, ksak, z) = &secrets.kms[0];
    let data_key = &secrets.data[0].1;
    let named = [("root", &secrets.root), ("KSAK", ksak), ("z", z), ("service", &secrets.service)];
    for (name, secret) in named.into_iter().chain([("data", data_key), ("key file", &key_of_file)]) {
        let left = left_on_the_heap(secret, || {
            let keys = open();
            keys.data_keys().seal(day, b"", b"", &mut SysRng).unwrap();
            keys.seal_anew(&Sealing::KeyFile(&key_file), NOW, &mut SysRng).unwrap();
            keys.end_issuing(public.tag, NOW, &mut SysRng).unwrap();
            drop(keys);
        });
        assert_eq!(left, 0, "{name}");
    }

    // `keys` has not looked again: it still issues.
    let entity: EntityName = "//sp.example.com/S1".parse().unwrap();
    let id_2 = ExpiringIdentity::new(fqdn, entity, end).unwrap();
    let issued = keys.issue(None, &id_2, true, NOW).unwrap();
    let (ssk, rsk) = (issued.ssk.expose().to_vec(), issued.rsk.as_ref().unwrap().expose()[1..].to_vec());
    assert_eq!(left_on_the_heap(&ssk, || drop(ssk.clone())), 1, "the search finds what is there");
    let both = std::sync::Mutex::new(Some(issued));
    assert_eq!(
        left_on_the_heap(&ssk, || drop(
            both.lock()
                .unwrap()
                .as_mut()
                .map(|issued| { std::mem::replace(&mut issued.ssk, keys.service_key().refusal(b"")) })
        )),
        0
    );
    assert_eq!(left_on_the_heap(&rsk, || drop(both.lock().unwrap().take())), 0);
    fs::remove_dir_all(&folder).unwrap();
}
