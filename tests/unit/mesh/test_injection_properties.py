"""What holds for every decision of the oracle, whatever the labels."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.mesh.test_injection import UNREVISIONED_AND_R, R, decide

LABELS = st.dictionaries(
    st.sampled_from(["istio-injection", "istio.io/rev", "sidecar.istio.io/inject"]),
    st.sampled_from(["enabled", "disabled", "true", "false", R, "prod", "default", "gone", ""]),
)


@given(LABELS, LABELS)
def test_one_decision_is_always_consistent_in_itself(namespace: dict[str, str], pod: dict[str, str]) -> None:
    decision = decide(namespace, pod, UNREVISIONED_AND_R)
    assert (decision.revision is not None) == (decision.kind in ("revision", "blocked"))
    assert decision.reason.endswith(".")
    if decision.unserved:
        assert decision.kind == "none"
        assert decision.unserved in {*namespace.values(), *pod.values(), "default"}


@given(LABELS, LABELS)
def test_a_namespace_with_an_injection_label_never_listens_to_revisions(namespace: dict[str, str], pod: dict[str, str]) -> None:
    labelled = {**namespace, "istio-injection": namespace.get("istio-injection", "enabled")}
    bare = {"istio-injection": labelled["istio-injection"]}
    without = {key: value for key, value in pod.items() if key != "istio.io/rev"}
    assert decide(labelled, pod, UNREVISIONED_AND_R).revision == decide(bare, without, UNREVISIONED_AND_R).revision
