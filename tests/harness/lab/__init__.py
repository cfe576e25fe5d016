"""What scenarios on real clusters are made of, for tests/lab and for the demo: clusters, playbooks, load, and what is read from outside."""
