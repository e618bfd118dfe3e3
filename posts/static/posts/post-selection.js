// <post-selection>: the bar that comes up while posts are selected. Their boxes are anywhere in the calendar.
customElements.define(
  "post-selection",
  class extends HTMLElement {
    connectedCallback() {
      this.room = this.closest("posts-calendar");
      this.changed = () => this.show();
      this.clicked = (event) => this.range(event);
      this.room.addEventListener("change", this.changed);
      this.room.addEventListener("click", this.clicked);
      this.querySelector("[data-all]").addEventListener("click", () => this.all(true));
      this.querySelector("[data-none]").addEventListener("click", () => this.all(false));
      this.show();
    }

    disconnectedCallback() {
      this.room.removeEventListener("change", this.changed);
      this.room.removeEventListener("click", this.clicked);
    }

    get boxes() {
      return [...this.room.querySelectorAll(".post-pick")];
    }

    /** With Shift, everything between the box pressed before and this one. */
    range(event) {
      const box = event.target.closest(".post-pick");
      if (!box) return;
      const boxes = this.boxes;
      const [from, to] = [boxes.indexOf(this.last), boxes.indexOf(box)].sort((one, other) => one - other);
      if (event.shiftKey && from >= 0) for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
      this.last = box;
      this.show();
    }

    all(checked) {
      for (const box of this.boxes) box.checked = checked;
      this.show();
    }

    show() {
      const number = this.boxes.filter((box) => box.checked).length;
      const most = Number(this.dataset.most);
      const bar = this.querySelector(".selection-bar");
      bar.hidden = number === 0;
      this.room.classList.toggle("is-selecting", number > 0);
      this.querySelector("[data-count]").textContent = number > most ? `${number} selected, at most ${most} at a time` : `${number} selected`;
      for (const button of bar.querySelectorAll("[name=action], [data-opens]")) button.disabled = number > most;
    }
  },
);
