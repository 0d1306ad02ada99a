"""The Inspect page: one run from the inside, in views; only the chosen one is computed."""
