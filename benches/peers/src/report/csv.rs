//! Comma-separated values (RFC 4180), as far as these tables need them: no line breaks in a field.

/// Writes a table: its columns, then its lines.
pub fn write(columns: &[&str], lines: impl IntoIterator<Item = Vec<String>>) -> String {
    let head = columns.iter().map(ToString::to_string).collect();
    let lines = std::iter::once(head).chain(lines);
    lines.map(|fields: Vec<String>| line(&fields)).collect()
}

/// Reads a table that [`write`] wrote, without the line that names its columns.
pub fn read(text: &str) -> Vec<Vec<String>> {
    text.lines().skip(1).map(fields).collect()
}

fn line(fields: &[String]) -> String {
    let fields: Vec<_> = fields.iter().map(|field| quoted(field)).collect();
    fields.join(",") + "\n"
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut within = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let field = fields.last_mut().expect("there is always one");
        match character {
            '"' if within && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => within = !within,
            ',' if !within => fields.push(String::new()),
            other => field.push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let line = ["plain", "1,000,000", "a \"quoted\" one", ""].map(str::to_owned);
        let text = write(&["a", "b", "c", "d"], [line.to_vec()]);
        assert_eq!(read(&text), [line]);
    }

    #[test]
    fn only_fields_that_need_it_are_quoted() {
        let text = write(&["a", "b"], [vec!["1".to_owned(), "2,3".to_owned()]]);
        assert_eq!(text, "a,b\n1,\"2,3\"\n");
    }
}
