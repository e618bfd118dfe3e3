// <media-upload data-url data-accept data-max-image data-max-video [data-drop="selector"]>: uploads files that are chosen,
// dropped on what data-drop selects (else on itself), or pasted; each with its progress, its error and a way to try again.
// Dispatches `media-uploaded` for each file, bubbling, with detail {id, url, kind, name, alt, preview}.
// `add(files)` takes files from elsewhere; `busy` says whether some are on their way.

const AT_ONCE = 3;
const WAITS = 120; // times that a file waits for its turn before it asks the person: about ten minutes

const cookie = (name) => document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
const megabytes = (bytes) => `${bytes >= 1e9 ? `${bytes / 1e9} GB` : `${Math.round(bytes / 1e6)} MB`}`;
const editable = (target) => target.closest?.("input, textarea, [contenteditable]");

function part(name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

function button(text, label, act) {
  const element = part("button", "button is-small", text);
  element.type = "button";
  element.setAttribute("aria-label", label);
  element.addEventListener("click", act);
  return element;
}

class MediaUpload extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=file]");
    this.list = this.querySelector(".uploads");
    this.said = this.querySelector("[role=status]");
    this.waiting = [];
    this.running = new Set();
    this.ended = new AbortController();
    const { signal } = this.ended;
    this.input.addEventListener("change", () => { this.add(this.input.files); this.input.value = ""; }, { signal });
    document.addEventListener("dragover", (event) => this.over(event), { signal });
    document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) this.mark(false); }, { signal });
    document.addEventListener("drop", (event) => this.drop(event), { signal });
    document.addEventListener("paste", (event) => this.paste(event), { signal });
    window.addEventListener("beforeunload", (event) => { if (this.busy) event.preventDefault(); }, { signal });
  }

  disconnectedCallback() {
    this.ended.abort();
  }

  get busy() {
    return this.running.size > 0 || this.waiting.length > 0 || this.querySelector("progress:not([hidden])") !== null;
  }

  /** What is open in front of the page gets what is dropped and pasted. */
  get reachable() {
    const front = [...document.querySelectorAll("dialog[open]")].at(-1);
    return (!front || front.contains(this)) && this.checkVisibility();
  }

  get zone() {
    return (this.dataset.drop && (this.closest(this.dataset.drop) || document.querySelector(this.dataset.drop))) || this;
  }

  mark(on) {
    this.zone.classList.toggle("is-dropping", on);
  }

  over(event) {
    if (!this.reachable || !event.dataTransfer?.types.includes("Files")) return;
    const inside = this.zone.contains(event.target);
    this.mark(inside);
    if (inside) {
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    }
  }

  drop(event) {
    this.mark(false);
    if (!this.reachable || !this.zone.contains(event.target) || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    this.add(event.dataTransfer.files);
  }

  paste(event) {
    const { files, types } = event.clipboardData ?? { files: [], types: [] };
    if (!files.length || !this.reachable || (editable(event.target) && types.includes("text/plain"))) return;
    event.preventDefault();
    this.add(files);
  }

  add(files) {
    for (const file of files) this.waiting.push(this.row(file));
    this.list.hidden = !this.list.children.length;
    this.next();
  }

  row(file) {
    const item = part("li", "upload");
    const bar = part("progress", "");
    bar.max = Math.max(1, file.size);
    bar.value = 0;
    bar.setAttribute("aria-label", `Uploading ${file.name}`);
    const name = part("span", "upload-name clip", file.name);
    name.dir = "auto";
    const words = part("span", "upload-words soft small number", "Waiting");
    const buttons = part("span", "row");
    item.append(name, words, bar, buttons);
    this.list.append(item);
    const row = { file, item, bar, words, buttons, waits: 0 };
    buttons.append(button("✕", `Cancel ${file.name}`, () => this.cancel(row)));
    return row;
  }

  next() {
    while (this.running.size < AT_ONCE && this.waiting.length) {
      const row = this.waiting.shift();
      const wrong = this.unfit(row.file);
      if (wrong) this.fail(row, wrong, false);
      else this.send(row);
    }
    if (!this.busy) this.dispatchEvent(new CustomEvent("media-upload-rested", { bubbles: true }));
  }

  /** What can be said without sending it; the server says the rest. */
  unfit(file) {
    const kind = file.type.split("/")[0];
    const most = kind === "image" ? Number(this.dataset.maxImage) : Number(this.dataset.maxVideo);
    if (!file.size) return "The file is empty.";
    if (file.type && !this.dataset.accept.split(",").includes(file.type)) {
      return /heic|heif|avif/.test(file.type)
        ? "HEIC and AVIF pictures are not taken by the networks. Save it as JPEG."
        : "This is no picture or video we know. Use JPEG, PNG, GIF, WebP, MP4, MOV or WebM.";
    }
    if (file.size > most) return `The file is larger than the ${megabytes(most)} allowed for ${kind === "image" ? "an image" : "a video"}.`;
    return "";
  }

  send(row) {
    this.running.add(row);
    row.words.textContent = "0%";
    const request = new XMLHttpRequest();
    row.request = request;
    request.open("POST", `${this.dataset.url}?name=${encodeURIComponent(row.file.name)}`);
    request.responseType = "json";
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", cookie("csrftoken"));
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.upload.addEventListener("progress", (event) => {
      row.bar.value = event.loaded;
      const whole = event.loaded >= event.total;
      row.words.textContent = whole ? "Looking at it …" : `${Math.floor((100 * event.loaded) / event.total)}%`;
    });
    request.addEventListener("load", () => this.answered(row, request));
    request.addEventListener("error", () => this.fail(row, "The connection was lost. Try again."));
    request.addEventListener("abort", () => this.forget(row));
    request.send(row.file);
  }

  answered(row, request) {
    const { status, response } = request;
    if (status === 201) {
      this.done(row, response);
    } else if (status === 503 && row.waits < WAITS) {
      this.running.delete(row);
      row.waits += 1;
      row.words.textContent = "Waiting for its turn";
      const seconds = Math.min(5, row.waits) * Number(request.getResponseHeader("Retry-After") || 1);
      row.timer = setTimeout(() => { row.timer = 0; this.waiting.push(row); this.next(); }, 1000 * seconds);
      this.next();
    } else {
      if (status === 401) {
        const ended = document.getElementById("session-ended");
        if (ended && !ended.open) ended.showModal();
      }
      const said = status === 401 ? "You have been logged out. Log in again, then try again." : response?.message;
      const known = said || request.getResponseHeader("X-Says");
      this.fail(row, known || "That did not work. Reload the page and try again.", status !== 400 && status !== 413);
    }
  }

  done(row, detail) {
    row.item.remove();
    this.settle(row, `${detail.name} is uploaded.`);
    this.dispatchEvent(new CustomEvent("media-uploaded", { bubbles: true, detail }));
  }

  fail(row, message, again = true) {
    row.item.classList.add("is-bad");
    row.bar.hidden = true;
    row.words.textContent = message;
    row.buttons.replaceChildren();
    if (again) row.buttons.append(button("Try again", `Try again: ${row.file.name}`, () => this.retry(row)));
    row.buttons.append(button("✕", `Take ${row.file.name} off the list`, () => this.forget(row)));
    this.settle(row, `${row.file.name}: ${message}`);
  }

  retry(row) {
    row.item.classList.remove("is-bad");
    row.bar.hidden = false;
    row.bar.value = 0;
    row.waits = 0;
    row.words.textContent = "Waiting";
    row.buttons.replaceChildren(button("✕", `Cancel ${row.file.name}`, () => this.cancel(row)));
    this.waiting.push(row);
    this.next();
  }

  cancel(row) {
    clearTimeout(row.timer);
    if (this.running.has(row)) row.request.abort();
    else this.forget(row);
  }

  forget(row) {
    this.waiting = this.waiting.filter((other) => other !== row);
    row.item.remove();
    this.settle(row, "");
    this.input.focus();
  }

  settle(row, words) {
    this.running.delete(row);
    this.list.hidden = !this.list.children.length;
    if (words) this.said.textContent = words;
    this.next();
  }
}

customElements.define("media-upload", MediaUpload);
