# Everything a developer runs. `make help` lists it.

PYTHON ?= python3
VENV := .venv/bin
INVENTORY ?=
STAGES ?=

.DEFAULT_GOAL := help
.PHONY: help setup lab-up lab-down lab-status demo demo-multicluster demo-release bench test test-unit lint istio-tables changelog freeze clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install the pinned tools into .venv (again only when a requirement changed)
	@$(PYTHON) tests/environment.py

lab-up: setup ## Start real clusters on this machine (Debian, root, no Docker); takes up where it was interrupted
	@$(VENV)/python -m lab up

lab-down: setup ## Stop the clusters and take away all that they left on this machine
	@$(VENV)/python -m lab down

lab-status: setup ## Show what of the lab runs
	@$(VENV)/python -m lab status

demo: setup ## Upgrade a live mesh under load and show that no request was lost (INVENTORY=... for clusters of your own)
	@$(VENV)/python -m demo $(if $(INVENTORY),--inventory $(INVENTORY))

demo-multicluster: setup ## Make two clusters one mesh, shift traffic between them, upgrade both under load, and part them
	@DEMO_WORK=demo-multicluster $(VENV)/python -m demo.mesh

demo-release: setup ## Release a good version of a service and a bad one by steps of real traffic, and show what customers noticed
	@$(VENV)/python -m demo.release

bench: setup ## Measure how fast the collection is, beside istioctl, Helm and kubectl (ARGS="read" for some parts)
	@$(VENV)/python -m bench $(ARGS)

test: ## Run every check and test (STAGES="unit sanity" for some of them)
	@$(PYTHON) -m tests.run $(STAGES)

test-unit: setup ## Run the tests that need no cluster (ARGS="-k name" goes to pytest)
	@$(VENV)/python -m pytest tests/unit $(ARGS)

lint: ## Run ruff, mypy, import-linter and ansible-lint
	@$(PYTHON) -m tests.run lint

istio-tables: setup ## For a new minor of Istio: write what the collection knows of its meshConfig and its charts
	@$(VENV)/python -m tests.static.istio_tables

changelog: setup ## For a release: write CHANGELOG.rst for the version in galaxy.yml
	@$(VENV)/python -m tests.static.changelog

freeze: setup ## After a change of requirements: write constraints.txt from what is installed
	@for ansible in 2.16 2.21; do $(PYTHON) tests/environment.py $$ansible || exit; done
	@$(VENV)/python -m tests.static.constraints

clean: ## Delete what the checks wrote (not .venv, not the lab)
	@rm -rf build .hypothesis .mypy_cache .pytest_cache .ruff_cache .ansible
