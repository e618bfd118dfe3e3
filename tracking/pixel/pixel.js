/* Chat33's pixel as a website loads it: `manage.py build_pixel` makes static/tracking/pixel.js of it. docs/pixel.md says what
   it does for the website's owner. No younger JavaScript than what browsers of 2018 read, for there are older messengers. */
(() => {
  const script = document.currentScript || document.querySelector("script[data-token]");
  const early = window.chat33 || {};
  // A second copy on the same page (a template's and a tag manager's) stays silent.
  if (!script || (early.track && !early.q)) return;

  const { token, host, consent: asked } = script.dataset;
  const door = new URL("/api/pixel", host || script.src).href;

  const YEAR = 31536e3; // seconds a visitor is remembered
  const MONTH = 2592e6; // milliseconds an event may wait; the door believes no older clock
  const MOST = 200; // events that wait; beyond it the oldest go
  const LARGEST = 2e4; // characters of a request: 60 KB of UTF-8 at most, what keepalive and the door take
  const PATIENCE = 15e3; // milliseconds for an answer
  const LONGEST = 3e5; // milliseconds between two attempts
  const PRECEDENCE = 2e3; // milliseconds in which a tab delivers what it wrote before another one does

  const PREFIX = "c33.";
  const FIELDS = ["said", "visitor", "contactId", "fid", "ch"];
  const REF = /^[\w.:-]{1,64}$/;
  const KEPT = /^(utm_\w+|cid|fid|ch|c33|\w*clid|msclkid|[gw]braid|igshid|li_fat_id|epik)$/i;
  const ROUTE = /^#!?\/[^?]*/; // of a single-page app that routes by fragments
  const MAIL = /[^/#?&=\s]+(@|%40)[^/#?&\s]+\.[a-z][^/#?&\s]*/gi;

  /* Ids: UUID version 7 (RFC 9562, section 5.7). No two events of a page share a millisecond, so ids sort by time. */
  let last = 0;
  const tick = () => (last = Math.max(last + 1, Date.now()));
  const uuid = (time) => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    for (let i = 6; i--; time /= 256) bytes[i] = time % 256;
    bytes[6] = (bytes[6] & 15) | 112;
    bytes[8] = (bytes[8] & 63) | 128;
    return [...bytes].map((byte, i) => ([4, 6, 8, 10].includes(i) ? "-" : "") + (byte + 256).toString(16).slice(1)).join("");
  };

  /* Who: one cookie on the registrable domain, so that www. and shop. share it. */
  const cookie = () => {
    try {
      return /(?:^|; )c33=([^;]*)/.exec(document.cookie)[1];
    } catch {
      return ""; // none, or none may be read
    }
  };
  const known = (value) => (value && REF.test(value) ? "" + value : undefined);

  let memory = ""; // the cookie's text where no cookie can be
  const recall = () => {
    const values = (cookie() || memory).split("~");
    return FIELDS.reduce((me, field, i) => ({ ...me, [field]: known(values[i]) }), {});
  };

  const quiet = navigator.globalPrivacyControl || navigator.doNotTrack == 1;
  /* granted: all of it. anonymous: nothing that names anyone, nothing kept. off: nothing. Anything else: waits for consent. */
  const level = (said) => {
    const now = said || asked || "granted";
    if (now == "denied") return asked == "anonymous" ? asked : "off";
    return quiet && now == "granted" ? "anonymous" : now;
  };
  const current = () => level(recall().said);
  const isNamed = () => current() == "granted";

  const keep = (me) => {
    const named = level(me.said) == "granted";
    if (named && !me.visitor) me.visitor = uuid(tick());
    memory = FIELDS.map((field) => ((named || field == "said") && me[field]) || "").join("~");
    const filled = /[^~]/.test(memory);
    if (!filled && !cookie()) return;
    const text = filled ? memory + "~" + tick() : "";
    const parts = location.hostname.split(".");
    try {
      // The shortest domain that takes it: the browser knows the public suffixes, we need not.
      for (let i = parts.length; i-- && cookie() != text; )
        document.cookie =
          `c33=${text};path=/;samesite=lax;max-age=${filled ? YEAR : 0};domain=` +
          parts.slice(i).join(".") +
          (location.protocol == "https:" ? ";secure" : "");
    } catch {}
    if (cookie() == text) memory = "";
  };

  let found; // who came, until it may be kept
  const meet = (given) => {
    found = { ...found, ...given };
    if (!isNamed()) return;
    const me = recall();
    // Another person at the same browser has not come by the first one's link.
    if ("contactId" in found && me.contactId && me.contactId != found.contactId) me.fid = me.ch = "";
    if (found.contactId === "") me.visitor = "";
    keep(Object.assign(me, found));
    found = undefined;
  };

  let arrived;
  const arrive = () => {
    const query = new URLSearchParams(location.search);
    const [contactId, fid, ch] = ["cid", "fid", "ch"].map((name) => known(query.get(name)));
    const text = [contactId, fid, ch].join("");
    // An address that still carries the same ids is no arrival: somebody else may have been identified since.
    if (!text || text == arrived) return;
    arrived = text;
    meet({ ...(contactId && { contactId }), fid, ch });
  };

  const who = () => {
    const now = current();
    if (now == "granted") return recall();
    return now == "anonymous" ? { ...found, contactId: undefined } : { ...found };
  };

  /* Addresses: campaign and click ids stay, the rest of the query goes, and so does what looks like an e-mail address. */
  const cleaned = (address, named) => {
    try {
      const url = new URL(address);
      const kept = new URLSearchParams();
      url.searchParams.forEach((value, name) => {
        if ((named ? KEPT : /^utm_/i).test(name) && value.search(MAIL) < 0) kept.append(name, value);
      });
      url.search = kept;
      const path = url.pathname + url.search + (url.hash.match(ROUTE) || "");
      return url.protocol + "//" + url.host + path.replace(MAIL, "-");
    } catch {}
  };

  /* The outbox: each event under a key of its own, which no other tab overwrites. */
  const spare = {}; // where there is no storage, or may be none
  const stored = () => {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    } catch {
      return [];
    }
  };
  const waiting = () => Object.keys(spare).concat(stored()).sort();
  const drop = (key) => {
    delete spare[key];
    try {
      localStorage.removeItem(key);
    } catch {}
  };
  const put = (key, text) => {
    try {
      if (!isNamed()) throw 0;
      localStorage.setItem(key, text);
    } catch {
      spare[key] = text;
    }
    waiting().slice(0, -MOST).forEach(drop);
  };

  const away = new Set(); // on their way, as far as this page knows
  let single = false; // after a refusal: one by one, so that a bad event takes no good one with it
  const load = (leaving) => {
    const oldest = PREFIX + uuid(Date.now() - MONTH);
    const keys = [];
    const events = [];
    let size = 0;
    let first;
    for (const key of waiting()) {
      if (leaving && away.has(key)) continue;
      try {
        if (key < oldest) throw 0;
        const text = spare[key] || localStorage.getItem(key);
        const [to, by, event] = JSON.parse(text);
        first = first || [to, by];
        if (to != first[0] || by != first[1]) continue;
        size += text.length;
        if (events.length && (single || size > LARGEST)) break;
        keys.push(key);
        events.push(event);
      } catch {
        drop(key);
      }
    }
    return first && [keys, first[0], JSON.stringify({ token: first[1], events })];
  };

  let busy = false;
  let failed = 0;
  let until = 0;
  const send = async () => {
    for (let batch; (batch = load()); ) {
      const [keys, to, body] = batch;
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), PATIENCE);
      let status = 0;
      let told = "";
      keys.forEach((key) => away.add(key));
      try {
        const answer = await fetch(to, {
          method: "POST",
          body, // a text: sent as text/plain, which asks no preflight
          keepalive: true,
          credentials: "omit",
          referrerPolicy: "no-referrer",
          signal: stop.signal,
        });
        status = answer.status;
        told = await answer.text(); // until it is read, its request counts against the 64 KB under way
      } catch {}
      clearTimeout(timer);
      keys.forEach((key) => away.delete(key));
      if (/^(0|408|429|5..)$/.test(status)) {
        const pause = Math.min(LONGEST, 1e3 * 2 ** failed++) * (0.5 + Math.random() / 2);
        until = performance.now() + pause; // which no correction of the clock moves
        setTimeout(flush, pause + 9);
        break;
      }
      failed = 0;
      if (keys.length > 1 && /400|413|422/.test(status)) {
        single = true;
        continue;
      }
      if (status > 399 || told.includes("rejected")) console.warn("chat33: refused", status, told);
      keys.forEach(drop);
    }
    busy = single = false;
    // Other tabs see a moment later what this one has taken out of the storage; until then the lock is kept.
    await new Promise((seen) => setTimeout(seen, 250));
  };
  const flush = async () => {
    if (busy || performance.now() < until || !waiting()[0]) return;
    busy = true;
    try {
      // One tab at a time.
      await navigator.locks.request("c33", send);
    } catch {
      // Where there are no locks (plain http) two may send the same: the event id makes it one.
      send();
    }
  };
  const leave = () => {
    const [keys, to, body] = load(true) || [];
    // No answer comes back, so the events stay until one does: the door knows them by their ids.
    if (keys && navigator.sendBeacon(to, body)) keys.forEach((key) => away.add(key));
  };

  /* Events */
  const held = []; // until there is consent, and a page that is seen
  const settle = (happened) => {
    const now = current();
    if (now == "off") return;
    const named = now == "granted";
    if (document.prerendering || (!named && now != "anonymous")) {
      if (held.length < MOST) held.push(happened);
      return;
    }
    const me = who();
    if (named && !me.visitor) keep(me);
    const [event, { value, currency, eventId, ...metadata }, time, url, referrer] = happened;
    const id = uuid(time);
    const text = JSON.stringify([
      door,
      token,
      {
        eventId: eventId ? "" + eventId : id,
        event,
        contactId: me.contactId,
        value: value == null ? undefined : +value,
        currency: currency || undefined,
        metadata,
        occurredAt: new Date(time),
        url: cleaned(url, named),
        referrer: cleaned(referrer, named),
        visitor: me.visitor,
        fid: me.fid,
        ch: me.ch,
        c33: named ? known(new URL(url).searchParams.get("c33")) : undefined, // the click that led here
      },
    ]);
    // A browser sends 64 KB with keepalive: a larger one would wait for ever, and all others behind it.
    if (text.length > LARGEST) throw "too large: " + event;
    put(PREFIX + id, text);
    flush();
  };
  const release = () => held.splice(0).forEach(settle);

  let referrer = document.referrer;
  let here;
  const happen = (event, metadata) => settle([event, metadata, tick(), here || location.href, referrer]);

  let seen = [];
  const view = (replaced) => {
    arrive();
    if (current() == "off") return;
    const place = location.pathname + (location.hash.match(ROUTE) || "");
    // A replaced query is a filter that is typed, or a parameter that is tidied away: still the same page.
    const isNew = place != seen[0] || (!replaced && location.search != seen[1]);
    seen = [place, location.search];
    if (!isNew) return;
    if (here) referrer = here;
    here = location.href;
    happen("page_view", {});
  };

  // What goes wrong here must not go wrong there.
  const safely =
    (work) =>
    (...given) => {
      try {
        return work(...given);
      } catch (error) {
        console.warn("chat33:", error);
      }
    };

  const api = {
    track: safely((event, metadata) => {
      event = ("" + (event || "")).trim().slice(0, 100);
      if (event) happen(event, metadata === Object(metadata) ? metadata : {});
    }),
    identify: safely((id) => {
      const contactId = known(id) || "";
      // Only nothing at all means nobody: what is no id is a mistake, and changes nothing.
      if (contactId || !id) meet({ contactId });
    }),
    getContactId: safely(() => who().contactId || null),
    consent: safely((said) => {
      if (said != "granted" && said != "denied") return;
      if (said == "denied") {
        held.length = 0;
        found = undefined;
        (asked == "anonymous" ? stored : waiting)().forEach(drop);
      }
      keep({ ...recall(), said });
      meet({});
      release();
      view();
    }),
  };

  window.chat33 = api;
  const watch = safely(view);
  const start = safely(() => {
    keep(recall());
    if (!isNamed()) stored().forEach(drop);
    const calls = early.q || [];
    const replay = (wanted) =>
      calls.forEach(([name, ...given]) => (name == "track") == wanted && api[name] && api[name](...given));
    arrive();
    replay(false);
    view();
    release();
    replay(true);
    flush();

    for (const name of ["pushState", "replaceState"]) {
      const original = history[name];
      history[name] = function () {
        const result = original.apply(this, arguments);
        watch(name[0] == "r");
        return result;
      };
    }
    addEventListener("popstate", () => watch());
    addEventListener("pageshow", (event) => {
      // Back to a page that was only asleep.
      if (event.persisted) {
        seen = [];
        watch();
      }
    });
    addEventListener("pagehide", safely(leave));
    addEventListener("visibilitychange", () => document.hidden && safely(leave)(), true);
    addEventListener("online", () => {
      until = 0;
      flush();
    });
    // What another tab wrote may show here only after the network came back, and that tab may be gone. It goes first.
    addEventListener("storage", ({ key, newValue }) => {
      if (newValue && key.startsWith(PREFIX)) setTimeout(flush, PRECEDENCE);
    });
  });

  // A page that the browser draws ahead, and nobody may ever see, has not been viewed.
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
})();
