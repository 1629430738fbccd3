"""A rater at their screen: studies with seats, the page, and words selected in a reply."""

import json

from playwright.sync_api import Response

from annotation.models import Study
from annotation.services import specifications
from tests import build

TEXT = "#answers textarea"
# All that the page's status says, for what it says in passing may be gone before anybody looks.
LISTEN = """
  window.said = [];
  new MutationObserver(() => {
    const text = document.getElementById("saving")?.textContent;
    if (text && text !== said.at(-1)) said.push(text);
  }).observe(document, { childList: true, characterData: true, subtree: true });
"""
NOTE = {
    "key": "note",
    "title": "Note",
    "questions": [
        {
            "key": "safe",
            "label": "Safe?",
            "type": "single",
            "options": [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}],
        },
        {"key": "note", "label": "Note", "type": "text", "required": False},
    ],
}
HOUSE_RULES = """\
## Be honest {#honest authority=root}

Say no lie.

## Be kind {#kind authority=user}

Help.
"""


def seated(study, tmp_path, n: int = 1, **fields):
    """A rater of the study, and items of one turn with their seats."""
    for _ in range(n):
        build.item(study, tmp_path, n_seats=1, **fields)
    return build.rater(study)


def rating(visit, rater, **screen):
    """The rater's page, with an item or why there is none."""
    page = visit(rater.user, **screen)
    page.add_init_script(LISTEN)
    page.goto(f"/studies/{rater.study.slug}/rate/")
    page.locator(".card, .done").first.wait_for()
    return page


def ready(page):
    """Wait until the next item was fetched ahead."""
    page.locator("#stage[data-ready]").wait_for()


def until(page, expression: str):
    """Wait until something holds in the page.

    Playwright's own way asks again from within the page, where our content policy forbids it.
    """
    build.wait_for(lambda: page.evaluate(expression))


def heard(page):
    """Wait until the script of a page that was just opened is there: from now on it hears keys."""
    page.locator(".question--marked").wait_for()


def said(page, text: str):
    """Wait until the page's status says this, or has said it."""
    until(page, f"said.includes({json.dumps(text)})")


def confirmed(page):
    """Wait until the server has confirmed all that was sent: nothing waits in the browser."""
    until(page, "!Object.keys(localStorage).some((key) => key.endsWith('.queue'))")


def select(page, words: str, *, inside: str = ".message__text"):
    """Select words of a reply, across whatever elements they stand in, as a mouse would leave it."""
    page.evaluate(
        """([words, inside]) => {
          const text = [...document.querySelectorAll(`.message--assistant ${inside}`)].find((one) => one.textContent.includes(words));
          const begin = text.textContent.indexOf(words), end = begin + words.length;
          const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
          const range = document.createRange();
          let seen = 0;
          while (walker.nextNode()) {
            const n = walker.currentNode.data.length;
            if (begin >= seen && begin < seen + n) range.setStart(walker.currentNode, begin - seen);
            if (end > seen && end <= seen + n) { range.setEnd(walker.currentNode, end - seen); break; }
            seen += n;
          }
          getSelection().removeAllRanges();
          getSelection().addRange(range);
        }""",
        [words, inside],
    )


def with_specification(study):
    """The study asks against a document of two clauses."""
    made = specifications.add(
        study=study,
        key="spec",
        title="House rules",
        version="1",
        source=HOUSE_RULES,
        ids={},
        now=build.NOW,
        by_id=None,
    )
    Study.objects.filter(pk=study.pk).update(specification=made)
    study.refresh_from_db()


def drag(page, first: str, last: str) -> None:
    """Select with the mouse: press before the first words, let go behind the last ones."""
    begin, end = page.evaluate(
        """(words) => words.map((sought, place) => {
          const text = [...document.querySelectorAll('.message--assistant .message__text')].at(-1);
          const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const at = walker.currentNode.data.indexOf(sought);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(walker.currentNode, place ? at + sought.length - 1 : at);
            range.setEnd(walker.currentNode, place ? at + sought.length : at + 1);
            if (!place) text.closest('.message').scrollIntoView({ block: 'start' });
            const box = range.getBoundingClientRect();
            return [place ? box.right : box.left, box.top + box.height / 2];
          }
        })""",
        [first, last],
    )
    pull(page, begin, end)


def pull(page, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """Press the mouse at one place and let it go at another."""
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move(*[(a + b) / 2 for a, b in zip(begin, end, strict=True)])
    page.mouse.move(*end, steps=4)
    page.mouse.up()


# What has the focus and stays covered. What the page scrolls on focus it has scrolled some frames
# later: two at rest, more on a busy machine.
COVERED = """async () => {
  const seen = () => {
    const one = document.activeElement, box = one.getBoundingClientRect();
    if (one === document.body || box.width === 0) return true;
    const over = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height, innerHeight) / 2);
    return over && (one.contains(over) || over.contains(one) || one.closest('label')?.contains(over));
  };
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  for (let frames = 0; frames < 100; frames += 1) {
    await frame();
    if (seen()) return '';
  }
  return document.activeElement.outerHTML.slice(0, 90);
}"""


# Where words begin that reach out of bold ones, over cells of a table, or over lines of code.
ACROSS = """(kind) => {
  const text = [...document.querySelectorAll('.message--assistant .message__text')].at(-1);
  const said = (one) => {
    const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) if (/\\S/.test(walker.currentNode.data)) return walker.currentNode;
  };
  const first = (node, line = 0) => {
    const at = line ? node.data.indexOf('\\n') + 1 : 0;
    return at + node.data.slice(at).match(/\\s*\\S+/)[0].length;
  };
  let begins, ends, line = 0;
  if (kind === 'bold') {
    const bold = [...text.querySelectorAll('strong')].find((one) => /\\w{3}/.test(one.nextSibling?.data ?? ''));
    [begins, ends] = [said(bold), bold.nextSibling];
  } else if (kind === 'table') {
    [begins, ends] = [...text.querySelectorAll('tbody td')].slice(0, 2).map(said);
  } else {
    const code = [...text.querySelectorAll('pre')].find((one) => one.textContent.trim().includes('\\n'));
    begins = ends = said(code);
    line = 1;
  }
  const range = document.createRange();
  range.setStart(begins, begins.data.search(/\\S/));
  range.setEnd(ends, first(ends, line));
  begins.parentElement.scrollIntoView({ block: 'center' });
  const corner = (node, at, side) => {
    const sign = document.createRange();
    sign.setStart(node, at);
    sign.setEnd(node, at + 1);
    const box = sign.getBoundingClientRect();
    return [box[side], box.top + box.height / 2];
  };
  return [
    range.toString(),
    corner(begins, range.startOffset, 'left'),
    corner(ends, range.endOffset - 1, 'right'),
  ];
}"""


def drag_across(page, kind: str) -> str:
    """Select with the mouse out of bold words, over two cells or over two lines; returns the words."""
    quote, begin, end = page.evaluate(ACROSS, kind)
    pull(page, begin, end)
    return quote


def answer_by_keys(page) -> None:
    """Answer every question of a stage by keys, up to the button that saves."""
    on_button = "document.activeElement.matches('#answers .button--main')"
    for _ in range(60):
        question = page.locator(".question--marked")
        if not question.count() or page.evaluate(on_button):
            break
        kind = question.get_attribute("data-type")
        page.keyboard.press("1" if kind in ("single", "scale") else "j")


def answers_sent(page) -> list[Response]:
    """Collect every page, part and note that the server sends from now on."""
    answers: list[Response] = []
    page.on("response", lambda one: answers.append(one) if "/studies/" in one.url else None)
    return answers


def texts_of(answers: list[Response]) -> str:
    """Return what was sent since this was last asked; a page that is left may not be read later."""
    sent = [one.text() for one in answers if not 300 <= one.status < 400]
    answers.clear()
    return "\n".join(sent)


def answer_turn(page, *, winner: str = "value_b", misled: str = "no") -> None:
    """Answer one turn of the standard questions; what follows from "misled" is left open."""
    page.locator(f"input[name=winner][value={winner}]").check()
    page.locator("input[name=refusal][value='1']").check()
    page.locator(f"input[name=misled][value={misled}]").check()


def send(page, *, key: str = "") -> None:
    """Press the button that saves, or a key, and wait until another stage is shown."""
    receipt = page.locator("input[name=receipt]").input_value()
    page.keyboard.press(key) if key else page.locator(".card__asking .button--main").click()
    page.locator(f"#stage:not(:has(input[value='{receipt}']))").wait_for()


def everything(study, tmp_path):
    """A rater at the first turn of an item that uses all a card can show."""
    with_specification(study)
    build.reply(
        study,
        tmp_path,
        messages=build.conversation(2),
        topics=["grief"],
        facts=["True."],
        anchors={"value_a": ["Anchor text"] * 7, "value_b": ["Other text"] * 7},
    )
    build.open_seats(study, n_seats=1)
    return build.rater(study)
