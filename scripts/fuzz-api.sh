#!/usr/bin/env bash
# Runs schemathesis against the API document and a demonstration office of its own, with bounded numbers of examples:
# no answer may be a server error, and every answer is one that the document allows.
set -euo pipefail
cd "$(dirname "$0")/.."
version=4.32.5
python=$PWD/target/fuzz-api/bin/python
document=$PWD/docs/openapi.json
[ -x "$python" ] || python3 -m venv target/fuzz-api
"$python" -c "import importlib.metadata as m; assert m.version('schemathesis') == '$version'" 2>/dev/null ||
  "$python" -m pip install --quiet --disable-pip-version-check "schemathesis==$version"

work=$(mktemp -d)
server=""
cleanup() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
  rm -rf "$work"
}
trap cleanup EXIT
./target/debug/jingui demo --data "$work/office" --only-make 2>"$work/log"
./target/debug/jingui demo --data "$work/office" --listen 127.0.0.1:0 >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 150); do grep -q 'http://' "$work/out" && break; sleep 0.2; done
base=$(grep -oE 'http://127.0.0.1:[0-9]+' "$work/out" | head -n 1 || true)
[ -n "$base" ] || { echo "the demonstration office didn't start:" >&2; cat "$work/log" >&2; exit 1; }

# Answers the cookie of a session; changes are taken only from the console's own page, which the origin says it is.
sign_in() {
  curl -sS -D "$work/headers" -o "$work/answer" -H 'Content-Type: application/json' -H "Origin: $base" \
    -d "{\"account\":\"$1\",\"password\":\"Jingui-2026\"}" "$base/api/sign-in"
  tr -d '\r' <"$work/headers" | sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p'
}
signed_in() { curl -sS -o "$work/answer" -w '%{http_code}' -H "Cookie: $1" "$base/api/me" | grep -qx 200; }

for account in zhoumin sunli security lilei; do
  cookie=$(sign_in "$account")
  signed_in "$cookie" || { echo "$account could not sign in:" >&2; cat "$work/answer" >&2; exit 1; }
  echo "the API as $account:"
  # Run beside the office: the tool leaves a folder behind where it runs.
  (cd "$work" && "$python" -m schemathesis.cli run "$document" --url "$base" -H "Cookie: $cookie" -H "Origin: $base" \
    --max-examples "${EXAMPLES:-20}" --phases examples,fuzzing --mode all --seed 20261123 --workers 1 --request-timeout 20 \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --exclude-path /api/live --exclude-path /api/sign-out --exclude-path /api/sign-in --exclude-path /api/countersign \
    --exclude-path /api/actions/account.change_password --exclude-path /api/actions/account.close \
    --exclude-path /api/actions/person.set_rights \
    --generation-database none) >"$work/report" 2>&1 || { cat "$work/report"; tail -n 20 "$work/log"; exit 1; }
  sed -n "/^Test cases/,/^$/p" "$work/report"
  # A session that ended on the way would have tested nothing but the door.
  signed_in "$cookie" || { echo "the session of $account ended while the API was tested" >&2; exit 1; }
done
