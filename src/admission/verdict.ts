import type { AdmittedKeyPackage } from "../contract/admitted-key-package.ts";
import type { RefusalCode } from "./admission-refusal.ts";

/**
 * `default_type_listed`: not quite RFC 9420, but so widespread that refusing it would lock clients out.
 * `many_capabilities`: more of one kind than any implementation lists; not much more is refused.
 */
export type AdmissionWarning = "default_type_listed" | "many_capabilities";

export type AdmissionVerdict =
  | { readonly ok: true; readonly keyPackage: AdmittedKeyPackage; readonly warnings: readonly AdmissionWarning[] }
  | { readonly ok: false; readonly code: RefusalCode; readonly detail: string };
