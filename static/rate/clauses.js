// Clauses of a specification: found by words, cited with what they did.

import { showLetters } from "./letters.js";
import { form, get, stage, word } from "./page.js";

let asked = 0;

async function search(field, words) {
  const results = field.querySelector("[data-clause-results]");
  const number = (asked += 1);
  const url = new URL(form().dataset.clausesAt, location.href);
  url.searchParams.set("q", words);
  url.searchParams.set("question", field.dataset.clauses);
  try {
    const answer = await get(url);
    if (number !== asked || !answer.ok) return;
    results.innerHTML = await answer.text(); // made by our server, escaped there
    showLetters();
  } catch {
    // without a connection what was found last stays
  }
}

function cite(field, press) {
  const { cite: role, clause, title } = press.dataset;
  const value = `${role} ${clause}`;
  const list = field.querySelector(".clauses__chosen");
  if ([...list.querySelectorAll("input")].some((input) => input.value === value)) return;
  const item = document.createElement("li");
  const input = document.createElement("input");
  Object.assign(input, { type: "checkbox", checked: true, name: `${field.dataset.clauses}.clause`, value });
  input.setAttribute("aria-label", `${press.textContent.trim()} ${title || clause}`);
  const badge = document.createElement("span");
  badge.className = "badge";
  badge.textContent = press.textContent.trim();
  const name = document.createElement("bdi");
  name.textContent = title || clause;
  const remove = document.createElement("button");
  Object.assign(remove, { type: "button", className: "button button--quiet", textContent: word("remove") });
  remove.dataset.uncite = "";
  item.append(input, " ", badge, " ", name, " ", remove);
  list.append(item);
  form().dispatchEvent(new Event("change", { bubbles: true }));
}

export function settleClauses() {
  for (const field of stage.querySelectorAll("[data-clauses]"))
    field.querySelector("[data-specification]").textContent = form()?.dataset.specification ?? "";
}

// Enter looks for clauses; it does not send the answers.
stage.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-clause-search]")) return;
  event.preventDefault();
  search(event.target.closest("[data-clauses]"), event.target.value);
});

let typing;
stage.addEventListener("input", (event) => {
  if (!event.target.matches("[data-clause-search]")) return;
  clearTimeout(typing);
  typing = setTimeout(() => search(event.target.closest("[data-clauses]"), event.target.value), 200);
});
stage.addEventListener("focusin", (event) => {
  if (!event.target.matches("[data-clause-search]")) return;
  const field = event.target.closest("[data-clauses]");
  if (!field.querySelector("[data-clause-results]").childElementCount) search(field, "");
});
stage.addEventListener("click", (event) => {
  const field = event.target.closest("[data-clauses]");
  if (!field) return;
  const press = event.target.closest("[data-cite]");
  if (press) cite(field, press);
  const remove = event.target.closest("[data-uncite]");
  if (remove) {
    remove.closest("li").remove();
    field.querySelector("[data-clause-search]")?.focus();
    form().dispatchEvent(new Event("change", { bubbles: true }));
  }
});
