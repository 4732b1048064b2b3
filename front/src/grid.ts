// Grids of letters on a canvas: what a replay shows and what an editor draws on.

export interface Brush {
  letters: string;
  name: string;
  colour: string;
  once: boolean;
}

/** Row, column and heading (quarter turns from looking right; null: nowhere) of whoever walks. */
export type Place = [number, number, number | null];

export interface Marks {
  player?: Place | undefined;
  trail?: Place[] | undefined;
  view?: number | null | undefined;
  cursor?: [number, number] | undefined;
  area?: [number, number, number, number] | undefined;
}

export const USUAL: Brush[] = [
  { letters: ".", name: "floor", colour: "floor", once: false },
  { letters: "#", name: "wall", colour: "wall", once: false },
  { letters: "G", name: "goal", colour: "goal", once: true },
  { letters: ">v<^", name: "player", colour: "player", once: true },
];

const AHEAD: [number, number][] = [[0, 1], [1, 0], [0, -1], [-1, 0]];

function colours(node: Element): (name: string) => string {
  const style = getComputedStyle(node);
  return (name) => style.getPropertyValue(`--grid-${name}`).trim() || "#888";
}

/** Calls when the colours have changed, so that what is drawn in them can be drawn anew. */
export function recoloured(draw: () => void): void {
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

/** How large a cell can be, so that the grid fits. */
export function cellOf(text: string, wide: number, most = 34): number {
  const rows = text.split("\n");
  return Math.max(4, Math.min(most, Math.floor(wide / Math.max(rows.length, rows[0]?.length ?? 1))));
}

/** Which cells somebody sees, as keys "row,column". */
function seen([row, column, heading]: Place, view: number): Set<string> {
  const cells = new Set<string>();
  const [down, right] = AHEAD[heading ?? 0] ?? [0, 1];
  for (let ahead = 0; ahead < view; ahead += 1) {
    for (let aside = -Math.floor(view / 2); aside <= Math.floor(view / 2); aside += 1) {
      cells.add(`${row + ahead * down + aside * right},${column + ahead * right - aside * down}`);
    }
  }
  return cells;
}

export function paint(canvas: HTMLCanvasElement, text: string, brushes: Brush[], cell: number, marks: Marks = {}): void {
  const rows = text.split("\n");
  const wide = (rows[0]?.length ?? 1) * cell;
  const tall = rows.length * cell;
  const fine = Math.max(1, window.devicePixelRatio || 1);
  if (canvas.width !== Math.round(wide * fine) || canvas.height !== Math.round(tall * fine)) {
    canvas.width = Math.round(wide * fine);
    canvas.height = Math.round(tall * fine);
    canvas.style.width = `${wide}px`;
    canvas.style.height = "auto"; // where there is less room it shrinks as a whole
  }
  const on = canvas.getContext("2d");
  if (!on) return;
  const colour = colours(canvas);
  on.setTransform(fine, 0, 0, fine, 0, 0);
  on.clearRect(0, 0, wide, tall);
  const lit = marks.player && marks.view ? seen(marks.player, marks.view) : new Set<string>();
  rows.forEach((line, row) => {
    [...line].forEach((letter, column) => {
      const brush = brushes.find((each) => each.letters.includes(letter));
      const kind = brush?.colour ?? "other";
      const floor = kind === "player" || kind === "floor";
      on.fillStyle = floor ? colour(lit.has(`${row},${column}`) ? "lit" : "floor") : colour(kind);
      on.fillRect(column * cell, row * cell, cell, cell);
      if (kind === "player" && !marks.player) walker(on, [row, column, (brush?.letters.length ?? 1) > 1 ? brush?.letters.indexOf(letter) ?? 0 : null], cell, colour("player"));
      if (kind === "other" && brush) {
        on.fillStyle = colour("ink");
        on.font = `${Math.round(cell * 0.6)}px monospace`;
        on.textAlign = "center";
        on.textBaseline = "middle";
        on.fillText(letter, (column + 0.5) * cell, (row + 0.5) * cell);
      }
    });
  });
  if (cell >= 7) {
    on.strokeStyle = colour("line");
    on.lineWidth = 1;
    on.beginPath();
    for (let row = 0; row <= rows.length; row += 1) { on.moveTo(0, row * cell); on.lineTo(wide, row * cell); }
    for (let column = 0; column * cell <= wide; column += 1) { on.moveTo(column * cell, 0); on.lineTo(column * cell, tall); }
    on.stroke();
  }
  if (marks.trail && marks.trail.length > 1) {
    on.strokeStyle = colour("player");
    on.globalAlpha = 0.45;
    on.lineWidth = Math.max(2, cell / 6);
    on.lineJoin = "round";
    on.beginPath();
    marks.trail.forEach(([row, column], at) => (at === 0 ? on.moveTo((column + 0.5) * cell, (row + 0.5) * cell) : on.lineTo((column + 0.5) * cell, (row + 0.5) * cell)));
    on.stroke();
    on.globalAlpha = 1;
  }
  if (marks.player) walker(on, marks.player, cell, colour("player"));
  if (marks.area) {
    const [top, left, bottom, right] = marks.area;
    frame(on, colour("cursor"), left * cell, top * cell, (right - left + 1) * cell, (bottom - top + 1) * cell);
  }
  if (marks.cursor) frame(on, colour("cursor"), marks.cursor[1] * cell, marks.cursor[0] * cell, cell, cell);
}

function frame(on: CanvasRenderingContext2D, colour: string, x: number, y: number, wide: number, tall: number): void {
  on.strokeStyle = colour;
  on.lineWidth = 3;
  on.strokeRect(x + 1.5, y + 1.5, wide - 3, tall - 3);
}

function walker(on: CanvasRenderingContext2D, [row, column, heading]: Place, cell: number, colour: string): void {
  on.save();
  on.translate((column + 0.5) * cell, (row + 0.5) * cell);
  on.fillStyle = colour;
  on.beginPath();
  if (heading === null) on.arc(0, 0, cell * 0.32, 0, 2 * Math.PI);
  else {
    on.rotate((heading * Math.PI) / 2);
    on.moveTo(cell * 0.4, 0);
    on.lineTo(-cell * 0.3, cell * 0.32);
    on.lineTo(-cell * 0.16, 0);
    on.lineTo(-cell * 0.3, -cell * 0.32);
  }
  on.closePath();
  on.fill();
  on.restore();
}
