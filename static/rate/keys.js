// Keys: choosing, moving, sending; a sheet of them made from the questions; and changing them.

import { card, form, keys, post, questions, say, stage, word } from "./page.js";
import { allot, chooseLetter, labelOf, lettersOf } from "./letters.js";
import { choose, chooseSide, hasSides, move } from "./questions.js";
import { startCaret } from "./spans.js";
import { flush, waiting } from "./sending.js";

const OFF = "touchstone.keys-off";
const READ = { ArrowLeft: "←", ArrowRight: "→" };
const off = document.getElementById("keys-off");
const fields = [...keys.querySelectorAll("[data-usual]")];
const chosen = keys.dataset.chosen.trim().split(/\s+/);
// What each act's key is now; the server has taken it.
const now = Object.fromEntries(fields.map((field) => [field.name, field.dataset.usual]));
for (let at = 0; at + 1 < chosen.length; at += 2) if (chosen[at] in now) now[chosen[at]] = chosen[at + 1];
const reads = (key) => READ[key] ?? key;
const actOf = (key) => Object.keys(now).find((act) => now[act] === key || now[act] === key.toLowerCase());

function put(field, key) {
  field.dataset.key = key;
  field.value = reads(key);
}
for (const field of fields) put(field, now[field.name]);

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
  submit: () => form()?.requestSubmit(),
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

// Says whether the key did something here.
function does(act, key) {
  if (!act) return chooseLetter(key);
  if (act.startsWith("digit_")) return choose(act.at(-1));
  if (act === "left_reply" || act === "right_reply") return chooseSide(act === "left_reply" ? 0 : 1);
  if (!card()) return false;
  acts[act]();
  return true;
}

function onKey(event) {
  const typing = event.target.closest("textarea, input:not([type=radio], [type=checkbox]), select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  const act = actOf(event.key);
  if (act === "sheet") {
    keys.open ? keys.close() : sheet();
    event.preventDefault();
    return;
  }
  if (keys.open || off.checked) return;
  if (event.key === "Enter" && event.target.closest("summary, a, button")) return;
  // The browser itself sends a form on Enter: not where another key was chosen for that.
  if (does(act, event.key) || event.key === "Enter") event.preventDefault();
}

// What each key says to each question now on the page.
function sheet() {
  const list = document.createElement("dl");
  for (const question of questions()) {
    const pairs = [
      ...[...question.querySelectorAll(".option[data-key]")].map((one) => [reads(now[`digit_${one.dataset.key}`]), labelOf(one)]),
      ...lettersOf(question),
      ...(hasSides(question) ? [[reads(now.left_reply), word("left_reply")], [reads(now.right_reply), word("right_reply")]] : []),
    ];
    if (!pairs.length) continue;
    const term = document.createElement("dt");
    term.textContent = question.querySelector("legend").textContent.trim();
    const said = document.createElement("dd");
    for (const [key, label] of pairs) {
      const shown = document.createElement("kbd");
      shown.textContent = key;
      said.append(shown, ` ${label}  `);
    }
    list.append(term, said);
  }
  keys.querySelector("[data-questions]").replaceChildren(list);
  keys.showModal();
}

async function remap() {
  const said = keys.querySelector("[data-remap-said]");
  said.textContent = word("saving"); // not what was said of the change before
  const body = new URLSearchParams(fields.map((field) => [field.name, field.dataset.key]));
  try {
    const answer = await post(stage.dataset.keysAt, body);
    const found = await answer.json();
    const confirmed = answer.ok && found.keys;
    said.textContent = confirmed ? word("saved") : (found.message ?? word("waits").split(":")[0]);
    if (!confirmed) return;
    Object.assign(now, found.keys);
    names();
  } catch {
    said.textContent = word("waits").split(":")[0];
  }
}

// Shows everywhere on the page which key does what.
export function names() {
  for (const mark of document.querySelectorAll("[data-shows]")) mark.textContent = reads(now[mark.dataset.shows] ?? "");
  for (const option of stage.querySelectorAll(".option[data-key]")) option.dataset.shown = now[`digit_${option.dataset.key}`];
  allot(new Set(Object.values(now)));
}

// A field takes what is pressed in it: one sign, or a named key that its act can have. Enter, which
// would close the sheet, does nothing else there. A screen's own keyboard types and says nothing.
keys.addEventListener("keydown", (event) => {
  const field = event.target.closest("[data-usual]");
  if (!field || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const named = (field.dataset.named ?? "").split(" ").includes(event.key);
  const sign = [...event.key].length === 1 && event.key.trim();
  if (named || sign || event.key === "Enter") event.preventDefault();
  if (!named && !sign) return;
  put(field, named ? event.key : event.key.toLowerCase());
  remap();
});
keys.addEventListener("change", (event) => {
  const field = event.target.closest("[data-usual]");
  if (!field) return;
  put(field, field.value.trim().toLowerCase() || field.dataset.usual);
  remap();
});
keys.addEventListener("click", (event) => {
  if (!event.target.closest("[data-usual-keys]")) return;
  for (const field of fields) put(field, field.dataset.usual);
  remap();
});
document.querySelector('[data-open="keys"]')?.addEventListener("click", (event) => {
  event.stopPropagation();
  sheet();
});
document.addEventListener("keydown", onKey);
off.checked = localStorage.getItem(OFF) === "yes";
off.addEventListener("change", () => localStorage.setItem(OFF, off.checked ? "yes" : "no"));
