#!/usr/bin/env bash
# Runs schemathesis against the API document and a demonstration office of its own, with bounded numbers of examples:
# no answer may be a server error, and every answer is one that the document allows.
set -euo pipefail
cd "$(dirname "$0")/.."
python=target/fuzz-api/bin/python
[ -x "$python" ] || python3 -m venv target/fuzz-api
"$python" -c 'import schemathesis' 2>/dev/null || "$python" -m pip install --quiet 'schemathesis==4.4.4' || "$python" -m pip install --quiet 'schemathesis<5'
work=$(mktemp -d)
server=""
cleanup() { [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }; rm -rf "$work"; }
trap cleanup EXIT
./target/debug/jingui demo --data "$work/office" --listen 127.0.0.1:0 >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 100); do grep -q 'http://' "$work/out" && break; sleep 0.2; done
base=$(grep -oE 'http://127.0.0.1:[0-9]+' "$work/out" | head -n 1)
for account in zhoumin security lilei; do
  cookie=$(curl -sS -i -H 'Content-Type: application/json' -d "{\"account\":\"$account\",\"password\":\"Jingui-2026\"}" "$base/api/sign-in" | tr -d '\r' | sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p')
  echo "as $account"
  "$python" -m schemathesis.cli run docs/openapi.json --url "$base" -H "Cookie: $cookie" --max-examples "${EXAMPLES:-12}" \
    --phases examples,fuzzing --seed 20261123 --workers 1 --request-timeout 20 \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --exclude-path /api/live --exclude-path /api/sign-out --exclude-path /api/sign-in --exclude-path /api/countersign \
    --exclude-path /api/actions/account.change_password --exclude-path /api/actions/account.close --exclude-path /api/actions/person.set_rights \
    --generation-database none || { tail -n 20 "$work/log"; exit 1; }
done
