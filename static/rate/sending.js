// Getting answers to the server: at once, in order, once each, also across a lost connection.
//
// Every answer, and whatever is skipped or pointed out, is first put into a queue in the browser and
// leaves it when the server has confirmed or refused it. The server takes the same twice without
// harm, so what is doubtful is sent again.

import { card, csrf, dismiss, form, get, note, noteHtml, owner, post, say, stage, store, stored, word } from "./page.js";

const QUEUE = `${owner}.queue`;
const RETRY = 4000;
let ahead = null; // the next item, fetched while this one is read: its element
let fetching = null;
let flushing = null;
let retry;
let settle = () => {};

let unkept = []; // what the browser has no room for; it is lost with the page

export const onSettle = (act) => (settle = act);
export const waiting = () => [...(stored(QUEUE) ?? []), ...unkept];

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
  if (ahead && ahead.dataset.key === card()?.dataset.key) hold(null); // it came in between
  settle();
  claim();
}

// What is shown may have been answered on a page before this one, and wait: it is not asked again.
function claim() {
  const mine = (one) => one.key === card()?.dataset.key && (one.act === "skip" || one.turn === card()?.dataset.turn);
  const here = waiting().find(mine);
  if (here && form()) form().dataset.sent = "yes";
  if (here?.ends) card().dataset.left = "yes";
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

const idOf = (one) => [one.key, one.turn, one.act ?? ""].join(" ");
const same = (one, other) => idOf(one) === idOf(other);

function keep(queue) {
  const kept = store(QUEUE, queue.length ? queue : null);
  // What fits stays where it is, in its order; the rest is on this page only, and that is said.
  const before = kept ? [] : (stored(QUEUE) ?? []);
  unkept = kept ? [] : queue.filter((one) => !before.some((other) => same(one, other) && one.body === other.body));
  if (unkept.length) note("unkept", word("unkept"));
  else dismiss("unkept");
}

const remember = (entry) => keep([...waiting().filter((one) => !same(one, entry)), entry]);

// Takes out one entry, also where the browser keeps nothing new: less always fits.
function forget(entry) {
  const left = waiting().filter((one) => !same(one, entry));
  if (unkept.length) store(QUEUE, (stored(QUEUE) ?? []).filter((one) => !same(one, entry)));
  keep(left);
}

export function submit() {
  const answers = form();
  const here = card();
  if (!answers || answers.dataset.sent) return;
  const body = new URLSearchParams(new FormData(answers));
  const ends = "last" in here.dataset && !Number(here.dataset.revision);
  leave({ act: "", url: answers.action, turn: here.dataset.turn, ends }, body);
}

// Puts what is sent into the queue; where it ends the item, the one held ahead is shown at once.
function leave(entry, body) {
  const here = card();
  // Where a question about this very item follows its answers, the next one waits for it.
  const asks = "asks" in here.dataset && !entry.act;
  const next = entry.ends && !asks ? ahead : null;
  if (next) body.set("next", next.dataset.key);
  remember({ ...entry, key: here.dataset.key, body: String(body) });
  here.dataset.left = entry.ends ? "yes" : "";
  if (form()) form().dataset.sent = "yes";
  say(word("saving"));
  if (next) {
    hold(null);
    count();
    tally(here, next, entry.act ? 0 : 1);
    show(next);
  }
  flush();
}

// The item held ahead was fetched before this one was answered: its count goes on from here.
function tally(here, next, more) {
  const [was, place] = [here, next].map((one) => one.querySelector("[data-done]"));
  place.dataset.done = place.textContent = Number(was.dataset.done) + more;
}

// How many frames pass until the next item is painted: the first one after it should have it.
function count() {
  let frames = 0;
  const begun = performance.now();
  const key = card().dataset.key;
  const look = () => {
    frames += 1;
    if (card()?.dataset.key === key) return requestAnimationFrame(look);
    performance.measure("next-item", { start: begun, detail: { frames } });
  };
  requestAnimationFrame(look);
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
    let html;
    try {
      const body = new URLSearchParams(entry.body);
      body.set("csrfmiddlewaretoken", csrf());
      answer = await post(entry.url, body);
      html = await answer.text(); // to the end: an answer that is cut off confirms nothing
    } catch {
      later();
      return false;
    }
    if (!(await taken(entry, answer, html))) return false;
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
  if (card()?.dataset.left) {
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
async function taken(entry, answer, html) {
  const isHere = () => card()?.dataset.key === entry.key && (entry.act === "skip" || card()?.dataset.turn === entry.turn);
  if (answer.status === 401 || answer.type === "opaqueredirect") {
    say(`${word("signed_out")} ${waiting().length}`, { failed: true, link: { href: stage.dataset.signIn, text: word("sign_in") } });
    retry = setTimeout(flush, RETRY);
    return false;
  }
  if (answer.status === 403 && answer.headers.has("X-Consent")) {
    noteHtml("asked", html); // what to do first, with a link: nothing is lost meanwhile
    say(`${word("waits_for_you")} ${waiting().length}`, { failed: true });
    retry = setTimeout(flush, 2 * RETRY);
    return false;
  }
  // What is not our own confirmation, a proxy's page for one, is none, whatever its status.
  const confirmed = answer.ok && answer.headers.has("X-Stored");
  if (!confirmed && ![409, 410, 422].includes(answer.status)) {
    say(word("broken"), { failed: true });
    retry = setTimeout(flush, 2 * RETRY);
    return false;
  }
  dismiss("asked");
  forget(entry);
  if (entry.act === "flag") {
    flagged(entry, confirmed, html);
    return true;
  }
  store(`${owner}.draft.${entry.key}.${entry.turn}`, null);
  const next = answer.headers.get("X-Next");
  if (next) {
    location.assign(next);
    return false;
  }
  if (confirmed) {
    saved();
    const idle = stage.querySelector('[data-why="offline"]') || isHere();
    if (html && idle) show(part(html));
    else if (idle) await showHere();
    return true;
  }
  comeBack(html);
  return false;
}

// Said when nothing waits any more: beside an answer that waits it could be taken for that one.
function saved() {
  const none = !waiting().length;
  say(word(none ? "saved" : "saving"), { passing: none });
}

// What comes next, where the page cannot know it; without an answer it is asked for again later.
async function showHere() {
  try {
    const answer = await get(stage.dataset.here);
    if (answer.ok) return show(part(await answer.text()));
  } catch {
    // no connection
  }
  offline();
  setTimeout(() => stage.querySelector('[data-why="offline"]') && !waiting().length && showHere(), RETRY);
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

// Skipping and flagging: small forms, sent as answers are.
export function sendPart(target, submitter) {
  const here = card();
  if (!here || here.dataset.left) return;
  const body = new URLSearchParams(new FormData(target, submitter));
  if (target.dataset.part !== "here") {
    body.set("receipt", form()?.elements.receipt.value ?? ""); // so that twice is once
    return leave({ act: "skip", url: target.action, turn: here.dataset.turn, ends: true }, body);
  }
  // Each of the things that can be wrong is an entry of its own.
  const about = `${submitter.name}=${submitter.value}`;
  remember({ act: "flag", url: target.action, key: here.dataset.key, turn: about, body: String(body) });
  say(word("saving"));
  flush();
}

// What became of what was pointed out: beside its form, while that is shown.
function flagged(entry, stored, html) {
  const place = card()?.dataset.key === entry.key && stage.querySelector("#flag [data-answer]");
  if (place) place.replaceChildren(part(html));
  else if (!stored) noteHtml("flagged", html, word("break_done"), () => dismiss("flagged"));
  if (stored) saved();
  else say(word("not_saved"), { failed: true });
}

addEventListener("online", flush);
addEventListener("focus", () => waiting().length && flush());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && waiting().length && flush());

// Answers that an earlier page could not send go first; then the server says what is next.
export async function resume() {
  if (!waiting().length) return fetchAhead();
  claim();
  unsaid();
  await flush();
}
