#!/bin/sh
# Runs a fuzz target with libFuzzer on a stable toolchain: run.sh TARGET [SECONDS]
#
# cargo-fuzz wants a nightly compiler for its sanitizers. There is no unsafe code here, so coverage
# alone does, and that needs nothing but code generation options (`cargo fuzz run` works as well).
set -eu
cd "$(dirname "$0")"
target=${1:?usage: run.sh jws_compact|jwt_claims|claim_paths|jwk_set|webhook_headers|webhook_bodies|config_file|opened_paths|secret_texts|twilio_forms|forwarded_headers|managed_key|key_api_bodies|mcp_bodies [seconds]}
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1" \
    cargo build --release --target "$host" --bin "$target"
mkdir -p "artifacts/$target" "target/found/$target"
# What is found on the way is kept out of the corpus; what is worth keeping is copied by hand.
exec "${CARGO_TARGET_DIR:-target}/$host/release/$target" "target/found/$target" "corpus/$target" \
    -max_len=70000 -timeout=5 -artifact_prefix="artifacts/$target/" -max_total_time="${2:-60}"
