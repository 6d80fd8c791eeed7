/** Registrations: which signature keys a client vouches for its packages with. */
import { Hono } from "hono";
import type { SignatureKey } from "../../../contract/pool-messages.ts";
import { SignatureScheme, type SignatureSchemeName, signatureSchemeName } from "../../../mls/ciphersuite.ts";
import { signaturePublicKeyDefect } from "../../../mls/keys/public-keys.ts";
import { fromBase64Url } from "../../../shared/base64url.ts";
import { authenticate } from "../../auth/authenticate.ts";
import { owner } from "../../auth/owner.ts";
import type { AppEnv } from "../../bindings.ts";
import { bodyLimit } from "../../middleware/body-limit.ts";
import { accept, type Checked, problem, refuse } from "../../refusals/refusal.ts";
import { callPool } from "../../upstream/pool.ts";
import { currentRestoreEpoch } from "../../upstream/restore-epoch-cache.ts";
import { clientViewBody } from "../../wire/bodies.ts";
import { readJson } from "../../wire/read-json.ts";
import { registerRequest } from "./schemas.ts";

const CLIENT = "/v1/users/:user/clients/:client";
const publisher = authenticate("key-packages:publish");

export const clients = new Hono<AppEnv>()
  .put(CLIENT, publisher, owner, bodyLimit, async (c) => {
    const request = readJson(registerRequest, c.req.header("Content-Type"), c.get("body"));
    if (!request.ok) return problem(c, request.refusal);
    const signatureKeys = readSignatureKeys(request.value.signature_keys);
    if (!signatureKeys.ok) return problem(c, signatureKeys.refusal);
    const { user, client } = c.get("owned");
    const call = { user, client, restoreEpoch: await currentRestoreEpoch(c.env.DB) };
    const registered = await callPool(c.env, user, "safe", (pool) =>
      pool.register({ ...call, signatureKeys: signatureKeys.value }),
    );
    if (!registered.ok) return problem(c, registered.refusal);
    const answer = registered.value;
    if (answer.outcome === "too_many_clients") return problem(c, { code: "too_many_clients" });
    if (answer.outcome === "signature_key_conflict") {
      const scheme = signatureSchemeName(answer.scheme as SignatureScheme);
      const detail = `another key is registered for ${scheme}; to rotate it, delete the client and register anew`;
      return problem(c, { code: "signature_key_conflict", detail });
    }
    if (answer.outcome === "created") {
      const view = { registration: answer.registration, inventory: [] };
      return c.json({ user, ...clientViewBody(c.env, view) }, 201);
    }
    const found = await callPool(c.env, user, "safe", (pool) => pool.getClient(call));
    if (!found.ok) return problem(c, found.refusal);
    if (found.value.outcome !== "found") return problem(c, { code: found.value.outcome });
    return c.json({ user, ...clientViewBody(c.env, found.value.view) });
  })
  .get(CLIENT, publisher, owner, async (c) => {
    const { user, client } = c.get("owned");
    const call = { user, client, restoreEpoch: await currentRestoreEpoch(c.env.DB) };
    const found = await callPool(c.env, user, "safe", (pool) => pool.getClient(call));
    if (!found.ok) return problem(c, found.refusal);
    if (found.value.outcome !== "found") return problem(c, { code: found.value.outcome });
    return c.json({ user, ...clientViewBody(c.env, found.value.view) });
  })
  .delete(CLIENT, publisher, owner, async (c) => {
    const { user, client } = c.get("owned");
    const call = { user, client, restoreEpoch: await currentRestoreEpoch(c.env.DB) };
    // Not repeated: after a lost reply the second call would say that there never was such a client.
    const revoked = await callPool(c.env, user, "once", (pool) => pool.revoke(call));
    if (!revoked.ok) return problem(c, revoked.refusal);
    if (revoked.value.outcome !== "revoked") return problem(c, { code: revoked.value.outcome });
    c.set("outcomes", { purged: revoked.value.purged });
    return c.json({ user, client, purged: revoked.value.purged });
  });

/** A key that cannot verify anything is refused here: registration is write-once, and every package would fail. */
function readSignatureKeys(
  keys: Readonly<Partial<Record<SignatureSchemeName, string | undefined>>>,
): Checked<readonly SignatureKey[]> {
  const signatureKeys: SignatureKey[] = [];
  for (const [name, text] of Object.entries(keys)) {
    if (text === undefined) continue;
    const publicKey = fromBase64Url(text);
    if (!publicKey) return refuse("invalid_base64", `signature_keys.${name}`);
    const scheme = SignatureScheme[name as SignatureSchemeName];
    const defect = signaturePublicKeyDefect(scheme, publicKey);
    if (defect) return refuse("invalid_signature_key", `signature_keys.${name}: ${defect}`);
    signatureKeys.push({ scheme, publicKey });
  }
  return accept(signatureKeys);
}
