"""What is changed in the charts of the lab's two versions."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lab import charts
from lab.paths import LabError

VALUES = """\
_internal_defaults_do_not_set:
  traceSampling: 1.0
  hub: ""
  tag: ""
  global:
    hub: registry.istio.io/testing
    # Default tag for Istio images.
    tag: latest
"""


def istiod(folder: Path, version: str) -> Path:
    chart = folder / version
    (chart / "templates").mkdir(parents=True)
    (chart / "values.yaml").write_text(VALUES)
    charts.patch(chart, charts.edits("istiod", version))
    return chart


def defaults(chart: Path) -> dict[str, object]:
    content: dict[str, object] = yaml.safe_load((chart / "values.yaml").read_text())["_internal_defaults_do_not_set"]
    return content


@pytest.mark.parametrize("version", ["1.31.0", "1.32.0"])
def test_istiod_uses_the_labs_images_of_its_version(tmp_path: Path, version: str) -> None:
    found = defaults(istiod(tmp_path, version))
    assert found["global"] == {"hub": "meshyard.lab", "tag": version}
    assert (found["hub"], found["tag"]) == ("", "")


def test_a_default_of_the_newer_istiod_has_another_value(tmp_path: Path) -> None:
    old, new = (defaults(istiod(tmp_path, version)) for version in ("1.31.0", "1.32.0"))
    assert (old["traceSampling"], new["traceSampling"]) == (1.0, 0.5)


def test_the_older_istiod_has_an_object_that_the_newer_one_lacks(tmp_path: Path) -> None:
    old, new = (istiod(tmp_path, version) / "templates" for version in ("1.31.0", "1.32.0"))
    assert "name: istio-lab-removed{{-" in (old / "lab-removed.yaml").read_text()
    assert list(new.iterdir()) == []


@pytest.mark.parametrize("version", ["1.31.0", "1.32.0"])
def test_base_and_gateway_stay_as_published(version: str) -> None:
    assert charts.edits("base", version) == charts.edits("gateway", version) == {}


def test_a_source_that_looks_different_is_refused() -> None:
    with pytest.raises(LabError, match=r"have 0 places like 'tag: latest'"):
        charts.replace_once("tag: newest\n", "tag: latest", "tag: 1.31.0")
