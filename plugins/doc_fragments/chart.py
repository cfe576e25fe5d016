# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a Helm chart comes from."""

from __future__ import annotations


class ModuleDocFragment:
    """The source of a chart, in the words of C(kubernetes.core.helm)."""

    DOCUMENTATION = r"""
options:
  chart_ref:
    description:
      - The chart, as C(helm template) takes it, when it is not the official one of the same name. One of the name of a
        chart in O(chart_repo_url), the path of a packaged or unpacked chart, or an C(oci://) reference.
    type: str
  chart_repo_url:
    description:
      - >-
        Where the charts lie. One of the URL of a chart repository, an C(oci://) reference without the name of the chart,
        or a directory of packaged charts (V(NAME-VERSION.tgz)), for clusters without a way to the internet.
    type: str
    default: https://istio-release.storage.googleapis.com/charts
  chart_version:
    description:
      - Version of the chart, when it is not the version of Istio.
    type: str
  binary_path:
    description:
      - Path of the C(helm) program. When not given, it is looked for on the C(PATH).
      - It only renders, so it needs no access to the cluster.
    type: path
requirements:
  - Helm 3 (tested with 3.22)
"""
