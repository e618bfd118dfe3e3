// <contact-list>: counts the chosen contacts (.pick); chooses a range with Shift, all by the box in the head, none with Escape.

customElements.define(
  "contact-list",
  class extends HTMLElement {
    connectedCallback() {
      if (this.listening) return;
      this.listening = true;
      this.addEventListener("click", (event) => {
        if (event.target.closest("[data-choose]")) this.choose(false);
        if (event.target.matches(".pick-all")) this.choose(event.target.checked);
        const box = event.target.closest(".pick");
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
        if (event.key === "Escape" && event.target.matches(".pick, .pick-all")) this.choose(false);
      });
      this.count();
    }

    get boxes() {
      return [...this.querySelectorAll(".pick")];
    }

    choose(wanted) {
      for (const box of this.boxes) box.checked = wanted;
      this.count();
    }

    count() {
      const boxes = this.boxes;
      const number = boxes.filter((box) => box.checked).length;
      const all = this.querySelector(".pick-all");
      if (all) {
        all.checked = number > 0 && number === boxes.length;
        all.indeterminate = number > 0 && number < boxes.length;
      }
      const said = this.querySelector(".chosen-count");
      if (said) said.textContent = number ? `${number} chosen` : "";
    }
  },
);
