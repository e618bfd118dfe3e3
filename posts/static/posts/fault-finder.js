// Leads to the field that mends a fault, by the path that the server gives it: opens its tab or fold, puts the cursor there.

const near = (path) => {
  const wanted = [path];
  for (let shorter = path; shorter.includes("."); ) {
    shorter = shorter.slice(0, shorter.lastIndexOf("."));
    wanted.push(shorter);
  }
  const network = path.match(/^platformConfig\.(\w+)/)?.[1];
  return { wanted, network };
};

const reachable = (element) => element.matches("input, textarea, select, button");

/** Put the cursor into the field for `path`; `from` is what led here, which is described to the field until it changes. */
export function leadTo(place, path, from) {
  const { wanted, network } = near(path);
  const hit = wanted.map((one) => place.querySelector(`[data-path="${CSS.escape(one)}"]`)).find(Boolean);
  const tab = network && place.querySelector(`[data-network-tab="${network}"]`);
  const panel = hit?.closest("[role=tabpanel]");
  if (panel?.hidden) place.querySelector(`[aria-controls="${panel.id}"]`)?.click();
  else if (!hit && tab) tab.click();
  if (!hit) return;
  hit.closest("details")?.setAttribute("open", "");
  for (let hidden = hit.closest("[data-option][hidden]"); hidden; hidden = null) hidden.hidden = false;
  const field = reachable(hit) ? hit : hit.querySelector("input:not([type=hidden]), textarea, select, button");
  field?.focus();
  (field ?? hit).scrollIntoView({ block: "center" });
  if (field && from?.matches(".is-error, .finding.is-error")) mark(field);
}

function mark(field) {
  field.setAttribute("aria-invalid", "true");
  field.addEventListener("input", () => field.removeAttribute("aria-invalid"), { once: true });
}
