//! Several processes over one database.

use std::{
    env,
    process::{Child, Stdio},
};

use tower_auth::{
    keys::{KeyChange, KeyId, KeyStore, Revision, Spend},
    testing,
};
use tower_auth_servers::Postgres;

use crate::{
    common::{child_command, store},
    follower, managed,
};

/// How many keys each process makes.
const MADE: usize = 60;

#[tokio::test]
async fn three_processes_spend_exactly_the_credits_that_are_there() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let store = store(&database.url()).await;
    let sql = "INSERT INTO tower_auth.credits VALUES ('key_1', 2000)";
    database.client().await.batch_execute(sql).await.unwrap();
    let children: Vec<_> = (0..3).map(|_| start("spend", &database.url())).collect();
    let spent: Vec<u32> = children
        .into_iter()
        .map(|child| said(child).parse().unwrap())
        .collect();
    assert_eq!(spent.iter().sum::<u32>(), 2_000, "{spent:?}");
    let left = store.spend(KeyId::new("key_1")).await.unwrap().value;
    assert_eq!(left, Spend::Exhausted);
}

/// A replica that remembers the last revision it saw would never ask for an earlier one again.
#[tokio::test]
async fn changes_of_several_processes_appear_in_the_order_of_their_revisions() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let store = store(&database.url()).await;
    let children: Vec<_> = ["make_0", "make_1", "make_2"]
        .map(|part| start(part, &database.url()))
        .into();
    let mut seen = Vec::new();
    while seen.len() < 3 * MADE {
        let after = seen.last().copied().unwrap_or(Revision::ZERO);
        let page = store.changes(after, 7).await.unwrap().value;
        seen.extend(page.changes.iter().map(KeyChange::revision));
    }
    children.into_iter().map(said).for_each(drop);
    let all = (1..).map(Revision::new).take(3 * MADE);
    assert_eq!(seen, all.collect::<Vec<_>>());
}

/// Not a test of its own: the part that a further process plays.
#[test]
#[ignore = "other tests start it"]
fn child() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = env::var("URL").unwrap();
    let part = env::var("PART").unwrap();
    let answer = runtime.block_on(async {
        match part.as_str() {
            "open" => open(&url).await,
            "spend" => spend(&url).await,
            "make_0" => make(&url, 0).await,
            "make_1" => make(&url, 1_000).await,
            "make_2" => make(&url, 2_000).await,
            "ask" => managed::spend(&url).await,
            "follow" => follower::follow(&url).await,
            other => panic!("no such part: {other}"),
        }
    });
    println!("\nsaid:{answer}");
}

async fn open(url: &str) -> String {
    let changes = store(url).await.changes(Revision::ZERO, 1).await;
    changes.unwrap().value.epoch.as_u128().to_string()
}

async fn make(url: &str, first: u32) -> String {
    let store = store(url).await;
    for number in (first..).take(MADE) {
        store
            .write(testing::key_store_create(number))
            .await
            .unwrap();
    }
    "made".to_owned()
}

/// Eight at a time, until none is left.
async fn spend(url: &str) -> String {
    let store = store(url).await;
    let spenders = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut spent = 0;
            while let Spend::Spent { .. } = store.spend(KeyId::new("key_1")).await.unwrap().value {
                spent += 1;
            }
            spent
        })
    });
    let mut spent = 0;
    for spender in spenders.collect::<Vec<_>>() {
        spent += spender.await.unwrap();
    }
    spent.to_string()
}

pub(crate) fn start(part: &str, url: &str) -> Child {
    let mut command = child_command(part, url);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// What a child answered.
pub(crate) fn said(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let answer = text.lines().find_map(|line| line.strip_prefix("said:"));
    answer.unwrap().to_owned()
}
