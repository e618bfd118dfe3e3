// What every page does: one listener a kind on the document, so that what htmx swaps in needs no waking.

const cookie = (name) => document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
const dialog = (id) => document.getElementById(id);

/** Show a line in the corner that goes away by itself. `kind` is good, warn or bad. */
export function toast(text, kind = "good") {
  const note = document.createElement("toast-note");
  note.className = `is-${kind}`;
  const words = document.createElement("p");
  words.textContent = text;
  note.append(words);
  document.getElementById("toaster")?.append(note);
}

/** The header that says a request is ours; read anew each time, since logging in changes it. */
export const csrf = () => ({ "X-CSRFToken": cookie("csrftoken") });

// htmx: the token, and what became of a request that did not come through.
document.addEventListener("htmx:configRequest", (event) => Object.assign(event.detail.headers, csrf()));
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 401) {
    event.detail.shouldSwap = false;
    event.detail.isError = false;
    sessionEnded();
  } else if (xhr.status >= 400 && xhr.status !== 422) {
    event.detail.shouldSwap = false;
    toast(xhr.getResponseHeader("X-Says") || "That did not work. Reload the page and try again.", "bad");
  }
});
// Posts changed: a page that does not look after that itself is loaded anew.
document.addEventListener("posts-changed", () => {
  if (!document.querySelector('[hx-trigger*="posts-changed"]')) location.reload();
});
document.addEventListener("htmx:sendError", () => toast("There is no connection to Chat33. What you typed is still here.", "bad"));

/** The session is over: nothing on the page is lost, the person logs in beside it. */
export function sessionEnded() {
  const ended = dialog("session-ended");
  if (ended && !ended.open) ended.showModal();
  document.dispatchEvent(new CustomEvent("session-ended"));
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    event.preventDefault();
    opener.closest("[popover]")?.hidePopover();
    dialog(opener.dataset.opens)?.showModal();
    return;
  }
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  // A click beside a dialog closes it, unless something was typed in it.
  if (event.target.matches("dialog.dialog") && !event.target.querySelector("form[data-keep]")) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

// A fragment that came into the sheet is shown.
document.addEventListener("htmx:afterSwap", (event) => {
  const sheet = event.target.closest?.("dialog[data-sheet]");
  if (sheet && !sheet.open) sheet.showModal();
});

// Of parts that do not all fit, the one that is open is in view.
for (const open of document.querySelectorAll(":is(.tabs, .segments, .subnav) [aria-current]")) {
  const row = open.closest(".tabs, .segments, .subnav");
  const [part, all] = [open, row].map((element) => element.getBoundingClientRect());
  row.scrollLeft += part.left - all.left - (all.width - part.width) / 2;
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-submit-on-change]");
  if (form) form.requestSubmit();
});

// A form that is on its way is not sent a second time.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get" || form.hasAttribute("hx-post") || form.method === "dialog") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  window.addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
});

// A time says the workspace's clock; on hover and focus the viewer's own too.
const own = new Intl.DateTimeFormat(undefined, {
  weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const time = event.target.closest?.("time[datetime]");
    if (time && !time.dataset.own) {
      time.dataset.own = own.format(new Date(time.dateTime));
      time.title = `${time.title ? `${time.title}\n` : ""}Your time: ${time.dataset.own}`;
    }
  });
}

// Keys: whatever bears data-key is pressed by it; two keys are written "g h".
let before = "";
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    dialog("command")?.showModal();
    return;
  }
  if (typing || event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
  const wanted = before ? `${before} ${event.key}` : event.key;
  const hit = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === wanted);
  before = !before && event.key === "g" ? "g" : "";
  if (hit) {
    event.preventDefault();
    hit.click();
  } else if (event.key === "?") {
    listKeys();
    dialog("keys")?.showModal();
  }
});

function listKeys() {
  const list = document.querySelector("#keys .keys");
  if (!list) return;
  const known = new Map();
  for (const element of document.querySelectorAll("[data-key]")) {
    if (!known.has(element.dataset.key)) known.set(element.dataset.key, element.dataset.keyLabel || element.textContent.trim());
  }
  list.replaceChildren(
    ...[["⌘ K", "Search and commands"], ["?", "This list"], ...known].flatMap(([key, label]) => {
      const term = document.createElement("dt");
      const keys = document.createElement("dd");
      term.textContent = label;
      for (const part of key.split(" ")) {
        const cap = document.createElement("kbd");
        cap.textContent = part;
        keys.append(cap, " ");
      }
      return [term, keys];
    }),
  );
}

document.addEventListener("click", (event) => {
  const scheme = event.target.closest("[data-theme-choice]")?.dataset.themeChoice;
  if (!scheme) return;
  document.cookie = `theme=${scheme}; path=/; max-age=31536000; samesite=lax`;
  document.documentElement.dataset.theme = scheme;
});
