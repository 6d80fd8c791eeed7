/** What the Worker finds in its environment, and what a request gathers on its way through the middleware. */
import type { Deployment } from "../config/deployment.ts";
import type { Directory } from "../directory/shards.ts";
import type { CryptoVerifier } from "../mls/crypto/provider.ts";
import type { X509Verifier } from "../mls/x509/x509-verifier.ts";
import type { KeeperPlacement, PoolPlacement, RecordsPlacement } from "../pool/address.ts";
import type { FailureKind } from "./auth/authentication-failure.ts";
import type { PresentedCapability } from "./auth/presented-capability.ts";
import type { Principal } from "./auth/principal.ts";
import type { Receipts } from "./receipts/receipts.ts";
import type { ProblemCode } from "./refusals/problem-codes.ts";

/**
 * Bindings alone; what a deployment sets in [vars] is parsed by config/deployment.ts. The databases of the directory are
 * bound under names that the deployment chooses: directory/shards.ts opens them.
 */
export type Bindings = PoolPlacement &
  KeeperPlacement &
  RecordsPlacement & {
    readonly METRICS?: AnalyticsEngineDataset;
    readonly RATE_LIMIT?: RateLimit;
    /** Not on a machine of one's own, where nothing is deployed in versions. */
    readonly CF_VERSION_METADATA?: WorkerVersionMetadata;
  };

export type Variables = {
  requestId: string;
  /** Set by `readEnvironment`, before any route. */
  deployment: Deployment;
  /** Set by `readEnvironment`, too: who checks signatures. */
  crypto: CryptoVerifier;
  /** Set by `readEnvironment`, too: who checks certificates, if the deployment accepts any. */
  x509Verifier: () => Promise<X509Verifier | undefined>;
  /** Set by `readEnvironment`, too: what signs receipts, if the deployment has keys for that. */
  receipts: () => Promise<Receipts | undefined>;
  /** Set by `readEnvironment`, too. */
  directory: Directory;
  /** Set where one serves in place of a token, and was presented: then there is no principal. */
  capability: PresentedCapability | undefined;
  /** Set by `authenticate`. */
  principal: Principal;
  /** Set by `authenticate` if the request is not let in. */
  authenticationFailure: FailureKind | undefined;
  /** The users of whom a claim asked for packages. */
  claimedFrom: readonly string[];
  /** Code of the problem that the request was answered with. */
  problem: ProblemCode | undefined;
  /** What became of the parts of the request, for the access log: codes and statuses with their number. */
  outcomes: Readonly<Record<string, number>>;
};

export type AppEnv = { Bindings: Bindings; Variables: Variables };
