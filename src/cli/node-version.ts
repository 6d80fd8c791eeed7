/** Admission groups with `Map.groupBy`, which Node has from 21 on; 22 is the first of those with long support. */
const MIN_NODE_MAJOR = 22;

export function nodeProblem(version: string): string | undefined {
  return Number(version.split(".")[0]) >= MIN_NODE_MAJOR
    ? undefined
    : `kpd needs Node ${MIN_NODE_MAJOR} or newer, and this is ${version}; in a checkout, npm run kpd uses one that fits`;
}
