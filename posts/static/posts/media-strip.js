// <media-strip>: the composer's pictures and videos, in their order. Rows come from what was uploaded or picked (events
// "media-uploaded" and "media-picked" with {url, name, kind, alt, preview}), move by pointer and by arrow keys, and go.
// Every change is told as an "input" event, as a field of the form would.
customElements.define(
  "media-strip",
  class extends HTMLElement {
    connectedCallback() {
      this.list = this.querySelector("[data-files]");
      this.spoken = this.querySelector("[data-spoken]");
      this.addEventListener("click", (event) => {
        const row = event.target.closest("[data-remove]")?.closest("[data-file]");
        if (row) this.remove_(row);
      });
      this.addEventListener("keydown", (event) => this.step(event));
      this.addEventListener("pointerdown", (event) => this.drag(event));
      this.number();
    }

    get rows() {
      return [...this.list.children];
    }

    /** What is in it, so that it can be put back. */
    get files() {
      return this.rows.map((row) => ({
        url: row.querySelector("[name=media]").value,
        name: row.querySelector("[data-name]").textContent,
        alt: row.querySelector("[name=alt]").value,
        kind: row.dataset.kind,
        preview: row.querySelector("[data-thumb]").getAttribute("src") ?? "",
      }));
    }

    set files(files) {
      this.list.replaceChildren();
      for (const file of files) this.append_(file);
      this.changed();
    }

    add(file) {
      this.append_(file);
      this.changed();
      this.say(`${file.name} added, ${this.rows.length} in all.`);
    }

    append_(file) {
      const row = this.querySelector("template").content.firstElementChild.cloneNode(true);
      const thumb = row.querySelector("[data-thumb]");
      row.dataset.kind = file.kind;
      for (const field of row.querySelectorAll("input")) field.disabled = false;
      row.querySelector("[name=media]").value = file.url;
      row.querySelector("[name=alt]").value = file.alt ?? "";
      row.querySelector("[data-name]").textContent = file.name;
      row.querySelector("[name=alt]").setAttribute("aria-label", `Alternative text of ${file.name}`);
      row.querySelector("[data-remove]").setAttribute("aria-label", `Remove ${file.name}`);
      row.querySelector("[data-grip]").setAttribute("aria-label", `Move ${file.name}: drag it, or press the up and down arrows`);
      if (file.preview) {
        thumb.src = file.preview;
        thumb.hidden = false;
      }
      row.querySelector("[data-film]").hidden = Boolean(file.preview);
      this.list.append(row);
    }

    remove_(row) {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      const name = row.querySelector("[data-name]").textContent;
      row.remove();
      this.changed();
      (next?.querySelector("[data-remove]") ?? document.getElementById("field-text"))?.focus();
      this.say(`${name} removed.`);
    }

    step(event) {
      const grip = event.target.closest("[data-grip]");
      const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
      if (!grip || !by) return;
      event.preventDefault();
      const row = grip.closest("[data-file]");
      const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
      if (!other) return;
      if (by < 0) other.before(row);
      else other.after(row);
      grip.focus();
      this.changed();
      this.say(`Number ${this.rows.indexOf(row) + 1} of ${this.rows.length}.`);
    }

    drag(event) {
      const grip = event.target.closest("[data-grip]");
      if (!grip || event.button !== 0) return;
      const row = grip.closest("[data-file]");
      const before = this.rows.indexOf(row);
      grip.setPointerCapture(event.pointerId);
      row.classList.add("is-moving");
      // The others move around it: a row that is taken out of the page loses its pointer.
      const move = ({ clientY }) => {
        const others = this.rows.filter((other) => other !== row);
        const isAbove = (other) => {
          const box = other.getBoundingClientRect();
          return clientY > box.top + box.height / 2;
        };
        const above = others.filter(isAbove).length;
        if (above === this.rows.indexOf(row)) return;
        row.before(...others.slice(0, above));
        row.after(...others.slice(above));
      };
      const drop = () => {
        row.classList.remove("is-moving");
        grip.removeEventListener("pointermove", move);
        if (this.rows.indexOf(row) !== before) this.changed();
      };
      grip.addEventListener("pointermove", move);
      grip.addEventListener("lostpointercapture", drop, { once: true });
    }

    number() {
      this.rows.forEach((row, at) => row.querySelector("[name=alt]").setAttribute("data-path", `mediaUrls.${at}`));
    }

    changed() {
      this.number();
      this.dispatchEvent(new Event("input", { bubbles: true }));
    }

    say(text) {
      this.spoken.textContent = text;
    }
  },
);
