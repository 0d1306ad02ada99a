"""The history of the schema; :mod:`reglab.store.migrate` brings a store to its head."""
