"""What was computed or brought for comparison: judges, their verdicts, releases."""

from evaluation.models.judge import Judge, Verdict
from evaluation.models.release import Release

__all__ = ["Judge", "Release", "Verdict"]
