/** The console. */
import "../style/base.css";
import { startShell } from "../shell.ts";

startShell();
