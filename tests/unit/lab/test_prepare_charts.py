"""The charts of the lab's two versions differ as an upgrade needs it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lab import charts
from lab.paths import LabError

VALUES = """\
_internal_defaults_do_not_set:
  traceSampling: 1.0
  keepaliveMaxServerConnectionAge: 30m
  hub: ""
  tag: ""
  global:
    hub: registry.istio.io/testing
    # Default tag for Istio images.
    tag: latest
"""

CRDS = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gateways.networking.istio.io
spec:
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        properties:
          spec:
            properties:
              outboundTrafficPolicy:
                type: object
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: sidecars.networking.istio.io
spec:
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        properties:
          spec:
            properties:
              outboundTrafficPolicy:
                type: object
  - name: v1beta1
    schema:
      openAPIV3Schema:
        properties:
          spec:
            properties:
              outboundTrafficPolicy:
                type: object
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


def test_the_newer_istiod_has_other_defaults(tmp_path: Path) -> None:
    old, new = (defaults(istiod(tmp_path, version)) for version in ("1.31.0", "1.32.0"))
    assert (old["traceSampling"], new["traceSampling"]) == (1.0, 0.5)
    assert (old["keepaliveMaxServerConnectionAge"], new["keepaliveMaxServerConnectionAge"]) == ("30m", "20m")


def test_each_istiod_has_an_object_that_the_other_lacks(tmp_path: Path) -> None:
    old, new = (istiod(tmp_path, version) / "templates" for version in ("1.31.0", "1.32.0"))
    assert [path.name for path in old.iterdir()] == ["lab-removed.yaml"]
    assert [path.name for path in new.iterdir()] == ["lab-added.yaml"]
    assert "name: istio-lab-added{{-" in (new / "lab-added.yaml").read_text()


def test_the_newer_sidecar_crd_has_one_more_field_in_every_version() -> None:
    gateway, sidecar = yaml.safe_load_all(charts.add_sidecar_field(CRDS))
    assert gateway == next(yaml.safe_load_all(CRDS))
    for version in sidecar["spec"]["versions"]:
        fields = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
        assert set(fields) == {"labNote", "outboundTrafficPolicy"}
        assert fields["labNote"]["type"] == "string"


def test_crds_of_the_older_version_stay_as_published() -> None:
    assert charts.edits("base", "1.31.0") == {}


def test_a_source_that_looks_different_is_refused() -> None:
    with pytest.raises(LabError, match=r"have 0 places like 'tag: latest'"):
        charts.replace_once("tag: newest\n", "tag: latest", "tag: 1.31.0")
    with pytest.raises(LabError, match="has no field outboundTrafficPolicy"):
        charts.add_sidecar_field(CRDS.replace("outboundTrafficPolicy", "other"))
