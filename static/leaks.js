// The leak report by keys: moving from finding to finding, choosing places, masking and keeping.

const form = document.getElementById("leaks");
const AT = "touchstone.leak-at";
const leaks = [...(form?.querySelectorAll("[data-leak]") ?? [])];
const boxes = [...(form?.querySelectorAll("[name=hit]") ?? [])];
const chosen = () => boxes.filter((box) => box.checked);

function here() {
  return leaks.indexOf(document.activeElement?.closest("[data-leak]"));
}

function to(index) {
  const leak = leaks[Math.min(Math.max(index, 0), leaks.length - 1)];
  leak?.focus({ preventScroll: true });
  leak?.scrollIntoView({ block: "nearest" });
}

// Boxes are within reach of Tab; x goes on to the next place of a finding that is not chosen yet.
function choose() {
  const leak = leaks[here()];
  const own = [...(leak?.querySelectorAll("[name=hit]") ?? [])];
  const box = own.includes(document.activeElement) ? document.activeElement : own.find((one) => !one.checked);
  if (!box) return;
  box.checked = !box.checked;
  box.focus();
  count();
}

function decide(decision) {
  if (chosen().length) form.querySelector(`.decide [value=${decision}]`).click();
  else leaks[here()]?.querySelector(`[data-act=${decision}]`)?.click();
}

function count() {
  const n = chosen().length;
  form.querySelector("[data-chosen]").textContent = n ? `${n} chosen:` : "The chosen ones:";
}

const acts = {
  n: () => to(here() + 1),
  p: () => to(here() - 1),
  x: choose,
  m: () => decide("masked"),
  k: () => decide("kept"),
};

function onKey(event) {
  const typing = event.target.closest("textarea, select, input:not([type=checkbox])");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

if (form) {
  document.querySelector("[data-leak-keys]").hidden = false;
  document.addEventListener("keydown", onKey);
  form.addEventListener("change", count);
  // What was decided is gone from its place: the next one stands there after the page came back.
  form.addEventListener("submit", (event) => {
    const leak = event.submitter?.closest("[data-leak]");
    sessionStorage.setItem(AT, leak ? leaks.indexOf(leak) : Math.max(here(), 0));
  });
  const at = sessionStorage.getItem(AT);
  sessionStorage.removeItem(AT);
  if (at !== null) to(Number(at));
}
