# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""When a revision may be deleted: everything that still uses it, in every cluster. What is not known counts as use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from . import injection, labels, plane, raw, tag, webhook, workload
from .blocker import Blocker
from .evidence import Evidence
from .proxies import finished, injected_by
from .revision import Names
from .successor import obstacles


def blockers(
    revision: str,
    evidence: Sequence[Evidence],
    *,
    successor: str | None = None,
    grace: float = 0,
    free_for: float | None = None,
    unreached: Mapping[str, str] | None = None,
) -> list[Blocker]:
    """All that stands against deleting a revision; empty when it may go.

    :param evidence: one per cluster, the primary and every cluster that its remote secrets name.
    :param successor: the revision that takes over, which must be ready; None when the mesh ends with this revision.
    :param grace: how long, in seconds, the revision must have been without use.
    :param free_for: how long, in seconds, it is known to have been; None if nobody watched.
    :param unreached: by name, why a cluster could not be reached.
    """
    found = [blocker for one in evidence for blocker in _in_cluster(revision, one, successor)]
    found += [blocker for one in evidence if one.primary for blocker in _connected(revision, one, evidence)]
    found += _unreached_clusters(unreached or {})
    found += _unconnected_clusters(evidence, unreached or {})
    if not found and grace > 0 and (free_for is None or free_for < grace):
        watched = f"only {free_for:.0f}" if free_for is not None else "not for any"
        reason = f"it has been without use for {watched} of the {grace:.0f} seconds of grace"
        found.append(Blocker("", "Revision", "", revision, "grace", reason, unknown=free_for is None))
    return found


def _in_cluster(revision: str, evidence: Evidence, successor: str | None) -> Iterator[Blocker]:
    for what in evidence.unread():
        yield Blocker(evidence.cluster, what, "", "", "unread", "they could not be read, which counts as use", unknown=True)
    yield from _tags(revision, evidence)
    yield from _webhooks(revision, evidence)
    used = {blocker.name: blocker for blocker in _namespaces(revision, evidence)}
    yield from used.values()
    yield from _templates(revision, evidence, used)
    yield from _pods(revision, evidence)
    yield from _configuration(revision, evidence)
    if evidence.primary:
        for kind, name, reason in obstacles(successor, evidence) if successor else ():
            yield Blocker(evidence.cluster, kind, "", name, "successor", reason)


def _names(revision: str, label: str | None, known: Sequence[tag.Tag]) -> bool:
    """Whether a label value stands for the revision, as itself or as a tag that the revision holds."""
    if label is None:
        return False
    held = any(one.name == label and revision in one.claimed_by for one in known)
    return held or tag.resolve(label, known) == revision


def _tags(revision: str, evidence: Evidence) -> Iterator[Blocker]:
    for one in tag.of_revision(evidence.tags, revision):
        for claim in (*one.webhooks, *one.services):
            if claim.revision == revision:
                reason = f"the tag {one.name} points to it"
                yield Blocker(evidence.cluster, claim.kind, claim.namespace, claim.name, "tag", reason, tag=one.name)


def _webhooks(revision: str, evidence: Evidence) -> Iterator[Blocker]:
    for configuration in evidence.validating_webhooks or ():
        if raw.name(configuration) == labels.DEFAULT_VALIDATOR and _validates_by(revision, configuration):
            reason = "it validates all Istio configuration by means of it"
            yield Blocker(evidence.cluster, "ValidatingWebhookConfiguration", "", labels.DEFAULT_VALIDATOR, "default_validator", reason)
    if not evidence.retired_too:
        own = {hook.configuration for hook in evidence.hooks if hook.revision == revision and not hook.tag and _from_afar(hook, evidence)}
        for name in sorted(own):
            yield Blocker(evidence.cluster, "MutatingWebhookConfiguration", "", name, "webhook", "it injects pods by means of it")


def _from_afar(hook: webhook.Hook, evidence: Evidence) -> bool:
    """Whether a webhook calls no istiod of its own cluster."""
    called = plane.behind(hook, evidence.planes)
    return called is None or called.location != "cluster"


def _validates_by(revision: str, configuration: raw.Raw) -> bool:
    called = {raw.text(one, "clientConfig", "service", "name") for one in raw.items(configuration, "webhooks")}
    return raw.labels_of(configuration).get(labels.REV) == revision or Names(revision).istiod in called


def _namespaces(revision: str, evidence: Evidence) -> Iterator[Blocker]:
    for name, own_labels in evidence.namespace_labels.items():
        decision = injection.effective(own_labels, {}, evidence.hooks, name, evidence.planes)
        label = None if labels.INJECTION in own_labels else own_labels.get(labels.REV)
        if decision.concerns(revision) or _names(revision, label, evidence.tags):
            reason = f"its new pods come to it by the tag {decision.via}" if decision.via else "its new pods come to it"
            yield Blocker(evidence.cluster, "Namespace", "", name, "namespace", reason, tag=decision.via or "")


def _templates(revision: str, evidence: Evidence, used: dict[str, Blocker]) -> Iterator[Blocker]:
    for kind, objects in (*evidence.workloads.items(), ("Pod", evidence.pods)):
        for obj in objects or ():
            reason = _template_reason(revision, obj, kind, evidence, used) if _makes_pods(obj, kind) else None
            if reason:
                yield Blocker(evidence.cluster, kind, raw.namespace(obj), raw.name(obj), "workload", reason)


def _makes_pods(obj: raw.Raw, kind: str) -> bool:
    """Whether new pods may come of it; its owner speaks for a ReplicaSet or a pod that has one."""
    if kind in ("ReplicaSet", "Pod") and workload.owner(obj):
        return False
    if kind == "Pod":
        return not finished(obj)
    ended = {raw.text(one, "type") for one in raw.items(obj, "status", "conditions") if one.get("status") == "True"}
    return kind != "Job" or not ended & {"Complete", "Failed"}


def _template_reason(revision: str, obj: raw.Raw, kind: str, evidence: Evidence, used: dict[str, Blocker]) -> str | None:
    parsed = workload.parse(obj, kind)
    if parsed.template_labels.get("app") == "istiod":
        return None
    label = parsed.template_labels.get(labels.REV)
    if _names(revision, label, evidence.tags):
        return f"its pods have the label {labels.REV}={label}"
    if parsed.namespace in used or kind == "Pod":
        return None
    around = evidence.namespace_labels.get(parsed.namespace, {})
    decision = injection.desired(
        around,
        parsed.template_labels,
        evidence.hooks,
        parsed.namespace,
        evidence.planes,
        pod_annotations=parsed.template_annotations,
    )
    return "its new pods come to it" if decision.concerns(revision) else None


def _pods(revision: str, evidence: Evidence) -> Iterator[Blocker]:
    for pod in evidence.pods or ():
        at = (raw.namespace(pod), raw.name(pod))
        if injected_by(pod) == revision and not finished(pod) and at not in evidence.draining:
            reason = "its proxy was injected by it"
            yield Blocker(evidence.cluster, "Pod", *at, "pod", reason, ending=at in evidence.ending)


def _configuration(revision: str, evidence: Evidence) -> Iterator[Blocker]:
    for kind, objects in (evidence.config or {}).items():
        for obj in objects or ():
            label = raw.labels_of(obj).get(labels.REV)
            if _names(revision, label, evidence.tags):
                reason = f"its label {labels.REV}={label} lets no other revision read it"
                yield Blocker(evidence.cluster, kind, raw.namespace(obj), raw.name(obj), "configuration", reason)


def _connected(revision: str, evidence: Evidence, everywhere: Sequence[Evidence]) -> Iterator[Blocker]:
    if evidence.connections is None:
        reason = "its istiods could not be asked for their proxies, which counts as use"
        yield Blocker(evidence.cluster, "Istiod", "", revision, "istiod_not_asked", reason, unknown=True)
        return
    for one in evidence.connections.silent:
        if one.plane == revision:
            reason = f"it could not be asked: {one.reason}"
            yield Blocker(evidence.cluster, "Istiod", "", one.istiod, "istiod_not_asked", reason, unknown=True)
    for connection in evidence.connections.of_plane(revision):
        home = _home(connection.cluster, evidence, everywhere)
        pod = (connection.namespace, connection.pod)
        if home is not None and pod in home.draining:
            continue
        at = connection.cluster or evidence.cluster
        reason = f"it is connected to {connection.istiod}"
        yield Blocker(at, "Proxy", *pod, "proxy", reason, ending=home is not None and pod in home.ending)


def _home(name: str, asked: Evidence, everywhere: Sequence[Evidence]) -> Evidence | None:
    """The cluster in which a proxy runs, None where it was not read. An istiod that tells no ID of its own may mean its own cluster.

    :param asked: the cluster of the istiod that knows the proxy.
    """
    if not name or name in asked.called:
        return asked
    others = (one for one in everywhere if one is not asked and name in one.called)
    return next(others, None if asked.identity else asked)


def _unreached_clusters(unreached: Mapping[str, str]) -> Iterator[Blocker]:
    for name, problem in sorted(unreached.items()):
        reason = f"it cannot be reached ({problem}), which counts as use"
        yield Blocker(name, "Cluster", "", name, "cluster_unreachable", reason, unknown=True)


def _unconnected_clusters(evidence: Sequence[Evidence], unreached: Mapping[str, str]) -> Iterator[Blocker]:
    given = {name for one in evidence for name in one.called} | set(unreached)
    named: set[str] = set()
    for one in evidence:
        if one.primary and one.remotes is None:
            reason = "the remote secrets could not be read, so that clusters may use it"
            yield Blocker(one.cluster, "Secret", "", "", "remote_secrets_unread", reason, unknown=True)
        named.update(one.remotes or ())
    for name in sorted(named - given):
        reason = "a remote secret names this cluster, and no connection to it was given: that counts as use"
        yield Blocker(name, "Cluster", "", name, "cluster_not_given", reason, unknown=True)
