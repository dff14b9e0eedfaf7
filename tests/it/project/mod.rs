//! The README, the documents and the examples.

mod examples;
mod fuzz_corpus;
mod imports;
mod readme;
mod rules_cited;
mod two_backends;
