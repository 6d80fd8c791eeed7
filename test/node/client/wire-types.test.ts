/** The types that the SDK is installed with are those of the schemas that the service validates with: tsc says so. */
import { describe, expect, expectTypeOf, it } from "vitest";
import type * as z from "zod/mini";
import type * as wire from "../../../src/client/wire-types.ts";
import type * as claims from "../../../src/http/resources/claims/claim-schemas.ts";
import type * as clients from "../../../src/http/resources/clients/client-schemas.ts";
import type * as packages from "../../../src/http/resources/key-packages/key-package-schemas.ts";
import type * as service from "../../../src/http/resources/service/service-schemas.ts";
import type * as stock from "../../../src/http/resources/stock/stock-schemas.ts";
import type * as users from "../../../src/http/resources/users/user-schemas.ts";
import { typeScriptOf } from "../../../tools/lib/typescript-of-schema.ts";

it("has a type for each body that is equal to the one of its schema", () => {
  expectTypeOf<wire.Policy>().toEqualTypeOf<z.infer<typeof service.policyAnswer>>();
  expectTypeOf<wire.Client>().toEqualTypeOf<z.infer<typeof clients.clientAnswer>>();
  expectTypeOf<wire.RegisterRequest>().toEqualTypeOf<z.infer<typeof clients.registerRequest>>();
  expectTypeOf<wire.RevokedClient>().toEqualTypeOf<z.infer<typeof clients.revokeAnswer>>();
  expectTypeOf<wire.InventoryAnswer>().toEqualTypeOf<z.infer<typeof stock.inventoryAnswer>>();
  expectTypeOf<wire.PublishAnswer>().toEqualTypeOf<z.infer<typeof packages.publishAnswer>>();
  expectTypeOf<wire.PublishResult>().toEqualTypeOf<z.infer<typeof packages.publishResult>>();
  expectTypeOf<wire.RemoveAnswer>().toEqualTypeOf<z.infer<typeof packages.removeAnswer>>();
  expectTypeOf<wire.ReconcileAnswer>().toEqualTypeOf<z.infer<typeof stock.reconcileAnswer>>();
  expectTypeOf<wire.Journal>().toEqualTypeOf<z.infer<typeof stock.journalAnswer>>();
  expectTypeOf<wire.ClientList>().toEqualTypeOf<z.infer<typeof users.clientListAnswer>>();
  expectTypeOf<wire.Offer>().toEqualTypeOf<z.infer<typeof users.offer>>();
  expectTypeOf<wire.ClaimRequest>().toEqualTypeOf<z.infer<typeof claims.claimRequest>>();
  expectTypeOf<wire.ClaimAnswer>().toEqualTypeOf<z.infer<typeof claims.claimAnswer>>();
  expectTypeOf<wire.BulkClaimAnswer>().toEqualTypeOf<z.infer<typeof claims.bulkClaimAnswer>>();
  expectTypeOf<wire.ClientClaim>().toEqualTypeOf<z.infer<typeof claims.clientClaim>>();
  expectTypeOf<wire.Problem>().toEqualTypeOf<z.infer<typeof service.problemDocument>>();
});

describe("a type from a schema", () => {
  const typeOf = (schema: Parameters<typeof typeScriptOf>[0][string]) => typeScriptOf({ Made: schema });

  it("has members that may be missing, lists of unions, and what may be null", () => {
    const made = typeOf({
      type: "object",
      description: "What it is.",
      properties: {
        kind: { type: "array", items: { enum: ["a", "b"] } },
        other: { $ref: "#/$defs/Other" },
        none: { anyOf: [{ type: "integer" }, { type: "null" }] },
      },
      required: ["kind", "none"],
      additionalProperties: {},
    });
    expect(made).toBe(
      '/** What it is. */\nexport type Made = {\nkind: ("a" | "b")[];\nother?: Other | undefined;\nnone: number | null;\n[member: string]: unknown;\n};\n',
    );
  });

  it("is refused for what it has no type for, instead of being any", () => {
    expect(() => typeOf({})).toThrow("no type for the schema {}");
    expect(() => typeOf({ type: "date" })).toThrow(/no type for/);
  });
});
