// <command-bar>: one line to go anywhere. Its commands are links in the page; what is searched comes from the server.
const PAUSE = 120;

customElements.define(
  "command-bar",
  class extends HTMLElement {
    connectedCallback() {
      this.input = this.querySelector("input");
      this.list = this.querySelector("[role=listbox]");
      this.commands = [...this.list.querySelectorAll("[role=option]")];
      this.found = document.createElement("div");
      this.found.setAttribute("role", "group");
      this.found.setAttribute("aria-label", "Found");
      this.list.append(this.found);
      this.input.addEventListener("input", () => this.changed());
      this.input.addEventListener("keydown", (event) => this.pressed(event));
      this.closest("dialog")?.addEventListener("close", () => this.reset());
    }

    get shown() {
      return [...this.list.querySelectorAll("[role=option]")].filter((option) => !option.hidden);
    }

    changed() {
      const words = this.input.value.trim().toLowerCase();
      for (const option of this.commands) option.hidden = words !== "" && !option.textContent.toLowerCase().includes(words);
      clearTimeout(this.timer);
      this.asked?.abort(); // of other words
      if (words.length < 2 || !this.dataset.search) this.found.replaceChildren();
      else this.timer = setTimeout(() => this.search(words), PAUSE);
      this.select(this.shown[0]);
    }

    async search(words) {
      this.asked = new AbortController();
      try {
        const reply = await fetch(`${this.dataset.search}?q=${encodeURIComponent(words)}`, {
          signal: this.asked.signal,
          headers: { "X-Requested-With": "fetch" },
        });
        if (!reply.ok) return;
        const found = await reply.text();
        const chosen = this.list.querySelector("[aria-selected=true]")?.href; // where Enter may be about to lead
        this.found.innerHTML = found;
        this.select(this.shown.find((option) => option.href === chosen) ?? this.shown[0]);
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    }

    select(option) {
      for (const other of this.list.querySelectorAll("[aria-selected]")) other.setAttribute("aria-selected", "false");
      if (!option) return this.input.removeAttribute("aria-activedescendant");
      option.id ||= `command-${Math.random().toString(36).slice(2)}`;
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", option.id);
    }

    pressed(event) {
      const shown = this.shown;
      const at = shown.findIndex((option) => option.getAttribute("aria-selected") === "true");
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        this.select(shown[(at + step + shown.length) % shown.length]);
      } else if (event.key === "Enter" && shown[at]) {
        event.preventDefault();
        this.closest("dialog")?.close();
        shown[at].click();
      }
    }

    reset() {
      this.input.value = "";
      this.changed();
    }
  },
);
