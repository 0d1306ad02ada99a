"""The history of the schema; :mod:`reglab.store.open` brings a store to its head."""
