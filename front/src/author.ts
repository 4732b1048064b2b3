// The page on which people draw tasks, see the learner try them, play them and send them to the run.

import { act, get, post } from "./api";
import { fill, h, number, percent, tell, uuid } from "./dom";
import { cleared, Easel, sized } from "./easel";
import type { Brush } from "./grid";
import type { Page } from "./main";
import { episode, patiently, Player, Screen, type Episode } from "./player";

interface Field {
  name: string;
  kind: "real" | "whole" | "choice" | "text" | "grid";
  low: number | null;
  high: number | null;
  choices: (string | number | boolean)[];
  log: boolean;
  brushes: Brush[];
  height: [number, number];
  width: [number, number];
  hint: string;
}

interface Form {
  space: string;
  fields: Field[];
  refusal: string | null;
  start: unknown;
  mutates: boolean;
  plays: boolean;
  actions: string[];
  running: boolean;
}

interface Checked {
  valid: boolean;
  problem: string | null;
  task: unknown;
  description: string;
  address: string;
  optimal: number | null;
  solvable: boolean | null;
  features: Record<string, number> | null;
}

interface Sent {
  uuid: string;
  task: unknown;
  time: number;
  taken: number | null;
  recorded: number | null;
  number: number | null;
  solved: number | null;
  kept: boolean | null;
  refused: string | null;
}

const CHECK = 120;
const TRY = 500;
const LOOK = 1500;
const ARROWS: [RegExp, string, string][] = [
  [/left|back/i, "ArrowLeft", "←"],
  [/right|^on$/i, "ArrowRight", "→"],
  [/forward|up|ahead/i, "ArrowUp", "↑"],
  [/down/i, "ArrowDown", "↓"],
];

/** A task that another page hands over: drawn on when this page is shown next. */
export const handed: { task?: unknown; parent?: number } = {};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export class Author implements Page {
  readonly title = "Draw";
  readonly keys: [string, string][] = [
    ["1 2 …", "what to paint"],
    ["b r f", "paint, rectangle, fill"],
    ["arrows, Enter", "on the grid: move, paint"],
    ["Ctrl+Z Ctrl+Y", "undo, redo"],
    ["m n", "mutate, a new one"],
    ["c", "clear"],
    ["t", "let the learner try"],
    ["p", "play it yourself; Escape leaves"],
    ["s", "send it to the run"],
    ...Player.keys,
  ];
  private readonly node = h("div", {});
  private readonly verdict = h("div", { class: "verdict", role: "status" });
  private readonly editors = h("div", { class: "group" });
  private readonly trial = h("p", { class: "small", role: "status" });
  private readonly trying = h("input", { type: "checkbox", checked: true, onchange: () => this.tries() });
  private readonly learner = h("div", {});
  private readonly own = h("section", { hidden: true });
  private readonly outbox = h("div", {});
  private readonly text = h("textarea", { rows: 8, spellcheck: false, "aria-label": "the task as text" });
  private player: Player | null = null;
  private form: Form | null = null;
  private easel: Easel | null = null;
  private spec: unknown = null;
  private parent: number | null = null;
  private past: unknown[] = [];
  private future: unknown[] = [];
  private checked: Checked | null = null;
  private turn = 0;
  private later: number[] = [];
  private looking = 0;
  private shown = false;
  private walk: { actions: number[]; since: number; screen: Screen; busy: boolean; found: Episode | null } | null = null;

  async show(place: HTMLElement): Promise<void> {
    this.shown = true;
    fill(place, this.node);
    document.title = "Draw · explora";
    if (!this.form) {
      fill(this.node, h("h1", {}, "Draw a task"), h("p", { class: "faint" }, "One moment…"));
      this.form = await get<Form>("/api/author");
      this.build(this.form);
    }
    if (handed.task !== undefined) {
      this.parent = handed.parent ?? null;
      this.change(handed.task);
      delete handed.task;
    }
    this.draw();
    void this.look();
  }

  hide(): void {
    this.shown = false;
    this.later.forEach((id) => window.clearTimeout(id));
    window.clearTimeout(this.looking);
    this.player?.stop();
    this.turn += 1;
  }

  press(event: KeyboardEvent): boolean {
    if (!this.form || this.form.refusal !== null) return false;
    if (event.ctrlKey || event.metaKey) {
      if (event.key === "z" && !event.shiftKey) this.undo();
      else if (event.key === "y" || (event.key.toLowerCase() === "z" && event.shiftKey)) this.redo();
      else return false;
      return true;
    }
    if (this.walk) return this.walked(event.key);
    const by: Record<string, () => void> = { m: () => void this.mutate(), n: () => void this.fresh(), c: () => this.clear(), t: () => void this.try(), p: () => void this.play(), s: () => void this.send() };
    const does = by[event.key];
    if (does) does();
    else if (!this.easel?.press(event.key)) return this.player?.press(event) ?? false;
    return true;
  }

  private build(form: Form): void {
    if (form.refusal !== null) {
      fill(this.node, h("h1", {}, "Draw a task"), h("p", {}, `Nobody can draw tasks here: ${form.refusal}.`));
      return;
    }
    const grid = form.fields.find((field) => field.kind === "grid");
    this.player = new Player(360, grid?.brushes);
    this.spec = form.start;
    const button = (words: string, key: string, does: () => void): HTMLElement => h("button", { onclick: does }, `${words} `, h("kbd", {}, key));
    const acts = h("div", { class: "row acts" }, button("Undo", "Ctrl+Z", () => this.undo()), button("Redo", "Ctrl+Y", () => this.redo()), button("New", "n", () => void this.fresh()), form.mutates && button("Mutate", "m", () => void this.mutate()), grid && button("Clear", "c", () => this.clear()));
    const send = h("button", { onclick: () => void this.send() }, "Send to the run ", h("kbd", {}, "s"));
    const use = h("button", { onclick: () => this.use() }, "Use this text");
    const save = h("button", { class: "plain", onclick: () => this.download() }, "Save as a file");
    const load = h("input", { type: "file", accept: ".txt,.json,text/plain", "aria-label": "a file with a task", onchange: () => void this.upload(load) });
    fill(
      this.node,
      h("h1", {}, "Draw a task"),
      h("div", { class: "author" },
        h("section", { class: "first" }, this.editors, acts, this.verdict, h("div", { class: "row" }, send, form.plays && button("Play it yourself", "p", () => void this.play())), h("details", {}, h("summary", {}, "As text"), h("div", { class: "group" }, this.text, h("div", { class: "row" }, use, save, load)))),
        h("div", {}, form.plays && h("section", { class: "first" }, h("h2", {}, "The learner"), h("label", { class: "row small" }, this.trying, "tries while you draw"), this.trial, this.learner), this.own, h("section", {}, h("h2", {}, "Sent"), this.outbox)),
      ),
    );
    for (const field of form.fields) this.editors.append(this.editor(field));
    this.drawn();
  }

  private value(field: Field): unknown {
    return field.name === "" ? this.spec : (this.spec as Record<string, unknown>)[field.name];
  }

  private set(field: Field, value: unknown): void {
    this.change(field.name === "" ? value : { ...(this.spec as Record<string, unknown>), [field.name]: value });
  }

  private editor(field: Field): HTMLElement {
    const words = `${field.name || "value"}${field.hint ? ` (${field.hint})` : ""}`;
    if (field.kind === "grid") return this.gridEditor(field);
    if (field.kind === "choice") {
      const select = h("select", { onchange: () => this.set(field, field.choices[select.selectedIndex]) }, ...field.choices.map((choice) => h("option", {}, String(choice))));
      this.onchange.push(() => { select.selectedIndex = field.choices.findIndex((choice) => same(choice, this.value(field))); });
      return h("label", { class: "field" }, words, select);
    }
    if (field.kind === "text") {
      const input = h("input", { type: "text", maxlength: field.high, onchange: () => this.set(field, input.value) });
      this.onchange.push(() => { input.value = String(this.value(field)); });
      return h("label", { class: "field" }, words, input);
    }
    const bounds = { min: field.low, max: field.high, step: field.kind === "whole" ? 1 : "any" };
    const read = (text: string): void => { if (text !== "" && Number.isFinite(Number(text))) this.set(field, Number(text)); };
    const input = h("input", { type: "number", ...bounds, onchange: () => read(input.value) });
    const range = field.low !== null && field.high !== null ? { low: field.log ? Math.log(field.low) : field.low, high: field.log ? Math.log(field.high) : field.high } : null;
    const slider = range && h("input", { type: "range", min: range.low, max: range.high, step: field.kind === "whole" ? 1 : (range.high - range.low) / 200, "aria-label": words, onchange: () => read(String(field.log ? Math.exp(Number(slider?.value)) : Number(slider?.value))) });
    this.onchange.push(() => {
      const value = Number(this.value(field));
      input.value = String(field.kind === "whole" ? value : Number(value.toPrecision(6)));
      if (slider) slider.value = String(field.log ? Math.log(value) : value);
    });
    return h("div", { class: "row" }, h("label", { class: "field" }, words, input), slider);
  }

  private readonly onchange: (() => void)[] = [];

  private gridEditor(field: Field): HTMLElement {
    const easel = new Easel(field.brushes, (text) => this.set(field, text));
    this.easel ??= easel;
    this.onchange.push(() => easel.set(String(this.value(field))));
    const [tall, wide] = [field.height, field.width];
    const fixed = tall[0] === tall[1] && wide[0] === wide[1];
    const wall = field.brushes.find((brush) => brush.colour === "wall");
    if (fixed && !wall) return easel.node;
    const side = (name: string, [, most]: [number, number], least: number): HTMLInputElement => h("input", { type: "number", min: least, max: most, value: most, "aria-label": name });
    const rows = side("rows", tall, fixed ? 2 : tall[0]);
    const columns = side("columns", wide, fixed ? 2 : wide[0]);
    const apply = (): void => {
      const text = String(this.value(field));
      const [down, right] = [Math.round(Number(rows.value)), Math.round(Number(columns.value))];
      if (!(down >= Number(rows.min) && down <= tall[1] && right >= Number(columns.min) && right <= wide[1])) return tell(`A grid here has ${rows.min} to ${tall[1]} rows and ${columns.min} to ${wide[1]} columns.`, true);
      this.set(field, fixed && wall ? walled(text, field.brushes, wall, down, right) : sized(text, field.brushes[0]?.letters[0] ?? ".", down, right));
    };
    if (!fixed) this.onchange.push(() => { const lines = String(this.value(field)).split("\n"); rows.value = String(lines.length); columns.value = String(lines[0]?.length ?? 1); });
    easel.node.append(h("div", { class: "row small" }, fixed ? "A smaller one, walls around:" : "Size:", h("label", { class: "field" }, "rows", rows), h("label", { class: "field" }, "columns", columns), h("button", { onclick: apply }, "Set size")));
    return easel.node;
  }

  /** Another task: what was there can be had again. */
  private change(spec: unknown): void {
    if (same(spec, this.spec)) return;
    this.past.push(this.spec);
    if (this.past.length > 500) this.past.shift();
    this.future = [];
    this.spec = spec;
    this.drawn();
  }

  private undo(): void {
    const before = this.past.pop();
    if (before === undefined) return;
    this.future.push(this.spec);
    this.spec = before;
    this.drawn();
  }

  private redo(): void {
    const next = this.future.pop();
    if (next === undefined) return;
    this.past.push(this.spec);
    this.spec = next;
    this.drawn();
  }

  private draw(): void {
    for (const each of this.onchange) each();
  }

  private drawn(): void {
    this.draw();
    this.leave();
    this.text.value = typeof this.spec === "string" ? this.spec : JSON.stringify(this.spec, null, 1);
    this.later.forEach((id) => window.clearTimeout(id));
    this.turn += 1;
    this.checked = null;
    this.later = [window.setTimeout(() => void this.check(), CHECK)];
  }

  private async check(): Promise<void> {
    const turn = this.turn;
    try {
      const found = await post<Checked>("/api/author/check", { task: this.spec });
      if (turn !== this.turn) return;
      this.checked = found;
      const way = found.solvable === null ? "" : found.solvable ? ` The shortest way takes ${number(found.optimal)} steps.` : " There is no way to solve it.";
      fill(this.verdict, h("p", { class: found.valid && found.solvable !== false ? "" : "bad" }, found.valid ? `${found.description}.${found.description.includes("actions to the goal") || found.description.includes("no way") ? "" : way}` : `Not yet a task: ${found.problem ?? ""}.`));
      if (found.features) this.verdict.append(h("p", { class: "small faint" }, Object.entries(found.features).map(([name, value]) => `${name} ${number(value)}`).join(" · ")));
      if (found.valid && this.trying.checked && this.form?.plays) this.later.push(window.setTimeout(() => void this.try(), TRY));
    } catch (error) {
      fill(this.verdict, h("p", { class: "bad" }, (error as Error).message));
    }
  }

  private tries(): void {
    if (this.trying.checked) void this.try();
  }

  private async try(): Promise<void> {
    const turn = this.turn;
    const player = this.player;
    if (!player || !this.form?.plays || !this.checked?.valid) return;
    fill(this.trial, "The learner is trying it…");
    try {
      const found = await episode({ task: this.checked.task, drawing: true }, () => turn === this.turn && this.shown);
      if (!found) return;
      fill(this.trial, `Version of turn ${number(found.turn)}: ${found.sentence}`);
      fill(this.learner, player.node);
      await player.show(found);
      player.play();
    } catch (error) {
      if (turn === this.turn) fill(this.trial, `The learner cannot try it: ${(error as Error).message}`);
    }
  }

  private async fresh(): Promise<void> {
    await this.guarded(async () => {
      this.parent = null;
      this.change((await post<{ task: unknown }>("/api/author/sample", {})).task);
    });
  }

  private async mutate(): Promise<void> {
    await this.guarded(async () => this.change((await post<{ task: unknown }>("/api/author/mutate", { task: this.spec })).task));
  }

  private clear(): void {
    const grid = this.form?.fields.find((field) => field.kind === "grid");
    if (grid) this.set(grid, cleared(String(this.value(grid)), grid.brushes));
  }

  private use(): void {
    const grid = this.form?.fields.length === 1 && this.form.fields[0]?.name === "";
    const text = this.text.value;
    if (grid) return this.change(firstOf(text));
    try {
      this.change(JSON.parse(text));
    } catch (error) {
      tell(`This is no JSON: ${(error as Error).message}`, true);
    }
  }

  private download(): void {
    const link = h("a", { href: URL.createObjectURL(new Blob([`${this.text.value}\n`], { type: "text/plain" })), download: typeof this.spec === "string" ? "task.txt" : "task.json" });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  private async upload(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    if (file.size > 100_000) return tell("A task has at most 100,000 letters.", true);
    this.text.value = await file.text();
    this.use();
    input.value = "";
  }

  private async send(): Promise<void> {
    await this.guarded(async () => {
      await act("/api/author/send", { task: this.spec, parent: this.parent });
      tell(this.form?.running ? "Sent: the run takes it in its next turn." : "Sent: the run takes it when it goes on.");
      await this.look();
    });
  }

  private async guarded(does: () => Promise<void>): Promise<void> {
    try {
      await does();
    } catch (error) {
      tell((error as Error).message, true);
    }
  }

  /** What became of what was sent. */
  private async look(): Promise<void> {
    window.clearTimeout(this.looking);
    if (!this.shown || this.form?.refusal !== null) return;
    const found = await get<Sent[]>("/api/author/sent?most=20").catch(() => [] as Sent[]);
    const words = (each: Sent): string => {
      if (each.refused !== null) return `the run refused it: ${each.refused}`;
      if (each.recorded !== null) return `task ${number(each.number)}, learned from in turn ${number(each.taken)}; solved ${each.solved === null ? "–" : percent(each.solved)}${each.kept ? ", kept by the explorer" : ""}`;
      return each.taken === null ? "waits for the run's next turn" : `taken in turn ${number(each.taken)}`;
    };
    fill(this.outbox, found.length === 0 && h("p", { class: "faint" }, "Nothing yet."), ...found.map((each) => h("div", { class: "row between" }, h("span", { class: "small" }, words(each)), h("button", { class: "plain", onclick: () => this.change(each.task) }, "Draw on from it"))));
    const open = found.some((each) => each.refused === null && each.recorded === null);
    this.looking = window.setTimeout(() => void this.look(), open ? LOOK : 6 * LOOK);
  }

  private async play(): Promise<void> {
    const checked = this.checked;
    if (!checked?.valid || !this.form?.plays) return tell("Only what is a task can be played.", true);
    const grid = this.form.fields.find((field) => field.kind === "grid");
    this.player?.stop();
    this.walk = { actions: [], since: Date.now(), screen: new Screen(360, grid?.brushes), busy: false, found: null };
    const words = this.form.actions.map((name, action) => h("button", { onclick: () => this.go(action) }, `${name} `, h("kbd", {}, this.keyOf(action)[1])));
    const told = h("p", { class: "small", role: "status" });
    fill(this.own, h("h2", {}, "You play"), this.walk.screen.node, h("div", { class: "row" }, ...words), told, h("div", { class: "row" }, h("button", { onclick: () => void this.keep() }, "Keep as a demonstration ", h("kbd", {}, "k")), h("button", { class: "plain", onclick: () => this.leave() }, "Leave ", h("kbd", {}, "Esc"))));
    this.own.hidden = false;
    this.own.scrollIntoView({ block: "nearest" });
    await this.lived();
  }

  private keyOf(action: number): [string, string] {
    const name = this.form?.actions[action] ?? "";
    const arrow = ARROWS.find(([pattern, key]) => pattern.test(name) && this.form?.actions.findIndex((each) => pattern.test(each)) === action && key);
    return arrow ? [arrow[1], arrow[2]] : [String(action + 1), String(action + 1)];
  }

  private walked(key: string): boolean {
    if (key === "Escape") this.leave();
    else if (key === "k") void this.keep();
    else {
      const action = this.form?.actions.findIndex((_, at) => this.keyOf(at)[0] === key) ?? -1;
      if (action < 0) return false;
      this.go(action);
    }
    return true;
  }

  private go(action: number): void {
    const walk = this.walk;
    if (!walk || walk.found?.ended) return;
    walk.actions.push(action);
    void this.lived();
  }

  /** Asks the server what follows from the actions so far; the newest count. */
  private async lived(): Promise<void> {
    const walk = this.walk;
    if (!walk || walk.busy) return;
    walk.busy = true;
    try {
      let sent = -1;
      while (sent !== walk.actions.length) {
        sent = walk.actions.length;
        const found = await patiently<Episode>("/api/play/walk", { task: this.checked?.task, actions: walk.actions }, () => walk === this.walk, (each) => each.ready);
        if (!found) return;
        walk.found = found;
        walk.actions.length = found.ended ? found.actions.length : walk.actions.length;
        await walk.screen.set(found);
        walk.screen.draw(found.actions.length);
        fill(this.own.querySelector("p") as HTMLElement, found.sentence);
      }
    } catch (error) {
      tell((error as Error).message, true);
    } finally {
      walk.busy = false;
    }
  }

  private async keep(): Promise<void> {
    const walk = this.walk;
    if (!walk || walk.actions.length === 0) return tell("Play a step first.", true);
    await this.guarded(async () => {
      const body = { uuid: uuid(), task: this.checked?.task, actions: walk.actions, seconds: (Date.now() - walk.since) / 1000 };
      const found = await patiently<{ event: number | null; solved: boolean }>("/api/author/demonstrations", body, () => true, (each) => each.event !== null);
      tell(found?.solved ? "Kept: a demonstration that succeeds." : "Kept as a demonstration.");
      this.leave();
    });
  }

  private leave(): void {
    this.walk = null;
    this.own.hidden = true;
  }
}

/** The first grid of a text that may hold several, apart by blank lines, each perhaps with a name ("# name") above. */
function firstOf(text: string): string {
  const block = text.replace(/\r/g, "").split(/\n[ \t]*\n/).find((each) => each.trim() !== "") ?? "";
  return block.split("\n").filter((line) => line !== "" && !line.startsWith("# ")).join("\n");
}

/** The grid with walls outside its first rows and columns; what stands only once moves inside. */
function walled(text: string, brushes: Brush[], wall: Brush, tall: number, wide: number): string {
  const once = brushes.filter((brush) => brush.once);
  const rows = text.split("\n").map((line) => [...line]);
  const inside = (row: number, column: number): boolean => row < tall && column < wide;
  const lost: string[] = [];
  rows.forEach((line, row) => line.forEach((letter, column) => {
    if (inside(row, column)) return;
    if (once.some((brush) => brush.letters.includes(letter))) lost.push(letter);
    line[column] = wall.letters[0] ?? letter;
  }));
  for (const letter of lost) {
    const row = rows.findIndex((line, at) => at < tall && line.slice(0, wide).some((each) => each === brushes[0]?.letters[0]));
    const line = rows[row];
    if (line) line[line.indexOf(brushes[0]?.letters[0] ?? ".")] = letter;
  }
  return rows.map((line) => line.join("")).join("\n");
}
