// An example that somebody else wrote, to be judged without being told what its author said.

import { h, type Child } from "./dom";

export interface Shown {
  example: string;
  values: Record<string, string | number | null>;
  origin: string | null;
  until: number;
}

type Kind = "invalid" | "skipped";

export function judging(now: Shown | undefined, labels: HTMLElement, judge: (kind: Kind) => void, undo: () => void): Child[] {
  const key = (words: string, name: string, doing: () => void): HTMLElement => h("button", { onclick: doing }, words, " ", h("kbd", {}, name));
  const back = key("Take back", "Ctrl+Z", undo);
  if (!now) return [h("div", { class: "item" }, h("p", { class: "text faint" }, "Nothing to judge now. What others write appears here by itself.")), h("div", { class: "row acts" }, back)];
  const cells = Object.entries(now.values).filter(([, value]) => value !== null);
  const alone = cells.length === 1 ? cells[0] : undefined;
  const picture = now.origin !== null && h("img", { class: "sight", alt: "the item", src: `/api/label/picture?item=${encodeURIComponent(now.origin)}`, onerror: (event: Event) => (event.target as HTMLElement).remove() });
  const body = alone
    ? h("p", { class: "text" }, String(alone[1]))
    : h("table", {}, h("tbody", {}, ...cells.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, String(value))))));
  return [
    h("div", { class: "item", "aria-live": "polite" }, cells.length === 0 && picture, body),
    h("p", {}, "What is right?"),
    labels,
    h("div", { class: "row acts" }, key("It makes no sense", "-", () => judge("invalid")), key("Not for me", "Space", () => judge("skipped")), back),
  ];
}
