# One command each; `make help` lists them. Needs Python 3.11+ and make, nothing else.
#   PYTHON=python3.12        the interpreter the environment is made from
#   VENV=DIR                 where the environment lies
#   CONSTRAINTS=FILE         pip constraints (continuous integration sets its own)
#   ARGS='-k ledger'         passed on to pytest, or to a benchmark

PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= $(if $(CI),constraints-ci.txt)
JSON ?=
TRACES ?=
ARGS ?=

BIN := $(VENV)/bin
LENT = $(wildcard $(VENV)/lib/python3*/site-packages/lent_torch.pth)
PIP := $(if $(CONSTRAINTS),PIP_CONSTRAINT=$(CONSTRAINTS) )PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet
BENCH = $(BIN)/python -m tests.bench.$(1) $(if $(JSON),--json $(JSON)) $(ARGS)
# For those that only print: shown, and put into docs/benchmarks.md under a title.
RECORD = $(BIN)/python -m tests.bench.page $@ $(1) $(if $(JSON),--json $(JSON)) $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help demo demo-ready dev test lint format clean \
        bench-wrap bench-steady bench-agent-node bench-cpu-model bench-integration bench-gpu-accuracy bench-kill bench-hourly-model bench-forecast bench-planner bench-fleet bench-agent-queue bench-agent-submit bench-agent-commands bench-agent-soak bench-agent-kill bench-torch-watch bench-torch-trial bench-torch-guard picture

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo  ## Measure a real training on this machine and show what it cost
	$(BIN)/greenops wrap --name demo examples/train_digits.py
	$(BIN)/greenops show last

test: $(VENV)/.dev  ## Run the tests
	@$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev  ## Check style, types and the import arrows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=.:plugins $(BIN)/lint-imports

format: $(VENV)/.dev  ## Rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

dev: $(VENV)/.dev  ## Make the environment for working on greenops

demo-ready: $(VENV)/.demo  ## Make the environment of the demo, torch included

bench-wrap: $(VENV)/.dev  ## Start, cost and memory of `wrap` beside its peers (15 minutes)
	$(call BENCH,wrap)

bench-steady: $(VENV)/.dev  ## What the wrapper costs while a long job runs
	$(call BENCH,steady)

bench-agent-node: $(VENV)/.dev  ## What sampling a whole node costs
	$(call BENCH,agent_node)

bench-agent-queue: $(VENV)/.dev  ## What planning 10,000 waiting jobs anew takes
	$(call RECORD,'A queue of waiting jobs planned anew' tests.bench.agent_queue)

bench-agent-submit: $(VENV)/.dev  ## What submitting a job takes, as a process and as a call
	$(call BENCH,agent_submit)

bench-agent-commands: $(VENV)/.dev  ## What the commands for jobs take beside 100,000 finished ones
	$(call BENCH,agent_commands)

bench-agent-soak: $(VENV)/.dev  ## 10,000 short jobs through the daemon (45 minutes)
	$(call BENCH,agent_soak)

bench-agent-kill: $(VENV)/.dev  ## The daemon killed 1,000 times all over the life of jobs (50 minutes)
	$(call BENCH,agent_kill)

bench-torch-watch: $(VENV)/.demo  ## What counting a PyTorch training costs (15 minutes)
	$(PIP) -e '.[frameworks]'
	$(call BENCH,torch_watch)

bench-cpu-model: $(VENV)/.dev  ## Error of the CPU model on recorded sweeps: TRACES=folder JSON=file
	@test -n '$(TRACES)' || { echo 'usage: make bench-cpu-model TRACES=folder [JSON=file]' >&2; exit 2; }
	$(call RECORD,'The CPU model on recorded sweeps' tests.bench.cpu_model --traces '$(TRACES)')

bench-integration: $(VENV)/.dev  ## Error of integrating power traces, and of its stated bound
	$(call RECORD,'Energy from power and counter readings' tests.bench.integration_error $(if $(TRACES),--traces '$(TRACES)'))

bench-gpu-accuracy: $(VENV)/.dev  ## Error on simulated GPUs of known power
	$(call RECORD,'Jobs on simulated GPUs' tests.bench.gpu_accuracy)

bench-kill: $(VENV)/.dev  ## What 200 kills at random moments cost
	$(call RECORD,'Killed at 200 random moments' tests.bench.ledger_kill)

bench-hourly-model: $(VENV)/.dev  ## What the offline hours are worth on real ones: TRACES=folder JSON=file
	@test -n '$(TRACES)' || { echo 'usage: make bench-hourly-model TRACES=folder [JSON=file]' >&2; exit 2; }
	$(call RECORD,'Offline hours beside real ones' tests.bench.hourly_model --traces '$(TRACES)')

bench-forecast: $(VENV)/.dev  ## The forecast replayed on real hours: TRACES=folder JSON=file
	@test -n '$(TRACES)' || { echo 'usage: make bench-forecast TRACES=folder [JSON=file]' >&2; exit 2; }
	$(call RECORD,'The forecast on real hours' tests.bench.forecast --traces '$(TRACES)')

bench-planner: $(VENV)/.dev  ## The planner on real traces, against oracles: TRACES=folder JSON=file (10 minutes)
	@test -n '$(TRACES)' || { echo 'usage: make bench-planner TRACES=folder [JSON=file]' >&2; exit 2; }
	$(call RECORD,'The planner on real traces' tests.bench.planner --traces '$(TRACES)')

bench-fleet: $(VENV)/.dev  ## Its rows on jobs that compete, planned together: TRACES=folder JSON=file (2 minutes)
	@test -n '$(TRACES)' || { echo 'usage: make bench-fleet TRACES=folder [JSON=file]' >&2; exit 2; }
	$(call RECORD,'Jobs that compete planned together and in turn' tests.bench.planner --traces '$(TRACES)' --only together)

bench-torch-trial: $(VENV)/.demo  ## How trials of changes to a training decide, on CPU seconds (15 minutes)
	$(call BENCH,torch_trial)

bench-torch-guard: $(VENV)/.demo  ## What the guard of a changed training finds, misses and costs
	$(call RECORD,'Guarding a changed training' tests.bench.torch_guard)

picture: $(VENV)/.demo  ## Draw the README's picture from a real run
	$(PIP) 'rich>=13.7' 'pexpect>=4.9'
	$(BIN)/python -m tests.bench.picture

clean:  ## Remove the environments and caches
	rm -rf $(VENV) .bench .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "greenops needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2; exit 1; }
	@if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	  $(PYTHON) -m venv $(VENV); \
	elif $(PYTHON) -c 'import pip, venv' 2>/dev/null; then \
	  $(PYTHON) -m venv --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; \
	else \
	  echo "this Python cannot make virtual environments; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi
	@touch $@

# With what the demo may have borrowed out of sight, so that all tools land in here.
$(VENV)/.dev: $(VENV)/.made pyproject.toml
	@rm -f $(VENV)/.demo $(LENT)
	$(PIP) -e '.[dev]'
	@touch $@

# A torch the interpreter can already import is lent to the environment by a .pth
# file: it is gigabytes, and it may be the only build that fits the machine's driver.
$(VENV)/.demo: $(VENV)/.made pyproject.toml
	@folder=$$($(PYTHON) -c 'import importlib.util as u, pathlib as p; s = u.find_spec("torch"); print(p.Path(s.origin).parents[1] if s and s.origin else "")'); \
	  if [ -n "$$folder" ]; then echo "using the torch in $$folder"; \
	  echo "$$folder" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/lent_torch.pth"; fi
	$(PIP) -e '.[demo]'
	@touch $@
