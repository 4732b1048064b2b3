// What the explorer is going to ask for next, and why: in the server's words; nothing is reckoned here.

import { get, type Nexts } from "./api";
import { fill, h, percent } from "./dom";
import { family, picture } from "./gallery";

const AGAIN = 1000;
const LATER = 15_000;
const MOST = 12;

export class Next {
  readonly node: HTMLElement;
  private readonly inner = h("div", { "aria-live": "polite" });
  private readonly box = h("details", {}, h("summary", {}, h("h2", {}, "What is asked for next, and why")), this.inner);
  private timer = 0;
  private shown = "";
  private here = false;

  constructor() {
    this.node = h("section", { class: "next" }, this.box);
    this.box.open = localStorage.getItem("explora-next") === "yes";
    this.box.addEventListener("toggle", () => {
      localStorage.setItem("explora-next", this.box.open ? "yes" : "no");
      if (this.box.open) this.look();
    });
  }

  begin(): void {
    this.here = true;
    if (this.box.open && this.timer === 0) this.look();
  }

  end(): void {
    this.here = false;
    window.clearTimeout(this.timer);
    this.timer = 0;
  }

  toggle(): void {
    this.box.open = !this.box.open;
    if (this.box.open) this.box.querySelector("summary")?.focus();
  }

  private look(): void {
    window.clearTimeout(this.timer);
    this.timer = 0;
    if (!this.here || !this.box.open || this.node.hidden) return;
    void this.ask().then((wait) => {
      if (this.here && this.box.open) this.timer = window.setTimeout(() => this.look(), wait);
    });
  }

  private async ask(): Promise<number> {
    if (document.hidden) return LATER;
    try {
      const found = await get<Nexts>(`/api/watch/next?count=${MOST}`);
      const text = JSON.stringify(found);
      if (text !== this.shown) this.draw(found);
      this.shown = text;
      return found.ready || found.problem !== null ? LATER : AGAIN;
    } catch (error) {
      fill(this.inner, h("p", { class: "faint" }, (error as Error).message));
      this.shown = "";
      return LATER;
    }
  }

  private draw(found: Nexts): void {
    if (!found.ready) {
      fill(this.inner, h("p", { class: "faint" }, found.problem ?? "Asking the explorer…"));
      return;
    }
    const row = (each: Nexts["tasks"][number]): HTMLElement =>
      h("li", {}, h("button", { class: "card", "aria-label": `task ${each.task.id}`, onclick: () => void family(each.task.id) }, picture(each.task, 64)), h("div", {}, h("meter", { min: 0, max: found.tasks[0]?.share ?? 1, value: each.share, "aria-label": `asked for with ${percent(each.share)}` }), h("p", { class: "small" }, h("b", {}, `Task ${each.task.id}: `), each.sentence)));
    fill(
      this.inner,
      h("p", {}, found.sentence),
      h("p", { class: "small faint" }, `As the explorer's state of turn ${found.turn ?? 0} has it. What comes is drawn by lot; these are the shares.`),
      found.tasks.length > 0 && h("ol", { class: "nexts" }, ...found.tasks.map(row)),
    );
  }
}
