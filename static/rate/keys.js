// Keys: choosing, moving, sending; a sheet of them made from the questions; and changing them.

import { card, form, keys, post, questions, say, stage, word } from "./page.js";
import { choose, chooseSide, move } from "./questions.js";
import { startCaret } from "./spans.js";
import { flush, waiting } from "./sending.js";

const OFF = "touchstone.keys-off";
const off = document.getElementById("keys-off");
const fields = [...keys.querySelectorAll("[data-usual]")];
const chosen = keys.dataset.chosen.trim().split(/\s+/);
for (const field of fields) {
  const at = chosen.indexOf(field.name);
  field.value = at >= 0 && at % 2 === 0 ? chosen[at + 1] : field.dataset.usual;
}

function open(id) {
  const details = stage.querySelector(id);
  if (!details) return;
  details.open = true;
  details.querySelector("form button, form input:not([type=hidden]), dl")?.focus();
  details.scrollIntoView({ block: "nearest" });
}

function toMessage(step) {
  const heads = [...stage.querySelectorAll(".message__speaker")];
  const here = heads.indexOf(document.activeElement?.closest(".message__speaker"));
  const at = here < 0 ? (step > 0 ? 0 : heads.length - 1) : Math.min(Math.max(here + step, 0), heads.length - 1);
  heads[at]?.focus();
  heads[at]?.scrollIntoView({ block: "start" });
}

const acts = {
  next_question: () => move(1),
  previous_question: () => move(-1),
  next_message: () => toMessage(1),
  previous_message: () => toMessage(-1),
  skip: () => open("#skip"),
  flag: () => open("#flag"),
  values: () => {
    const values = stage.querySelector("#definitions");
    if (values) values.open = !values.open;
  },
  guidelines: () => document.querySelector('[data-do="guidelines"]')?.click(),
  undo: async () => {
    if (waiting().length) say(word("wait_saved"));
    await flush();
    if (!waiting().length) document.querySelector('[data-do="undo"]')?.click();
  },
  mark: startCaret,
};

function onKey(event) {
  const typing = event.target.closest("textarea, input:not([type=radio], [type=checkbox]), select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.key === "?") {
    keys.open ? keys.close() : sheet();
    event.preventDefault();
    return;
  }
  if (keys.open || off.checked) return;
  const inRoom = event.target.closest("summary, a, button");
  if (event.key === "Enter" && !inRoom) form()?.requestSubmit();
  else if (/^[0-9]$/.test(event.key)) {
    if (!choose(event.key)) return;
  } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    if (!chooseSide(event.key === "ArrowLeft" ? 0 : 1)) return;
  } else {
    const field = fields.find((one) => one.value === event.key.toLowerCase());
    if (!field || !card()) return;
    acts[field.name]();
  }
  event.preventDefault();
}

// What each digit says to each question now on the page.
function sheet() {
  const list = document.createElement("dl");
  for (const question of questions()) {
    const options = [...question.querySelectorAll(".option[data-key]")];
    if (!options.length) continue;
    const term = document.createElement("dt");
    term.textContent = question.querySelector("legend").textContent.trim();
    const said = document.createElement("dd");
    for (const option of options) {
      const key = document.createElement("kbd");
      key.textContent = option.dataset.key;
      said.append(key, ` ${option.querySelector(".option__label").firstChild.textContent.trim()}  `);
    }
    list.append(term, said);
  }
  keys.querySelector("[data-questions]").replaceChildren(list);
  keys.showModal();
}

async function remap() {
  const said = keys.querySelector("[data-remap-said]");
  const body = new URLSearchParams(fields.map((field) => [field.name, field.value]));
  try {
    const answer = await post(stage.dataset.keysAt, body);
    const found = await answer.json();
    said.textContent = answer.ok ? word("saved") : found.message;
    if (answer.ok) names();
  } catch {
    said.textContent = word("waits").split(":")[0];
  }
}

export function names() {
  for (const mark of document.querySelectorAll("[data-shows]"))
    mark.textContent = fields.find((field) => field.name === mark.dataset.shows)?.value ?? "";
}

keys.addEventListener("change", (event) => event.target.matches("[data-usual]") && remap());
keys.addEventListener("click", (event) => {
  if (!event.target.closest("[data-usual-keys]")) return;
  for (const field of fields) field.value = field.dataset.usual;
  remap();
});
document.querySelector('[data-open="keys"]')?.addEventListener("click", (event) => {
  event.stopPropagation();
  sheet();
});
document.addEventListener("keydown", onKey);
off.checked = localStorage.getItem(OFF) === "yes";
off.addEventListener("change", () => localStorage.setItem(OFF, off.checked ? "yes" : "no"));
