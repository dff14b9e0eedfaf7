//! What was measured, as tables, files and a chart.

pub mod chart;
pub mod csv;
pub mod rows;
pub mod table;
pub mod targets;
