"""Remote secrets: an account in one cluster whose token the istiod of another one gets."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from lab.apiserver import ApiServer
from tests.harness.modules import Call
from tests.harness.proxy import WriteProxy

SYSTEM, FAR = "istio-system", "far-mesh"
SERVER = "https://10.99.0.12:6443"
TOKEN = "istio-reader-service-account-istio-remote-secret-token"
SECRETS, TOKENS = f"/api/v1/namespaces/{SYSTEM}/secrets", f"/api/v1/namespaces/{FAR}/secrets"
ACCOUNTS = f"/api/v1/namespaces/{FAR}/serviceaccounts"
ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
BINDINGS = f"{ROLES.removesuffix('s')}bindings"

Answer = dict[str, Any]


class Pair:
    """The cluster of istiod, where nothing happens to objects, and a remote one whose controllers fill tokens."""

    def __init__(self, near: ApiServer, far: ApiServer) -> None:
        self.near, self.far = near.client, far.client
        self.near.ensure("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
        self._near, self._far = near, far
        self.seen: list[str] = []

    def answer(self, *, check: bool = False, diff: bool = False, **options: Any) -> Answer:
        given = {"kubeconfig": str(self._near.kubeconfig), "name": "west", "server": SERVER, "remote_namespace": FAR, **options}
        given.setdefault("remote", {"kubeconfig": str(self._far.kubeconfig)})
        found = Call("remote_secret", {key: value for key, value in given.items() if value is not None}, check, diff).run()
        self.seen.append(json.dumps(found))
        return found

    def run(self, **options: Any) -> Answer:
        answer = self.answer(**options)
        assert not answer.get("failed"), answer["msg"]
        return answer

    def refusal(self, **options: Any) -> str:
        """The message of a run that fails and writes to neither cluster."""
        with WriteProxy(self._near.host) as near, WriteProxy(self._far.host) as far:
            through = {"kubeconfig": None, "host": near.url, "api_key": self._near.token}
            answer = self.answer(**{**through, "remote": {"host": far.url, "api_key": self._far.token}, **options})
            assert answer.get("failed"), answer
            assert near.writes + far.writes == []
        return str(answer["msg"])

    def secret(self, name: str = "west") -> Answer:
        return self.near.get(f"{SECRETS}/istio-remote-secret-{name}")

    def kubeconfig(self) -> Answer:
        found: Answer = yaml.safe_load(base64.b64decode(self.secret()["data"]["west"]))
        return found

    def token(self) -> str:
        return str(self.kubeconfig()["users"][0]["user"]["token"])

    def put(self, name: str, data: dict[str, str], **meta: Any) -> None:
        """A Secret that somebody else made."""
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        self.near.create(SECRETS, {"metadata": {"name": name, **meta}, "data": encoded})

    def as_reader(self, method: str, path: str, body: Any = None) -> int:
        """The status that the remote cluster answers to the holder of the token."""
        url = urlsplit(self._far.host)
        context = ssl.create_default_context(cafile=str(self._far.ca_cert))
        connection = http.client.HTTPSConnection(str(url.hostname), url.port, context=context, timeout=10)
        headers = {"Authorization": f"Bearer {self.token()}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def wipe(self) -> None:
        for client, path in ((self.near, SECRETS), (self.far, TOKENS), (self.far, ACCOUNTS)):
            for one in client.get(path)["items"]:
                client.request("DELETE", f"{path}/{one['metadata']['name']}")
        for path in (ROLES, BINDINGS):
            if self.far.found(f"{path}/meshyard-istio-reader-{FAR}"):
                self.far.request("DELETE", f"{path}/meshyard-istio-reader-{FAR}")


@pytest.fixture
def pair(server: ApiServer, rolling: ApiServer) -> Iterator[Pair]:
    found = Pair(server, rolling)
    yield found
    found.wipe()


def said(answer: Answer) -> list[tuple[str, str, str]]:
    return [(step["action"], step["kind"], step["name"]) for step in answer["steps"]]


@pytest.mark.smoke
def test_the_secret_is_made_once_as_check_mode_predicted_and_taken_away(pair: Pair) -> None:
    predicted = pair.run(check=True, diff=True)
    assert [client.get(path)["items"] for client, path in ((pair.near, SECRETS), (pair.far, TOKENS))] == [[], []]
    assert not pair.far.found(f"{ROLES}/meshyard-istio-reader-{FAR}")
    done = pair.run(diff=True)
    assert said(predicted) == said(done)
    assert (done["changed"], done["secret"], done["token_secret"]) == (True, "istio-remote-secret-west", TOKEN)
    assert done["remote_cluster"]["uid"] != done["cluster"]["uid"]
    again = pair.run(diff=True)
    assert (again["changed"], again["steps"], again["requests"] < 20) == (False, [], True)
    held = pair.token()
    encoded = base64.b64encode(held.encode()).decode()
    assert [text for text in pair.seen if held in text or encoded[:40] in text or pair.secret()["data"]["west"] in text] == []
    predicted = pair.run(check=True, state="absent")
    gone = pair.run(state="absent")
    assert said(predicted) == said(gone)
    assert gone["revoked"] == [TOKEN]
    assert not pair.run(state="absent")["changed"]
    assert not pair.near.found(f"{SECRETS}/istio-remote-secret-west")
    assert not pair.far.found(f"{ROLES}/meshyard-istio-reader-{FAR}")
    assert not pair.far.found(f"{ACCOUNTS}/istio-reader-service-account")


def test_the_secret_is_as_istiod_expects_it_and_its_token_reads_and_writes_nothing(pair: Pair) -> None:
    pair.run()
    secret, found = pair.secret(), pair.kubeconfig()
    assert secret["metadata"]["labels"]["istio/multiCluster"] == "true"
    assert secret["metadata"]["annotations"]["networking.istio.io/cluster"] == "west"
    assert set(secret["data"]) == {"west"}
    ca = pair.far.get(f"{TOKENS}/{TOKEN}")["data"]["ca.crt"]
    assert found == {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "west", "cluster": {"certificate-authority-data": ca, "server": SERVER}}],
        "contexts": [{"name": "west", "context": {"cluster": "west", "user": "west"}}],
        "current-context": "west",
        "users": [{"name": "west", "user": {"token": pair.token()}}],
    }
    for resource in ("pods", "services", "nodes", "namespaces", "secrets", "configmaps"):
        assert pair.as_reader("GET", f"/api/v1/{resource}") == 200
    assert pair.as_reader("GET", "/apis/discovery.k8s.io/v1/endpointslices") == 200
    body = {"metadata": {"name": "x"}, "data": {}}
    assert pair.as_reader("POST", f"/api/v1/namespaces/{FAR}/configmaps", body) == 403
    assert pair.as_reader("DELETE", f"{TOKENS}/{TOKEN}") == 403
    assert pair.as_reader("GET", "/apis/apps/v1/deployments") == 403
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": pair.token()}}
    assert pair.as_reader("POST", "/apis/authentication.k8s.io/v1/tokenreviews", review) == 201


def test_an_account_and_a_token_that_others_made_are_used_and_stay(pair: Pair) -> None:
    pair.far.ensure("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": FAR}})
    pair.far.create(ACCOUNTS, {"metadata": {"name": "istio-reader-service-account", "labels": {"app": "istio-reader"}}})
    owned = {"annotations": {"kubernetes.io/service-account.name": "istio-reader-service-account"}, "name": TOKEN}
    pair.far.create(TOKENS, {"metadata": owned, "type": "kubernetes.io/service-account-token"})
    done = pair.run()
    assert ("create", "ServiceAccount", "istio-reader-service-account") not in said(done)
    assert ("apply", "Secret", TOKEN) in said(done)
    assert not pair.run()["changed"]
    gone = pair.run(state="absent")
    assert gone["revoked"] == []
    assert "was made by others and stays" in json.dumps(gone["warnings"])
    assert pair.far.found(f"{TOKENS}/{TOKEN}")
    assert pair.far.found(f"{ACCOUNTS}/istio-reader-service-account")


def test_a_drifted_secret_is_put_right(pair: Pair) -> None:
    pair.run()
    pair.near.merge(f"{SECRETS}/istio-remote-secret-west", {"metadata": {"labels": {"istio/multiCluster": None}}})
    assert [step["fields"] for step in pair.run()["steps"]] == [["metadata.labels.istio/multiCluster"]]
    moved = pair.run(server="https://10.99.0.13:6443")
    assert [step["fields"] for step in moved["steps"]] == [["data.west"]]
    assert f"the server is {SERVER} instead of https://10.99.0.13:6443" in json.dumps(moved["warnings"])


def test_what_would_mislead_istiod_is_refused(pair: Pair) -> None:
    marks = {"labels": {"istio/multiCluster": "true"}}
    odd = {"current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "b"}}], "clusters": [{"name": "b", "cluster": {}}]}
    odd["clusters"][0]["cluster"] = {"server": "https://elsewhere:6443"}  # type: ignore[index,call-overload]
    pair.put("istio-remote-secret-south", {"south": yaml.safe_dump(odd)}, **marks)
    refused: dict[str, Answer] = {
        "was made by somebody else, and the server is https://elsewhere:6443 instead of": {"name": "south"},
        "leads to the module's own cluster": {"remote": {"kubeconfig": str(pair._near.kubeconfig)}},
        "has no Secret istio-remote-secret-west whose token could be changed": {"state": "rotated"},
    }
    for sentence, options in refused.items():
        assert sentence in pair.refusal(**options)


def test_a_loopback_address_of_the_connection_itself_is_refused(pair: Pair) -> None:
    remote = {"kubeconfig": str(pair._far.kubeconfig)}
    assert "means the own machine to istiod" in pair.refusal(server=None, remote=remote)


def test_the_id_of_the_own_cluster_is_refused(pair: Pair) -> None:
    container = {"name": "discovery", "image": "x", "env": [{"name": "CLUSTER_ID", "value": "west"}]}
    template = {"metadata": {"labels": {"app": "istiod"}}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": {"app": "istiod"}}, "template": template}
    deployments = f"/apis/apps/v1/namespaces/{SYSTEM}/deployments"
    pair.near.create(deployments, {"metadata": {"name": "istiod-west", "labels": {"app": "istiod"}}, "spec": spec})
    assert "is the ID of cluster" in pair.refusal()
    pair.near.request("DELETE", f"{deployments}/istiod-west")


def test_a_name_is_not_given_to_a_second_cluster(pair: Pair) -> None:
    pair.run()
    pair.near.merge(f"{SECRETS}/istio-remote-secret-west", {"metadata": {"annotations": {"meshyard.io/cluster-uid": "another"}}})
    assert "leads to another cluster (UID another" in pair.refusal()


def test_a_secret_of_istioctl_is_taken_over_only_for_the_cluster_that_knows_its_token_or_is_confirmed(pair: Pair) -> None:
    pair.run()
    known = pair.kubeconfig()
    pair.near.request("DELETE", f"{SECRETS}/istio-remote-secret-west")
    known["users"][0]["user"]["token"] = "a token of another cluster"
    marks = {"labels": {"istio/multiCluster": "true"}, "annotations": {"networking.istio.io/cluster": "west"}}
    pair.put("istio-remote-secret-west", {"west": yaml.safe_dump(known)}, **marks)
    elsewhere = {"server": "https://10.99.0.99:6443"}
    for state in ("present", "rotated"):
        assert "that cluster does not know its token" in pair.refusal(state=state, **elsewhere)
    uid = pair.far.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]
    remote = {"host": pair._far.host, "api_key": pair._far.token, "validate_certs": False}
    assert "expected_cluster_uid is another" in pair.refusal(remote={**remote, "expected_cluster_uid": "another"})
    assert pair.run(remote={**remote, "expected_cluster_uid": uid}, **elsewhere)["changed"]
    assert pair.secret()["metadata"]["annotations"]["meshyard.io/cluster-uid"] == uid


def test_nothing_rotates_without_istiod_and_without_the_remote_cluster_only_the_secret_goes_and_the_rest_is_named(pair: Pair) -> None:
    pair.run()
    assert "No istiod is ready on cluster" in pair.refusal(state="rotated")
    gone = pair.run(state="absent", remote=None)
    assert said(gone) == [("delete", "Secret", "istio-remote-secret-west")]
    assert gone["remote_cluster"] is None
    assert f"the token in namespace {FAR} stay, and the token stays valid" in json.dumps(gone["warnings"])
    assert pair.far.found(f"{TOKENS}/{TOKEN}")
