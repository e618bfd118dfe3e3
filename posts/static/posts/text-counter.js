// <text-counter for="field">: what is left of a text on each network, at once. The server's count, which is the network's
// own, replaces it as soon as it comes; only X's rules are more than is written here.
const length = {
  characters: (text) => [...text.normalize("NFC")].length,
  utf16: (text) => text.length,
  bytes: (text) => new TextEncoder().encode(text).length,
  weighted,
};
const URL_LENGTH = 23;
const ADDRESS = /https?:\/\/[^\s]+|(?<![@\w.-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|app|dev|co|me|info|shop|store|tv|ly|eu|de|uk|fr|es|it|nl|in|jp|br)(?:\/[^\s]*)?(?![\w@-])/gi;
const parts = new Intl.Segmenter(undefined, { granularity: "grapheme" });

// X, "Counting characters": an address is 23, an emoji 2, letters of most alphabets 1, everything else 2.
function weighted(text) {
  let count = 0;
  const plain = text.normalize("NFC").replace(ADDRESS, () => {
    count += URL_LENGTH;
    return "";
  });
  for (const { segment } of parts.segment(plain)) {
    if (/\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u.test(segment) && !/^[\d#*©®™]$/u.test(segment)) count += 2;
    else for (const character of segment) count += light(character.codePointAt(0)) ? 1 : 2;
  }
  return count;
}

const light = (point) =>
  point <= 4351 || (point >= 8192 && point <= 8205) || (point >= 8208 && point <= 8223) || (point >= 8242 && point <= 8247);

customElements.define(
  "text-counter",
  class extends HTMLElement {
    connectedCallback() {
      this.field = document.getElementById(this.getAttribute("for"));
      this.count = this.count.bind(this);
      this.field?.addEventListener("input", this.count);
    }

    disconnectedCallback() {
      this.field?.removeEventListener("input", this.count);
    }

    count() {
      for (const counter of this.querySelectorAll("[data-unit]")) {
        const left = Number(counter.dataset.limit) - length[counter.dataset.unit](this.field.value);
        counter.querySelector("[data-left]").textContent = left;
        counter.classList.toggle("is-over", left < 0);
      }
    }
  },
);
