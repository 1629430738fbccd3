"""What was computed or brought: judges, verdicts, samples and rehearsals, reports, releases."""

from evaluation.models.exclusion import Exclusion, ExclusionKind
from evaluation.models.judge import Judge, JudgeMember, Verdict
from evaluation.models.rehearsal import Rehearsal, RehearsalState
from evaluation.models.release import Release
from evaluation.models.report import Report, ReportKind, ReportState
from evaluation.models.sample import Design, Sample, SampledItem, SampleState, Stratum
from evaluation.models.verdict_file import VerdictFile, VerdictFileState

__all__ = [
    "Design",
    "Exclusion",
    "ExclusionKind",
    "Judge",
    "JudgeMember",
    "Rehearsal",
    "RehearsalState",
    "Release",
    "Report",
    "ReportKind",
    "ReportState",
    "Sample",
    "SampleState",
    "SampledItem",
    "Stratum",
    "Verdict",
    "VerdictFile",
    "VerdictFileState",
]
