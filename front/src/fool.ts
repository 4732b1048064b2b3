// The page where people play against the model: write what it gets wrong, judge what others wrote.

import { act, get, post, put, type Choice } from "./api";
import { fill, h, number, percent, tell, uuid, type Child } from "./dom";
import { judging, type Shown } from "./fool-judge";
import { roundsTable, type Table } from "./fool-rounds";
import type { Page } from "./main";

const PAUSE = 150;
const AGAIN = 4000;

type Cell = string | number | null;
type Cells = Record<string, Cell>;

interface Field {
  name: string;
  kind: "text" | "number" | "category" | "date";
  choices: string[];
}

interface Play {
  ready: boolean;
  problem: string | null;
  round: number;
  version: number;
  state: string;
  validators: number;
  unanimous: boolean;
  share: number;
  fields: Field[];
  fixed: string[];
  classes: Choice[];
  guidelines: string;
}

interface Said {
  version: number;
  label: Choice["value"];
  chances: { label: Choice["value"]; chance: number }[];
}

interface Start {
  id: string;
  values: Cells;
  said: Said;
}

interface Mine {
  act: number;
  wrote: boolean;
  example: string;
  values: Cells;
  kind: string;
  label: Choice["value"] | null;
  said: Choice["value"] | null;
  outcome: string;
  open: boolean;
}

const STANDS: Record<string, string> = {
  open: "others have yet to say", agreed: "confirmed", refuted: "others say something else", invalid: "others say it makes no sense",
};

export class Fool implements Page {
  readonly title = "Fool";
  readonly keys: [string, string][] = [
    [".", "from writing to judging and back"],
    ["/", "to the first field; Escape leaves it"],
    [",", "another item of the pool to start from"],
    ["1 … 9, a … z", "what is right"],
    ["Enter (Ctrl+Enter in a field)", "send"],
    ["-", "judging: it makes no sense"],
    ["Space", "judging: not for me"],
    ["Ctrl+Z, Backspace", "take back what was sent last"],
  ];
  private readonly node = h("div", { class: "fool" });
  private readonly heading = h("h1", {}, "Fool the model");
  private readonly lead = h("p", { class: "faint" });
  private readonly modes = h("div", { class: "row", role: "group", "aria-label": "what to do" });
  private readonly desk = h("div", { class: "stack wide" });
  private readonly answer = h("div", { class: "answer", "aria-live": "polite" });
  private readonly labels = h("div", { class: "choices", role: "group", "aria-label": "what is right" });
  private readonly mineList = h("div", {});
  private readonly table = h("div", {});
  private readonly owner = h("div", {});
  private play: Play | null = null;
  private mode: "write" | "judge" = "write";
  private inputs = new Map<string, HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>();
  private origin: string | null = null;
  private place = 0;
  private label: Choice["value"] | null = null;
  private said: Said | null = null;
  private asked = 0;
  private due = 0;
  private timers: number[] = [];
  private line: Shown[] = [];
  private busy = false;

  constructor(private readonly role: string) {}

  async show(place: HTMLElement): Promise<void> {
    document.title = "Fool · explora";
    fill(
      this.node,
      this.heading,
      this.lead,
      this.modes,
      this.desk,
      h("section", {}, h("h2", {}, "Rounds"), this.table, this.owner),
      h("section", {}, h("h2", {}, "Mine"), this.mineList),
    );
    fill(place, this.node);
    await this.begin();
    this.timers = [window.setInterval(() => void this.quietly(() => this.refresh()), AGAIN)];
  }

  hide(): void {
    for (const timer of this.timers) window.clearInterval(timer);
    window.clearTimeout(this.due);
    this.timers = [];
  }

  press(event: KeyboardEvent): boolean {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") void this.tried(() => this.undo());
    else if (event.ctrlKey || event.metaKey || event.altKey) return false;
    else if (event.key === "Backspace") void this.tried(() => this.undo());
    else if (event.key === ".") void this.turn(this.mode === "write" ? "judge" : "write");
    else if (event.key === "/" && this.mode === "write") this.first()?.focus();
    else if (event.key === "," && this.mode === "write") void this.tried(() => this.from());
    else if (event.key === "Enter") void this.tried(() => this.send());
    else if (event.key === "-" && this.mode === "judge") void this.tried(() => this.judge("invalid"));
    else if (event.key === " " && this.mode === "judge") void this.tried(() => this.judge("skipped"));
    else return this.key(event.key.toLowerCase());
    return true;
  }

  private key(key: string): boolean {
    const choice = this.play?.classes.find((each) => each.key === key);
    if (choice) this.choose(choice.value);
    return choice !== undefined;
  }

  private async tried(doing: () => Promise<void>): Promise<void> {
    try {
      await doing();
    } catch (error) {
      tell((error as Error).message, true);
    }
  }

  /** What is asked again and again complains once, in its place. */
  private async quietly(doing: () => Promise<void>): Promise<void> {
    try {
      await doing();
    } catch (error) {
      fill(this.lead, (error as Error).message);
    }
  }

  private async begin(): Promise<void> {
    await this.quietly(() => this.refresh());
    if (this.play?.ready) this.draw();
  }

  private async refresh(): Promise<void> {
    const before = this.play;
    this.play = await get<Play>("/api/fool/form");
    const changed = before?.ready !== this.play.ready || before.version !== this.play.version || before.state !== this.play.state;
    this.words();
    if (changed && before !== null) this.draw();
    if (this.mode === "judge" && this.line.length === 0) await this.more();
    const found = await get<Table>("/api/fool/rounds");
    fill(this.table, ...roundsTable(found));
    this.ends(found);
    await this.mine();
  }

  private words(): void {
    const play = this.play;
    if (!play) return;
    if (!play.ready) {
      fill(this.lead, play.problem ?? "The model is being loaded…");
      return;
    }
    const who = play.validators === 1 ? "one other person says" : play.unanimous ? `the ${play.validators} others who look at it all say` : `most of ${play.validators} others say`;
    const state = play.state === "open" ? "" : " The round has ended: the next version is being trained, and then the next round begins.";
    fill(this.lead, `Round ${play.round}, against version ${play.version}. Write something that the model gets wrong and say what is right; it counts if ${who} the same without having been told.${state}`);
  }

  private draw(): void {
    const play = this.play;
    if (!play?.ready) {
      fill(this.modes);
      fill(this.desk);
      return;
    }
    const button = (mode: "write" | "judge", words: string): HTMLElement => h("button", { class: "plain", "aria-pressed": mode === this.mode, onclick: () => void this.turn(mode) }, words);
    fill(this.modes, button("write", "Write"), button("judge", "Judge what others wrote"), h("kbd", {}, "."));
    fill(this.labels, ...play.classes.map((choice) => h("button", { class: "choice", "data-name": String(choice.value), "aria-pressed": "false", onclick: (event) => this.clicked(event as MouseEvent, choice.value) }, choice.key && h("kbd", {}, choice.key), choice.name)));
    this.label = null;
    if (this.mode === "write") this.writing(play);
    else this.judging();
  }

  private async turn(mode: "write" | "judge"): Promise<void> {
    this.mode = mode;
    this.draw();
    if (mode === "judge") await this.tried(() => this.more());
    else this.first()?.focus();
  }

  // --- writing

  private writing(play: Play): void {
    const kept = new Map([...this.inputs].map(([name, input]) => [name, input.value]));
    this.inputs = new Map(play.fields.map((field, i) => [field.name, this.input(field, kept.get(field.name) ?? "", i)]));
    const picture = this.origin !== null && play.fixed.length > 0 && h("img", { class: "sight", alt: "the item of the pool", src: `/api/label/picture?item=${encodeURIComponent(this.origin)}` });
    const key = (words: string, name: string, doing: () => Promise<void>): HTMLElement => h("button", { onclick: () => void this.tried(doing) }, words, " ", h("kbd", {}, name));
    fill(
      this.desk,
      h("div", { class: "item" }, picture, ...play.fields.map((field) => h("label", { class: "field" }, field.name, this.inputs.get(field.name)))),
      this.origin !== null && h("p", { class: "small faint" }, `Made of the item ${this.origin} of the pool.`),
      play.fixed.length > 0 && this.origin === null && h("p", { class: "faint" }, `${play.fixed[0] ?? "It"} cannot be written: start from an item of the pool.`),
      this.answer,
      this.labels,
      h("div", { class: "row acts" }, key("Send", "Enter", () => this.send()), key("Start from the pool", ",", () => this.from()), key("Take back", "Ctrl+Z", () => this.undo())),
      play.guidelines !== "" && h("details", { class: "guide" }, h("summary", {}, "Guidelines"), h("p", { class: "text" }, play.guidelines)),
    );
    this.later();
  }

  private input(field: Field, value: string, i: number): HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement {
    const heard = { oninput: () => this.later(), onkeydown: (event: Event) => this.typed(event as KeyboardEvent) };
    if (field.kind === "text") {
      const area = h("textarea", { rows: 3, maxlength: 10_000, ...heard });
      area.value = value;
      return area;
    }
    const list = field.kind === "category" ? `fool-choices-${i}` : null;
    const box = h("input", { type: "text", inputmode: field.kind === "number" ? "decimal" : "text", placeholder: field.kind === "date" ? "2026-11-21" : "", autocomplete: "off", maxlength: 1000, list, ...heard });
    box.value = value;
    if (list !== null) this.modes.append(h("datalist", { id: list }, ...field.choices.map((each) => h("option", { value: each }))));
    return box;
  }

  private typed(event: KeyboardEvent): void {
    if (event.key === "Escape") (event.target as HTMLElement).blur();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.tried(() => this.send());
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private first(): HTMLElement | undefined {
    return [...this.inputs.values()][0];
  }

  private values(): Cells {
    return Object.fromEntries([...this.inputs].map(([name, input]) => [name, input.value.trim() === "" ? null : input.value]));
  }

  private empty(): boolean {
    return this.origin === null && Object.values(this.values()).every((value) => value === null);
  }

  /** Asks the model a moment after the last key. */
  private later(): void {
    window.clearTimeout(this.due);
    this.due = window.setTimeout(() => void this.ask(), PAUSE);
  }

  private async ask(): Promise<void> {
    const mine = ++this.asked;
    if (this.empty()) {
      this.said = null;
      this.verdict("The model answers while you write.");
      return;
    }
    try {
      const said = await post<Said>("/api/fool/ask", { values: this.values(), origin: this.origin });
      if (mine !== this.asked || this.mode !== "write") return;
      this.said = said;
      this.verdict();
    } catch (error) {
      if (mine !== this.asked) return;
      this.said = null;
      this.verdict((error as Error).message);
    }
  }

  private verdict(instead = ""): void {
    const said = this.said;
    if (!said) {
      fill(this.answer, h("p", { class: "faint" }, instead));
      return;
    }
    const bars = said.chances.slice(0, 8).map((each) => h("div", { class: "chance" }, h("span", {}, String(each.label)), h("meter", { min: 0, max: 1, value: each.chance, "aria-label": `${String(each.label)} ${percent(each.chance)}` }), h("span", { class: "small faint" }, percent(each.chance))));
    const sure = said.chances[0]?.chance ?? 0;
    const much = sure > 0.99 && sure < 1 ? ">.99" : sure.toFixed(2).replace(/^0/, "");
    const says = `The model says ${String(said.label)} (${much}); `;
    const fooled = this.label !== null && String(this.label) !== String(said.label);
    const you = this.label === null ? "what do you say?" : fooled ? `you say ${String(this.label)}: fooled, if others agree.` : `you say the same: not fooled.`;
    fill(this.answer, h("p", { class: fooled ? "says fooled" : "says" }, h("b", {}, says), you), ...bars);
  }

  private clicked(event: MouseEvent, value: Choice["value"]): void {
    if (event.detail > 0) (event.currentTarget as HTMLElement).blur(); // by mouse: else Enter would be the button's
    this.choose(value);
  }

  private choose(value: Choice["value"]): void {
    this.label = value;
    for (const button of this.labels.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset["name"] === String(value)));
    if (this.mode === "write") this.verdict("Write something first.");
    else void this.tried(() => this.judge("label"));
  }

  private async send(): Promise<void> {
    if (this.mode === "judge") return;
    if (this.empty()) throw new Error("Write something first.");
    if (this.label === null) throw new Error("Say what is right first.");
    if (this.busy) return;
    this.busy = true;
    try {
      const kept = await act<{ fools: boolean; again: boolean; said: Said }>("/api/fool/propose", { values: this.values(), origin: this.origin, label: this.label });
      const words = kept.fools ? `The model says ${String(kept.said.label)}: others now say whether it is fooled.` : "Sent. The model has it right.";
      tell(kept.again ? `${words} Somebody had written the same: it counts once.` : words);
      for (const input of this.inputs.values()) input.value = "";
      this.origin = null;
      this.draw();
      this.first()?.focus();
    } finally {
      this.busy = false;
    }
    await this.refresh();
  }

  private async from(): Promise<void> {
    let found = await get<Start[]>(`/api/fool/items?offset=${this.place}&count=1`);
    if (!found.length && this.place > 0) {
      this.place = 0;
      found = await get<Start[]>("/api/fool/items?offset=0&count=1");
    }
    const start = found[0];
    if (!start) throw new Error("There is no item to start from yet.");
    this.place += 1;
    this.origin = start.id;
    this.draw();
    for (const [name, input] of this.inputs) input.value = String(start.values[name] ?? "");
    this.later();
  }

  // --- judging

  private judging(): void {
    const now = this.line[0];
    this.inputs = new Map();
    fill(this.desk, ...judging(now, this.labels, (kind) => void this.tried(() => this.judge(kind)), () => void this.tried(() => this.undo())));
  }

  private async more(): Promise<void> {
    if (this.mode !== "judge" || this.line.length > 1) return;
    const known = new Set(this.line.map((each) => each.example));
    const found = await post<Shown[]>("/api/fool/next", { count: 3 });
    const empty = this.line.length === 0;
    this.line.push(...found.filter((each) => !known.has(each.example)));
    if (empty) this.draw();
  }

  private async judge(kind: "label" | "invalid" | "skipped"): Promise<void> {
    const now = this.line[0];
    if (!now || this.busy) return;
    this.busy = true;
    try {
      await act("/api/fool/verdict", { example: now.example, kind, label: kind === "label" ? this.label : null });
    } finally {
      this.busy = false;
      this.line.shift();
      this.draw();
    }
    await this.more();
    await this.refresh();
  }

  // --- what was said

  private async undo(): Promise<void> {
    const found = await get<Mine[]>("/api/fool/mine?most=20");
    const last = found.find((each) => each.open && !(each.wrote && each.outcome !== "open"));
    if (!last) throw new Error("There is nothing to take back.");
    await this.back(last);
  }

  private async back(mine: Mine): Promise<void> {
    if (mine.wrote) {
      await act("/api/fool/withdraw", { example: mine.example });
      tell("Your example was taken back.");
    } else {
      const again = await act<Shown | null>("/api/fool/retract", { example: mine.example });
      tell(again === null ? "Your verdict was taken back; others have settled the example." : "Your verdict was taken back.");
      if (again !== null) {
        this.line = [again, ...this.line.filter((each) => each.example !== again.example)];
        this.mode = "judge";
        this.draw();
      }
    }
    await this.refresh();
  }

  private async mine(): Promise<void> {
    const found = await get<Mine[]>("/api/fool/mine?most=30");
    const line = (mine: Mine): HTMLElement => {
      const words = Object.values(mine.values).filter((value) => value !== null).join(" · ");
      const said = mine.kind === "wrote" ? `you: ${String(mine.label)}, the model: ${String(mine.said)}` : mine.kind === "label" ? `judged: ${String(mine.label)}` : mine.kind === "invalid" ? "judged: makes no sense" : "skipped";
      const can = mine.open && !(mine.wrote && mine.outcome !== "open");
      const button: Child = can && h("button", { class: "plain", "aria-label": `take back: ${words.slice(0, 60)}`, onclick: () => void this.tried(() => this.back(mine)) }, "take back");
      return h("tr", {}, h("td", {}, words.length > 160 ? `${words.slice(0, 159)}…` : words), h("td", {}, said), h("td", {}, STANDS[mine.outcome] ?? mine.outcome), h("td", {}, button));
    };
    const head = ["example", "said", "how it stands", ""].map((each) => h("th", { scope: "col" }, each));
    fill(this.mineList, found.length ? h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "what you wrote and judged" }, h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...found.map(line)))) : h("p", { class: "faint" }, "Nothing yet."));
  }

  // --- the owner's part

  private ends(found: Table): void {
    const now = found.rounds.at(-1);
    if (this.role !== "owner" || !now || this.owner.querySelector("input:focus, select:focus") !== null) return;
    const count = h("input", { type: "number", min: 1, max: 20, value: now.validators });
    const rule = h("select", {}, h("option", { value: "all", selected: now.unanimous }, "all of them"), h("option", { value: "most", selected: !now.unanimous }, "most of them"));
    const share = h("input", { type: "number", min: 0, max: 0.9, step: 0.05, value: now.share });
    const terms = async (): Promise<void> => {
      await put("/api/fool/terms", { uuid: uuid(), validators: Number(count.value), unanimous: rule.value === "all", share: Number(share.value) });
      tell(now.collected === 0 ? "This holds from now on." : "This holds from the next round on.");
    };
    const end = async (): Promise<void> => {
      if (!window.confirm(`End round ${now.number}? ${number(now.agreed)} confirmed examples teach the next version; ${number(now.waiting)} that are not settled are left out.`)) return;
      await act("/api/fool/close", { round: now.number });
      await this.refresh();
    };
    fill(
      this.owner,
      h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); void this.tried(terms); } },
        h("label", { class: "field" }, "people who judge an example", count), h("label", { class: "field" }, "who must agree", rule), h("label", { class: "field" }, "share for the suite", share),
        h("button", {}, "Save"), h("button", { type: "button", disabled: now.state !== "open", onclick: () => void this.tried(end) }, `End round ${now.number}`)),
    );
  }
}
