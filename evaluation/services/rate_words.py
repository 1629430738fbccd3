"""Why a rate is estimated as it is, in sentences. Pure."""

from evaluation.models import Design
from evaluation.services.rate_methods import Chances, Method, Pooling

NAMES = {
    Method.PPI: "PPI++",
    Method.LABELS: "labels alone",
    Method.STRATIFIED: "stratified PPI++",
    Method.WEIGHTED: "inverse-probability weights",
    Method.ROGAN_GLADEN: "Rogan and Gladen",
    Method.REFUSED: "refused",
}
DESIGNS = {
    Design.SIMPLE: "a simple random sample: every reply of its frame had the same chance",
    Design.PANEL: "a fully crossed panel of whole queries: every reply had the same chance",
    Design.ALL: "everything in its frame",
    Design.STRATIFIED: "a stratified sample: within a stratum every reply had the same chance",
    Design.ENRICHED: "enriched: more was drawn of what a judge marked than of the rest",
}
CONDITIONAL = (
    "The question is put only where another was answered in a certain way, to people by their own"
    " answer and to the judge by its own. So the two speak of different replies, and a corrected"
    " rate is refused."
)
HOW = {
    Chances.EQUAL: (
        "So PPI++ is used: the share among people's labels, moved by how far the judge's verdicts"
        " on all other replies differ from those on the labelled ones."
    ),
    Chances.BY_STRATUM: (
        "So PPI++ is used within each stratum, and the strata are put together by their sizes."
    ),
    Chances.OF_OTHERS: CONDITIONAL,
    Chances.BY_VERDICT: (
        "So neither the plain share of labels nor PPI++ would be right, and neither is offered."
        " Rogan and Gladen's rate is used: the judge's share of all verdicts, corrected by its"
        " sensitivity and specificity, each label weighted by the inverse of its stored inclusion"
        " probability."
    ),
}
ASSUMED = (
    "No sample is stored that drew the labelled replies. They are taken for a simple random sample"
    " of all replies with a verdict because that was asked for; nothing can show that it is so."
)
NO_SAMPLE = (
    "No sample is stored that drew the labelled replies, so nobody can know how they were chosen,"
    " and nothing follows from them about the others: a corrected rate is refused. Draw a sample"
    " and have it judged, or say that these may be taken for a simple random sample."
)
OPENED_AT_ALL = (
    "No sample was drawn: seats were opened at every reply, and all labels come from these. Judging"
    " goes in random order, so those judged so far are a simple random sample, and PPI++ is used:"
    " the share among people's labels, moved by how far the judge's verdicts on all other replies"
    " differ from those on the labelled ones."
)
ALL_LABELLED = (
    "Every reply with a verdict is labelled, so the rate is that of the labels; no sample is"
    " needed."
)
APART = (
    "Replies that another sample drew too, or that were judged before this one was drawn, are"
    " judged to {shared:.0%} here where {wanted:.0%} would be their part. So the labels so far are"
    " no random part of the sample, and a corrected rate is refused until it is judged in full."
)
NO_LABELS = "Nobody has judged anything the judge gave a verdict on, so there is only its own rate."


def why(sample: int, design: Design, chances: Chances) -> str:
    """Say what the design is, and which estimator follows from it."""
    return f"Sample {sample} is {DESIGNS[design]}. {HOW[chances]}"


def apart(sample: int, design: Design, shared: float, wanted: float) -> str:
    """Say that labels of a sample that is not judged in full came from elsewhere as well."""
    return f"Sample {sample} is {DESIGNS[design]}. {APART.format(shared=shared, wanted=wanted)}"


def of_pooling(pooling: Pooling | None) -> str:
    """Say whether slices share the judge's errors, and by which tests."""
    if pooling is None:
        return ""
    tests = ", ".join(
        f"{name} p = {test.p:.3f}"
        for name, test in (
            ("sensitivity", pooling.sensitivity),
            ("specificity", pooling.specificity),
        )
    )
    if pooling.allowed:
        return (
            "The slices share one sensitivity and one specificity: no sign that they differ"
            f" ({tests}). The interval is that of Lee et al. 2025."
        )
    return (
        f"Each slice has its own sensitivity and specificity, because they differ ({tests}): pooled"
        " errors would bias the rates exactly where the judge favours someone."
    )


OWN_ERRORS = (
    "Sensitivity and specificity come from these labels themselves, so the interval takes into"
    " account that they and the share of verdicts vary together."
)


def incomplete(judged: int, drawn: int) -> str:
    """Say that a sample is not judged in full; empty where it is."""
    if judged >= drawn:
        return ""
    return (
        f"{judged:,} of the {drawn:,} replies drawn are judged so far. Those to come are taken to"
        " be like them, because judging goes in random order."
    )


def frame_changed(was: int, now: int) -> str:
    """Say that a frame is not what it was when the sample was drawn; empty where it is."""
    if was == now:
        return ""
    return (
        f"The sample's frame had {was:,} units when it was drawn and has {now:,} now: rates are of"
        " what is there now."
    )


def left_out(outside: int, silent: int) -> list[str]:
    """Say which labels do not count, and why."""
    found = []
    if outside:
        found.append(
            f"{outside:,} judged units are not of the sample; their labels are not used, because"
            " nobody knows how they came to be judged."
        )
    if silent:
        found.append(f"{silent:,} judged units have no verdict of this judge and are left out.")
    return found


def excluded(numbers: tuple[int, ...]) -> str:
    """Say which exclusions were applied to people's labels, and what becomes of the verdicts."""
    named = f"Exclusion{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
    return (
        f"{named} left judgments out of people's labels; the verdicts on what has no label any more"
        " stay in the judge's own rate."
    )
