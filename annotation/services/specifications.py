"""Keeping the documents that say how a model should behave, in versions that never change."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

import structlog
from django.db import transaction

from annotation.errors import (
    SpecificationInvalid,
    SpecificationUnknown,
    SpecificationVersionExists,
)
from annotation.files import Problem
from annotation.models import Clause, Specification, SpecificationVersion, Study
from annotation.selectors.specifications import is_of
from annotation.specification_format import ParsedClause, normalised, parse

log = structlog.get_logger("touchstone.specifications")
LONGEST = {"key": 100, "title": 200, "version": 100}


def add(
    *,
    study: Study,
    key: str,
    title: str,
    version: str,
    source: str,
    ids: Mapping[int, str],
    now: datetime,
    by_id: int | None,
) -> SpecificationVersion:
    """Store a version of a document with its clauses; the same once more changes nothing.

    ``ids`` are given by hand, by the clause's position. The title is the document's, whatever its
    version: the latest counts.

    Raises:
        SpecificationInvalid: something is wrong with the text, an id or a name; every line is told.
        SpecificationVersionExists: the version is stored with another text or other ids.
    """
    parsed = parse(source, ids=ids)
    problems = [*_named_badly(key=key, title=title, version=version), *parsed.problems]
    if problems:
        raise SpecificationInvalid(
            "The specification cannot be stored: "
            + "; ".join(_sentence(problem) for problem in problems[:20]),
            errors=[asdict(problem) for problem in problems],
        )
    text = normalised(source)
    with transaction.atomic():
        document, _ = Specification.objects.get_or_create(
            study=study, key=key, defaults={"title": title}
        )
        stored, made = SpecificationVersion.objects.get_or_create(
            specification=document,
            version=version,
            defaults={
                "source": text,
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "created_at": now,
            },
        )
        if made:
            Clause.objects.bulk_create(_row(stored, clause) for clause in parsed.clauses)
        else:
            _refuse_other(stored, text, parsed.clauses)
        Specification.objects.filter(pk=document.pk).update(title=title)
    if made:
        log.info(
            "specification_added", study=study.slug, version_id=stored.pk, by=by_id,
            clauses=len(parsed.clauses),
        )  # fmt: skip
    return stored


def use(*, study: Study, version_id: int | None, by_id: int | None) -> None:
    """Ask the questions about clauses against this version from now on; None for against none.

    What was judged keeps the version it was judged against.

    Raises:
        SpecificationUnknown: the version is not of this study.
    """
    if version_id is not None and not is_of(study, version_id):
        raise SpecificationUnknown(
            "There is no such version in this study. Choose one of the list."
        )
    Study.objects.filter(pk=study.pk).update(specification=version_id)
    study.specification_id = version_id
    log.info("specification_used", study=study.slug, version_id=version_id, by=by_id)


def _sentence(problem: Problem) -> str:
    place = f"line {problem.line}: " if problem.line else ""
    return f"{place}{problem.field} {problem.reason}" if problem.field else place + problem.reason


def _named_badly(**names: str) -> list[Problem]:
    return [
        Problem(0, name, reason)
        for name, text in names.items()
        if (reason := _name_problem(text, LONGEST[name]))
    ]


def _name_problem(text: str, longest: int) -> str:
    if not text.strip():
        return "is missing"
    if len(text) > longest:
        return f"is longer than {longest} characters"
    return "" if text.isprintable() else "holds a sign that cannot be seen; leave it out"


def _row(version: SpecificationVersion, clause: ParsedClause) -> Clause:
    return Clause(
        version=version,
        clause_id=clause.clause_id,
        position=clause.position,
        title=clause.title,
        authority=clause.authority,
        level=clause.level,
        text=clause.text,
    )


def _refuse_other(
    stored: SpecificationVersion, text: str, clauses: tuple[ParsedClause, ...]
) -> None:
    document = stored.specification
    if stored.source != text:
        raise SpecificationVersionExists(
            f"{document.key} version {stored.version} is stored with another text, and a version"
            " never changes. Give the new text another version.",
            version_id=stored.pk,
        )
    kept = list(stored.clauses.order_by("position").values_list("clause_id", flat=True))
    if kept != [clause.clause_id for clause in clauses]:
        raise SpecificationVersionExists(
            f"{document.key} version {stored.version} is stored with other ids, and a version"
            " never changes. Give it another version.",
            version_id=stored.pk,
        )
