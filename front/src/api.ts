// Talking to the server: the same routes that a script would use.

import { uuid } from "./dom";

export class Refused extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** One request; with `keepalive` it outlives the page. Refusals are errors with the server's own sentence; status 0 is no answer at all. */
export async function ask<T>(method: string, path: string, body?: unknown, keepalive = false): Promise<T> {
  const headers: Record<string, string> = { "X-Explora": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      keepalive,
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch {
    throw new Refused(0, "the server does not answer; is it still running?");
  }
  if (answer.status === 204) return undefined as T;
  const said: unknown = await answer.json().catch(() => null);
  if (answer.ok) return said as T;
  const sentence = (said as { error?: string } | null)?.error ?? `the server answered ${answer.status}`;
  throw new Refused(answer.status, sentence);
}

export const get = <T>(path: string): Promise<T> => ask<T>("GET", path);
export const post = <T>(path: string, body: object): Promise<T> => ask<T>("POST", path, body);
export const put = <T>(path: string, body: object, keepalive = false): Promise<T> => ask<T>("PUT", path, body, keepalive);
export const act = <T>(path: string, body: object = {}): Promise<T> => ask<T>("POST", path, { uuid: uuid(), ...body });

export interface Who {
  id: string;
  name: string;
  role: "viewer" | "annotator" | "owner";
  revoked: boolean;
}

export interface Line {
  name: string;
  x: number[];
  y: number[];
  low: number[];
  high: number[];
}

export interface Curves {
  axis: string;
  whole: boolean;
  held_out: Line[];
  metrics: Line[];
  speed: Line;
}

export interface Run {
  name: string;
  recipe: string;
  domain: string;
  state: string;
  created: string;
  command: string;
  title: string;
  further: string[];
  spent: Record<string, number | null> | null;
  records: number;
  tasks: number;
  versions: number;
  suites: string[];
  asks: boolean;
  whole: boolean;
  problem: string | null;
  settings: { path: string; value: string }[];
}

export interface Task {
  id: number;
  parent: number;
  turn: number;
  score: number | null;
  generation: number;
  children: number;
  address: string;
}

export interface Tasks {
  count: number;
  offset: number;
  whole: boolean;
  tasks: Task[];
}

export interface Family {
  task: Task;
  description: string;
  spec: unknown;
  ancestors: Task[];
  children: Task[];
}

export interface Nexts {
  ready: boolean;
  problem: string | null;
  sentence: string;
  turn: number | null;
  new: number;
  edited: number;
  kept: number;
  archive: number;
  tasks: { task: Task; share: number; reasons: Record<string, number>; rank: number; sentence: string }[];
}

export interface Versions {
  suite: string;
  suites: string[];
  tasks: string[];
  turns: number[];
  steps: number[];
  solved: (number | null)[][];
  sentence: string;
  gained: string[];
  forgotten: string[];
}

export interface News {
  state: string;
  whole: boolean;
  problem: string | null;
  records: number;
  tasks: number;
  versions: number;
  turn?: number;
  steps?: number;
  calls?: number;
  episodes?: number;
  seconds?: number;
  metrics?: Record<string, number>;
}

export type Value = string | number | boolean | string[];

export interface Choice {
  value: string | number | boolean;
  name: string;
  key: string;
}

export interface Schema {
  kind: "classes" | "labels" | "numbers" | "text";
  choices: Choice[];
  free: boolean;
  guidelines: string;
}

export interface Question {
  item: string;
  shown: unknown;
  until: number;
  attempt: number;
  draft: Value | null;
}

export interface Undone {
  item: string;
  kind: string;
  value: Value | null;
  question: Question | null;
}

export interface Progress {
  answered: number;
  skipped: number;
  unsure: number;
  pace: number | null;
  seconds: number | null;
  slots: Record<string, number>;
}

export interface Agreed {
  alpha: number | null;
  items: number;
  pairs: { first: string; second: string; items: number; same: number; kappa: number }[];
  disputed: string[];
  people: { id: string; name: string; answered: number; skipped: number; unsure: number; surplus: number; seconds: number | null }[];
}

export type Verdict = "left" | "right" | "tie" | "unsure";

export type Compares = "tasks" | "plays";

export interface Side {
  task: number;
  address: string;
  description: string;
  play: { turn: number; seed: number; greedy: boolean } | null;
}

export interface Compared {
  pair: string;
  what: Compares;
  left: Side;
  right: Side;
  gain: number;
}

export interface Comparing {
  mine: Partial<Record<Verdict, number>>;
  all: number;
  people: number;
  sure: number | null;
  follows: boolean;
}

export interface Rungs {
  versions: { turn: number; weight: number; deviation: number; judged: number }[];
  tie: number;
  raters: Taste["raters"];
}

export interface Taste {
  weights: { feature: string; weight: number; deviation: number; usual: number; scale: number }[];
  tie: number;
  raters: { id: string; name: string; reliability: number }[];
}
