// <media-shelf>: counts the chosen files (.file-check); chooses a range with Shift, and on a file's box none with Escape and
// all with Ctrl+A.

const chosen = new Set(); // what is chosen stays so when the shelf is fetched anew

customElements.define(
  "media-shelf",
  class extends HTMLElement {
    connectedCallback() {
      if (this.listening) return;
      this.listening = true;
      this.addEventListener("click", (event) => {
        const choice = event.target.closest("[data-choose]")?.dataset.choose;
        if (choice) this.choose(() => choice === "all");
        const box = event.target.closest(".file-check");
        if (!box) return;
        const boxes = this.boxes;
        if (event.shiftKey && this.last?.isConnected) {
          const [from, to] = [boxes.indexOf(this.last), boxes.indexOf(box)].sort((a, b) => a - b);
          for (const other of boxes.slice(from, to + 1)) other.checked = box.checked;
        }
        this.last = box;
        this.count();
      });
      this.addEventListener("keydown", (event) => {
        if (!event.target.matches(".file-check")) return;
        if (event.key === "Escape") this.choose(() => false);
        if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          this.choose(() => true);
        }
      });
      for (const box of this.boxes) box.checked ||= chosen.has(box.value);
      this.count();
    }

    get boxes() {
      return [...this.querySelectorAll(".file-check")];
    }

    choose(wanted) {
      for (const box of this.boxes) box.checked = wanted(box);
      this.count();
    }

    count() {
      chosen.clear();
      for (const box of this.boxes) if (box.checked) chosen.add(box.value);
      const number = chosen.size;
      const said = this.querySelector(".chosen-count");
      if (said) said.textContent = number ? `${number} chosen` : "";
    }
  },
);
