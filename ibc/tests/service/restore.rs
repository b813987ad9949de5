//! Copies of the database, an older one in its place, and what keeps anything from being issued.

use crate::service;
use crate::service::{MEF, Place, START, call, fqdn, psk};
use eccsi_sakke::onem2m::ExpiringIdentity;
use ibc::service::audit::verify;
use ibc::service::error::{Kind, ServiceError};
use ibc::service::kms::Kms;
use ibc::service::mef::Mef;
use ibc::service::store::backup::{BackupError, backup, bring_back};
use ibc::service::store::restore::{Acceptance, Accepted, RestoreError, accept_loss, idle};
use ibc::service::store::state_file::known_heads;
use ibc::service::store::{ReadStore, Store, StoreUrl};
use ibc::wire::{EnrolRequest, IssuedCredential};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

crate::on_each_store!(
    an_older_copy_issues_nothing_until_the_loss_is_accepted,
    the_newest_copy_is_taken_as_it_is,
    a_running_writer_keeps_a_restore_out,
    a_clock_set_back_issues_nothing,
    a_missing_state_file_issues_nothing_until_accepted,
    a_missing_deny_list_keeps_the_loss_from_being_accepted,
    what_is_no_copy_is_not_brought_back,
    a_database_that_became_older_under_a_running_node_is_written_no_more,
    a_node_that_ran_while_another_accepted_a_loss_issues_nothing,
    an_idle_node_notices_an_older_database,
);

const CSE: &str = "//sp.example.com/CSE1";

async fn device(place: &Place) -> Mef {
    place.add_client("device", &[(CSE, 1)]).await;
    place.mef("node").await
}

async fn enrol(mef: &Mef, seconds: u64) -> Result<IssuedCredential, ServiceError> {
    let end = eccsi_sakke::onem2m::UnixTime::from_seconds(START.as_seconds() + seconds);
    let end = eccsi_sakke::onem2m::ExpirationTime::from_unix(end).unwrap();
    let request = EnrolRequest { id: CSE.into(), expiration_time: Some(format!("{end}")) };
    mef.enrol(&call(&psk("10-device@mef.example.com"), CSE), &request).await
}

fn id_2(credential: &IssuedCredential) -> ExpiringIdentity {
    ExpiringIdentity::parse(&credential.id2).unwrap()
}

fn copy(place: &Place) -> PathBuf {
    place.folder.join("copy")
}

/// What is said to whoever asks for a credential now.
async fn refusal(place: &Place) -> String {
    let mef = place.mef("node").await;
    let error = enrol(&mef, 999_999).await.expect_err("refused");
    assert_eq!(error.kind(), Kind::Unavailable);
    let cause = error.cause().unwrap().to_string();
    close(mef).await;
    cause
}

async fn close(mef: Mef) {
    mef.store().clone().close().await;
}

async fn accept(place: &Place) -> Result<Option<Accepted>, RestoreError> {
    let options = place.options("node.cli");
    let fqdn = fqdn(MEF);
    let own = ["node".to_owned()];
    let acceptance =
        Acceptance { options: &options, own: &own, keys: &place.keys, mef: Some(&fqdn), operator: "alice" };
    accept_loss(&acceptance).await
}

async fn findings(place: &Place) -> Vec<String> {
    let known = known_heads(&place.folder.join("state"), &place.keys.subkey("state files")).unwrap();
    let reads = ReadStore::open(&place.url, place.clock.clone()).await.unwrap();
    let signer = place.keys.service_key().public_key();
    let verified = verify(&reads, signer, &place.folder, &known, |_, _| {}).await.unwrap();
    verified.findings.into_iter().map(|finding| finding.text).collect()
}

async fn an_older_copy_issues_nothing_until_the_loss_is_accepted(place: &Place) {
    let mef = device(place).await;
    let kept = enrol(&mef, 100_000).await.unwrap();
    mef.deny(id_2(&kept), "stolen").await.unwrap();
    let made = backup(&place.url, &copy(place)).await.unwrap();
    assert!(made.octets > 1000);
    assert_eq!(std::fs::metadata(copy(place)).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(backup(&place.url, &copy(place)).await, Err(BackupError::Exists(_))));

    // More happens, and is lost.
    place.clock.advance(60);
    let lost = enrol(&mef, 200_000).await.unwrap();
    let lost_and_denied = enrol(&mef, 200_001).await.unwrap();
    mef.deny(id_2(&lost_and_denied), "stolen too").await.unwrap();
    let old_tag = place.keys.issuing(&fqdn(MEF), START).unwrap().tag;
    close(mef).await;
    bring_back(&place.url, &copy(place)).await.unwrap();
    assert_eq!(place.number("select count(*) from denied").await, 1);

    // 1. Nothing is written to it.
    let entries = place.audit().await.len();
    let cause = refusal(place).await;
    assert!(cause.contains("older copy") && cause.contains("ibc restore --accept-loss"), "{cause}");
    assert!(cause.contains("of node, but entry"), "{cause}");
    assert_eq!(place.audit().await.len(), entries);

    // 2. The loss is accepted.
    let accepted = accept(place).await.unwrap().unwrap();
    assert_eq!((accepted.losses.len(), accepted.denied, accepted.epoch), (1, 1, 1));
    assert_eq!((accepted.losses[0].writer.as_str(), accepted.ended.as_slice()), ("node", &[old_tag][..]));
    assert_eq!((accepted.made.len(), accepted.deny_list), (1, 3));
    assert!(accept(place).await.unwrap().is_none(), "nothing more to accept");

    // 3. What was denied stays denied, the chain holds, and new credentials have the new KPAK.
    let mef = place.mef("node").await;
    let list = mef.deny_list().await.unwrap();
    assert!(list.contains(&kept.id2) && list.contains(&lost_and_denied.id2) && !list.contains(&lost.id2));
    assert_eq!(findings(place).await, Vec::<String>::new());
    let (.., restored) =
        place.audit().await.into_iter().find(|(_, _, event, _)| event == "restored").unwrap();
    assert_eq!(restored["lost_from"], accepted.losses[0].found + 1);
    assert_eq!(restored["lost_to"], accepted.losses[0].known);
    // The very ID_2 that was lost: another KPAK makes it another identity.
    let again = enrol(&mef, 200_000).await.unwrap();
    assert_eq!(again.id2, lost.id2);
    assert_ne!(again.kpak, lost.kpak);
    let tag = place.keys.issuing(&fqdn(MEF), place.clock_now()).unwrap().tag;
    assert_eq!(tag, accepted.made[0]);
    assert_ne!(tag, old_tag);
    // One that was denied is given to nobody again.
    assert_eq!(findings(place).await, Vec::<String>::new());
}

async fn the_newest_copy_is_taken_as_it_is(place: &Place) {
    let mef = device(place).await;
    enrol(&mef, 100_000).await.unwrap();
    close(mef).await;
    backup(&place.url, &copy(place)).await.unwrap();
    bring_back(&place.url, &copy(place)).await.unwrap();
    assert!(accept(place).await.unwrap().is_none());
    enrol(&place.mef("node").await, 100_001).await.unwrap();
    assert_eq!(findings(place).await, Vec::<String>::new());
}

async fn a_running_writer_keeps_a_restore_out(place: &Place) {
    let mef = device(place).await;
    enrol(&mef, 100_000).await.unwrap();
    let error = accept(place).await.unwrap_err().to_string();
    assert!(error.contains("node.state is in use"), "{error}");
    assert!(idle(&place.options("node.cli"), &[]).is_err());
    close(mef).await;
    let held = idle(&place.options("node.cli"), &[]).unwrap();
    assert!(Store::open(place.options("node")).await.is_err());
    drop(held);
    place.store("node").await.close().await;
}

async fn a_clock_set_back_issues_nothing(place: &Place) {
    let mef = device(place).await;
    place.clock.advance(3600);
    enrol(&mef, 100_000).await.unwrap();
    let rows = place.number("select count(*) from ibc_identity").await;
    place.clock.set(eccsi_sakke::onem2m::UnixTime::from_seconds(START.as_seconds() + 3600 - 61));
    let error = enrol(&mef, 100_001).await.expect_err("refused");
    assert!(error.cause().unwrap().to_string().contains("61 seconds behind"), "{error:?}");
    assert_eq!(place.number("select count(*) from ibc_identity").await, rows);
    place.clock.set(eccsi_sakke::onem2m::UnixTime::from_seconds(START.as_seconds() + 3600 - 60));
    enrol(&mef, 100_001).await.unwrap();
}

async fn a_missing_state_file_issues_nothing_until_accepted(place: &Place) {
    let mef = device(place).await;
    enrol(&mef, 100_000).await.unwrap();
    close(mef).await;
    std::fs::remove_file(place.folder.join("state/node.state")).unwrap();
    let cause = refusal(place).await;
    assert!(cause.contains("node.state is missing"), "{cause}");
    let accepted = accept(place).await.unwrap().unwrap();
    assert_eq!((accepted.made_state.as_slice(), accepted.losses.len()), (&["node".to_owned()][..], 0));
    assert_eq!(accepted.ended.len(), 1, "what may have been lost is not known");
    enrol(&place.mef("node").await, 100_001).await.unwrap();
    assert_eq!(findings(place).await, Vec::<String>::new());
}

async fn a_missing_deny_list_keeps_the_loss_from_being_accepted(place: &Place) {
    let mef = device(place).await;
    let first = enrol(&mef, 100_000).await.unwrap();
    backup(&place.url, &copy(place)).await.unwrap();
    mef.deny(id_2(&first), "").await.unwrap();
    close(mef).await;
    bring_back(&place.url, &copy(place)).await.unwrap();
    let list = place.folder.join("state/denylist.json");
    let good = std::fs::read_to_string(&list).unwrap();
    std::fs::write(&list, good.replace(&first.id2, &first.id2.replace("2026", "2027"))).unwrap();
    let error = accept(place).await.unwrap_err().to_string();
    assert!(error.contains("not signed by this service"), "{error}");
    std::fs::remove_file(&list).unwrap();
    let error = accept(place).await.unwrap_err().to_string();
    assert!(error.contains("denylist.json") && error.contains("missing"), "{error}");
    std::fs::write(&list, good).unwrap();
    assert_eq!(accept(place).await.unwrap().unwrap().denied, 1);
}

async fn what_is_no_copy_is_not_brought_back(place: &Place) {
    let mef = device(place).await;
    enrol(&mef, 100_000).await.unwrap();
    close(mef).await;
    backup(&place.url, &copy(place)).await.unwrap();
    let good = std::fs::read(copy(place)).unwrap();
    for bad in [&b""[..], b"not a database", &good[..good.len() / 2]] {
        std::fs::write(copy(place), bad).unwrap();
        assert!(bring_back(&place.url, &copy(place)).await.is_err(), "{} octets", bad.len());
    }
    assert!(bring_back(&place.url, &place.folder.join("absent")).await.is_err());
    enrol(&place.mef("node").await, 100_001).await.unwrap();
}

/// As a standby without the last commits that is promoted: what was written behind these entries is gone.
async fn lose(place: &Place, writer: &str, behind: i64, kept: &IssuedCredential) {
    let pool = place.raw().await;
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("delete from audit where writer = $1 and seq > $2")
        .bind(writer)
        .bind(behind)
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query("delete from ibc_identity where id2 <> $1").bind(&kept.id2).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_database_that_became_older_under_a_running_node_is_written_no_more(place: &Place) {
    let mef = device(place).await;
    let kept = enrol(&mef, 100_000).await.unwrap();
    let entries = place.number("select max(seq) from audit where writer = 'node'").await;
    let lost = enrol(&mef, 200_000).await.unwrap();
    lose(place, "node", entries, &kept).await;
    for _ in 0..3 {
        // The very end of the one that was lost.
        let error = enrol(&mef, 200_000).await.expect_err("a lost ID_2 is not given again");
        let cause = error.cause().unwrap().to_string();
        assert!(cause.contains("older copy") && cause.contains("of node, but entry"), "{cause}");
    }
    assert_eq!(place.number("select max(seq) from audit where writer = 'node'").await, entries);
    close(mef).await;
    let accepted = accept(place).await.unwrap().expect("what is lost is known");
    assert_eq!((accepted.losses.len(), accepted.ended.len()), (1, 1));
    let again = enrol(&place.mef("node").await, 200_000).await.unwrap();
    assert_ne!(again.kpak, lost.kpak);
    assert_eq!(findings(place).await, Vec::<String>::new());
}

/// It still has the KPAKs that have ended.
async fn a_node_that_ran_while_another_accepted_a_loss_issues_nothing(place: &Place) {
    let mef = device(place).await;
    enrol(&mef, 100_000).await.unwrap();
    sqlx::query("update clock set epoch = epoch + 1").execute(&place.raw().await).await.unwrap();
    for _ in 0..2 {
        let error = enrol(&mef, 200_000).await.expect_err("refused");
        assert!(error.cause().unwrap().to_string().contains("start it again"), "{error:?}");
    }
    close(mef).await;
    enrol(&place.mef("node").await, 200_000).await.unwrap();
}

async fn an_idle_node_notices_an_older_database(place: &Place) {
    let mef = device(place).await;
    let kept = enrol(&mef, 100_000).await.unwrap();
    let entries = place.number("select max(seq) from audit where writer = 'node'").await;
    enrol(&mef, 200_000).await.unwrap();
    lose(place, "node", entries, &kept).await;
    // Another node writes on: the mark is later than any.
    sqlx::query("update clock set mark = mark + 30").execute(&place.raw().await).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let known = known_heads(&place.folder.join("state"), &place.keys.subkey("state files")).unwrap();
    let (_, head) = known.iter().find(|(writer, _)| writer == "node").unwrap();
    assert!(head.number > entries.unsigned_abs(), "the state file keeps what was written");
    let error = enrol(&mef, 200_000).await.expect_err("refused");
    assert!(error.cause().unwrap().to_string().contains("older copy"), "{error:?}");
}

fn run(program: &str, arguments: &[&str]) -> bool {
    std::process::Command::new(program).args(arguments).status().is_ok_and(|status| status.success())
}

/// Runs `test` with a database that lies on a file system of its own, if one can be mounted here.
fn on_a_small_disk(name: &str, test: impl AsyncFnOnce(&Place)) -> bool {
    let folder = std::env::temp_dir().join(format!("ibc-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let at = folder.to_str().unwrap();
    let mounted = run("mount", &["-t", "tmpfs", "-o", "size=2m", "tmpfs", at]);
    if mounted {
        service::run(service::On::Sqlite, async |place| {
            let place = place.with_url(StoreUrl::Sqlite(folder.join("service.db")));
            test(&place).await;
        });
        assert!(run("umount", &["-l", at]));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    mounted
}

#[test]
fn a_full_disk_issues_nothing() {
    let ran = on_a_small_disk("full", async |place| {
        place.store("setup").await.close().await;
        let mef = device(place).await;
        enrol(&mef, 100_000).await.unwrap();
        let StoreUrl::Sqlite(path) = &place.url else { unreachable!() };
        let filler = path.with_file_name("filler");
        let mut size = 4 << 20;
        while size >= 512 {
            // Appends until nothing goes in any more.
            let mut octets = std::fs::read(&filler).unwrap_or_default();
            octets.resize(octets.len() + size, 1);
            if std::fs::write(&filler, octets).is_err() {
                size /= 2;
            }
        }
        let mut issued = 0;
        let mut refused = 0;
        for number in 1..200 {
            match enrol(&mef, 100_000 + number).await {
                Ok(_) => issued += 1,
                Err(error) => {
                    assert_eq!(error.kind(), Kind::Unavailable);
                    refused += 1;
                }
            }
        }
        assert!(refused > 0, "the disk is full");
        std::fs::remove_file(&filler).unwrap();
        let rows = place.number("select count(*) from ibc_identity where state = 1").await;
        assert_eq!(rows, issued + 1, "what was refused was not issued, what was issued is there");
        let entries = place.number("select count(*) from audit where event = 'issued'").await;
        assert_eq!(entries, issued + 1);
        enrol(&mef, 200_000).await.expect("there is room again");
        assert_eq!(findings(place).await, Vec::<String>::new());
        close(mef).await;
    });
    if !ran {
        eprintln!("not run: no file system can be mounted here");
    }
}

#[test]
fn a_read_only_disk_issues_nothing() {
    let ran = on_a_small_disk("read-only", async |place| {
        place.store("setup").await.close().await;
        let mef = device(place).await;
        enrol(&mef, 100_000).await.unwrap();
        close(mef).await;
        let StoreUrl::Sqlite(path) = &place.url else { unreachable!() };
        let disk = path.parent().unwrap().to_str().unwrap();
        // Connections that were dropped close in their own time.
        let mut turns = 0;
        while !run("mount", &["-o", "remount,ro", disk]) {
            turns += 1;
            assert!(turns < 100, "nobody has it open any more");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        match Store::open(place.options("node")).await {
            Err(_) => {}
            Ok(store) => {
                store.close().await;
                let error = enrol(&place.mef("node").await, 100_001).await.expect_err("refused");
                assert_eq!(error.kind(), Kind::Unavailable);
            }
        }
        assert!(run("mount", &["-o", "remount,rw", disk]));
        assert_eq!(place.number("select count(*) from ibc_identity").await, 1);
        enrol(&place.mef("node").await, 100_001).await.unwrap();
    });
    if !ran {
        eprintln!("not run: no file system can be mounted here");
    }
}

#[test]
fn a_database_that_cannot_be_written_issues_nothing() {
    service::run(service::On::Sqlite, async |place| {
        let mef = device(place).await;
        enrol(&mef, 100_000).await.unwrap();
        let before = place.audit().await.len();
        // Another connection holds the lock longer than the writer waits.
        let pool = place.raw().await;
        let mut holder = pool.acquire().await.unwrap();
        sqlx::query("begin immediate").execute(&mut *holder).await.unwrap();
        let error = enrol(&mef, 100_001).await.expect_err("refused");
        assert_eq!(error.kind(), Kind::Unavailable);
        sqlx::query("rollback").execute(&mut *holder).await.unwrap();
        drop(holder);
        assert_eq!(place.audit().await.len(), before);
        enrol(&mef, 100_001).await.unwrap();
        assert_eq!(findings(place).await, Vec::<String>::new());
    });
}
