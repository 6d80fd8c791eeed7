/**
 * The fields of a KeyPackage (RFC 9420 §10) with the bytes of each. It shows and does not judge: whether the bytes are a
 * KeyPackage, `KeyPackageIn` alone decides.
 */
import { signatureSchemeName } from "../mls/ciphersuite.ts";
import { toHex } from "../mls/codec/byte-strings.ts";
import { CredentialType } from "../mls/codec/code-points.ts";
import type { Reader } from "../mls/codec/reader.ts";
import { type SuiteProfile, suiteOf } from "../mls/suite-profile.ts";
import { appDataFields } from "./app-data-fields.ts";
import { type Field, type Leaf, leaf, opaque } from "./field.ts";
import { type Body, FieldReader } from "./field-reader.ts";
import { credentialType, extensionType, list, proposalType, suite, time, version } from "./names.ts";
import { printable } from "./text.ts";

const KEY_PACKAGE = "RFC 9420 §10";
const LEAF_NODE = "RFC 9420 §7.2";
const CREDENTIAL = "RFC 9420 §5.3";

export const keyPackageFields = (profile: SuiteProfile): Body =>
  function* (reader) {
    yield reader.u16("version", KEY_PACKAGE, version);
    let scheme = "";
    yield reader.u16("cipher_suite", KEY_PACKAGE, (value) => {
      const known = suiteOf(profile, value);
      if (known) scheme = signatureSchemeName(known.signatureScheme);
      return suite(value, profile);
    });
    yield reader.opaque("init_key", KEY_PACKAGE);
    yield reader.struct("leaf_node", KEY_PACKAGE, leafNodeFields(scheme, profile));
    yield reader.list("extensions", KEY_PACKAGE, extension);
    yield reader.opaque("signature", KEY_PACKAGE);
  };

const leafNodeFields = (scheme: string, profile: SuiteProfile): Body =>
  function* (reader) {
    yield reader.opaque("encryption_key", LEAF_NODE);
    yield reader.value("signature_key", LEAF_NODE, (bytes) => {
      const key = opaque(bytes.opaque());
      return leaf(key.json, `${key.text} ${scheme}`.trim());
    });
    yield reader.struct("credential", CREDENTIAL, credential);
    yield reader.struct("capabilities", LEAF_NODE, capabilities(profile));
    const source = reader.value("leaf_node_source", LEAF_NODE, leafNodeSource);
    yield source;
    if (source.json === 1) yield reader.struct("lifetime", LEAF_NODE, lifetime);
    if (source.json === 3) yield reader.opaque("parent_hash", LEAF_NODE);
    yield reader.list("extensions", LEAF_NODE, extension);
    yield reader.opaque("signature", LEAF_NODE);
  };

function* credential(reader: FieldReader): Iterable<Field> {
  const type = reader.value("credential_type", CREDENTIAL, (bytes) => {
    const value = bytes.u16();
    return { ...credentialType(value), json: value };
  });
  yield type;
  if (type.json === CredentialType.Basic) yield reader.value("identity", CREDENTIAL, identity);
  else if (type.json === CredentialType.X509) yield certificates(reader);
  else yield reader.opaque("content", CREDENTIAL);
}

/** `Certificate certificates<V>`, each `opaque cert_data<V>`. Read apart: a package is one whatever is in its credential. */
function certificates(reader: FieldReader): Field {
  let content = new Uint8Array(0);
  const whole = reader.value("content", CREDENTIAL, (bytes) => {
    content = bytes.opaque().slice();
    return opaque(content);
  });
  const vector = FieldReader.over(content, whole.span.end - content.length);
  const items: Field[][] = [];
  while (vector.remaining > 0 && vector.failure === undefined) items.push([vector.opaque("cert_data", CREDENTIAL)]);
  if (vector.failure !== undefined) return { ...whole, text: `no list of certificates ${whole.text}` };
  return { kind: "list", name: "certificates", source: CREDENTIAL, span: whole.span, items };
}

function identity(reader: Reader): Leaf {
  const content = reader.opaque();
  return leaf(toHex(content), `"${printable(new TextDecoder().decode(content))}" ${opaque(content).text}`);
}

const capabilities = (profile: SuiteProfile): Body =>
  function* (reader) {
    const codePoints = (name: string, named: (value: number) => Leaf) =>
      reader.value(name, LEAF_NODE, (bytes) => list(bytes.u16s(), named));
    yield codePoints("versions", version);
    yield codePoints("cipher_suites", (value) => suite(value, profile));
    yield codePoints("extensions", extensionType);
    yield codePoints("proposals", proposalType);
    yield codePoints("credentials", credentialType);
  };

function* lifetime(reader: FieldReader): Iterable<Field> {
  yield reader.value("not_before", LEAF_NODE, (bytes) => time(bytes.u64()));
  yield reader.value("not_after", LEAF_NODE, (bytes) => time(bytes.u64()));
}

const SOURCES = ["", "key_package", "update", "commit"];

function leafNodeSource(reader: Reader): Leaf & { readonly json: number } {
  const value = reader.u8();
  const name = SOURCES[value];
  if (!name) reader.fail("UnknownValue", `unknown leaf_node_source ${value}`);
  return { json: value, text: name ? `${value} ${name}` : String(value) };
}

const extension: Body = function* (reader) {
  let type = 0;
  let data = new Uint8Array(0);
  yield reader.u16("extension_type", "RFC 9420 §17.3", (value) => {
    type = value;
    return extensionType(value);
  });
  yield reader.value("extension_data", "RFC 9420 §13.4", (bytes) => {
    data = bytes.opaque().slice();
    return opaque(data);
  });
  yield* appDataFields(type, data);
};
