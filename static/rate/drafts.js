// Keeping what is entered: on the server at each answer, in the browser where that does not answer.

import { card, form, owner, post, store, stored, word, say } from "./page.js";
import { extended } from "./lease.js";
import { asRead, paint } from "./spans.js";
import { showConditional } from "./questions.js";

const PAUSE = 400;
let soon;
const place = () => `${owner}.draft.${card().dataset.key}.${card().dataset.turn}`;
const ours = new Set(["csrfmiddlewaretoken", "receipt", "turn", "page", "next"]);

function entered() {
  return [...new FormData(form())].filter(([name, value]) => !ours.has(name) && value !== "");
}

export function changed() {
  const answers = form();
  if (!answers || answers.dataset.sent) return;
  clearTimeout(soon);
  soon = setTimeout(() => keep(answers), PAUSE);
}

// Not for a form that was sent or left since: another one stands there then.
async function keep(answers) {
  if (answers !== form() || answers.dataset.sent) return;
  const [here, name] = [card(), place()];
  const kept = store(name, entered());
  try {
    const answer = await post(`${card().dataset.at}draft/`, new URLSearchParams(new FormData(answers)));
    if (!answer.ok) return;
    const { leased_until: until } = await answer.json(); // whoever does not say it has kept nothing
    if (until === undefined) return;
    store(name, null);
    extended(here, until);
  } catch {
    if (!kept) say(word("draft_unkept"), { failed: true }); // else it is in the browser
  }
}

// Whoever signs out leaves nothing here: app.js clears it away, and nothing is kept after that.
document.querySelector(".bar__out")?.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) clearTimeout(soon);
});

// What was entered without a connection and never reached the server.
export function restore() {
  const kept = form() && stored(place());
  if (!kept || form().dataset.sent) return;
  for (const [name, value] of kept) {
    const field = form().elements[name];
    const inputs = field instanceof RadioNodeList ? [...field] : field ? [field] : [];
    const choice = inputs.find((input) => ["radio", "checkbox"].includes(input.type) && input.value === value);
    if (choice) choice.checked = true;
    else if (inputs[0]?.tagName === "TEXTAREA") inputs[0].value = value;
    else hidden(name, value);
  }
  showConditional();
  paint();
  say(word("draft_lost"), { passing: true });
  changed();
}

// Marked places and clauses stand in hidden fields: put them back as they were.
function hidden(name, value) {
  const spans = form().querySelector(`[data-spans="${CSS.escape(name)}"] .spans__list`);
  const clauses = form().querySelector(`[data-clauses="${CSS.escape(name.replace(/\.clause$/, ""))}"] .clauses__chosen`);
  const list = spans ?? clauses;
  if (!list || [...list.querySelectorAll("input")].some((input) => input.value === value)) return;
  const item = document.createElement("li");
  item.className = spans ? "spans__one" : "";
  const input = Object.assign(document.createElement("input"), { type: "checkbox", checked: true, name, value });
  const shown = document.createElement("span");
  try {
    shown.textContent = spans ? `“${asRead(JSON.parse(value))}”` : value;
  } catch {
    return;
  }
  const remove = Object.assign(document.createElement("button"), { type: "button", className: "button button--quiet", textContent: word("remove") });
  remove.dataset[spans ? "unmark" : "uncite"] = "";
  input.setAttribute("aria-label", shown.textContent);
  item.append(input, " ", shown, " ", remove);
  list.append(item);
}
