// Draws the API explorer from the OpenAPI document of this installation.
"use strict";

const place = document.getElementById("explorer");
const dark = window.matchMedia("(prefers-color-scheme: dark)");

const followTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
followTheme();
dark.addEventListener("change", followTheme);

const cookie = (name) =>
  document.cookie.split("; ").find((entry) => entry.startsWith(name + "="))?.slice(name.length + 1);

// A logged-in person's browser sends its session by itself; a write must show that it comes from our own page.
const proveOrigin = (request) => {
  const token = cookie("csrftoken");
  if (token && request.method !== "GET" && !request.headers["x-api-key"]) {
    request.headers["X-CSRFToken"] = token;
  }
  return request;
};

const welcome = `Authorize with an API key, or be logged in. Then try any operation: it happens for real, in your organization.

Authentication, errors, limits, idempotency and webhooks are told at the top of [llms.txt](${place.dataset.text}).`;

// Operations come first; requests go to the host that the page came from; and a cookie is nothing to type in.
const forThisPage = (spec) => {
  spec.info.description = welcome;
  spec.servers = [{ url: new URL(spec.servers[0].url).pathname }];
  delete spec.components.securitySchemes.session;
  for (const operations of Object.values(spec.paths)) {
    for (const operation of Object.values(operations)) {
      operation.security = operation.security?.filter((way) => !("session" in way));
    }
  }
  return spec;
};

// What Swagger UI draws, mended for keyboards and screen readers: a link inside a button is reached twice and works once,
// headings skip a level, and a choice without a name says nothing. React draws anew, so it is mended anew.
const parts = { ".information-container": "About the API", ".schemes-server-container": "Server and key" };
const mend = () => {
  for (const [part, name] of Object.entries(parts)) {
    const found = place.querySelector(part);
    found?.setAttribute("role", "region");
    found?.setAttribute("aria-label", name);
  }
  for (const link of place.querySelectorAll(".opblock-summary-control a[href]")) link.removeAttribute("href");
  for (const heading of place.querySelectorAll("h3.opblock-tag")) heading.setAttribute("aria-level", "2");
  for (const heading of place.querySelectorAll("section.models h4, .opblock-section-header h4")) {
    heading.setAttribute("aria-level", "3");
  }
  for (const choice of place.querySelectorAll("select:not([aria-label])")) {
    choice.setAttribute("aria-label", choice.closest("label, td, .servers")?.textContent.trim().slice(0, 40) || "Choose");
  }
};

const draw = (spec) => {
  place.replaceChildren();
  SwaggerUIBundle({
    spec: forThisPage(spec),
    domNode: place,
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    onComplete: () => {
      mend();
      delete place.dataset.loading;
    },
    displayRequestDuration: true,
    requestInterceptor: proveOrigin,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
  new MutationObserver(mend).observe(place, { childList: true, subtree: true });
};

const fail = (error) => {
  const note = document.createElement("p");
  note.className = "note";
  note.textContent = `The operations could not be loaded (${error.message}). Reload the page to try again.`;
  place.replaceChildren(note);
  delete place.dataset.loading;
};

fetch(place.dataset.document)
  .then((reply) => {
    if (!reply.ok) {
      throw new Error(`the server answered ${reply.status}`);
    }
    return reply.json();
  })
  .then(draw)
  .catch(fail);
