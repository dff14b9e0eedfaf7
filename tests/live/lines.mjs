import { createInterface } from 'node:readline';

/** Answers each JSON line on stdin with one JSON line on stdout, in the same order. */
export async function answerLines(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    if (!line) continue;
    let reply;
    try {
      reply = await answer(JSON.parse(line));
    } catch (error) {
      reply = { error: `${error.code ?? error.name}: ${error.message}` };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}

export async function readRequest() {
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  return JSON.parse(text);
}
