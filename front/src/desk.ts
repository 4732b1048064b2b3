// The owner's page of answers: decisions, gold, how many are asked, how long it takes, what is kept.

import { act, ask, get } from "./api";
import { Decide } from "./decide";
import { fill, h, number, tell, uuid } from "./dom";
import { Gold } from "./gold";
import type { Page } from "./main";
import { QualityLine } from "./quality";

interface Times {
  people: { id: string; name: string; answers: number; median: number; quarter: number; three_quarters: number }[];
  slowest: { item: string; name: string; seconds: number }[];
}

export class Desk implements Page {
  readonly title = "Answers";
  readonly keys: [string, string][] = [
    ["the key of a label", "decide the item that is shown"],
    ["← →", "the item before, the next one"],
    ["Ctrl+Z", "take back the newest decision"],
  ];
  private readonly decide = new Decide();
  private readonly gold = new Gold();
  private readonly quality = new QualityLine();
  private readonly overlap = h("div", {});
  private readonly times = h("div", {});
  private readonly kept = h("div", { "aria-live": "polite", class: "small" });

  async show(place: HTMLElement): Promise<void> {
    document.title = "Answers · explora";
    const file = (format: string): HTMLElement => h("a", { href: `/api/label/export?format=${format}`, download: `answers.${format}` }, format.toUpperCase());
    fill(
      place,
      h("section", { class: "first" }, h("h1", {}, "Answers"), this.quality.node),
      h("section", {}, h("h2", {}, "Decide where people differ"), this.decide.node),
      h("section", {}, h("h2", {}, "Gold"), this.gold.node),
      h("section", {}, h("h2", {}, "How many are asked"), this.overlap),
      h("section", {}, h("h2", {}, "Time"), this.times),
      h("section", {}, h("h2", {}, "Export and backup"), h("div", { class: "row" }, "Every answer with consensus and provenance:", file("jsonl"), file("csv"), file("parquet")), h("div", { class: "row" }, h("button", { onclick: () => void this.backup() }, "Make a backup"), this.kept)),
    );
    this.quality.begin();
    await Promise.all([this.decide.load(), this.gold.load(), this.wanted(), this.timed()]);
  }

  hide(): void {
    this.quality.end();
  }

  press(event: KeyboardEvent): boolean {
    return this.decide.press(event);
  }

  private async wanted(): Promise<void> {
    try {
      const found = await get<{ overlap: number }>("/api/label/overlap");
      const people = h("input", { type: "number", min: 1, max: 50, value: String(found.overlap), required: true });
      const again = h("input", { type: "checkbox" });
      const save = async (): Promise<void> => {
        await ask("PUT", "/api/label/overlap", { uuid: uuid(), overlap: Number(people.value), again: again.checked });
        tell("Saved.");
      };
      fill(this.overlap, h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); save().catch((error: Error) => tell(error.message, true)); } }, h("label", { class: "field" }, "people an item", people), h("label", {}, again, " also where enough was said"), h("button", {}, "Save")));
    } catch (error) {
      fill(this.overlap, h("p", { class: "faint" }, (error as Error).message));
    }
  }

  private async timed(): Promise<void> {
    try {
      const found = await get<Times>("/api/label/times");
      const table = (head: string[], rows: string[][]): HTMLElement =>
        h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ...head.map((each) => h("th", { scope: "col" }, each)))), h("tbody", {}, ...rows.map((cells) => h("tr", {}, ...cells.map((cell) => h("td", {}, cell)))))));
      fill(
        this.times,
        found.people.length === 0 && h("p", { class: "faint" }, "Nobody has answered yet."),
        found.people.length > 0 && table(["person", "answers", "median [s]", "middle half [s]"], found.people.map((one) => [one.name, number(one.answers), number(one.median, 2), `${number(one.quarter, 2)} to ${number(one.three_quarters, 2)}`])),
        found.slowest.length > 0 && h("details", {}, h("summary", {}, "What took longest"), table(["item", "person", "s"], found.slowest.map((each) => [each.item, each.name, number(each.seconds, 3)]))),
      );
    } catch (error) {
      fill(this.times, h("p", { class: "faint" }, (error as Error).message));
    }
  }

  private async backup(): Promise<void> {
    try {
      const made = await act<{ name: string }>("/api/backup");
      fill(this.kept, `backups/${made.name} in the run's folder.`);
    } catch (error) {
      tell((error as Error).message, true);
    }
  }
}
