"""``python -m reglab``: the command line."""

from __future__ import annotations

import sys

from reglab.cli import main

sys.exit(main())
