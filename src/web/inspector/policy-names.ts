/** Whose verdict: that of OpenMLS, and that of directories whose deployment decides one thing or another. */
export const POLICIES = {
  directory: { name: "Directory", note: "with its default policy" },
  "any-lifetime": { name: "Directory, any lifetime", note: "no maximum for the whole lifetime" },
  "grease-tolerated": { name: "Directory, GREASE tolerated", note: "GREASE extensions need not be listed" },
  openmls: { name: "OpenMLS", note: "KeyPackageIn::validate and nothing more" },
} as const;

export type PolicyName = keyof typeof POLICIES;

export const POLICY_NAMES = Object.keys(POLICIES) as PolicyName[];
