// Replays: one or several episodes, in step, with play, pause, single steps and speed.

import { ask } from "./api";
import { fill, h, number } from "./dom";
import { cellOf, paint, recoloured, USUAL, type Brush, type Place } from "./grid";

export interface Episode {
  ready: boolean;
  sentence: string;
  task: unknown;
  scene: { kind: string; text: string; view: number | null } | null;
  moments: Place[];
  pictures: string[];
  stride: number;
  actions: unknown[];
  names: string[];
  rewards: number[];
  reports: Record<string, number[]>;
  solved: boolean;
  ended: boolean;
  returned: number;
  optimal: number | null;
  turn: number | null;
}

export interface Wanted {
  task?: unknown;
  id?: number;
  turn?: number;
  seed?: number;
  greedy?: boolean;
  drawing?: boolean;
}

const SPEEDS = [1, 2, 4, 8, 16, 32];
const AGAIN = 300;

/** Asks again until it is ready; null if nobody wants it any more. */
export async function patiently<T>(path: string, body: object, wanted: () => boolean, ready: (found: T) => boolean): Promise<T | null> {
  for (;;) {
    const found = await ask<T>("POST", path, body);
    if (!wanted()) return null;
    if (ready(found)) return found;
    await new Promise((done) => window.setTimeout(done, AGAIN));
    if (!wanted()) return null;
  }
}

/** An episode of the learner; null if nobody wants it any more. */
export function episode(said: Wanted, wanted: () => boolean = () => true): Promise<Episode | null> {
  return patiently<Episode>("/api/play", said, wanted, (found) => found.ready);
}

/** Where one episode is drawn. */
export class Screen {
  readonly node = h("canvas", { class: "screen", role: "img" });
  private shown: Episode | null = null;
  private pictures: ImageBitmap[] = [];

  constructor(private readonly wide = 320, private readonly brushes: Brush[] = USUAL) {}

  async set(shown: Episode): Promise<void> {
    this.shown = shown;
    this.pictures = await Promise.all(
      shown.pictures.map((text) => createImageBitmap(new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], { type: "image/png" }))),
    );
  }

  draw(at: number): void {
    const shown = this.shown;
    if (!shown) return;
    this.node.setAttribute("aria-label", `${shown.sentence} Moment ${at} of ${shown.actions.length}.`);
    if (shown.scene) {
      const place = shown.moments[Math.min(at, shown.moments.length - 1)];
      const trail = shown.moments.slice(0, at + 1);
      paint(this.node, shown.scene.text, this.brushes, cellOf(shown.scene.text, this.wide, 40), { player: place, trail, view: shown.scene.view });
      return;
    }
    const picture = this.pictures[Math.min(this.pictures.length - 1, Math.ceil(at / shown.stride))];
    if (!picture) return;
    this.node.width = picture.width;
    this.node.height = picture.height;
    this.node.getContext("2d")?.drawImage(picture, 0, 0);
  }
}

/** Shows episodes side by side, in step. Its keys: Space plays and stops, arrows step, + and - change the speed. */
export class Player {
  static readonly keys: [string, string][] = [
    ["Space", "play, stop"],
    ["← →", "one step back, on"],
    ["Home End", "the first, the last moment"],
    ["+ -", "faster, slower"],
  ];
  readonly node = h("div", { class: "player" });
  private readonly screens = h("div", { class: "row top screens" });
  private readonly said = h("p", { class: "small", role: "status" });
  private readonly button = h("button", { onclick: () => this.toggle() }, "Play");
  private readonly slider = h("input", { type: "range", min: 0, value: 0, "aria-label": "moment", oninput: () => this.seek(Number(this.slider.value)) });
  private readonly pace = h("select", { "aria-label": "speed", onchange: () => this.restart() }, ...SPEEDS.map((speed) => h("option", { value: speed, selected: speed === 8 }, `${speed} a second`)));
  private shown: Episode[] = [];
  private drawn: Screen[] = [];
  private at = 0;
  private clock = 0;
  private turn = 0;

  constructor(private readonly wide = 320, private readonly brushes: Brush[] = USUAL, private readonly titles: string[] = []) {
    const controls = h("div", { class: "row" }, this.button, h("button", { "aria-label": "one step back", onclick: () => this.step(-1) }, "◀"), h("button", { "aria-label": "one step on", onclick: () => this.step(1) }, "▶"), this.pace);
    fill(this.node, this.screens, this.slider, controls, this.said);
    recoloured(() => this.seek(this.at));
  }

  /** Shows other episodes, from the start. */
  async show(...episodes: Episode[]): Promise<void> {
    this.stop();
    const turn = (this.turn += 1);
    const screens = episodes.map(() => new Screen(this.wide, this.brushes));
    await Promise.all(screens.map((screen, i) => screen.set(episodes[i] as Episode)));
    if (turn !== this.turn) return;
    this.shown = episodes;
    this.drawn = screens;
    fill(this.screens, ...screens.map((screen, i) => h("figure", { class: "screenbox" }, screen.node, this.titles[i] !== undefined && h("figcaption", {}, this.titles[i]))));
    this.slider.max = String(this.length);
    this.seek(0);
  }

  get length(): number {
    return Math.max(0, ...this.shown.map((each) => each.actions.length));
  }

  get playing(): boolean {
    return this.clock !== 0;
  }

  seek(at: number): void {
    this.at = Math.max(0, Math.min(this.length, at));
    this.slider.value = String(this.at);
    this.drawn.forEach((screen, i) => screen.draw(Math.min(this.at, this.shown[i]?.actions.length ?? 0)));
    fill(this.said, this.shown.length === 1 ? this.words(this.shown[0] as Episode) : `Moment ${this.at} of ${this.length}.`);
    if (this.at >= this.length) this.stop();
  }

  step(by: number): void {
    this.stop();
    this.seek(this.at + by);
  }

  play(): void {
    if (this.length === 0) return;
    if (this.at >= this.length) this.seek(0);
    this.restart(true);
  }

  stop(): void {
    window.clearInterval(this.clock);
    this.clock = 0;
    fill(this.button, "Play");
  }

  toggle(): void {
    if (this.playing) this.stop();
    else this.play();
  }

  press(event: KeyboardEvent): boolean {
    const by: Record<string, () => void> = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      Home: () => this.seek(0),
      End: () => this.seek(this.length),
      "+": () => this.faster(1),
      "-": () => this.faster(-1),
    };
    const does = by[event.key];
    if (!does || this.shown.length === 0) return false;
    does();
    return true;
  }

  private faster(by: number): void {
    const at = this.pace.selectedIndex + by;
    if (at < 0 || at >= SPEEDS.length) return;
    this.pace.selectedIndex = at;
    this.restart();
  }

  private restart(begin = false): void {
    if (!begin && !this.playing) return;
    window.clearInterval(this.clock);
    this.clock = window.setInterval(() => this.seek(this.at + 1), 1000 / (SPEEDS[this.pace.selectedIndex] ?? 8));
    fill(this.button, "Stop");
  }

  private words(shown: Episode): string {
    const action = shown.actions[this.at];
    const named = typeof action === "number" && shown.names[action] !== undefined ? shown.names[action] : action;
    const next = action === undefined ? "" : ` Next: ${String(named)}`;
    const about = action === undefined ? "" : Object.entries(shown.reports).map(([name, column]) => `, ${name} ${number(column[this.at], 2)}`).join("");
    return `${shown.sentence} Moment ${this.at} of ${shown.actions.length}.${next}${about}`;
  }
}
