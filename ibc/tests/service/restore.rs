//! Copies of the database, an older one in its place, and what keeps anything from being issued.

use crate::service;
use crate::service::PROVIDER;
use crate::service::{MEF, Place, START, call, fqdn, psk, unhurried};
use eccsi_sakke::onem2m::ExpiringIdentity;
use ibc::service::Core;
use ibc::service::audit::{Checkpoint, verify};
use ibc::service::error::{Kind, ServiceError};
use ibc::service::kms::Kms;
use ibc::service::mef::Mef;
use ibc::service::readiness::Readiness;
use ibc::service::restore::replace::{self, Source};
use ibc::service::restore::{Acceptance, Accepted, RestoreError, accept_loss, idle};
use ibc::service::store::backup::{Backup, BackupError, backup};
use ibc::service::store::state_file::known_heads;
use ibc::service::store::{ReadStore, Store, StoreOptions, StoreUrl};
use ibc::wire::{EnrolRequest, IssuedCredential};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

crate::on_each_store!(
    an_older_copy_issues_nothing_until_the_loss_is_accepted,
    the_newest_copy_is_taken_as_it_is,
    a_running_writer_keeps_a_restore_out,
    a_clock_set_back_issues_nothing,
    a_missing_state_file_issues_nothing_until_accepted,
    a_missing_deny_list_keeps_the_loss_from_being_accepted,
    what_is_no_copy_is_not_brought_back,
    an_older_copy_is_refused_before_anything_is_touched,
    a_copy_of_another_service_is_refused,
    an_unsigned_copy_is_known_by_its_checkpoints,
    on_an_empty_machine_a_copy_is_taken_with_the_loss_accepted,
    what_another_node_wrote_is_no_less_lost,
    a_copy_made_under_load_is_whole,
    a_database_that_became_older_under_a_running_node_is_written_no_more,
    a_node_that_ran_while_another_accepted_a_loss_issues_nothing,
    an_idle_node_notices_an_older_database,
    the_loss_is_accepted_on_each_node_in_any_order,
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

async fn back_up(place: &Place, file: &Path) -> Result<Backup, BackupError> {
    backup(&place.url, file, place.keys.service_key(), place.clock_now()).await
}

/// Puts a copy in place past all checks, as somebody does who is in a hurry.
fn put(place: &Place, file: &Path) {
    match &place.url {
        StoreUrl::Sqlite(path) => assert!(copy_raw(file, path)),
        StoreUrl::Postgres(url) => {
            let arguments = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--dbname"];
            assert!(run("pg_restore", &[&arguments[..], &[url, file.to_str().unwrap()]].concat()));
        }
    }
}

fn copy_raw(from: &Path, to: &Path) -> bool {
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", to.display()));
    }
    let _ = std::fs::remove_file(to);
    std::fs::copy(from, to).is_ok()
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
    let made = back_up(place, &copy(place)).await.unwrap();
    assert!(made.octets > 1000);
    assert_eq!(std::fs::metadata(copy(place)).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(back_up(place, &copy(place)).await, Err(BackupError::Exists(_))));

    // More happens, and is lost.
    place.clock.advance(60);
    let lost = enrol(&mef, 200_000).await.unwrap();
    let lost_and_denied = enrol(&mef, 200_001).await.unwrap();
    mef.deny(id_2(&lost_and_denied), "stolen too").await.unwrap();
    let old_tag = place.keys.issuing(&fqdn(MEF), START).unwrap().tag;
    close(mef).await;
    put(place, &copy(place));
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
    back_up(place, &copy(place)).await.unwrap();
    put(place, &copy(place));
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
    back_up(place, &copy(place)).await.unwrap();
    mef.deny(id_2(&first), "").await.unwrap();
    close(mef).await;
    put(place, &copy(place));
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

/// Whether anything of the database was touched.
async fn state_of(place: &Place) -> (Vec<(String, i64, String, serde_json::Value)>, i64) {
    (place.audit().await, place.number("select epoch from clock").await)
}

async fn what_is_no_copy_is_not_brought_back(place: &Place) {
    let mef = device(place).await;
    enrol(&mef, 100_000).await.unwrap();
    close(mef).await;
    back_up(place, &copy(place)).await.unwrap();
    let good = std::fs::read(copy(place)).unwrap();
    let mut changed = good.clone();
    changed[good.len() / 2] ^= 1;
    let before = state_of(place).await;
    let bad = [&b""[..], b"not a database", &good[..good.len() / 2], &good[..good.len() - 1], &changed];
    for bad in bad {
        std::fs::write(copy(place), bad).unwrap();
        let refused = restore(place, &copy(place), true).await.unwrap_err();
        assert!(matches!(refused, RestoreError::Backup(_)), "{} octets: {refused}", bad.len());
    }
    std::fs::write(copy(place), &good[..good.len() / 2]).unwrap();
    let refused = restore_from(place, Source { unsigned: true, ..source(&copy(place)) }, true).await;
    assert!(matches!(refused, Err(RestoreError::Backup(_))), "cut off, and said to be unsigned: {refused:?}");
    assert!(restore(place, &place.folder.join("absent"), true).await.is_err());
    assert!(restore(place, &place.folder, true).await.unwrap_err().to_string().contains("no regular file"));
    assert_eq!(state_of(place).await, before);
    let left = names(&place.folder);
    assert!(!left.iter().any(|name| name.contains("restore") || name.contains("replaced")), "{left:?}");
    // By a link it is the same copy.
    std::fs::write(copy(place), &good).unwrap();
    std::os::unix::fs::symlink(copy(place), place.folder.join("link")).unwrap();
    assert!(restore(place, &place.folder.join("link"), false).await.unwrap().0.is_none());
    enrol(&place.mef("node").await, 100_001).await.unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn source(file: &Path) -> Source<'_> {
    Source { file, unsigned: false, keep: None }
}

async fn restore(
    place: &Place,
    file: &Path,
    accept: bool,
) -> Result<(Option<Accepted>, Option<PathBuf>), RestoreError> {
    restore_from(place, source(file), accept).await
}

async fn restore_from(
    place: &Place,
    source: Source<'_>,
    accept: bool,
) -> Result<(Option<Accepted>, Option<PathBuf>), RestoreError> {
    restore_by(place, place.options("node.cli"), source, accept).await
}

async fn restore_by(
    place: &Place,
    options: StoreOptions,
    source: Source<'_>,
    accept: bool,
) -> Result<(Option<Accepted>, Option<PathBuf>), RestoreError> {
    let fqdn = fqdn(MEF);
    let own = [options.writer.trim_end_matches(".cli").to_owned()];
    let acceptance =
        Acceptance { options: &options, own: &own, keys: &place.keys, mef: Some(&fqdn), operator: "alice" };
    let replaced = replace::check(&acceptance, source).await?.put(accept).await?;
    let kept = replaced.kept.clone();
    Ok((replace::accept_loss(&acceptance, replaced).await?, kept))
}

async fn an_older_copy_is_refused_before_anything_is_touched(place: &Place) {
    let mef = device(place).await;
    enrol(&mef, 100_000).await.unwrap();
    back_up(place, &copy(place)).await.unwrap();
    enrol(&mef, 200_000).await.unwrap();
    close(mef).await;
    let before = state_of(place).await;
    let refused = restore(place, &copy(place), false).await.unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("older copy") && text.contains("of node are lost"), "{text}");
    assert!(matches!(refused, RestoreError::Older { ref losses, .. } if losses.len() == 1));
    assert_eq!(state_of(place).await, before);
    // It is as good as before.
    let mef = place.mef("node").await;
    enrol(&mef, 200_001).await.unwrap();
    close(mef).await;
    // With the loss accepted what was there is kept, and can be brought back.
    let rows = place.number("select count(*) from ibc_identity").await;
    let (accepted, kept) = restore(place, &copy(place), true).await.unwrap();
    assert_eq!(
        (accepted.unwrap().losses.len(), place.number("select count(*) from ibc_identity").await),
        (1, 1)
    );
    let kept = kept.expect("the database is kept");
    assert!(kept.file_name().unwrap().to_str().unwrap().contains(".replaced-20260601T000000"), "{kept:?}");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    enrol_and_close(place, 300_000).await;
    assert_eq!(findings(place).await, Vec::<String>::new());
    put(place, &kept);
    assert_eq!(place.number("select count(*) from ibc_identity").await, rows);
    assert_eq!(place.number("select count(*) from audit where event = 'issued'").await, rows);
}

async fn enrol_and_close(place: &Place, end: u64) {
    let mef = place.mef("node").await;
    enrol(&mef, end).await.unwrap();
    close(mef).await;
}

async fn a_copy_of_another_service_is_refused(place: &Place) {
    let mef = device(place).await;
    enrol(&mef, 100_000).await.unwrap();
    close(mef).await;
    back_up(place, &copy(place)).await.unwrap();
    // Another key directory, and with it another key of the service.
    let other = place.folder.join("other");
    std::fs::create_dir_all(&other).unwrap();
    let foreign = other.join("copy");
    let keys = service::make_keys(&other);
    backup(&place.url, &foreign, keys.service_key(), START).await.unwrap();
    let before = state_of(place).await;
    for (accept, unsigned) in [(false, false), (true, false), (true, true)] {
        let source = Source { unsigned, ..source(&foreign) };
        let refused = restore_from(place, source, accept).await.unwrap_err().to_string();
        assert!(refused.contains("another service"), "{refused}");
    }
    assert_eq!(state_of(place).await, before);
}

/// Made by other means, it is known by its checkpoints.
async fn an_unsigned_copy_is_known_by_its_checkpoints(place: &Place) {
    let mef = device(place).await;
    enrol(&mef, 100_000).await.unwrap();
    let by_hand = || {
        let _ = std::fs::remove_file(copy(place));
        match &place.url {
            StoreUrl::Sqlite(path) => {
                assert!(copy_raw(path, &copy(place)));
            }
            StoreUrl::Postgres(url) => {
                let file = copy(place);
                assert!(run(
                    "pg_dump",
                    &["--format=custom", "--no-owner", "--file", file.to_str().unwrap(), url]
                ));
            }
        }
    };
    close(mef).await;
    by_hand();
    let file = copy(place);
    let unsigned = Source { unsigned: true, ..source(&file) };
    let refused = restore_from(place, unsigned, false).await.unwrap_err().to_string();
    assert!(refused.contains("nothing in it tells whose it is"), "{refused}");
    let core = place.core("node.cli").await;
    core.store.write(Checkpoint { keys: place.keys.clone() }).await.unwrap();
    core.store.close().await;
    by_hand();
    let refused = restore(place, &copy(place), true).await.unwrap_err().to_string();
    assert!(refused.contains("--unsigned"), "{refused}");
    assert!(restore_from(place, unsigned, false).await.unwrap().0.is_none());
    enrol(&place.mef("node").await, 100_001).await.unwrap();
    assert_eq!(findings(place).await, Vec::<String>::new());
}

async fn on_an_empty_machine_a_copy_is_taken_with_the_loss_accepted(place: &Place) {
    let mef = device(place).await;
    enrol(&mef, 100_000).await.unwrap();
    close(mef).await;
    back_up(place, &copy(place)).await.unwrap();
    for state in ["node.state", "denylist.json"] {
        let _ = std::fs::remove_file(place.folder.join("state").join(state));
    }
    match &place.url {
        StoreUrl::Sqlite(path) => std::fs::remove_file(path).unwrap(),
        StoreUrl::Postgres(_) => {
            for statement in ["drop schema public cascade", "create schema public"] {
                sqlx::query(statement).execute(&place.raw().await).await.unwrap();
            }
        }
    }
    let refused = restore(place, &copy(place), false).await.unwrap_err().to_string();
    assert!(refused.contains("nobody can tell") && refused.contains("node"), "{refused}");
    let (accepted, kept) = restore(place, &copy(place), true).await.unwrap();
    assert_eq!((accepted.unwrap().made_state, kept), (vec!["node".to_owned()], None));
    enrol(&place.mef("node").await, 100_001).await.unwrap();
    assert_eq!(findings(place).await, Vec::<String>::new());
}

/// This node wrote nothing since; the database it would replace tells.
async fn what_another_node_wrote_is_no_less_lost(place: &Place) {
    place.add_client("device", &[(CSE, 1)]).await;
    let (a, b) = (mef_at(place, "a").await, mef_at(place, "b").await);
    enrol(&a, 100_000).await.unwrap();
    enrol(&b, 100_001).await.unwrap();
    back_up(place, &copy(place)).await.unwrap();
    let lost = enrol(&b, 200_000).await.unwrap();
    for mef in [a, b] {
        close(mef).await;
    }
    let at_a = || at_node(place, "a", "a.cli");
    let refused = restore_by(place, at_a(), source(&copy(place)), false).await.unwrap_err();
    assert!(refused.to_string().contains("of b are lost"), "{refused}");
    let (accepted, _) = restore_by(place, at_a(), source(&copy(place)), true).await.unwrap();
    assert_eq!(accepted.expect("b's are lost").ended.len(), 1, "under which b's was issued");
    let a = mef_at(place, "a").await;
    let again = enrol(&a, 200_000).await.unwrap();
    assert_ne!(again.kpak, lost.kpak);
    close(a).await;
    // b writes nothing before it has accepted, whatever a did.
    let b = mef_at(place, "b").await;
    enrol(&b, 300_000).await.expect_err("refused");
    close(b).await;
    // Bringing the copy back a second time would lose what a wrote since.
    let at_b = at_node(place, "b", "b.cli");
    let refused = restore_by(place, at_b, source(&copy(place)), false).await.unwrap_err();
    assert!(refused.to_string().contains("of a are lost"), "{refused}");
    assert_eq!(accept_at(place, "b").await.unwrap().unwrap().losses.len(), 1);
    let b = mef_at(place, "b").await;
    enrol(&b, 300_000).await.unwrap();
    close(b).await;
    place.check_chains().await;
}

async fn a_copy_made_under_load_is_whole(place: &Place) {
    let mef = device(place).await;
    enrol(&mef, 100_000).await.unwrap();
    let load = {
        let mef = mef.clone();
        tokio::spawn(async move {
            for number in 0..60 {
                enrol(&mef, 200_000 + number).await.unwrap();
            }
        })
    };
    for number in 0..3 {
        let file = place.folder.join(format!("copy-{number}"));
        back_up(place, &file).await.unwrap();
    }
    load.await.unwrap();
    close(mef).await;
    for number in 0..3 {
        let file = place.folder.join(format!("copy-{number}"));
        let (accepted, _) = restore(place, &file, true).await.unwrap();
        assert!(number > 0 || accepted.is_some());
        assert_eq!(findings(place).await, Vec::<String>::new());
        let open = "select count(*) from ibc_identity where state = 1 \
                    and not exists (select 1 from audit where event = 'issued' and detail like '%' || id2 || '%')";
        assert_eq!(place.number(open).await, 0, "an identity without its entry");
    }
}

#[test]
fn the_database_itself_is_no_copy() {
    service::run(service::On::Sqlite, async |place| {
        let mef = device(place).await;
        enrol(&mef, 100_000).await.unwrap();
        close(mef).await;
        let StoreUrl::Sqlite(path) = &place.url else { unreachable!() };
        let link = place.folder.join("link");
        std::fs::hard_link(path, &link).unwrap();
        for file in [path, &link] {
            let unsigned = Source { unsigned: true, ..source(file) };
            let refused = restore_from(place, unsigned, true).await.unwrap_err().to_string();
            assert!(refused.contains("the database itself"), "{refused}");
        }
    });
}

/// What was moved away is written to no more, though the process has it open.
#[test]
fn a_file_that_was_replaced_under_a_running_node_is_written_no_more() {
    service::run(service::On::Sqlite, async |place| {
        let mef = device(place).await;
        enrol(&mef, 100_000).await.unwrap();
        let StoreUrl::Sqlite(path) = &place.url else { unreachable!() };
        let away = place.folder.join("away");
        std::fs::rename(path, &away).unwrap();
        std::fs::copy(&away, path).unwrap();
        let error = enrol(&mef, 200_000).await.expect_err("refused");
        assert!(error.cause().unwrap().to_string().contains("start it again"), "{error:?}");
    });
}

/// Nothing can be kept in a folder that is not there.
#[test]
fn a_restore_that_fails_leaves_the_database_as_good_as_it_was() {
    service::run(service::On::Sqlite, async |place| {
        let mef = device(place).await;
        enrol(&mef, 100_000).await.unwrap();
        close(mef).await;
        back_up(place, &copy(place)).await.unwrap();
        place.clock.advance(5);
        enrol_and_close(place, 100_001).await;
        place.clock.advance(5);
        let (file, nowhere) = (copy(place), place.folder.join("nowhere"));
        let keep = Source { keep: Some(&nowhere), ..source(&file) };
        assert!(matches!(restore_from(place, keep, true).await, Err(RestoreError::Backup(_))));
        enrol_and_close(place, 100_002).await;
        assert_eq!(findings(place).await, Vec::<String>::new());
    });
}

/// Killed between two steps: what the next one finds is refused or whole.
#[test]
fn what_a_killed_restore_left_is_no_obstacle() {
    service::run(service::On::Sqlite, async |place| {
        let mef = device(place).await;
        enrol(&mef, 100_000).await.unwrap();
        close(mef).await;
        back_up(place, &copy(place)).await.unwrap();
        enrol_and_close(place, 100_001).await;
        std::fs::write(place.folder.join(".service.db.restore"), "half").unwrap();
        // The copy was in place, and the loss not accepted yet.
        let options = place.options("node.cli");
        let fqdn = fqdn(MEF);
        let own = ["node".to_owned()];
        let acceptance = Acceptance {
            options: &options,
            own: &own,
            keys: &place.keys,
            mef: Some(&fqdn),
            operator: "alice",
        };
        drop(replace::check(&acceptance, source(&copy(place))).await.unwrap().put(true).await.unwrap());
        assert!(refusal(place).await.contains("older copy"));
        assert!(accept(place).await.unwrap().is_some());
        enrol_and_close(place, 100_002).await;
        assert_eq!(findings(place).await, Vec::<String>::new());
        assert!(!names(&place.folder).contains(&".service.db.restore".to_owned()));
    });
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

/// A node with a state folder of its own.
fn at_node(place: &Place, node: &str, writer: &str) -> StoreOptions {
    let state_folder = place.folder.join(format!("state-{node}"));
    std::fs::create_dir_all(&state_folder).unwrap();
    StoreOptions { state_folder, ..place.options(writer) }
}

async fn mef_at(place: &Place, node: &str) -> Mef {
    let store = Store::open(at_node(place, node, node)).await.unwrap();
    let core = Core { store, keys: place.keys.clone(), provider: fqdn(PROVIDER) };
    Mef::new(core, fqdn(MEF), place.keys.clone(), unhurried())
}

async fn accept_at(place: &Place, node: &str) -> Result<Option<Accepted>, RestoreError> {
    let options = at_node(place, node, &format!("{node}.cli"));
    let fqdn = fqdn(MEF);
    let own = [node.to_owned()];
    let acceptance =
        Acceptance { options: &options, own: &own, keys: &place.keys, mef: Some(&fqdn), operator: "alice" };
    accept_loss(&acceptance).await
}

async fn the_loss_is_accepted_on_each_node_in_any_order(place: &Place) {
    for (turn, order) in [["a", "b"], ["b", "a"]].into_iter().enumerate() {
        let end = 100_000 * (turn as u64 + 1);
        if turn == 0 {
            place.add_client("device", &[(CSE, 1)]).await;
        }
        let (a, b) = (mef_at(place, "a").await, mef_at(place, "b").await);
        let kept = enrol(&a, end).await.unwrap();
        enrol(&b, end + 1).await.unwrap();
        a.deny(id_2(&kept), "").await.unwrap();
        let copy = place.folder.join(format!("copy-{turn}"));
        back_up(place, &copy).await.unwrap();
        place.clock.advance(60);
        let of_a = enrol(&a, end + 2).await.unwrap();
        let of_b = enrol(&b, end + 3).await.unwrap();
        a.deny(id_2(&of_a), "").await.unwrap();
        b.deny(id_2(&of_b), "").await.unwrap();
        close(a).await;
        close(b).await;
        put(place, &copy);
        for node in order {
            let accepted = accept_at(place, node).await.unwrap().expect("each has lost something");
            assert_eq!(accepted.losses.len(), 1, "{accepted:?}");
        }
        for node in order {
            assert!(accept_at(place, node).await.unwrap().is_none(), "{node} has nothing more to accept");
            let mef = mef_at(place, node).await;
            let list = mef.deny_list().await.unwrap();
            for denied in [&kept, &of_a, &of_b] {
                assert!(list.contains(&denied.id2), "{order:?}: {list}");
            }
            assert_ne!(enrol(&mef, end + 2).await.unwrap().kpak, of_a.kpak);
            close(mef).await;
        }
        place.check_chains().await;
    }
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
        let core = Core { store: mef.store().clone(), keys: place.keys.clone(), provider: fqdn(PROVIDER) };
        let readiness = Readiness::new(core, Some(mef.clone()));
        let why = readiness.check().await.expect_err("the disk is full");
        assert!(why.contains(path.parent().unwrap().to_str().unwrap()), "{why}");
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
        readiness.check().await.expect("there is room again");
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
