// What the page measures: time in use, by question; pastes and absences of text fields, counted;
// which long texts were opened. Never what was typed.

import { form, marked, stage } from "./page.js";

const TICK = 500;
const IDLE_AFTER = 60000;
let now;
let used = 0;

export function begin() {
  now = { active: 0, questions: {}, pastes: {}, absences: {}, folded: [], unfolded: [] };
  used = performance.now();
}

export function fold(message, opened) {
  const list = opened ? now.unfolded : now.folded;
  if (!list.includes(message)) list.push(message);
}

export function fill() {
  const field = form()?.elements.page;
  if (field) field.value = JSON.stringify({ client: innerWidth < 700 ? "narrow" : "wide", ...now });
}

const keyOf = (event) => event.target.closest?.("textarea")?.closest(".question")?.dataset.key;

for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchmove", "scroll"])
  addEventListener(kind, () => (used = performance.now()), { passive: true, capture: true });

setInterval(() => {
  if (document.visibilityState !== "visible" || performance.now() - used > IDLE_AFTER || !now) return;
  now.active += TICK;
  const key = marked()?.dataset.key;
  if (key) now.questions[key] = (now.questions[key] ?? 0) + TICK;
}, TICK);

stage.addEventListener("paste", (event) => {
  const key = keyOf(event);
  if (key) now.pastes[key] = (now.pastes[key] ?? 0) + 1;
});
addEventListener("blur", () => {
  const key = document.activeElement?.closest("textarea")?.closest(".question")?.dataset.key;
  if (key) now.absences[key] = (now.absences[key] ?? 0) + 1;
});

begin();
