# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the contexts of kubeconfig files to the hosts of the playbooks."""

from __future__ import annotations

DOCUMENTATION = r"""
name: clusters
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: Clusters of kubeconfig files as inventory hosts
description:
  - >-
    Makes a host of each context of kubeconfig files, with the variables C(meshyard_kubeconfig) and C(meshyard_context) that the playbooks
    of this collection read. Tokens, certificates and login programs (of EKS, GKE, AKS and others) stay in these files, and are used from
    there.
  - >-
    With O(discover=true) it looks at the clusters at the same time, and puts those with an istiod into the group C(istio_primary) and
    those that an istiod of another one serves or reads into C(istio_remote). It sets C(meshyard_expected_cluster_uid),
    C(meshyard_cluster_name), C(meshyard_network), C(remote_cluster_primary) where they are known, and C(meshyard_reachable).
  - A cluster that gives no answer is named in a warning and is in the group C(meshyard_unreachable); the others are there all the same.
  - All hosts are in the group C(meshyard_clusters).
notes:
  - The name of the file ends in C(meshyard.yml) or C(meshyard.yaml).
  - It writes nothing to a cluster. It needs rights to list namespaces, Deployments, Services, MutatingWebhookConfigurations, and on
    primaries the Secrets of the control plane; without those to Secrets, remotes are known by their webhooks alone.
  - >-
    The cache keeps what was found by O(discover), never a credential. Kubeconfig files are read every time, and a cluster that gave no
    answer is asked again.
requirements:
  - for O(discover=true) the Python library kubernetes and the collection kubernetes.core
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: Says that the file is for this plugin.
    type: str
    required: true
    choices: [meshyard.istio.clusters]
  kubeconfigs:
    description:
      - Kubeconfig files, or patterns for them such as V(~/.kube/clusters/*.yaml). Relative ones are relative to the inventory file.
      - Without any those that kubectl reads, from E(KUBECONFIG) or V(~/.kube/config).
      - Where a context refers to a cluster or user in another of these files, all of them are given to the host.
    type: list
    elements: str
    default: []
  include:
    description: Patterns for the names of contexts. Those that match none are left out.
    type: list
    elements: str
    default: ["*"]
  exclude:
    description: Patterns for the names of contexts that are left out.
    type: list
    elements: str
    default: []
  host_name:
    description:
      - >-
        A Jinja expression for the name of the host, of C(context), C(cluster), C(user), C(namespace), C(file) (its name without folder and
        ending) and C(host_name).
      - >-
        C(host_name) is the name of the context, of an ARN, as EKS has, what comes after the last slash, with a dash for letters that host
        names do not have.
      - Two contexts that would be the same host are refused.
    type: str
    default: host_name
  primaries:
    description: Names of hosts, or patterns for them, that are primaries whatever O(discover) finds.
    type: list
    elements: str
    default: []
  remotes:
    description: Names of hosts, or patterns for them, that are remotes whatever O(discover) finds, such as those that are still to join.
    type: list
    elements: str
    default: []
  discover:
    description: Whether to look at the clusters.
    type: bool
    default: false
  discover_timeout:
    description: Seconds that looking at one cluster may take, with its login program.
    type: float
    default: 20
  control_plane_namespace:
    description: Namespace of the control planes.
    type: str
    default: istio-system
seealso:
  - plugin: meshyard.istio.connection
    plugin_type: lookup
"""

EXAMPLES = r"""
# clusters.meshyard.yml: every context of the usual kubeconfig, with roles as they are found.
plugin: meshyard.istio.clusters
discover: true
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/meshyard
cache_timeout: 600

# Contexts of several files whose names begin with prod-, and roles as they are written here.
# plugin: meshyard.istio.clusters
# kubeconfigs: [~/.kube/config, ~/.kube/clusters/*.yaml]
# include: [prod-*]
# exclude: ["*-old"]
# host_name: host_name | regex_replace('^prod-', '')
# primaries: [eu]
# remotes: [us, asia]
# compose:
#   meshyard_network: "'net-' ~ inventory_hostname"
# keyed_groups:
#   - key: meshyard_context.split('-')[0]
#     prefix: stage
"""

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._errors import MeshyardError
from ..module_utils._plan.multicluster.discovery import ClusterSeen, described
from ..module_utils._run.multicluster import discovery as clusters
from ..plugin_utils import cluster_hosts, kubeconfig_contexts, kubeconfig_files, side_by_side
from ..plugin_utils.cluster_hosts import Discovery
from ..plugin_utils.kubeconfig_contexts import Context
from ..plugin_utils.side_by_side import Problem


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]  # Ansible is published without types
    """Called by Ansible for each inventory file that it takes for one of this plugin."""

    NAME = "meshyard.istio.clusters"

    def verify_file(self, path: str) -> bool:
        """Whether the name of a file is one for this plugin."""
        return bool(super().verify_file(path)) and path.endswith(("meshyard.yml", "meshyard.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Adds the hosts and groups of a file."""
        super().parse(inventory, loader, path, cache=cache)
        self._read_config_data(path)
        try:
            named = self._hosts(os.path.dirname(os.path.abspath(path)))
            primaries, remotes = (
                kubeconfig_contexts.chosen(list(named), self.get_option(option), option) for option in ("primaries", "remotes")
            )
            found = self._discovery(named, path, cache) if self.get_option("discover") else None
        except MeshyardError as problem:
            raise AnsibleParserError(f"{path}: {problem}") from problem
        for host, context in named.items():
            self._add(host, {**context.variables(), **(found.variables.get(host, {}) if found else {})})
        for group, hosts in cluster_hosts.roles(list(named), primaries, remotes, found).items():
            self.inventory.add_group(group)
            for host in hosts:
                self.inventory.add_host(host, group=group)
        for host in named:
            self._construct(host)

    def _hosts(self, folder: str) -> dict[str, Context]:
        files = kubeconfig_files.read(kubeconfig_files.paths(self.get_option("kubeconfigs"), folder, os.environ))
        found = kubeconfig_contexts.contexts(files, self.get_option("include"), self.get_option("exclude"))
        expression = self.get_option("host_name")
        taken = {*cluster_hosts.GROUPS, *self.get_option("groups")}
        return kubeconfig_contexts.hosts(found, lambda context: str(self._compose(expression, _data(context.words()))), taken)

    def _discovery(self, named: Mapping[str, Context], path: str, cache: bool) -> Discovery:
        """What the clusters have: as the cache keeps it, and of the others as they tell now."""
        keeps, key = self.get_option("cache"), self.get_cache_key(path)
        kept = (self._cache.get(key) or {}) if keeps and cache else {}
        known = {host: one for host in named if (one := described(kept.get(named[host].kubeconfig, {}).get(named[host].name)))}
        found = {**known, **self._look({host: context for host, context in named.items() if host not in known})}
        if keeps:
            self._cache[key] = cluster_hosts.worth_keeping(named, found)
        result = cluster_hosts.discovery(named, {host: found[host] for host in named})
        for warning in result.warnings:
            self.display.warning(warning)
        return result

    def _look(self, named: Mapping[str, Context]) -> dict[str, ClusterSeen | Problem]:
        namespace = self.get_option("control_plane_namespace")
        work = {host: partial(clusters.look, context.options, namespace) for host, context in named.items()}
        seen = side_by_side.each(work, self.get_option("discover_timeout"))
        for one in seen.values():
            if isinstance(one, Problem) and one.code == "requirement_missing":
                raise AnsibleParserError(f"{one.message}. Install it where Ansible runs, or leave discover out.")
        return seen

    def _add(self, host: str, variables: Mapping[str, Any]) -> None:
        self.inventory.add_host(host)
        for name, value in _data(variables).items():
            self.inventory.set_variable(host, name, value)

    def _construct(self, host: str) -> None:
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), self.inventory.get_host(host).get_vars(), host, strict=strict)
        variables = self.inventory.get_host(host).get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)


def _data(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values as data: what a kubeconfig or a cluster says is no template, as ansible-core before 2.19 would take it for."""
    return {name: wrap_var(value) if isinstance(value, str) and "{" in value else value for name, value in values.items()}
