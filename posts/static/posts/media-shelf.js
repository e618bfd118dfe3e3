// <media-shelf>: counts the chosen files (.file-check), chooses a range with Shift, none with Escape, all with Ctrl+A on a file.
customElements.define(
  "media-shelf",
  class extends HTMLElement {
    connectedCallback() {
      if (this.listening) return;
      this.listening = true;
      this.addEventListener("click", (event) => {
        if (event.target.closest("[data-choose=none]")) this.choose(() => false);
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
      const number = this.boxes.filter((box) => box.checked).length;
      const said = this.querySelector(".chosen-count");
      if (said) said.textContent = number ? `${number} chosen` : "";
    }
  },
);
