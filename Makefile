# Every verb, `make` lists them. All that they install lies in .venv and .cache; what they write lies in .local.
# Written for GNU make 3.81 (macOS) and newer.

SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
# The copy of the lock that .venv was built from. It is written last: without it .venv is half made, and made again.
READY := $(VENV)/requirements.lock
UV_VERSION := 0.13.9
# The root and localaws on the path of .venv. At each setup: a .venv may be older than a folder of these.
PUT_ON_PATH := import pathlib, sysconfig; \
	path = pathlib.Path(sysconfig.get_path("purelib"), "music_streaming_etl.pth"); \
	text = "../../../..\n../../../../packages/localaws/src\n"; part = path.with_suffix(".part"); \
	path.is_file() and path.read_text() == text or part.write_text(text) and part.replace(path)
# Airflow 2.9.2, the second version that the DAG runs on; its pins fight those of .venv.
AIRFLOW_2 := .cache/airflow-2.9.2
AIRFLOW_2_LOCK := conf/aws/airflow-2.9.2.lock
# Two files at a time, whatever the machine: each test starts its own servers, on ports of its own.
# What each took is kept in .cache, the ten longest are printed.
PYTEST = TZ=UTC $(PY) -m pytest -n 2 --dist loadfile --durations=10 --junit-xml=.cache/$@.xml

# Where a verb works: a state of the stand-in, or the account of an environment of conf/. A shell
# may have an ENV of its own, which names a file.
PLACE = $(if $(ENV),$(if $(and $(findstring environment,$(origin ENV)),$(findstring /,$(ENV))),,--environment "$(ENV)")) \
	$(if $(STATE),--state "$(STATE)")

# The first Python 3.11 or 3.12 that can make environments.
FIT := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))
FIND_PYTHON = for python in "$(PYTHON)" python3.11 python3.12 python3; do \
	if [ -n "$$python" ] && "$$python" -c '$(FIT)' 2>/dev/null; then break; fi; \
	if [ -n "$(PYTHON)" ]; then python=; break; fi; python=; done

.PHONY: help setup lint types test-fast test test-slow check format lock sample spark-run metadata-up metadata-down bench clean
.PHONY: up down status env query certificates coverage bench-warehouse run validate quarantine
.PHONY: reconcile rebuild backfill compact crash-test

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## Make the environment: Python packages in .venv, Java and jars in .cache
	@$(PY) -c '$(PUT_ON_PATH)'
	@$(PY) -m commands.spark.java --ensure >&2
	@$(PY) -m commands.spark.jars --ensure >&2

$(READY): requirements.lock
	@if cmp -s requirements.lock $(READY); then touch $(READY); exit 0; fi; \
	$(FIND_PYTHON); \
	if [ -z "$$python" ]; then \
	  echo "error: no Python 3.11 or 3.12 with the venv module found$(if $(PYTHON), at $(PYTHON)): install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 2; fi; \
	echo "Making the Python environment in $(VENV) (a minute or two) ..." >&2; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV) >&2 && \
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock >&2 && \
	cp requirements.lock $(VENV)/lock.part && mv $(VENV)/lock.part $(READY) || { \
	  echo "error: $(VENV) could not be made (see above): check the connection to the package index and run make again" >&2; exit 2; }

$(AIRFLOW_2)/lock: $(AIRFLOW_2_LOCK) $(READY)
	@if cmp -s $(AIRFLOW_2_LOCK) $@; then touch $@; exit 0; fi; \
	echo "Making the environment of Airflow 2.9.2 in $(AIRFLOW_2) (two minutes) ..." >&2; \
	rm -rf $(AIRFLOW_2) && $(PY) -m venv $(AIRFLOW_2) >&2 && \
	$(AIRFLOW_2)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(AIRFLOW_2_LOCK) >&2 && \
	cp $(AIRFLOW_2_LOCK) $(AIRFLOW_2)/lock.part && mv $(AIRFLOW_2)/lock.part $@ || { \
	  echo "error: $(AIRFLOW_2) could not be made (see above): check the connection to the package index and run make again" >&2; exit 2; }

lint: setup ## Check style (ruff), changing nothing
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: setup ## Check types (mypy, strict)
	@$(PY) -m mypy

test-fast: setup $(AIRFLOW_2)/lock ## Run the tests that need no server and no JVM
	@$(PYTEST) -m "not slow and not server"

test: setup $(AIRFLOW_2)/lock ## Run the tests, the long ones left out
	@$(PYTEST) -m "not slow"

test-slow: setup $(AIRFLOW_2)/lock ## Run the long tests: kills, races, whole flows
	@$(PYTEST) -m slow

# The matrix, every write of every sort of run killed before and after it, then RUNS random cases.
crash-test: setup ## Kill runs and servers everywhere, compare with unkilled ones: RUNS=20 SEED=1 FROM=17 (or r17)
	@TZ=UTC $(PY) -m tests.crash $(if $(RUNS),--runs "$(RUNS)") $(if $(SEED),--seed "$(SEED)") $(if $(FROM),--from "$(FROM)")

check: lint types test ## What CI runs: lint, types, test

format: setup ## Rewrite the code in the project's style
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

lock: setup ## Make the locks again from requirements.txt, pyproject.toml and conf/aws/airflow-2.9.2.in
	@$(PY) -m venv .cache/uv >&2
	@.cache/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) >&2
	@.cache/uv/bin/uv pip compile requirements.txt --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" --quiet --output-file requirements.lock
	@.cache/uv/bin/uv --no-config pip compile conf/aws/airflow-2.9.2.in --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" --quiet --output-file $(AIRFLOW_2_LOCK)

sample: need-OUT setup ## Make sample data: OUT=dir PLAYS=100000 DAYS=3 SEED=1 SPARSE=1 SKEWED=1 ROWS=100
	@$(PY) -m commands.sample_data --plays $(or $(PLAYS),100000) --days $(or $(DAYS),3) --seed $(or $(SEED),1) \
	  --out "$(OUT)" $(if $(SPARSE),--sparse-ids) $(if $(SKEWED),--skewed) $(if $(ROWS),--rows-per-file "$(ROWS)")

spark-run: setup ## Run the three jobs by plain spark-submit: DATA=tests/sample OUT=.local/spark-run FROM=2024-06-01 TO=2024-06-02 MAX_REJECTED_SHARE=0.10 NATIVE=1
	@$(PY) -m commands.spark_run --data "$(or $(DATA),tests/sample)" --out "$(or $(OUT),.local/spark-run)" \
	  $(if $(FROM),--from "$(FROM)") $(if $(TO),--to "$(TO)") \
	  $(if $(MAX_REJECTED_SHARE),--max-rejected-share "$(MAX_REJECTED_SHARE)") $(if $(NATIVE),--native)

metadata-up: setup ## Start a PostgreSQL with users and songs, print how to reach it: DATA=tests/sample STATE=.local/metadata
	@$(PY) -m commands.metadata_server up --data "$(or $(DATA),tests/sample)" --state "$(or $(STATE),.local/metadata)"

metadata-down: setup ## Stop it: STATE=.local/metadata
	@$(PY) -m commands.metadata_server down --state "$(or $(STATE),.local/metadata)"

# With parameters for the DAG alone, nothing is uploaded: the sample does not belong into every state.
run: setup $(if $(filter 2.9.2,$(AIRFLOW)),$(AIRFLOW_2)/lock) ## Run the whole DAG on the local AWS: DATA=tests/sample STATE=.local/aws CONF='{"rebuild": true}' AIRFLOW=2.9.2
	@$(PY) -m commands.run --state "$(or $(STATE),.local/aws)" $(if $(AIRFLOW),--airflow "$(AIRFLOW)") \
	  $(if $(DATA)$(CONF),,--data tests/sample) $(if $(DATA),--data "$(DATA)") $(if $(CONF),--conf "$$CONF")

validate: setup ## Ask the warehouse the five queries that show a run's results: STATE=.local/aws or ENV=name
	@$(PY) -m commands.validate $(PLACE)

quarantine: setup ## Show the rejected lines of the last run: FILE=key STATE=.local/aws or ENV=name, or OUT=.local/spark-run
	@$(PY) -m commands.quarantine $(PLACE) $(if $(OUT),--out "$(OUT)")

reconcile: setup ## Prove that every play counts exactly once: commits, lake, warehouse: STATE=.local/aws or ENV=name
	@$(PY) -m commands.reconcile $(PLACE)

rebuild: setup ## Derive totals, KPIs and the warehouse's plays anew from the lake: STATE=.local/aws or ENV=name
	@$(PY) -m commands.rebuild $(PLACE)

backfill: need-FROM need-TO setup ## Compute the hours of days anew, after songs were corrected: FROM=2024-06-01 TO=2024-06-02 STATE=.local/aws
	@$(PY) -m commands.run --state "$(or $(STATE),.local/aws)" --conf '{"from_date": "$(FROM)", "to_date": "$(TO)"}'

compact: setup ## Put each day of the lake into one object, drop old ones: STATE=.local/aws or ENV=name KEEP_DAYS=7
	@$(PY) -m commands.compact $(PLACE) --keep-days "$(or $(KEEP_DAYS),7)"

up: setup ## Start the local AWS (S3, PostgreSQL, DynamoDB, EMR, Redshift): STATE=.local/aws PORTS="s3=8333 endpoint=4566"
	@$(PY) -m commands.local_aws up --state "$(or $(STATE),.local/aws)" $(PORTS:%=--port "%")

down: setup ## Stop it; its state stays
	@$(PY) -m commands.local_aws down --state "$(or $(STATE),.local/aws)"

status: setup ## Show what of it runs, and where
	@$(PY) -m commands.local_aws status --state "$(or $(STATE),.local/aws)"

env: setup ## Print the exports for boto3 and the AWS CLI: eval "$$(make -s env)"
	@$(PY) -m commands.local_aws env --state "$(or $(STATE),.local/aws)"

query: setup ## Ask the warehouse: SQL="SELECT ..." FORMAT=table|csv|json WRITE=1 STATE=.local/aws or ENV=name
	@$(PY) -m commands.query $(PLACE)

certificates: setup ## Put RDS's certificates into conf/aws, for the environments whose metadata_ssl_mode verifies
	@$(PY) -m commands.spark.certificates

coverage: setup ## Write docs/coverage.md: which of AWS's rules the local AWS holds
	@$(PY) -m commands.coverage

bench: setup ## Measure the jobs: ONLY=peers|growth|history|shapes PLAYS=60000000 ROUNDS=3 AGAINST=another-checkout NATIVE=1
	@$(PY) -m commands.benchmark $(if $(PLAYS),--plays "$(PLAYS)") $(if $(ROUNDS),--rounds "$(ROUNDS)") \
	  $(if $(ONLY),--only "$(ONLY)") $(if $(AGAINST),--against "$(AGAINST)") $(if $(NATIVE),--native)

bench-warehouse: need-TABLES setup ## Measure the local warehouse: TABLES=OUT of make spark-run
	@$(PY) -m commands.benchmark.warehouse --tables "$(TABLES)"

clean: ## Remove .local: all state and output of local runs; the local AWS in it is stopped first
	@if [ -d .local/aws ] && [ -x $(PY) ]; then $(PY) -m commands.local_aws down; fi
	@if [ -d .local/metadata ] && [ -x $(PY) ]; then $(PY) -m commands.metadata_server down; fi
	@rm -rf .local

need-%:
	@$(if $($*),:,$(error name it: make $(MAKECMDGOALS) $*=...))
