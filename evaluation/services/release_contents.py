"""Filling a release's folder from one snapshot, and the manifest that seals it."""

from typing import Any

from annotation.cells import ESCAPE_RULE
from annotation.rendering import RENDERER_VERSION
from annotation.scrubbing import MARK
from annotation.selectors import released, withdrawals
from annotation.selectors.labels import last_judgment
from annotation.selectors.personal_data import Redaction
from annotation.selectors.released_documents import rubric_source
from annotation.selectors.released_texts import shows_system_messages
from annotation.selectors.studies import StudyFacts, pseudonyms
from annotation.vocabulary import DEFAULT_WAVES
from evaluation import VERSION
from evaluation.exports import documents, rows
from evaluation.exports.card import card
from evaluation.exports.columns import (
    CLAUSES,
    DICTIONARY,
    EXCLUSIONS,
    ITEMS,
    JUDGMENTS,
    LABELS,
    RATERS,
    REVISIONS,
    SPANS,
    STAGES,
    TABLES,
    TEXTS,
    VALUES,
    VERDICTS,
)
from evaluation.exports.croissant import NAME as CROISSANT
from evaluation.exports.croissant import croissant
from evaluation.exports.folder import Folder
from evaluation.exports.layout import Filters
from evaluation.exports.recompute import alphas, package, same
from evaluation.exports.verify import MANIFEST
from evaluation.models import Sample, SampleState
from evaluation.services import (
    agreement,
    judges,
    release_exclusions,
    release_labels,
    span_agreement,
)
from evaluation.services.inclusion import Inclusion, inclusion_of
from evaluation.services.release_exclusions import Rules

FORMAT = "touchstone-release/2"
FATES = {
    "superseded": "an earlier revision; the rater judged the item again since; see revisions",
    "late": "a turn answered again after the next turn was seen; see revisions",
    "abandoned": "the rater left the item half way",
    "unfinished": "the rater was still at the item",
    "withdrawn": "the rater left the study; the judgment is kept and does not count",
}
DELETED = (
    "Judgments that were deleted because their raters left the study. They are no rows any more:"
    " the total does not have them, and no reason of exclusion counts them."
)


def fill(
    study: StudyFacts, name: str, folder: Folder, *, keep_flagged: bool = False
) -> dict[str, Any]:
    """Write every file of a release; return the manifest, which is written last.

    What may be personal data in raters' words is masked where somebody decided so, and where nobody
    decided unless ``keep_flagged``. The caller holds the snapshot. The same study, name, cut-off,
    exclusions and decisions give the same bytes.
    """
    until = last_judgment(study.id)
    ids = released.rater_ids(study.id)
    names = pseudonyms(study.id, purpose=f"release:{name}", subjects=ids)
    rules = release_exclusions.read(study)
    redaction = Redaction(keep_undecided=keep_flagged)
    said = rows.judgments(study, names, until=until, rules=rules.in_force, redaction=redaction)
    folder.parts("judgments", JUDGMENTS, said, whole=True)
    folder.parts("spans", SPANS, rows.spans(study, names, until=until))
    folder.parts("clauses", CLAUSES, rows.clauses(study, names, until=until))
    folder.parts("stages", STAGES, rows.stages(study, names, until=until))
    revised = rows.revisions(study, names, until=until, redaction=redaction)
    folder.table("revisions", REVISIONS, revised)
    included = inclusion_of(study)
    concluded = release_labels.concluded(
        study, until=until, filters=rules.applied, chances=included.chances
    )
    folder.parts("labels", LABELS, concluded)
    folder.parts("items", ITEMS, rows.items(study))
    folder.table("texts", TEXTS, rows.texts(study, until=until))
    folder.table("values", VALUES, rows.values(study))
    folder.parts("verdicts", VERDICTS, rows.verdicts(study))
    folder.table("raters", RATERS, rows.raters(study, names, until=until))
    folder.table("exclusions", EXCLUSIONS, rules.rows(names, until=until))
    agreed = agreement.as_json(
        study,
        agreement.report(study, until=until, filters=rules.applied),
        span_agreement.report(study, until=until, filters=rules.applied),
    )
    folder.json("agreement.json", agreed)
    release_labels.write(study, folder, until=until, filters=rules.applied)
    known = judges.judges_of(study)
    reports = [
        judges.as_json(
            study,
            one,
            judges.report(study, one.id, until=until, names=names, filters=rules.applied),
        )
        for one in known
    ]
    folder.json("judges.json", {"study": study.slug, "judges": reports})
    rubric = rows.in_order(rubric_source(study.rubric.id))
    folder.json("rubric.json", rubric)
    folder.text("guidelines.md", study.guidelines)
    used = documents.write(study, folder, until=until)
    sampling = _sampling(study, included)
    folder.json("sampling.json", sampling)
    folder.plain_csv("dictionary.csv", DICTIONARY, _dictionary())
    manifest = {
        **_about(study, name, until, rules),
        "personal_data": redaction.as_json(),
        "documents": used,
        "simulated": _simulated(study, known, until),
        "sampling": sampling,
        "headline": _headline(study, folder, rubric, agreed),
    }
    folder.text("README.md", card({**manifest, "files": _files(folder)}))
    about = {"title": study.title, "name": name, "software": VERSION}
    folder.json(CROISSANT, croissant(**about, files=folder.files))
    sealed = {**manifest, "files": _files(folder), "complete": True}
    folder.json(MANIFEST, sealed)
    return sealed


def _files(folder: Folder) -> list[dict[str, Any]]:
    return [file.as_json() for file in sorted(folder.files, key=lambda file: file.name)]


def _about(study: StudyFacts, name: str, until: int, rules: Rules) -> dict[str, Any]:
    fates = released.fates(study.id, until=until)
    return {
        "format": FORMAT,
        "name": name,
        "study": {"slug": study.slug, "title": study.title},
        "software": {"name": "touchstone", "version": VERSION},
        "cut_off": {
            "judgment": until,
            "verdict": rows.last_verdict(study),
            "withdrawal": withdrawals.last_withdrawal(study.id),
        },
        "rubric": {
            "key": study.rubric.key,
            "version": study.rubric.version,
            "title": study.rubric.title,
        },
        "guidelines_version": study.guidelines_version,
        "shown": {
            "mask": MARK,
            "renderer": RENDERER_VERSION,
            "system_messages": shows_system_messages(study.id),
            "items_shown_otherwise": released.items_shown_otherwise(study.id, until=until),
        },
        "filters": {
            "waves": [str(wave.label) for wave in DEFAULT_WAVES],
            "rubric": f"{study.rubric.key} v{study.rubric.version}",
            "exclusions": list(rules.applied.exclusions),
            "apply_to": [
                "labels",
                "calibrated",
                "calibration.json",
                "agreement.json",
                "judges.json",
                "headline",
            ],
        },
        "judgments": {
            "total": fates.total,
            "included": fates.included,
            "included_but_excluded": rules.left_out(until=until),
            "by_wave": released.judgments_by_wave(study.id, until=until),
            "by_rubric": released.judgments_by_rubric(study.id, until=until),
            "by_rule_set": released.judgments_by_rule_set(study.id, until=until),
        },
        "exclusions": [
            {"reason": reason, "judgments": getattr(fates, reason), "explanation": explanation}
            for reason, explanation in FATES.items()
        ],
        "withdrawn_and_deleted": {
            **withdrawals.deleted(study.id)._asdict(),
            "explanation": DELETED,
        },
        "skips": released.skips(study.id),
        "open_seats": released.open_seats(study.id),
        "csv": {"escape": ESCAPE_RULE, "line_end": "CR LF", "encoding": "UTF-8"},
    }


def _simulated(study: StudyFacts, known: list[judges.JudgeFacts], until: int) -> dict[str, Any]:
    number = released.simulated_judgments(study.id, until=until)
    names = sorted({one.name for one in known if one.simulated})
    found: dict[str, Any] = {"any": bool(number or names), "judgments": number, "judges": names}
    if found["any"]:
        found["note"] = "contains simulated judgments"
    return found


# Designs that take every item; of all others the samples say the probability, or nobody knows it.
EVERYTHING = ("all", "pairs")


def _sampling(study: StudyFacts, included: Inclusion) -> dict[str, Any]:
    drawn = Sample.objects.filter(study=study.id, state=SampleState.READY)
    return {
        "openings": [
            {
                **opening._asdict(),
                "inclusion_probability": rows.CERTAIN if opening.design in EVERYTHING else None,
            }
            for opening in released.openings(study.id)
        ],
        "inclusion": included.sentence,
        "samples": [sample.as_json() for sample in drawn.order_by("number")],
        "imported": "Imported judgments come with the design of where they were made.",
    }


def _dictionary() -> list[list[str]]:
    return [
        [table, column.name, column.type, column.description]
        for table, columns in TABLES.items()
        for column in columns
    ]


def _headline(
    study: StudyFacts, folder: Folder, rubric: dict[str, Any], agreed: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return alpha of each question, recomputed from the written file by another package.

    Derived questions follow from these, and are in ``agreement.json`` alone.
    """
    filters = Filters(
        waves=frozenset(str(wave.label) for wave in DEFAULT_WAVES),
        rubric=study.rubric.key,
        rubric_version=study.rubric.version,
    )
    again = {(one.key, one.scope): one.value for one in alphas(folder.path, rubric, filters)}
    headline = []
    for question in agreed["questions"]:
        if question["definition"]:
            continue
        alpha = question["coefficients"][0]
        value = again.get((question["key"], question["scope"]))
        headline.append(
            {
                "key": question["key"],
                "scope": question["scope"],
                "level": question["level"],
                "alpha": alpha,
                "recomputed": {"by": package(), "value": value},
                "equal": same(alpha["value"], value),
            }
        )
    return headline
