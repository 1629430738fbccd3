"""A stored design as the designer's address, so that it can be looked at and drawn again."""

from collections.abc import Mapping
from typing import Any

from django.utils.http import urlencode

from evaluation.views.sampling_forms import LISTS, SEPARATOR

AS_THEY_ARE = ("turns_from", "turns_to", "seats", "judges_differ")
OF_DESIGN = ("design", "size", "by", "allocation", "rate", "rate_others")


def query_of(frame: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """Return the fields of the designer that give this frame and this design."""
    fields: dict[str, Any] = {name: frame[name] for name in (*LISTS, *AS_THEY_ARE) if name in frame}
    if "verdict" in frame:
        fields |= {"judge": frame["verdict"]["judge"], "answers": _answers(frame["verdict"])}
    if "spread" in frame:
        given = frame["spread"]
        ends = {"spread_least": given.get("least"), "spread_most": given.get("most")}
        fields |= {"judge": given["judge"]} | {k: v for k, v in ends.items() if v is not None}
    fields |= {name: parameters[name] for name in OF_DESIGN if name in parameters}
    if "marked" in parameters:
        marked = parameters["marked"]
        fields |= {"marked_judge": marked["judge"], "marked": _answers(marked)}
    if parameters.get("shares"):
        shares = parameters["shares"].items()
        fields["shares"] = "\n".join(f"{label} = {share}" for label, share in shares)
    return urlencode(fields, doseq=True)


def _answers(given: Mapping[str, Any]) -> list[str]:
    return [f"{given['question']}{SEPARATOR}{code}" for code in given["answers"]]
