//! The order in which `Origin` and `Sec-Fetch-Site` are judged.

use super::{
    APP, EVIL, FROM_APP, Headers, OWN, OWN_HOST, PASSED, REFUSED, SAME_ORIGIN,
    common::answer::{request, send},
    each, with_origins,
};

#[tokio::test]
async fn a_doubled_origin_is_refused_before_anything_else() {
    each(
        &[APP],
        REFUSED,
        &[
            &[FROM_APP, FROM_APP],
            &[FROM_APP, EVIL, SAME_ORIGIN],
            &[OWN_HOST, OWN, OWN],
            &[OWN_HOST, OWN, EVIL],
        ],
    )
    .await;
}

#[tokio::test]
async fn a_doubled_fetch_site_is_refused_before_anything_else() {
    each(
        &[APP],
        REFUSED,
        &[
            &[SAME_ORIGIN, SAME_ORIGIN],
            &[SAME_ORIGIN, ("sec-fetch-site", "cross-site")],
            &[FROM_APP, SAME_ORIGIN, SAME_ORIGIN],
            &[OWN_HOST, OWN, SAME_ORIGIN, SAME_ORIGIN],
        ],
    )
    .await;
}

#[tokio::test]
async fn the_fetch_site_decides_before_the_host() {
    let passes = ["same-origin", "none"];
    for site in passes.map(|site| ("sec-fetch-site", site)) {
        each(
            &[],
            PASSED,
            &[&[site], &[site, EVIL, OWN_HOST], &[site, OWN, OWN_HOST]],
        )
        .await;
    }
    for site in [
        "same-site",
        "cross-site",
        "",
        "Same-Origin",
        "same-origin, none",
        "x",
    ] {
        let site = ("sec-fetch-site", site);
        each(&[], REFUSED, &[&[site], &[site, OWN, OWN_HOST]]).await;
    }
}

#[tokio::test]
async fn an_upgrade_is_judged_as_an_unsafe_method_is() {
    let upgrade = async |origins: &[&str], headers: Headers| {
        let mut shown = vec![("cookie", "session=sk-live-9f"), ("upgrade", "websocket")];
        shown.extend(headers);
        let shown: Vec<_> = shown
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let answer = send(&with_origins(origins), request("GET", "/run", &shown)).await;
        if !answer.ran() {
            answer.refused_with(403, "cross_origin");
        }
        answer.ran()
    };
    for (origins, headers, passes) in [
        (&[][..], &[EVIL, OWN_HOST][..], false),
        (&[], &[OWN_HOST], false),
        (&[], &[OWN, OWN_HOST], true),
        (&[], &[FROM_APP, OWN_HOST], false),
        (&[APP], &[FROM_APP, OWN_HOST], true),
        (
            &[APP],
            &[FROM_APP, OWN_HOST, ("sec-fetch-site", "same-site")],
            true,
        ),
        (&[APP], &[FROM_APP, FROM_APP], false),
        (&[], &[SAME_ORIGIN], true),
        (
            &[],
            &[("sec-fetch-site", "cross-site"), OWN, OWN_HOST],
            false,
        ),
    ] {
        assert_eq!(
            upgrade(origins, headers).await,
            passes,
            "{origins:?} {headers:?}"
        );
    }
}
