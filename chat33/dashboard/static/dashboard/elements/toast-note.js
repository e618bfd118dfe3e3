// <toast-note class="is-good"><p>…</p></toast-note>: goes after ten seconds, waits while it is looked at.
const STAYS = 10_000;

customElements.define(
  "toast-note",
  class extends HTMLElement {
    connectedCallback() {
      if (this.querySelector("[data-dismiss]")) return;
      const close = document.createElement("button");
      close.type = "button";
      close.className = "button is-quiet is-small is-icon";
      close.dataset.dismiss = "";
      close.setAttribute("aria-label", "Dismiss");
      close.textContent = "✕";
      close.addEventListener("click", () => this.remove());
      this.append(close);
      const wait = () => (this.timer = setTimeout(() => this.remove(), STAYS));
      const stay = () => clearTimeout(this.timer);
      this.addEventListener("htmx:afterRequest", () => this.remove());
      this.addEventListener("pointerenter", stay);
      this.addEventListener("focusin", stay);
      this.addEventListener("pointerleave", wait);
      this.addEventListener("focusout", wait);
      wait();
    }

    disconnectedCallback() {
      clearTimeout(this.timer);
    }
  },
);
