// Line charts with bands, drawn to the width that there is.

import type { Line } from "./api";
import { h, number, percent, s } from "./dom";

const HEIGHT = 190;
const LEFT = 46;
const BOTTOM = 24;
const TOP = 8;
const RIGHT = 10;

function ticks(low: number, high: number, count: number): number[] {
  const span = high - low || 1;
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).find((each) => each >= raw) ?? raw;
  const found: number[] = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(Math.abs(at) < step * 1e-9 ? 0 : at);
  return found;
}

function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${number(value / 1e9)} G`;
  if (size >= 1e6) return `${number(value / 1e6)} M`;
  if (size >= 1e4) return `${number(value / 1e3)} k`;
  return number(value);
}

/** A chart of one curve: a figure with a heading, and what is under the pointer in words. */
export function chart(line: Line, title: string, axis: string, shares: boolean, colour = 0): HTMLElement {
  const value = shares ? percent : short;
  const last = line.y.at(-1);
  const now = h("span", { class: "now" }, last === undefined ? "" : value(last));
  const head = h("figcaption", { class: "row between" }, h("span", {}, title), now);
  const figure = h("figure", { class: `chart c${colour}` }, head);
  if (line.y.length < 2) {
    figure.append(h("p", { class: "faint" }, line.y.length === 1 ? "One point so far." : "Nothing yet."));
    return figure;
  }
  const draw = (width: number): void => {
    figure.querySelector("svg")?.remove();
    figure.append(drawing(line, title, axis, shares, width, now, value));
  };
  let known = 0;
  new ResizeObserver((seen) => {
    const width = Math.floor(seen[0]?.contentRect.width ?? 0);
    if (width > 0 && width !== known) draw((known = width));
  }).observe(figure);
  return figure;
}

function drawing(
  line: Line,
  title: string,
  axis: string,
  shares: boolean,
  width: number,
  now: HTMLElement,
  value: (x: number) => string,
): SVGElement {
  const first = line.x[0] ?? 0;
  const end = line.x.at(-1) ?? 1;
  const values = [...line.y, ...line.low, ...line.high];
  let low = shares ? 0 : values.reduce((a, b) => Math.min(a, b), Infinity);
  let high = shares ? 1 : values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low === high) [low, high] = [low - 1, high + 1];
  const x = (at: number): number => LEFT + ((at - first) / (end - first || 1)) * (width - LEFT - RIGHT);
  const y = (at: number): number => TOP + (1 - (at - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const path = (xs: number[], ys: number[]): string =>
    xs.map((at, i) => `${i ? "L" : "M"}${x(at).toFixed(1)},${y(ys[i] ?? 0).toFixed(1)}`).join("");
  const svg = s("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": `${title} over ${axis}; now ${now.textContent ?? ""}` });
  for (const at of ticks(low, high, 3)) {
    svg.append(s("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(at), y2: y(at) }));
    svg.append(s("text", { x: LEFT - 6, y: y(at) + 4, "text-anchor": "end" }, value(at)));
  }
  for (const at of ticks(first, end, Math.max(2, Math.floor(width / 80)))) {
    svg.append(s("text", { x: x(at), y: HEIGHT - 6, "text-anchor": "middle" }, short(at)));
  }
  if (line.low.length) {
    const back = `${path([...line.x].reverse(), [...line.high].reverse()).replace("M", "L")}Z`;
    svg.append(s("path", { class: "band", d: path(line.x, line.low) + back }));
  }
  svg.append(s("path", { class: "line", d: path(line.x, line.y) }));
  const mark = s("line", { class: "mark", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
  svg.append(mark);
  const usual = now.textContent ?? "";
  svg.addEventListener("pointermove", (event) => {
    const at = first + ((event.clientX - svg.getBoundingClientRect().left - LEFT) / (width - LEFT - RIGHT)) * (end - first);
    const place = nearest(line.x, at);
    const here = line.x[place] ?? 0;
    mark.setAttribute("x1", String(x(here)));
    mark.setAttribute("x2", String(x(here)));
    mark.setAttribute("visibility", "visible");
    now.textContent = `${value(line.y[place] ?? 0)} at ${short(here)}`;
  });
  svg.addEventListener("pointerleave", () => {
    mark.setAttribute("visibility", "hidden");
    now.textContent = usual;
  });
  return svg;
}

function nearest(xs: number[], at: number): number {
  let low = 0;
  let high = xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low > 0 && at - (xs[low - 1] ?? 0) < (xs[low] ?? 0) - at ? low - 1 : low;
}
