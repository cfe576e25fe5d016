"""Makes this working tree importable as the collection that it is."""

from __future__ import annotations

import sys

from hypothesis import HealthCheck, settings

from tests import tree

sys.path.insert(0, str(tree.linked()))

# The machines that run this are small and shared: how long a single example takes says nothing.
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")
