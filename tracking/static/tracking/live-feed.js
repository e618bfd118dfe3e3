// <live-feed hx-trigger="tick">: asks for the newest every few seconds, only while somebody can see it and has not stopped it.
// <live-switch data-of="…">: the button that stops it and lets it go on.
const EVERY = 4000; // milliseconds

customElements.define(
  "live-feed",
  class extends HTMLElement {
    connectedCallback() {
      this.stop = new AbortController();
      const { signal } = this.stop;
      document.addEventListener("visibilitychange", () => this.tick(), { signal });
      document.addEventListener("session-ended", () => { this.paused = true; }, { signal });
      this.clock = setInterval(() => this.tick(), EVERY);
    }

    disconnectedCallback() {
      clearInterval(this.clock);
      this.stop.abort();
    }

    tick() {
      const reading = this.contains(document.activeElement);
      if (document.visibilityState === "visible" && !this.paused && !reading) this.dispatchEvent(new CustomEvent("tick"));
    }
  },
);

customElements.define(
  "live-switch",
  class extends HTMLElement {
    connectedCallback() {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.textContent = "Pause";
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => {
        const feed = document.getElementById(this.dataset.of);
        feed.paused = !feed.paused;
        button.setAttribute("aria-pressed", String(feed.paused));
        if (!feed.paused) feed.tick();
      });
      this.replaceChildren(button);
    }
  },
);
