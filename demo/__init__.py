"""A canary upgrade of a live mesh under load, with evidence that other programs wrote."""
