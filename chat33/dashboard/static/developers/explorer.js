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

const draw = (spec) => {
  place.replaceChildren();
  SwaggerUIBundle({
    spec: forThisPage(spec),
    domNode: place,
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    requestInterceptor: proveOrigin,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
};

const fail = (error) => {
  const note = document.createElement("p");
  note.className = "note";
  note.textContent = `The operations could not be loaded (${error.message}). Reload the page to try again.`;
  place.replaceChildren(note);
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
