// Gold: items whose answers the owner knows, how often they are slipped in, how people do on them.

import { act, ask, get, type Schema, type Value } from "./api";
import { words } from "./decide";
import { fill, h, number, percent, tell, uuid } from "./dom";

interface AllGold {
  rate: number;
  tolerance: number;
  items: { item: string; value: Value; stands: boolean }[];
  people: { id: string; name: string; right: number; answered: number; low: number; high: number; none: number }[];
}

const AT_ONCE = 50;

export class Gold {
  readonly node = h("div", { class: "stack" });

  async load(): Promise<void> {
    try {
      this.draw(await get<AllGold>("/api/label/gold"));
    } catch (error) {
      fill(this.node, h("p", { class: "faint" }, (error as Error).message));
    }
  }

  private async tried(doing: () => Promise<void>): Promise<void> {
    try {
      await doing();
      await this.load();
    } catch (error) {
      tell((error as Error).message, true);
    }
  }

  private draw(found: AllGold): void {
    const rate = h("input", { type: "number", min: 0, max: 50, step: "any", value: String(100 * found.rate), required: true });
    const tolerance = h("input", { type: "number", min: 0, step: "any", value: String(found.tolerance), required: true });
    const save = (): Promise<void> => this.tried(async () => {
      await ask("PUT", "/api/label/gold/rule", { uuid: uuid(), rate: Number(rate.value) / 100, tolerance: Number(tolerance.value) });
      tell("Saved.");
    });
    const item = h("input", { type: "text", required: true, maxlength: 1000, autocomplete: "off" });
    const label = h("input", { type: "text", required: true, maxlength: 1000, autocomplete: "off" });
    const file = h("input", { type: "file", accept: ".csv,.jsonl,text/csv" });
    file.addEventListener("change", () => void this.tried(async () => {
      const chosen = file.files?.[0];
      if (chosen) await send(read(await chosen.text()));
      file.value = "";
    }));
    const off = (name: string): Promise<void> => this.tried(async () => void (await act("/api/label/gold/remove", { item: name })));
    const rows = found.items.filter((each) => each.stands).map((each) => h("tr", {}, h("th", { scope: "row" }, each.item), h("td", {}, words(each.value)), h("td", {}, h("button", { class: "plain", "aria-label": `no gold: ${each.item}`, onclick: () => void off(each.item) }, "no gold"))));
    const people = found.people.map((one) => h("tr", {}, h("th", { scope: "row" }, one.name), h("td", {}, one.answered ? `${percent(one.right / one.answered)} (${percent(one.low)} to ${percent(one.high)})` : "–"), h("td", {}, `${one.right} of ${one.answered}`), h("td", {}, number(one.none))));
    fill(
      this.node,
      h("p", { class: "small" }, "Gold items come among the questions and cannot be told apart; no model learns from what people say of them. Choose items that nobody has answered."),
      h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); void save(); } }, h("label", { class: "field" }, "of the questions [%]", rate), h("label", { class: "field" }, "numbers may differ by", tolerance), h("button", {}, "Save")),
      h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); void this.tried(() => send([[item.value.trim(), label.value.trim()]])); } }, h("label", { class: "field" }, "item", item), h("label", { class: "field" }, "its answer", label), h("button", {}, "Mark")),
      h("label", { class: "field" }, "or a file with the columns id and label (CSV, JSON lines)", file),
      people.length > 0 && h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ...["person", "right, 95% interval", "answers", "no label"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, ...people))),
      rows.length > 0 && h("details", {}, h("summary", {}, `${number(rows.length)} items are gold`), h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, ...rows)))),
    );
  }
}

async function send(known: [string, string][]): Promise<void> {
  const schema = await get<Schema>("/api/label/schema");
  const value = (text: string): Value => {
    if (schema.kind === "numbers") return Number(text);
    if (schema.kind === "labels") return text.split("|").map((part) => part.trim()).filter(Boolean);
    return schema.choices.find((choice) => choice.name === text)?.value ?? text;
  };
  let marked = 0;
  const refused: string[] = [];
  for (let at = 0; at < known.length; at += AT_ONCE) {
    const items = known.slice(at, at + AT_ONCE).map(([item, text]) => ({ item, value: value(text) }));
    const found = await act<{ marked: number; refused: string[] }>("/api/label/gold", { items });
    marked += found.marked;
    refused.push(...found.refused);
  }
  tell(`${marked} items are gold.`);
  if (refused.length) tell(`${refused.length} were refused: ${refused[0] ?? ""}`, true);
}

/** The columns `id` and `label` of CSV or JSON lines. */
function read(source: string): [string, string][] {
  const lines = source.split(/\r?\n/).filter((line) => line.trim());
  if (lines[0]?.startsWith("{")) {
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>).map((row) => [String(row["id"]), Array.isArray(row["label"]) ? row["label"].join("|") : String(row["label"])]);
  }
  const [head, ...rows] = lines.map(cells);
  const [id, label] = [head?.indexOf("id") ?? -1, head?.indexOf("label") ?? -1];
  if (id < 0 || label < 0) throw new Error("The file needs the columns id and label.");
  return rows.map((row): [string, string] => [row[id] ?? "", row[label] ?? ""]).filter(([item, text]) => item !== "" && text !== "");
}

function cells(line: string): string[] {
  const found = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return Array.from(found, (each) => (each[1]?.replaceAll('""', '"') ?? each[2] ?? "").trim());
}
