"""How long tests wait for what should come at once on a machine that does nothing else."""

PATIENCE = 200.0
"""Seconds; pytest ends a test that waits for more than three of them."""
