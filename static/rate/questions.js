// Questions: which are asked, which is marked, choosing by number.

import { marked, questions, stage } from "./page.js";

const chosenIn = (question) => [...question.querySelectorAll(".option input:checked")].map((input) => input.value);
export const answered = (question) =>
  ["text", "spans"].includes(question.dataset.type) ||
  "optional" in question.dataset ||
  chosenIn(question).length > 0;

export function showConditional() {
  for (const question of stage.querySelectorAll("[data-when]")) {
    const asked = stage.querySelector(`[data-key="${CSS.escape(question.dataset.when)}"]`);
    const codes = question.dataset.is.split(" ").map(decodeURIComponent); // a code may hold spaces
    const met = Boolean(asked) && !asked.hidden && chosenIn(asked).some((code) => codes.includes(code));
    question.hidden = !met;
    question.disabled = !met; // a disabled fieldset sends nothing
  }
}

export function mark(question, { focus = true } = {}) {
  marked()?.classList.remove("question--marked");
  if (!question) return;
  question.classList.add("question--marked");
  if (!focus) return;
  const first = question.querySelector("input:checked, input:not([type=hidden]), textarea, button");
  first?.focus({ preventScroll: true });
  question.scrollIntoView({ block: "nearest" });
}

export function move(step) {
  const all = questions();
  const here = all.indexOf(marked());
  mark(all[Math.min(Math.max(here + step, 0), all.length - 1)]);
}

export const firstOpen = () => questions().find((one) => !answered(one));

// Where choosing leads: the next question that is open, or the button that saves.
export function after(question) {
  if (question.dataset.type === "several") return;
  const all = questions();
  const next = all.slice(all.indexOf(question) + 1).find((one) => !answered(one)) ?? firstOpen();
  if (next) mark(next);
  else stage.querySelector(".card__asking .button--main")?.focus();
}

export function choose(key) {
  const question = marked() ?? questions()[0];
  const option = question?.querySelector(`.option[data-key="${CSS.escape(key)}"] input`);
  if (!option) return false;
  option.click();
  after(question);
  return true;
}

const sides = (question) =>
  stage.querySelector(".card--pair") ? [...question.querySelectorAll("input[value=slot_1], input[value=slot_2]")] : [];
export const hasSides = (question) => sides(question).length === 2;

// Of two replies side by side: left and right arrow choose the one that stands there.
export function chooseSide(side) {
  const question = marked();
  if (!question || !hasSides(question)) return false;
  sides(question)[side].click();
  after(question);
  return true;
}

stage.addEventListener("change", showConditional);
stage.addEventListener("focusin", (event) => {
  const question = event.target.closest(".question");
  if (question && question !== marked()) mark(question, { focus: false });
});
