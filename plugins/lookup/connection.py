# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the variables of the host that a play runs for to the connection options of modules."""

from __future__ import annotations

DOCUMENTATION = r"""
name: connection
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The connection to the cluster of the host that the play runs for
description:
  - >-
    Makes the connection options of modules from variables: C(meshyard_) and the name of the option, such as C(meshyard_kubeconfig),
    C(meshyard_context), C(meshyard_host), C(meshyard_api_key) and C(meshyard_expected_cluster_uid). Variables that are not set, or are
    empty, leave their option out.
  - Written once as C(module_defaults), it serves all modules of this collection in a play.
seealso:
  - plugin: meshyard.istio.connection
    plugin_type: filter
options:
  _terms:
    description: Nothing is given.
"""

EXAMPLES = r"""
- name: Show what revisions there are
  hosts: istio_primary
  connection: local
  gather_facts: false
  module_defaults:
    group/meshyard.istio.all: "{{ lookup('meshyard.istio.connection') }}"
  tasks:
    - name: Look
      meshyard.istio.istio_revision_info:
"""

RETURN = r"""
_raw:
  description: One dictionary of connection options.
  type: list
  elements: dict
  sample: [{kubeconfig: ~/.kube/config, context: eu}]
"""


from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ..module_utils._cluster.connection_options import VARIABLES, from_variables


class LookupModule(LookupBase):  # type: ignore[misc]  # Ansible is published without types
    """Reads variables wherever they come from, those of the play and extra ones too."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """The connection."""
        if terms:
            raise AnsibleError("The lookup meshyard.istio.connection takes no terms: it reads the variables of the host.")
        self.set_options(var_options=variables, direct=kwargs)
        known = {name: value for name, value in (variables or {}).items() if name in VARIABLES.values()}
        return [from_variables(self._templar.template(known))]
