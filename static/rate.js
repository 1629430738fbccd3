// The rater's hands: keys, conditional questions, and an honest word about saving.
// Without this file the page still works: every condition is checked by the server.

const OFF = "touchstone.keys-off";
const stage = document.getElementById("stage");
const saving = document.getElementById("saving");
const keys = document.getElementById("keys");
const off = document.getElementById("keys-off");

const questions = () => [...stage.querySelectorAll(".question")].filter((one) => !one.hidden);
const marked = () => stage.querySelector(".question--marked");
const chosenIn = (question) => [...question.querySelectorAll("input:checked")].map((input) => input.value);
const answered = (question) =>
  question.dataset.type === "text" || chosenIn(question).length > 0;

function showConditional() {
  for (const question of stage.querySelectorAll("[data-when]")) {
    const asked = stage.querySelector(`[data-key="${CSS.escape(question.dataset.when)}"]`);
    const codes = question.dataset.is.split(" ");
    const met = asked && !asked.hidden && chosenIn(asked).some((code) => codes.includes(code));
    question.hidden = !met;
    question.disabled = !met; // a disabled fieldset sends nothing
  }
}

function mark(question) {
  marked()?.classList.remove("question--marked");
  if (!question) return;
  question.classList.add("question--marked");
  const first = question.querySelector("input:checked, input, textarea");
  first?.focus({ preventScroll: true });
  question.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = questions();
  const here = all.indexOf(marked());
  mark(all[Math.min(Math.max(here + step, 0), all.length - 1)]);
}

function choose(number) {
  const question = marked() ?? questions()[0];
  const input = question?.querySelectorAll("input")[number - 1];
  if (!input) return;
  input.click();
  if (question.dataset.type === "several") return;
  const next = questions().find((one) => !answered(one));
  if (next) mark(next);
  else stage.querySelector(".button--main")?.focus();
}

function onKey(event) {
  const typing = event.target.closest("textarea, input:not([type=radio], [type=checkbox]), select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "?") {
    keys.open ? keys.close() : keys.showModal();
    event.preventDefault();
    return;
  }
  if (keys.open || off.checked) return;
  const inRoom = event.target.closest("summary, a, button");
  if (event.key === "Enter" && !inRoom) {
    stage.querySelector("#answers")?.requestSubmit();
    event.preventDefault();
  } else if (/^[1-9]$/.test(event.key)) {
    choose(Number(event.key));
    event.preventDefault();
  } else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "s") {
    const skip = stage.querySelector("#skip");
    if (skip) {
      skip.open = true;
      skip.querySelector("form button")?.focus();
      event.preventDefault();
    }
  }
}

function say(text, failed = false) {
  saving.textContent = text;
  saving.classList.toggle("saving--failed", failed);
}

function settle() {
  showConditional();
  const problem = stage.querySelector(".question--problem");
  mark(problem ?? questions().find((one) => !answered(one)) ?? questions()[0]);
  if (problem) problem.scrollIntoView({ block: "center" });
  else if (Number(stage.firstElementChild?.dataset.turn) > 1)
    [...stage.querySelectorAll(".message--user")].at(-1)?.scrollIntoView({ block: "start" });
  else window.scrollTo(0, 0);
}

stage.addEventListener("change", showConditional);
stage.addEventListener("focusin", (event) => {
  const question = event.target.closest(".question");
  if (question && question !== marked()) {
    marked()?.classList.remove("question--marked");
    question.classList.add("question--marked");
  }
});
document.addEventListener("keydown", onKey);

// Signing in again in another tab makes a new token: send the one that counts now.
document.body.addEventListener("htmx:configRequest", (event) => {
  const token = document.cookie.match(/(?:^|; )(?:__Host-csrf|touchstone_csrf)=([^;]+)/)?.[1];
  if (!token) return;
  event.detail.headers["X-CSRFToken"] = token;
  event.detail.parameters.set("csrfmiddlewaretoken", token);
});

document.body.addEventListener("htmx:beforeRequest", () => say("Saving…"));
document.body.addEventListener("htmx:afterSwap", (event) => {
  const stored = event.detail.xhr.status < 400;
  say(stored ? "Saved" : "Not saved: see above", !stored);
  if (stored) setTimeout(() => saving.textContent === "Saved" && say(""), 1200);
});
// Not after the swap: htmx then still puts the attributes of elements with known ids in order.
document.body.addEventListener("htmx:afterSettle", settle);
document.body.addEventListener("htmx:responseError", (event) => {
  const signedOut = event.detail.xhr.status === 401;
  say(signedOut ? "Not saved: you are signed out. Sign in in another tab, then send again." : "Not saved: the server refused. Your answers are still here; try again.", true);
});
document.body.addEventListener("htmx:sendError", () =>
  say("Not saved: no connection. Your answers are still here; try again.", true),
);

// A page from the browser's own memory may show an item that is done: ask the server again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});

off.checked = localStorage.getItem(OFF) === "yes";
off.addEventListener("change", () => localStorage.setItem(OFF, off.checked ? "yes" : "no"));
settle();
