/** Every runbook with its rehearsal. */
import { abuse } from "../../rehearse/abuse.ts";
import { accountLost } from "../../rehearse/account-lost.ts";
import { badDeployment } from "../../rehearse/bad-deployment.ts";
import { d1Lost } from "../../rehearse/d1-lost.ts";
import { erasure } from "../../rehearse/erasure.ts";
import { keysRotated } from "../../rehearse/keys-rotated.ts";
import { overload } from "../../rehearse/overload.ts";
import { rolledBack } from "../../rehearse/rolled-back.ts";
import { unreachable } from "../../rehearse/unreachable.ts";
import { Stage } from "./rehearsal-stage.ts";

/** By the name of the page in docs/operate. */
export const REHEARSALS: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  unreachable,
  "keys-rotated": keysRotated,
  "d1-lost": d1Lost,
  "rolled-back": rolledBack,
  abuse,
  overload,
  "bad-deployment": badDeployment,
  "account-lost": accountLost,
  erasure,
};

/** Runs one. Throws if the page does not lead to what it promises, or has a command that the rehearsal leaves out. */
export async function rehearse(name: string): Promise<void> {
  const play = REHEARSALS[name];
  if (!play) throw new Error(`there is no rehearsal ${name}; there are ${Object.keys(REHEARSALS).join(", ")}`);
  const stage = await Stage.open(`docs/operate/${name}.md`);
  try {
    await play(stage);
    if (stage.unused.length > 0) throw new Error(`not rehearsed: ${stage.unused.join(", ")}`);
  } finally {
    await stage.close();
  }
}
