// <media-picker [data-several]>: a dialog that opens itself and goes when it closes. Files stay chosen while the person
// searches and turns pages. Dispatches `media-picked` for each file, bubbling, with detail {id, url, kind, name, alt, preview}.
customElements.define(
  "media-picker",
  class extends HTMLElement {
    connectedCallback() {
      if (this.chosen) return;
      this.chosen = new Map();
      this.dialog = this.querySelector("dialog");
      this.addEventListener("change", (event) => {
        const box = event.target.closest(".file-check");
        if (box) this.mark(box.value, box.checked && { id: box.value, ...box.dataset });
      });
      this.addEventListener("dblclick", (event) => {
        const box = event.target.closest(".file-pick")?.querySelector(".file-check");
        if (!box) return;
        this.mark(box.value, { id: box.value, ...box.dataset });
        this.pick();
      });
      this.addEventListener("htmx:afterSettle", () => this.show());
      this.addEventListener("media-uploaded", (event) => {
        this.mark(event.detail.id, event.detail);
        this.querySelector("form").requestSubmit();
      });
      this.addEventListener("click", (event) => {
        if (event.target.closest("[data-picks]")) this.pick();
      });
      this.dialog.addEventListener("close", () => this.remove());
      this.dialog.showModal();
    }

    mark(id, detail) {
      if (!("several" in this.dataset) && detail) this.chosen.clear();
      if (detail) this.chosen.set(id, detail);
      else this.chosen.delete(id);
      this.show();
    }

    show() {
      for (const box of this.querySelectorAll(".file-check")) box.checked = this.chosen.has(box.value);
      const number = this.chosen.size;
      const add = this.querySelector("[data-picks]");
      add.disabled = !number;
      add.textContent = number > 1 ? `Add ${number} files` : "Add";
      this.querySelector(".picker-count").textContent = number ? `${number} chosen` : "";
    }

    pick() {
      const picked = [...this.chosen.values()];
      for (const detail of picked) this.dispatchEvent(new CustomEvent("media-picked", { bubbles: true, detail }));
      this.dialog.close();
    }
  },
);
