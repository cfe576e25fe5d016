# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading what decides about a remote secret: the Secrets beside istiod, and the reader's account in the remote cluster."""

from __future__ import annotations

from collections.abc import Callable

from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.wait import Pending, Ready
from ..._mesh import plane, raw, reduced, secret_data
from ..._plan.objects.steps import Object, ref_of
from ..._plan.remote import leftovers, reader
from ..._plan.remote.secret import MULTICLUSTER, PrimaryState, own_ids, secret_name
from ..survey.proxies import ISTIOD

_SECRET = kinds.kind("Secret")
_MAP = kinds.kind("ConfigMap")
_CONTENT = (
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Service",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "NetworkPolicy",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "PersistentVolumeClaim",
    "ResourceQuota",
    "LimitRange",
)
_ROOT_CA = "kube-root-ca.crt"


def here(cluster: Cluster, namespace: str, name: str, warn: Callable[[str], None]) -> PrimaryState:
    """The cluster of istiod, in two or three requests.

    :param warn: told when the ID of the cluster itself cannot be read.
    """
    secrets = read.objects(cluster, _SECRET, namespace, labels=f"{MULTICLUSTER}=true")
    if all(raw.name(one) != secret_name(name) for one in secrets):
        unmarked = read.get(cluster, _SECRET, secret_name(name), namespace)
        secrets += [unmarked] if unmarked else []
    try:
        ids = own_ids(read.objects(cluster, kinds.kind("Deployment"), namespace, labels="app=istiod"))
    except ApiError as problem:
        warn(f"Whether {name} is the ID of cluster {cluster.name} itself could not be read: {problem.problem}")
        ids = frozenset()
    return PrimaryState(cluster.name, namespace, tuple(secrets), ids)


def there(cluster: Cluster, namespace: str) -> reader.RemoteState:
    """The remote cluster, in five requests."""
    has_namespace = read.get(cluster, kinds.kind("Namespace"), namespace, metadata_only=True) is not None
    live = {}
    for wanted in (reader.account(namespace), *reader.rights(namespace)):
        ref = ref_of(wanted)
        found = read.get(cluster, kinds.of(wanted), ref.name, ref.namespace or None)
        if found is not None:
            live[ref] = found
    return reader.RemoteState(namespace, has_namespace, live, tuple(tokens(cluster, namespace)))


def rest(cluster: Cluster, namespace: str, *, revisions_removed: bool) -> leftovers.Leftovers:
    """What nobody owns in a remote cluster, in about twelve requests.

    :param revisions_removed: whether what serves the cluster goes in the same run.
    """
    home = read.get(cluster, kinds.kind("Namespace"), namespace, metadata_only=True)
    hooks = read.objects(cluster, kinds.kind("MutatingWebhookConfiguration"))
    istiods = read.objects(cluster, kinds.kind("Deployment"), namespace, labels=ISTIOD)
    served = bool(
        plane.control_planes(istiods, () if revisions_removed else hooks, read.objects(cluster, kinds.kind("Service"), namespace))
    )
    names = [kinds.kind(name) for name in _CONTENT]
    content = [one for kind in names for one in read.objects(cluster, kind, namespace, metadata_only=True)] if home else []
    maps = read.objects(cluster, _MAP, metadata_only=True, reduced=reduced.of("ConfigMap"))
    return leftovers.Leftovers(home, tuple(maps), tuple(content), served)


def tokens(cluster: Cluster, namespace: str) -> list[Object]:
    """The token Secrets of the reader's account."""
    found = read.objects(cluster, _SECRET, namespace, fields=f"type={reader.TOKEN_TYPE}")
    return [one for one in found if raw.annotations_of(one).get(reader.ACCOUNT_NAME) == reader.ACCOUNT]


def filled(cluster: Cluster, namespace: str, name: str) -> Callable[[], Pending | Ready[Object]]:
    """The condition that a token Secret holds its token."""

    def look() -> Pending | Ready[Object]:
        found = read.get(cluster, _SECRET, name, namespace)
        if found is not None and reader.token_of(found) and reader.ca_of(found):
            return Ready(found)
        return Pending(f"the token controller of cluster {cluster.name} to fill Secret {namespace}/{name}")

    return look


def authority(cluster: Cluster) -> str:
    """The certificate authority that a cluster tells its pods, as base64; empty where that cannot be read."""
    try:
        found = read.get(cluster, kinds.kind("ConfigMap"), _ROOT_CA, "kube-system")
    except ApiError:
        return ""
    return secret_data.encoded(raw.text(found or {}, "data", "ca.crt"))
