/** The Markdown of a page as it lies beside the page: its links lead to other such files, not into the repository. */

/** Code, in which nothing is a link. A block may be indented; a span ends with as many backticks as it began with. */
const CODE = /(^[ \t]*```[\s\S]*?^[ \t]*```[ \t]*$|(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\2(?!`))/m;

/** Only the targets of links change. */
export function withLinks(text: string, address: (href: string) => string): string {
  const kept: string[] = [];
  const bare = text.replaceAll(new RegExp(CODE, "gm"), (code) => `\0${kept.push(code) - 1}\0`);
  return bare
    .replaceAll(/\]\(([^)\s]+)\)/g, (_, href: string) => `](${address(href)})`)
    .replaceAll(/\0(\d+)\0/g, (_, at: string) => kept[Number(at)] ?? "");
}
