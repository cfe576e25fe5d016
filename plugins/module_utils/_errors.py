# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The one exception that reaches the user: what is wrong, what to do, a code for programs, and facts."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

Verdict: TypeAlias = Literal["failed", "inconclusive", "error"]
"""What a failure says of the revision that is moved to.

C(failed): something about it, so that moving back is an answer: a workload that does not roll, pods that are not what they should be.
C(inconclusive): it could not be judged. C(error): nothing about it (connection, another run, bad input): nothing is to be moved back.
"""

CODES = {
    "abandoned": "The run that started the module is gone, or was told to end.",
    "admission_denied": "An admission webhook, an admission policy, a quota or Pod Security denied it; C(denials) says who.",
    "another_run": "Another run holds the Lease of the cluster.",
    "api_refused": "The API server refused for a reason that none of the other codes names; C(status) and C(reason) are its own.",
    "canary_missing": "The canary of a release is gone.",
    "canary_not_ready": "The pods of a canary do not get ready; C(stuck) says why.",
    "conflict": "Somebody else changed the object at the same time.",
    "forbidden": "The account has no permission.",
    "former_unreadable": "The record of former labels is not a map of labels.",
    "gateway_without_proxy": "A gateway would have no proxy any more.",
    "identity_differs": "A new revision would not be of one mesh with the one beside it; the message says in what.",
    "injection_blocked": "New pods would be refused: the webhook that must inject them does not answer.",
    "injection_double": "New pods would be injected by two control planes.",
    "invalid_option": "An option is missing, not known, or has a value that it cannot have.",
    "label_leads_elsewhere": "The label leads to another revision than the one that was asked for.",
    "namespace_ambient": "The namespace is in ambient mode.",
    "namespace_ending": "The namespace is being deleted.",
    "namespace_missing": "The namespace does not exist.",
    "namespace_protected": "The namespace belongs to Kubernetes or to a control plane.",
    "no_client": "A container from which a probe was to be sent has no HTTP client.",
    "no_endpoints": "The Service of a gateway has no ready endpoint.",
    "no_release": "The Deployment is in no release.",
    "no_report": "A load generator ended without a report; C(output) holds its last lines.",
    "no_webhook": "No webhook injects new pods: the revision or tag is not there.",
    "not_a_gateway": "The workload is no gateway.",
    "not_ours": "The object was made by another tool, and is not changed.",
    "not_restartable": "The workload cannot be restarted from here.",
    "nothing_waits": "There is no change to release.",
    "phase_wrong": "The release is not in a phase in which that can be done.",
    "pod_wrong": "A pod was made anew and is not what it should be.",
    "pods_late": "Pods were not replaced in time.",
    "probe_unmet": "A probe was answered otherwise than expected.",
    "promotion_begun": "The promotion has begun, so that the Deployment is no safe target for the traffic.",
    "query_refused": "Prometheus does not take the query of a metric; the message says which, and why.",
    "refused": "What was asked for is not possible with what is there; the message says why.",
    "release_blocked": "Something stands against a release; C(findings) says what.",
    "release_open": "A release of a Deployment is open, and must end before anything else restarts it.",
    "release_unreadable": "The record of a release is not one.",
    "revision_is_tag": "A revision and a tag would have one name.",
    "revision_missing": "There is no such revision or tag.",
    "rollout_stuck": "A rollout does not go on; C(stuck) says why.",
    "route_changed": "Somebody changed a route to a workload while it is being released.",
    "selector_fixed": "The selector of a workload names the revision, and cannot be changed.",
    "selector_loses_pods": "A Service, budget or policy would not select the pods any more.",
    "service_elsewhere": "Another cluster has the Service, too, and is not in the release.",
    "service_unclear": "It is not clear which Service leads to the pods, or none does.",
    "stable_not_ready": "The Deployment is not rolled out, so that nothing can be compared with it.",
    "template_changed": "Somebody changed the pod template during the release.",
    "template_waits": "A changed pod template waits, and would roll out at once.",
    "timed_out": "What was waited for did not come in time; C(pending) says what.",
    "unauthorized": "The credentials are not accepted.",
    "unreachable": "The API server, or a pod behind it, gave no answer.",
    "upgrade_open": "An upgrade of the mesh is open.",
    "webhook_unavailable": "A webhook that must be asked does not answer.",
    "workload_changed": "Somebody changed the workload meanwhile.",
    "workload_missing": "There is no such Deployment.",
    "wrong_cluster": "The cluster is not the one whose UID was given.",
}
"""Every code that a failed module may return."""


class MeshyardError(Exception):
    """A problem to be shown as it is.

    :param problem: one sentence: what is wrong, with the object and the cluster it concerns.
    :param remedy: one sentence: what to do about it.
    :param code: one of C(CODES), by which programs tell it from others; that of the class where it is not given.
    :param verdict: that of the class where it is not given.
    :param facts: further return values for C(fail_json), such as C(status) or C(blockers).
    """

    code = "refused"
    verdict: Verdict = "error"

    def __init__(self, problem: str, remedy: str = "", *, code: str = "", verdict: Verdict | None = None, **facts: Any) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.code = code or self.code
        self.verdict = verdict or self.verdict
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()


class InvalidOption(MeshyardError):
    """An option that is not possible, whatever the cluster holds."""

    code = "invalid_option"


class Abandoned(MeshyardError):
    """The run that started this module is gone or was told to end: nothing more may be written."""

    code = "abandoned"
