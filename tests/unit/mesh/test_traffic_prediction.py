"""What is predicted of the traffic between localities."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import locality, traffic_prediction
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.locality import Client, Endpoint
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.traffic_prediction import Distribution, Row, Setting

OUTLIER = Setting(outlier_detection=True)
ENDPOINTS = [
    Endpoint("central", locality.parse("eu/a/1"), "one"),
    Endpoint("central", locality.parse("eu/a/2"), "one"),
    Endpoint("central", locality.parse("eu/b"), "one", {"version": "v2"}),
    Endpoint("remote", locality.parse("us/a"), "two", {"version": "v1"}),
    Endpoint("remote", locality.parse("us/a"), "two", {"version": "v2"}),
    Endpoint("remote", locality.parse("asia/a"), "two"),
]
PLACES = [locality.parse(text) for text in ("eu/a/1", "eu/a/2", "eu/b", "us/a", "us/b", "asia/a", "")]

clients = st.builds(Client, st.sampled_from(["central", "remote"]), st.sampled_from(PLACES), st.sampled_from(["", "one", "two"]))
marks = st.dictionaries(st.just("version"), st.sampled_from(["v1", "v2"]))
clusters, networks = st.sampled_from(["central", "remote"]), st.sampled_from(["", "one", "two"])
endpoints = st.lists(st.builds(Endpoint, clusters, st.sampled_from(PLACES), networks, marks))


def distribution(source: str, first: str, second: str, weight: int) -> Distribution:
    return Distribution(source, {first: weight, second: 100 - weight} if first[:2] != second[:2] else {first: 100})


patterns = st.sampled_from(["eu", "us", "asia", "eu/a", "us/*"])
distributions = st.builds(distribution, st.sampled_from(["*", "eu", "us/a"]), patterns, patterns, st.integers(1, 99))
keys = st.sampled_from([*locality.PLACES, locality.NETWORK, locality.CLUSTER, "version", "version=v1"])
settings = st.builds(
    Setting,
    enabled=st.booleans(),
    outlier_detection=st.booleans(),
    distribute=st.lists(distributions, max_size=2).map(tuple),
    failover=st.sampled_from([(), (("eu", "us"),), (("us", "asia"), ("eu", "asia"))]),
    failover_priority=st.lists(keys, max_size=3, unique=True).map(tuple),
)


def row(setting: Setting, where: str, cluster: str = "central", network: str = "one") -> Row:
    (found,) = traffic_prediction.predict(setting, [Client(cluster, locality.parse(where), network)], ENDPOINTS)
    return found


def order(found: Row) -> list[list[str]]:
    return [group["localities"] for group in found.describe()["priorities"]]


def shares(found: Row) -> Mapping[str, float]:
    told: Mapping[str, float] = found.describe()["shares"]
    return told


@given(settings, clients, endpoints)
def test_all_traffic_goes_to_places_that_have_endpoints(setting: Setting, client: Client, there: list[Endpoint]) -> None:
    (found,) = traffic_prediction.predict(setting, [client], there)
    assert found.shares.keys() <= {one.locality for one in there}
    assert found.clusters.keys() <= {one.cluster for one in there}
    reached = any(found.priorities)
    assert sum(found.shares.values()) == sum(found.clusters.values()) == (1 if reached else 0)
    assert reached or not there or traffic_prediction.starved(setting, client, there)


@given(settings, clients, endpoints)
def test_the_first_priority_takes_all_and_every_group_has_endpoints(setting: Setting, client: Client, there: list[Endpoint]) -> None:
    (found,) = traffic_prediction.predict(setting, [client], there)
    assert all(found.priorities)
    first = {one.locality for one in found.priorities[0]} if found.priorities else set()
    assert found.shares.keys() == first


@given(settings, clients, endpoints)
def test_who_is_starved_gets_nothing_and_all_others_have_a_priority(setting: Setting, client: Client, there: list[Endpoint]) -> None:
    (found,) = traffic_prediction.predict(setting, [client], there)
    left = set(traffic_prediction.starved(setting, client, there))
    assert not left & found.shares.keys()
    assert sum(map(len, found.priorities)) == sum(one.locality not in left for one in there)


def test_without_outlier_detection_every_endpoint_gets_the_same() -> None:
    found = row(Setting(failover=(("eu", "us"),)), "eu/a/1")
    assert (len(found.priorities), shares(found)["us/a"], found.clusters["remote"]) == (1, 33.33, Fraction(1, 2))


def test_by_default_traffic_stays_near_and_fails_over_by_distance() -> None:
    found = row(OUTLIER, "eu/a/1")
    assert order(found) == [["eu/a/1"], ["eu/a/2"], ["eu/b"], ["asia/a", "us/a"]]
    assert shares(found) == {"eu/a/1": 100.0}


def test_a_group_without_endpoints_leaves_its_place_to_the_next() -> None:
    assert order(row(OUTLIER, "us/b")) == [["us/a"], ["asia/a", "eu/a/1", "eu/a/2", "eu/b"]]


def test_failover_puts_its_target_before_all_other_regions() -> None:
    setting = Setting(outlier_detection=True, failover=(("eu", "asia"), ("us", "eu")))
    assert order(row(setting, "eu/b")) == [["eu/b"], ["eu/a/1", "eu/a/2"], ["asia/a"], ["us/a"]]
    assert order(row(setting, "asia/a"))[1:] == [["eu/a/1", "eu/a/2", "eu/b", "us/a"]]


def test_failover_priority_prefers_by_labels_the_first_of_which_counts_most() -> None:
    setting = Setting(outlier_detection=True, failover_priority=(locality.CLUSTER, "version=v2"))
    assert order(row(setting, "eu/a/1", network="")) == [["eu/b"], ["eu/a/1", "eu/a/2"], ["asia/a", "us/a"]]


def test_behind_an_east_west_gateway_only_network_and_cluster_are_seen() -> None:
    setting = Setting(outlier_detection=True, failover_priority=(locality.NETWORK, "version=v2"))
    assert order(row(setting, "us/a", "remote", "two")) == [["us/a"], ["asia/a", "us/a"], ["eu/a/1", "eu/a/2", "eu/b"]]
    region = Setting(outlier_detection=True, failover_priority=(locality.REGION,))
    assert order(row(region, "us/a", "central", "one")) == [["asia/a", "eu/a/1", "eu/a/2", "eu/b", "us/a"]]


def test_failover_orders_what_failover_priority_leaves_equal() -> None:
    setting = Setting(outlier_detection=True, failover=(("eu", "asia"),), failover_priority=("version=v1",))
    assert order(row(setting, "eu/a/1", network="")) == [["us/a"], ["eu/a/1"], ["eu/a/2"], ["eu/b"], ["asia/a"], ["us/a"]]


def test_weights_are_split_over_the_places_of_a_pattern_by_their_endpoints() -> None:
    setting = Setting(distribute=(Distribution("us", {"us/*": 100}), Distribution("*", {"eu/a": 80, "us": 20})))
    assert shares(row(setting, "eu/b")) == {"eu/a/1": 40.0, "eu/a/2": 40.0, "us/a": 20.0}
    assert shares(row(setting, "us/a")) == {"us/a": 100.0}
    assert row(setting, "eu/b").describe()["clusters"] == {"central": 80.0, "remote": 20.0}


def test_a_weight_for_a_place_without_endpoints_goes_to_the_others() -> None:
    setting = Setting(distribute=(Distribution("eu", {"eu/a/1": 60, "eu/b": 20, "africa": 20}),))
    assert shares(row(setting, "eu/b")) == {"eu/a/1": 75.0, "eu/b": 25.0}


def test_who_no_weight_is_for_uses_all() -> None:
    assert len(shares(row(Setting(distribute=(Distribution("us", {"us": 100}),)), "eu/b"))) == 5


def test_the_label_of_a_pod_goes_before_that_of_its_node() -> None:
    node = locality.of_node({"metadata": {"labels": {"failure-domain.beta.kubernetes.io/region": "eu", locality.ZONE: "a"}}})
    assert str(locality.of_pod({}, node)) == "eu/a"
    assert str(locality.of_pod({"istio-locality": "us.b.3"}, node)) == "us/b/3"
    assert str(locality.of_pod({}, None)) == "unknown"
