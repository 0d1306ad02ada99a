"""The Learn page: one module a section, all drawn by :mod:`reglab.ui.learn.page`."""
