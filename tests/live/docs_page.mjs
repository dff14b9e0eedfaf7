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
  page.on('requestfailed', (failed) => {
    // What the page's own policy forbids never leaves the browser.
    if (failed.failure()?.errorText !== 'csp') return;
    report.elsewhere = report.elsewhere.filter((url) => url !== failed.url());
  });
  page.on('pageerror', (error) => report.page_errors.push(error.message));

  const opened = await page.goto(new URL(request.path ?? '/docs', origin).href);
  report.page_status = opened.status();
  if (request.mode === 'status') return;
  if (request.mode === 'text') {
    await page.getByText(request.shows).filter({ visible: true }).first().waitFor();
    return;
  }
  if (request.mode === 'instructed') {
    await followTheInstruction(request.paste);
    return;
  }
  if (request.mode === 'keys') {
    await manageKeys(request.api_key);
    return;
  }

  const operation = await openOperation(request.operation ?? '/run');
  if (request.body !== undefined) {
    await operation.locator('textarea.body-param__text').fill(JSON.stringify(request.body));
  }
  report.anonymous = await execute(operation);
  await authorize(request);
  report.authorized = await execute(operation);
}

// Makes a key, uses it, rotates and revokes it, each step on the page itself.
async function manageKeys(admin) {
  const create = await openOperation('/keys');
  const [run, rotate, revoke] = [
    await openOperation('/run'),
    await openOperation('/keys/{key_id}/rotate'),
    await openOperation('/keys/{key_id}/revoke'),
  ];
  const runs = async (key) => {
    await authorize({ api_key: key });
    await run.locator('textarea.body-param__text').fill('{"input": "hello"}');
    return execute(run);
  };
  await authorize({ api_key: admin });
  const request = { name: 'robot', scopes: ['agents:invoke'], expires_in: '90d' };
  await create.locator('textarea.body-param__text').fill(JSON.stringify(request));
  report.created = await execute(create);
  const made = JSON.parse(report.created.body);
  report.used = await runs(made.key);

  await authorize({ api_key: admin });
  for (const operation of [rotate, revoke]) {
    await operation.locator('tr[data-param-name="key_id"] input').fill(made.id);
  }
  // The example of the document, as it stands on the page.
  report.rotated = await execute(rotate);
  report.revoked = await execute(revoke);
  report.used_after = await runs(made.key);
  report.successor_used = await runs(JSON.parse(report.rotated.body).key);
}

// Does what the page says, word by word: each word in bold is a button, a key or an operation.
async function followTheInstruction(credential) {
  const description = page.locator('.info .description');
  report.instruction = (await description.innerText()).trim();
  for (const word of await description.locator('strong').allInnerTexts()) {
    if (word.startsWith('/')) {
      await operationOf(word).locator('.opblock-summary-control').click();
    } else if (word === 'Enter') {
      await page.keyboard.press('Enter');
    } else {
      await page.getByRole('button', { name: word, exact: true }).first().click();
    }
    // What is pasted goes where the cursor stands.
    if (word === 'Authorize') {
      await page.locator('.dialog-ux .modal-ux').waitFor();
      report.dialog = (await page.locator('.dialog-ux h4').allInnerTexts()).map((text) => text.trim());
      report.heading_in_view = await page.locator('.dialog-ux h4').first().evaluate(isInView);
      await page.keyboard.insertText(credential);
    }
  }
  report.authorized = await answerOf(page.locator('.opblock.is-open'));
}

function isInView(element) {
  const { left, top } = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(left + 1, top + 1));
}

function operationOf(path) {
  return page.locator('.opblock-post', {
    has: page.locator(`.opblock-summary-path[data-path="${path}"]`),
  });
}

async function openOperation(path) {
  const operation = operationOf(path);
  await operation.locator('.opblock-summary-control').click();
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
  return answerOf(operation);
}

async function answerOf(operation) {
  const answer = operation.locator('.live-responses-table .response');
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
  // What was shown before stays until it is taken back.
  await form.waitFor();
  const logout = form.locator('button', { hasText: 'Logout' });
  if (await logout.isVisible()) await logout.click();
  await form.locator('input').fill(credential);
  await form.locator('button[type=submit]').click();
  await form.locator('h6', { hasText: 'Authorized' }).waitFor();
  await dialog.locator('.close-modal').click();
  await dialog.waitFor({ state: 'detached' });
}
