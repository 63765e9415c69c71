#!/usr/bin/env bash
# Looks for what the build or the tests need; installs it where that is possible, else names it.
set -euo pipefail
what=${1:-run}

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need cc gcc
need make make
need perl perl
if [ "$what" = test ]; then
  need chromium chromium
  need strace strace
  fc-list 2>/dev/null | grep -qi "cjk\|Noto Sans SC" || missing+=(fonts-noto-cjk)
  python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || missing+=(python3-venv)
fi

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
  else
    echo "missing: ${missing[*]}" >&2
    echo "install them with: sudo apt-get install ${missing[*]}" >&2
    exit 1
  fi
fi

for tool in cargo node npm; do
  command -v "$tool" >/dev/null 2>&1 || { echo "missing: $tool (Rust 1.92 or newer, Node 20 or newer)" >&2; exit 1; }
done
