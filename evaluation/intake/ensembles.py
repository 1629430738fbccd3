"""Ensembles: judges that say what most of several judges say. Their verdicts are rows like others'.

So an ensemble can be used wherever a judge can. The rows follow from the members': they are made
again in the database whenever verdicts of a member were loaded, and are never loaded themselves.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from annotation.selectors.studies import StudyFacts
from evaluation.errors import JudgeInvalid
from evaluation.models import Judge, JudgeMember, Verdict

FEWEST_MEMBERS = 2
LONGEST_NAME = 200

# One option is said where it has more of the members' votes than any other and two members spoke.
# Several choices are left out: their rows are options, not answers.
MAJORITY = """
INSERT INTO evaluation_verdict
    (judge_id, response_id, question_id, option_id, turn, single,
     probability, probabilities, score, reasoning, clauses)
SELECT %s, response_id, question_id, option_id, turn, single, NULL, NULL, NULL, '', '[]'
FROM (
    SELECT placed.*, COUNT(*) OVER
        (PARTITION BY response_id, question_id, turn) AS leaders
    FROM (
        SELECT counted.*,
            RANK() OVER (PARTITION BY response_id, question_id, turn ORDER BY votes DESC) AS place,
            SUM(votes) OVER (PARTITION BY response_id, question_id, turn) AS spoke
        FROM (
            SELECT response_id, question_id, turn, option_id, single, COUNT(*) AS votes
            FROM evaluation_verdict
            WHERE single AND judge_id IN
                (SELECT member_id FROM evaluation_judgemember WHERE ensemble_id = %s)
            GROUP BY response_id, question_id, turn, option_id, single
        ) AS counted
    ) AS placed
    WHERE place = 1
) AS led
WHERE leaders = 1 AND spoke >= %s
ORDER BY question_id, turn, response_id
"""


def make(*, study: StudyFacts, name: str, member_ids: Iterable[int], now: datetime) -> Judge:
    """Make a judge of the majority of others, with its verdicts.

    It is simulated where a member is, and of the members' family where they share one.

    Raises:
        JudgeInvalid: the name is empty, too long or taken; fewer than two members, one that the
            study has not, or one that is an ensemble itself.
    """
    members = _members(study, name, set(member_ids))
    families = {one.family for one in members}
    with transaction.atomic():
        ensemble, is_new = Judge.objects.get_or_create(
            study_id=study.id,
            name=name.strip(),
            model="",
            prompt_version="",
            rubric_version="",
            defaults={
                "simulated": any(one.simulated for one in members),
                "family": families.pop() if len(families) == 1 else "",
                "created_at": now,
            },
        )
        if not is_new:
            raise JudgeInvalid(f"The study has a judge {name!r} already; give it another name.")
        JudgeMember.objects.bulk_create(
            JudgeMember(ensemble=ensemble, member=one) for one in members
        )
        _count(ensemble.pk)
    return ensemble


def count_again(judge_ids: Iterable[int]) -> None:
    """Make the verdicts of all ensembles again of which one of these judges is a member."""
    found = JudgeMember.objects.filter(member__in=set(judge_ids))
    for ensemble_id in sorted(set(found.values_list("ensemble_id", flat=True))):
        with transaction.atomic():
            # Two loads of members at once would both insert: the second waits here.
            Judge.objects.select_for_update().get(pk=ensemble_id)
            Verdict.objects.filter(judge=ensemble_id).delete()
            _count(ensemble_id)


def _count(ensemble_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MAJORITY, [ensemble_id, ensemble_id, FEWEST_MEMBERS])


def _members(study: StudyFacts, name: str, ids: set[int]) -> list[Judge]:
    if not name.strip() or len(name) > LONGEST_NAME:
        raise JudgeInvalid(f"An ensemble's name has 1 to {LONGEST_NAME} characters.")
    members = list(Judge.objects.filter(study=study.id, pk__in=ids).order_by("pk"))
    missing = ids - {one.pk for one in members}
    if missing:
        raise JudgeInvalid(f"The study has no judge with the id {min(missing)}.")
    if len(members) < FEWEST_MEMBERS:
        raise JudgeInvalid(f"An ensemble has {FEWEST_MEMBERS} members or more.")
    nested = JudgeMember.objects.filter(ensemble__in=ids).values_list("ensemble__name", flat=True)
    for one in nested[:1]:
        raise JudgeInvalid(f"{one!r} is an ensemble itself; name its members instead.")
    return members
