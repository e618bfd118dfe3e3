// <post-composer>: one thing to say on several accounts. Asks the server while one writes, keeps drafts there and a copy in
// this browser, so that nothing typed is ever lost: not by a session that ends, a lost connection, or a crash.
import { csrf, sessionEnded, toast } from "../dashboard/app.js";
import { leadTo } from "./fault-finder.js";
import { drop, fill, keep, kept } from "./kept-copy.js";

const CHECK = 200; // milliseconds after the last change
const SAVE = 2000;
const RETRY = 15_000;

customElements.define(
  "post-composer",
  class extends HTMLElement {
    connectedCallback() {
      this.form = this.querySelector("form");
      this.strip = this.querySelector("media-strip");
      this.state = this.querySelector("[data-state]");
      this.revision = 0; // of what is written
      this.saved = 0; // the revision that the server has
      this.autosave = "autosave" in this.dataset;
      this.place = this.dataset.store + this.dataset.post;
      this.began = this.written();
      this.watch();
      this.offer();
      this.follow();
    }

    disconnectedCallback() {
      this.quit?.abort();
      clearTimeout(this.checking);
      clearTimeout(this.saving);
    }

    watch() {
      this.quit = new AbortController();
      const on = (target, kind, act) => target.addEventListener(kind, act, { signal: this.quit.signal });
      on(this.form, "input", (event) => this.changed(event));
      on(this.form, "submit", (event) => this.submit(event));
      on(this, "click", (event) => this.click(event));
      on(this.querySelector("#findings"), "htmx:beforeSwap", (event) => {
        if (this.asked !== this.revision) event.detail.shouldSwap = false; // newer words wait for their own answer
      });
      on(document, "htmx:afterSettle", () => this.fit());
      // What is uploaded inside the library's dialog is picked there.
      on(document, "media-uploaded", (event) => event.target.closest("media-picker") || this.take(event.detail));
      on(document, "media-picked", (event) => this.take(event.detail));
      on(document, "keydown", (event) => this.key(event));
      on(window, "beforeunload", (event) => this.dirty && !this.leaving && event.preventDefault());
      on(document.getElementById("session-ended"), "close", () => this.dirty && this.save());
      on(document.getElementById("leave").querySelector("[data-leave]"), "click", () => this.leave());
      on(this.querySelector("[data-find-account]") ?? this, "input", (event) => this.find(event.target));
      on(this.querySelector("#texts"), "tab-shown", ({ detail }) => this.look(detail.tab.dataset.networkTab));
    }

    get dirty() {
      return this.revision !== this.saved;
    }

    changed(event) {
      if (event?.target.matches("[data-find-account], [name=note]")) return;
      this.revision += 1;
      this.follow(event?.target);
      keep(this.place, this.written());
      this.tell(this.autosave ? "Saving …" : "Not saved yet");
      clearTimeout(this.checking);
      this.checking = setTimeout(() => this.check(), CHECK);
      if (this.autosave) this.saveIn(SAVE);
    }

    check() {
      this.asked = this.revision;
      this.querySelector("#findings").dispatchEvent(new CustomEvent("compose-check"));
    }

    /** What hangs on what is chosen: the networks' tabs, their own texts, the fields for a time, the button's word. */
    follow(target) {
      const there = new Set([...this.form.querySelectorAll("[name=channel]:checked")].map((box) => box.dataset.platform));
      for (const tab of this.querySelectorAll("[data-network-tab]")) {
        tab.hidden = !there.has(tab.dataset.networkTab);
        if (tab.hidden && tab.getAttribute("aria-selected") === "true") this.querySelector("#tab-all").click();
      }
      for (const box of this.form.querySelectorAll("[name=own]")) {
        const text = this.form.elements[`text.${box.value}`];
        if (box === target && box.checked && !text.value) text.value = this.form.elements.text.value;
        this.querySelector(`[data-own-text="${box.value}"]`).hidden = !box.checked;
        this.querySelector(`[data-common-note="${box.value}"]`).hidden = box.checked;
        this.querySelector(`[data-own-mark="${box.value}"]`).hidden = !box.checked;
        if (box === target && box.checked) text.focus();
      }
      const when = this.form.querySelector("[name=when]:checked");
      this.querySelector("[data-when-at]").hidden = when?.value !== "at";
      this.querySelector("[data-when-slot]").hidden = when?.value !== "slot";
      const label = this.querySelector("[data-main-label]");
      if (label && when) label.textContent = when.dataset.label;
      this.querySelector("[data-media-options]").hidden = !this.strip.files.length;
    }

    /** What the server says of the files: options that they have no use for, and whether there is a video. */
    fit() {
      const facts = this.querySelector("#composer-facts");
      const useless = new Set(facts.dataset.useless.split(" "));
      for (const option of this.querySelectorAll("[data-option]")) option.hidden = useless.has(option.dataset.option);
      const cover = this.querySelector("[data-cover]");
      cover.hidden = !("video" in facts.dataset) && !this.form.elements.cover.value;
      // Said once, when it becomes another number: not with every letter.
      const faults = this.querySelectorAll("#findings .is-error").length;
      const summary = this.querySelector("[data-summary]");
      const words = faults ? `${faults} to fix` : "Nothing to fix";
      if (summary.textContent !== words) summary.textContent = words;
    }

    find(field) {
      if (!field.matches("[data-find-account]")) return;
      const wanted = field.value.trim().toLowerCase();
      for (const account of this.querySelectorAll(".account")) account.hidden = !account.dataset.words.includes(wanted);
    }

    look(platform) {
      if (platform) this.querySelector(`[data-look="${platform}"]`)?.click();
    }

    take(file) {
      if (this.pickingCover && document.querySelector("media-picker")) this.cover(file);
      else this.strip.add(file);
    }

    cover(file) {
      const field = this.form.elements.cover;
      const option = [...field.options].find((one) => one.value === file.url) ?? new Option(file.name, file.url);
      field.append(option);
      field.value = file.url;
      this.pickingCover = false;
      this.changed();
    }

    click(event) {
      const hit = (name) => event.target.closest(`[data-${name}]`);
      if (hit("goto")) leadTo(this, hit("goto").dataset.goto, hit("goto"));
      else if (hit("all-accounts")) this.chooseAll();
      else if (hit("restore")) this.restore();
      else if (hit("forget")) this.forget();
      else if (hit("reload")) this.leave(location.href);
      else if (hit("overwrite")) this.save({ force: "yes" });
      else if (hit("picks-for")) this.pickingCover = hit("picks-for").dataset.picksFor === "cover";
    }

    chooseAll() {
      const boxes = [...this.form.querySelectorAll(".account:not([hidden], .is-off) [name=channel]")];
      const all = boxes.every((box) => box.checked);
      for (const box of boxes) box.checked = !all;
      this.changed();
    }

    key(event) {
      if (document.querySelector("dialog[open], [popover]:popover-open")) return;
      if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
        event.preventDefault();
        this.querySelector("[data-main]").click();
      } else if (event.key === "Escape" && !event.defaultPrevented) {
        event.preventDefault(); // else the same key closes the question
        if (this.dirty) document.getElementById("leave").showModal();
        else this.leave();
      }
    }

    leave(to = this.dataset.leave) {
      this.leaving = true;
      location.assign(to);
    }

    // Keeping it at the server

    saveIn(time) {
      clearTimeout(this.saving);
      this.saving = setTimeout(() => this.save(), time);
    }

    async save(more = {}) {
      clearTimeout(this.saving);
      if (this.busy) return this.saveIn(SAVE);
      if (!this.form.querySelector("[name=channel]:checked")) return this.tell("Kept in this browser. Choose an account to save it.");
      if (this.conflicted && !more.force) return undefined;
      const sent = this.revision;
      await this.post(this.dataset.save, more, (told) => this.taken(told, sent));
      return undefined;
    }

    taken(told, sent) {
      this.saved = sent;
      this.conflicted = false;
      this.querySelector("[data-conflict]").hidden = true;
      this.querySelector("[data-seen]").replaceChildren(
        ...told.seen.map((entry) => Object.assign(document.createElement("input"), { type: "hidden", name: "seen", value: entry })),
      );
      this.form.elements.key.value = "";
      drop(this.place);
      const [id] = told.seen[0].split(":");
      this.place = this.dataset.store + id;
      if (location.pathname !== told.edit) history.replaceState(history.state, "", told.edit);
      if (this.dirty) keep(this.place, this.written());
      else this.tell(`Draft saved ${told.saved}`);
    }

    /** The server's answer to the form; null when there is none to go on with, and the person has been told. What is to be
     * taken of it is taken before anything else is sent. */
    async post(address, more, take) {
      const body = new FormData(this.form);
      for (const [name, value] of Object.entries(more)) body.set(name, value);
      this.busy = true;
      try {
        const reply = await fetch(address, { method: "POST", body, headers: { "X-Requested-With": "fetch", ...csrf() } });
        if (reply.status === 401) {
          this.tell("Logged out. Kept in this browser.");
          sessionEnded();
        } else if (reply.status === 409) this.refused(await reply.json());
        else if (!reply.ok && reply.status !== 422) {
          this.tell("Not saved. Kept in this browser.");
          toast(reply.headers.get("X-Says") || "That could not be saved. What you wrote is kept in this browser.", "bad");
        }
        if (reply.ok) take?.(await reply.json());
        return reply;
      } catch {
        this.tell("No connection. Kept in this browser.");
        if (this.autosave) this.saveIn(RETRY);
        return null;
      } finally {
        this.busy = false;
      }
    }

    refused({ message, overwrite }) {
      const note = this.querySelector("[data-conflict]");
      this.conflicted = true;
      note.querySelector("[data-conflict-text]").textContent = message;
      note.querySelector("[data-overwrite]").hidden = !overwrite;
      note.hidden = false;
      note.scrollIntoView({ block: "nearest" });
      this.tell("Not saved. Kept in this browser.");
    }

    async submit(event) {
      event.preventDefault();
      event.stopPropagation();
      const action = event.submitter?.value ?? "publish";
      document.getElementById("ask").close();
      clearTimeout(this.saving);
      if (this.busy) return void setTimeout(() => this.form.requestSubmit(event.submitter), 100);
      this.toggleAttribute("data-sending", true);
      const reply = await this.post(this.dataset.send, { action });
      this.toggleAttribute("data-sending", false);
      if (reply?.status === 422) this.showFaults(await reply.json());
      else if (reply?.ok) {
        drop(this.place);
        this.leave((await reply.json()).go);
      }
    }

    showFaults({ html, path }) {
      const findings = this.querySelector("#findings");
      findings.innerHTML = html;
      this.tell("Not sent: something is to be fixed first.");
      leadTo(this, path, findings.querySelector(".is-error"));
    }

    tell(text) {
      this.state.textContent = text;
    }

    // Keeping a copy in this browser

    written() {
      return { fields: fill.fields(this.form), files: this.strip.files };
    }

    offer() {
      const { at, ...written } = kept(this.place) ?? {};
      if (!at) return;
      if (JSON.stringify(written) === JSON.stringify(this.began)) return void drop(this.place);
      this.kept = written;
      const note = this.querySelector("[data-unsaved]");
      note.querySelector("[data-unsaved-at]").textContent = new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
      note.querySelector("[data-unsaved-text]").textContent = written.fields.find(([name]) => name === "text")?.[1] ?? "";
      note.hidden = false;
    }

    restore() {
      fill(this.form, this.kept.fields);
      this.strip.files = this.kept.files;
      this.forget();
      this.changed();
    }

    forget() {
      this.kept = null;
      this.querySelector("[data-unsaved]").hidden = true;
      drop(this.place);
    }
  },
);
