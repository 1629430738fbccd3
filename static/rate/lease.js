// The time an item is held, said before it ends; and breaks.

import { card, dismiss, note, post, stage, store, stored, word } from "./page.js";

const WARN_MS = 5 * 60 * 1000;
const MINUTE = 60000;
const WORK = "touchstone.work";

export function begin() {
  if (card()) card().dataset.begun ??= String(Date.now());
}

// Another item may be shown by the time that the server says so.
export function extended(item, until) {
  if (!until) return;
  item.dataset.until = until;
  if (item === card()) dismiss("lease");
}

async function keepIt() {
  const here = card();
  try {
    const answer = await post(`${here.dataset.at}extend/`, new URLSearchParams());
    const said = await answer.json();
    if (answer.ok) extended(here, said.leased_until);
    else if (here === card()) note("lease", said.message);
  } catch {
    if (here === card()) note("lease", word("waits").split(":")[0], word("lease_keep"), keepIt);
  }
}

function watch() {
  const until = Date.parse(card()?.dataset.until ?? "");
  if (!until) return dismiss("lease");
  const left = until - Date.now();
  const warn = Math.min(WARN_MS, (until - Number(card().dataset.begun)) / 4);
  const said = document.querySelector('[data-kind="lease"]');
  if (left > warn) return;
  if (left <= 0 && said?.dataset.over) return;
  if (left > 0 && said) return;
  note("lease", word(left > 0 ? "lease_ends" : "lease_over"), word("lease_keep"), keepIt);
  if (left <= 0) document.querySelector('[data-kind="lease"]').dataset.over = "yes";
}

// Work that goes on without a pause of ten minutes counts as one stretch, also across pages.
function rest() {
  const after = Number(stage.dataset.break) * MINUTE;
  if (!after || document.visibilityState !== "visible") return;
  const now = Date.now();
  const work = stored(WORK);
  const since = work && now - work.last < 10 * MINUTE ? work.since : now;
  store(WORK, { since, last: now });
  if (now - since >= after && !document.querySelector('[data-kind="break"]'))
    note("break", word("break"), word("break_done"), () => {
      store(WORK, { since: Date.now(), last: Date.now() });
      dismiss("break");
    });
}

setInterval(watch, 1000);
setInterval(rest, 5000);
rest();
