"""Every failure has a code that is documented and stays what it is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils import _libraries
from ansible_collections.meshyard.istio.plugins.module_utils._charts import versions
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.errors import ApiError
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.lease import Busy
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.wait import TimedOut
from ansible_collections.meshyard.istio.plugins.module_utils._errors import CODES, Abandoned, InvalidOption, MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import revision
from ansible_collections.meshyard.istio.plugins.module_utils._plan.tags import removal as tag_removal
from ansible_collections.meshyard.istio.plugins.module_utils._plan.tags import tag
from tests.tree import ROOT

FINDINGS = ROOT / "plugins" / "module_utils" / "_plan" / "preflight"
LISTED = re.compile(r"^\| `(\w+)` \| ", re.MULTILINE)
# What raises or changes an error names its code so.
NAMED = re.compile(r"\bcode(?:=|, problem\.verdict = | = )\"(\w+)\"")


def test_the_page_of_codes_lists_every_code() -> None:
    table = (ROOT / "docs" / "codes.md").read_text().partition("| code |")[2]
    assert LISTED.findall(table) == sorted(CODES)


def test_no_code_is_used_that_is_not_listed() -> None:
    checks = {"namespace_missing", "ok"}
    texts = {path: path.read_text() for path in ROOT.glob("plugins/**/*.py") if FINDINGS not in path.parents}
    used = {code for text in texts.values() for code in NAMED.findall(text)} - checks
    assert used
    assert used <= CODES.keys()


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (MeshyardError("x"), "refused"),
        (MeshyardError("x", code="not_ours"), "not_ours"),
        (InvalidOption("x"), "invalid_option"),
        (Abandoned("x"), "abandoned"),
        (Busy("x"), "another_run"),
        (TimedOut("x", "y", "z"), "timed_out"),
    ],
)
def test_an_error_has_the_code_of_its_class_or_its_own_and_says_nothing_of_the_revision(problem: MeshyardError, code: str) -> None:
    assert (problem.code, problem.verdict) == (code, "error")


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (lambda: versions.parse("1.32"), "invalid_option"),
        (lambda: versions.check_supported(versions.parse("1.2.0")), "version_unsupported"),
        (lambda: versions.check_step(versions.parse("1.32.0"), versions.parse("1.31.0")), "version_unsupported"),
        (lambda: revision.check_revision("1.32.0"), "invalid_option"),
        (lambda: revision.check_tag("prod", ["prod"]), "revision_is_tag"),
        (lambda: _libraries.require("kubernetes", "1.0.0"), "requirement_missing"),
        (lambda: tag.target_plane("1-32-0", "prod", [], "eu"), "revision_missing"),
        (lambda: tag_removal.refuse("prod", ["Namespace shop"], "eu"), "in_use"),
    ],
)
def test_what_is_refused_for_a_kind_of_reason_has_the_code_of_that_kind(refused: Callable[[], object], code: str) -> None:
    with pytest.raises(MeshyardError) as problem:
        refused()
    assert problem.value.code == code


DENIALS = [
    (422, "ValidatingAdmissionPolicy 'keep' with binding 'all' denied request: no", "ValidatingAdmissionPolicy keep"),
    (403, 'admission webhook "validate.kyverno.svc" denied the request: no', "admission webhook validate.kyverno.svc"),
    (403, 'pods "a" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2', "ResourceQuota few"),
    (403, 'pods "a" is forbidden: failed quota: cpu: must specify limits.cpu for: app', "ResourceQuota cpu"),
    (403, 'pods "a" is forbidden: violates PodSecurity "restricted:latest": hostNetwork', "Pod Security restricted:latest"),
    (403, 'pods "a" is forbidden: error looking up service account shop/a: serviceaccount "a" not found', "admission plugin"),
]


@pytest.mark.parametrize(("status", "message", "by"), DENIALS)
def test_who_denied_a_request_is_named(status: int, message: str, by: str) -> None:
    error = ApiError("eu", "create", "Pod shop/a", status, "Forbidden", message)
    assert (error.code, str(error.denial)) == ("admission_denied", by)
    assert "permission" not in error.remedy


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (401, "Unauthorized", "unauthorized"),
        (403, 'pods is forbidden: User "ci" cannot create resource "pods" in API group "" in the namespace "shop"', "forbidden"),
        (403, 'user "ci" is attempting to grant RBAC permissions not currently held', "forbidden"),
        (409, "the object has been modified", "conflict"),
        (500, 'Internal error occurred: failed calling webhook "a.b": no endpoints', "webhook_unavailable"),
        (500, "etcdserver: leader changed", "api_refused"),
        (422, "spec.replicas: Invalid value: -1", "api_refused"),
    ],
)
def test_a_refusal_of_the_api_server_has_a_code(status: int, message: str, code: str) -> None:
    error = ApiError("eu", "create", "Pod shop/a", status, "Forbidden", message)
    assert (error.code, error.denial) == (code, None)


def test_a_read_is_denied_by_nobody_but_for_want_of_a_permission() -> None:
    assert ApiError("eu", "list", "pods", 403, "Forbidden", "pods is forbidden: not here").code == "forbidden"
