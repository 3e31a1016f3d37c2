// What `lbctl lab` needs: networks of namespaces that last until they are taken down. Their code stands in lab/, beside src.

export interface LabTopology {
  readonly name: string;
  readonly summary: string;
  readonly hosts: readonly string[];
  readonly url: string;
  /** With all that belongs to it. */
  readonly up: boolean;
  /** Of a lab of which only a part is there: `host web1`, `lbctl on lb-a`. */
  readonly missing: readonly string[];
}

export const CHAOS_ACTIONS = ['cut', 'silence', 'mend', 'kill', 'pause', 'resume', 'start'] as const;
export type ChaosAction = (typeof CHAOS_ACTIONS)[number];

export interface Chaos {
  readonly action: ChaosAction;
  readonly host: string;
  /** `lbctl`, `web`, or the name of a program as the kernel has it (`keepalived`, `bgpd`). */
  readonly program?: string;
}

export interface LabMeasurement {
  readonly url: string;
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
  /** Longest time without a good answer. */
  readonly longestGapMs: number;
  /** Requests by the name of the server that answered. */
  readonly byServer: Readonly<Record<string, number>>;
  readonly chaos?: Chaos;
}

export interface LabTool {
  list(): Promise<readonly LabTopology[]>;
  /** Resolves when a client gets answers; `slower` times every timer of the lab. */
  up(
    name: string,
    options: { readonly slower: number; readonly say: (line: string) => void },
  ): Promise<LabTopology>;
  /** Whatever is up; ends everything that runs there. Returns whether there was anything. */
  down(name: string): Promise<boolean>;
  /** Runs a command on a host with this terminal; its exit code. */
  exec(name: string, host: string, argv: readonly string[]): Promise<number>;
  /** What was done, in words. */
  chaos(name: string, chaos: Chaos): Promise<string>;
  measure(
    name: string,
    options: { readonly seconds: number; readonly perSecond: number; readonly chaos?: Chaos },
  ): Promise<LabMeasurement>;
  /** Serves until it is ended: a web server or a client of a lab. */
  program(argv: readonly string[]): Promise<void>;
}
