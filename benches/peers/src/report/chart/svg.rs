//! The drawing: bars from zero, a label before each and its figure after it.

use std::fmt::Write;

use super::panels::{Bar, Panel};

/// The whole picture; it carries its own colours for light and dark.
pub(super) fn document(heading: &str, panels: &[Panel], footer: &[String]) -> String {
    let mut body = String::new();
    text(&mut body, "title", (MARGIN, 38.0), "What a check costs");
    text(&mut body, "muted", (MARGIN, 60.0), heading);
    legend(&mut body);

    let mut top = 92.0;
    for pair in panels.chunks(2) {
        for (panel, left) in pair.iter().zip([MARGIN, MARGIN + PANEL + GUTTER]) {
            draw(&mut body, panel, left, top);
        }
        top += pair.iter().map(height).fold(0.0, f64::max) + 26.0;
    }

    top += 2.0;
    let _ = writeln!(
        body,
        r#"<path class="rule" d="M{MARGIN} {top}H{}"/>"#,
        WIDTH - MARGIN
    );
    for line in footer.iter().flat_map(|line| wrapped(line)) {
        top += 17.0;
        text(&mut body, "small", (MARGIN, top), &line);
    }
    let height = top + 20.0;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">
<title>What a check costs: tower-auth beside its peers</title>
<style>{STYLE}</style>
<rect class="card" x=".5" y=".5" width="{}" height="{}" rx="8"/>
{body}</svg>
"#,
        WIDTH - 1.0,
        height - 1.0,
    )
}

fn legend(body: &mut String) {
    let mut left = WIDTH - MARGIN - 163.0;
    for (class, name, width) in [("ours", "tower-auth", 92.0), ("peer", "peers", 56.0)] {
        let _ = writeln!(
            body,
            r#"<rect class="{class}" x="{left}" y="28" width="12" height="12" rx="2"/>"#
        );
        text(body, "label", (left + 18.0, 38.0), name);
        left += width + 18.0;
    }
}

fn draw(body: &mut String, panel: &Panel, left: f64, top: f64) {
    text(body, "heading", (left, top + 12.0), &panel.title);
    let values = panel.bars.iter().map(|bar| bar.value);
    let mark = panel.mark.as_ref().map(|(value, _)| *value);
    let most = values.chain(mark).fold(f64::MIN_POSITIVE, f64::max);
    let scale = |value: f64| value.max(0.0) / most * BARS;
    let zero = left + LABELS;

    let mut y = top + HEAD;
    for bar in &panel.bars {
        draw_bar(
            body,
            bar,
            (zero, y),
            scale(bar.value).max(1.5),
            mark.map(scale),
        );
        y += PITCH;
    }
    if let Some((value, name)) = &panel.mark {
        let x = zero + scale(*value);
        let _ = writeln!(
            body,
            r#"<path class="mark" d="M{x:.1} {:.1}V{y:.1}"/>"#,
            top + HEAD - 4.0
        );
        // Beside the line, on the side where there is more room.
        let class = if x > zero + BARS / 2.0 {
            "end name"
        } else {
            "name"
        };
        text(body, class, (x, y + 10.0), name);
        y += 16.0;
    }
    if let Some(note) = &panel.note {
        text(body, "small", (left, y + 12.0), note);
    }
}

fn draw_bar(body: &mut String, bar: &Bar, (zero, y): (f64, f64), width: f64, mark: Option<f64>) {
    let base = y + 11.5;
    let class = if bar.ours { "end own" } else { "end label" };
    text(body, class, (zero - 8.0, base), &bar.label);
    let class = if bar.ours { "ours" } else { "peer" };
    let _ = writeln!(
        body,
        r#"<rect class="{class}" x="{zero}" y="{y}" width="{width:.1}" height="{THICK}" rx="2"/>"#
    );
    let class = if bar.ours { "own" } else { "label" };
    // A mark close behind the bar would run through the figure.
    let near = width..width + FIGURE;
    let end = mark.filter(|mark| near.contains(mark)).unwrap_or(width);
    text(body, class, (zero + end + 6.0, base), &bar.text);
}

fn height(panel: &Panel) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a handful of bars")]
    let bars = panel.bars.len() as f64 * PITCH;
    let mark = if panel.mark.is_some() { 16.0 } else { 0.0 };
    let note = if panel.note.is_some() { 18.0 } else { 0.0 };
    HEAD + bars + mark + note
}

fn text(body: &mut String, class: &str, (x, y): (f64, f64), content: &str) {
    let content = escaped(content);
    let _ = writeln!(
        body,
        r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{content}</text>"#
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Lines that fit: SVG breaks none by itself.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for part in text.split_inclusive(" · ") {
        let line = lines.last_mut().expect("there is always one");
        if !line.is_empty() && line.chars().count() + part.chars().count() > LONGEST {
            lines.push(part.to_owned());
        } else {
            line.push_str(part);
        }
    }
    let trimmed = |line: String| line.trim_end_matches(" · ").to_owned();
    lines.into_iter().map(trimmed).collect()
}

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 28.0;
const GUTTER: f64 = 24.0;
const PANEL: f64 = (WIDTH - 2.0 * MARGIN - GUTTER) / 2.0;
const LABELS: f64 = 204.0;
/// What is left for bars beside their labels and figures.
const BARS: f64 = PANEL - LABELS - FIGURE;
const FIGURE: f64 = 58.0;
const HEAD: f64 = 26.0;
const PITCH: f64 = 21.0;
const THICK: f64 = 15.0;
const LONGEST: usize = 140;

const STYLE: &str = "
text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:12.5px;fill:#1f2328}
.title{font-size:20px;font-weight:600}.heading{font-size:14px;font-weight:600}
.end{text-anchor:end}.own{font-weight:600}.label,.muted,.small{fill:#59636e}.small,.name{font-size:11.5px}
.name{fill:#9a4a00}.mark{stroke:#bc4c00;stroke-width:1.5;stroke-dasharray:3 3}
.rule{stroke:#d1d9e0}.card{fill:#fff;stroke:#d1d9e0}.ours{fill:#0969da}.peer{fill:#b4bdc8}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.label,.muted,.small{fill:#9ea7b3}
.name{fill:#f0883e}.mark{stroke:#f0883e}.rule{stroke:#3d444d}.card{fill:#0d1117;stroke:#3d444d}
.ours{fill:#4493f8}.peer{fill:#56606c}}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_items_and_not_within() {
        let items = vec!["crate-name 1.2.3"; 20].join(" · ");
        let lines = wrapped(&items);
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| line.chars().count() <= LONGEST));
        assert!(lines.iter().all(|line| line.ends_with("1.2.3")));
    }

    #[test]
    fn the_longest_bar_leaves_room_for_its_figure() {
        let bar = |value| Bar {
            label: String::new(),
            ours: true,
            value,
            text: String::new(),
        };
        let panel = Panel {
            title: String::new(),
            bars: vec![bar(1.0), bar(4.0)],
            mark: None,
            note: None,
        };
        let mut body = String::new();
        draw(&mut body, &panel, 0.0, 0.0);
        assert!(
            body.contains(&format!("width=\"{:.1}\"", BARS / 4.0)),
            "{body}"
        );
        assert!(body.contains(&format!("width=\"{BARS:.1}\"")), "{body}");
    }
}
