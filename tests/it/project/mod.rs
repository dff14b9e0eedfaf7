//! The README, the documents and the examples.

mod compiler_messages;
mod documented;
mod examples;
mod features;
mod floors;
mod fuzz_corpus;
mod guides;
mod imports;
mod readme;
mod readme_pasted;
mod rules_cited;
mod two_backends;
