// Keys of what has no digit: the eleventh answer of a question and those after it, what marked words
// are, and what a clause did. They are letters in the order of the rubric that no act has, so a
// letter says one thing on a page and works wherever the focus is outside of a text field.

import { stage, word } from "./page.js";
import { after } from "./questions.js";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz";
export const ROLES = ["violated", "supports", "governs"];
let choices = new Map();

function* choicesOf(question) {
  for (const option of question.querySelectorAll(".option:not([data-key])"))
    yield { question, at: () => [option], label: () => labelOf(option), act: () => choose(question, option) };
  for (const kind of question.querySelectorAll("[data-mark]"))
    yield { question, at: () => [kind], label: () => kind.textContent.trim(), act: () => kind.click() };
  const clauses = question.querySelector("[data-clauses]");
  for (const role of clauses ? ROLES : [])
    yield {
      question,
      at: () => clauses.querySelectorAll(`[data-cite="${role}"]`),
      label: () => word(`role_${role}`),
      act: () => cite(clauses, role),
    };
}

export const labelOf = (option) => option.querySelector(".option__label").firstChild.textContent.trim();

function choose(question, option) {
  option.querySelector("input").click();
  after(question);
}

// The clause that has the focus is meant; the first one where none has.
function cite(clauses, role) {
  const here = document.activeElement.closest(".clause-list__one") ?? clauses;
  const press = here.querySelector(`[data-cite="${role}"]`);
  if (press) press.click();
  else clauses.querySelector("[data-clause-search]")?.focus();
}

// Gives letters out anew; taken are the keys of acts and digits.
export function allot(taken) {
  const free = [...ALPHABET, ...ALPHABET.toUpperCase()].filter((letter) => !taken.has(letter.toLowerCase()));
  choices = new Map();
  for (const question of stage.querySelectorAll(".question"))
    for (const choice of choicesOf(question)) {
      const letter = free.shift();
      if (letter) choices.set(letter, choice);
    }
  showLetters();
}

// Shows each letter on what it chooses; clauses come in later, with their buttons.
export function showLetters() {
  for (const [letter, choice] of choices) for (const one of choice.at()) one.dataset.shown = letter;
}

export const lettersOf = (question) =>
  [...choices].filter(([, choice]) => choice.question === question).map(([letter, choice]) => [letter, choice.label()]);

// Says whether the letter chose something.
export function chooseLetter(key) {
  const choice = choices.get(key) ?? choices.get(key.toLowerCase());
  if (!choice || choice.question.hidden) return false;
  choice.act();
  return true;
}
