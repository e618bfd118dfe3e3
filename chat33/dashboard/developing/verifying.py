"""Code that checks a callback's signature, to copy: Standard Webhooks 1.0.0 (standardwebhooks.com, read 2026-11)."""

from chat33.dashboard.reference.samples import Sample

PYTHON = '''\
import base64
import hashlib
import hmac
import os
import time

SECRET = os.environ["CHAT33_WEBHOOK_SECRET"]  # whsec_...


def is_genuine(headers, body: bytes) -> bool:
    """Whether Chat33 sent it, not long ago. `body` is what came, byte for byte."""
    sent = headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > 300:
        return False
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{sent}.".encode() + body
    mac = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    signatures = headers["webhook-signature"].split()
    return any(hmac.compare_digest(f"v1,{mac}", one) for one in signatures)'''

JAVASCRIPT = """\
const SECRET = process.env.CHAT33_WEBHOOK_SECRET; // whsec_...
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Whether Chat33 sent it, not long ago. `body` is the text that came, unchanged. */
async function isGenuine(headers, body) {
  const sent = headers["webhook-timestamp"];
  if (Math.abs(Date.now() / 1000 - Number(sent)) > 300) return false;
  const key = await crypto.subtle.importKey(
    "raw",
    bytes(SECRET.replace("whsec_", "")),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  const content = new TextEncoder().encode(`${headers["webhook-id"]}.${sent}.${body}`);
  for (const one of headers["webhook-signature"].split(" ")) {
    const [version, mac] = one.split(",");
    if (version === "v1" && (await crypto.subtle.verify("HMAC", key, bytes(mac), content))) return true;
  }
  return false;
}"""

VERIFYING = (
    Sample(name="Python", language="python", code=PYTHON),
    Sample(name="JavaScript", language="javascript", code=JAVASCRIPT),
)
