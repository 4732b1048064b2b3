// What people did, newest first: both logs as one, a page at a time.

import { get, type Who } from "./api";
import { h, tell } from "./dom";

interface Entry {
  log: string;
  id: number;
  time: number;
  person: string;
  kind: string;
  item: string | null;
  data: unknown;
}

interface Page {
  entries: Entry[];
  next: string | null;
}

const MOST = 50;

/** The history, which is read when somebody opens it and goes on as they ask for more. */
export function history(): HTMLElement {
  const rows = h("tbody", {});
  const more = h("button", { type: "button", class: "plain" }, "Earlier");
  const head = ["time", "person", "did", "item", "details"].map((name) => h("th", { scope: "col" }, name));
  const table = h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "what people did, newest first" }, h("table", {}, h("thead", {}, h("tr", {}, ...head)), rows));
  let names: Map<string, string> | null = null;
  let from: string | null = null;
  const read = async (): Promise<void> => {
    more.disabled = true;
    try {
      names ??= new Map((await get<Who[]>("/api/people")).map((one) => [one.id, one.name]));
      const known = names;
      const found = await get<Page>(`/api/history?newest=true&most=${MOST}${from === null ? "" : `&from=${encodeURIComponent(from)}`}`);
      rows.append(...found.entries.map((entry) => row(entry, known)));
      from = found.next;
      more.hidden = from === null;
    } catch (error) {
      tell((error as Error).message, true);
    } finally {
      more.disabled = false;
    }
  };
  more.addEventListener("click", () => void read());
  const box = h("details", {}, h("summary", {}, "What was done, by whom and when"), table, more);
  box.addEventListener("toggle", () => {
    if (!box.open) return;
    rows.replaceChildren(); // whoever opens it again wants what is new
    names = from = null;
    void read();
  });
  return box;
}

function row(entry: Entry, names: Map<string, string>): HTMLElement {
  const time = new Date(entry.time * 1000);
  const said = detail(entry.data);
  return h(
    "tr",
    {},
    h("td", {}, h("time", { datetime: time.toISOString() }, time.toLocaleString())),
    h("th", { scope: "row" }, names.get(entry.person) ?? entry.person),
    h("td", {}, entry.kind),
    h("td", {}, entry.item ?? ""),
    h("td", {}, said.length > 200 ? `${said.slice(0, 200)}…` : said),
  );
}

/** The label for an answer; else whatever is known, as text. */
function detail(data: unknown): string {
  if (data === null || typeof data !== "object") return data === null ? "" : String(data);
  if ("value" in data) return data.value === null ? "" : JSON.stringify(data.value);
  return Object.keys(data).length ? JSON.stringify(data) : "";
}
