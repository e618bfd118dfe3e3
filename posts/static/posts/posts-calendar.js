// <posts-calendar>: moves posts by pointer and by keyboard, composes on a day, takes back with Ctrl/⌘+Z. It says where a
// post is put; which moment that is, the server works out, and answers with the calendar as it is then.
const ARROWS = { ArrowLeft: ["across", -1], ArrowRight: ["across", 1], ArrowUp: ["down", -1], ArrowDown: ["down", 1] };

const EVERY = 4000; // milliseconds between two looks while something is being published

customElements.define(
  "posts-calendar",
  class extends HTMLElement {
    connectedCallback() {
      this.addEventListener("keydown", this.pressed);
      for (const kind of ["dragstart", "dragover", "dragleave", "drop", "dragend"]) this.addEventListener(kind, this[kind]);
      this.addEventListener("focusout", this.left);
      this.undoes = (event) => this.undo(event);
      document.addEventListener("keydown", this.undoes);
      this.undone = () => this.removeAttribute("aria-busy");
      document.addEventListener("htmx:afterRequest", this.undone);
      this.addresses();
      if ("busy" in this.dataset) this.timer = setInterval(() => this.look(), EVERY);
    }

    disconnectedCallback() {
      clearInterval(this.timer);
      document.removeEventListener("keydown", this.undoes);
      document.removeEventListener("htmx:afterRequest", this.undone);
    }

    get cells() {
      return [...this.querySelectorAll("[data-day]")];
    }

    /** What stands outside of what is swapped follows the filters. */
    addresses() {
      const form = this.querySelector(".calendar-filters");
      const link = document.querySelector("[data-export]");
      if (!form || !link) return;
      const given = new URLSearchParams(new FormData(form));
      for (const name of ["view", "date", "list"]) given.delete(name);
      link.href = `${link.href.split("?")[0]}?${given}`;
    }

    /** What is being published is looked at again, unless that would take something out of the person's hands. */
    look() {
      const busy = this.picked || this.dragged || this.classList.contains("is-selecting") || document.querySelector("dialog[open]");
      const typing = this.querySelector(".calendar-filters")?.contains(document.activeElement);
      if (!busy && !typing && !document.hidden) document.body.dispatchEvent(new CustomEvent("posts-changed"));
    }

    say(text) {
      this.querySelector("[data-live]").textContent = text;
    }

    // Keyboard

    pressed(event) {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select, textarea, dialog")) return;
      const card = event.target.closest("[data-moves]");
      if (this.picked) this.carry(event);
      else if (event.key === " " && card) {
        event.preventDefault();
        this.pick(card);
      } else if (event.key === "n") this.compose(event);
      else if (ARROWS[event.key] && event.target.closest("[data-day]")) this.walk(event);
    }

    pick(card) {
      this.picked = card;
      this.target = card.closest("[data-day]");
      if (!this.target) return this.drop_();
      card.classList.add("is-picked");
      this.aim(this.target);
      const hours = this.target.dataset.hour ? ", up and down by an hour" : ", up and down by a week";
      this.say(`Picked up. Left and right move it by a day${hours}. Space drops it, Escape leaves it.`);
    }

    /** A key while a post is picked up. */
    carry(event) {
      if (event.key === "Tab") return this.drop_();
      if (![" ", "Enter", "Escape", ...Object.keys(ARROWS)].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") {
        this.say("Left where it was.");
        this.drop_();
      } else if (ARROWS[event.key]) {
        const cell = this.next(this.target, event.key);
        if (cell) {
          this.aim(cell);
          this.say(cell.dataset.label);
        } else this.say("That is the edge of what is shown.");
      } else {
        const { picked, target } = this;
        const stays = target === picked.closest("[data-day]");
        this.drop_();
        if (stays) this.say("Left where it was.");
        else this.move(picked, target);
      }
    }

    /** The cell that an arrow key leads to; none at the edge. */
    next(cell, key) {
      const [way, step] = ARROWS[key];
      const grid = cell.closest("[data-across]");
      const [across, down] = [Number(grid.dataset.across), Number(grid.dataset.down)];
      const cells = this.cells;
      const at = cells.indexOf(cell);
      const found = cells[at + step * (way === "across" ? across : down)];
      // An hour up from midnight is no hour of the day before: up and down stay in a day's column.
      if (way === "down" && down === 1 && found?.dataset.day !== cell.dataset.day) return undefined;
      return found;
    }

    aim(cell) {
      this.querySelector(".is-target")?.classList.remove("is-target");
      this.target = cell;
      cell.classList.add("is-target");
      cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    }

    drop_() {
      this.picked?.classList.remove("is-picked");
      this.querySelector(".is-target")?.classList.remove("is-target");
      this.picked = this.target = null;
    }

    left(event) {
      if (this.picked && !this.picked.contains(event.relatedTarget) && event.relatedTarget) this.drop_();
    }

    walk(event) {
      const cell = this.next(event.target.closest("[data-day]"), event.key);
      const link = cell?.querySelector(".day-link");
      if (!link || !event.target.matches(".day-link")) return;
      event.preventDefault();
      link.focus();
    }

    compose(event) {
      const cell = event.target.closest("[data-day]");
      if (!cell) return;
      event.preventDefault();
      const hour = (cell.dataset.hour ?? "9").padStart(2, "0");
      location.assign(`${this.dataset.compose}?at=${cell.dataset.day}T${hour}:00`);
    }

    // Pointer

    dragstart(event) {
      const card = event.target.closest?.("[data-moves]");
      if (!card) return;
      this.dragged = card;
      card.classList.add("is-picked");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", card.dataset.post);
    }

    dragover(event) {
      const cell = event.target.closest?.("[data-day]");
      if (!this.dragged || !cell) return;
      event.preventDefault();
      if (cell !== this.target) this.aim(cell);
    }

    dragleave(event) {
      if (!this.contains(event.relatedTarget)) this.querySelector(".is-target")?.classList.remove("is-target");
    }

    drop(event) {
      const cell = event.target.closest?.("[data-day]");
      const card = this.dragged;
      if (!card || !cell) return;
      event.preventDefault();
      this.dragend();
      if (cell !== card.closest("[data-day]")) this.move(card, cell);
    }

    dragend() {
      this.dragged?.classList.remove("is-picked");
      this.dragged = null;
      this.drop_();
    }

    // Both

    move(card, cell) {
      const form = this.querySelector("#move");
      form.elements.post.value = card.dataset.post;
      form.elements.fence.value = card.dataset.fence;
      form.elements.day.value = cell.dataset.day;
      form.elements.hour.value = cell.dataset.hour ?? "";
      this.setAttribute("aria-busy", "true");
      const again = `card-${card.dataset.post}`;
      document.addEventListener("htmx:afterSettle", () => document.getElementById(again)?.focus(), { once: true });
      form.requestSubmit();
    }

    undo(event) {
      if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
      if (event.target.closest?.("input, textarea, [contenteditable]")) return;
      const last = [...document.querySelectorAll("#toaster [data-undo]")].at(-1);
      if (!last) return;
      event.preventDefault();
      last.click();
    }
  },
);
