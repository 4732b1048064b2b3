// What rounds amount to: validated fooling rates, and versions × suites.

import { h, number, percent, type Child } from "./dom";

export interface Tally {
  number: number;
  version: number;
  state: string;
  problem: string | null;
  validators: number;
  unanimous: boolean;
  share: number;
  collected: number;
  claimed: number;
  fooled: number;
  agreed: number;
  refuted: number;
  invalid: number;
  waiting: number;
  withdrawn: number;
  rate: number | null;
  low: number;
  high: number;
  train: number | null;
  suite: number | null;
}

export interface Table {
  rounds: Tally[];
  matrix: { versions: number[]; suites: string[]; sizes: number[]; right: number[][] } | null;
}

const STATES: Record<string, string> = { open: "open", training: "training the next version", closed: "ended" };

function grid(name: string, head: string[], rows: string[][]): HTMLElement {
  const body = rows.map(([first, ...cells]) => h("tr", {}, h("th", { scope: "row" }, first), ...cells.map((cell) => h("td", {}, cell))));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": name }, h("table", {}, h("thead", {}, h("tr", {}, ...head.map((each) => h("th", { scope: "col" }, each)))), h("tbody", {}, ...body)));
}

export function roundsTable(found: Table): Child[] {
  const rate = (one: Tally): string => (one.rate === null ? "–" : `${percent(one.rate)} (${percent(one.low)} to ${percent(one.high)})`);
  const rows = found.rounds.map((one) => [
    `${one.number}`, `${one.version}`, STATES[one.state] ?? one.state, number(one.collected), number(one.claimed), number(one.fooled), number(one.waiting), number(one.refuted), number(one.invalid), rate(one),
    one.train === null ? "–" : `${number(one.train)} + ${number(one.suite)}`,
  ]);
  const head = ["round", "against version", "state", "examples", "said to fool", "confirmed", "waiting", "refuted", "senseless", "validated fooling rate", "taught + suite"];
  const problems = found.rounds.filter((one) => one.problem !== null).map((one) => h("p", { class: "bad" }, `Round ${one.number} brought no version: ${one.problem ?? ""}`));
  return [
    grid("rounds", head, rows),
    ...problems,
    h("p", { class: "small faint" }, "The rate is confirmed foolings over all examples of the round, each counted once, with Wilson's 95 % interval."),
    ...suites(found.matrix),
  ];
}

function suites(matrix: Table["matrix"]): Child[] {
  if (!matrix) return [];
  const rows = matrix.versions.map((version, row) => [`version ${version}`, ...matrix.suites.map((_, column) => cell(matrix, row, column))]);
  const head = ["", ...matrix.suites.map((suite, column) => `${suite} (${number(matrix.sizes[column])})`)];
  return [
    h("h3", {}, "Versions on the suites of the rounds"),
    grid("versions and suites", head, rows),
    h("p", { class: "small faint" }, "How many are right. A suite was chosen against the version that its round was played against: that one is low on it by construction, and the next ones tell what was learned and kept."),
  ];
}

function cell(matrix: NonNullable<Table["matrix"]>, row: number, column: number): string {
  const right = matrix.right[row]?.[column] ?? 0;
  const size = matrix.sizes[column] ?? 0;
  return size === 0 ? "–" : `${percent(right / size)} (${number(right)})`;
}
