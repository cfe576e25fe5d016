"""workload_canary against an API server on which rollouts work: the phases, the two ends, and what is left behind."""

from __future__ import annotations

import pytest

from tests.harness import accounts
from tests.harness.mesh import Body, Mesh
from tests.harness.releases import ISTIO, NEW, OLD, Shop

WHOLE: tuple[tuple[str, dict[str, object]], ...] = (
    ("prepared", {"image": NEW}),
    ("weight", {"weight": 25}),
    ("weight", {"weight": 100}),
    ("promoted", {}),
    ("weight", {"weight": 50}),
    ("weight", {"weight": 0}),
    ("finished", {}),
)


@pytest.fixture
def shop(served: Mesh) -> Shop:
    return Shop(served)


@pytest.mark.smoke
def test_a_release_leaves_nothing_but_the_new_image_and_each_phase_done_twice_changes_nothing(shop: Shop) -> None:
    before = shop.written()
    for state, options in WHOLE:
        assert shop.run(state, **options)["changed"], state
        found = shop.written()
        assert not shop.run(state, **options)["changed"], state
        assert shop.written() == found, state

    before["Deployment web"]["spec"]["template"]["spec"]["containers"][0]["image"] = NEW
    assert shop.written() == before
    assert shop.images == {NEW}


def test_the_canary_has_its_share_of_pods_before_it_has_the_share_of_the_traffic(shop: Shop) -> None:
    seen = []
    shop.begun()
    for weight in (5, 25, 50, 100):
        done = shop.run("weight", weight=weight)
        kinds = [step["kind"] for step in done["steps"]]
        assert kinds.index("VirtualService") > max(
            [kinds.index("Deployment"), *[n for n, kind in enumerate(kinds) if kind == "Deployment"]]
        )
        seen.append((weight, shop.get("Deployment", "web-canary")["status"]["availableReplicas"], shop.weights()["web-canary"]))
    assert seen == [(5, 1, 5), (25, 1, 25), (50, 2, 50), (100, 4, 100)]
    assert shop.images == {OLD}
    assert (shop.get("Deployment")["spec"]["paused"], shop.get("Deployment")["status"]["availableReplicas"]) == (True, 4)


def test_a_smaller_share_takes_pods_from_the_canary_only_after_the_traffic(shop: Shop) -> None:
    shop.begun(100)
    steps = [(step["kind"], step["name"]) for step in shop.run("weight", weight=25)["steps"]]
    assert steps.index(("VirtualService", "web")) < steps.index(("Deployment", "web-canary"))
    assert shop.get("Deployment", "web-canary")["spec"]["replicas"] == 1


@pytest.mark.parametrize("weight", [None, 0, 50, 100])
def test_an_aborted_release_leaves_the_cluster_as_it_was(shop: Shop, weight: int | None) -> None:
    before = shop.written()
    shop.begun(weight)

    assert shop.run("aborted")["changed"]

    assert shop.written() == before
    assert shop.images == {OLD}
    assert not shop.run("aborted")["changed"]


@pytest.mark.parametrize("done", range(len(WHOLE)))
def test_check_mode_tells_the_steps_of_the_real_run_and_writes_nothing(shop: Shop, done: int) -> None:
    for state, options in WHOLE[:done]:
        shop.run(state, **options)
    state, options = WHOLE[done]
    before = shop.written()

    predicted = shop.run(state, check=True, **options)

    assert shop.written() == before
    real = shop.run(state, **options)
    assert (predicted["changed"], predicted["steps"]) == (True, real["steps"])
    assert _where(predicted) == _where(real)


def test_a_service_without_any_route_gets_one_for_the_time_of_the_release(served: Mesh) -> None:
    shop = Shop(served, routed=False)
    before = shop.written()
    shop.begun(25)
    assert shop.weights("web-release") == {"web": 75, "web-canary": 25}
    shop.run("aborted")
    assert shop.written() == before


def test_every_route_to_the_service_carries_the_weights_wherever_it_is(shop: Shop, served: Mesh) -> None:
    ingress = served.namespace(served.unused("ingress"))
    destinations = [{"destination": {"host": shop.host, "subset": "a", "port": {"number": 80}}, "weight": 30}]
    other = {"destination": {"host": "old.example.com"}, "weight": 70}
    rules = [{"name": "split", "route": [*destinations, other]}, {"match": [{"uri": {"prefix": "/x"}}], "route": [other]}]
    shop.route("edge", {"hosts": ["shop.example.com"], "gateways": ["edge"], "http": rules}, ingress)
    shop.begun(10)

    split, rest = served.get("VirtualService", "edge", ingress)["spec"]["http"]
    assert [one["weight"] for one in split["route"]] == [27, 3, 70]
    assert split["route"][1]["destination"] == {**destinations[0]["destination"], "host": shop.host.replace("web", "web-canary", 1)}
    assert rest == rules[1]
    shop.run("aborted")
    assert served.get("VirtualService", "edge", ingress)["spec"]["http"] == rules


def test_a_route_that_somebody_changes_is_not_written_over_and_the_canary_is_taken_out_of_it(shop: Shop) -> None:
    shop.begun(25)
    route = shop.get("VirtualService")["spec"]["http"][0]["route"]
    changed = [{**route[0], "weight": 60}, {**route[1], "weight": 40}]
    shop.mesh.merge("VirtualService", "web", shop.namespace, {"spec": {"http": [{"timeout": "9s", "route": changed}]}})

    told = shop.refusal("weight", weight=50)

    assert (told["code"], told["verdict"]) == ("route_changed", "inconclusive")
    assert shop.weights() == {"web": 60, "web-canary": 40}
    shop.run("aborted")
    (rule,) = shop.get("VirtualService")["spec"]["http"]
    assert (rule["timeout"], [one["destination"]["host"] for one in rule["route"]]) == ("9s", ["web"])
    assert not shop.exists("Deployment", "web-canary")


def test_policies_and_rules_hold_for_the_canary_as_long_as_it_is_there(shop: Shop) -> None:
    shop.create("policy/v1", "PodDisruptionBudget", "web", {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}})
    shop.create("security.istio.io/v1", "AuthorizationPolicy", "web", {"selector": {"matchLabels": {"app": "web"}}, "action": "DENY"})
    shop.create(ISTIO, "DestinationRule", "web", {"host": "web", "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}})
    before = shop.written()

    found = shop.run("prepared", image=NEW)["findings"]

    marks = shop.get("Deployment", "web-canary")["spec"]["template"]["metadata"]["labels"]
    assert {one["object"] for one in found} >= {f"PodDisruptionBudget {shop.namespace}/web", f"AuthorizationPolicy {shop.namespace}/web"}
    assert shop.get("PodDisruptionBudget", "web-canary")["spec"]["selector"]["matchLabels"].items() <= marks.items()
    assert shop.get("AuthorizationPolicy", "web-canary")["spec"]["selector"]["matchLabels"].items() <= marks.items()
    assert shop.get("DestinationRule", "web-canary")["spec"]["trafficPolicy"] == {"tls": {"mode": "ISTIO_MUTUAL"}}
    shop.run("aborted")
    assert shop.written() == before
    refused = shop.refusal("prepared", image=NEW, policy_gap="fail")
    assert (refused["code"], {one["code"] for one in refused["findings"]}) == ("release_blocked", {"policy_gap"})
    shop.run("prepared", image=NEW, policy_gap="warn")
    assert not shop.exists("PodDisruptionBudget", "web-canary")
    shop.run("aborted")


def test_an_autoscaler_does_not_shrink_the_deployment_while_it_has_no_traffic(shop: Shop) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    shop.create("autoscaling/v2", "HorizontalPodAutoscaler", "web", {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 9})
    before = shop.written()
    shop.begun(100)
    assert shop.get("HorizontalPodAutoscaler")["spec"]["minReplicas"] == 4
    shop.run("aborted")
    assert shop.written() == before


def test_the_roles_of_the_examples_are_enough_for_a_release(shop: Shop, served: Mesh) -> None:
    shop.create("policy/v1", "PodDisruptionBudget", "web", {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}})
    shop.create(ISTIO, "DestinationRule", "web", {"host": "web"})
    token = accounts.token(served.client, served.unused("releases"), "reader", "releaser")
    shop.connection = {"host": served.server.host, "api_key": token, "validate_certs": False}
    for state, options in WHOLE:
        assert shop.run(state, **options)["changed"], state
    assert shop.images == {NEW}


def test_a_canary_that_never_gets_ready_gets_no_traffic_and_says_why(shop: Shop) -> None:
    before = shop.written()
    never = {"metadata": {"annotations": {"lab.meshyard/ready": "never"}}}

    told = shop.call("prepared", patch=never, image=NEW, wait_timeout=3).run()

    assert (told["failed"], told["code"], told["verdict"]) == (True, "canary_not_ready", "failed")
    assert told["stuck"][0]["name"] == "web-canary"
    assert shop.weights() == {"web": 0}
    shop.run("aborted")
    assert shop.written() == before


def _where(answer: Body) -> Body:
    """The release without the times at which it came where it is."""
    return {key: value for key, value in (answer["release"] or {}).items() if key not in ("begun", "moved")}
