//! The figures, printed as they come and kept in a file.
#![allow(dead_code, reason = "each bench uses its part")]

use std::{fmt::Write, fs, path::Path, time::Duration};

#[derive(Default)]
pub(crate) struct Report(Vec<Figure>);

struct Figure {
    measure: String,
    value: String,
    unit: &'static str,
}

impl Report {
    pub(crate) fn add(
        &mut self,
        measure: impl Into<String>,
        value: impl ToString,
        unit: &'static str,
    ) {
        let figure = Figure {
            measure: measure.into(),
            value: value.to_string(),
            unit,
        };
        println!("{:<72} {:>9} {}", figure.measure, figure.value, figure.unit);
        self.0.push(figure);
    }

    pub(crate) fn write(&self, file: &Path) {
        let mut text = String::from("measure,value,unit\n");
        for Figure {
            measure,
            value,
            unit,
        } in &self.0
        {
            assert!(!measure.contains(','), "{measure}");
            writeln!(text, "{measure},{value},{unit}").unwrap();
        }
        fs::write(file, text).unwrap();
    }
}

/// The value below which that share of the values lies.
pub(crate) fn quantile(values: &mut [Duration], share: f64) -> Duration {
    values.sort_unstable();
    let at = (values.len() as f64 * share) as usize;
    values[at.min(values.len() - 1)]
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}
