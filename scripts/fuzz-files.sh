#!/usr/bin/env bash
# Feeds every parser of uploaded bytes, what opens seals, entries and files, and what reads proofs, with mutated seeds:
# SECONDS_EACH for each kind, or for the kinds named as arguments. Ends with the first finding, which lies in
# target/fuzz/found. Coverage counters come from the stable compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
each=${SECONDS_EACH:-60}
command -v g++ >/dev/null 2>&1 || { echo "missing: g++ (libFuzzer is C++); install it with: sudo apt-get install g++" >&2; exit 1; }
export CARGO_TARGET_DIR=$PWD/target/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table" \
  cargo build --quiet --release --manifest-path fuzz/Cargo.toml --target "$host"
found=$PWD/target/fuzz/found
mkdir -p "$found"
# What the witness and the verifier read lies in files: in memory where the machine has such a place, for a disk is slow.
memory=/dev/shm
[[ -w $memory ]] || memory=$PWD/target/fuzz
TMPDIR=$(mktemp -d "$memory/jingui-fuzz.XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
kinds=$*
run() {
  local target=$1 kind=$2 seeds=${3:-fuzz/seeds/$2}
  [[ -z $kinds || " $kinds " == *" $kind "* ]] || return 0
  local corpus=$PWD/target/fuzz/corpus/$kind
  mkdir -p "$corpus"
  echo "$kind: $each s"
  "$CARGO_TARGET_DIR/$host/release/$target" -max_total_time="$each" -timeout=20 -rss_limit_mb=4096 -max_len=262144 \
    -artifact_prefix="$found/$kind-" -verbosity=0 -print_final_stats=1 "$corpus" "$seeds" 2>&1 | grep -E "stat::number_of_executed|ERROR|panicked|SUMMARY" || true
  if compgen -G "$found/$kind-*" >/dev/null; then
    echo "found something in $kind: see $found" >&2
    exit 1
  fi
}
for kind in pdf ofd picture docx xlsx pptx text; do run document "$kind"; done
run sealed_file sealed
run ledger ledger
run seal seal
run sealed_entry sealed_entry
run note note docs/ledger-vectors
run verifier verifier docs/ledger-vectors
run witness witness
