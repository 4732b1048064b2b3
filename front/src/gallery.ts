// The archive as a gallery: only the cards on the screen exist, whatever the number of tasks.

import { get, type Family, type Task, type Tasks } from "./api";
import { handed } from "./author";
import { dialog, fill, h, number, tell } from "./dom";
import { episode, Player } from "./player";

const WIDTH = 148;
const TALL = 200;
const PAGE = 60;
const TRIES = 4;

export interface Query {
  sort: string;
  descending: boolean;
  generation: string;
  low: string;
}

export class Gallery {
  readonly node: HTMLElement;
  private readonly space: HTMLElement;
  private readonly cards = new Map<number, HTMLElement>();
  private pages = new Map<number, Task[] | "asked">();
  private columns = 1;
  private at = 0;
  private count = 0;
  private query: Query = { sort: "score", descending: true, generation: "", low: "" };
  private asked = 0;

  constructor(private readonly counted: (count: number) => void) {
    this.space = h("div", { class: "space" });
    this.node = h("div", { class: "gallery", tabindex: 0, role: "listbox", "aria-label": "tasks of the archive" }, this.space);
    this.node.addEventListener("scroll", () => this.show(), { passive: true });
    this.node.addEventListener("keydown", (event) => this.press(event));
    new ResizeObserver(() => this.show()).observe(this.node);
  }

  /** Asks anew, from the top. */
  restart(query: Query): void {
    this.query = query;
    this.at = 0;
    this.node.scrollTop = 0;
    this.refresh();
  }

  /** Asks anew where it is: something was added. */
  refresh(): void {
    this.pages = new Map();
    this.asked += 1;
    void this.load(Math.floor((Math.floor(this.node.scrollTop / TALL) * this.columns) / PAGE));
  }

  private async load(page: number): Promise<void> {
    if (this.pages.has(page)) return;
    this.pages.set(page, "asked");
    const mine = this.asked;
    const words = new URLSearchParams({
      sort: this.query.sort,
      descending: String(this.query.descending),
      offset: String(page * PAGE),
      count: String(PAGE),
    });
    if (this.query.generation !== "") words.set("generation", this.query.generation);
    if (this.query.low !== "") words.set("low", this.query.low);
    try {
      const found = await get<Tasks>(`/api/watch/tasks?${words}`);
      if (mine !== this.asked) return;
      this.pages.set(page, found.tasks);
      this.count = found.count;
      this.counted(found.count);
      this.show();
    } catch (error) {
      this.pages.delete(page);
      tell((error as Error).message, true);
    }
  }

  private show(): void {
    const wide = this.node.clientWidth;
    if (wide === 0) return;
    this.columns = Math.max(1, Math.floor(wide / WIDTH));
    const rows = Math.ceil(this.count / this.columns);
    this.space.style.height = `${rows * TALL}px`;
    const first = Math.max(0, Math.floor(this.node.scrollTop / TALL) - 1) * this.columns;
    const last = Math.min(this.count, (Math.ceil((this.node.scrollTop + this.node.clientHeight) / TALL) + 1) * this.columns);
    const kept = new Set<number>();
    for (let place = first; place < last; place += 1) {
      const page = this.pages.get(Math.floor(place / PAGE));
      if (page === undefined) void this.load(Math.floor(place / PAGE));
      if (page === undefined || page === "asked") continue;
      const task = page[place % PAGE];
      if (!task) continue;
      kept.add(place);
      const card = this.card(place, task);
      card.style.transform = `translate(${(place % this.columns) * (wide / this.columns)}px, ${Math.floor(place / this.columns) * TALL}px)`;
      card.classList.toggle("chosen", place === this.at);
      card.setAttribute("aria-selected", String(place === this.at));
    }
    for (const [place, card] of this.cards) {
      if (kept.has(place)) continue;
      card.remove();
      this.cards.delete(place);
    }
    if (kept.has(this.at)) this.node.setAttribute("aria-activedescendant", `task-${this.at}`);
    else this.node.removeAttribute("aria-activedescendant");
  }

  private card(place: number, task: Task): HTMLElement {
    const old = this.cards.get(place);
    if (old?.dataset["task"] === `${task.id}/${task.children}`) return old;
    old?.remove();
    const card = h("div", { class: "card", id: `task-${place}`, role: "option" }, picture(task), h("div", { class: "small" }, ...words(task)));
    card.dataset["task"] = `${task.id}/${task.children}`;
    card.addEventListener("click", () => {
      this.at = place;
      this.show();
      void family(task.id);
    });
    this.cards.set(place, card);
    this.space.append(card);
    return card;
  }

  private press(event: KeyboardEvent): void {
    const by: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, Home: -this.at, End: this.count };
    const move = by[event.key];
    if (move !== undefined) {
      event.preventDefault();
      this.at = Math.min(this.count - 1, Math.max(0, this.at + move));
      const top = Math.floor(this.at / this.columns) * TALL;
      if (top < this.node.scrollTop) this.node.scrollTop = top;
      if (top + TALL > this.node.scrollTop + this.node.clientHeight) this.node.scrollTop = top + TALL - this.node.clientHeight;
      this.show();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const page = this.pages.get(Math.floor(this.at / PAGE));
      const task = Array.isArray(page) ? page[this.at % PAGE] : undefined;
      if (task) void family(task.id);
    }
  }
}

function words(task: Task): Node[] {
  return [
    h("b", {}, `task ${task.id}`),
    h("div", {}, `score ${number(task.score)}`),
    h("div", { class: "faint" }, `edits ${task.generation}, made ${task.children}`),
  ];
}

export function picture(task: Task, size = 112): HTMLElement {
  const box = h("div", { class: "picture" });
  const source = `/api/watch/tasks/${task.id}/picture?size=${Math.min(320, Math.round(size * 1.5))}`;
  const image = h("img", { src: source, width: size, height: size, alt: `task ${task.id}`, decoding: "async" });
  let tries = 0;
  image.addEventListener("error", () => {
    fill(box, h("span", { class: "small faint" }, "no picture"));
    tries += 1;
    // a server that has just started cannot draw yet
    if (tries <= TRIES) window.setTimeout(() => box.isConnected && (image.src = `${source}&try=${tries}`), 1000 * tries * tries);
  });
  image.addEventListener("load", () => fill(box, image));
  box.append(image);
  return box;
}

/** A task with those it comes from and those that were made of it. */
export async function family(id: number): Promise<void> {
  let found: Family;
  try {
    found = await get<Family>(`/api/watch/tasks/${id}`);
  } catch (error) {
    tell((error as Error).message, true);
    return;
  }
  const box = h("div", {});
  const row = (tasks: Task[]): HTMLElement =>
    h("div", { class: "family" }, ...tasks.map((task) => h("button", { class: "card", onclick: () => { shown.close(); void family(task.id); } }, picture(task, 84), h("div", { class: "small" }, ...words(task)))));
  const { task } = found;
  box.append(h("div", { class: "row top" }, picture(task, 200), h("div", {}, ...words(task), h("div", {}, `recorded in turn ${number(task.turn)}`), h("p", { class: "small" }, found.description))));
  if (found.ancestors.length) box.append(h("h3", {}, `Comes from (${found.ancestors.length}, oldest first)`), row(found.ancestors));
  if (found.children.length) box.append(h("h3", {}, `Made from it (${found.children.length})`), row(found.children));
  const replay = h("div", {});
  const player = new Player(320);
  const watch = async (): Promise<void> => {
    fill(replay, h("p", { class: "small faint", role: "status" }, "The learner is playing it…"));
    try {
      const lived = await episode({ id: task.id }, () => shown.open);
      if (!lived) return;
      await player.show(lived);
      fill(replay, h("p", { class: "small" }, `Version of turn ${number(lived.turn)}.`), player.node);
      player.play();
    } catch (error) {
      fill(replay, h("p", { class: "bad" }, (error as Error).message));
    }
  };
  const draw = (): void => {
    handed.task = found.spec;
    handed.parent = task.id;
    shown.close();
    location.hash = "#draw";
  };
  const drawable = document.querySelector('nav a[href="#draw"]') !== null;
  box.append(h("div", { class: "row" }, h("button", { onclick: () => void watch() }, "Watch the learner play it"), drawable && h("button", { onclick: draw }, "Draw on from it")), replay);
  const text = JSON.stringify(found.spec, null, 1);
  box.append(h("details", {}, h("summary", {}, "As text"), h("pre", {}, text.length > 20_000 ? `${text.slice(0, 20_000)}…` : text)));
  const shown = dialog(`Task ${task.id}`, box);
  shown.addEventListener("close", () => player.stop());
  shown.addEventListener("keydown", (event) => {
    const at = event.target;
    if (at instanceof HTMLButtonElement || at instanceof HTMLInputElement || at instanceof HTMLSelectElement) return;
    if (player.press(event)) event.preventDefault();
  });
}
