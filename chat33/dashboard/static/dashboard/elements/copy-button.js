// <copy-button data-text="…"> or <copy-button data-from="id">: copies, and says that it did.
customElements.define(
  "copy-button",
  class extends HTMLElement {
    connectedCallback() {
      if (this.firstElementChild) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button is-small";
      button.textContent = "Copy";
      button.setAttribute("aria-label", `Copy ${this.dataset.label || "this"}`);
      button.addEventListener("click", async () => {
        const text = this.dataset.text ?? document.getElementById(this.dataset.from)?.innerText ?? "";
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = "Copy"), 2000);
      });
      this.append(button);
    }
  },
);
