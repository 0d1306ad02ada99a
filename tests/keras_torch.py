"""Keras on its torch backend, for the tests that hold RegLab against it: import ``keras`` from here, never directly."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "torch"  # read once, when Keras is imported

import keras

if keras.backend.backend() != "torch":
    raise RuntimeError("Keras was imported before, with another backend")

__all__ = ["keras"]
