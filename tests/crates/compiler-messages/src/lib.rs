//! The tests of this crate are programs that must not compile.
