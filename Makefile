# run · test · check · bench · package — what a fresh Debian 12 with Rust and Node needs.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: run test check console bench fuzz package screenshots

CARGO_TEST := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo "cargo nextest run" || echo "cargo test")
WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts web/package.json -type f 2>/dev/null)

# A demonstration office on http://127.0.0.1:8080, made on first use.
run: console
	cargo build --package jingui
	./target/debug/jingui demo

# Everything a change has to pass.
test: console
	./scripts/prepare.sh test
	./scripts/tidy.sh
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(CARGO_TEST) --workspace
	npm --prefix web run check
	npm --prefix web test
	npm --prefix e2e ci --silent
	cargo build --package jingui
	npm --prefix e2e test
	./scripts/fuzz-api.sh

# The inner loop.
check: console
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(CARGO_TEST) --workspace --exclude jingui-simulation --exclude jingui

# The console, built when its sources changed.
console: web/dist/built

web/dist/built: web/node_modules/.package-lock.json $(WEB_SOURCES)
	npm --prefix web run build
	touch $@ crates/server/build.rs

web/node_modules/.package-lock.json: web/package-lock.json
	./scripts/prepare.sh run
	npm --prefix web ci --silent
	touch $@

bench:
	cargo run --release --package jingui-bench -- --items 10000
	cargo run --release --package jingui-bench -- --items 100000

fuzz:
	@echo "the parsers of uploaded files get their fuzz targets together with the vault; today: make test runs the API fuzzing"
	./scripts/fuzz-api.sh

package: console
	cargo build --release --package jingui
	mkdir -p target/package
	cp target/release/jingui README.md README.zh-CN.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE target/package/
	tar -C target/package -czf target/jingui.tar.gz .
