/** Where the console signs an operator in, as the build of the pages wrote it into the page. */
export type SignIn = {
  /** May have parameters of its own, such as the audience that some issuers ask for. */
  readonly authorizeUrl: string;
  readonly clientId: string;
  readonly scope: string;
  readonly tokenUrl: string;
};
