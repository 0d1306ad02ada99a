"""Presentation mode: a page as a few large steps for a projector."""
