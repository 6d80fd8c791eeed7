import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { webCrypto } from "../../../src/mls/crypto/webcrypto.ts";
import { describeConformance, describeDifferences } from "../../node/crypto/provider-suites.ts";
import { describeWycheproof } from "../../node/crypto/wycheproof-suite.ts";

describeConformance("noble", nobleCrypto);
describeDifferences("noble", nobleCrypto);
describeConformance("webcrypto", webCrypto);
describeDifferences("webcrypto", webCrypto);
describeWycheproof("webcrypto", webCrypto);
