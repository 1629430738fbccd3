// Sends the files of a form with their progress in sight. Whatever the server answers stands in the
// place of the page; where the line breaks, the form stays with its files. Without this file the
// form is sent as any other.

const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
const leaving = (event) => event.preventDefault(); // the browser asks, in its own words

class Sending {
  constructor(form) {
    this.form = form;
    this.words = form.dataset;
    this.part = (name) => form.querySelector(name);
    this.request = new XMLHttpRequest();
  }

  begin() {
    const { request } = this;
    request.open("POST", this.form.action);
    request.responseType = "document";
    request.upload.addEventListener("progress", (event) => this.progress(event));
    request.upload.addEventListener("load", () => this.sent());
    request.addEventListener("load", () => this.answered());
    request.addEventListener("error", () => this.over(this.words.broken));
    request.addEventListener("abort", () => this.over(this.words.stopped));
    this.part("[data-stop]").onclick = () => request.abort();
    request.send(new FormData(this.form));
    this.busy(true);
    this.say(this.words.sending);
  }

  busy(busy) {
    this.part("[type=submit]").disabled = busy;
    this.part("[data-stop]").hidden = !busy;
    this.part("[data-bar]").hidden = !busy;
    this.part("[data-sending-shown]").hidden = false;
    (busy ? addEventListener : removeEventListener)("beforeunload", leaving);
  }

  say(words) {
    this.part("[data-sending-shown] [role=status]").textContent = words;
  }

  progress({ loaded, total }) {
    this.part("[data-bar] progress").value = (100 * loaded) / total;
    this.part("[data-bar] span").textContent = `${megabytes(loaded)} / ${megabytes(total)} MB`;
  }

  sent() {
    this.part("[data-stop]").hidden = true; // what the server has whole it may store
    this.say(this.words.sent);
  }

  answered() {
    const page = this.request.response;
    const main = page?.querySelector("main");
    if (!main) return this.over(this.words.broken);
    this.over("");
    document.title = page.title;
    document.querySelector("main").replaceWith(document.adoptNode(main));
    history.replaceState(null, "", this.request.responseURL);
    window.htmx?.process(main);
    scrollTo(0, 0);
    main.focus();
  }

  over(words) {
    this.busy(false);
    this.say(words);
  }
}

// After app.js, which may have asked whether to send at all.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !event.target.matches("form[data-upload]")) return;
  event.preventDefault();
  new Sending(event.target).begin();
});
