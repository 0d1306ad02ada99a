"""A report on runs and sweeps: one self-contained HTML file with verdict, charts, settings and how to reproduce it."""

from __future__ import annotations

from reglab.report.making import make_report, save
from reglab.report.subjects import MOST, ReportError, Subjects, find, why_not

__all__ = ["MOST", "ReportError", "Subjects", "find", "make_report", "save", "why_not"]
