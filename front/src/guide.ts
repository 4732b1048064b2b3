// The page that people read before they answer: what an answer may be, its keys, the guidelines.

import { get, type Schema } from "./api";
import { fill, h, tell } from "./dom";
import type { Page } from "./main";

const KINDS: Record<Schema["kind"], string> = {
  classes: "An answer is one of these labels.",
  labels: "An answer is any number of these labels, also none.",
  numbers: "An answer is a number.",
  text: "An answer is a text.",
};

export class Guide implements Page {
  readonly title = "Guidelines";
  readonly keys: [string, string][] = [];

  async show(place: HTMLElement): Promise<void> {
    document.title = "Guidelines · explora";
    const box = h("div", { class: "guide page" });
    fill(place, h("h1", {}, "Guidelines"), box);
    try {
      const schema = await get<Schema>("/api/label/schema");
      fill(box, ...text(schema.guidelines || "The owner has not written any guidelines yet."), h("h2", {}, "Labels"), h("p", {}, KINDS[schema.kind]), labels(schema));
    } catch (error) {
      tell((error as Error).message, true);
    }
  }

  hide(): void {
    document.title = "explora";
  }

  press(): boolean {
    return false;
  }
}

function labels(schema: Schema): HTMLElement | null {
  if (!schema.choices.length) return null;
  const rows = schema.choices.map((choice) => h("tr", {}, h("td", {}, choice.key && h("kbd", {}, choice.key)), h("td", {}, choice.name)));
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "key"), h("th", { scope: "col" }, "label")));
  return h("div", { class: "scroll" }, h("table", {}, head, h("tbody", {}, ...rows)), h("p", { class: "faint" }, schema.free ? "Another label may be typed." : "No other label is taken."));
}

/** Headings (lines after `#`), lists (lines after `-`) and paragraphs; nothing else, and never markup. */
export function text(source: string): HTMLElement[] {
  const found: HTMLElement[] = [];
  for (const block of source.split(/\n\s*\n/)) {
    let list: HTMLElement | null = null;
    let lines: string[] = [];
    const end = (): void => {
      if (lines.length) found.push(h("p", { class: "text" }, lines.join("\n")));
      lines = [];
    };
    for (const line of block.split("\n")) {
      const heading = /^#{1,3} (.+)$/.exec(line);
      const entry = /^[-*] (.+)$/.exec(line);
      if (heading || entry) end();
      if (heading) found.push(h("h2", {}, heading[1]));
      else if (entry) {
        if (list === null) found.push((list = h("ul", {})));
        list.append(h("li", {}, entry[1]));
        continue;
      } else if (line.trim()) lines.push(line);
      list = null;
    }
    end();
  }
  return found;
}
