// The library `jose` behind the protocol of README.md.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import * as jose from 'jose';
import { answerLines } from './lines.mjs';

const answers = { keygen, mint, verify };

await answerLines((request) => {
  const answer = answers[request.op];
  if (!answer) throw new Error(`no such op: ${request.op}`);
  return answer(request);
});

async function keygen({ alg, kid }) {
  const pair = await jose.generateKeyPair(alg, { extractable: true });
  const named = { ...(kid && { kid }), alg };
  return {
    private_pem: await jose.exportPKCS8(pair.privateKey),
    public_pem: await jose.exportSPKI(pair.publicKey),
    private_jwk: { ...(await jose.exportJWK(pair.privateKey)), ...named },
    public_jwk: { ...(await jose.exportJWK(pair.publicKey)), ...named },
  };
}

async function mint({ alg, claims, payload, header, key }) {
  const bytes = new TextEncoder().encode(payload ?? JSON.stringify(claims));
  const token = await new jose.CompactSign(bytes)
    .setProtectedHeader({ typ: 'JWT', ...header, alg })
    .sign(readKey(key, createPrivateKey));
  return { token };
}

async function verify({ token, key, verdict_only, ...expected }) {
  const options = {
    algorithms: expected.algs,
    issuer: expected.issuer,
    audience: expected.audience,
    clockTolerance: expected.leeway ?? 0,
    requiredClaims: expected.require,
    currentDate: expected.now === undefined ? undefined : new Date(expected.now * 1000),
  };
  const from = key.jwks ? jose.createLocalJWKSet(key.jwks) : readKey(key, createPublicKey);
  try {
    const { protectedHeader, payload } = await jose.jwtVerify(token, from, options);
    return { accepted: true, ...(!verdict_only && { header: protectedHeader, claims: payload }) };
  } catch (error) {
    return { accepted: false, error: `${error.code ?? error.name}: ${error.message}` };
  }
}

// A key object from a PEM names no algorithm, so one key can be tried with several;
// a JWK goes in as it is, because jose then also judges its `alg`, `use` and `key_ops`.
function readKey({ secret, secret_b64u, pem, jwk }, fromPem) {
  if (secret !== undefined) return new TextEncoder().encode(secret);
  if (secret_b64u !== undefined) return jose.base64url.decode(secret_b64u);
  if (pem !== undefined) return fromPem(pem);
  if (jwk !== undefined) return jwk;
  throw new Error('a key needs one of secret, secret_b64u, pem, jwk, jwks');
}
