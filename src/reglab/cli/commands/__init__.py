"""One file a command: each defines ``ENTRY = Command(...)``."""
