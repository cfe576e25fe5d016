# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""From what C(helm template) prints to objects that can be applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    import yaml
except ImportError:  # ansible-core needs it as well: only the sanity tests import without it.
    HAS_YAML = False
else:
    HAS_YAML = True

from .._errors import MeshyardError

Object = dict[str, Any]

HOOK = "helm.sh/hook"
# PyYAML would make a date of 2026-11-21 and fail on a plain =, both of which Kubernetes reads as text.
_TEXT_FOR_KUBERNETES = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
# Kinds of the charts whose objects are in no namespace.
CLUSTER_WIDE = frozenset(
    {
        "Namespace",
        "CustomResourceDefinition",
        "ClusterRole",
        "ClusterRoleBinding",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "PriorityClass",
    }
)


def parse(rendered: str, namespace: str) -> list[Object]:
    """The objects in rendered templates, cleaned and without hooks.

    :param namespace: the release's namespace, for objects whose template names none.
    :raises MeshyardError: not YAML, or a document that is no object.
    """
    documents = [document for document in documents_of(rendered) if document]
    for document in documents:
        _check(document)
    kept = [document for document in documents if HOOK not in (document["metadata"].get("annotations") or {})]
    return [_cleaned(document, namespace) for document in kept]


def documents_of(text: str) -> list[Any]:
    """The documents of a YAML stream.

    :raises MeshyardError: not YAML.
    """
    if not HAS_YAML:
        raise MeshyardError(
            "The Python library PyYAML is missing.", "Install PyYAML for the Python that runs this module.", code="requirement_missing"
        )
    try:
        return list(yaml.load_all(text, Loader=_loader()))
    except yaml.YAMLError as problem:
        where = str(problem).replace("\n", " ")
        raise MeshyardError(
            f"The rendered chart is not YAML: {where}.", "Check the values and the chart.", code="chart_unusable"
        ) from problem


def _loader() -> Any:
    # The C loader reads Istio's CRDs, a megabyte, many times faster; PyYAML is built without it in some places.
    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    resolvers = {
        first: [(tag, pattern) for tag, pattern in known if tag not in _TEXT_FOR_KUBERNETES]
        for first, known in base.yaml_implicit_resolvers.items()
    }
    return type("KubernetesLoader", (base,), {"yaml_implicit_resolvers": resolvers})


def _check(document: Any) -> None:
    whole = isinstance(document, dict) and isinstance(document.get("metadata"), dict) and document["metadata"].get("name")
    if not whole or not document.get("kind") or not document.get("apiVersion"):
        raise MeshyardError(
            f"The chart rendered something that is no Kubernetes object: {str(document)[:80]}.",
            "Use one of the official Istio charts.",
            code="chart_unusable",
        )


def _cleaned(document: Object, namespace: str) -> Object:
    cleaned: Object = _without_nulls(document) if document["kind"] != "CustomResourceDefinition" else dict(document)
    cleaned["metadata"] = {key: value for key, value in cleaned["metadata"].items() if key != "creationTimestamp"}
    cleaned.pop("status", None)
    if document["kind"] not in CLUSTER_WIDE:
        cleaned["metadata"].setdefault("namespace", namespace)
    _deduplicate_env(cleaned)
    return cleaned


def _without_nulls(value: Any) -> Any:
    """The API drops nulls; an object without them can be compared with what it then stores."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(below) for key, below in value.items() if below is not None}
    return [_without_nulls(below) for below in value] if isinstance(value, list) else value


def _deduplicate_env(obj: Object) -> None:
    """The charts can render an environment variable twice, which server-side apply refuses: the last one counts."""
    spec = ((obj.get("spec") or {}).get("template") or {}).get("spec") if isinstance(obj.get("spec"), dict) else None
    for group in ("initContainers", "containers"):
        for container in (spec or {}).get(group) or []:
            if container.get("env"):
                container["env"] = list({entry["name"]: entry for entry in container["env"]}.values())
