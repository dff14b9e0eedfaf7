//! Each program in `cases` must not compile, and the compiler must say what its `//~` lines say.
//!
//! Only these lines are compared, since they are this library's own: the rest of a message is the
//! compiler's, and changes with it. `TRYBUILD=overwrite` makes trybuild write down what the compiler
//! says, beside copies of the programs.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

#[test]
fn the_compiler_says_what_to_write_instead() {
    assert_eq!(
        env::var("TRYBUILD").as_deref(),
        Ok("overwrite"),
        "run it by `cargo test --all-features --test it compiler_messages`, or set TRYBUILD=overwrite"
    );
    let programs = copies();
    assert!(programs.len() > 4, "{programs:?}");
    let cases = trybuild::TestCases::new();
    for program in &programs {
        cases.compile_fail(program);
    }
    // It runs here, and fails where a program does compile.
    drop(cases);
    for program in &programs {
        let said = fs::read_to_string(program.with_extension("stderr")).unwrap();
        let source = fs::read_to_string(program).unwrap();
        let wanted: Vec<&str> = source
            .lines()
            .filter_map(|line| line.strip_prefix("//~ "))
            .collect();
        assert!(!wanted.is_empty(), "{program:?} says nothing by //~");
        for line in wanted {
            assert!(said.contains(line), "{program:?}: no {line:?} in\n{said}");
        }
    }
}

/// The programs in a place where what the compiler says may be written beside them.
fn copies() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases");
    fs::create_dir_all(&folder).unwrap();
    let programs = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")).unwrap();
    programs
        .map(|program| {
            let program = program.unwrap().path();
            let copy = folder.join(program.file_name().unwrap());
            fs::copy(&program, &copy).unwrap();
            let _absent = fs::remove_file(copy.with_extension("stderr"));
            copy
        })
        .collect()
}
