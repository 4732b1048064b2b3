// The page where people answer: one item on the screen, the next ones at hand, everything by keyboard.

import { get, post, put, Refused, type Choice, type Progress, type Question, type Schema, type Undone, type Value } from "./api";
import { fill, h, number, tell, uuid, type Child } from "./dom";
import { text } from "./guide";
import { Hand } from "./hand";
import type { Page } from "./main";
import type { Message } from "./outbox";
import { QualityLine } from "./quality";

const AHEAD = 8;
const LOW = 4;
const AGAIN = 3000;
const EXTEND = 120_000;

export class Label implements Page {
  readonly title = "Label";
  readonly keys: [string, string][] = [
    ["1 … 9, a … z", "choose the label with that key"],
    ["Enter", "send what is chosen"],
    ["Space", "skip: not for me"],
    ["-", "I do not know"],
    ["Ctrl+Z, Backspace", "take back what was sent last; again: the one before"],
    ["/", "type a label"],
  ];
  private readonly node = h("div", { class: "label" });
  private readonly item = h("div", { class: "item", "aria-live": "polite" });
  private readonly choices = h("div", { class: "choices", role: "group", "aria-label": "labels" });
  private readonly acts = h("div", { class: "row acts" });
  private readonly done = h("div", { class: "progress" });
  private readonly guide = h("details", { class: "guide" });
  private readonly quality = new QualityLine();
  private readonly typed = h("input", { type: "text", "aria-label": "another label", maxlength: 1000, autocomplete: "off" });
  private readonly once = h("input", { type: "checkbox" });
  private schema: Schema | null = null;
  private readonly hand: Hand<Question>;
  private chosen: Value | null = null;
  private seconds = 0;
  private since = 0;
  private timers: number[] = [];
  private drafting = 0;
  private begun: { item: string; value: Value } | null = null;
  private problem = "";

  constructor(who: string) {
    this.hand = new Hand(who, (question) => question.item, () => void this.more(), () => void this.status());
    this.once.checked = localStorage.getItem("explora-at-once") !== "no";
    this.once.addEventListener("change", () => localStorage.setItem("explora-at-once", this.once.checked ? "yes" : "no"));
    this.typed.addEventListener("input", () => this.choose(this.typed.value.trim() === "" ? null : this.parsed(this.typed.value)));
    this.typed.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.submit();
      else if (event.key === "Escape") this.typed.blur();
      else return;
      event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => this.pause());
    window.addEventListener("pagehide", () => this.keep());
  }

  async show(place: HTMLElement): Promise<void> {
    document.title = "Label · explora";
    fill(this.node, this.done, this.quality.node, this.item, this.choices, this.acts, this.guide);
    fill(place, this.node);
    try {
      this.schema = await get<Schema>("/api/label/schema");
    } catch (error) {
      this.problem = (error as Error).message;
    }
    fill(this.guide, h("summary", {}, "Guidelines"), ...text(this.schema?.guidelines ?? ""));
    this.guide.hidden = !this.schema?.guidelines;
    void this.hand.flush();
    this.hand.line = []; // the leases may be over by now
    await this.more();
    this.draw();
    await this.status();
    this.quality.begin();
    this.timers = [
      window.setInterval(() => void this.more(), AGAIN),
      window.setInterval(() => void this.status(), AGAIN),
      window.setInterval(() => void this.extend(), EXTEND),
    ];
  }

  hide(): void {
    this.quality.end();
    for (const timer of this.timers) window.clearInterval(timer);
    this.timers = [];
    this.pause();
  }

  press(event: KeyboardEvent): boolean {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") void this.undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return false;
    else if (event.key === "Backspace") void this.undo();
    else if (event.key === "Enter") this.submit();
    else if (event.key === " ") this.none("skipped");
    else if (event.key === "-") this.none("unsure");
    else if (event.key === "/" && !this.typed.hidden) this.typed.focus();
    else return this.key(event.key.toLowerCase());
    return true;
  }

  private key(key: string): boolean {
    const choice = this.schema?.choices.find((each) => each.key === key);
    if (!choice || !this.now) return false;
    this.take(choice);
    return true;
  }

  private take(choice: Choice): void {
    if (this.schema?.kind === "labels") {
      const before = Array.isArray(this.chosen) ? this.chosen : [];
      const name = String(choice.value);
      this.choose(before.includes(name) ? before.filter((each) => each !== name) : [...before, name]);
      return;
    }
    this.choose(choice.value);
    if (this.once.checked) this.submit();
  }

  private get now(): Question | undefined {
    return this.hand.now;
  }

  private parsed(text: string): Value {
    if (this.schema?.kind === "numbers") return Number(text);
    if (this.schema?.kind === "labels") return text.split("|").map((part) => part.trim()).filter(Boolean);
    return this.schema?.choices.find((choice) => choice.name === text.trim())?.value ?? text.trim();
  }

  private choose(value: Value | null): void {
    this.chosen = value;
    for (const button of this.choices.querySelectorAll("button")) {
      const own = button.dataset["name"] ?? "";
      const pressed = Array.isArray(value) ? value.includes(own) : value !== null && String(value) === own;
      button.setAttribute("aria-pressed", String(pressed));
    }
    this.drop();
    const now = this.now;
    if (value === null || !now || (typeof value === "number" && !Number.isFinite(value))) return;
    this.begun = { item: now.item, value };
    this.drafting = window.setTimeout(() => this.keep(), 500);
  }

  /** What was begun goes to the server, also from a page that is being left. */
  private keep(): void {
    if (this.begun) put("/api/label/draft", this.begun, true).catch((error: Error) => tell(error.message, true));
    this.drop();
  }

  private drop(): void {
    window.clearTimeout(this.drafting);
    this.begun = null;
  }

  private submit(): void {
    const now = this.now;
    if (!now) return;
    const value = this.chosen;
    if (value === null || value === "" || (typeof value === "number" && !Number.isFinite(value))) {
      tell(this.schema?.kind === "numbers" ? "Type a number first." : "Choose a label first.");
      return;
    }
    this.send({ path: "/api/label/answer", body: { uuid: uuid(), item: now.item, value, seconds: this.took() } });
  }

  private none(kind: "skipped" | "unsure"): void {
    const now = this.now;
    if (now) this.send({ path: "/api/label/skip", body: { uuid: uuid(), item: now.item, kind, seconds: this.took() } });
  }

  private send(message: Message): void {
    this.drop();
    this.hand.say(message);
    this.draw();
    void this.more();
  }

  private async undo(): Promise<void> {
    const back = await this.hand.undo<Undone>("/api/label/undo");
    if (back === null) return;
    this.hand.unsaid(back.item);
    const words: Record<string, string> = { answered: "the label", surplus: "the label", skipped: "a skip", unsure: "an “I do not know”" };
    tell(`Taken back: ${words[back.kind] ?? "it"}${back.question === null ? "; somebody else has the item now" : ""}.`);
    if (back.question === null) return;
    this.hand.again({ ...back.question, draft: back.value });
    this.draw();
    void this.status();
  }

  private async more(): Promise<void> {
    if (this.hand.line.length >= LOW || (this.problem !== "" && this.schema === null)) return;
    try {
      const shown = await this.hand.fill(async () => (await post<{ items: Question[] }>("/api/label/next", { count: AHEAD })).items);
      if (shown === null) return;
      const better = this.problem !== "";
      this.problem = "";
      if (shown || better) this.draw();
    } catch (error) {
      if (this.problem !== (error as Error).message) {
        this.problem = (error as Error).message;
        if (!this.now) this.draw();
      }
    }
  }

  private async extend(): Promise<void> {
    const items = this.hand.line.map((each) => each.item);
    if (!items.length || document.hidden) return;
    try {
      const kept = await post<{ items: Question[] }>("/api/label/extend", { items });
      const still = new Set(kept.items.map((each) => each.item));
      const first = this.now?.item;
      this.hand.line = this.hand.line.filter((each) => still.has(each.item));
      if (this.now?.item !== first) this.draw();
    } catch (error) {
      tell((error as Error).message, true);
    }
  }

  private async status(): Promise<void> {
    const { waiting } = this.hand;
    if (this.schema === null) return;
    try {
      const found = await get<Progress>("/api/label/progress");
      const settled = (found.slots["answered"] ?? 0) + (found.slots["skipped"] ?? 0) + (found.slots["unsure"] ?? 0) + (found.slots["decided"] ?? 0);
      const all = Object.values(found.slots).reduce((sum, count) => sum + count, 0);
      const bar = h("progress", { max: Math.max(1, all), value: settled, "aria-label": "answered of all questions" });
      const part = (name: string, value: string): Child => h("span", {}, h("b", {}, value), ` ${name}`);
      fill(
        this.done,
        bar,
        h("div", { class: "row small" }, part("by me", number(found.answered)), part(`of ${number(all)} answered`, number(settled)), part("a minute", number(found.pace, 2)), part("s each", number(found.seconds, 2)), waiting > 0 && h("span", { class: "bad" }, `${waiting} not sent yet`)),
      );
    } catch (error) {
      if (error instanceof Refused && error.status > 0) fill(this.done);
      else fill(this.done, h("div", { class: "row small bad" }, `The server does not answer. ${waiting} not sent yet; they are kept.`));
    }
  }

  private draw(): void {
    const now = this.now;
    this.chosen = null;
    this.seconds = 0;
    this.since = performance.now();
    this.typed.value = "";
    if (!now) {
      fill(this.item, h("p", { class: "text faint" }, this.problem || "Nothing to answer now. New questions appear here by themselves."));
      fill(this.choices);
      fill(this.acts, h("button", { onclick: () => void this.undo() }, "Undo ", h("kbd", {}, "Ctrl+Z")));
      return;
    }
    fill(this.item, ...shown(now));
    const schema = this.schema;
    if (!schema) return;
    const choose = schema.kind === "classes" || schema.kind === "labels";
    fill(this.choices, ...(choose ? schema.choices.map((choice) => h("button", { class: "choice", "data-name": String(choice.value), "aria-pressed": "false", onclick: () => this.take(choice) }, choice.key && h("kbd", {}, choice.key), choice.name)) : []));
    this.typed.hidden = choose && !schema.free;
    this.typed.inputMode = schema.kind === "numbers" ? "decimal" : "text";
    this.typed.placeholder = choose ? "another label" : schema.kind === "numbers" ? "a number" : "your answer";
    const button = (words: string, key: string, click: () => void): HTMLElement => h("button", { onclick: click }, words, " ", h("kbd", {}, key));
    fill(
      this.acts,
      !this.typed.hidden && h("label", { class: "field typed" }, this.typed),
      button("Send", "Enter", () => this.submit()),
      button("Skip", "Space", () => this.none("skipped")),
      button("I do not know", "-", () => this.none("unsure")),
      button("Undo", "Ctrl+Z", () => void this.undo()),
      schema.kind === "classes" && h("label", { class: "small" }, this.once, " send at once"),
    );
    if (now.draft !== null && now.draft !== undefined) {
      this.choose(now.draft);
      const known = schema.choices.some((choice) => String(choice.value) === String(now.draft));
      if (!known) this.typed.value = Array.isArray(now.draft) ? now.draft.join("|") : String(now.draft);
    }
    if (choose) this.typed.blur();
    else this.typed.focus();
  }

  private took(): number {
    this.pause();
    return Math.round(Math.min(86_400, this.seconds) * 1000) / 1000;
  }

  private pause(): void {
    const now = performance.now();
    if (this.since > 0) this.seconds += (now - this.since) / 1000;
    this.since = document.hidden ? 0 : now;
  }
}

/** An item: its picture if it has one, a text as a text, else its columns. */
export function shown(question: Pick<Question, "item" | "shown">): HTMLElement[] {
  const image = h("img", { class: "sight", alt: "the item", src: `/api/label/picture?item=${encodeURIComponent(question.item)}` });
  image.hidden = true;
  const found: HTMLElement[] = [image];
  const rest = row(question.shown);
  image.addEventListener("load", () => {
    image.hidden = false;
    rest.classList.add("behind");
  });
  image.addEventListener("error", () => image.remove());
  found.push(rest, h("div", { class: "small faint" }, question.item));
  return found;
}

function row(value: unknown): HTMLElement {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return h("p", { class: "text" }, words(value));
  const columns = Object.entries(value).filter(([, cell]) => cell !== null);
  const first = columns[0];
  if (columns.length === 1 && first) return h("p", { class: "text" }, words(first[1]));
  return h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, ...columns.map(([name, cell]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, words(cell)))))));
}

function words(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
