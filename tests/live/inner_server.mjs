// A server that hides `/admin`, reading paths in the ways that Node.js programs do. Its first line is `{"port"}`.
import { createServer } from 'node:http';
import path from 'node:path';

const tolerant = (text, decode) => {
  try {
    return decode(text);
  } catch {
    return text;
  }
};

/** What `req.url` leads to, by each way of reading it. */
function* readings(target) {
  const raw = target.split('?')[0];
  const url = tolerant(target, (text) => new URL(text, 'http://inner').pathname);
  for (const start of [raw, url]) {
    const once = tolerant(start, decodeURIComponent);
    const twice = tolerant(once, decodeURIComponent);
    for (const name of [start, once, twice]) {
      yield name;
      yield path.posix.join('/', name);
      // A file server on Windows.
      yield path.win32.join('C:\\', name).replace('C:', '').replaceAll('\\', '/');
      yield tolerant(name, (text) => new URL(text, 'http://inner').pathname);
      // A C library stops at NUL.
      yield path.posix.join('/', name.split('\0')[0]);
    }
  }
}

const isAdmin = (name) => name.replace(/\/+$/, '') === '/admin';
const server = createServer((request, response) => {
  response.end([...readings(request.url)].some(isAdmin) ? 'ADMIN-REACHED' : 'other');
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.on('end', () => process.exit()).resume();
