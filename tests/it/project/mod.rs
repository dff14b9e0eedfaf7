//! The README, the documents and the examples.

mod examples;
mod fuzz_corpus;
mod readme;
mod rules_cited;
mod two_backends;
