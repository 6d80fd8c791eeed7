/** A directory to be broken, owners and claimers who use it, and the commands of a runbook's page run against it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type LocalWorker, startWorker } from "../local-worker.ts";
import { localRegistration } from "../registration-requests.ts";
import { newSigner, sampleKeyPackages } from "../sample-packages.ts";
import { type Issuer, newIssuer } from "../tokens.ts";
import { bundle, readDeployment } from "../worker-deployment.ts";
import { commandsOf } from "./runbook-page.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const REASON = "a rehearsal, “ré”";

/** A name that is another one in an address, unless it is encoded: curl leaves out what follows `#`, and asks for `name`. */
export const trickyName = (name: string): string => `${name}#1234/Zoë's "$x"?`;

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member; what is missing fails the rehearsal
type Json = any;

export type Answer = { readonly status: number; readonly json: Json };

export type Owner = {
  readonly user: string;
  readonly register: () => Promise<Answer>;
  readonly publish: (count: number, lastResort?: boolean) => Promise<Answer>;
};

export type Start = {
  /** Whether D1 gets its tables first, as `npm run deploy` has it. */
  readonly isMigrated?: boolean;
  /** Makes another Worker of the real one. */
  readonly change?: (script: string) => string;
};

export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), "kpd-rehearsal-"));
  readonly storage = join(this.folder, "storage");
  /** Commands of the page that were run. */
  readonly run = new Set<string>();
  readonly #commands: ReadonlyMap<string, string>;
  readonly #script = bundle("src/worker.ts");
  readonly #issuer: Issuer;
  #worker: LocalWorker | undefined;

  private constructor(page: string, issuer: Issuer) {
    this.#commands = commandsOf(readFileSync(join(ROOT, page), "utf8"));
    this.#issuer = issuer;
  }

  static async open(page: string): Promise<Stage> {
    return new Stage(page, await newIssuer());
  }

  get address(): string {
    if (!this.#worker) throw new Error("the directory does not run");
    return this.#worker.address;
  }

  /** Commands of the page that were not run. */
  get unused(): readonly string[] {
    return [...this.#commands.keys()].filter((name) => !this.run.has(name));
  }

  /** Starts the directory on the storage that there is. */
  async start(
    settings: Readonly<Record<string, string>> = {},
    { isMigrated = true, change }: Start = {},
  ): Promise<void> {
    mkdirSync(this.storage, { recursive: true });
    const deployment = readDeployment();
    this.#worker = await startWorker({
      deployment: isMigrated ? deployment : { ...deployment, migrations: [] },
      script: change ? change(this.#script) : this.#script,
      variables: { ...this.#issuer.settings, ...settings },
      state: this.storage,
    });
  }

  async stop(): Promise<void> {
    await this.#worker?.stop();
    this.#worker = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  token(user: string, client: string, scope: string): Promise<string> {
    return this.#issuer.token(user, client, scope);
  }

  async call(method: string, path: string, token: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.address + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        // Of operators alone; others may say what they like there.
        "operator-reason": encodeURIComponent(REASON),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: (await response.json()) as Json };
  }

  /** The phone of a user. */
  async owner(user: string): Promise<Owner> {
    const signer = await newSigner();
    const client = `/v1/users/${encodeURIComponent(user)}/clients/phone`;
    const token = () => this.token(user, "phone", "key-packages:publish");
    return {
      user,
      register: async () => this.call("PUT", client, await token(), await localRegistration(user, "phone", signer)),
      publish: async (count, lastResort = false) =>
        this.call("POST", `${client}/key-packages`, await token(), {
          key_packages: await sampleKeyPackages({ identity: user, signer, count, lastResort }),
        }),
    };
  }

  async claim(user: string, by = "bob"): Promise<Answer> {
    const token = await this.token(by, "laptop", "key-packages:claim");
    return this.call("POST", `/v1/users/${encodeURIComponent(user)}/claims`, token, {});
  }

  /** Runs a command of the page as an operator would, and returns what it printed. Throws if it fails. */
  async command(name: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
    const ran = await this.tryCommand(name, more);
    if (ran.code !== 0) throw new Error(`the command ${name} ended with ${ran.code}:\n${ran.said}`);
    return ran.said;
  }

  /** The same for one that may fail. */
  async tryCommand(name: string, more: Readonly<Record<string, string>> = {}) {
    const text = this.#commands.get(name);
    if (text === undefined) throw new Error(`the page has no command ${name}`);
    this.run.add(name);
    const tokenFile = join(this.folder, "operator.token");
    writeFileSync(tokenFile, await this.token("operator", "console", "directory:admin"), { mode: 0o600 });
    const child = spawn("bash", ["-euo", "pipefail", "-c", text], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        DIRECTORY_URL: this.address,
        TOKEN_FILE: tokenFile,
        STORAGE: this.storage,
        REASON,
        ...more,
      },
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        said += chunk;
      });
    }
    const [code] = (await once(child, "close")) as [number | null];
    return { code, said };
  }
}

/** Throws if what was promised does not hold. */
export function expect(what: string, holds: boolean, got?: unknown): void {
  if (!holds) throw new Error(`expected: ${what}${got === undefined ? "" : `, got ${JSON.stringify(got)}`}`);
}
