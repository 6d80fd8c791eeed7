import type { AdmittedKeyPackage } from "../contract/admitted-key-package.ts";
import type { RefusalCode } from "./admission-refusal.ts";

/** Not quite RFC 9420, but so widespread that refusing it would lock clients out. */
export type AdmissionWarning = "default_type_listed";

export type AdmissionVerdict =
  | { readonly ok: true; readonly keyPackage: AdmittedKeyPackage; readonly warnings: readonly AdmissionWarning[] }
  | { readonly ok: false; readonly code: RefusalCode; readonly detail: string };
