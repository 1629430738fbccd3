// Long replies are folded until they are opened, and whether they were is kept.

import { card, stage, word } from "./page.js";
import { fold } from "./signals.js";

function unfold(message) {
  if (!message.classList.contains("message--folded")) return;
  message.classList.remove("message--folded");
  message.querySelector(".message__unfold")?.remove();
  fold(Number(message.dataset.message), true);
}

export function settleFolds() {
  const turn = Number(card()?.dataset.turn);
  for (const message of stage.querySelectorAll(".message[data-words]")) {
    if (message.querySelector(".message__unfold")) continue;
    message.classList.add("message--folded");
    fold(Number(message.dataset.message), false);
    const open = document.createElement("button");
    Object.assign(open, { type: "button", className: "button message__unfold" });
    open.textContent = `${word("unfold")} ${message.dataset.words}`;
    open.addEventListener("click", () => {
      unfold(message);
      message.querySelector(".message__speaker").focus({ preventScroll: true });
    });
    message.append(open);
    if (turn && Number(message.dataset.message) < turn) message.classList.add("message--read");
  }
}

// Whatever takes the focus inside of a folded text opens it.
stage.addEventListener("focusin", (event) => {
  const text = event.target.closest(".message--folded .message__text");
  if (text) unfold(text.closest(".message"));
});
