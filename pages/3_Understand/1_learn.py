""":material/school: Learn. What λ does, in five interactive sections; every number is computed live."""

from __future__ import annotations

from reglab.ui.learn.page import learn_page

learn_page()
