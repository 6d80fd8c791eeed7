/**
 * One certificate with what a path is judged by. The X.509 library reads keys, times and the usual extensions; what it
 * does not show, or shows as text only, is read from the structure: version, serial number, names and their constraints.
 */
import type { X509Certificate } from "@peculiar/x509";
import type { BaseBlock } from "asn1js";
import { toHex } from "../codec/byte-strings.ts";
import { err, ok, type Result } from "../result.ts";
import {
  CONTEXT,
  contentOf,
  type DirectoryName,
  directoryNameOf,
  type Element,
  elementsOf,
  emailAddressesOf,
  encodedElement,
  type GeneralName,
  generalNameOf,
} from "./general-names.ts";
import {
  isAddressConstraint,
  isHostConstraint,
  isMailConstraint,
  type NameConstraints,
  type Subtree,
} from "./name-constraints.ts";
import type { X509Error } from "./x509-verifier.ts";

export type Library = { readonly x509: typeof import("@peculiar/x509"); readonly asn1: typeof import("asn1js") };

export type Certificate = {
  readonly x509: X509Certificate;
  readonly issuer: string;
  readonly subject: string;
  /** Every name that constraints are about: the subject, the addresses in it, and the alternative names. */
  readonly names: readonly GeneralName[];
  readonly constraints: NameConstraints | undefined;
};

/** Names of one certificate, and subtrees of one: they bound what comparing them costs. */
const MAX_NAMES = 100;

const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
const NAME_CONSTRAINTS = "2.5.29.30";

/** Reads DER. An error says that it is no certificate, or one that RFC 5280 §4.1 and §4.2 do not allow. */
export function readCertificate(library: Library, der: Uint8Array): Result<Certificate, X509Error> {
  if (!isOneSequence(der)) return malformed("a certificate of the chain is not DER of a certificate");
  try {
    const x509 = new library.x509.X509Certificate(Uint8Array.from(der));
    readAll(x509);
    return structureOf(library, x509);
  } catch {
    return malformed("a certificate of the chain is not DER of a certificate");
  }
}

/** The library reads these when they are first asked for, and throws for those that it cannot read. */
const readAll = ({ publicKey, notBefore, notAfter, subject }: X509Certificate): unknown => [
  publicKey,
  notBefore,
  notAfter,
  subject,
];

const malformed = (message: string) => err<X509Error>({ code: "Malformed", message });

/** A DER SEQUENCE with a long length that ends with the input: the parser would leave bytes after it unread. */
function isOneSequence(der: Uint8Array): boolean {
  const lengthBytes = (der[1] ?? 0) - 0x80;
  if (der[0] !== 0x30 || lengthBytes < 1 || lengthBytes > 3) return false;
  let length = 0;
  for (const byte of der.subarray(2, 2 + lengthBytes)) length = length * 256 + byte;
  return der.length === 2 + lengthBytes + length;
}

const MAX_SERIAL_NUMBER_BYTES = 20;

function structureOf(library: Library, x509: X509Certificate): Result<Certificate, X509Error> {
  const [signed, outerAlgorithm] = elementsOf(library.asn1.fromBER(x509.rawData).result);
  const fields = elementsOf(signed);
  const hasVersion = fields[0]?.idBlock.tagClass === CONTEXT;
  const [serial, algorithm, issuer, , subject] = hasVersion ? fields.slice(1) : fields;
  if (!serial || !algorithm || !outerAlgorithm || !issuer || !subject)
    return malformed("a certificate has a field too few");
  if (toHex(encodedElement(algorithm)) !== toHex(encodedElement(outerAlgorithm))) {
    return malformed("a certificate names two signature algorithms");
  }
  if (x509.extensions.length > 0 && versionOf(fields[0]) !== 3) {
    return malformed("a certificate has extensions and is not of version 3");
  }
  const number = contentOf(serial);
  if (((number[0] ?? 0x80) & 0x80) !== 0 || number.length > MAX_SERIAL_NUMBER_BYTES) {
    return malformed(`expected a serial number of at most ${MAX_SERIAL_NUMBER_BYTES} bytes that is not negative`);
  }
  const twice = x509.extensions.find(({ type }, i, all) => all.findIndex((other) => other.type === type) !== i);
  if (twice) return malformed(`a certificate has extension ${twice.type} more than once`);
  if (elementsOf(issuer).length === 0) return malformed("a certificate has an issuer without a name");
  return namesOf(library, x509, issuer, subject);
}

function versionOf(field: Element | undefined): number {
  const [number] = elementsOf(field);
  return number === undefined ? 1 : (contentOf(number)[0] ?? 0) + 1;
}

function namesOf(
  library: Library,
  x509: X509Certificate,
  issuer: Element,
  subject: Element,
): Result<Certificate, X509Error> {
  const extension = x509.getExtension(SUBJECT_ALTERNATIVE_NAME);
  const alternative = extension ? elementsOf(parsed(library, extension.value)).map(generalNameOf) : [];
  const hasSubject = elementsOf(subject).length > 0;
  // RFC 5280 §4.1.2.6: whom a certificate is about stands in one of the two, and then is not to be overlooked.
  if (!hasSubject && (alternative.length === 0 || extension?.critical !== true)) {
    return malformed("a certificate has neither a subject nor critical alternative names");
  }
  if (extension !== null && alternative.length === 0)
    return malformed("a certificate has no alternative name in the list");
  const constraints = constraintsOf(library, x509);
  if (!constraints.ok) return constraints;
  const subjectName = directoryNameOf(subject);
  const inSubject: readonly GeneralName[] = hasSubject ? [{ form: "directory", name: subjectName }] : [];
  const addresses = emailAddressesOf(subject).map((text): GeneralName => ({ form: "email", text }));
  const names = [...inSubject, ...addresses, ...alternative];
  if (names.length > MAX_NAMES) return malformed(`expected at most ${MAX_NAMES} names in a certificate`);
  const [issuerKey, subjectKey] = [keyOf(directoryNameOf(issuer)), keyOf(subjectName)];
  return ok({ x509, issuer: issuerKey, subject: subjectKey, names, constraints: constraints.value });
}

const keyOf = (name: DirectoryName): string => JSON.stringify(name);

/** Throws RangeError for what is not one element to its end. */
function parsed({ asn1 }: Library, der: ArrayBuffer): BaseBlock {
  const { offset, result } = asn1.fromBER(der);
  if (offset !== der.byteLength) throw new RangeError("not one element");
  return result as BaseBlock;
}

function constraintsOf(library: Library, x509: X509Certificate): Result<NameConstraints | undefined, X509Error> {
  const extension = x509.getExtension(NAME_CONSTRAINTS);
  if (extension === null) return ok(undefined);
  // RFC 5280 §4.2.1.10: only authorities have them.
  if (x509.getExtension(library.x509.BasicConstraintsExtension)?.ca !== true) {
    return malformed("a certificate that is no authority has name constraints");
  }
  const lists = elementsOf(parsed(library, extension.value));
  const [permitted, excluded] = [0, 1].map((tag) => lists.filter(({ idBlock }) => idBlock.tagNumber === tag));
  const subtrees = lists.flatMap(elementsOf);
  if (
    subtrees.length === 0 ||
    subtrees.length > MAX_NAMES ||
    (permitted?.length ?? 0) + (excluded?.length ?? 0) !== lists.length
  ) {
    return malformed(`expected name constraints of 1 to ${MAX_NAMES} subtrees`);
  }
  const read = (which: readonly Element[] = []) => which.flatMap(elementsOf).map(subtreeOf);
  const [inside, outside] = [read(permitted), read(excluded)];
  const refused = [...inside, ...outside].find((subtree) => !subtree.ok);
  if (refused !== undefined && !refused.ok) return refused;
  const values = (results: readonly Result<Subtree, X509Error>[]) =>
    results.flatMap((one) => (one.ok ? one.value : []));
  return ok({ permitted: values(inside), excluded: values(outside) });
}

function subtreeOf(subtree: Element): Result<Subtree, X509Error> {
  const [element, ...bounds] = elementsOf(subtree);
  if (element === undefined) return malformed("a name constraint without a name");
  const base = generalNameOf(element);
  if (base.form === "unsupported" || bounds.length > 0) {
    const what =
      bounds.length > 0
        ? "with a minimum or maximum"
        : `on names of form ${base.form === "unsupported" ? base.tag : 0}`;
    return err({ code: "UnknownCriticalExtension", message: `a name constraint ${what} is not processed here` });
  }
  return isConstraint(base) ? ok(base) : malformed("a name constraint is none of its form");
}

function isConstraint(base: Subtree): boolean {
  if (base.form === "ip") return isAddressConstraint(base.bytes);
  if (base.form === "email") return isMailConstraint(base.text);
  return base.form === "directory" || isHostConstraint(base.text);
}
