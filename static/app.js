// What every page may use: dialogs opened by a button, and forms that ask before they act.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  const copier = event.target.closest("[data-copy]");
  if (copier) {
    const field = document.getElementById(copier.dataset.copy);
    field.select(); // where the browser lends no clipboard, the reader can copy what is selected
    navigator.clipboard?.writeText(field.value).then(() => (copier.textContent = "Copied"));
  }
});

// Words that are selected in a text come into the field that the text names.
document.addEventListener("selectionchange", () => {
  const selection = document.getSelection();
  const text = selection.anchorNode?.parentElement?.closest("[data-selects]");
  const words = selection.toString().trim();
  if (text && words) document.getElementById(text.dataset.selects).value = words;
});

// Nothing of a rater stays in the browser after signing out, from whichever page and study.
const kept = () => Object.keys(localStorage).filter((key) => /^touchstone\..+\.(draft\.|queue$)/.test(key));
document.querySelector(".bar__out")?.addEventListener("submit", (event) => {
  const unsent = kept().some((key) => key.endsWith(".queue") && localStorage.getItem(key) !== "[]");
  if (unsent && !window.confirm(event.target.dataset.unsent)) return event.preventDefault();
  for (const key of kept()) localStorage.removeItem(key);
});

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
