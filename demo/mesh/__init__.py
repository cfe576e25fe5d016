"""`make demo-multicluster`: two clusters become one mesh, are upgraded together, and part again."""
