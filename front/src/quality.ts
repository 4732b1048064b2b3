// How good the model is now, with its interval, and whether to go on: one line, for all who answer.

import { get } from "./api";
import { fill, h, number } from "./dom";

interface Quality {
  value: number | null;
  low: number | null;
  high: number | null;
  items: number | null;
  answers: number | null;
  stop: boolean | null;
  advice: string;
}

const AGAIN = 10_000;
const share = (value: number): string => `${(100 * value).toFixed(1)}%`;

export class QualityLine {
  readonly node = h("div", { class: "quality small", role: "status" });
  private timer = 0;

  begin(): void {
    void this.look();
    this.timer = window.setInterval(() => void this.look(), AGAIN);
  }

  end(): void {
    window.clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (document.hidden) return;
    try {
      this.draw(await get<Quality>("/api/label/quality"));
    } catch {
      // the line of progress says that the server does not answer
    }
  }

  private draw(found: Quality): void {
    const between = found.low !== null && found.high !== null ? `, 95% interval ${share(found.low)} to ${share(found.high)}` : "";
    const on = found.items === null ? "" : ` of ${number(found.items)} items that were set aside`;
    const said = found.value === null ? "How good the model is nobody knows yet: no labelled items were set aside, or no version was judged." : `The model is right on ${share(found.value)}${on}${between}${found.answers === null ? "" : `, after ${number(found.answers)} answers`}.`;
    const words = [said, found.advice].filter(Boolean).join(" ");
    if (this.node.textContent !== words) fill(this.node, h("span", {}, `${said} `), found.advice && h(found.stop ? "b" : "span", {}, found.advice));
  }
}
