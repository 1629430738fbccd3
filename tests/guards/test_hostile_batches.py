"""Batches that carry what must not reach raters, the disk or another host."""

import io
import json
import socket
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotation.models import Batch, Hit, Rater, Response, TextVersion
from annotation.selectors import cards
from annotation.services import leaks
from annotation.vocabulary import HitDecision, Role
from evaluation.services import releases
from tests import build

pytestmark = pytest.mark.django_db

# Names that no rule knows, so that only their absence can help.
MODELS = {f"Zephquill{n:02}": f"vendor-ombrex{n:02}" for n in range(12)}
OF_PROVIDERS = {
    "id": "chatcmpl-9Zq7", "message_id": "msg_01Qk", "response": None, "finish_reason": "stopzq",
    "usage": {"total_tokens": 918273}, "latency_ms": 8172.25, "temperature": 0.7375,
    "system_fingerprint": "fp_4zq2", "cost_usd": 0.00918, "created": 1764900123,
    "safety_ratings": [{"category": "HARMZQ"}], "reasoning": "thinking-zq-aloud",
    "never_heard_of": {"deep": ["resp_77zq"]},
}  # fmt: skip
SIGNS = ("chatcmpl-9Zq7", "msg_01Qk", "stopzq", "918273", "8172.25", "0.7375", "fp_4zq2", "0.00918",
         "1764900123", "HARMZQ", "thinking-zq-aloud", "resp_77zq", "never_heard_of", "latency_ms")  # fmt: skip


@pytest.fixture
def study(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    return build.study("s")


@pytest.fixture
def admin(study):
    return build.member(study, Role.ADMIN)


def browser(account) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def upload(account, content: bytes, name: str):
    return browser(account).post(
        "/studies/s/batches/", {"uploads": SimpleUploadedFile(name, content)}
    )


def lines(*fields: dict) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in fields).encode()


def session_of(rater: Rater) -> list[str]:
    """Everything that a rater is sent while judging all there is, whole pages and parts."""
    client, at = browser(rater.user), f"/studies/{rater.study.slug}"
    answers = []
    while (seat := build.claim(rater, at=build.now())) is not None:
        form = {"receipt": cards.card_for(seat, rater).receipt, "turn": "0", **build.QUICK}
        send = f"{at}/rate/{seat.key}/"
        answers += [
            client.get(f"{at}/rate/"),
            client.get(f"{at}/rate/", headers={"HX-Request": "true"}),
            client.options(send),
            client.post(send, {**form, "misled": ["nonsense"]}),
            client.post(send, form),
            client.get(f"{at}/mine/{seat.key}/"),
        ]
    answers += [client.get(f"{at}/{page}/") for page in ("rate", "mine", "guidelines", "glossary")]
    assert len(answers) > 4
    return [one.content.decode() + str(one.headers) + str(one.cookies) for one in answers]


def test_R074_twelve_models_by_name_and_no_page_of_a_rater_names_one(study, admin):
    replies = [
        build.reply_fields(
            query_id=f"q-{model}", response_id=f"{model}-1", model=f"{vendor}/{model}",
            scenario_id=f"s-{vendor}", metadata={"slug": model.lower()},
        )
        for model, vendor in MODELS.items()
    ]  # fmt: skip
    upload(admin, lines(*replies), "batch-of-Zephquill00-ombrex.jsonl")
    build.open_seats(study, n_seats=1)

    sent = session_of(build.rater(study))

    assert Response.objects.count() == 12
    words = ("zephquill", "ombrex")
    assert [one for one in sent if any(word in one.lower() for word in words)] == []


def test_R079_what_providers_say_of_a_reply_reaches_researchers_and_no_rater(
    study, admin, tmp_path
):
    reply = build.reply_fields(**{**OF_PROVIDERS, "metadata": {"provider": "resp_77zq"}})
    upload(admin, lines({k: v for k, v in reply.items() if v is not None}), "b.jsonl")
    build.open_seats(study, n_seats=1)

    sent = session_of(build.rater(study))
    release = build.release(study)

    assert [sign for sign in SIGNS if any(sign in one for one in sent)] == []
    facts = build.facts(study)
    items = releases.path_of(releases.release_of(facts, release.key), "items.jsonl").read_text()
    assert [sign for sign in SIGNS if sign not in items] == []


def test_R085_a_mask_keeps_the_original_its_place_rule_and_reviewer_and_can_be_corrected(
    study, admin
):
    said = "Well, I am ChatGPT, and so I say: tell her."
    messages = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": said}]
    upload(admin, lines(build.reply_fields(messages=messages)), "b.jsonl")
    build.open_seats(study, n_seats=2)
    first, second = (build.rater(study) for _ in range(2))
    text, hits = TextVersion.objects.get(), list(Hit.objects.all())

    before = browser(first.user).get("/studies/s/rate/").content.decode()
    leaks.decide(
        study=study, seen={hit.pk: HitDecision(hit.decision) for hit in hits},
        decision=HitDecision.KEPT, by=admin, now=build.now(),
    )  # fmt: skip
    after = browser(second.user).get("/studies/s/rate/").content.decode()

    assert said in json.dumps(text.messages)
    assert all(hit.rule and hit.rule_set == text.rule_set for hit in hits)
    assert any(said[hit.start : hit.end] == hit.found for hit in hits)
    assert set(Hit.objects.values_list("decided_by", flat=True)) == {admin.pk}
    assert "ChatGPT" not in before
    assert "[removed]" in before
    assert "ChatGPT" in after
    assert not any(hit.rule in page for hit in hits for page in (before, after))


def test_R085_a_release_says_which_replies_have_masks_and_where(study, admin):
    for said in ("I am ChatGPT.", "Tell her."):
        messages = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": said}]
        upload(admin, lines(build.reply_fields(messages=messages)), "b.jsonl")
    build.open_seats(study, n_seats=1)
    ann = build.rater(study)
    for _ in range(2):
        build.judgment(ann, at=build.now())

    release = build.release(study)

    found = releases.path_of(releases.release_of(build.facts(study), release.key), "items.jsonl")
    rows = [json.loads(line) for line in found.read_text().splitlines()]
    assert sorted(bool(row["masks"]) for row in rows) == [False, True]


@pytest.mark.parametrize("member", ["../../escaped.json", "/tmp/escaped-r023.json", "..\\escaped"])
def test_R023_members_of_an_archive_write_nowhere(study, admin, tmp_path, member):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("samples/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("header.json", "{}")
        archive.writestr(member, '{"id": "x"}')
    before = set(tmp_path.rglob("*"))

    answer = upload(admin, packed.getvalue(), "log.eval")

    assert answer.status_code < 500
    new = {path.parent.name for path in set(tmp_path.rglob("*")) - before if path.is_file()}
    assert new <= {"uploads"}
    assert "root:" not in browser(admin).get("/studies/s/batches/1/").content.decode()


@pytest.mark.parametrize(
    "address",
    ["http://evil.example/x.jsonl", "https://169.254.169.254/latest/", "file:///etc/passwd"],
)
def test_R025_loading_a_batch_opens_no_connection_for_what_it_names(
    study, admin, monkeypatch, address
):
    reached: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *more, **kw: reached.append(more) or [])
    reply = build.reply_fields(
        metadata={"source": address, "image": address},
        messages=[{"role": "user", "content": address}, {"role": "assistant", "content": f"![x]({address})"}],
    )  # fmt: skip

    upload(admin, lines({**reply, "url": address, "$ref": address}), "b.jsonl")

    assert Batch.objects.get().created == 1
    assert reached == []


ODD_KEYS = (
    "a'b",
    'a"b',
    "a;DROP TABLE annotation_batch",
    "a%s",
    "a__in",
    "a.b",
    "$where",
    "\\",
    "{0}",
)


def test_R026_odd_names_of_fields_and_ids_are_only_words(study, admin):
    replies = [
        build.reply_fields(query_id=key, response_id=f"{key}/1", model=key, metadata={key: {key: key}}, **{f"x{key}": key})
        for key in ODD_KEYS
    ]  # fmt: skip

    upload(admin, lines(*replies), "b.jsonl")
    again = upload(admin, lines(*replies), "b.jsonl")

    assert again.status_code == 303
    assert list(Batch.objects.order_by("pk").values_list("created", "unchanged")) == [
        (9, 0),
        (0, 9),
    ]
    assert set(Response.objects.values_list("query__external_id", flat=True)) == set(ODD_KEYS)


def test_R027_the_csv_of_errors_runs_nothing_in_a_spreadsheet(study, admin):
    bad = [build.reply_fields(framing=f"{sign}cmd|' /C calc'!A0") for sign in "=+-@\t"]
    upload(admin, lines(*bad), "b.jsonl")

    rows = browser(admin).get("/studies/s/batches/1/errors.csv").content.decode().splitlines()[1:]

    assert len(rows) == 5
    assert all(row.split(",")[2].lstrip('"').startswith("'") for row in rows)
