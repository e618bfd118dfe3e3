// <zone-guess> around a form: chooses the browser's time zone, until the person has chosen one.
customElements.define(
  "zone-guess",
  class extends HTMLElement {
    connectedCallback() {
      const select = this.querySelector("select[name=timezone]");
      const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      if (select && select.value === "UTC" && [...select.options].some((option) => option.value === zone)) select.value = zone;
    }
  },
);
