// The platforms' own libraries behind the protocol of README.md.

import * as octokit from '@octokit/webhooks-methods';
import { Webhook as Standard } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as Svix } from 'svix';
import nacl from 'tweetnacl';
import twilio from 'twilio';

import { answerLines } from './lines.mjs';

const named = (prefix, { id, time }, signature) => ({
  [`${prefix}-id`]: id,
  [`${prefix}-timestamp`]: String(time),
  [`${prefix}-signature`]: signature,
});

const signers = {
  standard: (request) => {
    const { secret, id, time, body } = request;
    return { headers: named('webhook', request, new Standard(secret).sign(id, new Date(time * 1000), body)) };
  },
  svix: (request) => {
    const { secret, id, time, body } = request;
    return { headers: named('svix', request, new Svix(secret).sign(id, new Date(time * 1000), body)) };
  },
  standard_v1a: (request) => {
    const { id, time, body } = request;
    const { signature, publicKey } = ed25519(request.seed, `${id}.${time}.${body}`);
    const headers = named('webhook', request, `v1a,${signature.toString('base64')}`);
    return { headers, public_key: `whpk_${publicKey.toString('base64')}` };
  },
  github: async ({ secret, body }) => ({
    headers: { 'x-hub-signature-256': await octokit.sign(secret, body) },
  }),
  stripe: ({ secret, time, body }) => ({
    headers: {
      'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp: time }),
    },
  }),
  discord: ({ seed, time, body }) => {
    const { signature, publicKey } = ed25519(seed, `${time}${body}`);
    const headers = {
      'x-signature-ed25519': signature.toString('hex'),
      'x-signature-timestamp': String(time),
    };
    return { headers, public_key: publicKey.toString('hex') };
  },
  twilio: ({ secret, url, params }) => ({
    headers: {
      'x-twilio-signature': twilio.getExpectedTwilioSignature(secret, url, params),
      'content-type': 'application/x-www-form-urlencoded',
    },
  }),
  twilio_json: ({ secret, url, body }) => {
    const query = `?bodySHA256=${twilio.getExpectedBodyHash(body)}`;
    const signature = twilio.getExpectedTwilioSignature(secret, url + query, {});
    return { headers: { 'x-twilio-signature': signature, 'content-type': 'application/json' }, query };
  },
};

function ed25519(seed, message) {
  const pair = nacl.sign.keyPair.fromSeed(Buffer.from(seed, 'hex'));
  const signature = nacl.sign.detached(Buffer.from(message), pair.secretKey);
  return { signature: Buffer.from(signature), publicKey: Buffer.from(pair.publicKey) };
}

function verify({ secret, headers, body }) {
  try {
    new Standard(secret).verify(body, headers);
    return { accepted: true };
  } catch (error) {
    return { accepted: false, error: error.message };
  }
}

await answerLines((request) =>
  request.op === 'verify' ? verify(request) : signers[request.scheme](request),
);
