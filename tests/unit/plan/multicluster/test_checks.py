"""Why clusters cannot be one mesh: their certificates, names, versions and remote secrets."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster import checks as multicluster_checks
from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster.model import Gateway, Given, Serving, Trust
from tests.unit.plan import clusters
from tests.unit.plan.clusters import NOW, certificate, joining, only, plane, primary, proxy, remote, secret, several, trust

SHOWN = "ConfigMap istio-system/istio-ca-root-cert"


def test_clusters_that_fit_have_no_finding() -> None:
    assert multicluster_checks.findings(joining(), NOW) == []
    assert multicluster_checks.findings(several(primary("us"), primary("eu"), primary("asia")), NOW) == []


def test_primaries_without_a_common_root_are_named_with_their_fingerprints() -> None:
    us = primary("us", own=trust("b"), shown=trust("b"))
    message = only(several(us, primary()), "blocker", "roots_differ")
    assert "us and eu" in message
    assert "bbbbbbbbbbbb" in message
    assert "aaaaaaaaaaaa" in message


def test_one_common_root_in_a_bundle_is_enough() -> None:
    us = primary("us", own=trust("b", "a"), shown=trust("b", "a"))
    assert multicluster_checks.findings(several(us, primary()), NOW) == []


def test_a_bundle_does_not_make_two_others_trust_each_other() -> None:
    both = primary("mid", own=trust("a", "b"), shown=trust("a", "b"))
    found = clusters.codes(several(primary("us", own=trust("b"), shown=trust("b")), both, primary()))
    assert found["blocker"] == [("us", "roots_differ")]


def test_a_primary_that_hides_its_secrets_is_judged_by_what_its_pods_are_told() -> None:
    us = primary("us", own=None, shown=trust("b", holder=SHOWN))
    assert SHOWN in multicluster_checks.findings(several(us, primary()), NOW)[0][1].object


def test_a_primary_without_any_ca_would_make_a_root_of_its_own() -> None:
    bare = {"own": None, "shown": None, "planes": ()}
    only(several(primary("us", **bare), primary()), "blocker", "root_missing")
    assert clusters.codes(several(primary("us", **bare, ca_read=False), primary()))["blocker"] == []
    planned = primary("eu", given=Given("eu", planned=True), **bare)
    only(several(primary("us"), planned), "warning", "root_missing")


def test_a_changed_secret_that_istiod_has_not_read_is_a_warning() -> None:
    only(joining(None, primary(shown=trust("b"))), "warning", "root_not_in_use")


def test_a_root_left_over_on_a_remote_matters_while_an_istiod_hands_it_out() -> None:
    only(joining(remote(own=trust("b"))), "warning", "root_left_over")
    with_istiod = remote(own=trust("b"), planes=(plane("us"),), served=True)
    only(joining(with_istiod), "blocker", "root_left_over")
    assert multicluster_checks.findings(joining(remote(own=trust("a"))), NOW) == []


def test_a_remote_whose_pods_are_told_another_root_is_a_warning() -> None:
    only(joining(remote(shown=trust("b", holder=SHOWN))), "warning", "root_replaced")


@pytest.mark.parametrize(("days", "code"), [(-1, "root_expired"), (0, "root_expired"), (30, "root_expires_soon"), (31, None)])
def test_a_root_that_ends_is_told_of_a_month_before(days: int, code: str | None) -> None:
    ending = Trust("Secret istio-system/cacerts", (certificate("a", days),))
    found = clusters.codes(joining(None, primary(own=ending)))
    assert found["warning"] == ([("eu", code)] if code else [])
    assert found["blocker"] == []


def test_other_trust_domains_and_mesh_ids_are_named() -> None:
    message = only(several(primary("us", planes=(plane("us", trust_domain="us.local"),)), primary()), "blocker", "trust_domains_differ")
    assert "us.local" in message
    assert "cluster.local" in message
    message = only(several(primary("us", planes=(plane("us", mesh_id="mesh2"),)), primary()), "blocker", "mesh_ids_differ")
    assert "mesh2" in message


def test_trust_domains_that_are_aliases_of_each_other_are_fine() -> None:
    us = plane("us", trust_domain="us.local", aliases=("cluster.local",))
    eu = plane("eu", aliases=("us.local",))
    assert multicluster_checks.findings(several(primary("us", planes=(us,)), primary(planes=(eu,))), NOW) == []
    assert clusters.codes(several(primary("us", planes=(us,)), primary()))["blocker"] == [("us", "trust_domains_differ")]


def test_several_primaries_need_a_mesh_id_and_one_does_not() -> None:
    without = primary(planes=(plane(mesh_id=""),))
    only(several(primary("us"), without), "warning", "mesh_id_missing")
    assert multicluster_checks.findings(joining(None, without), NOW) == []


def test_a_name_of_its_own_and_in_form_is_needed() -> None:
    only(joining(remote("US_1", given=Given("US_1", "remote"))), "blocker", "name_invalid")
    assert clusters.codes(joining(remote("eu", uid="uid-2", ranges=("10.0.0.0/24",)), primary()))["blocker"] == [("eu", "name_clash")]
    taken = primary("asia", planes=(plane("us"),), secrets=None)
    assert ("us", "name_clash") in clusters.codes(joining(None, taken))["blocker"]


def test_one_cluster_under_two_names_is_found_by_its_uid() -> None:
    assert "uid-eu" in only(joining(remote(uid="uid-eu", ranges=primary().ranges)), "blocker", "same_cluster")


def test_a_name_that_its_istiod_does_not_know_matters_among_several_primaries() -> None:
    own = {"planes": (plane("Kubernetes"),)}
    assert "two clusters" not in only(joining(None, primary(**own)), "warning", "cluster_id_differs")
    assert "two clusters" in only(several(primary("us"), primary(**own)), "blocker", "cluster_id_differs")


@pytest.mark.parametrize(("own", "kept"), [("Kubernetes", False), ("central", True)])
def test_the_name_that_istiod_knows_is_offered_where_it_is_one(own: str, kept: bool) -> None:
    ((_cluster, finding),) = multicluster_checks.findings(joining(None, primary(planes=(plane(own),))), NOW)
    assert (f"call it {own} here" in finding.remedy) == kept


def test_a_remote_secret_of_another_cluster_is_a_blocker() -> None:
    of_another = primary(secrets=clusters.here("eu", secret("us", "https://us:6443", uid="uid-9")))
    assert "uid-9" in only(joining(None, of_another), "blocker", "remote_secret")
    same = primary(secrets=clusters.here("eu", secret("us", "https://us:6443", uid="uid-us")))
    assert multicluster_checks.findings(joining(None, same), NOW) == []


def test_a_remote_secret_of_others_that_leads_to_another_server_is_told() -> None:
    elsewhere = primary(secrets=clusters.here("eu", secret("us", "https://old:6443")))
    assert "https://old:6443" in only(joining(None, elsewhere), "warning", "remote_secret")
    sure = remote(given=Given("us", "remote", server="https://us:6443"))
    only(joining(sure, elsewhere), "blocker", "remote_secret")
    same = primary(secrets=clusters.here("eu", secret("us", "https://us:6443")))
    assert multicluster_checks.findings(joining(sure, same), NOW) == []


def test_a_cluster_that_is_read_under_another_name_would_count_twice() -> None:
    holder = primary(secrets=clusters.here("eu", secret("west", "https://us:6443", uid="uid-us")))
    found = clusters.codes(joining(None, holder))
    assert found["blocker"] == [("eu", "known_by_another_name")]
    assert found["info"] == [("eu", "cluster_not_given")]


def test_among_primaries_the_secrets_of_both_sides_are_looked_at() -> None:
    us = primary("us", secrets=clusters.here("us", secret("eu", "https://eu:6443", uid="uid-9")))
    only(several(us, primary()), "blocker", "remote_secret")


def test_primaries_more_than_one_minor_apart_are_a_warning() -> None:
    us = primary("us", planes=(plane("us", version="1.30.0"),))
    only(several(us, primary()), "warning", "primaries_apart")
    near = primary("us", planes=(plane("us", version="1.31.0"),))
    assert multicluster_checks.findings(several(near, primary()), NOW) == []


def test_a_data_plane_newer_than_its_istiod_is_a_blocker() -> None:
    older = primary(planes=(plane(version="1.31.0"),))
    message = only(
        joining(remote(proxies=(proxy("1.32.0"), proxy("1.32.0"))), older, serving=(Serving("1-32-0"),)), "blocker", "data_plane_newer"
    )
    assert message.startswith("2 proxies of cluster us, such as that of pod shop/web-1")
    for fine in ("1.32.5", "1.31.0", "odd"):
        assert multicluster_checks.findings(joining(remote(proxies=(proxy(fine),))), NOW) == []


def test_the_versions_of_all_revisions_that_serve_are_looked_at() -> None:
    both = (Serving("1-32-0", "1.32.0"), Serving("1-31-0", "1.31.0"))
    planes = primary(planes=(plane(revision="1-31-0", version="1.31.0"), plane()))
    assert multicluster_checks.findings(joining(remote(proxies=(proxy("1.32.0"),)), planes, serving=both), NOW) == []
    assert only(joining(remote(proxies=(proxy("1.33.0"),)), planes, serving=both), "blocker", "data_plane_newer")
    odd = (Serving("1-32-0", "1.32.0"), Serving("1-31-0", "1.99.0"))
    assert only(joining(None, planes, serving=odd), "blocker", "version_unsupported")


def test_kubernetes_is_compared_with_what_is_to_serve_the_cluster() -> None:
    assert "cluster us" in only(joining(remote(kubernetes="v1.31.9")), "blocker", "kubernetes_unsupported").lower()
    only(joining(remote(kubernetes="v1.99.0")), "warning", "kubernetes_unseen")
    assert clusters.codes(joining(serving=(Serving("1-32-0", "1.99.0"),)))["blocker"] == [("us", "version_unsupported")]


def test_an_unreachable_cluster_is_a_blocker_that_names_it_and_the_rest_is_still_judged() -> None:
    lost = primary("asia", problem=MeshyardError("No answer from https://asia:6443.", "Check the address."))
    mesh_clusters = joining(remote(kubernetes="v1.31.9"), lost, primary())
    assert clusters.codes(mesh_clusters)["blocker"] == [("asia", "unreachable"), ("us", "kubernetes_unsupported")]
    assert [(one["name"], one["reachable"]) for one in multicluster_checks.described(mesh_clusters)] == [
        ("us", True),
        ("asia", False),
        ("eu", True),
    ]


def test_what_could_not_be_read_is_a_warning_with_the_words_of_the_api_server() -> None:
    assert only(joining(remote(unread=("Cluster us refused to list pods.",))), "warning", "unread") == "Cluster us refused to list pods."


def test_what_was_read_is_described() -> None:
    gateway = Gateway("istio-system/gateway", "eu-net", ("10.98.1.20",))
    assert clusters.described(joining(None, primary(given=Given("eu", network="eu-net"), gateways=(gateway,))))["eu"] == {
        "name": "eu",
        "role": "primary",
        "reachable": True,
        "host": "https://eu:6443",
        "uid": "uid-eu",
        "network": "eu-net",
        "mesh_id": "mesh1",
        "trust_domain": "cluster.local",
        "roots": ["a" * 16],
        "kubernetes": "v1.36.3",
        "planes": [{"revision": "1-32-0", "version": "1.32.0", "cluster_id": "eu", "serves_others": True}],
        "gateways": [{"service": "istio-system/gateway", "network": "eu-net", "addresses": ["10.98.1.20"]}],
    }


def test_what_is_not_there_is_described_as_nothing() -> None:
    empty = {"host": "", "uid": "", "kubernetes": "", "problem": MeshyardError("No answer.", "Check it.")}
    assert clusters.described(joining(remote(**empty)))["us"] == {
        "name": "us",
        "role": "remote",
        "reachable": False,
        **dict.fromkeys(("host", "uid", "network", "mesh_id", "trust_domain", "kubernetes")),
        **{key: [] for key in ("roots", "planes", "gateways")},
    }
