// Server-sent events out of chunks of text, by the rules of the HTML standard (section 9.2.6). Pure.

export interface SseEvent {
  readonly event: string;
  readonly data: string;
  readonly id?: string;
}

export class SseReader {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id: string | undefined;

  push(chunk: string): SseEvent[] {
    const lines = (this.#rest + chunk).split(/\r\n|\n/);
    this.#rest = lines.pop() ?? '';
    const events: SseEvent[] = [];
    for (const line of lines) {
      if (line === '') {
        const event = this.#take();
        if (event !== undefined) events.push(event);
      } else this.#line(line);
    }
    return events;
  }

  #line(line: string): void {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id') this.#id = value;
    // A line that starts with a colon is a comment, other fields are not ours.
  }

  #take(): SseEvent | undefined {
    const [event, data, id] = [this.#event, this.#data, this.#id];
    this.#event = '';
    this.#data = [];
    this.#id = undefined;
    if (data.length === 0) return undefined;
    return {
      event: event === '' ? 'message' : event,
      data: data.join('\n'),
      ...(id === undefined ? {} : { id }),
    };
  }
}
