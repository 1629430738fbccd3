// The rater's page. Without this it still works: every rule is the server's.

import { card, questions, reveal, stage, unsay, word } from "./page.js";
import { changed, restore } from "./drafts.js";
import { settleClauses } from "./clauses.js";
import { settleFolds } from "./folding.js";
import { names } from "./keys.js";
import { begin as beginLease } from "./lease.js";
import { firstOpen, mark, showConditional } from "./questions.js";
import { fetchAhead, onSettle, resume, sendPart, submit, waiting } from "./sending.js";
import { begin, fill } from "./signals.js";
import { settleSpans } from "./spans.js";

function settle() {
  begin();
  beginLease();
  reveal(document);
  showConditional();
  settleFolds();
  settleSpans();
  settleClauses();
  names();
  restore();
  const problem = stage.querySelector(".question--problem");
  mark(problem ?? firstOpen() ?? questions()[0]);
  if (problem) problem.scrollIntoView({ block: "center" });
  else if (Number(card()?.dataset.turn) > 1)
    [...stage.querySelectorAll(".message--user")].at(-1)?.scrollIntoView({ block: "start" });
  else window.scrollTo(0, 0);
  if (card() && !waiting().length) fetchAhead();
}

onSettle(settle);

stage.addEventListener("submit", (event) => {
  if (event.target.id === "answers") {
    event.preventDefault();
    fill();
    submit();
  } else if ("part" in event.target.dataset) {
    event.preventDefault();
    sendPart(event.target, event.submitter);
  }
});
stage.addEventListener("change", (event) => {
  if (!event.target.closest("#answers")) return;
  unsay(word("not_saved")); // the rater is at what is said above
  changed();
});
stage.addEventListener("input", (event) => event.target.matches("textarea") && changed());

addEventListener("beforeunload", (event) => waiting().length && event.preventDefault());

// A page from the browser's own memory may show an item that is done: ask the server again.
addEventListener("pageshow", (event) => event.persisted && location.reload());

settle();
resume();
