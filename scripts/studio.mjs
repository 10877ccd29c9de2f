// Serves the studio on this machine until it is stopped.
import { serveStudio } from "../dist/node.js";

const { address } = await serveStudio(Number(process.env.PORT ?? 4173));
console.log(`The studio is at ${address}. Stop it with Ctrl-C.`);
