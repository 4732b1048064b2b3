// The owner's page: who may come in, what an answer may be, how far people agree.

import { act, ask, get, type Agreed, type Choice, type Schema, type Who } from "./api";
import { fill, h, number, percent, tell, uuid } from "./dom";
import { forget } from "./forget";
import { history } from "./history";
import type { Page } from "./main";

export class Owner implements Page {
  readonly title = "People";
  readonly keys: [string, string][] = [];
  private readonly people = h("div", {});
  private readonly link = h("div", { "aria-live": "polite" });
  private readonly schema = h("div", {});
  private readonly agreed = h("div", {});

  constructor(private readonly own: string) {}

  async show(place: HTMLElement): Promise<void> {
    document.title = "People · explora";
    fill(
      place,
      h("section", { class: "first" }, h("h1", {}, "People"), this.people, this.invite(), this.link),
      h("section", {}, h("h2", {}, "What an answer may be"), this.schema),
      h("section", {}, h("h2", {}, "Agreement"), this.agreed),
      h("section", {}, h("h2", {}, "History"), history()),
    );
    await this.listed();
    await this.described();
    await this.compared();
  }

  hide(): void {
    fill(this.link);
  }

  press(): boolean {
    return false;
  }

  private async tried(doing: () => Promise<void>): Promise<void> {
    try {
      await doing();
    } catch (error) {
      tell((error as Error).message, true);
    }
  }

  private async listed(): Promise<void> {
    const found = await get<Who[]>("/api/people");
    const button = (words: string, name: string, doing: () => Promise<void>): HTMLElement =>
      h("button", { class: "plain", "aria-label": `${words}: ${name}`, onclick: () => void this.tried(doing) }, words);
    const row = (one: Who): HTMLElement => {
      const change = async (verb: string): Promise<void> => {
        await act(`/api/people/${one.id}/${verb}`);
        await this.listed();
      };
      const again = async (): Promise<void> => this.offer(await act<{ token: string; person: Who }>(`/api/people/${one.id}/link`));
      const acts = one.revoked ? [button("let in again", one.name, () => change("restore"))] : [button("new link", one.name, again), one.id !== this.own && button("revoke", one.name, () => change("revoke"))];
      if (one.id !== this.own && one.id !== "owner") acts.push(button("delete data", one.name, async () => forget(one, () => this.listed())));
      return h("tr", {}, h("th", { scope: "row" }, one.name), h("td", {}, one.revoked ? `${one.role}, revoked` : one.role), h("td", {}, ...acts));
    };
    fill(this.people, h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, ...found.map(row)))));
  }

  private invite(): HTMLElement {
    const name = h("input", { type: "text", required: true, maxlength: 80, autocomplete: "off" });
    const role = h("select", {}, ...["annotator", "viewer", "owner"].map((each) => h("option", { value: each }, each)));
    return h("form", { class: "row", onsubmit: (event) => {
      event.preventDefault();
      void this.tried(async () => {
        this.offer(await act<{ token: string; person: Who }>("/api/people", { name: name.value, role: role.value }));
        name.value = "";
        await this.listed();
      });
    } }, h("label", { class: "field" }, "name", name), h("label", { class: "field" }, "role", role), h("button", {}, "Invite"));
  }

  private offer(found: { token: string; person: Who }): void {
    const address = `${location.origin}/#token=${found.token}`;
    const field = h("input", { type: "text", readonly: true, value: address, "aria-label": "link" });
    const copy = async (): Promise<void> => {
      field.select();
      await navigator.clipboard.writeText(address);
      tell("Copied.");
    };
    fill(this.link, h("p", {}, `Send this link to ${found.person.name}. It opens one browser, once, within a week, and is shown only now.`), h("div", { class: "row" }, field, h("button", { onclick: () => void this.tried(copy) }, "Copy")));
  }

  private async described(): Promise<void> {
    await this.tried(async () => this.form(await get<Schema>("/api/label/schema")));
  }

  private form(schema: Schema): void {
    const kinds: [Schema["kind"], string][] = [["classes", "one of several labels"], ["labels", "any number of labels"], ["numbers", "a number"], ["text", "a text"]];
    const kind = h("select", {}, ...kinds.map(([value, words]) => h("option", { value, selected: value === schema.kind }, words)));
    const labels = h("textarea", { rows: Math.min(12, schema.choices.length + 2), spellcheck: false });
    labels.value = schema.choices.map((choice) => (choice.key ? `${choice.key} ${choice.name}` : choice.name)).join("\n");
    const free = h("input", { type: "checkbox" });
    free.checked = schema.free;
    const guidelines = h("textarea", { rows: 6, maxlength: 20000 });
    guidelines.value = schema.guidelines;
    const save = async (): Promise<void> => {
      const choices = labels.value.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => choice(line, schema.choices));
      const body = { uuid: uuid(), kind: kind.value, choices, free: free.checked, guidelines: guidelines.value };
      this.form(await ask<Schema>("PUT", "/api/label/schema", body));
      tell("Saved.");
    };
    const back = async (): Promise<void> => this.form(await act<Schema>("/api/label/schema/undo"));
    fill(
      this.schema,
      h("form", { class: "stack", onsubmit: (event) => { event.preventDefault(); void this.tried(save); } },
        h("label", { class: "field" }, "an answer is", kind),
        h("label", { class: "field" }, "labels, one a line, each after its key", labels),
        h("label", {}, free, " others may be typed"),
        h("label", { class: "field" }, "guidelines", guidelines),
        h("div", { class: "row" }, h("button", {}, "Save"), h("button", { type: "button", class: "plain", onclick: () => void this.tried(back) }, "Take back the last change"))),
    );
  }

  private async compared(): Promise<void> {
    let found: Agreed;
    try {
      found = await get<Agreed>("/api/label/agreement");
    } catch (error) {
      fill(this.agreed, h("p", { class: "faint" }, (error as Error).message));
      return;
    }
    const table = (head: string[], rows: string[][]): HTMLElement =>
      h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ...head.map((each) => h("th", { scope: "col" }, each)))), h("tbody", {}, ...rows.map((cells) => h("tr", {}, ...cells.map((cell) => h("td", {}, cell)))))));
    fill(
      this.agreed,
      h("p", {}, found.alpha === null ? "No item has been answered by two people yet." : `Krippendorff's α is ${number(found.alpha)} over ${number(found.items)} items that more than one person answered; 1 is complete agreement, 0 that of chance.`),
      found.people.length > 0 && table(["person", "labels", "skipped", "unsure", "too late", "s each"], found.people.map((one) => [one.name, ...[one.answered, one.skipped, one.unsure, one.surplus].map((count) => number(count)), number(one.seconds, 2)])),
      found.pairs.length > 0 && table(["person", "and", "items", "same", "Cohen's κ"], found.pairs.map((pair) => [pair.first, pair.second, number(pair.items), percent(pair.same / pair.items), number(pair.kappa)])),
      found.disputed.length > 0 && h("details", {}, h("summary", {}, `${found.disputed.length} items with different answers`), h("p", { class: "small" }, found.disputed.join(", "))),
    );
  }
}

function choice(line: string, known: Choice[]): Choice {
  const parted = /^(\S) (.+)$/u.exec(line);
  const [key, name] = parted ? [(parted[1] ?? "").toLowerCase(), (parted[2] ?? "").trim()] : ["", line];
  const old = known.find((each) => each.name === name);
  return { key, name, value: old ? old.value : name };
}
