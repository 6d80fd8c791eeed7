import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { webCrypto } from "../../../src/mls/crypto/webcrypto.ts";
import { describeWycheproof } from "./wycheproof-suite.ts";

describeWycheproof("noble", nobleCrypto);
describeWycheproof("webcrypto", webCrypto);
