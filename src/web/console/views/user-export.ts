/** All that is kept of a user as one list of pages, and what the files are called that operators keep of a user. */
import { dateOf } from "../../../inspect/text.ts";
import { type Answer, type Api, path } from "../api.ts";
import type { UserExport } from "../operator-api-types.ts";

/** `progress` is told how many pages there are so far. */
export async function allPages(
  api: Api,
  user: string,
  progress: (pages: number) => void,
): Promise<Answer<readonly UserExport[]>> {
  const pages: UserExport[] = [];
  let after: string | null = null;
  do {
    const query: string = after === null ? "" : `?${new URLSearchParams({ after })}`;
    const page: Answer<UserExport> = await api.call("GET", path`/v1/admin/users/${user}/data` + query, {
      goesOn: true,
    });
    if (!page.ok) return page;
    pages.push(page.value);
    progress(pages.length);
    after = page.value.next;
  } while (after !== null);
  return { ok: true, value: pages };
}

const NAME_CHARACTERS = 60;

/** What it is, of whom and from when (unix seconds), in characters that every file system takes. */
export function fileName(what: string, user: string, at: number): string {
  const whom = user.replaceAll(/[^A-Za-z0-9@_-]+/g, "_").slice(0, NAME_CHARACTERS);
  const time = dateOf(at).replaceAll(/[:-]/g, "");
  return `${what}-${whom}-${time}.json`;
}
