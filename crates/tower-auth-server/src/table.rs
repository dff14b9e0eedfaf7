//! Tables that fit a terminal.

use std::io::{self, IsTerminal};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::plain::Plain;

/// A table whose widths are settled by its first page, so that a long list is printed as it is read.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    widths: [usize; N],
}

impl<const N: usize> Table<N> {
    /// Gives each column what its widest text takes. Where that is too much for the line, the columns in
    /// `flexible` share the rest: each has at least the fair part of it, if it needs that much.
    pub(crate) fn fit(rows: &[[String; N]], flexible: &[usize], line: usize) -> Self {
        let mut widths = [0; N];
        for row in rows {
            for (width, text) in widths.iter_mut().zip(row) {
                *width = (*width).max(shown(text).width());
            }
        }
        let gaps = GAP * (N - 1);
        let is_flexible = |column: &usize| flexible.contains(column);
        let fixed = (0..N).filter(|column| !is_flexible(column));
        let fixed: usize = fixed.filter_map(|column| widths.get(column)).sum();
        let mut room = line.saturating_sub(gaps + fixed);
        // The narrow ones first: what they do not need is for the others.
        let mut order: Vec<usize> = flexible.to_vec();
        order.sort_by_key(|column| widths.get(*column).copied());
        for (done, column) in order.iter().enumerate() {
            if let Some(width) = widths.get_mut(*column) {
                *width = (*width).min(room / (order.len() - done)).max(LEAST);
                room = room.saturating_sub(*width);
            }
        }
        Self { widths }
    }

    /// A row as a line.
    pub(crate) fn line(&self, row: &[String; N]) -> String {
        let mut line = String::new();
        for (text, width) in row.iter().zip(self.widths) {
            let text = cut(&shown(text), width);
            line.push_str(&text);
            line.push_str(&" ".repeat(width.saturating_sub(text.width()) + GAP));
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// The width of the terminal, or 80 where standard output is none.
pub(crate) fn line_width() -> usize {
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

    fn row(texts: [&str; 3]) -> [String; 3] {
        texts.map(str::to_owned)
    }

    #[test]
    fn what_fits_is_not_cut() {
        let rows = [row(["ID", "NAME", "OWNER"]), row(["key_1", "a name", "鍵"])];
        let table = Table::fit(&rows, &[1, 2], 80);
        assert_eq!(table.line(&rows[0]), "ID     NAME    OWNER");
        assert_eq!(table.line(&rows[1]), "key_1  a name  鍵");
    }

    #[test]
    fn a_line_is_never_wider_than_the_terminal() {
        let long = "鍵".repeat(60);
        let rows = [
            row(["key_1", &long, &"x".repeat(90)]),
            row(["key_1", "a\u{1b}[2Jb", ""]),
        ];
        for line in 20..200 {
            let table = Table::fit(&rows, &[1, 2], line);
            for row in &rows {
                let line_of = table.line(row);
                assert!(line_of.width() <= line, "{line}: {line_of}");
                assert!(line_of.starts_with("key_1  "), "{line_of}");
            }
        }
    }

    #[test]
    fn a_narrow_column_leaves_its_room_to_the_others() {
        let rows = [row(["key_1", &"n".repeat(40), "team-7"])];
        let table = Table::fit(&rows, &[1, 2], 40);
        assert_eq!(
            table.line(&rows[0]),
            format!("key_1  {}…  team-7", "n".repeat(24))
        );
    }
}
