# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Which changes of a cluster are events: each is told once, and again only after it was otherwise in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ..._errors import MeshyardError
from ..._mesh import labels, raw, release, secret_data
from ..._mesh.certificate import expiry
from ..remote import endpoint_source
from . import request

Event = dict[str, Any]
CA_SECRETS = {"cacerts": "ca-cert.pem", "istio-ca-secret": "ca-cert.pem"}
"""Secrets with the certificate by which istiod signs: that of a root of your own, and that which istiod made itself."""

_SECONDS_A_DAY = 86400


class IstiodEndpoints:
    """The ready pods of istiod, by revision.

    While a revision has no ready pod nothing is told of it: nobody could be led there.
    """

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._told: dict[str, list[str]] | None = None

    def events(self, pods: Iterable[raw.Raw]) -> list[Event]:
        """What is to be told, now that these are the pods of istiod. The first look tells all: what was before it nobody knows."""
        by_revision: dict[str, list[raw.Raw]] = {}
        for pod in pods:
            by_revision.setdefault(raw.labels_of(pod).get(labels.REV, labels.DEFAULT), []).append(pod)
        now = {revision: addresses for revision, found in sorted(by_revision.items()) if (addresses := endpoint_source.of_pods(found))}
        before, first = self._told or {}, self._told is None
        self._told = {**before, **now}
        return [self._event(one, addresses, first) for one, addresses in now.items() if before.get(one) != addresses]

    def _event(self, revision: str, addresses: list[str], first: bool) -> Event:
        return {"type": request.ISTIOD, "cluster": self._cluster, "revision": revision, "addresses": addresses, "first": first}


class WaitingReleases:
    """Deployments whose changed template waits for a release."""

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._told: dict[tuple[str, str], str] = {}

    def events(self, deployment: raw.Raw, replica_sets: Iterable[raw.Raw]) -> list[Event]:
        """What is to be told, now that this is the Deployment. A template that was refused waits to be changed, and is not told."""
        key = raw.namespace(deployment), raw.name(deployment)
        waits = release.is_enabled(deployment) and _awaits_release(deployment, replica_sets)
        template = release.hash_of(release.template_of(deployment))
        if not waits or release.is_refused(deployment):
            self._told.pop(key, None)
            return []
        if self._told.get(key) == template:
            return []
        self._told[key] = template
        return [{"type": request.RELEASES, "cluster": self._cluster, "namespace": key[0], "name": key[1], "template": template}]

    def forget(self, deployment: raw.Raw) -> None:
        """The Deployment is gone."""
        self._told.pop((raw.namespace(deployment), raw.name(deployment)), None)


class Expiring:
    """Certificates that end soon, and tokens that are old."""

    def __init__(self, cluster: str, certificate_days: float, token_days: float) -> None:
        self._cluster = cluster
        self._certificate_days, self._token_days = certificate_days, token_days
        self._told: set[tuple[str, str, str]] = set()

    def certificates(self, secrets: Mapping[str, raw.Raw], now: datetime) -> list[Event]:
        """The certificate by which istiod signs, if it ends within the days. Nothing of a Secret but its name is told.

        :param secrets: by name; of several the first of C(CA_SECRETS) signs, and what lies beside it was left from before.
        """
        found = []
        for name in [name for name in CA_SECRETS if name in secrets][:1]:
            secret = secrets[name]
            ends = expiry(secret_data.text(secret, CA_SECRETS[name]))
            if ends and self._is_new(request.CERTIFICATES, name, ends.isoformat(), (ends - now).total_seconds(), self._certificate_days):
                left = int((ends - now).total_seconds() // _SECONDS_A_DAY)
                place = {"namespace": raw.namespace(secret), "name": name}
                found.append({"type": request.CERTIFICATES, "cluster": self._cluster, **place, "ends": ends.isoformat(), "days": left})
        return found

    def tokens(self, secrets: Iterable[raw.Raw], now: datetime) -> list[Event]:
        """Those tokens by which others read this cluster that are older than the days, by the metadata of their Secrets."""
        found = []
        for secret in sorted(secrets, key=raw.qualified):
            made = raw.text(secret, "metadata", "creationTimestamp")
            age = (now - datetime.fromisoformat(made)).total_seconds() if made else 0.0
            if self._is_new(request.TOKENS, raw.qualified(secret), made, -age, -self._token_days):
                place = {"namespace": raw.namespace(secret), "name": raw.name(secret)}
                found.append({"type": request.TOKENS, "cluster": self._cluster, **place, "days": int(age // _SECONDS_A_DAY)})
        return found

    def _is_new(self, what: str, name: str, which: str, left: float, days: float) -> bool:
        """Whether it is due, which was not told of this one yet."""
        key = what, name, which
        if left > days * _SECONDS_A_DAY or key in self._told:
            return False
        self._told.add(key)
        return True


class Reachability:
    """Whether a cluster answers: told when it changes."""

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._failing: set[str] = set()

    def failed(self, who: str, problem: str) -> list[Event]:
        """One of those who look at the cluster got no answer, or a refusal."""
        first = not self._failing
        self._failing.add(who)
        return [{"type": request.UNREACHABLE, "cluster": self._cluster, "problem": problem}] if first else []

    def answered(self, who: str) -> list[Event]:
        """It answers one of them."""
        last = self._failing == {who}
        self._failing.discard(who)
        return [{"type": request.REACHABLE, "cluster": self._cluster}] if last else []


def _awaits_release(deployment: raw.Raw, replica_sets: Iterable[raw.Raw]) -> bool:
    """Whether it waits. One whose record cannot be read is told as well: the playbook says what is wrong, and others are not held up."""
    try:
        return release.awaits_release(deployment, replica_sets)
    except MeshyardError:
        return True


def pause(failures: int) -> float:
    """Seconds before a cluster that did not answer so often is asked again: 1, 2, 4, and a minute at most."""
    return float(min(2 ** (failures - 1), 60))
