// What every part of the rater's page shares: the stage, its words, and saying something.

export const stage = document.getElementById("stage");
export const keys = document.getElementById("keys");
const saving = document.getElementById("saving");
const notes = document.getElementById("notes");
const words = document.getElementById("words");

export const word = (name) => words.content.querySelector(`[data-word="${name}"]`).textContent;
export const card = () => stage.querySelector(".card");
export const form = () => stage.querySelector("#answers");
export const owner = `touchstone.${stage.dataset.owner}`;

export const questions = () => [...stage.querySelectorAll(".question")].filter((one) => !one.hidden);
export const marked = () => stage.querySelector(".question--marked");

// Signing in again in another tab makes a new token: the cookie has the one that counts now.
export function csrf() {
  return document.cookie.match(/(?:^|; )(?:__Host-csrf|touchstone_csrf)=([^;]+)/)?.[1] ?? "";
}

export function post(url, body) {
  return fetch(url, {
    method: "POST",
    body,
    headers: { "HX-Request": "true", "X-CSRFToken": csrf() },
    redirect: "manual",
    keepalive: String(body).length < 60000,
  });
}

export const get = (url) => fetch(url, { headers: { "HX-Request": "true" }, redirect: "manual" });

let fading;
export function say(text, { failed = false, passing = false, link } = {}) {
  clearTimeout(fading);
  saving.textContent = text;
  saving.classList.toggle("saving--failed", failed);
  if (link) {
    const anchor = document.createElement("a");
    Object.assign(anchor, { href: link.href, target: "_blank", textContent: link.text });
    saving.append(" ", anchor);
  }
  if (passing) fading = setTimeout(() => (saving.textContent = ""), 1500);
}

// What was said stays until something else is, but not past what it asks for.
export function unsay(text) {
  if (saving.textContent === text) saving.textContent = "";
}

// A notice with one button; there is at most one of each kind.
export function note(kind, text, button, act) {
  dismiss(kind);
  const box = document.createElement("div");
  box.className = "notice notes__one";
  box.dataset.kind = kind;
  box.setAttribute("role", "status");
  const line = document.createElement("p");
  line.textContent = text;
  box.append(line);
  if (button) {
    const press = document.createElement("button");
    Object.assign(press, { type: "button", className: "button", textContent: button });
    press.addEventListener("click", act);
    box.append(press);
  }
  notes.append(box);
}

// A part that the server made, as a notice.
export function noteHtml(kind, html, button, act) {
  note(kind, "", button, act);
  const inside = document.createElement("div");
  inside.innerHTML = html;
  notes.querySelector(`[data-kind="${kind}"] p`).replaceWith(inside);
}

export function dismiss(kind) {
  notes.querySelector(`[data-kind="${kind}"]`)?.remove();
}

// Elements that only a script can serve are in the page hidden.
export function reveal(root) {
  for (const one of root.querySelectorAll(".script[hidden]")) {
    if (!one.matches(".spans__kinds, .spans__chosen")) one.hidden = false;
  }
}

export function stored(key) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? null;
  } catch {
    return null;
  }
}

export function store(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false; // a browser that keeps nothing: what is on the page is all there is
  }
}
