/** The docs. */
import "../style/base.css";
import { startShell } from "../shell.ts";

startShell();
