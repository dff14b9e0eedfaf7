// The conformance suite of the protocol. It imports `globSync` of `fs`, which Node.js has since version 22 and which no
// scenario for servers uses: older ones get a stand-in for it.
import { register } from 'node:module';
import * as fs from 'node:fs';

if (!fs.globSync) register('./old_node.mjs', import.meta.url);
const main = new URL('../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url);
process.argv[1] = main.pathname;
await import(main.href);
