// Items that people labelled in different ways, one at a time: the owner says what counts, by keyboard, with undo.

import { act, get, type Schema, type Value } from "./api";
import { fill, h, number, percent, tell } from "./dom";
import { shown } from "./label";

interface Differing {
  item: string;
  shown: unknown;
  said: { name: string; kind: string; value: Value | null; seconds: number }[];
  value: Value | null;
  rule: string;
  likely: { value: Value; quality: number } | null;
}

const AT_ONCE = 50;
export const words = (value: Value | null): string => (value === null ? "–" : Array.isArray(value) ? value.join(", ") || "none of them" : String(value));

export class Decide {
  readonly node = h("div", { class: "decide" });
  private readonly other = h("input", { type: "text", maxlength: 1000, autocomplete: "off", "aria-label": "another label" });
  private found: Differing[] = [];
  private count = 0;
  private at = 0;
  private decided = false;
  private schema: Schema | null = null;

  constructor() {
    this.other.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (this.other.value.trim()) void this.decide(this.parsed(this.other.value.trim()));
    });
  }

  async load(): Promise<void> {
    try {
      this.schema ??= await get<Schema>("/api/label/schema");
      const found = await get<{ count: number; items: Differing[] }>(`/api/label/disputes?decided=${this.decided}&count=${AT_ONCE}`);
      [this.found, this.count] = [found.items, found.count];
      this.at = Math.min(this.at, Math.max(0, this.found.length - 1));
      this.draw();
    } catch (error) {
      fill(this.node, h("p", { class: "faint" }, (error as Error).message));
    }
  }

  press(event: KeyboardEvent): boolean {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") void this.undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return false;
    else if (event.key === "ArrowRight") this.move(1);
    else if (event.key === "ArrowLeft") this.move(-1);
    else {
      const choice = this.schema?.choices.find((each) => each.key === event.key.toLowerCase());
      if (!choice || !this.found[this.at] || this.schema?.kind !== "classes") return false;
      void this.decide(choice.value);
    }
    return true;
  }

  private move(by: number): void {
    this.at = Math.max(0, Math.min(this.found.length - 1, this.at + by));
    this.draw();
  }

  private parsed(text: string): Value {
    if (this.schema?.kind === "numbers") return Number(text);
    if (this.schema?.kind === "labels") return text.split("|").map((part) => part.trim()).filter(Boolean);
    return this.schema?.choices.find((choice) => choice.name === text)?.value ?? text;
  }

  private async decide(value: Value): Promise<void> {
    const now = this.found[this.at];
    if (!now) return;
    await this.tried(async () => {
      await act("/api/label/decide", { item: now.item, value });
      tell(`Decided: ${words(value)}.`);
    });
  }

  private async undo(item: string | null = null): Promise<void> {
    await this.tried(async () => {
      const back = await act<{ item: string | null }>("/api/label/decide/undo", item === null ? {} : { item });
      tell(back.item === null ? "There is no decision to take back." : `Taken back: the decision on ${back.item}.`);
    });
  }

  private async tried(doing: () => Promise<void>): Promise<void> {
    try {
      await doing();
    } catch (error) {
      tell((error as Error).message, true);
    }
    await this.load();
  }

  private draw(): void {
    const which = (decided: boolean, name: string): HTMLElement =>
      h("button", { class: "plain", "aria-pressed": String(this.decided === decided), onclick: () => { this.decided = decided; this.at = 0; void this.load(); } }, name);
    const now = this.found[this.at];
    const head = h("div", { class: "row" }, which(false, "to decide"), which(true, "decided"), h("span", { class: "small faint" }, this.count === 1 ? "1 item" : `${number(this.count)} items`));
    if (!now) {
      fill(this.node, head, h("p", { class: "faint" }, this.decided ? "Nothing was decided yet." : "No item has different answers that nobody has decided."));
      return;
    }
    const said = h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ...["person", "said", "s"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, ...now.said.map((each) => h("tr", {}, h("th", { scope: "row" }, each.name), h("td", {}, each.value === null ? each.kind : words(each.value), each.kind === "surplus" && h("span", { class: "small faint" }, " too late")), h("td", {}, number(each.seconds, 2)))))));
    const values = new Map<string, Value>();
    for (const each of now.said) if (each.value !== null) values.set(JSON.stringify(each.value), each.value);
    if (this.schema?.kind === "classes") for (const choice of this.schema.choices) values.set(JSON.stringify(choice.value), choice.value);
    const key = (value: Value): string => this.schema?.choices.find((choice) => choice.value === value)?.key ?? "";
    const button = (value: Value): HTMLElement => h("button", { class: "choice", onclick: () => void this.decide(value) }, key(value) && h("kbd", {}, key(value)), words(value));
    this.other.value = "";
    fill(
      this.node,
      head,
      h("div", { class: "item" }, ...shown(now)),
      said,
      h("p", { class: "small" }, `What counts now: ${words(now.value)} (${now.rule}).`, now.likely && ` CROWDLAB: ${words(now.likely.value)}, right with probability ${percent(now.likely.quality)}.`),
      h("div", { class: "choices", role: "group", "aria-label": "decide" }, ...[...values.values()].map(button)),
      h("div", { class: "row acts" }, (this.schema?.free ?? true) && h("label", { class: "field" }, "another one, then Enter", this.other), h("button", { disabled: this.at === 0, onclick: () => this.move(-1) }, "Before ", h("kbd", {}, "←")), h("button", { disabled: this.at >= this.found.length - 1, onclick: () => this.move(1) }, "Next ", h("kbd", {}, "→")), this.decided ? h("button", { onclick: () => void this.undo(now.item) }, "Take this decision back") : h("button", { onclick: () => void this.undo() }, "Undo ", h("kbd", {}, "Ctrl+Z"))),
    );
  }
}
