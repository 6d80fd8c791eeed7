import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { webCrypto } from "../../../src/mls/crypto/webcrypto.ts";
import { batchCrypto, describeConformance, describeDifferences } from "./provider-suites.ts";

describeConformance("batch", batchCrypto);
describeDifferences("batch", batchCrypto);
describeConformance("noble", nobleCrypto);
describeDifferences("noble", nobleCrypto);
describeConformance("webcrypto", webCrypto);
describeDifferences("webcrypto", webCrypto);
