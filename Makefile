# One command for each intent. Everything runs in .venv, made from requirements.lock.
#   make demo    the whole story on bundled data; prints where the map is
#   make test    all tests        make test-long   minutes of fuzzing and kills
#   make check   lint and types   make format      lay the code out
#   make coverage  lines and branches seen by a part's tests
#   make mutation  share of small wrong edits they notice (PART=trace COUNT=150 SEED=2)
#   make bench   ratios against named peers, 25 minutes (bench-small, bench-large)
#   make lab     JupyterLab on the notebooks
#   make docs    the site, with every notebook run, in docs/_site
#   make picture  the README's picture, from the demo
PYTHON ?= python3
VENV ?= .venv
DEMO ?= layers/demo
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test test-long coverage mutation check format bench bench-large bench-small lab docs picture lock data clean
.DEFAULT_GOAL := demo

demo: $(STAMP)
	$(BIN)/geotool demo $(DEMO)

# Two workers for the two cores of an office machine; a file's tests stay together. They
# start many processes: compiled code is kept, whatever the surroundings say.
test: $(STAMP)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadfile -m "not long"

# Fuzzing, kills, and what holds for any network on ten times as many of them, by chance.
ANY := tests/test_check.py tests/test_network.py tests/test_orient.py tests/test_trace.py tests/test_trace_exact.py

test-long: $(STAMP)
	$(BIN)/python -m pytest -m long
	GEOTOOL_EXAMPLES=6 $(BIN)/python -m pytest -n 2 --dist loadfile $(ANY)

PARTS := crs quality trace attribution
PART ?= $(PARTS)
COUNT ?= 150
SEED ?= 1

coverage: $(STAMP)
	for part in $(PART); do $(BIN)/python mutation/run.py $$part --count 0 || exit 1; done

# Minutes to an hour a part. Survivors are printed; mutation/equivalent.toml lists those
# that change nothing.
mutation: $(STAMP)
	for part in $(PART); do \
	  $(BIN)/python mutation/run.py $$part --count $(COUNT) --seed $(SEED) || exit 1; done

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/nbstripout notebooks/*.ipynb

# 25 minutes on two quiet cores; for the sizes of the goals hours and 8 GB. ONLY="trace map"
# runs some.
# What they say is kept in build/bench/results.txt.
ONLY ?=

bench: $(STAMP)
	$(BIN)/python benchmarks/run.py $(if $(ONLY),--only $(ONLY))

bench-large: $(STAMP)
	$(BIN)/python benchmarks/run.py --large $(if $(ONLY),--only $(ONLY))

# Minutes: tells that every benchmark runs.
bench-small: $(STAMP)
	$(BIN)/python benchmarks/run.py --small $(if $(ONLY),--only $(ONLY))

lab: $(STAMP)
	$(BIN)/jupyter lab notebooks

docs: $(STAMP)
	@echo '逐个运行笔记本，生成网站，要几分钟 · runs every notebook, some minutes'
	$(BIN)/python -m sphinx -W --keep-going -q docs docs/_site
	@echo "open docs/_site/index.html"

# Needs Debian's chromium, as the browser tests do.
picture: $(STAMP)
	$(BIN)/python docs/make_picture.py

# The demo data, made again from the script that documents them.
data: $(STAMP)
	$(BIN)/python data/make_demo_data.py

# Resolve the newest set for every platform and Python we support. Needs uv; users do not.
lock:
	uv lock --upgrade
	uv export --all-extras --no-hashes --no-emit-project --no-header --no-annotate -o requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
	  echo '需要 Python 3.11 到 3.14 · needs one of these: make PYTHON=python3.12' >&2; exit 1; }
	@test -w . || { echo '本文件夹不可写，请把它复制到自己的文件夹里再运行' \
	  '· this folder is read-only: copy or clone it to one of your own' >&2; exit 1; }
	@echo '安装到 $(VENV)，只此一次，要几分钟 · installing, once, for some minutes'
	$(PYTHON) -m venv $(VENV)
	@{ $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .; } || { \
	  echo '安装失败：没有外网时见 README 的 pip download 一段' \
	    '· without Internet see pip download in README.md' >&2; exit 1; }
	touch $(STAMP)

clean:
	rm -rf $(VENV) $(DEMO) build docs/_site docs/generated docs/jupyter_execute .pytest_cache .mypy_cache .ruff_cache .hypothesis
