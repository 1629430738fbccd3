"""What was computed or brought for comparison: judges, their verdicts, samples, releases."""

from evaluation.models.judge import Judge, Verdict
from evaluation.models.release import Release
from evaluation.models.sample import Design, Sample, SampledItem, SampleState, Stratum

__all__ = [
    "Design",
    "Judge",
    "Release",
    "Sample",
    "SampleState",
    "SampledItem",
    "Stratum",
    "Verdict",
]
