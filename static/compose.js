// Composing a rubric without leaving the page: buttons swap the form, the focus stays where it was.
// Without this file every button sends the form and comes back to the same place.

const saving = document.getElementById("saving");
const form = () => document.getElementById("rubric-form");
const part = () => document.getElementById("composing");

let typed = "unstored" in part().dataset; // something is in the form that is not stored
let leaving = false;
let before = { focus: "", open: [], scroll: 0 };

function say(text, failed = false) {
  saving.textContent = text;
  saving.classList.toggle("saving--failed", failed);
}

function send(button) {
  before = {
    focus: document.activeElement?.id ?? "",
    open: [...form().querySelectorAll("[data-question]:has(> details[open])")].map((one) => one.id),
    scroll: document.getElementById("preview").scrollTop,
  };
  const values = { do: button };
  window.htmx.ajax("POST", form().action, { source: form(), target: "#composing", swap: "outerHTML", values });
}

// After app.js has asked what a button wants confirmed.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const button = event.submitter;
  if (event.target !== form() || !button || "plain" in button.dataset) {
    leaving = true;
    setTimeout(() => (leaving = false), 2000); // an export stays on the page
    return;
  }
  event.preventDefault();
  send(button.value);
});

document.addEventListener("change", (event) => {
  if (event.target.closest("#rubric-form") && "show" in event.target.dataset) send("show");
});

document.addEventListener("input", (event) => {
  if (!event.target.form || event.target.form !== form()) return;
  typed = true;
  document.getElementById("draft-state").textContent = "Not stored yet.";
});

// What a rater's page offers with its script, to look at: here it does nothing.
function showAsWithScript() {
  for (const one of document.querySelectorAll("#previewed .script:not(.spans__chosen)")) one.hidden = false;
}

window.addEventListener("beforeunload", (event) => {
  if (typed && !leaving) event.preventDefault();
});

// What is typed while the form is on its way would be lost with the old form.
const isForm = (event) => event.detail.target?.id === "composing" || event.detail.elt === form();
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (isForm(event)) form().inert = true;
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (!isForm(event)) return;
  form().inert = false;
  if (event.detail.successful) say("");
  if (event.detail.failed) document.getElementById(before.focus)?.focus({ preventScroll: true });
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  showAsWithScript();
  if (event.detail.target?.id !== "composing" && event.detail.elt?.id !== "composing") return;
  typed = "unstored" in part().dataset;
  for (const id of before.open) document.getElementById(id)?.querySelector("details")?.setAttribute("open", "");
  document.getElementById("preview").scrollTop = before.scroll;
  const notice = part().querySelector("[autofocus]");
  const wanted = part().dataset.focus;
  const there = notice ?? document.getElementById(wanted || before.focus);
  there?.focus({ preventScroll: !notice && !wanted });
});

// The preview shows the question that is being worked on, where it scrolls by itself.
document.addEventListener("focusin", (event) => {
  const question = event.target.closest?.("[data-question]");
  const preview = document.getElementById("preview");
  const shown = question && preview.querySelector(`[data-of="${question.dataset.question}"]`);
  if (!shown || getComputedStyle(preview).position !== "sticky") return;
  preview.scrollTop += shown.getBoundingClientRect().top - preview.getBoundingClientRect().top - 16;
});

// Signing in again in another tab makes a new token: send the one that counts now.
document.body.addEventListener("htmx:configRequest", (event) => {
  const token = document.cookie.match(/(?:^|; )(?:__Host-csrf|touchstone_csrf)=([^;]+)/)?.[1];
  if (!token) return;
  event.detail.headers["X-CSRFToken"] = token;
  event.detail.parameters.set("csrfmiddlewaretoken", token);
});

const KEPT = "Your input is still here.";
document.body.addEventListener("htmx:responseError", (event) => {
  const signedOut = event.detail.xhr.status === 401;
  say(signedOut ? `Not stored: you are signed out. Sign in in another tab, then try again. ${KEPT}` : `Not stored: the server refused. ${KEPT} Try again.`, true);
});
document.body.addEventListener("htmx:sendError", () => say(`Not stored: no connection. ${KEPT} Try again.`, true));

showAsWithScript();
