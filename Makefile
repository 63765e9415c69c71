# run · test · check · screenshots · bench · endurance · fuzz · package: what a fresh Debian 12 with Rust and Node needs.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: run test check console browser screenshots bench endurance fuzz package

CARGO_TEST := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo "cargo nextest run" || echo "cargo test")
# A filter keeps the whole workspace in the build: leaving crates out would compile dependencies again with other features.
FAST := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo "-E 'not (package(jingui) + package(jingui-simulation))'" || echo "--exclude jingui --exclude jingui-simulation")
ENDURE := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo "--no-fail-fast --no-capture -E 'test(tamper::) + test(faults::) + test(crash::) + test(a_backup_under_work)'" || echo "-- --nocapture tamper:: faults:: crash:: a_backup_under_work")
WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts web/tsconfig.json web/package.json -type f 2>/dev/null)

# A demonstration office on http://127.0.0.1:8080, made on first use.
run: console
	./scripts/prepare.sh run
	cargo build --package jingui
	./target/debug/jingui demo

# Everything a change has to pass; what fails soonest comes first.
test:
	./scripts/prepare.sh test
	./scripts/tidy.sh
	cargo fmt --all --check
	$(MAKE) console browser
	npm --prefix web run check
	npm --prefix web test
	cargo clippy --workspace --all-targets -- -D warnings
	$(CARGO_TEST) --workspace
	cargo build --package jingui
	npm --prefix e2e test
	./scripts/fuzz-api.sh

# The inner loop: no browser, no killed processes, no simulation.
check: console
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(CARGO_TEST) --workspace $(FAST)

# The console, built when its sources changed.
console: web/dist/built

web/dist/built: web/node_modules/.package-lock.json $(WEB_SOURCES)
	npm --prefix web run build
	touch $@ crates/server/build.rs

web/node_modules/.package-lock.json: web/package-lock.json
	./scripts/prepare.sh run
	npm --prefix web ci --silent
	touch $@

# What the browser tests stand on.
browser: e2e/node_modules/.package-lock.json

e2e/node_modules/.package-lock.json: e2e/package-lock.json
	npm --prefix e2e ci --silent
	touch $@

# The pictures in docs/screenshots, taken anew by the browser tests.
screenshots: console browser
	cargo build --package jingui
	UPDATE=1 npm --prefix e2e test

# A generated office of growing size, measured through HTTP; see bench/.
bench: console
	cargo build --release --package jingui --package jingui-bench
	$${CARGO_TARGET_DIR:-target}/release/jingui-bench --items 10000
	$${CARGO_TARGET_DIR:-target}/release/jingui-bench --items 100000
	$${CARGO_TARGET_DIR:-target}/release/jingui-bench --items 1000000

# The same as in the tests, at length: 20,000 bits and 1,000 replays (docs/tamper.md is their table), a fault in every call to
# the disk of a day, 500 kills, 60 backups under work. Hours on two cores.
endurance: console
	./scripts/prepare.sh test
	ENDURANCE=1 $(CARGO_TEST) --workspace $(ENDURE)

# Every parser of uploaded bytes and the opener of sealed files, a minute each; then the API, from its own document, with more
# examples than make test takes.
fuzz: console
	./scripts/prepare.sh test
	./scripts/fuzz-files.sh
	cargo build --package jingui
	EXAMPLES=$${EXAMPLES:-100} ./scripts/fuzz-api.sh

# One archive with the binary, which carries console and rule pack, the verifier for those who check evidence, and the pages
# that an operator and a verifier read.
package: console
	cargo build --release --package jingui --package jingui-verify
	rm -rf target/package && mkdir -p target/package
	cp target/release/jingui target/release/jingui-verify target/package/
	cp --parents README.md README.zh-CN.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE docs/operations*.md docs/handbook/*.md docs/ledger-format.md docs/sealed-entry.md target/package/
	tar -C target/package -czf target/jingui.tar.gz .
