// Sends requests as programs that forward do: see README.md.
import { Agent, request } from 'node:http';
import { answerLines } from './lines.mjs';

const agent = new Agent({ keepAlive: true });

const withHttp = (base, target) => new Promise((resolve, reject) => {
  const { hostname, port } = new URL(base);
  request({ hostname, port, path: target, agent }, (answer) => {
    let text = '';
    answer.setEncoding('latin1').on('data', (part) => (text += part)).on('end', () => resolve(text));
    answer.on('error', reject);
  }).on('error', reject).end();
});

const withFetch = async (url) => (await fetch(url, { redirect: 'manual' })).text();

const clients = {
  http: withHttp,
  fetch: (base, target) => withFetch(base + target),
  // A handler that takes its parameter decoded and puts it into a URL.
  decoded: (base, target) => withFetch(base + decodeURIComponent(target)),
};

await answerLines(async ({ client, base, targets }) => {
  const reached = [];
  for (const target of targets) {
    const text = await Promise.resolve().then(() => clients[client](base, target)).catch(() => '');
    reached.push(text.includes('ADMIN-REACHED'));
  }
  return { reached };
});
process.exit();
