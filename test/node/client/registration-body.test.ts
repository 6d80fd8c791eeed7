import { describe, expect, it } from "vitest";
import { DirectoryError, registrationKey } from "../../../src/client/index.ts";
import { possessionProofInput, type RegistrationKey, registrationBody } from "../../../src/client/registration-body.ts";
import { nobleCrypto, SignatureScheme } from "../../../src/mls/index.ts";
import { FakeDirectory, problem } from "./support/fake-directory.ts";
import { NOW, packagesOf, person } from "./support/people.ts";

const PRIVATE_KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const PUBLIC_KEY = Buffer.from("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8", "hex");
const SIGNED =
  "234d4c5320312e30204d4c534b65794469726563746f72795265676973747261" +
  "74696f6e4049116d6c732d6b65792d6469726563746f727905616c6963650570" +
  "686f6e6508072003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1d" +
  "dc8664125531b8000000006b49d200";
const PROOF =
  "5e84cc71b0679db8e337fc3897979a72d35f8b9bb0fbad6270a6bc87078e2fe4" +
  "72fbbfbe6cc03c3b43ebd61144943408afb63b8a4a904d8b04e98943d2fd870b";

const key: RegistrationKey = {
  scheme: "ed25519",
  publicKey: PUBLIC_KEY,
  sign: (message) => nobleCrypto.sign(SignatureScheme.ed25519, PRIVATE_KEY, message),
};
const registration = {
  user: "alice",
  client: "phone",
  keys: [key],
  audience: "mls-key-directory",
  signedAt: 1_800_000_000,
};

describe("the body of a registration", () => {
  it("proves each key to the directory that is meant, in the bytes of the published vector", async () => {
    const input = possessionProofInput(registration, key);
    expect(Buffer.from(input).toString("hex")).toBe(SIGNED);
    const body = await registrationBody(registration);
    expect(body).toMatchObject({
      signed_at: 1_800_000_000,
      proofs: { ed25519: Buffer.from(PROOF, "hex").toString("base64url") },
    });
  });

  it("names the key that a package is signed with, where the application has only the package", async () => {
    const { key: own, make } = await packagesOf("alice");
    const read = registrationKey(await make(), own.sign);
    expect(read).toEqual(own);
    expect(() => registrationKey(Uint8Array.of(1, 2), own.sign)).toThrow(
      expect.objectContaining({ code: "invalid_argument", detail: expect.stringContaining("expected a KeyPackage") }),
    );
  });

  it("is the packages alone where no key can sign, and not for some keys only", async () => {
    const keyPackage = await (await packagesOf("alice")).make();
    const packaged = registrationKey(keyPackage);
    expect(await registrationBody({ ...registration, keys: [packaged] })).toEqual({
      key_packages: [Buffer.from(keyPackage).toString("base64url")],
    });
    await expect(registrationBody({ ...registration, keys: [packaged, key] })).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });

  it("is signed again with the directory's time when the clock of the device is off", async () => {
    const directory = new FakeDirectory(NOW * 1000);
    const { sdk } = person(directory, "alice", { audience: "mls-key-directory" });
    const times: unknown[] = [];
    directory.trouble = ({ body }) => {
      times.push(body?.signed_at);
      return times.length === 1 ? problem(422, "proof_expired", { server_time: NOW + 7_200 }) : undefined;
    };
    const { key: own } = await packagesOf("alice");
    await sdk.register([own]);
    expect(times).toEqual([NOW, NOW + 7_200]);
    directory.trouble = () => problem(422, "proof_expired", { server_time: NOW + 7_200 });
    await expect(sdk.register([own])).rejects.toBeInstanceOf(DirectoryError);
  });
});
