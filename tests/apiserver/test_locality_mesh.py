"""locality_lb for a mesh as a whole: the values of a revision, changed by the plan of istio_revision, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from lab.apiserver import ApiServer
from tests.harness.injector import Injector
from tests.harness.places import endpoints, furnished
from tests.harness.planes import CHART, SYSTEM, Planes
from tests.harness.playbook import play
from tests.harness.proxy import WriteProxy

OLD = "1-31-0"
VALUES, MESH = f"values-{OLD}", f"istio-{OLD}"
RECORD = "meshyard.io/former-locality"
OUTLIER = {"consecutive_5xx_errors": 3}
FAILOVER = {"failover": [{"from": "eu", "to": "us"}], "outlier_detection": OUTLIER}
WEIGHTED = {"eu/a": 60.0, "eu/b": 20.0, "us/a": 20.0}
WEIGHTS = [{"from": "*", "to": {"eu/a": 60, "eu/b": 20, "us/a": 20}}]
CART = "cart.shop.svc.cluster.local"

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def plane(planes_server: ApiServer, injector: Injector) -> Iterator[Planes]:
    """A cluster with nodes in three places and one revision of this collection, whose values set an access log."""
    cluster = Planes(planes_server, injector)
    for _server in furnished(planes_server, "eu-a", "eu-b", "us-a"):
        cluster.install(OLD, values={"meshConfig": {"accessLogFile": "/dev/stdout"}})
        yield cluster
        cluster.wipe()


@pytest.fixture(autouse=True)
def unset(plane: Planes) -> Iterator[None]:
    """Endpoints of cart in eu/a, eu/a, eu/b and us/a; afterwards no rules, and a mesh that is as it was."""
    endpoints(plane.client, "eu-a", "eu-a", "eu-b", "us-a")
    yield
    for namespace in ("shop", SYSTEM):
        plane.client.request("DELETE", kind("DestinationRule").path(namespace))
    if RECORD in plane.there("ConfigMap", VALUES, SYSTEM)["metadata"]["annotations"]:
        run(plane, state="absent", revision=OLD)


def run(plane: Planes, *, check: bool = False, **options: Any) -> Answer:
    return plane.run("locality_lb", check=check, cluster_name="central", **{"wait": False, **options})


def kept(plane: Planes) -> tuple[Answer, Answer]:
    """The two ConfigMaps, without what every write changes."""
    found = [plane.there("ConfigMap", name, SYSTEM) for name in (VALUES, MESH)]
    for one in found:
        one["metadata"] = {key: one["metadata"][key] for key in ("labels", "annotations") if key in one["metadata"]}
    return found[0], found[1]


def mesh_config(plane: Planes, name: str = MESH) -> Answer:
    found: Answer = yaml.safe_load(plane.there("ConfigMap", name, SYSTEM)["data"]["mesh"])
    return found


def said(answer: Answer) -> list[tuple[str, str]]:
    return [(step["action"], step["name"]) for step in answer["steps"]]


def shares(answer: Answer, service: str = CART) -> dict[str, dict[str, float]]:
    rows = [row for row in answer["prediction"] if row["service"] == service and row["from"]["region"]]
    return {f"{row['from']['region']}/{row['from']['zone']}": row["shares"] for row in rows}


def rule(plane: Planes, name: str, namespace: str, **spec: Any) -> None:
    body = {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": name}, "spec": spec}
    plane.client.create(kind("DestinationRule").path(namespace), body)


def once(plane: Planes, **options: Any) -> Answer:
    """The answer of a run that check mode predicted without a write, and that a second run has nothing to add to."""
    before = kept(plane)
    predicted = run(plane, check=True, **options)
    assert kept(plane) == before
    done = run(plane, **options)
    told = ("changed", "steps", "prediction", "findings", "mesh", "coverage")
    assert [predicted[key] for key in told] == [done[key] for key in told]
    assert predicted.keys() == done.keys()
    after = kept(plane)
    again = run(plane, **options)
    assert (done["changed"], again["changed"], again["steps"], kept(plane)) == (True, False, [], after)
    return done


def test_the_values_of_the_revision_change_once_as_check_mode_predicted_and_come_back(plane: Planes) -> None:
    before = kept(plane)
    done = once(plane, **FAILOVER, connection_pool={"http": {"maxRetries": 2}}, wait=True)
    assert said(done) == [("patch", VALUES), ("apply", MESH), ("apply", VALUES)]
    wanted = {"enabled": True, "failover": FAILOVER["failover"]}
    policy = {"outlierDetection": {"consecutive5xxErrors": 3}, "connectionPool": {"http": {"maxRetries": 2}}}
    values = plane.there("ConfigMap", VALUES, SYSTEM)
    for told in (mesh_config(plane), json.loads(values["data"]["original-values"])["meshConfig"]):
        assert (told["localityLbSetting"], told["defaultTrafficPolicy"], told["accessLogFile"]) == (wanted, policy, "/dev/stdout")
    assert done["mesh"] == {"revision": OLD, "version": "1.31.0", "settings": {"localityLbSetting": wanted, **policy}}
    former = {"localityLbSetting": None, "outlierDetection": None, "connectionPool": None}
    assert json.loads(values["metadata"]["annotations"][RECORD]) == former
    assert (f"meshyard-revision-{OLD}", "Apply") in plane.managers("ConfigMap", MESH, SYSTEM)
    back = once(plane, state="absent")
    assert said(back) == [("apply", MESH), ("apply", VALUES), ("patch", VALUES)]
    assert kept(plane) == before


def test_an_image_tag_of_the_users_own_stays_and_drift_is_put_back_and_named(plane: Planes) -> None:
    given = {"revision": OLD, "version": "1.31.0", "values_from_revision": OLD, "wait": False}
    plane.run("istio_revision", **given, values={"global": {"tag": "1.31.0-mine"}})
    plane.merge("Service", f"istiod-{OLD}", {"metadata": {"labels": {"app": "other"}}}, SYSTEM)
    answer = run(plane, check=True, **FAILOVER)
    plane.run("istio_revision", **given)
    assert ("apply", f"istiod-{OLD}") in said(answer)
    assert [step["kind"] for step in answer["steps"]] == ["ConfigMap", "ConfigMap", "ConfigMap", "Service"]
    drifted = [one["message"] for one in answer["findings"] if one["code"] == "drift"]
    assert [f"puts that back: Service {SYSTEM}/istiod-{OLD}." in text for text in drifted] == [True]


def test_traffic_is_predicted_and_what_does_not_follow_the_mesh_is_named(plane: Planes) -> None:
    plain = run(plane, check=True, distribute=WEIGHTS, allow_starving=True)
    assert shares(plain) == {"eu/a": WEIGHTED, "eu/b": WEIGHTED, "us/a": WEIGHTED}
    rule(plane, "all", SYSTEM, host="*.shop.svc.cluster.local", trafficPolicy={"loadBalancer": {"localityLbSetting": {"enabled": False}}})
    answer = run(plane, check=True, distribute=WEIGHTS, allow_starving=True, services=[CART])
    even = {"eu/a": 50.0, "eu/b": 25.0, "us/a": 25.0}
    assert shares(answer) == {"eu/a": even, "eu/b": even, "us/a": even}
    named = {"object": f"DestinationRule {SYSTEM}/all", "sets": ["localityLbSetting"], "services": [CART]}
    assert answer["coverage"]["not_following"] == [named]
    assert (plain["coverage"]["predicted"], plain["coverage"]["left_out"]) == (1, 0)


def test_the_playbook_sets_the_mesh_and_then_rules(plane: Planes, tmp_path: Path) -> None:
    hosts = {"istio_primary": {"central": {"meshyard_kubeconfig": str(plane.server.kubeconfig)}}}
    chart = {f"locality_{key}": value for key, value in CHART.items()}
    ended = play("locality", hosts, tmp_path, "--check", locality_mesh=FAILOVER, **chart)
    assert ended.status == 0, ended.said
    assert f"{CART} from central eu/a: " in ended.said
    assert "services whose DestinationRule has outlier detection" in ended.said
    assert "changed=1 " in ended.said
    assert "localityLbSetting" not in mesh_config(plane)


def test_a_rule_of_one_service_is_predicted_with_what_the_mesh_says(plane: Planes) -> None:
    run(plane, distribute=WEIGHTS, allow_starving=True)
    one = {"namespace": "shop", "name": "cart", "service_host": CART, "outlier_detection": OUTLIER}
    answer = run(plane, check=True, **one)
    assert shares(answer)["eu/a"] == WEIGHTED
    assert [found["code"] for found in answer["findings"]] == []


def test_what_would_do_harm_or_nothing_is_refused_before_any_write(plane: Planes) -> None:
    refused: dict[str, dict[str, Any]] = {
        "failover without outlier detection": {"failover": FAILOVER["failover"]},
        f"clients in eu/a of cluster central send nothing to us/a of {CART}": {"distribute": [{"from": "eu/a", "to": {"eu": 100}}]},
        "tpc": {"connection_pool": {"tpc": {}}},
    }
    with WriteProxy(plane.server.host) as proxy:
        through = {"kubeconfig": None, "host": proxy.url, "api_key": plane.server.token, "cluster_name": "central"}
        for sentence, options in refused.items():
            assert sentence in plane.answer("locality_lb", **through, **options).get("msg", "it was not refused")
        assert proxy.writes == []


def test_a_revision_of_others_or_of_a_version_without_default_outlier_detection_is_refused(plane: Planes) -> None:
    def refusal(labels: Answer, back: Answer, **options: Any) -> Answer:
        plane.merge("Deployment", f"istiod-{OLD}", {"metadata": {"labels": labels}}, SYSTEM)
        answer = plane.refusal("locality_lb", **options)
        plane.merge("Deployment", f"istiod-{OLD}", {"metadata": {"labels": back}}, SYSTEM)
        return answer

    owner, version = "meshyard.io/owner", "app.kubernetes.io/version"
    others = refusal({owner: None}, {owner: f"revision-{OLD}"}, **FAILOVER)
    assert "only values of a revision of this collection are changed" in others["msg"]
    assert "adopt" in others["remedy"]
    early = refusal({version: "1.30.3"}, {version: "1.31.0"}, **FAILOVER)
    assert "Istio 1.30.3, whose mesh configuration has no outlier detection" in early["msg"]
    assert "so that outlier_detection and failover cannot be set for the mesh" in early["msg"]


def test_the_next_revision_carries_it_on_and_then_the_user_says_which_one_is_meant(plane: Planes) -> None:
    run(plane, **FAILOVER)
    same = plane.run("istio_revision", revision=OLD, version="1.31.0", values_from_revision=OLD, wait=False)
    assert (same["changed"], same["steps"]) == (False, [])
    assert RECORD in plane.there("ConfigMap", VALUES, SYSTEM)["metadata"]["annotations"]
    plane.run("istio_revision", version="1.32.0", values_from_revision=OLD, wait=False)
    carried = mesh_config(plane, "istio-1-32-0")
    assert (carried["localityLbSetting"], carried["defaultTrafficPolicy"]) == tuple(
        mesh_config(plane)[key] for key in ("localityLbSetting", "defaultTrafficPolicy")
    )
    answer = plane.refusal("locality_lb", **FAILOVER)
    assert "several control planes on cluster" in answer["msg"]
    assert f"{OLD}, 1-32-0" in answer["msg"]
    assert run(plane, check=True, revision=OLD, state="absent")["changed"]
