"""A study's specifications for its admins: which versions there are, and what each one changed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from annotation.models import Clause, Specification, SpecificationVersion, Study
from annotation.selectors.rubrics import plan


@dataclass(frozen=True, slots=True)
class AuthorityCount:
    """How many clauses have an authority; empty for those without one."""

    authority: str
    clauses: int


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a document; ``used`` says that raters are asked against it."""

    id: int
    version: str
    created_at: datetime
    clauses: int
    authorities: tuple[AuthorityCount, ...]
    used: bool


@dataclass(frozen=True, slots=True)
class Document:
    """One specification with its versions, latest first."""

    key: str
    title: str
    versions: tuple[VersionRow, ...]


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """A clause as one version has it."""

    clause_id: str
    title: str
    authority: str
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one version has and another has not, by clause id, each in its document's order."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    authority: tuple[tuple[str, str, str], ...] = ()

    @property
    def is_none(self) -> bool:
        """Say whether both are the same, clause by clause."""
        return not (self.added or self.removed or self.text or self.title or self.authority)


def documents_of(study: Study) -> list[Document]:
    """Return the study's specifications by key, each with its versions."""
    counts: dict[int, list[AuthorityCount]] = defaultdict(list)
    grouped = Clause.objects.filter(version__specification__study=study).values_list(
        "version", "authority"
    )
    for version_id, authority, n in grouped.annotate(n=Count("pk")).order_by("version", "-n"):
        counts[version_id].append(AuthorityCount(authority, n))
    documents = Specification.objects.filter(study=study).order_by("key")
    return [
        Document(
            key=document.key,
            title=document.title,
            versions=tuple(
                _row(version, counts[version.pk], study.specification_id)
                for version in sorted(document.versions.all(), key=lambda one: -one.pk)
            ),
        )
        for document in documents.prefetch_related("versions")
    ]


def _row(
    version: SpecificationVersion, authorities: Sequence[AuthorityCount], used_id: int | None
) -> VersionRow:
    in_order = sorted(authorities, key=lambda one: (-one.clauses, one.authority))
    return VersionRow(
        id=version.pk,
        version=version.version,
        created_at=version.created_at,
        clauses=sum(one.clauses for one in authorities),
        authorities=tuple(in_order),
        used=version.pk == used_id,
    )


def questions_with_clauses(study: Study) -> tuple[str, ...]:
    """Return the keys of the study's questions that ask for clauses."""
    return tuple(
        question.key for question in plan(study.rubric_id or 0).questions if question.clauses
    )


def version_of(study: Study, version_id: int) -> SpecificationVersion | None:
    """Return a version of this study with its document; None where the study has none such."""
    versions = SpecificationVersion.objects.select_related("specification")
    return versions.filter(pk=version_id, specification__study=study).first()


def version_before(version: SpecificationVersion) -> SpecificationVersion | None:
    """Return the version of the same document that was stored before this one."""
    earlier = SpecificationVersion.objects.filter(
        specification=version.specification_id, pk__lt=version.pk
    )
    return earlier.order_by("-pk").first()


def change_between(before: SpecificationVersion, after: SpecificationVersion) -> Change:
    """Return what the later version changed."""
    return difference(_clauses_of(before), _clauses_of(after))


def difference(before: Iterable[ClauseRow], after: Iterable[ClauseRow]) -> Change:
    """Compare two versions clause by clause, by id."""
    old = {clause.clause_id: clause for clause in before}
    new = {clause.clause_id: clause for clause in after}
    both = [(old[name], clause) for name, clause in new.items() if name in old]
    return Change(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        text=tuple(b.clause_id for a, b in both if a.text != b.text),
        title=tuple(b.clause_id for a, b in both if a.title != b.title),
        authority=tuple(
            (b.clause_id, a.authority, b.authority) for a, b in both if a.authority != b.authority
        ),
    )


def _clauses_of(version: SpecificationVersion) -> list[ClauseRow]:
    rows = version.clauses.order_by("position")
    return [
        ClauseRow(*row)
        for row in rows.values_list("clause_id", "title", "authority", "level", "text")
    ]
