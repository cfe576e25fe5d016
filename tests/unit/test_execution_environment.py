"""The recipes of execution environments: tools accept them, and they bring what the collection needs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.tree import ROOT

FOLDER = ROOT / "examples" / "execution-environment"
IMAGE = (FOLDER / "Containerfile").read_text()


def test_ansible_builder_accepts_the_recipe_and_brings_helm(tmp_path: Path) -> None:
    builder = shutil.which("ansible-builder", path=str(Path(sys.executable).parent))
    if builder is None:
        pytest.skip("ansible-builder is in the environment of developers only")
    command = [
        builder,
        "create",
        "-f",
        str(FOLDER / "execution-environment.yml"),
        "-c",
        str(tmp_path),
        "--output-filename",
        "Containerfile",
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "helm [platform:rpm]" in (tmp_path / "_build" / "bindep.txt").read_text()
    assert "meshyard.istio" in (tmp_path / "_build" / "requirements.yml").read_text()
    assert "RUN helm version" in (tmp_path / "Containerfile").read_text()


def test_the_recipe_names_an_ansible_that_the_collection_supports() -> None:
    recipe = yaml.safe_load((FOLDER / "execution-environment.yml").read_text())
    wanted = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["requires_ansible"].rpartition(",<")[2]
    assert recipe["dependencies"]["ansible_core"]["package_pip"].endswith(f",<{wanted.removesuffix('.0')}")


def test_the_image_is_made_of_what_is_tested() -> None:
    """The versions of Helm and of the package that brings the collections are those that the tests use."""
    helm = re.search(r"HELM_VERSION=(\S+)", IMAGE)
    ansible = re.search(r"ANSIBLE_VERSION=(\S+)", IMAGE)
    assert helm
    assert ansible
    assert f"helm.sh/helm/v3 {helm.group(1)}" in "\n".join(path.read_text() for path in (ROOT / "lab" / "modules").rglob("go.mod"))
    assert f"ansible=={ansible.group(1)}" in (ROOT / "tests" / "environments" / "ansible-2.19.txt").read_text()


def test_the_image_takes_all_from_registries_that_build_arguments_name() -> None:
    arguments = set(re.findall(r"^ARG (\w+)", IMAGE, re.MULTILINE))
    assert arguments >= {"PYTHON_IMAGE", "GO_IMAGE", "PIP_INDEX_URL", "GOPROXY"}
    assert re.findall(r"^FROM (?!\$\{)", IMAGE, re.MULTILINE) == []
    assert not re.search(r"\b(curl|wget|git clone)\b|https?://", IMAGE)
