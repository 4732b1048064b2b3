// Having a person's data deleted: what goes, what stays and why, and a name to be typed so that it is no accident.

import { act, type Who } from "./api";
import { dialog, fill, h, tell } from "./dom";

export function forget(one: Who, done: () => Promise<void>): void {
  const keep = h("input", { type: "checkbox" });
  const name = h("input", { type: "text", autocomplete: "off", required: true });
  const said = h("div", { "aria-live": "polite" });
  const go = async (): Promise<void> => {
    if (name.value.trim() !== one.name) {
      tell("Type the name as it stands above.", true);
      return;
    }
    const gone = await act<{ remains: string[] }>(`/api/people/${one.id}/forget`, { keep_answers: keep.checked });
    fill(said, h("p", {}, h("b", {}, "Deleted.")), h("ul", {}, ...gone.remains.map((why) => h("li", {}, why))));
    form.hidden = true;
    await done();
  };
  const form = h("form", { class: "stack", onsubmit: (event) => { event.preventDefault(); go().catch((error: Error) => tell(error.message, true)); } },
    h("p", {}, "Name, links, sessions, drafts and answers are deleted for ever, also from the bytes of the files. Models that learned from the answers stay as they are."),
    h("label", {}, keep, " keep the answers, under a name that says nothing"),
    h("label", { class: "field" }, `type “${one.name}” to go on`, name),
    h("div", { class: "row" }, h("button", {}, "Delete for ever")));
  dialog(`Delete the data of ${one.name}`, form, said);
}
