// Getting answers to the server: at once, in order, once each, also across a lost connection.
//
// Every answer is first put into a queue in the browser and leaves it when the server has confirmed
// or refused it. The server takes the same answer twice without harm, so a doubtful one is sent again.

import { card, csrf, dismiss, form, get, noteHtml, owner, post, say, stage, store, stored, word } from "./page.js";

const QUEUE = `${owner}.queue`;
const RETRY = 4000;
let ahead = null; // the next item, fetched while this one is read: its element
let fetching = null;
let flushing = null;
let retry;
let settle = () => {};

export const onSettle = (act) => (settle = act);
export const waiting = () => stored(QUEUE) ?? [];

function unsaid() {
  const n = waiting().length;
  if (n) say(`${word("waits")} ${n}`, { failed: true });
}

const part = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html; // made by our own server, every reply in it made safe there
  return template.content;
};

function show(content) {
  stage.replaceChildren(...(content instanceof DocumentFragment ? content.childNodes : [content]));
  settle();
}

// --- the next item

function hold(found) {
  ahead = found;
  stage.toggleAttribute("data-ready", Boolean(found));
}

export async function fetchAhead() {
  if (ahead || fetching || !card() || Number(card().dataset.revision)) return;
  const mine = (fetching = get(stage.dataset.ahead));
  try {
    const answer = await mine;
    if (answer.status === 200) {
      const found = part(await answer.text()).querySelector(".card");
      if (found && found.dataset.key !== card()?.dataset.key) hold(found);
    }
  } catch {
    // no connection: it is asked for again when there is one
  } finally {
    if (fetching === mine) fetching = null;
  }
}

// --- sending

function remember(entry) {
  const queue = waiting().filter((one) => one.key !== entry.key || one.turn !== entry.turn);
  store(QUEUE, [...queue, entry]);
}

function forget(entry) {
  store(QUEUE, waiting().filter((one) => one.key !== entry.key || one.turn !== entry.turn));
}

export function submit() {
  const answers = form();
  const here = card();
  if (!answers || answers.dataset.sent) return;
  const body = new URLSearchParams(new FormData(answers));
  const entry = { url: answers.action, key: here.dataset.key, turn: here.dataset.turn, revision: here.dataset.revision };
  const next = "last" in here.dataset && !Number(here.dataset.revision) ? ahead : null;
  if (next) body.set("next", next.dataset.key);
  entry.body = String(body);
  remember(entry);
  answers.dataset.sent = "yes";
  say(word("saving"));
  if (next) {
    const begun = performance.now();
    hold(null);
    show(next);
    requestAnimationFrame(() => performance.measure("next-item", { start: begun }));
  }
  flush();
}

// Whoever calls while sending is under way waits for that to end.
export function flush() {
  clearTimeout(retry);
  const locks = navigator.locks;
  flushing ??= (locks ? locks.request(QUEUE, sendAll) : sendAll())
    .finally(() => (flushing = null))
    // The lock is let go a little after the queue was found empty: an answer given just then is sent now.
    .then((emptied) => (emptied && waiting().length ? flush() : undefined));
  return flushing;
}

// Says whether the queue was emptied; where not, the next try is set or the rater has to act.
async function sendAll() {
  for (let entry = waiting()[0]; entry; entry = waiting()[0]) {
    let answer;
    try {
      const body = new URLSearchParams(entry.body);
      body.set("csrfmiddlewaretoken", csrf());
      answer = await post(entry.url, body);
    } catch {
      later();
      return false;
    }
    if (!(await taken(entry, answer))) return false;
  }
  fetchAhead();
  return true;
}

function later() {
  unsaid();
  offline();
  retry = setTimeout(flush, RETRY);
}

// Without a connection and without a next item there is nothing to show but that answers wait.
function offline() {
  const answers = form();
  if (answers?.dataset.sent && "last" in (card()?.dataset ?? {}) && !Number(card().dataset.revision)) {
    const panel = document.createElement("section");
    panel.className = "panel done";
    panel.dataset.why = "offline";
    const line = document.createElement("p");
    line.textContent = word("no_more_offline");
    panel.append(line);
    stage.replaceChildren(panel);
  }
}

// Says whether the queue may go on: the answer is stored, or it came back to the rater.
async function taken(entry, answer) {
  const isHere = () => card()?.dataset.key === entry.key && card()?.dataset.turn === entry.turn;
  if (answer.status === 401 || answer.type === "opaqueredirect") {
    say(`${word("signed_out")} ${waiting().length}`, { failed: true, link: { href: stage.dataset.signIn, text: word("sign_in") } });
    retry = setTimeout(flush, RETRY);
    return false;
  }
  if (answer.status === 403 && answer.headers.has("X-Consent")) {
    noteHtml("asked", await answer.text()); // what to do first, with a link: nothing is lost meanwhile
    say(`${word("waits_for_you")} ${waiting().length}`, { failed: true });
    retry = setTimeout(flush, 2 * RETRY);
    return false;
  }
  if (!answer.ok && ![409, 410, 422].includes(answer.status)) {
    say(word("broken"), { failed: true });
    retry = setTimeout(flush, 2 * RETRY);
    return false;
  }
  dismiss("asked");
  forget(entry);
  store(`${owner}.draft.${entry.key}.${entry.turn}`, null);
  const next = answer.headers.get("X-Next");
  if (next) {
    location.assign(next);
    return false;
  }
  const html = await answer.text();
  if (answer.ok) {
    say(word("saved"), { passing: true });
    const idle = stage.querySelector('[data-why="offline"]') || isHere();
    if (html && idle) show(part(html));
    else if (idle) show(part(await (await get(stage.dataset.here)).text()));
    return true;
  }
  comeBack(html);
  return false;
}

// A refusal brings the earlier item back with what was entered; the one shown meanwhile waits.
function comeBack(html) {
  const content = part(html);
  const shown = card();
  const back = content.querySelector(".card");
  if (shown && back && shown.dataset.key !== back.dataset.key) hold(shown);
  show(content);
  say(word("not_saved"), { failed: true });
}

// Skipping and flagging: small forms that answer with a part.
export async function sendPart(target, submitter) {
  const body = new URLSearchParams(new FormData(target, submitter));
  body.set("csrfmiddlewaretoken", csrf());
  say(word("saving"));
  let answer;
  try {
    answer = await post(target.action, body);
  } catch {
    return say(word("waits").split(":")[0], { failed: true });
  }
  if (answer.status === 401 || answer.type === "opaqueredirect")
    return say(word("signed_out"), { failed: true, link: { href: stage.dataset.signIn, text: word("sign_in") } });
  if (answer.status >= 500) return say(word("broken"), { failed: true });
  const html = await answer.text();
  say(answer.ok ? word("saved") : word("not_saved"), { failed: !answer.ok, passing: answer.ok });
  if (target.dataset.part === "here") {
    target.querySelector("[data-answer]")?.replaceChildren(part(html));
    return;
  }
  if (answer.ok) hold(null); // what the server shows now is the one that was held ahead
  show(part(html));
}

addEventListener("online", flush);
addEventListener("focus", () => waiting().length && flush());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && waiting().length && flush());

// Answers that an earlier page could not send go first; then the server says what is next.
export async function resume() {
  const queue = waiting();
  if (!queue.length) return fetchAhead();
  const here = queue.find((one) => one.key === card()?.dataset.key && one.turn === card()?.dataset.turn);
  if (here && form()) form().dataset.sent = "yes";
  unsaid();
  await flush();
}
