//! What real clients and servers make of a path that was opened.
//!
//! Behind the layer stands somebody who forwards to a server of another make, which has an `/admin`.
//! Each generated path is shown to the layer without a credential and sent by each client to each
//! server: where it was opened, no server may be at its `/admin`. `TOWER_AUTH_CASES=20000` takes so many
//! paths instead of a few hundred.

use crate::common;

mod clients;
mod servers;
mod targets;

use common::{
    dice::{Dice, cases},
    oneshot::{app, status},
    runs::auth,
};
use servers::Servers;
use tower_auth::{Access, AuthLayer};

#[tokio::test(flavor = "multi_thread")]
async fn no_server_reaches_its_admin_by_a_path_that_was_opened() {
    let mut dice = Dice::new(13);
    let targets: Vec<String> = (0..cases(300))
        .map(|_| targets::target(&mut dice))
        .collect();
    let mut opened = Vec::new();
    let (app, mut open, mut closed) = (app(["/{*path}"], openings()), 0, 0);
    for target in &targets {
        let is_open = status(&app, &format!("GET {target}")).await == 200;
        *(if is_open { &mut open } else { &mut closed }) += 1;
        opened.push(is_open);
    }
    assert!(
        open * 10 > targets.len(),
        "next to nothing was opened: {open}"
    );
    assert!(
        closed * 10 > targets.len(),
        "next to nothing was closed: {closed}"
    );

    let (servers, mut clients) = (Servers::start(), clients::all());
    let mut steps_up = vec![0; clients.len()];
    for server in &servers.running {
        let mut by_any_client = 0;
        for (client, steps_up) in clients.iter_mut().zip(&mut steps_up) {
            let reached = client.reach(server, &targets).await;
            for ((target, opened), reached) in targets.iter().zip(&opened).zip(reached) {
                let case = format!("{} by {}: GET {target}", server.name, client.name());
                assert!(!(*opened && reached), "{case}");
                by_any_client += usize::from(reached);
                *steps_up += usize::from(reached);
            }
        }
        assert!(by_any_client > 0, "no path steps up in {}", server.name);
    }
    for (client, steps_up) in clients.iter().zip(steps_up) {
        assert!(
            servers.running.is_empty() || steps_up > 0,
            "{} steps up nowhere",
            client.name()
        );
    }
}

/// `/admin` is none of these.
fn openings() -> AuthLayer {
    auth()
        .dev_docs(true)
        .public("/assets/{*rest}")
        .public("/hooks/{source}")
        .public("/{team}/admin")
        .access("/feed/{*rest}", Access::Optional)
}
