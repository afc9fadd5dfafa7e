"""The colours of verdicts in the light scheme, on white; the style sheets of ``reports/`` write the same ones."""

from __future__ import annotations

from auditor.model.verdict import Status

INKS = {
    Status.FAIL: "#b3261e",
    Status.UNANSWERED: "#8f4a00",
    Status.PENDING: "#1d5b9e",
    Status.EXEMPT: "#6a3fa0",
    Status.NOT_APPLICABLE: "#566273",
    Status.PASS: "#1a6b3c",
}
"""For letters."""
TINTS = {
    Status.FAIL: "#fdeceb",
    Status.UNANSWERED: "#fdf1e0",
    Status.PENDING: "#e8f1fb",
    Status.EXEMPT: "#f2ecfa",
    Status.NOT_APPLICABLE: "#eef1f5",
    Status.PASS: "#e7f5ec",
}
"""Behind letters of the same verdict."""
BARS = {**INKS, Status.UNANSWERED: "#c77700", Status.NOT_APPLICABLE: "#c3cad4", Status.PASS: "#2f8a57"}
"""Of charts, where neighbours must be told apart without red and green: lighter beside what fails, and what no rule
means, mostly the longest part of a bar, in the background."""
