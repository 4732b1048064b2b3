// What was said and not yet acknowledged: kept over reloads, sent in order, again and again until an answer comes.

import { ask, Refused, type Value } from "./api";

export interface Message {
  path: string;
  body: { uuid: string; item: string; value?: Value; kind?: string; pair?: string; said?: string; seconds: number };
}

export class Outbox {
  private messages: Message[];
  private sending: Promise<void> | null = null;
  private readonly place: string;

  constructor(who: string, private readonly refused: (message: Message, why: string) => void, private readonly changed: () => void) {
    this.place = `explora-outbox-${who}`;
    this.messages = read(this.place);
  }

  get size(): number {
    return this.messages.length;
  }

  has(item: string): boolean {
    return this.messages.some((message) => message.body.item === item);
  }

  add(message: Message): void {
    this.messages.push(message);
    this.keep();
    void this.flush();
  }

  /** Sends everything; comes back when all is acknowledged or refused. */
  flush(): Promise<void> {
    this.sending ??= this.send().finally(() => {
      this.sending = null;
    });
    return this.sending;
  }

  private async send(): Promise<void> {
    let wait = 250;
    for (let first = this.messages[0]; first; first = this.messages[0]) {
      try {
        await ask("POST", first.path, first.body);
      } catch (error) {
        const status = error instanceof Refused ? error.status : 0;
        if (status === 0 || status === 429 || status >= 500) {
          this.changed();
          await new Promise((done) => setTimeout(done, wait));
          wait = Math.min(8000, wait * 2);
          continue;
        }
        this.refused(first, (error as Error).message);
      }
      wait = 250;
      this.messages = this.messages.filter((message) => message !== first);
      this.keep();
    }
  }

  private keep(): void {
    localStorage.setItem(this.place, JSON.stringify(this.messages));
    this.changed();
  }
}

function read(place: string): Message[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(place) ?? "[]");
    return Array.isArray(found) ? (found as Message[]) : [];
  } catch {
    return [];
  }
}
