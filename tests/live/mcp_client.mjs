// The MCP clients of the TypeScript SDK, its first major version and its second: see README.md.
import { readRequest } from './lines.mjs';

const { url, headers, calls = [], sdk = 1, mode = 'legacy' } = await readRequest();
const { Client, StreamableHTTPClientTransport, UnauthorizedError } = sdk === 2
  ? await import('@modelcontextprotocol/client')
  : Object.assign({}, ...await Promise.all(['index', 'auth', 'streamableHttp'].map(
    (file) => import(`@modelcontextprotocol/sdk/client/${file}.js`),
  )));
const report = { authorizations: [], exchanges: [], calls: [] };

// A user who is sent to the issuer, agrees, and comes back with a code.
let registration;
let tokens;
let verifier;
let back;
let discovered;
const user = {
  redirectUrl: 'http://127.0.0.1:1/callback',
  clientMetadata: {
    client_name: 'live test',
    redirect_uris: ['http://127.0.0.1:1/callback'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'none',
  },
  clientInformation: () => registration,
  saveClientInformation: (saved) => { registration = saved; },
  tokens: () => tokens,
  saveTokens: (saved) => { tokens = saved; },
  saveCodeVerifier: (saved) => { verifier = saved; },
  codeVerifier: () => verifier,
  saveDiscoveryState: (saved) => { discovered = saved; },
  discoveryState: () => discovered,
  async redirectToAuthorization(address) {
    const { scope, resource } = Object.fromEntries(address.searchParams);
    report.authorizations.push({ scope, resource });
    const answer = await fetch(address, { redirect: 'manual' });
    back = new URL(answer.headers.get('location')).searchParams;
  },
};

async function watched(address, init) {
  const answer = await fetch(address, init);
  const { origin, pathname } = new URL(address);
  report.exchanges.push({
    method: init?.method ?? 'GET',
    path: origin === new URL(url).origin ? pathname : `issuer ${pathname}`,
    status: answer.status,
    challenge: answer.headers.get('www-authenticate'),
  });
  return answer;
}

let transport;
let client;
async function connect() {
  transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch: watched,
    ...(headers ? { requestInit: { headers } } : { authProvider: user }),
  });
  client = new Client({ name: 'live-test', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(transport);
}

// As the SDK asks of its users: once more, with the code that the user came back with.
async function authorized(action) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(sdk === 2 ? back : back.get('code'));
    return action();
  }
}

await authorized(connect);
report.protocol_version = transport.protocolVersion;
const listed = async () => (await client.listTools()).tools.map(({ name }) => name);
report.tools = await listed();
for (const { tool, ...args } of calls) {
  try {
    const result = await authorized(() => client.callTool({ name: tool, arguments: args }));
    report.calls.push({ tool, text: result.content[0].text, is_error: result.isError ?? false });
  } catch (error) {
    report.calls.push({ tool, error: error.message, status: error.code });
  }
}
report.tools_then = await listed();
await transport.terminateSession();
await client.close();
process.stdout.write(`${JSON.stringify({ ...report, granted: tokens?.scope })}\n`);
process.exit();
