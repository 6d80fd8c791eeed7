/**
 * Makes the certificates of test/vectors/x509 anew: openssl.pem with OpenSSL, and step-ca.pem with smallstep's `step`,
 * whose `--offline` signs with the code of step-ca. Each has fresh keys, which are not kept: the tests read the clients'
 * public keys from the certificates.
 *
 *   node tools/x509-vectors.ts openssl
 *   go install github.com/smallstep/cli/cmd/step@v0.28.7
 *   node tools/x509-vectors.ts step-ca [PATH OF step]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const OUTPUT = join(import.meta.dirname, "../test/vectors/x509");

type Made = {
  readonly by?: string;
  /** Extensions as OpenSSL's configuration has them; a certificate without any is of version 1. */
  readonly extensions: readonly string[];
  readonly key?: "p256" | "ed25519" | "rsa1024" | "rsa3072";
  /** Another certificate of the same name and key as this one. */
  readonly sameAs?: string;
  readonly subject?: string;
  readonly days?: number;
  readonly arguments?: readonly string[];
};

const AUTHORITY = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign", "subjectKeyIdentifier=hash"];
const KEY_IDS = ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"];
const NAMES =
  "subjectAltName=URI:wireapp://alice!phone@example.com,DNS:alice.phone.example.com,email:alice@example.com";
const CLIENT = ["basicConstraints=CA:FALSE", "keyUsage=critical,digitalSignature", ...KEY_IDS];

const authority = (by?: string, more: Partial<Made> = {}): Made => ({
  ...(by === undefined ? {} : { by }),
  extensions: by === undefined ? AUTHORITY : [...AUTHORITY, "authorityKeyIdentifier=keyid"],
  days: 18_250,
  ...more,
});
const client = (by: string, more: Partial<Made> = {}): Made => ({
  by,
  extensions: [...CLIENT, NAMES],
  key: "ed25519",
  days: 3650,
  ...more,
});
const constrained = (constraints: string): Made =>
  authority("root", { extensions: [...AUTHORITY, `nameConstraints=${constraints}`] });
const named = (by: string, names: string): Made => client(by, { extensions: [...CLIENT, `subjectAltName=${names}`] });

/** In DER, in hex: what OpenSSL's configuration cannot say. */
const DER = {
  policyConstraints: "2.5.29.36=DER:3003800100",
  /** A SAN of one DNS name with NUL in it. */
  nul: "subjectAltName=DER:30158213616C6963652E636F6D002E6576696C2E6F7267",
  otherKeyId: `authorityKeyIdentifier=DER:30168014${"11".repeat(20)}`,
  /** Permitted is a registeredID: a form that is not compared. */
  registeredId: "nameConstraints=critical,DER:3009A007300588032A0304",
  /** A permitted DNS subtree with a minimum of 1. */
  minimum: "nameConstraints=critical,DER:3014A0123010820B6578616D706C652E636F6D800101",
  nothing: "nameConstraints=critical,DER:3000",
};

/** Each is made after those that it names. */
const CERTIFICATES: Readonly<Record<string, Made>> = {
  root: authority(),
  middle: authority("root"),
  deep: authority("middle"),
  stranger: authority(),
  rsaroot: authority(undefined, { key: "rsa3072" }),
  rsamiddle: authority("rsaroot"),
  weakroot: authority(undefined, { key: "rsa1024" }),
  weakmiddle: authority("weakroot"),
  sha1middle: authority("rsaroot", { arguments: ["-sha1"] }),
  oldroot: authority(undefined, { days: 1 }),
  oldmiddle: authority("root", { days: 1 }),
  pathlen0: authority("root", { extensions: ["basicConstraints=critical,CA:TRUE,pathlen:0", ...AUTHORITY.slice(1)] }),
  below0: authority("pathlen0"),
  rolled0: authority("pathlen0", { subject: "/CN=pathlen0" }),
  noca: authority("root", { extensions: ["basicConstraints=critical,CA:FALSE", ...AUTHORITY.slice(1)] }),
  nobc: authority("root", { extensions: AUTHORITY.slice(1) }),
  nosign: authority("root", {
    extensions: [AUTHORITY[0] ?? "", "keyUsage=critical,cRLSign", "subjectKeyIdentifier=hash"],
  }),
  v1: authority("root", { extensions: [] }),
  policied: authority("root", { extensions: [...AUTHORITY, DER.policyConstraints] }),
  unknown: authority("root", { extensions: [...AUTHORITY, "1.2.3.4=critical,DER:0500"] }),
  badroot: authority(undefined, { extensions: [...AUTHORITY, "1.2.3.4=critical,DER:0500"] }),
  pair: authority("root", { extensions: [...AUTHORITY, "1.2.3.4=DER:0500", "1.2.3.5=DER:0500"] }),
  serving: authority("root", { extensions: [...AUTHORITY, "extendedKeyUsage=serverAuth"] }),
  loopa: authority(),
  loopb: authority(),
  loopa_by_loopb: authority("loopb", { sameAs: "loopa" }),
  loopb_by_loopa: authority("loopa", { sameAs: "loopb" }),
  middle_by_stranger: authority("stranger", { sameAs: "middle" }),
  uri: constrained("critical,permitted;URI:example.com"),
  uribelow: constrained("critical,permitted;URI:.example.com"),
  nouri: constrained("critical,excluded;URI:example.com"),
  dns: constrained("critical,permitted;DNS:example.com"),
  nodns: constrained("critical,excluded;DNS:phone.example.com"),
  mail: constrained("critical,permitted;email:example.com"),
  mailbox: constrained("critical,permitted;email:alice@example.com"),
  nomail: constrained("critical,excluded;email:.com,excluded;email:example.com"),
  ip: constrained("critical,permitted;IP:10.0.0.0/255.0.0.0,permitted;IP:2001:db8::/ffff:ffff::"),
  noip: constrained("critical,excluded;IP:10.1.0.0/255.255.0.0"),
  directory: constrained("critical,permitted;dirName:inside"),
  nodirectory: constrained("critical,excluded;dirName:inside"),
  soft: constrained("permitted;DNS:example.org"),
  several: constrained("critical,permitted;DNS:example.org,permitted;DNS:example.com,excluded;DNS:evil.example.com"),
  registered: authority("root", { extensions: [...AUTHORITY, DER.registeredId] }),
  minimum: authority("root", { extensions: [...AUTHORITY, DER.minimum] }),
  nothing: authority("root", { extensions: [...AUTHORITY, DER.nothing] }),
  dnsroot: authority(undefined, { extensions: [...AUTHORITY, "nameConstraints=critical,permitted;DNS:example.org"] }),
  outside: authority("directory"),
  by_outside: client("outside", { subject: "/O=Inside/CN=alice" }),
  by_v1: client("v1", { extensions: [...CLIENT.slice(0, 3), NAMES] }),
  short: client("middle", { days: 1 }),
  nousage: client("middle", { extensions: [...KEY_IDS, NAMES] }),
  softleaf: client("middle", { extensions: [...CLIENT, NAMES, "1.2.3.4=DER:0500"] }),
  unknownleaf: client("middle", { extensions: [...CLIENT, NAMES, "1.2.3.4=critical,DER:0500"] }),
  pairleaf: client("middle", { extensions: [...CLIENT, NAMES, "1.2.3.4=DER:0500", "1.2.3.5=DER:0500"] }),
  encipher: client("middle", { extensions: [...KEY_IDS, "keyUsage=critical,keyAgreement", NAMES] }),
  serverleaf: client("middle", { extensions: [...CLIENT, NAMES, "extendedKeyUsage=serverAuth"] }),
  clientleaf: client("middle", { extensions: [...CLIENT, NAMES, "extendedKeyUsage=critical,clientAuth"] }),
  anyleaf: client("middle", { extensions: [...CLIENT, NAMES, "extendedKeyUsage=anyExtendedKeyUsage"] }),
  selfleaf: { extensions: [...CLIENT.slice(0, 3), NAMES], key: "ed25519", days: 3650 },
  constrainedleaf: client("middle", { extensions: [...CLIENT, NAMES, "nameConstraints=permitted;DNS:example.com"] }),
  nobody: client("middle", { subject: "/", extensions: [...CLIENT, NAMES] }),
  onlynames: client("middle", { subject: "/", extensions: [...CLIENT, NAMES.replace("=", "=critical,")] }),
  nul: client("middle", { extensions: [...CLIENT, DER.nul] }),
  wildcard: named("middle", "DNS:*.example.com"),
  wildcard_by_nodns: named("nodns", "DNS:*.example.com"),
  negative: client("middle", { arguments: ["-set_serial", "-5"] }),
  zero: client("middle", { arguments: ["-set_serial", "0"] }),
  longserial: client("middle", { arguments: ["-set_serial", `0x7f${"11".repeat(20)}`] }),
  otherkeyid: client("middle", { extensions: [...CLIENT.slice(0, 3), DER.otherKeyId, NAMES] }),
  urihost_by_uri: named("uri", "URI:wireapp://alice!phone@sub.example.com"),
  urihost_by_uribelow: named("uribelow", "URI:wireapp://alice!phone@sub.example.com"),
  nohost_by_uri: named("uri", "URI:im:alice@example.com"),
  ipuri_by_uri: named("uri", "URI:https://10.0.0.1/alice"),
  nohost_by_nouri: named("nouri", "URI:im:alice@example.org"),
  else_by_nouri: named("nouri", "URI:wireapp://alice!phone@example.org"),
  else_by_dns: named("dns", "DNS:notexample.com"),
  else_by_nodns: named("nodns", "DNS:laptop.example.com"),
  else_by_mail: named("mail", "email:alice@sub.example.com"),
  bob_by_mailbox: named("mailbox", "email:bob@example.com"),
  else_by_nomail: named("nomail", "email:alice@example.org"),
  ip4_by_ip: named("ip", "IP:10.1.2.3"),
  ip6_by_ip: named("ip", "IP:2001:db8::5"),
  else_by_ip: named("ip", "IP:11.1.2.3"),
  else6_by_ip: named("ip", "IP:2001:db9::5"),
  ip4_by_noip: named("noip", "IP:10.1.2.3"),
  else_by_noip: named("noip", "IP:10.2.2.3"),
  inside_by_directory: client("directory", { subject: "/O=Inside/CN=alice" }),
  folded_by_directory: client("directory", { subject: "/O=  INSIDE /CN=alice" }),
  else_by_directory: client("directory", { subject: "/O=Outside/CN=alice" }),
  inside_by_nodirectory: client("nodirectory", { subject: "/O=Inside/CN=alice" }),
  else_by_nodirectory: client("nodirectory", { subject: "/O=Outside/CN=alice" }),
  subjectmail_by_nomail: client("nomail", { subject: "/CN=alice/emailAddress=a@example.com", extensions: CLIENT }),
  evil_by_several: named("several", "DNS:evil.example.com"),
  ...Object.fromEntries(
    (
      "root middle deep stranger rsamiddle weakmiddle sha1middle oldroot oldmiddle pathlen0 below0 rolled0 noca nobc nosign " +
      "policied unknown badroot pair serving loopa loopb uri uribelow nouri dns nodns mail mailbox nomail ip soft several " +
      "registered minimum nothing dnsroot"
    )
      .split(" ")
      .map((by) => [`by_${by}`, client(by)]),
  ),
};

const KEY_ARGUMENTS = {
  p256: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  ed25519: ["-algorithm", "ED25519"],
  rsa1024: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
  rsa3072: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
};

function makeWithOpenssl(folder: string): string {
  const run = (command: string, ...rest: readonly string[]) =>
    execFileSync("openssl", [command, ...rest], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] }).toString();
  const blocks = Object.entries(CERTIFICATES).map(([name, made]) => {
    const owner = made.sameAs ?? name;
    const key = `${owner}.key`;
    if (made.sameAs === undefined) run("genpkey", ...KEY_ARGUMENTS[made.key ?? "p256"], "-out", key);
    run("req", "-new", "-key", key, "-subj", made.subject ?? `/CN=${owner}`, "-out", "request");
    writeFileSync(join(folder, "ext"), `[made]\n${made.extensions.join("\n")}\n[inside]\nO=Inside\n`);
    const extensions = made.extensions.length > 0 ? ["-extfile", "ext", "-extensions", "made"] : [];
    const issuer = made.by === undefined ? ["-signkey", key] : ["-CA", `${made.by}.pem`, "-CAkey", `${made.by}.key`];
    const serial = made.by === undefined || made.arguments?.includes("-set_serial") ? [] : ["-CAcreateserial"];
    const days = ["-days", String(made.days ?? 3650)];
    const more = made.arguments ?? [];
    run("x509", "-req", "-in", "request", ...issuer, ...serial, ...days, ...extensions, ...more, "-out", `${name}.pem`);
    return `# ${name}\n${readFileSync(join(folder, `${name}.pem`), "utf8")}`;
  });
  return `# Made by ${run("version").trim().replace(/ \(.*/, "")} with tools/x509-vectors.ts. by_X was issued by X.\n${blocks.join("")}`;
}

const STEP_NAMES = ["wireapp://alice!phone@example.com", "alice.phone.example.com", "alice@example.com"];

function makeWithStep(folder: string, step: string): string {
  const run = (...rest: readonly string[]) =>
    execFileSync(step, rest, {
      cwd: folder,
      env: { ...process.env, STEPPATH: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
  writeFileSync(join(folder, "password"), "password of no consequence");
  const passwords = ["--password-file", "password", "--provisioner-password-file", "password"];
  const init = [
    "--deployment-type",
    "standalone",
    "--name",
    "Example",
    "--dns",
    "localhost",
    "--address",
    "127.0.0.1:1",
  ];
  run("ca", "init", ...init, "--provisioner", "admin", ...passwords);
  // The authority's configuration allows a day unless it says more.
  const configuration = join(folder, "config/ca.json");
  const ca = JSON.parse(readFileSync(configuration, "utf8"));
  ca.authority.claims = { maxTLSCertDuration: "87600h" };
  writeFileSync(configuration, JSON.stringify(ca));
  const issue = (name: string, ...rest: readonly string[]) => {
    const subject = ["ca", "certificate", "alice", `${name}.pem`, `${name}.key`, "--force", "--offline"];
    const key = [
      "--ca-config",
      configuration,
      "--provisioner",
      "admin",
      ...passwords,
      "--kty",
      "OKP",
      "--crv",
      "Ed25519",
    ];
    run(...subject, ...key, "--not-after", "87000h", ...rest);
    // The file has the chain; the intermediate is there already.
    return readFileSync(join(folder, `${name}.pem`), "utf8").split("-----END CERTIFICATE-----\n")[0] ?? "";
  };
  const client = `${issue("client", ...STEP_NAMES.flatMap((name) => ["--san", name]))}-----END CERTIFICATE-----\n`;
  const authority = (name: string) => readFileSync(join(folder, `certs/${name}_ca.crt`), "utf8");
  const built = execFileSync("go", ["version", "-m", step]).toString();
  const [cli, certificates] = ["cli", "certificates"].map(
    (module) => new RegExp(`github.com/smallstep/${module}\\s+(v\\S+)`).exec(built)?.[1] ?? "unknown",
  );
  return `# Made by step ${cli} (certificates ${certificates}) with tools/x509-vectors.ts: \`step ca init\`, \`step ca certificate --offline\`.\n# root\n${authority("root")}# intermediate\n${authority("intermediate")}# client\n${client}`;
}

const [which, step = "step"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "x509-vectors-"));
try {
  if (which === "openssl") writeFileSync(join(OUTPUT, "openssl.pem"), makeWithOpenssl(folder));
  else if (which === "step-ca") writeFileSync(join(OUTPUT, "step-ca.pem"), makeWithStep(folder, step));
  else throw new Error("expected openssl or step-ca");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
