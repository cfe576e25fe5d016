# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The oracle: which revision, if any, injects a new pod. It judges as the API server and istiod do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from . import labels
from .plane import ControlPlane, behind
from .policy import DEFAULT_POLICY, Pod, Policy, declined
from .webhook import Hook

Kind = Literal["revision", "none", "blocked", "double"]


@dataclass(frozen=True)
class Decision:
    """What happens to a new pod.

    C(kind) is C(revision): it gets a sidecar of C(revision); C(none): it starts without; C(blocked): the API server
    refuses it, because C(revision) cannot answer; C(double): webhooks of several planes catch it. C(via) names the
    tag that led to the revision. C(unserved) is the revision or tag that its labels ask for in vain, C(rivals) are
    the revisions of a double injection.
    """

    kind: Kind
    revision: str | None
    via: str | None
    hooks: tuple[str, ...]
    reason: str
    unserved: str | None = None
    rivals: tuple[str, ...] = ()

    def concerns(self, revision: str) -> bool:
        """Whether the pod comes to a revision, waits for it, or asks for it in vain."""
        return revision in (self.revision, self.unserved, *self.rivals)


@dataclass(frozen=True)
class _Call:
    """A webhook that catches the pod, and whom it reaches."""

    hook: Hook
    revision: str
    home: str
    dead: str | None


def effective(
    namespace_labels: Mapping[str, str],
    pod_labels: Mapping[str, str],
    hooks: Iterable[Hook],
    namespace_name: str = "",
    planes: Sequence[ControlPlane] | None = None,
    *,
    pod_annotations: Mapping[str, str] | None = None,
    host_network: bool = False,
    policies: Mapping[str, Policy] | None = None,
) -> Decision:
    """What happens to a new pod with these labels in a namespace with those.

    :param planes: the control planes of the cluster; without them every webhook counts as answered.
    :param policies: the injection policies of revisions that have another one than the default.
    """
    # The API server sets this label on every namespace; one that is only planned does not carry it yet.
    complete = {labels.NAMESPACE_NAME: namespace_name, **namespace_labels}
    calls = [_call(hook, planes) for hook in hooks if hook.matches(complete, pod_labels)]
    if not calls:
        return _uncaught(namespace_labels, pod_labels)
    for call in calls:
        if call.dead and call.hook.failure_policy != "Ignore":
            reason = f"The webhook {call.hook} catches the pod, but {call.dead}: the API server refuses it."
            return Decision("blocked", call.revision, call.hook.tag, (str(call.hook),), reason)
    answered = [call for call in calls if not call.dead]
    if not answered:
        return _passed_over(calls)
    pod = Pod(namespace_name, pod_labels, pod_annotations or {}, host_network)
    return _answered(answered, pod, policies or {})


def desired(
    namespace_labels: Mapping[str, str],
    pod_labels: Mapping[str, str],
    hooks: Iterable[Hook],
    namespace_name: str = "",
    planes: Sequence[ControlPlane] | None = None,
    *,
    pod_annotations: Mapping[str, str] | None = None,
    host_network: bool = False,
    policies: Mapping[str, Policy] | None = None,
) -> Decision:
    """The revision that the proxy of a new pod belongs to: the one it is written for, else the one that injects it.

    Gateways of C(istioctl install) and of older charts are not injected: their proxy is written in the pod template, and
    the annotation C(istio.io/rev) there says for which revision.
    """
    written = (pod_annotations or {}).get(labels.REV)
    if written and pod_labels.get(labels.INJECT) == "false":
        return Decision("revision", written, None, (), f"Its proxy is written in its pod template, for revision {written}.")
    return effective(
        namespace_labels,
        pod_labels,
        hooks,
        namespace_name,
        planes,
        pod_annotations=pod_annotations,
        host_network=host_network,
        policies=policies,
    )


def _call(hook: Hook, planes: Sequence[ControlPlane] | None) -> _Call:
    plane = behind(hook, planes or ())
    home = hook.service.namespace if hook.service else ""
    return _Call(hook, plane.revision if plane else hook.revision, home, _dead(hook, plane, planes is not None))


def _dead(hook: Hook, plane: ControlPlane | None, planes_known: bool) -> str | None:
    """Why the call must fail, or None."""
    if not hook.trusted:
        return "its CA bundle is empty"
    if not planes_known or (plane and plane.serving):
        return None
    if plane is None or plane.location == "orphan":
        return f"the istiod it calls ({hook.service or hook.url}) is gone"
    return f"istiod {plane.revision} has no ready pod"


def _answered(calls: Sequence[_Call], pod: Pod, policies: Mapping[str, Policy]) -> Decision:
    names = tuple(str(call.hook) for call in calls)
    refusals = {call: declined(pod, policies.get(call.revision, DEFAULT_POLICY)) for call in calls}
    willing = [call for call in calls if not refusals[call]]
    if not willing:
        return Decision("none", None, None, names, str(refusals[calls[0]]))
    targets = sorted({(call.home, call.revision) for call in willing})
    if len(targets) > 1:
        rivals = tuple(revision for _home, revision in targets)
        reason = f"Webhooks of several control planes catch the pod: {' and '.join(rivals)}."
        return Decision("double", None, None, names, reason, rivals=rivals)
    direct = any(call.hook.tag is None for call in willing)
    revision, via = willing[0].revision, None if direct else willing[0].hook.tag
    by_tag = f" by tag {via}" if via else ""
    return Decision("revision", revision, via, names, f"The pod gets a sidecar of revision {revision}{by_tag}.")


def _passed_over(calls: Sequence[_Call]) -> Decision:
    call = calls[0]
    reason = f"The webhook {call.hook} catches the pod, but {call.dead}, and it is set to be ignored then."
    return Decision("none", None, None, (str(call.hook),), reason, unserved=call.hook.tag or call.revision)


def _uncaught(namespace_labels: Mapping[str, str], pod_labels: Mapping[str, str]) -> Decision:
    reason, unserved = _why_uncaught(namespace_labels, pod_labels)
    return Decision("none", None, None, (), reason, unserved)


def _why_uncaught(namespace_labels: Mapping[str, str], pod_labels: Mapping[str, str]) -> tuple[str, str | None]:
    """Why no webhook catches a pod, and what its labels ask for in vain."""
    injection = namespace_labels.get(labels.INJECTION)
    if pod_labels.get(labels.INJECT) == "false":
        return f"The pod label {labels.INJECT}=false keeps it out.", None
    if injection is not None and injection != "enabled":
        return f"The namespace label {labels.INJECTION}={injection} keeps it out.", None
    asked = _asked(injection, namespace_labels.get(labels.REV), pod_labels)
    if asked is None:
        return "Neither the namespace nor the pod asks for a sidecar.", None
    what = "default revision" if asked == labels.DEFAULT else f"revision or tag {asked}"
    return f"It asks for the {what}, which no active webhook serves: the pod starts without a sidecar.", asked


def _asked(injection: str | None, namespace_revision: str | None, pod_labels: Mapping[str, str]) -> str | None:
    if injection == "enabled":
        return labels.DEFAULT
    if namespace_revision is not None:
        return namespace_revision
    if labels.REV in pod_labels:
        return pod_labels[labels.REV]
    return labels.DEFAULT if pod_labels.get(labels.INJECT) == "true" else None
