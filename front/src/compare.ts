// The page where people say which of two tasks, or of two episodes, they prefer: four keys, the next pairs at hand.

import { get, post, type Compared, type Compares, type Comparing, type Rungs, type Side, type Taste, type Verdict } from "./api";
import { fill, h, number, percent, s, tell, uuid, type Child } from "./dom";
import { Hand } from "./hand";
import type { Page } from "./main";
import { episode, Player } from "./player";

const AHEAD = 3;
const AGAIN = 3000;
const SIZE = 320;
const WHATS: [Compares, string][] = [["tasks", "Tasks"], ["plays", "How the learner plays"]];

const SAID: Record<Verdict, string> = { left: "left", right: "right", tie: "both alike", unsure: "I cannot tell" };
const KEYS: Record<string, Verdict> = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "tie", t: "tie", " ": "unsure" };

export class Compare implements Page {
  readonly title = "Compare";
  readonly keys: [string, string][] = [
    ["←, →", "the left or the right one is better"],
    ["↓, t", "both alike"],
    ["Space", "I cannot tell"],
    ["r", "watch the learner play both, in step; again: stop, go on"],
    [".", "from tasks to episodes of the learner, and back"],
    ["Ctrl+Z, Backspace", "take back what was said last; again: the one before"],
  ];
  private readonly node = h("div", { class: "compare" });
  private readonly done = h("div", { class: "progress" });
  private readonly modes = h("div", { class: "row modes", role: "group", "aria-label": "what is compared" });
  private readonly sides = h("div", { class: "sides" });
  private readonly acts = h("div", { class: "row acts verdicts" });
  private readonly taste = h("section", {});
  private readonly replay = h("div", { class: "replays" });
  private readonly always = h("input", { type: "checkbox" });
  private player: Player | null = null;
  private seen = false;
  private readonly hand: Hand<Compared>;
  private readonly ahead = new Set<string>();
  private since = 0;
  private problem = "";
  private answers = "";
  private timer = 0;
  private what: Compares = "tasks";

  constructor(who: string, private readonly owner: boolean) {
    this.hand = new Hand(`${who}-compare`, (pair) => pair.pair, () => void this.more(), () => void this.status());
    this.what = localStorage.getItem("explora-compares") === "plays" ? "plays" : "tasks";
    this.always.checked = localStorage.getItem("explora-replays") === "yes";
    this.always.addEventListener("change", () => {
      localStorage.setItem("explora-replays", this.always.checked ? "yes" : "no");
      if (this.always.checked && this.player === null) this.watch();
    });
  }

  async show(place: HTMLElement): Promise<void> {
    document.title = "Compare · explora";
    this.taste.hidden = true;
    this.answers = "";
    fill(this.node, h("h1", {}, "Which of the two is better?"), this.modes, this.done, this.sides, this.acts, this.replay, this.taste);
    fill(place, this.node);
    void this.hand.flush();
    this.hand.line = [];
    this.draw();
    await this.more();
    await this.status();
    this.timer = window.setInterval(() => void this.more().then(() => this.status()), AGAIN);
  }

  hide(): void {
    window.clearInterval(this.timer);
    this.player?.stop();
  }

  press(event: KeyboardEvent): boolean {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") void this.undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return false;
    else if (event.key === "Backspace") void this.undo();
    else if (event.key.toLowerCase() === "r") this.watch();
    else if (event.key === ".") this.turn(this.what === "tasks" ? "plays" : "tasks");
    else {
      const said = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!said || !this.now) return false;
      this.say(said);
    }
    return true;
  }

  private get now(): Compared | undefined {
    return this.hand.now;
  }

  /** Compares the other kind of thing. */
  private turn(what: Compares): void {
    if (what === this.what) return;
    this.what = what;
    localStorage.setItem("explora-compares", what);
    this.hand.line = [];
    this.problem = "";
    this.taste.hidden = true;
    this.answers = "";
    this.draw();
    void this.more().then(() => this.status());
  }

  private say(said: Verdict): void {
    const now = this.now;
    if (!now) return;
    if (now.what === "plays" && said !== "unsure" && !this.seen) {
      tell("Wait until both have been played; or say that you cannot tell.");
      return;
    }
    const seconds = Math.round(Math.min(86_400, (performance.now() - this.since) / 1000) * 1000) / 1000;
    this.hand.say({ path: "/api/compare/answer", body: { uuid: uuid(), item: now.pair, pair: now.pair, said, seconds } });
    this.draw();
    void this.more();
  }

  private async undo(): Promise<void> {
    const { what } = this;
    const back = await this.hand.undo<{ said: Verdict; pair: Compared | null }>("/api/compare/undo", { what });
    if (back === null) return;
    tell(`Taken back: “${SAID[back.said]}”.`);
    if (back.pair !== null && what === this.what) {
      this.hand.again(back.pair);
      this.draw();
    }
    void this.status();
  }

  private async more(): Promise<void> {
    if (this.hand.line.length >= AHEAD) return;
    const { what, problem } = this;
    let shown: boolean | null = null;
    try {
      shown = await this.hand.fill(async () => {
        const found = await post<{ pairs: Compared[]; waiting: string | null }>("/api/compare/next", { count: AHEAD + this.hand.waiting, what });
        if (what !== this.what) return [];
        this.problem = found.waiting ?? "";
        return found.pairs;
      });
      if (shown === null) return;
    } catch (error) {
      this.problem = (error as Error).message;
    }
    if (what !== this.what) return this.more();
    for (const each of this.hand.line) {
      if (this.ahead.has(each.pair)) continue;
      this.ahead.add(each.pair);
      for (const side of [each.left, each.right]) this.fetch(side);
    }
    if (shown || (!this.now && this.problem !== problem)) this.draw();
  }

  /** Has at hand what will be shown next. */
  private fetch(side: Side): void {
    if (side.play === null) new Image().src = picture(side);
    else episode({ id: side.task, ...side.play }, () => this.hand.line.some((each) => each.left === side || each.right === side)).catch(() => undefined); // whoever looks at it is told why
  }

  private async status(): Promise<void> {
    const { waiting } = this.hand;
    const what = this.what;
    try {
      const found = await get<Comparing>(`/api/compare/progress?what=${what}`);
      if (what !== this.what) return;
      const mine = Object.values(found.mine).reduce((sum, count) => sum + count, 0);
      const part = (value: string, name: string): Child => h("span", {}, h("b", {}, value), ` ${name}`);
      fill(
        this.done,
        h("div", { class: "row small" }, part(number(mine), "by me"), part(number(found.all), `answers of ${found.people === 1 ? "one person" : `${found.people} people`}`), found.sure !== null && part(percent(found.sure), `sure which of two ${what === "tasks" ? "tasks" : "versions"} is preferred (50% is a guess)`), waiting > 0 && h("span", { class: "bad" }, `${waiting} not sent yet`)),
        !found.follows && h("p", { class: "small faint" }, what === "plays" ? "Answers about episodes are kept and exported, and say which version is preferred; the run goes on as it is." : "This run does not follow what is preferred: it takes --explorer.score preferred to start one that does. Answers are kept."),
      );
      if (this.owner) await this.judged(`${what} ${found.all}`, found.all);
    } catch {
      if (waiting > 0) fill(this.done, h("div", { class: "row small bad" }, `The server does not answer. ${waiting} not sent yet; they are kept.`));
    }
  }

  /** What follows from the answers, if there are others than before. */
  private async judged(answers: string, count: number): Promise<void> {
    if (answers === this.answers) return;
    const what = this.what;
    if (count === 0) this.taste.hidden = true;
    else if (what === "plays") {
      const found = await get<Rungs>("/api/compare/versions");
      if (what === this.what) this.ladder(found);
    } else {
      const found = await get<Taste>("/api/compare/taste");
      if (what !== this.what) return;
      if (found.weights.length === 0) return; // the tasks are being measured: ask again
      this.liked(found);
    }
    this.answers = answers;
  }

  /** Two episodes of the learner, in step; if they are there already, plays or stops them. */
  private watch(): void {
    const now = this.now;
    if (!now) return;
    if (this.player !== null) {
      this.player.toggle();
      return;
    }
    const player = (this.player = new Player(SIZE, undefined, ["left", "right"]));
    fill(this.replay, h("p", { class: "small faint", role: "status" }, "The learner is playing both…"));
    const wanted = (): boolean => this.player === player;
    const play = async (): Promise<void> => {
      try {
        const [left, right] = await Promise.all([now.left, now.right].map((side) => episode({ id: side.task, ...side.play }, wanted)));
        if (!left || !right || !wanted()) return;
        fill(this.replay, player.node);
        await player.show(left, right);
        if (!wanted()) return;
        this.seen = true;
        player.play();
      } catch (error) {
        if (wanted()) fill(this.replay, h("p", { class: "small faint" }, (error as Error).message));
      }
    };
    void play();
  }

  private draw(): void {
    const now = this.now;
    this.since = performance.now();
    this.player?.stop();
    this.player = null;
    this.seen = false;
    fill(this.replay);
    fill(this.modes, ...WHATS.map(([what, words]) => h("button", { class: "plain", "aria-pressed": String(what === this.what), onclick: () => this.turn(what) }, words)), h("kbd", {}, "."));
    const button = (words: string, key: string, click: () => void): HTMLElement => h("button", { onclick: click }, words, " ", h("kbd", {}, key));
    const undo = button("Undo", "Ctrl+Z", () => void this.undo());
    if (this.what === "plays") this.acts.before(this.replay); // what is compared comes first
    else this.acts.after(this.replay);
    if (!now) {
      fill(this.sides, h("p", { class: "faint" }, this.problem || "There is nothing to compare yet. Pairs appear here by themselves once the run has kept some tasks."));
      fill(this.acts, undo);
      return;
    }
    const plays = now.what === "plays";
    this.sides.classList.toggle("note", plays);
    if (plays) fill(this.sides, h("p", { class: "faint" }, `Two episodes of the same task. ${now.left.description}`));
    else fill(this.sides, this.side(now.left, "left"), this.side(now.right, "right"));
    fill(
      this.acts,
      button("Left", "←", () => this.say("left")),
      button("Both alike", "↓", () => this.say("tie")),
      button("Right", "→", () => this.say("right")),
      button("I cannot tell", "Space", () => this.say("unsure")),
      undo,
      button(plays ? "Play, stop" : "Watch both played", "r", () => this.watch()),
      !plays && h("label", { class: "small" }, this.always, " always"),
    );
    if (plays || this.always.checked) this.watch();
  }

  private side(side: Side, where: "left" | "right"): HTMLElement {
    const words = side.description || `task ${side.task}`;
    const image = h("img", { class: "sight", src: picture(side), width: SIZE, height: SIZE, alt: `${where}: ${words}` });
    const card = h("button", { class: "side", "aria-label": `${where} is better: ${words}`, onclick: () => this.say(where) }, image, h("span", { class: "small" }, words));
    image.addEventListener("error", () => image.replaceWith(h("span", { class: "small faint" }, "no picture")));
    return card;
  }

  /** What people like, for the owner: features by how clearly they matter. */
  private liked(found: Taste): void {
    const most = Math.max(1e-9, ...found.weights.map((each) => Math.abs(each.weight) + each.deviation));
    const row = (each: Taste["weights"][number]): HTMLElement =>
      h("tr", {}, h("th", { scope: "row" }, each.feature), h("td", {}, scale(each.weight / most, each.deviation / most, each.feature)), h("td", {}, signed(each)));
    this.taste.hidden = false;
    fill(
      this.taste,
      h("h2", {}, "What is liked"),
      h("p", { class: "small faint" }, "The odds that a task is preferred are e to the power of these numbers, for each standard deviation of a feature; what matters most clearly comes first."),
      h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, ...found.weights.map(row)))),
      ...raters(found.raters),
      files(),
    );
  }

  /** Which versions are preferred, for the owner. */
  private ladder(found: Rungs): void {
    const most = Math.max(1e-9, ...found.versions.map((each) => Math.abs(each.weight) + each.deviation));
    const row = (each: Rungs["versions"][number]): HTMLElement =>
      h("tr", {}, h("th", { scope: "row" }, `turn ${number(each.turn)}`), h("td", {}, scale(each.weight / most, each.deviation / most, `version of turn ${each.turn}`)), h("td", {}, signed(each)), h("td", { class: "small faint" }, `judged ${each.judged === 1 ? "once" : `${number(each.judged)} times`}`));
    this.taste.hidden = false;
    fill(
      this.taste,
      h("h2", {}, "Which versions are preferred"),
      h("p", { class: "small faint" }, "The odds that an episode of one version is preferred to one of another are e to the power of the difference of these numbers."),
      h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, ...found.versions.map(row)))),
      ...raters(found.raters),
      files(),
    );
  }
}

function signed(each: { weight: number; deviation: number }): string {
  return `${each.weight < 0 ? "−" : "+"}${number(Math.abs(each.weight), 2)} ± ${number(each.deviation, 2)}`;
}

function raters(found: Taste["raters"]): Child[] {
  if (found.length < 2) return [];
  const rows = found.map((each) => h("tr", {}, h("th", { scope: "row" }, each.name), h("td", {}, percent(each.reliability))));
  return [h("h3", {}, "How often people choose and do not guess"), h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, ...rows)))];
}

function files(): HTMLElement {
  const file = (format: string): HTMLElement => h("a", { href: `/api/compare/export?format=${format}`, download: `comparisons.${format}` }, format.toUpperCase());
  return h("div", { class: "row small" }, "Every comparison, with what stood on which side:", file("jsonl"), file("csv"), file("parquet"));
}

function picture(side: Side): string {
  return `/api/watch/tasks/${side.task}/picture?size=${SIZE}`;
}

/** A bar from the middle, to the right if liked, with a line as long as two standard deviations. */
function scale(share: number, deviation: number, name: string): SVGElement {
  const wide = 80;
  const long = Math.abs(share) * wide;
  const end = wide + share * wide;
  return s(
    "svg",
    { class: "scale", viewBox: "0 0 160 12", role: "img", "aria-label": `${name}: ${share < 0 ? "disliked" : "liked"}` },
    s("rect", { class: share < 0 ? "less" : "more", x: share < 0 ? wide - long : wide, y: 2, width: long, height: 8 }),
    s("line", { class: "mid", x1: end - deviation * wide, x2: end + deviation * wide, y1: 6, y2: 6 }),
    s("line", { class: "mid", x1: wide, x2: wide, y1: 0, y2: 12 }),
  );
}
