//! A process that is killed in the middle of its work.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::Stdio,
};

use tower_auth::{
    keys::{AuditQuery, AuditRecord, KeyAction, KeyChange, KeyStore, Revision, StoredKey},
    testing,
};

use crate::{
    common::{Folder, child_command},
    processes,
};

#[tokio::test]
async fn killed_in_the_middle_of_a_thousand_changes_nothing_committed_is_lost() {
    let folder = Folder::new();
    let mut acknowledged = 0;
    // Each time it is killed a little later, and the next one goes on where it stopped.
    for changes in [1, 7, 40, 150, 300] {
        let mut command = child_command("write", &folder);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut last = None;
        for _ in 0..changes {
            last = lines.find_map(|line| line.unwrap().strip_prefix("done:").map(String::from));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still said before it died was answered too.
        let rest = lines.map_while(Result::ok);
        let rest = rest.filter_map(|line| line.strip_prefix("done:").map(String::from));
        acknowledged = rest.last().or(last).unwrap().parse().unwrap();
        all_is_there(&folder, acknowledged).await;
    }
    assert!(acknowledged >= 498, "{acknowledged}");
}

/// Every change that was answered is there, and keys and audit records tell one story.
async fn all_is_there(folder: &Folder, acknowledged: u64) {
    let store = folder.store().await;
    let changes = store.changes(Revision::ZERO, 10_000).await.unwrap().value;
    assert!(changes.is_complete && changes.latest.as_u64() >= acknowledged);
    let query = AuditQuery {
        limit: 10_000,
        ..AuditQuery::default()
    };
    let audit = store.audit(query).await.unwrap().value.items;
    // One record for each revision, none missing and none too many.
    let revisions: Vec<_> = audit
        .iter()
        .rev()
        .map(|one| one.revision().as_u64())
        .collect();
    assert_eq!(revisions, (1..=changes.latest.as_u64()).collect::<Vec<_>>());
    let mut last = HashMap::new();
    for record in audit.iter().rev() {
        last.insert(record.key().clone(), record);
    }
    assert_eq!(last.len(), changes.changes.len());
    for change in &changes.changes {
        let KeyChange::Put(key) = change else {
            panic!("nothing was deleted");
        };
        agree(key, last[key.record().id()]);
    }
    store.close().await.unwrap();
}

fn agree(key: &StoredKey, audit: &AuditRecord) {
    assert_eq!(key.revision(), audit.revision());
    assert_eq!(Some(key.record()), audit.after());
    let is_revoked = audit.action() == KeyAction::Revoke;
    assert_eq!(key.record().revoked().is_some(), is_revoked);
}

/// Makes keys and revokes each, and tells the revision of each change that was answered.
pub(crate) async fn write(file: PathBuf) -> String {
    let store = processes::store(file).await;
    let changes = store.changes(Revision::ZERO, 10_000).await.unwrap().value;
    // Of a key that was made and not revoked, the next number begins.
    let first = u32::try_from(changes.changes.len()).unwrap();
    for number in first..first + 500 {
        for write in [
            testing::key_store_create(number),
            testing::key_store_revoke(number),
        ] {
            store.write(write).await.unwrap();
            let latest = store.changes(Revision::ZERO, 0).await.unwrap().value.latest;
            println!("\ndone:{}", latest.as_u64());
        }
    }
    "all".to_owned()
}
