# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A source of events for ansible-rulebook: what happens on the clusters of a mesh that calls for a playbook."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

DOCUMENTATION = r"""
short_description: Watches the clusters of a mesh
description:
  - Tells when the ready pods of istiod changed, when a changed template of an enabled Deployment waits for a release, when a certificate by
    which istiod signs ends soon, and when a token by which a cluster is read is old.
  - A cluster that does not answer is asked again with growing pauses, a minute at most, and holds up none of the others. A watch that was
    cut goes on from where it ended, or begins anew where that is too long ago, and what was told before is not told again.
  - Needs the collections and libraries of the modules of this collection beside ansible-rulebook. Only reads.
options:
  clusters:
    description: The clusters, each with C(name) and the connection options of the modules, such as C(kubeconfig) and C(context).
    type: list
    elements: dict
    required: true
  events:
    description: Which events are told. By default all of V(istiod_endpoints_changed), V(release_waiting), V(certificate_due), V(token_due).
    type: list
    elements: str
  control_plane_namespace:
    description: The namespace of istiod.
    type: str
    default: istio-system
  settle_seconds:
    description: How long, in seconds, pods of istiod may go on changing before they are looked at.
    type: float
    default: 1
  certificate_days:
    description: A certificate is due when it is valid for fewer days than this.
    type: float
    default: 30
  token_days:
    description: A token is due when it is older than these days.
    type: float
    default: 90
  check_seconds:
    description: How long, in seconds, after a look at certificates and tokens comes the next one.
    type: float
    default: 3600
  watch_seconds:
    description: How long, in seconds, one watch lasts before the next one takes over.
    type: float
    default: 240
"""

EXAMPLES = r"""
- meshyard.istio.clusters:
    clusters:
      - {name: eu, kubeconfig: ~/.kube/config, context: eu}
      - {name: us, kubeconfig: ~/.kube/config, context: us}
    events: [istiod_endpoints_changed, release_waiting]
"""


def _find_collections() -> None:
    """ansible-rulebook runs this file by its path and knows nothing of collections: their folders are made known to Python here."""
    configured = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep)
    for folder in (str(Path(__file__).absolute().parents[7]), *(os.path.expanduser(one) for one in configured if one)):
        if folder not in sys.path:
            sys.path.append(folder)


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Tells events until it is cancelled.

    :param queue: where events go. :param args: the options above.
    """
    _find_collections()
    # It tells of each repeated request; that a cluster does not answer is an event.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    from ansible_collections.meshyard.istio.plugins.module_utils._cluster import connect, connection_options
    from ansible_collections.meshyard.istio.plugins.module_utils._plan.events import request
    from ansible_collections.meshyard.istio.plugins.module_utils._run.events.watcher import Watcher

    given = {name: value for name, value in args.items() if name != "eda_feedback_queue"}
    wanted = request.parse(given, connection_options.WORDS)
    loop, found = asyncio.get_running_loop(), asyncio.Queue[dict[str, Any]]()

    def tell(event: dict[str, Any]) -> None:
        loop.call_soon_threadsafe(found.put_nowait, event)

    watchers = []
    for name, options in wanted.clusters.items():
        expected = options.get(connection_options.EXPECTED_UID)
        watchers.append(Watcher(name, wanted, partial(connect.connect, options, name=name, expected_uid=expected), tell))
    try:
        for watcher in watchers:
            watcher.start()
        while True:
            await queue.put(await found.get())
    finally:
        for watcher in watchers:
            watcher.stop()
