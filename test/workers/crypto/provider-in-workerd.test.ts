import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { webCrypto } from "../../../src/mls/crypto/webcrypto.ts";
import { batchCrypto, describeConformance, describeDifferences } from "../../node/crypto/provider-suites.ts";
import { describeWycheproof } from "../../node/crypto/wycheproof-suite.ts";

describeConformance("batch", batchCrypto);
describeDifferences("batch", batchCrypto);
describeWycheproof("batch", batchCrypto);
describeConformance("noble", nobleCrypto);
describeConformance("webcrypto", webCrypto);
describeDifferences("webcrypto", webCrypto);
describeWycheproof("webcrypto", webCrypto);
