SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The crates that plain cargo builds; the extension is built by cargo-pgrx in extension/setup.sh.
CRATES := -p affiliate-core -p affiliate-gateway -p affiliate-tests
# Much of what tests do is waiting for another process.
export RUST_TEST_THREADS ?= 4
POSTGRES_MAJORS ?= 15 16 17 18
# What `make test` repeats on a server without the extension, through PgBouncer (tests/support/mode.rs).
SOME := --test main_job --test migrate --test cli --test data

# One of several private Postgres trees, where it is asked for; else the newest there is.
ifdef PG_MAJOR
export PG_MAJOR
export AFFILIATE_PG_BIN := $(CURDIR)/.local/postgres/$(PG_MAJOR)/bin
endif

.PHONY: help setup run test test-full bench clean reset

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## Private Postgres, libclang and cargo-pgrx below .local/, and the extension (PG_MAJOR=15|16|17|18)
	@extension/setup.sh

run: setup ## Build everything and run it on a private Postgres: `affiliate dev`
	@cargo build --locked -p affiliate-gateway
	@exec env -u DATABASE_URL target/debug/affiliate dev

test: setup ## Format, lints and every test, with the native and the portable kernels
	cargo fmt --all --check
	cargo clippy --locked --quiet $(CRATES) --all-targets -- -D warnings
	@tests/setup.sh
	@tests/setup/python.sh
	@tests/setup/node.sh
	cargo build --locked --quiet -p affiliate-gateway
	cargo test --locked --quiet --no-fail-fast $(CRATES)
	AFFILIATE_TEST_MODE=pooled cargo test --locked --quiet --no-fail-fast -p affiliate-tests $(SOME) -- --skip kill_9

test-full: test ## The same in every mode and on every supported Postgres, slow tests included, and more random lives
	@for mode in portable pooled; do \
	  echo "== $$mode"; \
	  AFFILIATE_TEST_MODE=$$mode cargo test --locked --quiet --no-fail-fast -p affiliate-tests -- --include-ignored; \
	done
	@for major in $(POSTGRES_MAJORS); do \
	  echo "== Postgres $$major"; \
	  PG_MAJOR=$$major extension/setup.sh; \
	  tests/setup.sh; \
	  AFFILIATE_PG_BIN=$(CURDIR)/.local/postgres/$$major/bin cargo test --locked --quiet $(CRATES) -- --include-ignored; \
	done
	@echo '== Ten times as many lives of customers'
	AFFILIATE_LIVES=10000 cargo test --locked --quiet -p affiliate-tests --test convergence -- lives_end

bench: setup ## Measure, and print one table of ratios
	@cargo build --release --locked --quiet -p affiliate-gateway
	@cargo bench --locked --quiet -p affiliate-tests --bench bench

clean: ## Remove what was built; data and tools below .local/ stay
	cargo clean

reset: ## Remove the data of `affiliate dev`, so that the next run starts afresh
	@mkdir -p .local && touch .local/lock
	@flock --nonblock .local/lock rm -rf .local/data .local/log .local/demo.json \
	  || { echo 'affiliate dev is running: stop it first' >&2; exit 1; }
