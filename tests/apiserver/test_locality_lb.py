"""locality_lb on a real API server: the three fields of a rule, what is predicted of its traffic, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from lab.apiserver import ApiServer
from tests.harness.modules import Call
from tests.harness.places import endpoints, furnished
from tests.harness.playbook import play
from tests.harness.proxy import WriteProxy

RULE = {"namespace": "shop", "name": "cart", "service_host": "cart.shop.svc.cluster.local"}
OUTLIER = {"consecutive_5xx_errors": 3, "base_ejection_time": "30s"}
FAILOVER = {"failover": [{"from": "eu", "to": "us"}], "outlier_detection": OUTLIER}
SPLIT = {"eu/a": 70, "eu/b": 20, "us": 10}
RECORD = "meshyard.io/former-locality"

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def central(server: ApiServer) -> Iterator[ApiServer]:
    """A cluster with nodes in three places and the CRD of Istio's own chart."""
    yield from furnished(server, "eu-a", "eu-b", "us-a")


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A cluster in one place of another region."""
    with ApiServer(tmp_path_factory.mktemp("remote"), "remote") as started:
        yield from furnished(started, "us-a")


@pytest.fixture(autouse=True)
def service(central: ApiServer) -> Iterator[None]:
    """The service cart with two endpoints in eu/a, one in eu/b, and one that is not ready in us/a; afterwards no rules."""
    endpoints(central.client, "eu-a", "eu-a", "eu-b", unready="us-a")
    yield
    for namespace in ("shop", "istio-system"):
        central.client.request("DELETE", kind("DestinationRule").path(namespace))


def run(central: ApiServer, *, check: bool = False, **options: Any) -> Answer:
    answer = Call("locality_lb", {"kubeconfig": str(central.kubeconfig), "cluster_name": "central", **RULE, **options}, check).run()
    assert not answer.get("failed"), answer["msg"]
    return answer


def refusal(central: ApiServer, **options: Any) -> Answer:
    """The answer of a call that fails and has sent no write."""
    with WriteProxy(central.host) as proxy:
        answer = Call("locality_lb", {"host": proxy.url, "api_key": central.token, **RULE, **options}).run()
        assert answer.get("failed"), answer
        assert proxy.writes == []
    return answer


def rule(central: ApiServer, name: str = "cart") -> Answer | None:
    """The rule as it is."""
    path = kind("DestinationRule").path("shop", name)
    return central.client.get(path) if central.client.found(path) else None


def there(central: ApiServer) -> Answer:
    found = rule(central)
    assert found is not None
    return found


def put(central: ApiServer, name: str = "cart", namespace: str = "shop", **spec: Any) -> Answer:
    """A rule of somebody else."""
    body = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"host": RULE["service_host"], **spec},
    }
    return central.client.create(f"{kind('DestinationRule').path(namespace)}?fieldManager=somebody", body)


def shares(answer: Answer) -> dict[str, dict[str, float]]:
    return {f"{row['from']['region']}/{row['from']['zone']}": row["shares"] for row in answer["prediction"]}


@pytest.mark.smoke
def test_a_rule_is_made_changed_and_removed_once_as_check_mode_predicted(central: ApiServer) -> None:
    for options in (FAILOVER, {"distribute": [{"from": "*", "to": SPLIT}]}, {"state": "absent"}):
        before = rule(central)
        predicted = run(central, check=True, **options)
        assert rule(central) == before
        done = run(central, **options)
        assert (predicted["steps"], predicted["prediction"], predicted["rule"]) == (done["steps"], done["prediction"], done["rule"])
        assert predicted.keys() == done.keys()
        after = rule(central)
        assert (done["changed"], after != before) == (True, True)
        again = run(central, **options)
        assert (again["changed"], again["steps"], rule(central)) == (False, [], after)
    assert rule(central) is None


def test_the_rule_holds_what_was_asked_for_in_the_words_of_istio(central: ApiServer) -> None:
    run(central, **FAILOVER, connection_pool={"http": {"maxRetries": 2}})
    spec = there(central)["spec"]
    assert spec == {
        "host": RULE["service_host"],
        "trafficPolicy": {
            "loadBalancer": {"localityLbSetting": {"enabled": True, "failover": FAILOVER["failover"]}},
            "outlierDetection": {"consecutive5xxErrors": 3, "baseEjectionTime": "30s"},
            "connectionPool": {"http": {"maxRetries": 2}},
        },
    }
    assert there(central)["metadata"]["labels"] == {"meshyard.io/owner": "locality"}


def test_traffic_is_predicted_for_every_place_that_has_a_node(central: ApiServer) -> None:
    answer = run(central, check=True, **FAILOVER)
    assert shares(answer) == {"eu/a": {"eu/a": 100.0}, "eu/b": {"eu/b": 100.0}, "us/a": {"eu/a": 66.67, "eu/b": 33.33}}
    assert [group["localities"] for group in answer["prediction"][0]["priorities"]] == [["eu/a"], ["eu/b"]]
    split = [{"from": "eu/a", "to": {"eu/a": 75, "eu/b": 25}}, {"from": "*", "to": {"eu": 100}}]
    weighted, rounded_up = shares(run(central, check=True, distribute=split)), {"eu/a": 66.34, "eu/b": 33.66}
    assert weighted == {"eu/a": {"eu/a": 75.0, "eu/b": 25.0}, "eu/b": rounded_up, "us/a": rounded_up}


def test_the_fields_of_others_stay_and_former_values_come_back(central: ApiServer) -> None:
    policy = {
        "tls": {"mode": "ISTIO_MUTUAL"},
        "loadBalancer": {"simple": "LEAST_REQUEST", "localityLbSetting": {"enabled": False}},
        "outlierDetection": {"interval": "7s", "consecutiveGatewayErrors": 4},
    }
    theirs = put(central, trafficPolicy=policy, subsets=[{"name": "v1", "labels": {"version": "v1"}}])
    run(central, **FAILOVER)
    changed = there(central)["spec"]
    assert {**changed["trafficPolicy"]["loadBalancer"], "localityLbSetting": None} == {"simple": "LEAST_REQUEST", "localityLbSetting": None}
    assert changed["trafficPolicy"]["outlierDetection"] == {"consecutive5xxErrors": 3, "baseEjectionTime": "30s"}
    assert (changed["trafficPolicy"]["tls"], changed["subsets"]) == (policy["tls"], theirs["spec"]["subsets"])
    run(central, outlier_detection={}, connection_pool={"tcp": {"maxConnections": 9}})
    assert there(central)["spec"]["trafficPolicy"]["loadBalancer"] == policy["loadBalancer"]
    back = run(central, state="absent")
    assert (back["changed"], there(central)["spec"], back["rule"]["traffic_policy"]) == (True, theirs["spec"], policy)
    assert RECORD not in there(central)["metadata"].get("annotations", {})
    assert not run(central, state="absent")["changed"]


def test_a_field_that_somebody_changed_is_put_back(central: ApiServer) -> None:
    run(central, **FAILOVER)
    before = there(central)["spec"]
    drift = {"spec": {"trafficPolicy": {"outlierDetection": {"interval": "1s"}}}}
    central.client.merge(kind("DestinationRule").path("shop", "cart"), drift)
    assert run(central, **FAILOVER)["changed"]
    assert there(central)["spec"] == before


def test_a_rule_made_here_stays_when_others_have_written_into_it(central: ApiServer) -> None:
    run(central, **FAILOVER)
    subsets = [{"name": "v1", "labels": {"version": "v1"}}]
    central.client.merge(kind("DestinationRule").path("shop", "cart"), {"spec": {"subsets": subsets}})
    done = run(central, state="absent")
    left = there(central)
    assert [step["action"] for step in done["steps"]] == ["patch"]
    assert left["spec"] == {"host": RULE["service_host"], "subsets": subsets}
    assert not left["metadata"].get("labels")
    assert not left["metadata"].get("annotations")


def test_a_wildcard_rule_that_no_longer_counts_is_named(central: ApiServer) -> None:
    put(central, "all", "istio-system", host="*.local", trafficPolicy={"tls": {"mode": "ISTIO_MUTUAL"}})
    answer = run(central, check=True, **FAILOVER)
    assert [(one["code"], one["object"], one["cluster"]) for one in answer["findings"]] == [
        ("wildcard_replaced", "DestinationRule istio-system/all", answer["cluster"]["host"]),
        ("mesh_unknown", "Service shop/cart", answer["cluster"]["host"]),
    ]


def test_the_endpoints_of_all_clusters_count(central: ApiServer, remote: ApiServer) -> None:
    endpoints(remote.client, "us-a")
    others = [{"name": "remote", "kubeconfig": str(remote.kubeconfig)}]
    split = {"distribute": [{"from": "eu", "to": {"eu": 90, "us": 10}}, {"from": "us", "to": {"eu": 10, "us": 90}}]}
    answer = run(central, clusters=others, **split)
    told = {(row["from"]["cluster"], row["from"]["region"], row["from"]["zone"]): row["clusters"] for row in answer["prediction"]}
    assert told["central", "eu", "a"] == {"central": 90.0, "remote": 10.0}
    # istiod rounds up what it splits: of 10, eu/a with two endpoints gets 7 and eu/b gets 4.
    assert told["central", "us", "a"] == told["remote", "us", "a"] == {"central": 10.89, "remote": 89.11}
    same = refusal(central, clusters=[{"name": "again", "kubeconfig": str(central.kubeconfig)}], **split)
    assert "are one, or have one name" in same["msg"]


@pytest.mark.smoke
def test_the_playbook_shows_where_the_traffic_of_each_place_goes_over_the_clusters_of_the_inventory(
    central: ApiServer, remote: ApiServer, tmp_path: Path
) -> None:
    endpoints(remote.client, "us-a")
    far = {"meshyard_host": remote.host, "meshyard_api_key": remote.token, "meshyard_validate_certs": False}
    hosts = {
        "istio_primary": {"eu-1": {"meshyard_kubeconfig": str(central.kubeconfig), "meshyard_cluster_name": "central"}},
        "istio_remote": {"us-1": far},
    }
    predicted = play("locality", hosts, tmp_path, "--check", locality_rules=[{**RULE, **FAILOVER}])
    assert rule(central) is None
    done = play("locality", hosts, tmp_path, locality_rules=[{**RULE, **FAILOVER}])
    assert there(central)["metadata"]["labels"] == {"meshyard.io/owner": "locality"}
    for ended in (predicted, done):
        output = ended.said
        assert ended.status == 0, output
        assert f"{RULE['service_host']} from central eu/a: eu/a 100.0 % (central 100.0 %); when those are down eu/b, then us/a" in output
        assert f"{RULE['service_host']} from us-1 us/a: us/a 100.0 % (us-1 100.0 %); when those are down eu/a and eu/b" in output
        assert "changed=1 " in output


def test_what_makes_no_sense_is_refused_before_any_write(central: ApiServer) -> None:
    weights = [{"from": "eu", "to": {"eu": 100}}]
    refused: dict[str, dict[str, Any]] = {
        "failover without outlier detection": {"failover": FAILOVER["failover"]},
        "sum to 90, not to 100": {"distribute": [{"from": "eu", "to": {"eu": 90}}]},
        "weight 0 in distribute": {"distribute": [{"from": "eu", "to": {"eu": 100, "us": 0}}]},
        "distribute and failover cannot be given together": {"distribute": weights, **FAILOVER},
        "which orders regions, zones and subzones": {**FAILOVER, "failover_priority": ["topology.kubernetes.io/zone"]},
        "'eu' and 'eu/a' overlap": {"distribute": [*weights, {"from": "eu/a", "to": {"eu": 100}}]},
        "from '*' stands before 'eu'": {"distribute": [{"from": "*", "to": {"eu": 100}}, *weights]},
        "leads back to where it begins": {**FAILOVER, "failover": [{"from": "eu", "to": "eu"}]},
        "must name two regions": {**FAILOVER, "failover": [{"from": "eu", "to": "us/a"}]},
        "There is nothing to set": {},
        "is not one service of Kubernetes": {**FAILOVER, "service_host": "cart.shop"},
        "does not name eu/b, where Service shop/cart has ready": {"distribute": [{"from": "eu", "to": {"eu/a": 100}}]},
    }
    for sentence, options in refused.items():
        answer = refusal(central, **options)
        assert sentence in answer["msg"]
        assert answer["remedy"].endswith(".")
    assert rule(central) is None


def test_a_rule_of_another_host_and_a_field_that_istio_does_not_know_are_refused_also_in_check_mode(central: ApiServer) -> None:
    put(central, host="web.shop.svc.cluster.local")
    assert "is for the host web.shop.svc.cluster.local" in refusal(central, **FAILOVER)["msg"]
    wrong = {"kubeconfig": str(central.kubeconfig), **RULE, "name": "new", "connection_pool": {"tpc": {}}}
    for check in (True, False):
        assert "tpc" in Call("locality_lb", wrong, check).run().get("msg", "")
    assert rule(central, "new") is None


def test_a_place_is_starved_when_that_is_wanted_and_is_named(central: ApiServer) -> None:
    answer = run(central, distribute=[{"from": "eu/a", "to": {"eu/a": 100}}], allow_starving=True)
    assert [one["code"] for one in answer["findings"]] == ["starved", "mesh_unknown"]
    assert shares(answer)["eu/a"] == {"eu/a": 100.0}
