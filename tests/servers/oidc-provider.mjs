// oidc-provider with PKCE, rotation and strict reuse detection, and a control port for the test.
//
//   node oidc-provider.mjs      prints "oidc http://127.0.0.1:PORT control http://127.0.0.1:PORT"
//
// Environment: ACCESS_TOKEN_LIFE in seconds; REQUIRE_PAR=1 wants every authorization request pushed; REGISTRATION=1 lets
// programs register themselves; DPOP_NONCE=1 wants its own nonce in every proof of a key.
//
// Control: GET /stats counts events; POST /revoke ends every grant as the server's administrator would; POST /drop
// loses the next answer of the token endpoint after it was made; POST /rotate signs with another key from here on and
// publishes no other.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';

const life = Number(process.env.ACCESS_TOKEN_LIFE ?? 8);
const stats = { refreshes: 0, errors: 0, revoked: 0, pushed: 0, keys: 0, bound: 0, nonces: 0 };
const grants = new Set();

const listen = (server) =>
  new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(`http://127.0.0.1:${server.address().port}`)));

let handler = (_request, response) => response.end();
const server = createServer((request, response) => handler(request, response));
const issuer = await listen(server);

const newKey = () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  stats.keys += 1;
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: `key-${stats.keys}` };
};

const configuration = {
  // One for all keys: what was granted under one is good under the next.
  adapter: createMemoryAdapter(),
  clients: [
    {
      client_id: 'latchkey',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['dev.latchkey.app:/oauth/oidc', 'http://127.0.0.1/oauth/oidc'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    {
      // Its tokens are of use to the holder of a key alone (RFC 9449).
      client_id: 'latchkey-bound',
      dpop_bound_access_tokens: true,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['dev.latchkey.app:/oauth/oidc', 'http://127.0.0.1/oauth/oidc'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    {
      // A server that lets its own people in with an account from here.
      client_id: 'pocketbase',
      client_secret: 'the secret between two servers',
      application_type: 'native',
      redirect_uris: ['dev.latchkey.app:/oauth/pocketbase', 'http://127.0.0.1/oauth/pocketbase'],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
  ],
  cookies: { keys: ['test-only'] },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
  ttl: {
    AccessToken: () => life,
    RefreshToken: 86_400,
    AuthorizationCode: 60,
    Grant: 86_400,
    IdToken: 600,
    Interaction: 600,
    Session: 3_600,
  },
  features: {
    devInteractions: { enabled: true },
    dPoP: process.env.DPOP_NONCE === '1'
      ? { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true }
      : { enabled: true },
    revocation: { enabled: true, allowedPolicy: () => true },
    registration: { enabled: process.env.REGISTRATION === '1' },
    pushedAuthorizationRequests: {
      enabled: true,
      requirePushedAuthorizationRequests: process.env.REQUIRE_PAR === '1',
    },
  },
  claims: { openid: ['sub', 'name'], profile: [], email: ['email', 'email_verified'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: async () => ({
      sub: id,
      name: `${id} of oidc-provider`,
      email: `${id}@example.com`,
      email_verified: true,
    }),
  }),
};

const start = () => {
  const started = new Provider(issuer, { ...configuration, jwks: { keys: [newKey()] } });
  started.on('grant.success', (context) => {
    const { Grant } = context.oidc.entities;
    if (Grant) grants.add(Grant.jti);
    if (context.oidc.params.grant_type === 'refresh_token') stats.refreshes += 1;
  });
  started.on('grant.error', (_context, error) => (stats[error.message === 'use_dpop_nonce' ? 'nonces' : 'errors'] += 1));
  started.on('access_token.saved', (token) => (stats.bound += token.jkt ? 1 : 0));
  started.on('grant.revoked', () => (stats.revoked += 1));
  started.on('pushed_authorization_request.success', () => (stats.pushed += 1));
  return started;
};

let provider = start();
let answer = provider.callback();
let losing = false;
handler = (request, response) => {
  if (losing && request.url === '/token') {
    losing = false;
    response.end = () => request.socket.destroy();
  }
  return answer(request, response);
};

const revokeAll = async () => {
  for (const id of grants) {
    for (const model of [provider.AccessToken, provider.RefreshToken, provider.AuthorizationCode]) {
      await model.revokeByGrantId(id);
    }
    await (await provider.Grant.find(id))?.destroy();
  }
  grants.clear();
};

const control = createServer(async (request, response) => {
  if (request.method === 'POST' && request.url === '/revoke') await revokeAll();
  if (request.method === 'POST' && request.url === '/drop') losing = true;
  if (request.method === 'POST' && request.url === '/rotate') {
    provider = start();
    answer = provider.callback();
  }
  response.setHeader('content-type', 'application/json').end(JSON.stringify(stats));
});
process.stdout.write(`oidc ${issuer} control ${await listen(control)}\n`);
