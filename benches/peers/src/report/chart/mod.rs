//! The chart of the README: a panel for each algorithm, one for keys, one for whole servers.

mod panels;
mod svg;

use super::{csv, rows::Rows};
use crate::machine::Machine;

/// Draws the chart from the files of a run; none where one of them is something else.
pub fn draw(rows: &str, servers: &str, machine: &str) -> Option<String> {
    let rows = Rows::from_csv(rows)?;
    let machine = Machine::from_csv(machine)?;
    let panels = panels::panels(&rows, &csv::read(servers))?;
    let bare = rows.0.iter().find(|row| row.task == "bare")?;
    let heading = format!(
        "Time beyond the service behind it, which alone takes {}. Each panel has its own scale.",
        panels::duration(bare.ns)
    );
    Some(svg::document(&heading, &panels, &footer(&machine)))
}

fn footer(machine: &Machine) -> Vec<String> {
    let value = |name| machine.get(name).unwrap_or("unknown");
    let crates: Vec<_> = machine
        .crates()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    vec![
        format!(
            "{}, {} cores · {} · {} · {}",
            value("processor"),
            value("cores"),
            value("system"),
            value("compiler"),
            value("date"),
        ),
        crates.join(" · "),
        "Measured and drawn by scripts/bench: one process, interleaved rounds, medians. Of each \
         peer the quickest setting that keeps all claims."
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "\
task,who,setup,cryptography,ns,\"ns, quickest round\",\"ns, net\",net / bare,net / best peer,allocations
bare,bare,,,150.0,140.0,150.0,,,3
RS256,tower-auth,JwtAuth,aws-lc-rs,13050.0,12950.0,12900.0,85.7,0.73,7
RS256 remembered,tower-auth,JwtAuth,aws-lc-rs,600.0,590.0,450.0,3.0,,3
RS256,axum-jwt,no claims,ring,19000.0,18900.0,18850.0,125.7,1.08,18
RS256,axum-jwt,claims in a struct,ring,20000.0,19900.0,19850.0,132.3,1.13,18
RS256,axum-jwt,claims in a map,ring,22000.0,21900.0,21850.0,145.7,1.25,60
RS256,<peer> & co,claims in a map,ring,17650.0,17600.0,17500.0,116.7,1.0,55
RS256 signature alone,parsed key,,aws-lc-rs,12000.0,11900.0,12000.0,,,0
";
    const SERVERS: &str = "what,bare,layered,ratio\nAPI key,60000,59400,0.990\n";
    const MACHINE: &str = "what,value\nprocessor,Some CPU\ncores,2\ndate,2026-01-02\nring,0.17.0\n";

    #[test]
    fn everything_that_was_measured_is_told_with_its_machine() {
        let chart = draw(ROWS, SERVERS, MACHINE).unwrap();
        for text in [
            "takes 150 ns",
            "12.9 µs",
            "450 ns",
            "19.9 µs",
            "99.0 %",
            "Some CPU, 2 cores",
            "2026-01-02",
            "ring 0.17.0",
            "scripts/bench",
        ] {
            assert!(chart.contains(text), "{text} is not in {chart}");
        }
    }

    #[test]
    fn of_each_peer_the_quickest_setting_is_drawn() {
        let chart = draw(ROWS, SERVERS, MACHINE).unwrap();
        assert!(chart.contains("19.9 µs") && !chart.contains("21.9 µs"));
    }

    #[test]
    fn a_check_that_leaves_claims_out_is_no_setting() {
        let chart = draw(ROWS, SERVERS, MACHINE).unwrap();
        assert!(!chart.contains("18.9 µs"));
    }

    #[test]
    fn a_peer_without_an_algorithm_is_told_and_not_left_out() {
        let rows = ROWS.replace("RS256,<peer> &", "ES256,<peer> &");
        let rows = rows + "ES256,tower-auth,JwtAuth,aws-lc-rs,9.0,9.0,9.0,9.0,1.0,7\n";
        let chart = draw(&rows, SERVERS, MACHINE).unwrap();
        assert!(
            chart.contains("&lt;peer&gt; &amp; co does no RS256."),
            "{chart}"
        );
        assert!(chart.contains("axum-jwt does no ES256."), "{chart}");
    }

    #[test]
    fn names_are_text_and_no_markup() {
        let chart = draw(ROWS, SERVERS, MACHINE).unwrap();
        assert!(chart.contains("&lt;peer&gt; &amp; co") && !chart.contains("<peer>"));
    }

    #[test]
    fn another_file_is_no_chart() {
        assert!(draw("task\n1\n", SERVERS, MACHINE).is_none());
    }
}
