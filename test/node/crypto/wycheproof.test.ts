import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { webCrypto } from "../../../src/mls/crypto/webcrypto.ts";
import { batchCrypto } from "./provider-suites.ts";
import { describeWycheproof } from "./wycheproof-suite.ts";

describeWycheproof("batch", batchCrypto);
describeWycheproof("noble", nobleCrypto);
describeWycheproof("webcrypto", webCrypto);
