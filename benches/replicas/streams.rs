//! Open streams, of which those of one key end.

use crate::{
    Size,
    cluster::Cluster,
    process::now,
    report::{Report, millis},
    revoked::{in_time, since},
};

pub(crate) async fn measure(cluster: &Cluster, size: Size, report: &mut Report) {
    let (others, ended) = (cluster.key("others").await, cluster.key("ended").await);
    let (most, few) = size.of((3_300, 34), (50, 5));
    cluster.all(&format!("open {most} {}", others.secret)).await;
    cluster.all(&format!("open {few} {}", ended.secret)).await;
    assert_eq!(
        cluster.one(1, &format!("revoke key {}", ended.id)).await,
        ""
    );
    let at = now();
    let counts = loop {
        let counts = cluster.all("streams").await;
        let of = |counts: &str| -> Vec<u128> {
            counts
                .split(' ')
                .map(|count| count.parse().unwrap())
                .collect()
        };
        let counts: Vec<_> = counts.iter().map(|counts| of(counts)).collect();
        if counts.iter().all(|counts| counts[1] >= few) {
            break counts;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    for counts in &counts {
        let [open, ended, complete, _] = counts[..] else {
            panic!("four counts: {counts:?}");
        };
        assert_eq!(
            (open, ended, complete),
            (most, few, 0),
            "another key's streams ended"
        );
    }
    let last = counts
        .iter()
        .map(|counts| since(at, &counts[3].to_string()))
        .max()
        .unwrap();
    report.add("open streams", (most + few) * 3, "");
    report.add(
        "streams of the revoked key: all ended as an error",
        few * 3,
        "",
    );
    report.add(
        "streams of the revoked key: the last ended after",
        millis(last),
        "ms",
    );
    in_time(last, size);
}
