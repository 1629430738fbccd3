import sys
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from annotation.models import Judgment, User
from annotation.receipts import opened
from annotation.selectors.cards import card_for_edit
from annotation.services import openings, revisions
from evaluation import tasks
from evaluation.errors import ReleaseExists, ReleaseNotReady, ReleaseUnknown
from evaluation.exports.snapshot import snapshot
from evaluation.exports.verify import verify
from evaluation.models import Release
from evaluation.models.release import ReleaseState
from evaluation.services import releases
from tests import build
from tests.evaluation import given
from tests.evaluation.given import manifest, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, given.TABLE, given.JUDGED, slug="kind")


def test_a_directory_that_holds_something_is_refused(study, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")

    with pytest.raises(CommandError, match="not empty") as stop:
        call_command("release", "kind", "--out", str(tmp_path / "out"))

    assert stop.value.returncode == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_an_empty_directory_is_filled(study, tmp_path, capsys):
    (tmp_path / "out").mkdir()

    found = given.printed(capsys, "release", "kind", "--out", str(tmp_path / "out"))

    assert found == manifest(tmp_path / "out")


def test_a_directory_that_cannot_be_replaced_is_filled_file_by_file(study, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()

    def refuse(path, target):
        raise OSError(16, "busy")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    out = written(study, tmp_path)

    assert verify(out).differences == ()
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".partial")] == []


def test_what_a_killed_writer_left_is_cleared(study, tmp_path):
    left = tmp_path / ".out.0123.partial"
    left.mkdir()

    written(study, tmp_path)

    assert not left.exists()


def test_a_release_that_fails_leaves_nothing(study, tmp_path, monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr("evaluation.services.release_contents.card", fail)

    with pytest.raises(RuntimeError):
        written(study, tmp_path)

    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb"])
def test_a_name_that_cannot_be_used_is_refused(study, tmp_path, name):
    with pytest.raises(CommandError, match="1 to 100 characters"):
        call_command("release", "kind", "--out", str(tmp_path / "out"), "--name", name)


def test_a_place_that_cannot_be_written_is_named(study, tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(CommandError, match="cannot be written"):
        call_command("release", "kind", "--out", str(tmp_path / "file" / "out"))


def test_the_command_says_what_it_wrote(study, tmp_path, capsys):
    call_command("release", "kind", "--out", str(tmp_path / "out"))

    assert "recomputed alike" in capsys.readouterr().out


@pytest.fixture
def at_home(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"


def request(study, name="first"):
    return tasks.request_release(build.facts(study), name=name, by_id=None, now=build.NOW)


def test_a_release_that_was_asked_for_is_written_and_kept(study, at_home):
    release = request(study)

    assert (str(release), release.state) == ("first", ReleaseState.READY)
    assert release.cut_off == Judgment.objects.latest("pk").pk
    assert verify(releases.folder_of(release)).differences == ()
    assert releases.releases_of(build.facts(study)) == [release]


def test_a_name_is_used_once(study, at_home):
    request(study)

    with pytest.raises(ReleaseExists):
        request(study, " first ")


def test_only_files_of_the_manifest_are_found(study, at_home):
    release = request(study)

    assert releases.path_of(release, "labels.csv").is_file()
    assert releases.path_of(release, "manifest.json").is_file()
    for name in ("../../x", "secret.txt", "", "/etc/passwd"):
        with pytest.raises(ReleaseUnknown):
            releases.path_of(release, name)


def test_a_failed_release_says_so_and_has_no_files(study, at_home, monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr("evaluation.services.release_contents.card", fail)
    release = request(study)

    assert release.state == ReleaseState.FAILED
    assert "RuntimeError" in release.failure
    with pytest.raises(ReleaseNotReady):
        releases.path_of(release, "labels.csv")


def test_a_release_of_another_study_is_unknown(study, at_home):
    release = request(study)

    with pytest.raises(ReleaseUnknown):
        releases.release_of(build.facts(build.study()), release.key)


def test_a_release_is_written_once(study, at_home):
    release = request(study)
    (releases.folder_of(release) / "labels.csv").write_text("marked")

    releases.write(release.pk)

    assert (releases.folder_of(release) / "labels.csv").read_text() == "marked"


def test_r115_a_release_whose_writer_died_is_taken_up_again(study, at_home):
    release = request(study)
    Release.objects.filter(pk=release.pk).update(
        state=ReleaseState.WRITING, leased_until=build.NOW, manifest={}
    )

    taken = tasks.take_up_lapsed(build.now())

    release.refresh_from_db()
    assert (taken, release.state) == (1, ReleaseState.READY)


def test_a_release_being_written_is_left_alone(study, at_home):
    release = request(study)
    later = build.now() + build.HOUR
    Release.objects.filter(pk=release.pk).update(state=ReleaseState.WRITING, leased_until=later)

    assert tasks.take_up_lapsed(build.now()) == 0
    releases.write(release.pk)

    release.refresh_from_db()
    assert release.state == ReleaseState.WRITING


def overtaken(release, monkeypatch, then):
    """Have a release written, and while that goes on another writer take it."""

    def meanwhile(*args):
        Release.objects.filter(pk=release.pk).update(leased_until=build.now() + 9 * build.HOUR)
        return then()

    monkeypatch.setattr("evaluation.services.releases._publish", meanwhile)
    Release.objects.filter(pk=release.pk).update(state=ReleaseState.WAITING, manifest={})
    releases.write(release.pk)
    release.refresh_from_db()


def test_r115_a_slow_writer_that_was_given_up_does_not_say_that_it_failed(
    study, at_home, monkeypatch
):
    release = request(study)

    def fail():
        raise FileNotFoundError  # its directory was cleared away

    overtaken(release, monkeypatch, fail)

    assert (release.state, release.failure) == (ReleaseState.WRITING, "")


def test_r115_a_slow_writer_that_was_given_up_does_not_say_that_it_is_ready(
    study, at_home, monkeypatch
):
    release = request(study)

    overtaken(release, monkeypatch, lambda: None)

    assert (release.state, release.manifest) == (ReleaseState.WRITING, {})


def in_another_connection(act):
    def run():
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_r066_a_release_sees_one_state_while_others_write(transactional_db):
    build.user("before")

    with snapshot():
        seen = User.objects.count()
        in_another_connection(lambda: build.user("meanwhile"))
        assert User.objects.count() == seen

    assert User.objects.count() == seen + 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R066_releases_made_while_raters_judge_are_each_whole(tmp_path, transactional_db):
    study = build.study("busy", rubric=build.SAFE)
    given.replies(study, tmp_path, *[f"r{n}" for n in range(8)])
    openings.open_first_wave(study=study, raters_per_item=4, seed=1, now=build.NOW)
    people = [build.rater(study) for _ in range(3)]

    def judge(rater):
        while seat := build.claim(rater):
            build.submit(rater, seat, safe=["yes"])

    def release():
        for n in range(3):
            written(study, tmp_path, f"during {n}", f"during-{n}")

    met = build.at_once(*[lambda one=one: judge(one) for one in people], release)

    assert met == [None] * 4
    for n in range(3):
        out = tmp_path / f"during-{n}"
        found, said = manifest(out), given.rows(out, "judgments")
        assert verify(out).differences == ()
        assert len({row["judgment"] for row in said}) == len(said) == found["judgments"]["included"]
        assert {row["rater"] for row in said} == {row["rater"] for row in given.rows(out, "raters")}
        assert {row["response_id"] for row in said} <= {
            row["response_id"] for row in given.rows(out, "items")
        }


def test_a_terminal_is_shown_the_rows_written(study, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)

    call_command("release", "kind", "--out", str(tmp_path / "out"))

    assert "judgments: 14 rows" in capsys.readouterr().err


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R066_what_was_judged_before_a_release_began_is_in_it_while_others_edit(
    tmp_path, transactional_db
):
    study = build.study("busy", rubric=build.SAFE)
    given.replies(study, tmp_path, *[f"r{n}" for n in range(6)])
    openings.open_first_wave(study=study, raters_per_item=3, seed=1, now=build.NOW)
    people = [build.rater(study) for _ in range(3)]
    before = []

    def judge_and_change(rater):
        while seat := build.claim(rater):
            build.submit(rater, seat, safe=["yes"])
            card = card_for_edit(seat, rater, turn=0, language="")
            receipt = opened(card.receipt, seat_key=seat.key)
            revisions.revise(
                rater=rater, receipt=receipt, turn=0, sent={"safe": ["no"]}, now=build.NOW
            )

    def release():
        for n in range(3):
            before.append(set(Judgment.objects.filter(current=True).values_list("seat", flat=True)))
            written(study, tmp_path, f"during {n}", f"during-{n}")

    met = build.at_once(*[lambda one=one: judge_and_change(one) for one in people], release)

    assert met == [None] * 4
    for n, judged in enumerate(before):
        out = tmp_path / f"during-{n}"
        said = [row["judgment"] for row in given.rows(out, "judgments")]
        seats = Judgment.objects.filter(public_id__in=said).values_list("seat", flat=True)
        assert judged <= set(seats)
        assert len(set(seats)) == len(said)
        assert {row["judgment"] for row in given.rows(out, "revisions")} <= set(said)
