"""Remote secrets: what they hold, what is refused, the rights of the reader, and the steps of a rotation."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.revision import check_cluster
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Apply, Delete, Patch, describe, diff
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote import reader, rotation
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote import secret as remote_secret
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote.kubeconfig import Kubeconfig, parse

SERVER, UID = "https://10.99.0.12:6443", "uid-of-west"
WEST = Kubeconfig("west", SERVER, "Q0E=", "held-by-nobody-else")
WHO = reader.Reader("uid-of-central", "west")
NAMESPACE = "istio-system"

Object = dict[str, Any]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(name: str, data: dict[str, str], *, ours: bool = False, uid: str = UID) -> Object:
    marks = {"istio/multiCluster": "true", **({"meshyard.io/owner": "remote-secret"} if ours else {})}
    notes = {"networking.istio.io/cluster": next(iter(data)), **({"meshyard.io/cluster-uid": uid} if ours else {})}
    meta = {"name": name, "namespace": NAMESPACE, "labels": marks, "annotations": notes}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": {key: encoded(text) for key, text in data.items()}}


def here(*secrets: Object, ids: tuple[str, ...] = ()) -> remote_secret.PrimaryState:
    return remote_secret.PrimaryState("central", NAMESPACE, secrets, frozenset(ids))


def token(name: str, text: str, *readers: str, ours: bool = True, **marks: str) -> Object:
    notes = {reader.ACCOUNT_NAME: reader.ACCOUNT, **{f"meshyard.io/reader-{uid}": "west" for uid in readers}}
    notes |= {f"meshyard.io/{key}": value for key, value in marks.items()}
    labels = {"meshyard.io/owner": "reader"} if ours else {}
    meta = {"name": name, "namespace": NAMESPACE, "uid": f"uid-of-{name}", "annotations": notes, "labels": labels}
    data = {"token": encoded(text), "ca.crt": "Q0E="}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": reader.TOKEN_TYPE, "data": data}


def there(*tokens: Object) -> reader.RemoteState:
    return reader.RemoteState(NAMESPACE, True, {}, tokens)


@pytest.mark.parametrize("name", ["west", "123", "true", "null", "1e3"])
def test_a_kubeconfig_names_all_its_parts_after_the_cluster(name: str) -> None:
    wanted = Kubeconfig(name, SERVER, "Q0E=", "abc.def-ghi")
    found = yaml.safe_load(wanted.render())
    assert found["current-context"] == name
    assert found["contexts"] == [{"name": name, "context": {"cluster": name, "user": name}}]
    assert found["clusters"] == [{"name": name, "cluster": {"certificate-authority-data": "Q0E=", "server": SERVER}}]
    assert found["users"] == [{"name": name, "user": {"token": "abc.def-ghi"}}]
    assert parse(wanted.render()) == wanted


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "{}", "current-context: 1", "a: b\n---\nc: d"])
def test_what_is_no_kubeconfig_leads_nowhere(text: str) -> None:
    assert parse(text) is None


def test_the_rules_of_the_reader_hold_no_verb_that_writes() -> None:
    asks = {("authentication.k8s.io", "tokenreviews"), ("authorization.k8s.io", "subjectaccessreviews")}
    for rule in reader.rules():
        assert "*" not in rule["resources"] + rule["apiGroups"] + rule["verbs"]
        if set(rule["verbs"]) != {"get", "list", "watch"}:
            assert rule["verbs"] == ["create"]
            assert {(group, resource) for group in rule["apiGroups"] for resource in rule["resources"]} <= asks


def test_a_kubeconfig_that_says_the_same_in_other_bytes_stays() -> None:
    other = yaml.safe_dump({**yaml.safe_load(WEST.render()), "preferences": {}})
    live = secret("istio-remote-secret-west", {"west": other}, ours=True)
    (step,) = remote_secret.plan(here(live), WEST, UID)
    assert isinstance(step, Apply)
    assert step.body["data"] == live["data"]


def test_neither_a_step_nor_its_diff_shows_a_token() -> None:
    live = secret("istio-remote-secret-west", {"west": Kubeconfig("west", SERVER, "Q0E=", "former").render()}, ours=True)
    for found in (here(), here(live)):
        plan = remote_secret.plan(found, WEST, UID)
        shown = str([describe(step) for step in plan]) + str(diff(plan))
        data = base64.b64decode(str(plan[0].body["data"]["west"])).decode() if isinstance(plan[0], Apply) else ""
        assert "held-by-nobody-else" in data
        assert encoded(data)[:30] not in shown
        assert live["data"]["west"][:30] not in shown
    assert "held-by-nobody-else" not in repr(WEST)


@pytest.mark.parametrize("server", ["", "10.99.0.12", "http://10.99.0.12:6443", "https://", "https://a:b", "https://me:pw@api"])
def test_a_server_that_is_no_https_url_is_refused(server: str) -> None:
    with pytest.raises(MeshyardError, match="is not the HTTPS URL"):
        remote_secret.check_server(server, "west")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]", "0.0.0.0", "a.localhost"])
def test_a_server_that_leads_istiod_to_itself_is_refused(host: str) -> None:
    with pytest.raises(MeshyardError, match="means the own machine"):
        remote_secret.check_server(f"https://{host}:6443", "west")


def test_an_address_and_a_host_name_of_another_machine_are_taken() -> None:
    remote_secret.check_server(SERVER, "west")
    remote_secret.check_server("https://api.west.example", "west")


@pytest.mark.parametrize("name", ["West", "a.b", "-a", "", "a" * 64])
def test_a_cluster_name_that_istiod_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(MeshyardError):
        check_cluster(name)


def test_the_id_of_the_own_cluster_is_refused() -> None:
    environment = [{"name": "CLUSTER_ID", "value": "west"}]
    deployment = {"spec": {"template": {"spec": {"containers": [{"name": "discovery", "env": environment}]}}}}
    assert remote_secret.own_ids([deployment, {}]) == {"west"}
    with pytest.raises(MeshyardError, match="is the ID of cluster central itself"):
        remote_secret.refuse(here(ids=("west",)), WEST, UID)


def test_an_id_that_another_secret_gives_is_refused() -> None:
    with pytest.raises(MeshyardError, match="Secret istio-system/theirs on cluster central already gives the cluster ID west"):
        remote_secret.refuse(here(secret("theirs", {"west": "x"})), WEST, UID)


def test_a_secret_of_ours_for_another_cluster_is_refused() -> None:
    live = secret("istio-remote-secret-west", {"west": WEST.render()}, ours=True, uid="another")
    with pytest.raises(MeshyardError, match="leads to another cluster"):
        remote_secret.refuse(here(live), WEST, UID)


def test_a_secret_in_the_form_of_istioctl_is_taken_over_and_what_differs_is_said() -> None:
    other = Kubeconfig("west", "https://old:6443", "T0xE", "t")
    (text,) = remote_secret.refuse(here(secret("istio-remote-secret-west", {"west": other.render()})), WEST, UID)
    assert "the server is https://old:6443 instead of https://10.99.0.12:6443 and the certificate authority is another one" in text


def test_a_secret_in_another_form_with_another_server_is_refused_and_with_the_same_taken_over() -> None:
    found = yaml.safe_load(WEST.render())
    found["users"][0]["user"] = {"exec": {"command": "login"}}
    same = secret("istio-remote-secret-west", {"west": yaml.safe_dump(found)})
    assert "is taken over." in remote_secret.refuse(here(same), WEST, UID)[0]
    found["clusters"][0]["cluster"]["server"] = "https://old:6443"
    with pytest.raises(MeshyardError, match="made by somebody else, and the server is https://old:6443"):
        remote_secret.refuse(here(secret("istio-remote-secret-west", {"west": yaml.safe_dump(found)})), WEST, UID)
    with pytest.raises(MeshyardError, match="not a plain remote secret"):
        remote_secret.removal(here(secret("istio-remote-secret-west", {"west": yaml.safe_dump(found)})), "west")


def test_a_rotation_makes_a_second_token_and_revokes_the_first_one() -> None:
    old = token(reader.TOKEN, "old", WHO.uid)
    found = rotation.plan(there(old), WHO, old, 7)
    made = found.before[-1]
    assert isinstance(made, Apply)
    assert made.body["metadata"]["name"] == found.token != reader.TOKEN
    assert made.body["metadata"]["annotations"][reader.REPLACES] == reader.TOKEN
    assert (found.endpoints, found.revoked) == (7, (reader.TOKEN,))
    assert [type(step) for step in found.after] == [Delete, Patch]
    assert rotation.plan(there(old), WHO, old, 7).token == found.token


def test_a_rotation_that_was_killed_before_the_swap_goes_on_with_the_token_that_it_made() -> None:
    old = token(reader.TOKEN, "old", WHO.uid)
    name = reader.next_name(old, WHO)
    made = token(name, "new", WHO.uid, replaces=reader.TOKEN, endpoints="7")
    found = rotation.plan(there(old, made), WHO, old, 7)
    assert (found.token, found.revoked) == (name, (reader.TOKEN,))


def test_a_rotation_that_was_killed_after_the_swap_makes_no_third_token() -> None:
    old = token(reader.TOKEN, "old", WHO.uid)
    new = token("second", "new", WHO.uid, replaces=reader.TOKEN, endpoints="7")
    found = rotation.plan(there(old, new), WHO, new, 3)
    assert (found.token, found.endpoints, found.revoked) == ("second", 7, (reader.TOKEN,))


def test_tokens_that_a_killed_rotation_left_are_revoked_and_those_of_others_are_not() -> None:
    old, left = token("current", "old", WHO.uid), token("left", "x", WHO.uid)
    others = (token("shared", "y", WHO.uid, "uid-of-east"), token("theirs", "z", "uid-of-east"), token("istioctls", "i", ours=False))
    found = rotation.plan(there(old, left, *others), WHO, old, 0)
    assert found.revoked == ("current", "left")
    assert "uid-of-east" in " ".join(found.warnings)
    assert [step.ref.name for step in found.after if isinstance(step, Patch)] == ["shared", found.token]


def test_a_rotation_that_nobody_could_prove_is_refused() -> None:
    with pytest.raises(MeshyardError, match="No istiod is ready"):
        rotation.refuse_silent(0, [], "central")
    with pytest.raises(MeshyardError, match="does not answer: istiod-1: timed out"):
        rotation.refuse_silent(2, ["istiod-1: timed out"], "central")
    rotation.refuse_silent(2, [], "central")
