"""What gives an author away is found, and what only looks like it is left."""

import json

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from annotation import scrub_rules, scrubbing
from annotation.scrubbing import Decision

RULES = scrubbing.current_rules()
BATCH = ("aldergrove/fern-2", "Harbor-9", "boreal", "kestrel")


def found(text, extra_names=()):
    return [
        (hit.text, hit.decision)
        for hit in scrubbing.find(text, rules=RULES, extra_names=extra_names)
    ]


def struck(text, extra_names=()):
    return [part for part, decision in found(text, extra_names) if decision is not Decision.KEPT]


def masked(text, extra_names=()):
    return [part for part, decision in found(text, extra_names) if decision is Decision.MASKED]


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("I'm Claude, how can I help?", "Claude"),
        ("I am ChatGPT.", "ChatGPT"),
        ("My name is Gemini.", "Gemini"),
        ("I was made by OpenAI.", "OpenAI"),
        ("trained by Google", "Google"),
        ("As an AI developed by Anthropic, I cannot.", "Anthropic"),
        ("As a large language model trained by Zorblax Labs, I cannot.", "Zorblax Labs"),
        ("I was created by Zorblax.", "Zorblax"),
        ("You can call me your Google Assistant.", "Google Assistant"),
        ("I'm an AI made by Meta.", "Meta"),
        ("I'm o3", "o3"),
        ("Ich bin Claude.", "Claude"),
        ("Ich bin eine KI und wurde von Google entwickelt.", "Google"),
        ("Ich bin ein Sprachmodell, das von Zorblax trainiert wurde.", "Zorblax"),
        ("Je suis Gemini.", "Gemini"),
        ("Je suis un modèle de langage entraîné par Google.", "Google"),
        ("Je suis une IA développée par Zorblax.", "Zorblax"),
        ("Soy Claude.", "Claude"),
        ("Soy un modelo entrenado por Google.", "Google"),
        ("Soy un asistente, un modelo desarrollado por Zorblax.", "Zorblax"),
        ("我是通义千问。", "通义千问"),
        ("我是由谷歌训练的语言模型。", "谷歌"),
        ("我是由左布拉公司开发的人工智能助手。", "左布拉"),
        ("أنا كلود", "كلود"),
        ("أنا نموذج لغوي طورته شركة جوجل", "جوجل"),
        ("أنا نموذج تم تدريبه بواسطة زوربلاكس", "زوربلاكس"),
        ("Я Клод.", "Клод"),
        ("Меня зовут Джемини.", "Джемини"),
        ("Я языковая модель, обученная компанией Google.", "Google"),
        ("Я модель, созданная компанией Зорблакс.", "Зорблакс"),
        ("私はクロードです。", "クロード"),
        ("私はGoogleによって訓練された言語モデルです。", "Google"),
        ("私はゾルブラ社によって開発されたAIです。", "ゾルブラ"),
        ("저는 클로드입니다.", "클로드"),
    ],
)
def test_a_text_that_says_who_speaks_or_who_made_the_speaker_is_masked(sentence, name):
    assert masked(sentence) == [name]


@pytest.mark.parametrize(
    "name",
    [
        *("GPT-4", "GPT-4o", "GPT 4.1 mini", "gpt4", "ChatGPT-5", "OpenAI", "Azure OpenAI"),
        *("Claude 3.5 Sonnet", "claude-3-5-sonnet-20241022", "3.5 Sonnet", "Anthropic"),
        *("Gemini 1.5 Pro", "DeepMind", "LaMDA", "PaLM 2", "Gemma 2", "Meta AI", "LLaMA"),
        *("Llama 3.1 70B", "Mistral 7B", "Mixtral 8x7B", "Mistral AI", "xAI", "DeepSeek-R1"),
        *("Qwen2.5-72B", "Tongyi", "通义千问", "Doubao", "Moonshot AI", "文心一言", "Ernie Bot"),
        *(
            "Phi-3",
            "StableLM",
            "YandexGPT",
            "ГигаЧат",
            "ЧатГПТом",
            "チャットGPT",
            "챗GPT",
            "Grok 2",
        ),
    ],
)
def test_the_names_of_models_and_vendors_are_masked_whole_wherever_they_stand(name):
    assert masked(f"So: {name}, or not.") == [name]


@pytest.mark.parametrize(
    "token",
    [
        *(
            "<|im_start|>",
            "<|im_end|>",
            "<|endoftext|>",
            "[INST]",
            "[/INST]",
            "<<SYS>>",
            "<</SYS>>",
        ),
        *(
            "<start_of_turn>",
            "\\u003c|im_end|\\u003e",
            "&lt;|im_start|&gt;",
            "<｜begin▁of▁sentence｜>",
        ),
        "【4:0†source】",
    ],
)
def test_marks_of_a_chat_template_are_masked(token):
    assert masked(f"well {token} so") == [token]


def test_a_filter_notice_loses_the_vendor_and_stays_a_notice():
    notice = "The response was filtered due to Azure OpenAI's content management policy. Retry."

    assert masked(notice) == ["Azure OpenAI's content management policy"]


@pytest.mark.parametrize(
    "disguise",
    [
        *("C l a u d e", "C-l-a-u-d-e", "O.p.e.n.A.I", "G P T - 4"),
        *("Сlaude", "Cl\u200baude", "ＣｈａｔＧＰＴ", "𝐂𝐡𝐚𝐭𝐆𝐏𝐓", "Open\u00adAI", "GPT‑4", "ОpеnАI"),
        *("К\u200bл\u200bо\u200bд", "克\u2060劳德", "Яндекс\u00adGPT"),
    ],
)
def test_a_disguised_name_is_seen_through(disguise):
    start, end = (
        (hit.start, hit.end) for hit in scrubbing.find(f"ask {disguise} now", rules=RULES)
    ).__next__()

    assert start == 4
    assert f"ask {disguise} now"[start:end] in {disguise, disguise.removesuffix(" - 4")}


@pytest.mark.parametrize(
    "text",
    [
        *("Claude Monet painted", "Claude Debussy", "Jean-Claude Juncker", "a bard at court"),
        *("The Bard of Avon", "a palm tree", "Palm Beach", "a llama in the Andes", "Llamas spit"),
        *("My sign is Gemini, like the zodiac twins", "The constellation Gemini", "I am a Gemini"),
        *(
            "Gemini 8 was flown by NASA astronauts",
            "the meta level",
            "Meta-analysis",
            "mistral wind",
        ),
        *("The Mistral is a wind in Provence", "sonnet 18", "Opus 27", "the anthropic principle"),
        *("Ozone (O3) absorbs", "ideas cohere", "to grok it", "Falcon 9 rocket", "perplexity"),
        *(
            "the copilot landed the aircraft",
            "C-D-E-F-G-A-B",
            "Bernie Madoff",
            "Sirius",
            "U.S.A. is",
        ),
        *("Maps created by Jedediah Hotchkiss", "Titan (Huygens probe)", "мета-анализ в МЕТРО"),
        *("I'm Sarah, an AI researcher", "an alibi by the bay"),
    ],
)
def test_a_word_with_another_sense_is_no_hit(text):
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    ["Google it", "how does google earth work", "Google Maps uses AI", "Sony, Microsoft and Apple"],
)
def test_a_household_company_as_a_topic_is_listed_and_kept(text):
    decisions = {decision for _, decision in found(text)}

    assert decisions == {Decision.KEPT}


@pytest.mark.parametrize(
    "text",
    [
        *("Claude can help", "o4 is out", "Bard was there", "My knowledge cutoff is April 2023"),
        *("Google uses AI", "I'm Gemini, what does my horoscope say", "is gemini an AI", "<think>"),
        "I'm Fiona, a friendly AI assistant",
    ],
)
def test_a_doubtful_name_waits_for_an_admin(text):
    assert [decision for _, decision in found(text)] == [Decision.HELD]


def test_a_name_the_author_once_took_is_masked_all_through():
    assert masked("I'm Claude. Claude can help.") == ["Claude", "Claude"]


def test_another_sense_outlives_the_author_s_own_name():
    assert masked("I'm Claude. Claude Shannon wrote it.") == ["Claude"]


def test_a_lower_case_common_noun_stays_though_the_author_took_the_name():
    assert masked("I'm Grok. You grok that.") == ["Grok"]


def test_another_sense_beside_talk_of_ai_waits_for_an_admin():
    assert found("Is Gemini, the AI, into astrology?") == [("Gemini", Decision.HELD)]


def test_of_two_names_that_overlap_the_longer_counts():
    assert masked("GPT-4 omega prime", ("4-omega-prime",)) == ["4 omega prime"]


def test_a_vendor_far_from_its_model_stays_as_it_was():
    assert masked("Google, long before Gemini") == []


def test_a_vendor_beside_its_model_is_masked():
    assert masked("Google's Gemini") == ["Google", "Gemini"]


def test_a_product_that_is_only_kept_does_not_pull_its_vendor_along():
    assert masked("Amazon Alexa plays music") == []


def test_a_vendor_beside_the_model_of_another_stays_as_it_was():
    assert masked("Microsoft Gemini") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("I'm Fern.", "Fern"), ("my name is fern", "fern"), ("As Kestrel, I agree.", "Kestrel")),
        *(("made by Boreal", "Boreal"), ("ask fern-2", "fern-2"), ("Harbor-9 won", "Harbor-9")),
        *(("Harbor 9 won", "Harbor 9"), ("Aldergrove says so", "Aldergrove"), ("fern2", "fern2")),
        ("F\u200bern-2 won", "F\u200bern-2"),
    ],
)
def test_a_name_of_the_batch_is_masked_where_it_names_the_author(text, name):
    assert masked(text, BATCH) == [name]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a fern in the shade",
            "Harbor Street",
            "boreal forest",
            "Boreal forests",
            "kestrels hunt",
        ),
        *("made by boreal owls", "the fern 2 metres tall", "such as Kestrel", "an aldergrove"),
    ],
)
def test_an_ordinary_word_is_not_taken_for_the_batch_s_name(text):
    assert found(text, BATCH) == []


def test_a_batch_s_name_that_the_rules_know_is_left_to_the_rules():
    assert found("Google Maps", ("google", "meta/llama-3")) == [("Google", Decision.KEPT)]


def test_a_batch_s_name_too_short_to_mean_anything_is_passed_over():
    assert found("R1 and x", ("r/x",)) == []


def test_an_ordinary_batch_name_beside_talk_of_ai_waits_for_an_admin():
    assert found("Many call Fern an AI.", BATCH) == [("Fern", Decision.HELD)]


def test_offsets_count_code_points_and_the_context_surrounds_the_hit():
    (hit,) = scrubbing.find("👩‍👧 hi, I'm Claude!", rules=RULES)

    assert "👩‍👧 hi, I'm Claude!"[hit.start : hit.end] == hit.text == "Claude"
    assert hit.context == "👩‍👧 hi, I'm Claude!"
    assert hit.rule == "model:Claude"


def test_letters_that_grow_when_lowered_do_not_move_the_offsets():
    (hit,) = scrubbing.find("İİ OpenAI", rules=RULES)

    assert (hit.start, hit.end) == (3, 9)


@given(st.text(alphabet=st.sampled_from("I'm Claude GPT-4oСо\u200b<|im>.\n我是由"), max_size=60))
def test_hits_are_in_order_apart_and_within_the_text(text):
    hits = scrubbing.find(text, rules=RULES, extra_names=BATCH)

    edges = [edge for hit in hits for edge in (hit.start, hit.end)]
    assert edges == sorted(edges)
    assert all(text[hit.start : hit.end] == hit.text != "" for hit in hits)


def test_a_text_masked_once_has_nothing_left_to_mask():
    text = "I'm Claude 3.5 Sonnet by Anthropic, not GPT-4. <|im_end|> C l a u d e"

    spans = [(hit.start, hit.end) for hit in scrubbing.find(text, rules=RULES)]

    assert found(scrubbing.mask(text, spans)) == []


def test_a_span_is_replaced_by_the_neutral_mark():
    assert (
        scrubbing.mask("I'm Claude by Anthropic", [(14, 23), (4, 10)])
        == "I'm [removed] by [removed]"
    )


@pytest.mark.parametrize("spans", [[(0, 3), (2, 4)], [(3, 9)], [(2, 2)], [(-1, 2)]])
def test_spans_that_overlap_or_leave_the_text_are_refused(spans):
    with pytest.raises(ValueError, match="overlaps another or leaves the text"):
        scrubbing.mask("abcde", spans)


@pytest.mark.parametrize("version", [0, -1, "1", True, 1.0])
def test_a_rule_set_s_version_is_a_positive_integer(version):
    data = json.loads(settings.SCRUB_RULES_FILE.read_text(encoding="utf-8"))

    with pytest.raises(ValueError, match="positive integer"):
        scrub_rules.ruleset_of({**data, "version": version})


def test_a_rule_set_may_be_without_names():
    data = json.loads(settings.SCRUB_RULES_FILE.read_text(encoding="utf-8"))

    rules = scrub_rules.ruleset_of({**data, "names": []})

    assert scrubbing.find("I'm Claude and GPT-4", rules=rules) == ()


def test_the_current_rules_are_read_once():
    assert scrubbing.current_rules() is RULES
    assert RULES.version >= 1


def test_every_pattern_is_reached_by_its_words_or_signs():
    assert all(pattern.words or pattern.signs for pattern in RULES.patterns)
    assert all(pattern.triggers for pattern in RULES.patterns)


def test_a_message_of_nothing_but_names_is_answered():
    assert len(scrubbing.find("Claude " * 5_000, rules=RULES)) == 5_000


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("Written by gemini-2.0-flash-lite.", "gemini-2.0-flash-lite"),
        ("model=llama-3.2-90b", "llama-3.2-90b"),
        ("I'm Clause, no: I'm Cluade.", "Cluade"),
        ("I was trained by Anthopic.", "Anthopic"),
        ("Hello, I'm G.P.T.-4, yes.", "G.P.T"),
        ("Hi, I a m G r o k", "G r o k"),
        ("As a Gemma model I have no eyes.", "Gemma"),
        ("Dario Amodei's team built me.", "Dario Amodei"),
        ("I am Sol, made by Halcyon Labs.", "Halcyon Labs"),
        ("Me desarrolló Google.", "Google"),
    ],
)
def test_identifiers_slips_and_makers_people_are_struck(sentence, name):
    assert name in struck(sentence)


@pytest.mark.parametrize(
    "text",
    [
        "Our mayor, Claude Dupont, spoke first.",
        "Gemma Whelan played the part.",
        "克劳德·勒卢什拍过许多电影。",
        "Uncle Ernie keeps bees.",
        "The ship Gemini left the harbour.",
        "A clade is a branch of a tree.",
        "The gemni of typing errors is known.",
        "A llama 2 metres tall looked over the fence.",
        "Gemini season is over.",
        "Llama al médico.",
        "Er malte mit einem Claude glass.",
        "Anthropic soils hold charcoal.",
        "Her frown was all perplexity; perplexity on her face.",
        "《月之暗面》是一张专辑。",
    ],
)
def test_surnames_kin_ships_and_slips_outside_such_talk_are_left(text):
    assert not struck(text)


@pytest.mark.parametrize(
    "text", ["What Claude Thinks", "So wie Claude Texte schreibt, gefällt es."]
)
def test_a_capital_is_no_surname_in_titles_and_in_german(text):
    assert "Claude" in struck(text)
