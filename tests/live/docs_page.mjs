// What a person does on the documentation page, done in a real browser: see README.md.
import { chromium } from 'playwright-core';
import { readRequest } from './lines.mjs';

// Without these the browser calls home at every start, which a closed network turns into
// errors, and as root it refuses to start at all.
const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

const request = await readRequest();
const report = { elsewhere: [], page_errors: [] };
const browser = await chromium.launch({ executablePath: request.chromium, args: QUIET });
const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
page.setDefaultTimeout(15_000);
try {
  await visit();
} catch (error) {
  report.error = error.message.split('\n', 1)[0];
  process.exitCode = 1;
}
if (request.screenshot) await page.screenshot({ path: request.screenshot, fullPage: true });
await browser.close();
process.stdout.write(`${JSON.stringify(report)}\n`);

async function visit() {
  const { origin } = new URL(request.base_url);
  page.on('request', (sent) => {
    const url = new URL(sent.url());
    if (url.protocol.startsWith('http') && url.origin !== origin) report.elsewhere.push(url.href);
  });
  page.on('pageerror', (error) => report.page_errors.push(error.message));

  const opened = await page.goto(new URL(request.path ?? '/docs', origin).href);
  report.page_status = opened.status();
  if (request.mode === 'status') return;

  const operation = await openOperation(request.operation ?? '/run');
  if (request.body !== undefined) {
    await operation.locator('textarea.body-param__text').fill(JSON.stringify(request.body));
  }
  report.anonymous = await execute(operation);
  await authorize(request);
  report.authorized = await execute(operation);
}

async function openOperation(path) {
  const operation = page.locator('.opblock-post', {
    has: page.locator(`.opblock-summary-path[data-path="${path}"]`),
  });
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('.try-out__btn').click();
  return operation;
}

async function execute(operation) {
  // An answer still on the page would be read as the next one.
  const clear = operation.locator('.btn-clear');
  const answer = operation.locator('.live-responses-table .response');
  if (await clear.isVisible()) {
    await clear.click();
    await answer.waitFor({ state: 'detached' });
  }
  await operation.locator('.execute').click();
  await answer.waitFor();
  const status = await answer.locator('.response-col_status').innerText();
  const body = answer.locator('.response-col_description pre').first();
  return { status: Number.parseInt(status, 10), body: await body.textContent() };
}

async function authorize({ api_key, bearer }) {
  const [scheme, credential] = api_key === undefined ? ['bearer', bearer] : ['api_key', api_key];
  await page.locator('.auth-wrapper .btn.authorize').first().click();
  const dialog = page.locator('.dialog-ux .modal-ux');
  const form = dialog.locator('.auth-container', {
    // Its heading begins with the scheme's name; other schemes may have the same kind.
    has: page.locator('h4', { hasText: new RegExp(`^\\s*${scheme}\\b`) }),
  });
  await form.locator('input').fill(credential);
  await form.locator('button[type=submit]').click();
  await form.locator('h6', { hasText: 'Authorized' }).waitFor();
  await dialog.locator('.close-modal').click();
  await dialog.waitFor({ state: 'detached' });
}
