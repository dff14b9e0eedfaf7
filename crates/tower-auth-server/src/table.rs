//! Tables that fit a terminal.

use std::io::{self, IsTerminal};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{fault::Fault, output, plain::Plain};

/// A table that is printed as its rows are read.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    columns: [Column; N],
    /// Settled by the first rows.
    widths: Option<[usize; N]>,
}

/// A column with its name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    /// Whose texts are never cut, and at most so wide.
    Whole(&'static str, usize),
    /// Whose texts are cut where the line has no room for them.
    Cut(&'static str),
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(columns: [Column; N]) -> Self {
        Self {
            columns,
            widths: None,
        }
    }

    /// Whether nothing was printed.
    pub(crate) fn is_empty(&self) -> bool {
        self.widths.is_none()
    }

    /// Prints a page of rows, and before the first one the names of the columns.
    pub(crate) fn print(
        &mut self,
        mut rows: Vec<[String; N]>,
        has_more: bool,
    ) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        let widths = match self.widths {
            Some(widths) => widths,
            None => {
                rows.insert(0, self.columns.map(|column| column.name().to_owned()));
                fit(&self.columns, &rows, has_more, line_width())
            }
        };
        self.widths = Some(widths);
        let lines = rows.iter().map(|row| line(row, &widths) + "\n");
        output::print(&lines.collect::<String>())
    }
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::Whole(name, _) | Self::Cut(name) => name,
        }
    }
}

/// Gives each column what its widest text takes, or may take in a page to come. Where that is too much
/// for the line, the columns that can be cut share what the others leave.
fn fit<const N: usize>(
    columns: &[Column; N],
    rows: &[[String; N]],
    has_more: bool,
    line: usize,
) -> [usize; N] {
    let mut widths = columns.map(|column| match column {
        _ if !has_more => 0,
        Column::Whole(_, most) => most,
        Column::Cut(_) => usize::MAX,
    });
    for row in rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(shown(text).width());
        }
    }
    let mut room = line.saturating_sub(GAP * (N - 1));
    let mut cut = Vec::new();
    for (column, width) in columns.iter().zip(&mut widths) {
        match column {
            Column::Whole(..) => room = room.saturating_sub(*width),
            Column::Cut(_) => cut.push(width),
        }
    }
    // The narrow ones first: what they do not need is for the others.
    cut.sort();
    for (done, width) in (0..cut.len()).rev().zip(cut) {
        *width = (*width).min(room / (done + 1)).max(LEAST);
        room = room.saturating_sub(*width);
    }
    widths
}

/// A row as a line.
fn line<const N: usize>(row: &[String; N], widths: &[usize; N]) -> String {
    let mut line = String::new();
    for (text, width) in row.iter().zip(widths) {
        let text = cut(&shown(text), *width);
        line.push_str(&text);
        line.push_str(&" ".repeat(width.saturating_sub(text.width()) + GAP));
    }
    line.truncate(line.trim_end().len());
    line
}

/// The width of the terminal, or 80 where standard output is none.
fn line_width() -> usize {
    let size = io::stdout()
        .is_terminal()
        .then(terminal_size::terminal_size);
    size.flatten().map_or(80, |(width, _)| usize::from(width.0))
}

/// As a terminal may have it.
fn shown(text: &str) -> String {
    Plain(text).to_string()
}

/// As much of a text as the columns hold, with `…` where something is left out. A character of a wide
/// script takes two columns.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for char in text.chars() {
        used += char.width().unwrap_or_default();
        if used >= width {
            break;
        }
        kept.push(char);
    }
    kept.push('…');
    kept
}

const GAP: usize = 2;
/// The least width of a column that is cut.
const LEAST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column::Whole("ID", 5),
        Column::Cut("NAME"),
        Column::Cut("OWNER"),
    ];

    fn row(texts: [&str; 3]) -> [String; 3] {
        texts.map(str::to_owned)
    }

    fn lines(rows: &[[String; 3]], has_more: bool, width: usize) -> Vec<String> {
        let widths = fit(&COLUMNS, rows, has_more, width);
        rows.iter().map(|row| line(row, &widths)).collect()
    }

    #[test]
    fn what_fits_is_not_cut() {
        let rows = [row(["ID", "NAME", "OWNER"]), row(["key_1", "a name", "鍵"])];
        let lines = lines(&rows, false, 80);
        assert_eq!(lines, ["ID     NAME    OWNER", "key_1  a name  鍵"]);
    }

    #[test]
    fn a_line_is_never_wider_than_the_terminal() {
        let long = "鍵".repeat(60);
        let rows = [
            row(["key_1", &long, &"x".repeat(90)]),
            row(["key_1", "a\u{1b}[2Jb", ""]),
        ];
        for width in 20..200 {
            for line in lines(&rows, width % 2 == 0, width) {
                assert!(line.width() <= width, "{width}: {line}");
                assert!(line.starts_with("key_1  "), "{line}");
            }
        }
    }

    #[test]
    fn a_narrow_column_leaves_its_room_to_the_others() {
        let rows = [row(["key_1", &"n".repeat(40), "team-7"])];
        let lines = lines(&rows, false, 40);
        assert_eq!(lines, [format!("key_1  {}…  team-7", "n".repeat(24))]);
    }

    #[test]
    fn what_comes_later_has_room_too() {
        let widths = fit(&COLUMNS, &[row(["k", "n", "o"])], true, 40);
        assert_eq!(widths, [5, 15, 16]);
        let widths = fit(&COLUMNS, &[row(["k", "n", "o"])], false, 40);
        assert_eq!(widths, [1, LEAST, LEAST]);
    }
}
