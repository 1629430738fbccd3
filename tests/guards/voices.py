"""Voices that write every text of a world: hostile payloads, or the same in plain letters."""

import itertools
import re
from dataclasses import dataclass, field

from django.http import QueryDict

# What runs if it runs: the page's own name for "it was broken into".
RUN = "pwn()"
MARKUP = (
    f"""<script>{RUN}</script>""",
    f"""'"><img src=x onerror={RUN}>""",
    f"""" autofocus onfocus={RUN} x=" """.strip(),
    f"""' onmouseover={RUN} x='""",
    f"""</script><script>{RUN}</script>""",
    f"""</textarea><img src=x onerror={RUN}>""",
    f"""</title></style><svg onload={RUN}>""",
    f"""</template></noscript></select><iframe srcdoc=x onload={RUN}>""",
    """<base href=https://evil.example/><link rel=stylesheet href=//evil.example/a.css>""",
    """<meta http-equiv=refresh content=0;url=https://evil.example>""",
    """<form action=https://evil.example><button formaction=//evil.example>""",
    """<style>@import url(https://evil.example/a.css)</style>""",
    """<b style=background:url(//evil.example/b.png)>""",
    f"""--><img src=x onerror={RUN}><!--""",
    f"""]]></dl></ul></table><math><a xlink:href="javascript:{RUN}">""",
    f"""&lt;img src=x onerror={RUN}&gt;&#60;script&#62;""",
)
# A field whose whole content is an address.
ADDRESSES = (
    f"javascript:{RUN}//",
    f"data:text/html,<script>{RUN}</script>",
    "//evil.example/",
    "https://evil.example/",
)
# What templates, styles, JSON, rows of words and readers trip over.
SIGNS = (
    """{{7*7}}{% debug %}{{request}}${7*7}#{7*7}<%=7*7%>""",
    """{"kind":"x","slot":1}],"evil":[{"a":"b"}]}""",
    """\\");alert(1);//\\u003cscript\\u003e\\x3cimg\\x3e""",
    "line\u2028separator\u2029and\u00a0\u202egnp.exe\u202c\u2066\u200f",
    "рaypal\u0430\u0301\u0335 ＜script＞\ufe64img\ufe65 \ufeff\u200b",
    "W" * 60,
)
PLAIN = re.compile(r"[!-/:-@\[-`{-~]")


@dataclass
class Voice:
    """Writes every text of a world, each with its own name in it; ``harmless`` in plain letters."""

    payloads: tuple[str, ...]
    harmless: bool = False
    said: dict[str, str] = field(default_factory=dict)
    _turns: "itertools.count[int]" = field(default_factory=itertools.count)

    def __call__(self, name: str, *, longest: int = 100, every: bool = False) -> str:
        """Return one payload and the name of the field, or every payload; the same once more."""
        if name in self.said:
            return self.said[name]
        room = longest - len(name)
        if every:
            text = " ".join(self.payloads) + name
        else:
            fitting = [one for one in self.payloads if len(one) <= room]
            text = (fitting[next(self._turns) % len(fitting)] if fitting else "'\"><"[:room]) + name
        self.said[name] = self.plain(text)
        return self.said[name]

    def plain(self, text: str) -> str:
        """Return a text as this voice says it."""
        return PLAIN.sub("x", text) if self.harmless else text

    def prose(self, name: str) -> str:
        """Return Markdown with everything that it can hold, and every payload in each place."""
        one = " ".join(self.payloads).replace("`", "").replace("*", "").replace("_", "")
        inline = self.plain(one.replace("[", "(").replace("]", ")").replace("\u2028", " "))
        cell = inline.replace("|", "/")
        address = self.plain(self.payloads[0].replace("<", "").replace(">", "").replace(" ", ""))
        self.said[name] = inline
        return (
            f"# {inline}\n\n{inline} **{inline}** `{inline}` [{inline}]({address} '{name}')"
            f" ![{inline}]({address})\n\n- {inline}\n1. {inline}\n\n> {inline}\n\n"
            f"| {cell} | b |\n|---|--:|\n| {cell} | {cell} |\n\n"
            f"```{self.plain('js>').strip()}\n{inline}\n```\n\n    {inline}\n\nI am Claude, made by"
            f" Anthropic. {inline} \u202eright to left\u202c\n\n{self.plain('<b>')}end {name}"
        )


def printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())


def query(say: Voice) -> str:
    """Every parameter that any page reads, all of them the voice's."""
    asked = QueryDict(mutable=True)
    for name in (
        "q", "words", "question", "by", "language", "next", "repeat", "text", "page", "list",
        "batch", "decision", "rule", "key", "people", "judge", "scope", "back", "name",
    ):  # fmt: skip
        asked[name] = say(f"asked-{name}")
    return asked.urlencode()
