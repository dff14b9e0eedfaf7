// A certified OpenID provider on loopback, with controls for tests: see README.md.
import { createServer } from 'node:http';
import { randomBytes, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';

// Its advice about production would stand between the JSON lines.
console.info = console.warn = () => {};
const { Provider } = await import('oidc-provider');
const { createMemoryAdapter } = await import('oidc-provider/lib/adapters/memory_adapter.js');

const ALGS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const RESOURCES = 'https://agents.example/';
// As Amazon Cognito signs access tokens: without `aud`, with `client_id` and `token_use`.
const NO_AUD = 'no_aud';
const AGENT = { client_id: 'agent', client_secret: randomBytes(32).toString('hex') };
const SERVER = { client_id: 'resource-server', client_secret: randomBytes(32).toString('hex') };

// Outlives a rotation, which makes a new provider: opaque tokens stay valid.
const adapter = createMemoryAdapter();
let keys = await newKeys();
let retired = [];
let answer;
const faults = new Map();
const seen = {};

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname.startsWith('/control/')) return control(pathname, request, response);
  seen[pathname] = (seen[pathname] ?? 0) + 1;
  // As a server of TLS in front of it would say; URLs in the metadata depend on it.
  if (issuer.startsWith('https:')) request.headers['x-forwarded-proto'] = 'https';
  const fault = faults.get(pathname);
  const isSpared = fault?.unless_authorization === request.headers.authorization;
  if (!fault || (fault.unless_authorization && isSpared)) return answer(request, response);
  // Without an answer the caller's own timeout is what is tested.
  if (!fault.hang) response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
});
await new Promise((done) => server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', done));
let issuer = `http://127.0.0.1:${server.address().port}`;
answer = provider();
process.stdout.write(`${JSON.stringify({
  issuer,
  agent: AGENT,
  resource_server: SERVER,
  resources: Object.fromEntries([...ALGS, 'opaque', NO_AUD].map((name) => [name, RESOURCES + name])),
})}\n`);

// The pipe closes with the test that started this, however that test ends.
process.stdin.resume().on('end', () => process.exit());

function provider() {
  const made = new Provider(issuer, {
    adapter,
    clients: [AGENT, SERVER].map((client) => ({
      ...client,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    jwks: { keys: [...keys, ...retired] },
    scopes: ['agents:run', 'agents:read'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `${RESOURCES}RS256`,
        getResourceServerInfo: (_, resource) => resourceServer(resource),
      },
    },
    formats: {
      customizers: {
        jwt: (_, token, signed) => {
          if (token.aud === RESOURCES + NO_AUD) signed.payload = withoutAudience(signed.payload);
        },
      },
    },
    ttl: { ClientCredentials: 600 },
  });
  made.proxy = issuer.startsWith('https:');
  return made.callback();
}

function resourceServer(resource) {
  const name = resource.slice(RESOURCES.length);
  const common = { audience: resource, scope: 'agents:run agents:read' };
  if (name === 'opaque') return { ...common, accessTokenFormat: 'opaque' };
  const { alg, kid } = keys.find((key) => key.alg === (name === NO_AUD ? 'RS256' : name));
  return { ...common, accessTokenFormat: 'jwt', jwt: { sign: { alg, kid } } };
}

// The provider insists on an audience until it writes the payload as JSON.
function withoutAudience(payload) {
  const toJSON = () => ({ ...payload, aud: undefined, token_use: 'access' });
  return Object.defineProperty(payload, 'toJSON', { value: toJSON });
}

function newKeys() {
  return Promise.all(ALGS.map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(privateKey)), kid: randomUUID(), alg, use: 'sig' };
  }));
}

async function control(pathname, request, response) {
  let text = '';
  for await (const chunk of request) text += chunk;
  const asked = text ? JSON.parse(text) : {};
  const reply = await {
    '/control/rotate': () => rotate(asked),
    '/control/fault': () => setFault(asked),
    '/control/issuer': () => setIssuer(asked),
    '/control/seen': () => seen,
  }[pathname]?.();
  response.writeHead(reply ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(reply ?? { error: 'no such control' }));
}

async function rotate({ keep_old = true }) {
  retired = keep_old ? [...keys, ...retired] : [];
  keys = await newKeys();
  answer = provider();
  return { kids: Object.fromEntries(keys.map(({ alg, kid }) => [alg, kid])) };
}

function setIssuer(asked) {
  issuer = asked.issuer;
  answer = provider();
  return { issuer };
}

function setFault({ path, ...fault }) {
  if (fault.status || fault.hang) faults.set(path, fault);
  else faults.delete(path);
  return { faults: [...faults.keys()] };
}
