// <tab-set>: buttons with role=tab and aria-controls, panels with role=tabpanel; arrows move, the choice may be remembered.
customElements.define(
  "tab-set",
  class extends HTMLElement {
    connectedCallback() {
      this.tabs = [...this.querySelectorAll("[role=tab]")].filter((tab) => tab.closest("tab-set") === this);
      this.addEventListener("click", (event) => {
        const tab = event.target.closest("[role=tab]");
        if (this.tabs.includes(tab)) this.show(tab);
      });
      this.addEventListener("keydown", (event) => {
        const at = this.tabs.indexOf(event.target);
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (at < 0 || !step) return;
        const next = this.tabs[(at + step + this.tabs.length) % this.tabs.length];
        this.show(next);
        next.focus();
      });
      const remembered = this.dataset.remember && localStorage.getItem(`tab:${this.dataset.remember}`);
      const chosen = this.tabs.find((tab) => tab.textContent.trim() === remembered);
      if (chosen) this.show(chosen);
    }

    show(tab) {
      for (const other of this.tabs) {
        const on = other === tab;
        other.setAttribute("aria-selected", String(on));
        other.tabIndex = on ? 0 : -1;
        const panel = document.getElementById(other.getAttribute("aria-controls"));
        if (panel) panel.hidden = !on;
      }
      if (this.dataset.remember) localStorage.setItem(`tab:${this.dataset.remember}`, tab.textContent.trim());
      this.dispatchEvent(new CustomEvent("tab-shown", { bubbles: true, detail: { tab } }));
    }
  },
);
