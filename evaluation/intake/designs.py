"""How a sample may be drawn: the designs, and what each needs."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaluation.errors import FrameInvalid
from evaluation.frames import Marked, Strata
from evaluation.models import Design

Share = Annotated[float, Field(ge=0, le=1)]


class Drawing(BaseModel):
    """How a sample is drawn: the design and what it needs.

    Attributes:
        design: which.
        size: units to draw, replies or in a panel queries; of ``enriched`` and ``all`` it follows.
        by: properties of replies that make strata.
        allocation: how a stratified sample shares its size out.
        shares: by stratum, the share expected, for Neyman's allocation and the expected width.
        marked: what a judge said, where it makes strata; needed for ``enriched``.
        rate, rate_others: with ``enriched``, which share of what the judge marked is drawn, and of
            everything else.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    design: Design
    size: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    by: tuple[str, ...] = ()
    allocation: Literal["proportional", "equal", "neyman"] = "proportional"
    shares: dict[str, Share] = Field(default_factory=dict)
    marked: Marked | None = None
    rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    rate_others: Annotated[float, Field(gt=0, le=1)] = 0.1

    def as_json(self) -> dict[str, Any]:
        """Return only what is not as usual, as a sample stores it."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @property
    def strata(self) -> Strata:
        """Return what its strata are told apart by."""
        if self.design in (Design.SIMPLE, Design.PANEL, Design.ALL):
            return Strata()
        return Strata(self.by, self.marked)

    @property
    def in_queries(self) -> bool:
        """Say whether whole queries are drawn, with all of their replies in the frame."""
        return self.design == Design.PANEL


def drawing_from_json(given: Any) -> Drawing:
    """Return a design as it was written down.

    Raises:
        FrameInvalid: names every field that is wrong or missing.
    """
    try:
        found = Drawing.model_validate(given)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, one['loc'])) or 'the design'}: {one['msg']}"
            for one in error.errors()
        ]
        sentence = "The design cannot be used. " + "; ".join(wrong)
        raise FrameInvalid(sentence, errors=wrong) from error
    if found.size is None and found.design not in (Design.ENRICHED, Design.ALL):
        raise FrameInvalid("Say how many are to be drawn.")
    if found.design == Design.ENRICHED and found.marked is None:
        raise FrameInvalid("Say which answers of which judge are to be drawn more often.")
    if found.design == Design.STRATIFIED and not found.by and found.marked is None:
        raise FrameInvalid("Say by what the strata are told apart.")
    return found


def used_by(design: Design) -> frozenset[str]:
    """The fields of a design that decide who is drawn, or how wide the interval will be."""
    return _USED[design]


def refuse_unused(drawing: Drawing) -> None:
    """Refuse what was said and plays no part, before a sample is kept for ever with it.

    Samples of earlier days may have such fields, so this is asked of new ones only.

    Raises:
        FrameInvalid: names every field that the design does not use.
    """
    unused = sorted(drawing.model_fields_set - _USED[drawing.design])
    if unused:
        raise FrameInvalid(
            f"The design {drawing.design.value!r} does not use {', '.join(unused)}. Leave that out,"
            " or choose a design that does.",
            errors=[f"{name}: not used by this design" for name in unused],
        )


_ALWAYS = frozenset({"design", "shares"})
_USED = {
    Design.SIMPLE: _ALWAYS | {"size"},
    Design.PANEL: _ALWAYS | {"size"},
    Design.ALL: _ALWAYS,
    Design.STRATIFIED: _ALWAYS | {"size", "by", "marked", "allocation"},
    Design.ENRICHED: _ALWAYS | {"by", "marked", "rate", "rate_others"},
}
