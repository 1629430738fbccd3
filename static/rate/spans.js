// Evidence: words of the reply, selected with mouse, finger or keys, and what they are.
// Offsets count code points of a message's text content, as the server counts them. Words of the
// product's own within it read in the rater's language, and count as what they stand for.

import { card, form, note, say, stage, word } from "./page.js";

const OWN = "[data-counts]";
let selected = null; // { slot, message, start, end, quote, reads }

const codePoints = (text) => [...text].length;
const fields = () => [...stage.querySelectorAll("[data-spans]")];
const active = () => fields().find((field) => !field.closest(".question").hidden);

function markable(node) {
  const text = node?.parentElement?.closest(".message__text") ?? node?.closest?.(".message__text");
  const message = text?.closest("[data-message]");
  const turn = Number(card()?.dataset.turn);
  if (!message || (turn && Number(message.dataset.message) !== turn)) return null;
  return text;
}

// The words of a range as they count.
function counted(range) {
  if (!stage.querySelector(OWN)) return range.toString();
  const part = range.cloneContents();
  for (const own of part.querySelectorAll(OWN)) own.textContent = own.dataset.counts;
  return part.textContent;
}

function from(text, node, at) {
  const range = document.createRange();
  range.selectNodeContents(text);
  range.setEnd(node, at);
  return range;
}

// Own words are marked whole or not at all.
function whole(range) {
  const own = (node) => (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest(OWN);
  const [first, last] = [own(range.startContainer), own(range.endContainer)];
  const { startContainer: begins, startOffset: at } = range;
  if (last) range.endOffset ? range.setEndAfter(last) : range.setEndBefore(last);
  if (first) at && at >= begins.textContent.length ? range.setStartAfter(first) : range.setStartBefore(first);
  return range;
}

function read() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const chosen = selection.getRangeAt(0);
  const text = markable(chosen.startContainer);
  if (!text || !text.contains(chosen.startContainer)) return null;
  const range = chosen.cloneRange();
  // What reaches beyond the message, as a triple click does, ends with the message.
  if (!text.contains(range.endContainer)) range.setEnd(text, text.childNodes.length);
  whole(range);
  let start = codePoints(counted(from(text, range.startContainer, range.startOffset)));
  const words = [...counted(range)];
  const before = words.findIndex((sign) => !/\s/u.test(sign));
  if (before < 0) return null;
  const quote = words.slice(before, words.findLastIndex((sign) => !/\s/u.test(sign)) + 1);
  start += before;
  const { slot, message } = text.closest("[data-message]").dataset;
  const reads = range.toString().trim();
  return { slot: Number(slot), message: Number(message), start, end: start + quote.length, quote: quote.join(""), reads };
}

function shorten(text) {
  const all = [...text];
  return all.length > 80 ? `${all.slice(0, 60).join("")} … ${all.slice(-15).join("")}` : text;
}

function show() {
  for (const field of fields()) {
    const chosen = field.querySelector(".spans__chosen");
    field.querySelector(".spans__kinds").hidden = !selected;
    chosen.hidden = !selected;
    chosen.textContent = selected ? `${word("choose_kind")} “${shorten(selected.reads)}”` : "";
  }
}

function add(field, kind, label) {
  take();
  if (!selected) return say(word("nothing_selected"), { failed: true, passing: true });
  const item = document.createElement("li");
  item.className = "spans__one";
  const input = document.createElement("input");
  Object.assign(input, { type: "checkbox", checked: true, name: field.dataset.spans });
  const { slot, message, start, end, quote, reads } = selected;
  input.setAttribute("aria-label", shorten(reads));
  input.value = JSON.stringify({ slot, message, start, end, kind, quote });
  const words = document.createElement("q");
  words.dir = "auto";
  words.textContent = reads;
  const badge = document.createElement("span");
  badge.className = "badge";
  badge.textContent = label;
  const remove = document.createElement("button");
  Object.assign(remove, { type: "button", className: "button button--quiet", textContent: word("remove") });
  remove.dataset.unmark = "";
  item.append(input, " ", words, ...(kind ? [" ", badge] : []), " ", remove);
  field.querySelector(".spans__list").append(item);
  selected = null;
  // Who selects by keys goes on from there.
  if (document.activeElement.matches(".message__text--caret")) getSelection().collapseToEnd();
  else getSelection().removeAllRanges();
  show();
  paint();
  say(`${word("marked")} ${shorten(reads)}`, { passing: true });
  form().dispatchEvent(new Event("change", { bubbles: true }));
}

// A place that a form brings back as it came may be none: then there is nothing to show.
function readable(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Shows what is marked without changing the text, where the browser can.
export function paint() {
  if (!CSS.highlights) return;
  const ranges = [];
  for (const input of stage.querySelectorAll(".spans__list input:checked")) {
    const range = placed(readable(input.value));
    if (range) ranges.push(range);
  }
  CSS.highlights.set("evidence", new Highlight(...ranges));
}

function placed(span) {
  const place = span && `[data-slot="${CSS.escape(span.slot)}"][data-message="${CSS.escape(span.message)}"]`;
  const message = place && stage.querySelector(`${place} .message__text`);
  return message && rangeOf(message, span.start, span.end);
}

// The words of a marked place as the rater has them on the page.
export const asRead = (span) => placed(span)?.toString() ?? span.quote;

function rangeOf(text, start, end) {
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let seen = 0;
  let begun = false;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const own = node.parentElement.closest(OWN);
    const all = [...(own ? own.dataset.counts : node.data)];
    const unit = (at) => all.slice(0, at - seen).join("").length;
    if (!begun && start < seen + all.length) {
      range.setStart(node, own ? 0 : unit(start));
      begun = true;
    }
    if (begun && end <= seen + all.length) {
      range.setEnd(node, own ? node.data.length : unit(end));
      return range;
    }
    seen += all.length;
  }
  return null;
}

// A caret for those who have no pointer: the reply takes the focus, arrows walk through it.
export function startCaret() {
  const turn = card()?.dataset.turn;
  const message =
    stage.querySelector(`[data-message="${turn}"] .message__text`) ?? stage.querySelector("[data-message] .message__text");
  if (!active() || !message) return;
  const folded = message.closest(".message--folded");
  folded?.querySelector(".message__unfold")?.click();
  message.tabIndex = 0;
  message.classList.add("message__text--caret");
  message.focus();
  const selection = getSelection();
  selection.selectAllChildren(message);
  selection.collapseToStart();
  selection.modify("extend", "forward", "word");
  note("caret", word("caret"));
}

function stopCaret(message) {
  message.classList.remove("message__text--caret");
  message.removeAttribute("tabindex");
  document.querySelector('[data-kind="caret"]')?.remove();
}

function onCaretKey(event) {
  const message = event.target.closest?.(".message__text--caret");
  if (!message) return;
  const selection = getSelection();
  const ways = { ArrowRight: "right", ArrowLeft: "left", ArrowDown: "forward", ArrowUp: "backward" };
  const way = ways[event.key];
  if (way) {
    const lines = event.key === "ArrowDown" || event.key === "ArrowUp";
    const unit = lines ? "line" : event.altKey ? "character" : "word";
    if (!event.shiftKey) {
      const forward = event.key === "ArrowRight" || event.key === "ArrowDown";
      if (!selection.isCollapsed) forward ? selection.collapseToEnd() : selection.collapseToStart();
      if (lines) selection.modify("move", way, unit);
      if (!forward && !lines) selection.modify("move", way, unit);
      selection.modify("extend", "forward", event.altKey ? "character" : "word");
    } else selection.modify("extend", way, unit);
    if (!message.contains(selection.focusNode)) selection.selectAllChildren(message);
  } else if (event.key === "Enter") {
    take();
    show();
    stopCaret(message);
    active()?.querySelector("[data-mark]")?.focus();
  } else if (event.key === "Escape") {
    stopCaret(message);
    selection.removeAllRanges();
    active()?.querySelector("[data-caret]")?.focus();
  } else if (event.key === "Tab") return stopCaret(message);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// The browser tells of a new selection some time after it: whoever needs it now asks for it.
function take() {
  const found = read();
  if (found) selected = found;
  return found;
}

document.addEventListener("selectionchange", () => {
  if (!active()) return;
  // Pressing a button takes the selection away on some screens: what was selected last still counts.
  if (!take() && !document.activeElement?.closest("[data-spans]") && getSelection().isCollapsed && markable(getSelection().anchorNode))
    selected = null;
  show();
});
document.addEventListener("keydown", onCaretKey, true);
stage.addEventListener("click", (event) => {
  const press = event.target.closest("[data-mark]");
  if (press) add(press.closest("[data-spans]"), press.dataset.mark, press.textContent);
  if (event.target.closest("[data-caret]")) startCaret();
  const remove = event.target.closest("[data-unmark]");
  if (remove) {
    const field = remove.closest("[data-spans]");
    remove.closest("li").remove();
    field.querySelector("[data-unmark], [data-caret]")?.focus();
    paint();
    form().dispatchEvent(new Event("change", { bubbles: true }));
  }
});

export function settleSpans() {
  selected = null;
  show();
  paint();
}
