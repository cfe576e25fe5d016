#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Opens and closes the durable record of an upgrade."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_record
short_description: Open or close the record of a mesh upgrade
author:
  - Meshyard contributors (@meshyard)
description:
  - Keeps one ConfigMap, C(meshyard-operation) in the control plane namespace, from the begin of an upgrade until it was
    retired or rolled back. It says from where to where, who began and when.
  - While it is open, an upgrade between other revisions is refused, and a run that was killed finds what it was about.
  - It holds intent only. Former values lie in annotations on the changed objects themselves.
  - The role C(meshyard.istio.canary_upgrade) calls this module. Nothing else needs it.
options:
  state:
    description:
      - V(present) opens the record. It changes nothing when the same upgrade is open, and fails when another one is.
      - V(absent) closes it. With O(from_revision) and O(to_revision) it fails when the record is of another upgrade.
    type: str
    choices: [present, absent]
    default: present
  from_revision:
    description: Revision that the upgrade leaves. Needed to open the record.
    type: str
  to_revision:
    description: Revision that the upgrade leads to. Needed to open the record.
    type: str
  from_version:
    description: Istio version of O(from_revision), for people who read the record.
    type: str
    default: ""
  to_version:
    description: Istio version of O(to_revision), for people who read the record.
    type: str
    default: ""
  tags:
    description: Tags that point to O(from_revision) when the upgrade begins. A rollback gives them back.
    type: list
    elements: str
    default: []
  default_revision:
    description: Revision of the default validator when the upgrade begins. A rollback gives it back.
    type: str
    default: ""
  planned:
    description:
      - Whether an earlier task of the same run opens the record. Check mode then takes it as open with O(state=absent).
      - Ignored outside check mode.
    type: bool
    default: false
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
  - meshyard.istio.control_plane
"""

EXAMPLES = r"""
- name: Open the record of an upgrade
  meshyard.istio.upgrade_record:
    from_revision: 1-31-0
    to_revision: 1-32-0
    to_version: 1.32.0

- name: Close whatever record is open
  meshyard.istio.upgrade_record:
    state: absent
"""

RETURN = r"""
record:
  description: The record as it is now, or was when it was closed; C(null) when there was none.
  returned: success
  type: dict
  sample:
    from_revision: 1-31-0
    to_revision: 1-32-0
    from_version: 1.31.0
    to_version: 1.32.0
    tags: [prod]
    default_revision: 1-31-0
    opened_by: "ops on build-7 (process 4711)"
    opened_at: "2026-11-21T10:00:00Z"
found:
  description: Whether a record was open before this call.
  returned: success
  type: bool
  sample: false
steps:
  description: What was written, or would be in check mode.
  returned: success
  type: list
  elements: dict
  sample:
    - {action: apply, kind: ConfigMap, namespace: istio-system, name: meshyard-operation, reason: new}
code:
  description: Why it failed, for programs. C(docs/codes.md) lists all codes.
  returned: failure
  type: str
  sample: forbidden
cluster:
  description: The cluster that was used.
  returned: success
  type: dict
  sample: {host: "https://10.99.0.11:6443", context: central, uid: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11}
requests:
  description: Number of requests to the API server.
  returned: success
  type: int
  sample: 12
"""

from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._plan.upgrade import record as upgrade_record
from ..module_utils._run.upgrade import record


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "from_revision": {"type": "str"},
        "to_revision": {"type": "str"},
        "from_version": {"type": "str", "default": ""},
        "to_version": {"type": "str", "default": ""},
        "tags": {"type": "list", "elements": "str", "default": []},
        "default_revision": {"type": "str", "default": ""},
        "planned": {"type": "bool", "default": False},
    }


def main() -> None:
    """Observe, plan, execute, answer."""
    module = Module(
        argument_spec=spec(),
        supports_check_mode=True,
        required_if=[("state", "present", ("from_revision", "to_revision"))],
        required_together=[("from_revision", "to_revision")],
    )
    with reporting(module):
        run = Run(module)
        if module.params["state"] == "present":
            _open(run)
        else:
            _close(run)


def _open(run: Run) -> None:
    namespace, intent = run.params["control_plane_namespace"], _intent(run.params)
    found = record.find(run.cluster, namespace)
    plan = upgrade_record.opening(intent, found, namespace, run.holder, run.cluster.name)
    now = found
    if plan:
        with run.writing(namespace):
            run.execute(plan)
        now = record.find(run.cluster, namespace)
        # Someone may have opened another one between the look and the write.
        upgrade_record.refuse_other(intent, now, run.cluster.name)
    planned = upgrade_record.Record(intent, run.holder, "", "")
    run.answer(plan, record=(now or planned).describe(), found=found is not None)


def _close(run: Run) -> None:
    namespace = run.params["control_plane_namespace"]
    found = record.find(run.cluster, namespace)
    only = _intent(run.params) if run.params["from_revision"] else None
    planned = (
        upgrade_record.Record(only or upgrade_record.Intent("", ""), run.holder, "", "") if run.check and run.params["planned"] else None
    )
    plan = upgrade_record.closing(found or planned, only, namespace, run.cluster.name)
    if plan and not run.check:
        with run.writing(namespace):
            run.execute(plan)
    run.answer(plan, record=found.describe() if found else None, found=found is not None)


def _intent(params: dict[str, Any]) -> upgrade_record.Intent:
    return upgrade_record.Intent(
        from_revision=params["from_revision"],
        to_revision=params["to_revision"],
        from_version=params["from_version"],
        to_version=params["to_version"],
        tags=tuple(params["tags"]),
        default_revision=params["default_revision"],
    )


if __name__ == "__main__":
    main()
