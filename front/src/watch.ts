// The page that shows how the search goes.

import { get, type Curves, type News, type Run, type Versions } from "./api";
import { chart } from "./chart";
import { clock, fill, h, keep, number, percent, s, tell } from "./dom";
import { Gallery, type Query } from "./gallery";
import { Next } from "./next";
import type { Page } from "./main";

const AXES: Record<string, string> = { steps: "environment steps", minutes: "minutes", updates: "updates", answers: "answers" };
const FIRST = ["play/solved", "play/return"];
const PATIENCE = 1500;

export class Watch implements Page {
  readonly title = "Watch";
  readonly keys: [string, string][] = [
    ["1 … 4", "curves over steps, minutes, updates, answers"],
    ["g", "to the gallery; arrows move, Enter opens a task"],
    ["m", "all metrics"],
    ["n", "what is asked for next, and why"],
  ];
  private readonly node = h("div", {});
  private readonly title_ = h("h1", {}, "…");
  private readonly facts = h("div", { class: "tiles" });
  private readonly curves = h("div", { class: "charts" });
  private readonly metrics = h("div", { class: "charts" });
  private readonly more = h("details", {}, h("summary", {}, "All metrics"), this.metrics);
  private readonly axes = h("div", { class: "row", role: "group", "aria-label": "curves over" });
  private readonly suites = h("div", {});
  private readonly versions = h("div", {});
  private readonly counted = h("span", { class: "faint" });
  private readonly gallery = new Gallery((count) => fill(this.counted, `${number(count)} tasks`));
  private readonly archive = h("section", {}, h("h2", {}, "Archive"));
  private readonly next = new Next();
  private source: EventSource | null = null;
  private axis = "steps";
  private run: Run | null = null;
  private suite: string | null = null;
  private seen: News | null = null;
  private grown = false;
  private due = 0;
  private last = 0;
  private all = (): void => {};

  constructor() {
    this.more.addEventListener("toggle", () => this.more.open && this.all()); // nobody waits for what nobody sees
  }

  async show(place: HTMLElement): Promise<void> {
    fill(
      this.node,
      this.title_,
      this.facts,
      h("section", {}, h("div", { class: "row between" }, h("h2", {}, "Learning"), this.axes), this.curves, this.more),
      h("section", {}, h("h2", {}, "Versions on held-out tasks"), this.suites, this.versions),
      this.next.node,
      this.archive,
    );
    fill(this.archive, h("div", { class: "row between" }, h("h2", {}, "Archive"), this.counted), this.controls(), this.gallery.node);
    fill(place, this.node);
    await this.refresh(true);
    this.source = new EventSource("/api/watch/stream");
    this.source.addEventListener("news", (event) => this.news(JSON.parse((event as MessageEvent<string>).data) as News));
    this.source.addEventListener("end", () => this.source?.close());
  }

  hide(): void {
    this.source?.close();
    this.next.end();
    window.clearTimeout(this.due);
    this.due = 0;
  }

  press(event: KeyboardEvent): boolean {
    const axis = Object.keys(AXES)[Number(event.key) - 1];
    if (axis) void this.over(axis);
    else if (event.key === "g") this.gallery.node.focus();
    else if (event.key === "m") this.more.open = !this.more.open;
    else if (event.key === "n") this.next.toggle();
    else return false;
    return true;
  }

  private news(news: News): void {
    const before = this.seen;
    this.seen = news;
    this.tiles();
    if (before !== null && JSON.stringify(before) === JSON.stringify(news)) return;
    this.grown ||= before?.tasks !== news.tasks;
    const shown = before ?? this.run;
    const first = (shown?.records === 0 && news.records > 0) || (shown?.tasks === 0 && news.tasks > 0);
    if (this.due && !first) return;
    window.clearTimeout(this.due);
    this.due = window.setTimeout(() => {
      this.due = 0;
      void this.refresh(this.grown);
      this.grown = false;
    }, first ? 0 : Math.max(0, this.last + PATIENCE - Date.now()));
  }

  private async refresh(tasks: boolean): Promise<void> {
    this.last = Date.now();
    try {
      this.run = await get<Run>("/api/watch/run");
      fill(this.title_, this.run.title);
      document.title = `${this.run.name} · explora`;
      if (this.run.asks && this.axis === "steps") this.axis = "answers";
      this.tiles();
      this.archive.hidden = this.run.asks;
      this.next.node.hidden = this.run.asks;
      if (tasks && !this.run.asks) this.gallery.refresh();
      await Promise.all([this.draw(), this.matrix()]);
      this.next.begin();
    } catch (error) {
      tell((error as Error).message, true);
    }
  }

  private tiles(): void {
    const run = this.run;
    if (!run) return;
    const spent = run.spent ?? {};
    const state = this.seen?.state ?? run.state;
    const tile = (name: string, value: string): HTMLElement => h("div", { class: "tile" }, h("div", { class: "small faint" }, name), h("b", {}, value));
    const speed = spent["steady"] ?? spent["rate"];
    fill(
      this.facts,
      tile("run", run.name),
      tile("recipe · domain", `${run.recipe} · ${run.domain}`),
      tile("state", this.seen?.whole === false ? `${state}, reading…` : state),
      !run.asks && tile("environment steps", number(this.seen?.steps ?? spent["steps"])),
      run.asks && tile("answers", number(this.seen?.calls ?? spent["calls"])),
      !run.asks && tile("steps a second", number(speed)),
      tile("time", clock(this.seen?.seconds ?? spent["seconds"] ?? 0)),
      !run.asks && tile("tasks · versions", `${number(this.seen?.tasks ?? run.tasks)} · ${number(this.seen?.versions ?? run.versions)}`),
      run.problem !== null && h("p", { class: "bad" }, run.problem),
    );
  }

  private async over(axis: string): Promise<void> {
    this.axis = axis;
    await this.draw();
  }

  private async draw(): Promise<void> {
    const asks = this.run?.asks ?? false;
    const offered = Object.keys(AXES).filter((axis) => asks ? ["answers", "minutes"].includes(axis) : axis !== "answers");
    const found = await get<Curves>(`/api/watch/curves?axis=${this.axis}&points=240`);
    keep(this.axes, offered.join(), () => offered.map((axis) => h("button", { class: "plain", "data-axis": axis, onclick: () => void this.over(axis) }, AXES[axis] ?? axis)));
    for (const each of this.axes.querySelectorAll<HTMLElement>("button")) each.setAttribute("aria-pressed", String(each.dataset["axis"] === this.axis));
    const name = AXES[this.axis] ?? this.axis;
    const ours = found.held_out.map((line, i) => chart(line, `Solved on ${line.name}`, name, true, i % 4));
    const first = found.metrics.filter((line) => FIRST.includes(line.name)).map((line) => chart(line, line.name, name, line.name.endsWith("solved"), 2));
    fill(this.curves, ...ours, ...first, !asks && chart(found.speed, "Steps a second", name, false, 3));
    this.all = (): void => fill(this.metrics, ...found.metrics.map((line) => chart(line, line.name, name, false, 3)));
    if (this.more.open) this.all();
    if (!found.metrics.length && !ours.length) fill(this.curves, h("p", { class: "faint" }, found.whole ? "Nothing has been recorded yet." : "Reading…"));
  }

  private async matrix(): Promise<void> {
    if (!this.run?.suites.length) {
      fill(this.versions, h("p", { class: "faint" }, "No version has been judged yet."));
      return;
    }
    const suite = this.suite ?? this.run.suites[0] ?? "";
    const found = await get<Versions>(`/api/watch/versions?most=60&suite=${encodeURIComponent(suite)}`);
    const choose = (): HTMLElement => h("select", { "aria-label": "suite", onchange: (event) => { this.suite = (event.target as HTMLSelectElement).value; void this.matrix(); } }, ...found.suites.map((each) => h("option", { value: each, selected: each === suite }, each)));
    keep(this.suites, found.suites.join("\n"), () => (found.suites.length > 1 ? [choose()] : []));
    fill(
      this.versions,
      h("p", {}, found.sentence),
      found.gained.length > 0 && h("p", { class: "small" }, `Better than the first version on: ${found.gained.join(", ")}.`),
      found.forgotten.length > 0 && h("p", { class: "small" }, `An earlier version was better on: ${found.forgotten.join(", ")}.`),
      h("div", { class: "scroll" }, heat(found)),
      h("p", { class: "small faint" }, "A row is a task, a column a version, oldest first; the darker, the more episodes succeed."),
    );
  }

  private controls(): HTMLElement {
    const query: Query = { sort: "score", descending: true, generation: "", low: "" };
    const again = (): void => this.gallery.restart({ ...query });
    const sorts: [string, string, boolean][] = [
      ["score", "highest score", true], ["id", "newest", true], ["id", "oldest", false], ["generation", "most edits", true], ["children", "most children", true],
    ];
    const sort = h("select", { "aria-label": "order", onchange: (event) => {
      const [name, , down] = sorts[Number((event.target as HTMLSelectElement).value)] ?? ["score", "", true];
      query.sort = name;
      query.descending = down;
      again();
    } }, ...sorts.map(([, words], i) => h("option", { value: i }, words)));
    const field = (name: "generation" | "low", words: string, step: string): HTMLElement => {
      const input = h("input", { type: "number", step, min: name === "generation" ? 0 : null, onchange: () => { query[name] = input.value; again(); } });
      return h("label", { class: "field" }, words, input);
    };
    return h("div", { class: "row" }, h("label", { class: "field" }, "order", sort), field("generation", "edits", "1"), field("low", "score at least", "any"));
  }
}

const SHADES = 40; // of the heat map: all cells of a shade are one path, for thousands of elements make a page slow

function heat(found: Versions): SVGElement {
  const cell = Math.max(8, Math.min(18, Math.floor(760 / Math.max(1, found.turns.length))));
  const left = 150;
  const tall = 14;
  const height = found.tasks.length * tall + 22;
  const width = left + found.turns.length * cell + 46;
  const svg = s("svg", { class: "heat", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": found.sentence });
  const cells = new Map<number | null, string>();
  found.tasks.forEach((task, row) => {
    svg.append(s("text", { x: left - 6, y: row * tall + 11, "text-anchor": "end" }, task.length > 22 ? `${task.slice(0, 21)}…` : task, s("title", {}, task)));
    found.solved.forEach((rates, column) => {
      const rate = rates[row] ?? null;
      const shade = rate === null ? null : Math.round(rate * SHADES);
      cells.set(shade, `${cells.get(shade) ?? ""}M${left + column * cell} ${row * tall}h${cell - 1}v${tall - 1}h${1 - cell}z`);
    });
    const latest = found.solved.at(-1)?.[row] ?? null;
    svg.append(s("text", { x: left + found.turns.length * cell + 6, y: row * tall + 11 }, latest === null ? "–" : percent(latest)));
  });
  for (const [shade, d] of cells) {
    svg.append(s("path", { d, class: shade === null ? "unknown" : "cell", "fill-opacity": shade === null ? 1 : 0.06 + (0.94 * shade) / SHADES }));
  }
  svg.append(s("text", { x: left, y: height - 6 }, `${number(found.steps[0])} steps`));
  svg.append(s("text", { x: left + found.turns.length * cell, y: height - 6, "text-anchor": "end" }, `${number(found.steps.at(-1))}`));
  const title = s("title");
  svg.append(title);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - left) / cell);
    const row = Math.floor((event.clientY - box.top) / tall);
    const rate = found.solved[column]?.[row] ?? null;
    const task = found.solved[column] && found.tasks[row];
    title.textContent = task ? `${task}, after ${number(found.steps[column])} steps: ${rate === null ? "not played" : percent(rate)}` : "";
  });
  return svg;
}
