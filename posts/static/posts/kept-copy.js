// A copy of what is being written, in this browser: for a crash, a lost connection, a session that ended.
const NEVER = new Set(["seen", "key", "note", "action", "csrfmiddlewaretoken"]); // what belongs to one opening of the page
const ELSEWHERE = new Set(["media", "alt"]); // the strip's own

/** Keep it under a name. */
export function keep(place, written) {
  try {
    localStorage.setItem(place, JSON.stringify({ at: Date.now(), ...written }));
  } catch {
    // A full or forbidden store: the server's copy is what there is.
  }
}

/** What was kept there, null if nothing that can be read. */
export function kept(place) {
  try {
    return JSON.parse(localStorage.getItem(place));
  } catch {
    return null;
  }
}

/** Keep nothing there any more. */
export function drop(place) {
  try {
    localStorage.removeItem(place);
  } catch {
    // Nothing could be kept there either.
  }
}

/** Put kept fields back into the form. */
export function fill(form, fields) {
  const given = new Map();
  for (const [name, value] of fields) given.set(name, [...(given.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || NEVER.has(field.name) || ELSEWHERE.has(field.name)) continue;
    const values = given.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = values.includes(field.value);
    } else {
      const value = values[0] ?? "";
      if (field.localName === "select" && value && ![...field.options].some((option) => option.value === value)) {
        field.append(new Option(decodeURIComponent(value.split("/").at(-1)), value));
      }
      field.value = value;
    }
  }
}

/** The form's fields as they are kept. */
fill.fields = (form) => [...new FormData(form)].filter(([name]) => !NEVER.has(name) && !ELSEWHERE.has(name));
