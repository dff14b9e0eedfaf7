//! Who is asked at all: rules for paths, and every spelling of a path.

mod config;
mod defaults;
mod on_the_wire;
mod properties;
mod rewritten_paths;
mod routing;
mod rules;
mod single_page;
mod traversal;
