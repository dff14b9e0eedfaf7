// A certified OpenID provider on loopback as MCP clients want one, with a user who agrees to everything at once: see
// README.md.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';

// Its advice about production would stand between the JSON lines.
console.info = console.warn = () => {};
const { Provider, errors } = await import('oidc-provider');

const SCOPES = 'agents:read agents:deploy';
// A client that was registered before; the others register themselves.
const KNOWN = { client_id: 'known', redirect_uris: ['http://127.0.0.1/callback'] };
// reizan-mcpcheck 0.1.0 proves itself with a verifier of 38 characters, and RFC 7636 asks for 43: the provider sees a
// longer one.
const SHORT = 'reizan-mcpcheck-fixed-pkce-verifier-v0';
const LONG = `${SHORT}-lengthened`;
const resources = new Set();

const server = createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname === '/control/resource') {
    resources.add(url.searchParams.get('url'));
    return response.end();
  }
  // A browser would come with cookies: who comes without one is shown the end of the way.
  if (url.pathname === '/auth' && !request.headers.cookie && !request.headers.inside) {
    const shown = url.searchParams.get('code_challenge');
    if (shown === challenge(SHORT)) url.searchParams.set('code_challenge', challenge(LONG));
    const location = await agree(url);
    return response.writeHead(location ? 303 : 400, location ? { location } : {}).end();
  }
  if (url.pathname.startsWith('/interaction/')) return interact(request, response);
  if (url.pathname === '/token') {
    request.body = Object.fromEntries(new URLSearchParams(await textOf(request)));
    if (request.body.code_verifier === SHORT) request.body.code_verifier = LONG;
  }
  if (url.pathname === '/reg') {
    request.body = JSON.parse(await textOf(request));
    // The SDKs register with the scopes that they ask for at first; the provider would hold them to these for ever.
    delete request.body.scope;
  }
  return handle(request, response);
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const { privateKey } = await generateKeyPair('RS256', { extractable: true });
const provider = new Provider(issuer, {
  clients: [{
    ...KNOWN,
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
  }],
  clientDefaults: { application_type: 'native' },
  jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' }] },
  scopes: ['openid', 'offline_access', ...SCOPES.split(' ')],
  pkce: { required: () => true },
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // RFC 8707: a token is for one resource, which both requests name.
      defaultResource: () => { throw new errors.InvalidTarget('resource is required'); },
      useGrantedResource: () => { throw new errors.InvalidTarget('resource is required'); },
      getResourceServerInfo: (_, resource) => {
        if (!resources.has(resource)) throw new errors.InvalidTarget('unknown resource');
        return { audience: resource, scope: SCOPES, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
      },
    },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
});
const handle = provider.callback();
process.stdout.write(`${JSON.stringify({ issuer, known: KNOWN })}\n`);

// The pipe closes with the test that started this, however that test ends.
process.stdin.resume().on('end', () => process.exit());

async function textOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

function challenge(text) {
  return createHash('sha256').update(text).digest('base64url');
}

// Goes the way of a browser: to the login, to the consent, and back.
async function agree(url) {
  const jar = new Map();
  for (let steps = 0; steps < 10; steps += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { inside: 'yes', cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      jar.set(name, value);
    }
    const location = answer.headers.get('location');
    if (!location) return undefined;
    url = new URL(location, issuer);
    if (url.origin !== issuer) return url.href;
  }
  return undefined;
}

async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: 'ada' } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope ?? '');
  for (const [resource, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }
  const grantId = await grant.save();
  return provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
}
