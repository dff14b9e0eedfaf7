//! Measures everybody: `peers [FOLDER]` prints the tables and keeps the figures in that folder,
//! `peers --smoke` only shows that everything works.

use std::{
    collections::HashMap,
    env,
    error::Error,
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use tower_auth_peers::{
    contenders::{Contender, FEW, MILLION, all},
    credentials::{ALGORITHMS, Credentials},
    machine::Machine,
    measure::{self, interleaved},
    report::{
        csv,
        rows::Rows,
        table::{self, Table, thousands},
        targets::{self, Run},
    },
    scaling::{self, Scaling, scaling},
    server::{self, Compared, compared},
};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let argument = env::args().nth(1);
    let smoke = argument.as_deref() == Some("--smoke");
    if !smoke
        && argument
            .as_ref()
            .is_some_and(|folder| folder.starts_with('-'))
    {
        eprintln!("usage: peers [--smoke | FOLDER]");
        return Ok(ExitCode::from(2));
    }
    let (calls, threads, servers) = if smoke {
        (
            measure::Effort::SMOKE,
            scaling::Effort::SMOKE,
            server::Effort::SMOKE,
        )
    } else {
        (
            measure::Effort::FULL,
            scaling::Effort::FULL,
            server::Effort::FULL,
        )
    };
    let many = if smoke { FEW } else { MILLION };
    let counts = allocations(smoke)?;
    let count = |what: &str| counts.get(what).copied().ok_or(format!("no {what}"));

    // Peers that fetch keys do so again while they are measured, on a thread of their own.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let credentials = Credentials::new();
    let mut contenders = runtime.block_on(all(&credentials, many));
    let samples = interleaved(&mut contenders, Contender::run, Contender::batches, calls);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "counts are small and whole"
    )]
    let whole = counts
        .iter()
        .map(|(who, count)| (who.clone(), *count as i64));
    let rows = Rows::new(&contenders, &samples, &whole.collect());
    drop(contenders);
    drop(runtime);

    let scaling = scaling(&credentials, threads);
    let servers = compared(&credentials, servers);
    let run = Run {
        rows: &rows,
        scaling: &scaling,
        servers: &servers,
        bytes_a_key: count("bytes a key")?,
        resident_a_key: count("resident bytes a key").ok(),
        #[expect(clippy::cast_possible_truncation, reason = "it is 2 or so")]
        map_allocations: count("extensions map")? as i64,
    };
    let targets = run.targets();
    if smoke {
        // Figures of a single call say nothing; that each status was right, it has shown.
        println!("{} contenders answer as they must", rows.0.len());
        return Ok(ExitCode::SUCCESS);
    }

    println!("{}", table::of_rows(&rows));
    println!("{}", of_scaling(&scaling));
    println!("{}", of_servers(&servers));
    println!("{}", targets::table(&targets));
    for algorithm in ALGORITHMS {
        let length = credentials.token(algorithm).token.len();
        println!("a token signed with {algorithm} has {length} bytes");
    }
    if let Some(folder) = argument {
        let folder = Path::new(&folder);
        fs::create_dir_all(folder)?;
        fs::write(folder.join("peers.csv"), rows.to_csv())?;
        fs::write(folder.join("threads.csv"), threads_csv(&scaling))?;
        fs::write(folder.join("server.csv"), servers_csv(&servers))?;
        fs::write(folder.join("targets.csv"), targets::to_csv(&targets))?;
        fs::write(folder.join("machine.csv"), Machine::this().to_csv())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the process beside this one counts.
fn allocations(smoke: bool) -> Result<HashMap<String, f64>, Box<dyn Error>> {
    let program = env::current_exe()?.with_file_name("allocations");
    let output = Command::new(&program)
        .args(smoke.then_some("--smoke"))
        .output()
        .map_err(|error| format!("{}: {error}; build all with --bins", program.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let pair = |line: &str| {
        let (who, count) = line.split_once('\t')?;
        Some((who.to_owned(), count.parse().ok()?))
    };
    text.lines()
        .map(|line| pair(line).ok_or_else(|| format!("not a count: {line}").into()))
        .collect()
}

fn of_scaling(scaling: &[Scaling]) -> Table {
    let mut table = Table::new(["work", "one thread, a second", "two threads", "×"]);
    for one in scaling {
        table.add([
            one.name.to_owned(),
            thousands(one.one),
            thousands(one.two),
            format!("{:.2}", one.factor),
        ]);
    }
    table
}

fn of_servers(servers: &[Compared]) -> Table {
    let mut table = Table::new(["server", "bare axum, a second", "with the layer", "×"]);
    for one in servers {
        table.add([
            one.name.to_owned(),
            thousands(one.bare),
            thousands(one.layered),
            format!("{:.3}", one.ratio),
        ]);
    }
    table
}

fn threads_csv(scaling: &[Scaling]) -> String {
    let line = |one: &Scaling| figures(one.name, one.one, one.two, one.factor);
    let columns = [
        "what",
        "one thread, a second",
        "two threads, a second",
        "ratio",
    ];
    csv::write(&columns, scaling.iter().map(line))
}

fn servers_csv(servers: &[Compared]) -> String {
    let line = |one: &Compared| figures(one.name, one.bare, one.layered, one.ratio);
    let columns = [
        "what",
        "bare axum, a second",
        "with the layer, a second",
        "ratio",
    ];
    csv::write(&columns, servers.iter().map(line))
}

fn figures(name: &str, one: f64, other: f64, ratio: f64) -> Vec<String> {
    vec![
        name.to_owned(),
        format!("{one:.0}"),
        format!("{other:.0}"),
        format!("{ratio:.4}"),
    ]
}
