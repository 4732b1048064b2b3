// Drawing on a grid of letters: with the mouse, a finger or the keyboard.

import { fill, h } from "./dom";
import { cellOf, paint, recoloured, type Brush } from "./grid";

type Tool = "paint" | "box" | "fill";

const TOOLS: [Tool, string, string][] = [
  ["paint", "Paint", "b"],
  ["box", "Rectangle", "r"],
  ["fill", "Fill", "f"],
];

/** The grid with a letter in a cell. What stands only once leaves where it stood; painted again, it turns. */
export function put(text: string, brushes: Brush[], brush: Brush, row: number, column: number): string {
  const rows = text.split("\n").map((line) => [...line]);
  const here = rows[row]?.[column];
  if (here === undefined) return text;
  let letter = brush.letters[0] ?? ".";
  if (brush.once) {
    const empty = brushes[0]?.letters[0] ?? ".";
    if (brush.letters.includes(here)) letter = brush.letters[(brush.letters.indexOf(here) + 1) % brush.letters.length] ?? letter;
    for (const line of rows) {
      line.forEach((each, at) => {
        if (!brush.letters.includes(each)) return;
        if (!brush.letters.includes(here)) letter = each;
        line[at] = empty;
      });
    }
  }
  (rows[row] as string[])[column] = letter;
  return rows.map((line) => line.join("")).join("\n");
}

/** The grid with a rectangle of letters; what stands only once stays. */
export function box(text: string, brushes: Brush[], brush: Brush, [top, left, bottom, right]: [number, number, number, number]): string {
  const kept = brushes.filter((each) => each.once).map((each) => each.letters).join("");
  return text.split("\n").map((line, row) => [...line].map((letter, column) => (row >= top && row <= bottom && column >= left && column <= right && !kept.includes(letter) ? brush.letters[0] ?? letter : letter)).join("")).join("\n");
}

/** The grid with all cells filled that hang together with one and hold the same; what stands only once stays. */
export function flood(text: string, brushes: Brush[], brush: Brush, row: number, column: number): string {
  const rows = text.split("\n").map((line) => [...line]);
  const from = rows[row]?.[column];
  const to = brush.letters[0];
  if (from === undefined || to === undefined || from === to || brushes.some((each) => each.once && each.letters.includes(from))) return text;
  const due: [number, number][] = [[row, column]];
  while (due.length > 0) {
    const [down, right] = due.pop() as [number, number];
    const line = rows[down];
    if (line?.[right] !== from) continue;
    line[right] = to;
    due.push([down + 1, right], [down - 1, right], [down, right + 1], [down, right - 1]);
  }
  return rows.map((line) => line.join("")).join("\n");
}

/** The grid in another size: cut off, or filled up with a letter. */
export function sized(text: string, letter: string, tall: number, wide: number): string {
  const rows = text.split("\n").slice(0, tall).map((line) => line.slice(0, wide).padEnd(wide, letter));
  while (rows.length < tall) rows.push(letter.repeat(wide));
  return rows.join("\n");
}

/** The grid without anything but what stands only once. */
export function cleared(text: string, brushes: Brush[]): string {
  const kept = brushes.filter((each) => each.once).map((each) => each.letters).join("");
  return [...text].map((letter) => (letter === "\n" || kept.includes(letter) ? letter : brushes[0]?.letters[0] ?? letter)).join("");
}

export class Easel {
  readonly node = h("div", { class: "easel group" });
  private readonly canvas = h("canvas", { tabindex: 0, role: "application", "aria-label": "the grid: arrows move, Enter paints" });
  private readonly here = h("p", { class: "small faint", role: "status" });
  private readonly tools = h("div", { class: "row", role: "group", "aria-label": "tools" });
  private readonly colours = h("div", { class: "row", role: "group", "aria-label": "what to paint" });
  private text = "";
  private tool: Tool = "paint";
  private brush: Brush;
  private at: [number, number] = [0, 0];
  private corner: [number, number] | null = null;
  private drawing = false;
  private before = "";

  /** `changed` is told of the new text: once when a stroke is over. */
  constructor(private readonly brushes: Brush[], private readonly changed: (text: string) => void) {
    this.brush = brushes[1] ?? (brushes[0] as Brush);
    fill(this.node, this.colours, this.tools, this.canvas, this.here);
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.moved(event));
    this.canvas.addEventListener("pointerup", () => this.up());
    this.canvas.addEventListener("pointercancel", () => this.up());
    this.canvas.addEventListener("focus", () => this.draw());
    this.canvas.addEventListener("blur", () => this.draw());
    this.canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !this.key(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    new ResizeObserver(() => this.draw()).observe(this.node);
    recoloured(() => this.draw());
    this.choose();
  }

  set(text: string): void {
    if (this.drawing) return;
    this.text = text;
    const rows = text.split("\n");
    this.at = [Math.min(this.at[0], rows.length - 1), Math.min(this.at[1], (rows[0]?.length ?? 1) - 1)];
    this.draw();
  }

  focus(): void {
    this.canvas.focus();
  }

  /** Keys that choose what is painted and how. */
  press(key: string): boolean {
    const brush = this.brushes[Number(key) - 1];
    const tool = TOOLS.find(([, , letter]) => letter === key);
    if (brush) this.brush = brush;
    else if (tool) this.tool = tool[0];
    else return false;
    this.corner = null;
    this.choose();
    return true;
  }

  private key(key: string): boolean {
    const move: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const rows = this.text.split("\n");
    const by = move[key];
    if (by) {
      this.at = [Math.max(0, Math.min(rows.length - 1, this.at[0] + by[0])), Math.max(0, Math.min((rows[0]?.length ?? 1) - 1, this.at[1] + by[1]))];
      this.draw();
    } else if (key === "Enter" || key === " ") {
      if (this.tool === "box" && this.corner === null) {
        this.corner = this.at;
        this.draw();
      } else {
        this.apply();
        this.done();
      }
    } else if (key === "Escape" && this.corner !== null) {
      this.corner = null;
      this.draw();
    } else return false;
    return true;
  }

  private apply(): void {
    const [row, column] = this.at;
    if (this.tool === "fill" && !this.brush.once) this.text = flood(this.text, this.brushes, this.brush, row, column);
    else if (this.tool === "box" && this.corner && !this.brush.once) this.text = box(this.text, this.brushes, this.brush, this.area(this.corner));
    else this.text = put(this.text, this.brushes, this.brush, row, column);
    this.draw();
  }

  private done(): void {
    this.corner = null;
    this.draw();
    this.changed(this.text);
  }

  private area([row, column]: [number, number]): [number, number, number, number] {
    return [Math.min(row, this.at[0]), Math.min(column, this.at[1]), Math.max(row, this.at[0]), Math.max(column, this.at[1])];
  }

  private cell(): number {
    return cellOf(this.text, Math.max(120, Math.min(620, this.node.clientWidth)), 46);
  }

  private under(event: PointerEvent): [number, number] {
    const place = this.canvas.getBoundingClientRect();
    const rows = this.text.split("\n");
    const limit = (share: number, count: number): number => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
    return [limit((event.clientY - place.top) / place.height, rows.length), limit((event.clientX - place.left) / place.width, rows[0]?.length ?? 1)];
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.focus();
    this.canvas.setPointerCapture(event.pointerId);
    this.drawing = true;
    this.before = this.text;
    this.at = this.under(event);
    if (this.tool === "box") this.corner = this.at;
    if (this.tool === "paint" || this.brush.once) this.apply();
    this.draw();
  }

  private moved(event: PointerEvent): void {
    if (!this.drawing) return;
    const next = this.under(event);
    if (next[0] === this.at[0] && next[1] === this.at[1]) return;
    this.at = next;
    if (this.tool === "paint") this.apply();
    else this.draw();
  }

  private up(): void {
    if (!this.drawing) return;
    this.drawing = false;
    if (this.tool !== "paint" && !this.brush.once) this.apply();
    this.corner = null;
    this.draw();
    if (this.text !== this.before) this.changed(this.text);
  }

  private choose(): void {
    fill(this.colours, ...this.brushes.map((brush, i) => h("button", { "aria-pressed": brush === this.brush, title: `key ${i + 1}`, onclick: () => this.press(String(i + 1)) }, h("span", { class: `swatch is-${brush.colour}`, "aria-hidden": true }), `${brush.name} `, h("kbd", {}, String(i + 1)))));
    fill(this.tools, ...TOOLS.map(([tool, name, key]) => h("button", { class: "plain", "aria-pressed": tool === this.tool, onclick: () => this.press(key) }, `${name} `, h("kbd", {}, key))));
    this.draw();
  }

  private draw(): void {
    if (!this.text || this.node.clientWidth === 0) return;
    const focused = document.activeElement === this.canvas;
    paint(this.canvas, this.text, this.brushes, this.cell(), { cursor: focused && !this.drawing ? this.at : undefined, area: this.corner ? this.area(this.corner) : undefined });
    const letter = this.text.split("\n")[this.at[0]]?.[this.at[1]] ?? "";
    const name = this.brushes.find((each) => each.letters.includes(letter))?.name ?? letter;
    fill(this.here, focused ? `Row ${this.at[0] + 1}, column ${this.at[1] + 1}: ${name}.${this.corner ? " Enter sets the other corner." : ""}` : "Draw with the mouse or a finger, or reach the grid with Tab: arrows move, Enter paints.");
  }
}
