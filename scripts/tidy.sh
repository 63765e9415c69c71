#!/usr/bin/env bash
# Keeps the tree tidy: arrows between crates point down only, no rooms without a name, no foreign addresses.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
fail() { echo "tidy: $1" >&2; failed=1; }

# crate: what it may use. The ground floor is regulation.
allowed() {
  case $1 in
    regulation | ledger | crypto | forms | pages | press | verify | watermark) echo "" ;;
    witness) echo "crypto ledger" ;;
    backup) echo "crypto ledger store vault" ;;
    access | intake) echo "regulation" ;;
    vault) echo "crypto" ;;
    store) echo "crypto ledger regulation" ;;
    office) echo "access crypto intake regulation store" ;;
    server) echo "access crypto forms intake ledger office pages press regulation store vault watermark" ;;
    jingui) echo "access backup crypto forms intake ledger office pages regulation server store vault watermark witness" ;;
  esac
}
for manifest in crates/*/Cargo.toml; do
  crate=$(basename "$(dirname "$manifest")")
  while read -r used; do
    case " $(allowed "$crate") " in *" $used "*) ;; *) fail "$crate must not use $used" ;; esac
  done < <(sed '/^\[dev-dependencies\]/,$d' "$manifest" | grep -oE '^jingui-[a-z]+' | sed 's/^jingui-//')
done

while read -r file; do
  fail "$file: a room is named after what it is about"
done < <(git ls-files | grep -E '(^|/)(utils?|common|helpers?|managers?)(/|\.)' || true)

while read -r file; do
  fail "$file: names download addresses; remove the lines with \"resolved\""
done < <(grep -ls '"resolved"' web/package-lock.json e2e/package-lock.json || true)

# What is committed builds anywhere: no folders of one machine, no lock file that points elsewhere than crates.io.
while read -r line; do
  fail "path of one machine: $line"
done < <(git grep -nIE '(^|[^[:alnum:]._/-])/(work|root|home)/' -- . ':!scripts/tidy.sh' || true)
while read -r line; do
  fail "Cargo.lock: $line"
done < <(grep -E '^source = ' Cargo.lock | grep -vF '"registry+https://github.com/rust-lang/crates.io-index"' | sort -u || true)

while read -r line; do
  fail "unfinished: $line"
done < <({ git grep -nE 'todo!\(|unimplemented!\(|#\[ignore' -- 'crates/*.rs' 'simulation/*.rs' 'bench/*.rs'; git grep -nE '\.(skip|only)\(' -- 'web/src' 'e2e/tests'; } || true)

exit $failed
