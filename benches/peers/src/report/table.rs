//! Tables for people: columns as wide as they must be, figures to the right.

use std::{collections::HashSet, fmt::Write};

use super::rows::{Row, Rows};

/// A table in Markdown.
#[derive(Debug)]
pub struct Table {
    lines: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new<const N: usize>(columns: [&str; N]) -> Self {
        Self {
            lines: vec![columns.map(str::to_owned).into()],
        }
    }

    /// Adds a line.
    pub fn add<const N: usize>(&mut self, line: [String; N]) {
        self.lines.push(line.into());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.lines[0].len();
        let cells = |column: usize| self.lines.iter().map(move |line| &line[column]);
        let widths: Vec<_> = (0..columns)
            .map(|column| cells(column).map(|cell| cell.chars().count()).max())
            .map(Option::unwrap_or_default)
            .collect();
        let figures: Vec<_> = (0..columns)
            .map(|column| cells(column).skip(1).all(|cell| is_figure(cell)))
            .collect();
        for (index, line) in self.lines.iter().enumerate() {
            for (column, cell) in line.iter().enumerate() {
                let width = widths[column];
                if figures[column] {
                    write!(f, "| {cell:>width$} ")?;
                } else {
                    write!(f, "| {cell:<width$} ")?;
                }
            }
            f.write_str("|\n")?;
            if index == 0 {
                for (width, figure) in widths.iter().zip(&figures) {
                    let rule = "-".repeat(width + 1);
                    write!(f, "|{rule}{}", if *figure { ':' } else { '-' })?;
                }
                f.write_str("|\n")?;
            }
        }
        Ok(())
    }
}

fn is_figure(cell: &str) -> bool {
    cell.chars().all(|character| {
        character.is_ascii_digit() || matches!(character, '.' | ',' | '-' | ' ' | '×')
    })
}

/// The table of all figures: task by task, and in each the quickest first.
pub fn of_rows(rows: &Rows) -> Table {
    let mut table = Table::new([
        "task",
        "who",
        "set up with",
        "cryptography",
        "net ns",
        "× bare",
        "× best peer",
        "allocations",
    ]);
    let ratio = |ratio: Option<f64>| ratio.map_or_else(String::new, |some| format!("{some:.2}"));
    let mut tasks: Vec<_> = rows.0.iter().map(|row| &row.task).collect();
    let mut known = HashSet::new();
    tasks.retain(|task| known.insert(*task));
    let of_task = |task: &String| {
        let mut of_task: Vec<_> = rows.0.iter().filter(|row| row.task == *task).collect();
        of_task.sort_by(|one, other| one.net.total_cmp(&other.net));
        of_task
    };
    for row in tasks.into_iter().flat_map(of_task) {
        let Row {
            task,
            name,
            setup,
            crypto,
            ..
        } = row.clone();
        table.add([
            task,
            name,
            setup,
            crypto,
            thousands(row.net),
            ratio(row.to_bare),
            ratio(row.to_best_peer),
            row.allocations.to_string(),
        ]);
    }
    table
}

/// A whole number with a comma before every three digits.
pub fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut written = String::new();
    if number <= -0.5 {
        written.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            written.push(',');
        }
        let _ = write!(written, "{digit}");
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let written = [0.4, 999.0, 1000.0, 39_117.4, 1_234_567.0, -1500.0].map(thousands);
        assert_eq!(
            written,
            ["0", "999", "1,000", "39,117", "1,234,567", "-1,500"]
        );
    }

    #[test]
    fn in_each_task_the_quickest_stands_first() {
        let row = crate::report::rows::tests::row;
        let rows = Rows(vec![
            row("b", "slow", 9.0),
            row("a", "alone", 1.0),
            row("b", "quick", 2.0),
        ]);
        let table = of_rows(&rows).to_string();
        let places = ["quick", "slow", "alone"].map(|name| table.find(name).unwrap());
        assert!(places.is_sorted(), "{table}");
    }

    #[test]
    fn figures_stand_to_the_right_and_words_to_the_left() {
        let mut table = Table::new(["who", "net ns"]);
        table.add(["a".to_owned(), "1,000".to_owned()]);
        table.add(["longer".to_owned(), "9".to_owned()]);
        let expected = "\
| who    | net ns |
|--------|-------:|
| a      |  1,000 |
| longer |      9 |
";
        assert_eq!(table.to_string(), expected);
    }
}
