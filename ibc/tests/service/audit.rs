//! The audit log: what was changed, cut, or lost shows.

use crate::service;
use crate::service::{MEF, Place, fqdn, time};
use eccsi_sakke::onem2m::{EntityId, EntityKind};
use ibc::service::admin::{Admin, ClientChange};
use ibc::service::audit::{Verification, move_segments, verify};
use ibc::service::party::Bound;
use ibc::service::store::state_file::known_heads;
use ibc::service::store::{ReadStore, Store};

crate::on_each_store!(
    an_untouched_log_holds,
    what_was_changed_shows,
    what_was_cut_off_shows_by_the_state_file,
    what_was_written_anew_shows_by_a_checkpoint,
    a_forged_checkpoint_shows,
    older_entries_move_to_signed_files,
    a_node_moves_its_own_entries,
);

async fn admin(place: &Place, writer: &str) -> Admin {
    Admin {
        core: place.core(writer).await,
        operator: "alice".into(),
        mef: Some(fqdn(MEF)),
        maf: None,
        lab: false,
    }
}

/// A log with two chains and some entries.
async fn fill(place: &Place) -> Admin {
    let admin = admin(place, "a").await;
    for number in 0..20 {
        let name = format!("client-{number}");
        admin.add_client(&name, "", time("20280101T000000")).await.unwrap();
        let entity = EntityId::parse(EntityKind::Cse, &format!("//sp.example.com/CSE{number}")).unwrap();
        admin.change_client(&name, None, ClientChange::Bind(Bound::Entity(entity))).await.unwrap();
    }
    let other = self::admin(place, "b").await;
    other.add_client("of-b", "", time("20280101T000000")).await.unwrap();
    other.core.store.close().await;
    admin
}

async fn check(place: &Place) -> Verification {
    let known = known_heads(&place.folder.join("state"), &place.keys.subkey("state files")).unwrap();
    let reads = ReadStore::open(&place.url, place.clock.clone()).await.unwrap();
    let mut last = (0, 0);
    let signer = place.keys.service_key().public_key();
    let verified =
        verify(&reads, signer, &place.folder.join("segments"), &known, |done, all| last = (done, all))
            .await
            .unwrap();
    assert_eq!(last.0, verified.chains.iter().map(|chain| chain.entries).sum::<u64>());
    verified
}

#[track_caller]
fn finds(verified: &Verification, words: &[&str]) {
    let found = verified.findings.iter().any(|finding| words.iter().all(|word| finding.text.contains(word)));
    assert!(found, "no finding with {words:?} in {:?}", verified.findings);
}

async fn execute(place: &Place, statement: &'static str) {
    let done = sqlx::query(statement).execute(&place.raw().await).await.unwrap();
    assert!(done.rows_affected() > 0, "{statement}");
}

async fn an_untouched_log_holds(place: &Place) {
    let admin = fill(place).await;
    admin.checkpoint().await.unwrap();
    let verified = check(place).await;
    assert_eq!(verified.findings, []);
    let chains: Vec<_> =
        verified.chains.iter().map(|chain| (chain.writer.as_str(), chain.entries, chain.last)).collect();
    assert_eq!(chains, [("a", 41, 41), ("b", 1, 1)]);
    assert_eq!((verified.checkpoints, verified.state_files), (1, 2));
}

async fn what_was_changed_shows(place: &Place) {
    fill(place).await;
    execute(
        place,
        "update audit set detail = replace(detail, 'alice', 'mallory') where writer = 'a' and seq = 7",
    )
    .await;
    finds(&check(place).await, &["entry 7 of a was changed"]);
    execute(
        place,
        "update audit set detail = replace(detail, 'mallory', 'alice') where writer = 'a' and seq = 7",
    )
    .await;
    assert_eq!(check(place).await.findings, []);
    execute(place, "update audit set at = at + 1 where writer = 'a' and seq = 8").await;
    finds(&check(place).await, &["entry 8 of a was changed"]);
    execute(place, "update audit set at = at - 1 where writer = 'a' and seq = 8").await;
    execute(place, "delete from audit where writer = 'a' and seq = 9").await;
    let verified = check(place).await;
    finds(&verified, &["gap", "entry 10 follows entry 8"]);
    assert_eq!(
        verified.findings.len(),
        1,
        "what is behind the gap is taken as it stands: {:?}",
        verified.findings
    );
}

async fn what_was_cut_off_shows_by_the_state_file(place: &Place) {
    fill(place).await;
    execute(place, "delete from audit where writer = 'a' and seq > 30").await;
    finds(&check(place).await, &["the state file knows entry 40 of a", "ends at 30"]);
    execute(place, "delete from audit where writer = 'b'").await;
    finds(&check(place).await, &["entry 1 of b", "gone"]);
}

/// Somebody who can write the database can make a chain that holds, but not the signature of where it ended.
async fn what_was_written_anew_shows_by_a_checkpoint(place: &Place) {
    use ibc::service::audit::chain::{Entry, Head};
    let admin = fill(place).await;
    admin.checkpoint().await.unwrap();
    let mut head = Head::START;
    let pool = place.raw().await;
    for number in 1..=41u64 {
        let mut entry = Entry {
            writer: "a".into(),
            number,
            at: service::START,
            event: "nothing happened".into(),
            detail: "{}".into(),
            hash: [0; 32],
        };
        entry.hash = entry.hash_after(&head.hash);
        head.follow(&entry).unwrap();
        sqlx::query(
            "update audit set at = $1, event = $2, detail = $3, hash = $4 where writer = 'a' and seq = $5",
        )
        .bind(i64::try_from(entry.at.as_seconds()).unwrap())
        .bind(&entry.event)
        .bind(&entry.detail)
        .bind(entry.hash.to_vec())
        .bind(i64::try_from(number).unwrap())
        .execute(&pool)
        .await
        .unwrap();
    }
    let verified = check(place).await;
    finds(&verified, &["entry 40 of a is not the one that checkpoint 1 of a knows"]);
    finds(&verified, &["entry 41 of a is not the one that the state file knows"]);
}

async fn a_forged_checkpoint_shows(place: &Place) {
    let admin = fill(place).await;
    admin.checkpoint().await.unwrap();
    for statement in [
        "update checkpoint set heads = replace(heads, '40', '39')",
        "update checkpoint set number = 2",
        "update checkpoint set at = at + 1",
    ] {
        let row = sqlx::query_as::<_, (i64, i64, String)>("select number, at, heads from checkpoint");
        let (number, at, heads) = row.fetch_one(&place.raw().await).await.unwrap();
        execute(place, statement).await;
        finds(&check(place).await, &["checkpoint", "was changed, or not signed"]);
        sqlx::query("update checkpoint set number = $1, at = $2, heads = $3")
            .bind(number)
            .bind(at)
            .bind(heads)
            .execute(&place.raw().await)
            .await
            .unwrap();
        assert_eq!(check(place).await.findings, []);
    }
}

async fn older_entries_move_to_signed_files(place: &Place) {
    let admin = fill(place).await;
    let folder = place.folder.join("segments");
    let store: &Store = &admin.core.store;
    let both = ["a", "b"].map(String::from);
    let none = move_segments(store, &place.keys, &folder, (&both, service::START), |_| {}).await.unwrap();
    assert_eq!((none.files, none.entries), (0, 0), "nothing is older than the start");
    place.clock.advance(86_400);
    admin.add_client("new", "", time("20280101T000000")).await.unwrap();
    let before = place.clock_now();
    let moved = move_segments(store, &place.keys, &folder, (&both, before), |_| {}).await.unwrap();
    assert_eq!(
        (moved.files, moved.entries),
        (1, 40),
        "the newest entry of b stays, and so does what is younger"
    );
    assert_eq!(place.number("select count(*) from audit where writer = 'a'").await, 2);
    let verified = check(place).await;
    assert_eq!(verified.findings, []);
    let chain = verified.chains.iter().find(|chain| chain.writer == "a").unwrap();
    assert_eq!((chain.entries, chain.last, chain.segments), (42, 42, 1));
    // The chain goes on behind it, also after the process has ended.
    admin.core.store.close().await;
    let again = self::admin(place, "a").await;
    again.add_client("newer", "", time("20280101T000000")).await.unwrap();
    assert_eq!(check(place).await.findings, []);

    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    assert_eq!(file.file_name().unwrap().to_str(), Some("audit-a-000000000001-000000000040.jsonl"));
    let good = std::fs::read_to_string(&file).unwrap();
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    write(&good.replacen("client-3", "client-9", 1));
    finds(&check(place).await, &["jsonl", "not signed by this service, or changed"]);
    let lines: Vec<_> = good.lines().collect();
    write(&format!("{}\n", [&lines[..5], &lines[6..]].concat().join("\n")));
    finds(&check(place).await, &["jsonl", "changed"]);
    std::fs::remove_file(&file).unwrap();
    let verified = check(place).await;
    finds(&verified, &["jsonl", "it is not there", "from its node"]);
    assert_eq!(verified.findings.len(), 1, "{:?}", verified.findings);
}

async fn a_node_moves_its_own_entries(place: &Place) {
    let admin = fill(place).await;
    let other = self::admin(place, "b").await;
    place.clock.advance(86_400);
    other.add_client("newer-of-b", "", time("20280101T000000")).await.unwrap();
    admin.add_client("newer-of-a", "", time("20280101T000000")).await.unwrap();
    let now = place.clock_now();
    let folder = |node: &str| place.folder.join(format!("segments-{node}"));
    for (node, admin, entries) in [("a", &admin, 40), ("b", &other, 1)] {
        let own = [String::from(node)];
        let moved =
            move_segments(&admin.core.store, &place.keys, &folder(node), (&own, now), |_| {}).await.unwrap();
        assert_eq!((moved.files, moved.entries), (1, entries), "{node}");
    }
    let names = |node: &str| -> Vec<String> {
        let entries = std::fs::read_dir(folder(node)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("a"), ["audit-a-000000000001-000000000040.jsonl"]);
    assert_eq!(names("b"), ["audit-b-000000000001-000000000001.jsonl"]);
    // Here neither is, and each is named.
    let verified = check(place).await;
    finds(&verified, &["audit-a-000000000001-000000000040.jsonl", "from its node"]);
    assert_eq!(verified.findings.len(), 2, "{:?}", verified.findings);
    std::fs::create_dir_all(place.folder.join("segments")).unwrap();
    for node in ["a", "b"] {
        let name = &names(node)[0];
        std::fs::copy(folder(node).join(name), place.folder.join("segments").join(name)).unwrap();
    }
    assert_eq!(check(place).await.findings, []);
}
