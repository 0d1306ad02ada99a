""":material/school: Learn. What λ does, in five sections that you can play with; every number is computed live."""

from __future__ import annotations

from reglab.ui.learn.page import learn_page

learn_page()
