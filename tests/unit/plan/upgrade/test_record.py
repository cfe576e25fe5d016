"""The record of an upgrade refuses another one, and is read back as it was written."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Create, Delete
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade import record as upgrade_record
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade.record import Intent

INTENT = Intent("1-31-0", "1-32-0", "1.31.0", "1.32.0", ("canary", "prod"), "1-31-0")


def stored(intent: Intent = INTENT) -> upgrade_record.Record:
    body = upgrade_record.body(intent, "istio-system", "ops")
    found = upgrade_record.parse({**body, "metadata": {**body["metadata"], "uid": "u1", "creationTimestamp": "2026-01-01T10:00:00Z"}})
    assert found is not None
    return found


def test_a_record_is_read_back_as_it_was_written() -> None:
    found = stored()
    assert found.intent == INTENT
    assert (found.opened_by, found.opened_at, found.uid) == ("ops", "2026-01-01T10:00:00Z", "u1")
    assert upgrade_record.parse(None) is None


def test_it_is_created_once_and_then_left_as_it_is() -> None:
    (step,) = upgrade_record.opening(INTENT, None, "istio-system", "ops", "east")
    assert isinstance(step, Create)
    later = Intent("1-31-0", "1-32-0", tags=("other",))
    assert upgrade_record.opening(later, stored(), "istio-system", "someone else", "east") == ()


def test_another_operation_is_refused() -> None:
    with pytest.raises(MeshyardError, match="from 1-31-0 to 1-32-0 is open"):
        upgrade_record.opening(Intent("1-31-0", "1-33-0"), stored(), "istio-system", "ops", "east")
    with pytest.raises(MeshyardError, match="from 1-31-0 to 1-32-0 is open"):
        upgrade_record.closing(stored(), Intent("1-30-0", "1-32-0"), "istio-system", "east")


def test_an_upgrade_to_itself_is_refused() -> None:
    with pytest.raises(MeshyardError, match="from revision 1-31-0 to itself"):
        upgrade_record.opening(Intent("1-31-0", "1-31-0"), None, "istio-system", "ops", "east")


def test_closing_deletes_exactly_the_record_that_was_seen() -> None:
    (step,) = upgrade_record.closing(stored(), None, "istio-system", "east")
    assert isinstance(step, Delete)
    assert (step.ref.kind, step.ref.name, step.uid) == ("ConfigMap", "meshyard-operation", "u1")
    assert upgrade_record.closing(None, None, "istio-system", "east") == ()
